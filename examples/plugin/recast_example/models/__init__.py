"""YAML files of models."""
