"""When compiled twins of array functions take over (extra ``fast``).

A twin is one pass over the alternatives instead of a dozen small array operations, in the same order of
arithmetic and so with the same result to the last bit. Compiling costs a process about a second, so it is put
off until a process has played long enough to get that second back.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

PAYS_AFTER_ROUNDS = 15_000
"""Decision rounds in one process after which compiling has paid."""


F = TypeVar("F", bound=Callable[..., Any])


class Pace(Generic[F]):
    """Counts decision rounds and says which of two equal functions is the faster choice by now.

    `compile_it` gives the compiled twin of `plain`, or None where numba is not installed.
    """

    def __init__(self, plain: F, compile_it: Callable[[], Any]) -> None:
        self._rounds = 0
        self._plain = self._chosen = plain
        self._compile = compile_it

    def next_round(self) -> F:
        """The function to use in this round."""
        self._rounds += 1
        if self._rounds == PAYS_AFTER_ROUNDS:
            self._chosen = self._compile() or self._plain
        return self._chosen


def compiled(function: F) -> F | None:
    """A function of arrays and loops, compiled at its first call; None where numba is not installed."""
    if importlib.util.find_spec("numba") is None:
        return None
    import numba

    return cast(F, numba.njit(cache=True)(function))
