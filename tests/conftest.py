"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

# The same examples in every run, and no time limits: a slow machine must not fail a test.
settings.register_profile("recast", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("recast")
