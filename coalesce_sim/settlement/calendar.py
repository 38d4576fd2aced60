"""The book's own calendar: what falls due, in order, also when the market has long ended."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from itertools import count


class Calendar:
    """What falls due when, in seconds from the start of the market; of equals the first that was entered.

    It is no part of the market's clock: whoever books looks up first what has fallen due. `now_s` is when the
    last thing was done.
    """

    now_s = 0.0

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[float], None]]] = []
        self._numbers = count()

    def enter(self, at_s: float, action: Callable[[float], None]) -> None:
        """Have something done at a time, which it is told."""
        heapq.heappush(self._due, (at_s, next(self._numbers), action))

    def advance(self, now_s: float = math.inf) -> None:
        """Do what has fallen due by now; by default all there is, and what comes of it."""
        while self._due and self._due[0][0] <= now_s:
            at_s, _, action = heapq.heappop(self._due)
            self.now_s = at_s
            action(at_s)
