"""Models that ship with recast: one YAML file each."""
