"""Compiling the core, and keeping what was compiled until anything that it is made of changes.

numba looks for changes in the file of the function it is asked for and in no other. So what is kept lies in a
folder that is named after all of this room, what it takes from elsewhere, and the versions.
"""

from __future__ import annotations

import gc
import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba
from filelock import FileLock

from coalesce_sim import luck, rounding
from coalesce_sim.market.contracts import discovery, lifecycle, terms
from coalesce_sim.policies import mcdm, protocol
from coalesce_sim.policies.bandits import beta, budgeted, indices, linear, rewards
from coalesce_sim.scenario import outages

_njit: Any = numba.njit
_settings: Any = numba.config

F = TypeVar("F", bound=Callable[..., Any])

_CONSTANTS: Final = (
    *(rounding.ROUNDING, mcdm.FAR, protocol.LOCAL, luck.CENTRE, luck.TAIL, luck.FAR_TAIL),
    *(lifecycle.ROUNDING_S, terms.TERMS, discovery.LAST_ROUND, outages.LAST_OUTAGE),
    *(rewards.HOME_REWARD, rewards.LEAST_USD, budgeted.LEAST_PRICE_USD, indices.LEAST, linear.FEATURES),
)


def part(function: F) -> F:
    """A function that compiled ones call, and nobody else."""
    return cast(
        F,
        _njit(
            no_cpython_wrapper=True,
            no_cfunc_wrapper=True,
            error_model="numpy",
            no_rewrites=True,
            forceinline=True,
        )(function),
    )


def kernel(function: F) -> F:
    """A function that Python calls: compiled at its first call, and kept where that can be written down."""
    folder = kept_in()
    if folder is None:
        return cast(F, _njit(no_cfunc_wrapper=True, error_model="numpy", no_rewrites=True)(function))
    usual, _settings.CACHE_DIR = _settings.CACHE_DIR, str(folder)
    try:
        kept = _njit(cache=True, no_cfunc_wrapper=True, error_model="numpy", no_rewrites=True)(function)
    finally:
        _settings.CACHE_DIR = usual
    return cast(F, Kept(kept, folder))


class Kept:
    """A kernel that one process compiles while others that need it wait, and then read what that one kept."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._function, self._folder = function, folder
        self._called: Callable[..., Any] = self._first

    def __call__(self, *tables: Any) -> Any:
        return self._called(*tables)

    @property
    def name(self) -> str:
        """Its module and its own."""
        return f"{self._function.__module__.rpartition('.')[2]}.{self._function.__name__}"

    def _first(self, *tables: Any) -> Any:
        self._called = self._function
        if any(self._folder.rglob(f"{self.name}-*.nbi")):
            return self._function(*tables)
        with FileLock(self._folder / f"{self.name}.lock"):
            return self._function(*tables)


@contextmanager
def garbage_left() -> Iterator[None]:
    """Around a function or a block: Python does not look for garbage meanwhile. A kernel makes none, and
    numba while it compiles little but much to look through."""
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()


@cache
def kept_in() -> Path | None:
    """The folder of what was compiled, below `NUMBA_CACHE_DIR` or the user's cache; None where it cannot be
    written to."""
    try:
        usual = _settings.CACHE_DIR or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(usual) / "coalesce_sim" / _digest()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # the latter where there is no home
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def is_kept(name: str) -> bool:
    """Whether a kernel, or some of a module, was compiled and kept before."""
    folder = kept_in()
    return folder is not None and any(folder.rglob(f"{name}[.-]*.nbi"))


def _digest() -> str:
    said = hashlib.sha256(repr((_CONSTANTS, numba.__version__, sys.version_info[:3])).encode())
    for file in (Path(beta.__file__), *sorted(Path(__file__).parent.glob("*.py"))):
        said.update(file.name.encode() + b"\0" + file.read_bytes())
    return said.hexdigest()[:16]
