"""When compiled twins of array functions take over (extra ``fast``).

A twin is one pass over the alternatives instead of a dozen small array operations, in the same order of
arithmetic and so with the same result to the last bit. Compiling costs a process about a second, so it is put
off until a process has played long enough to get that second back. Where it fails, the plain functions go on.
"""

from __future__ import annotations

import importlib.util
import warnings
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
            self._chosen = cast(F, self._tried)
        return self._chosen

    def _tried(self, *values: Any) -> Any:
        """What the twin, compiled now, says; if that fails, whatever for, a run is not to end of it."""
        self._chosen = self._plain
        try:
            twin = self._compile() or self._plain
            result = twin(*values)
        except Exception as error:
            message = f"numba cannot compile here, so it is slower: {type(error).__name__}: {error}"
            warnings.warn(message, stacklevel=2)
            return self._plain(*values)
        self._chosen = twin
        return result


def compiled(function: F) -> F | None:
    """A function of arrays and loops, compiled at its first call; None where numba is not installed."""
    if importlib.util.find_spec("numba") is None:
        return None
    return cast(F, _Compiled(function))


class _Compiled:
    """A function that keeps its compiled code for other processes, where it can write that down."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._compiled: Callable[..., Any] = self._first

    def __call__(self, *values: Any) -> Any:
        return self._compiled(*values)

    def _first(self, *values: Any) -> Any:
        import numba

        try:
            kept = numba.njit(cache=True)(self._function)
            result = kept(*values)
        except (OSError, RuntimeError):  # what numba raises where no folder for it can be written to
            kept = numba.njit(self._function)
            result = kept(*values)
        self._compiled = kept
        return result
