"""Signs of jobs: short, and the same for what has the same results."""

from __future__ import annotations

import hashlib

from coalesce_sim.version import __version__


def sign(*facts: object) -> str:
    """A sign of facts that `repr` tells in full, and of the version that plays them."""
    return hashlib.sha256(repr((__version__, *facts)).encode()).hexdigest()[:16]
