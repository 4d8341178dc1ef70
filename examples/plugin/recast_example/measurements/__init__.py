"""YAML files of measurements."""
