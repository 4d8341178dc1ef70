"""Tests of generated events, their files and selections."""
