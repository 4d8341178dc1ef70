"""One YAML recipe per figure."""
