"""Data of the package itself: the ledger of published numbers."""
