"""Who of all the contractors that are laid out is in the market when."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray


class Presence:
    """When each contractor enters and leaves, in seconds from the start, one entry each; infinite for never.

    A contractor is in the market from the moment it enters until, not at, the moment it leaves.
    """

    def __init__(self, enter_s: FloatArray, leave_s: FloatArray) -> None:
        self.enter_s, self.leave_s = enter_s.copy(), leave_s.copy()
        self._moves = bool((enter_s > 0).any() or np.isfinite(leave_s).any())
        self._known: BoolArray | None = None
        self._changes_s = -np.inf

    def active(self, now_s: float) -> BoolArray | None:
        """Who is in the market; None where all are. Ask at rising times; read-only."""
        if self._moves and now_s >= self._changes_s:
            later_s = np.concatenate((self.enter_s[self.enter_s > now_s], self.leave_s[self.leave_s > now_s]))
            self._changes_s = float(later_s.min(initial=np.inf))
            self._known = self.during(now_s)
        return self._known

    def during(self, at_s: float) -> BoolArray | None:
        """The same at any time, in the past too."""
        if not self._moves:
            return None
        active = (self.enter_s <= at_s) & (at_s < self.leave_s)
        return None if active.all() else active

    def enter(self, contractor: int, now_s: float) -> None:
        """A contractor enters now, before it otherwise would."""
        self.enter_s[contractor] = now_s
        self._moves, self._changes_s = True, -np.inf

    def leave(self, contractor: int, now_s: float) -> None:
        """A contractor leaves now, before it otherwise would."""
        self.leave_s[contractor] = now_s
        self._moves, self._changes_s = True, -np.inf

    @property
    def moves(self) -> bool:
        """Whether anybody comes or goes, as far as is known."""
        return self._moves

    def entered(self, now_s: float) -> BoolArray:
        """Who has been in the market by then."""
        return (self.enter_s <= now_s) & (self.enter_s < self.leave_s)

    def spent_s(self, now_s: float) -> FloatArray:
        """How long each has been in the market by then."""
        return np.maximum(0.0, np.minimum(self.leave_s, now_s) - self.enter_s)
