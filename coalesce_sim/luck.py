"""Luck as one function of integers: seed, replication, purpose, worker, task and attempt → (0, 1).

So it can be worked out for the one who is hired and for nobody else, and depends on nobody else: another
contractor in the market, another policy or another number of retries changes no draw of anybody.

The function is SplitMix64 (Steele, Lea and Flood 2014) by number: draw n of the sequence that begins at a
state is the finaliser of ``state + (n + 1)·γ``; the draw for one integer is the state for the next. What
follows from it is made of + − × ÷, √ and functions of the standard library's `math`, so that Python, numpy
and compiled code give the same bits.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final, overload

import numpy as np
from numpy.typing import NDArray

from coalesce_sim.arrays import FloatArray, IntArray

StateArray = NDArray[np.uint64]

_BITS: Final = 2**64 - 1
_GAMMA: Final = 0x9E3779B97F4A7C15
_FIRST: Final = 0xBF58476D1CE4E5B9
_SECOND: Final = 0x94D049BB133111EB


def state_of(state: int, number: int) -> int:
    """Draw `number`, from -1, of the sequence that begins at `state`: the state for the next integer."""
    bits = (state + (number + 1) * _GAMMA) & _BITS
    bits = ((bits ^ (bits >> 30)) * _FIRST) & _BITS
    bits = ((bits ^ (bits >> 27)) * _SECOND) & _BITS
    return bits ^ (bits >> 31)


def states_of(states: StateArray, numbers: StateArray) -> StateArray:
    """`state_of` over arrays that broadcast; -1 is written 2⁶⁴ − 1."""
    bits = states + (numbers + np.uint64(1)) * np.uint64(_GAMMA)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(_FIRST)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(_SECOND)
    drawn: StateArray = bits ^ (bits >> np.uint64(31))
    return drawn


def uniform(state: int, number: int) -> float:
    """A draw on (0, 1), symmetric about ½: one of the 2⁵² midpoints of equal parts."""
    return ((state_of(state, number) >> 12) + 0.5) * 2.0**-52


def uniforms(states: StateArray, numbers: StateArray) -> FloatArray:
    """`uniform` over arrays that broadcast."""
    parts: FloatArray = (states_of(states, numbers) >> np.uint64(12)).astype(np.float64)
    return (parts + 0.5) * 2.0**-52


def number_of(name: str) -> int:
    """The number of 64 bits that a name stands for."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


class Draws:
    """The draws of one purpose, by worker, task and attempt.

    Workers are indices of the contractors whose identities luck was made with, or -1: home, and whatever
    belongs to no worker. `states` are what each one's draws begin at, home's last.
    """

    def __init__(self, state: int, identities: StateArray) -> None:
        everyone = np.append(identities, np.uint64(_BITS))
        self.states = states_of(np.full(1, state, dtype=np.uint64), everyone)

    @cached_property
    def _listed(self) -> list[int]:
        listed: list[int] = self.states.tolist()
        return listed

    def draw(self, worker: int, task: int, attempt: int = 0) -> float:
        """One draw on (0, 1)."""
        return uniform(state_of(self._listed[worker], task), attempt)

    def draws(self, workers: IntArray, task: int, attempt: int | IntArray = 0) -> FloatArray:
        """The same of many workers, at the same attempt or each at one of its own."""
        tasks, attempts = np.full(1, task, dtype=np.uint64), np.array(attempt, dtype=np.uint64, ndmin=1)
        return uniforms(states_of(self.states[workers], tasks), attempts)

    def of_tasks(self, worker: int, first: int, count: int) -> FloatArray:
        """The same of one worker at its first attempts at as many tasks, numbered from `first` on."""
        tasks = np.arange(first, first + count, dtype=np.uint64)
        return uniforms(states_of(self.states[worker], tasks), np.zeros(1, dtype=np.uint64))


POLICY: Final = "policy."
"""What the purposes of policies begin with."""


class Luck:
    """All luck of a replication. `identities` are the contractors', by which they stay who they are, and
    `seeming` what policies take them for, who cannot know that two names are one; left out, the same."""

    def __init__(
        self, seed: int, replication: int, identities: StateArray, seeming: StateArray | None = None
    ) -> None:
        self._root = state_of(state_of(0, seed), replication)
        self._identities, self._seeming = identities, identities if seeming is None else seeming
        self._draws: dict[str, Draws] = {}

    def __call__(self, purpose: str) -> Draws:
        """The draws of a purpose, the same whenever asked for."""
        draws = self._draws.get(purpose)
        if draws is None:
            whose = self._seeming if purpose.startswith(POLICY) else self._identities
            draws = self._draws[purpose] = Draws(self.key(purpose), whose)
        return draws

    def of_home(self, purpose: str) -> int:
        """The state that draws of a purpose begin at for home, and for whatever belongs to no worker."""
        return state_of(self.key(purpose), _BITS)

    def key(self, purpose: str) -> int:
        """The state that the draws of a purpose begin at."""
        return state_of(self._root, number_of(purpose))


def identities_of(names: Iterable[str]) -> StateArray:
    """Identities of workers who are known by their names."""
    return np.array([number_of(name) for name in names], dtype=np.uint64)


_Rational = tuple[tuple[float, ...], tuple[float, ...]]
"""Coefficients above and below the line."""

CENTRE = (
    (
        *(2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4),
        *(1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0),
    ),
    (
        *(5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4),
        *(5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
    ),
)
TAIL = (
    (
        *(7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1),
        *(1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0),
        *(4.63033784615654529590e0, 1.42343711074968357734e0),
    ),
    (
        *(1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2),
        *(1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0),
        *(2.05319162663775882187e0, 1.0),
    ),
)
FAR_TAIL = (
    (
        *(2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3),
        *(2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0),
        *(5.46378491116411436990e0, 6.65790464350110377720e0),
    ),
    (
        *(2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5),
        *(7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1),
        *(5.99832206555887937690e-1, 1.0),
    ),
)


def normal(p: float) -> float:
    """The standard normal quantile of `p`; -inf at 0 and inf at 1.

    Source: Wichura (1988), algorithm AS 241, PPND16, good to about one part in 10¹⁶.
    """
    if p <= 0.0 or p >= 1.0:
        return -math.inf if p <= 0.0 else math.inf
    off = p - 0.5
    if abs(off) <= 0.425:
        return off * _ratio(CENTRE, 0.180625 - off * off)
    depth = math.sqrt(-math.log(min(p, 1.0 - p)))
    size = _ratio(TAIL, depth - 1.6) if depth <= 5.0 else _ratio(FAR_TAIL, depth - 5.0)
    return math.copysign(size, off)


def normals(p: FloatArray) -> FloatArray:
    """`normal` of each."""
    off = p - 0.5
    central = np.abs(off) <= 0.425
    values = np.empty_like(p)
    values[~central] = [normal(each) for each in p[~central].tolist()]
    inside = off[central]
    values[central] = inside * _ratio(CENTRE, 0.180625 - inside * inside)
    return values


@overload
def _ratio(coefficients: _Rational, x: float) -> float: ...
@overload
def _ratio(coefficients: _Rational, x: FloatArray) -> FloatArray: ...
def _ratio(coefficients: _Rational, x: Any) -> Any:
    """A rational function by Horner's rule, highest power first."""
    above = below = 0.0 * x
    for power in range(8):
        above, below = above * x + coefficients[0][power], below * x + coefficients[1][power]
    return above / below
