"""Settings shared by all tests."""

from __future__ import annotations

from hypothesis import settings

# The machine's load must not decide whether a property holds.
settings.register_profile("untimed", deadline=None, derandomize=True)
settings.load_profile("untimed")
