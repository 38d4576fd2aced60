"""What can be wrong with a policy."""

from __future__ import annotations


class PolicyError(ValueError):
    """A policy that cannot be had or that decided something impossible."""
