"""Measurements that ship with recast: one YAML file each, their fluxes and tables under ``data``."""
