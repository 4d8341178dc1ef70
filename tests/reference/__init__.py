"""Published numbers of other calculations."""
