"""Offers that come before others."""

from __future__ import annotations

from coalesce_sim.adversaries.protocol import Adversary, Sight


class FirstMover(Adversary):
    """Answers before anybody else does."""

    def hurries(self, sight: Sight, who: int) -> bool:
        """Always."""
        return True
