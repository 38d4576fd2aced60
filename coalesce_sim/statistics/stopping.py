"""How many replications: until the interval is narrow enough, and stays so.

The rule is that of Hoad, Robinson & Davies (2010), Journal of the Operational Research Society 61(11),
"Automated selection of the number of replications for a discrete-event simulation", for an absolute
half-width. Values are those of the replications 0, 1, 2, … of one design point. One that is NaN (an undefined
metric, a failed run) or infinite is undefined: it counts as a replication but not towards the mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.special import stdtrit

from coalesce_sim.arrays import FloatArray, IntArray


def running_half_widths(values: Sequence[float] | FloatArray) -> FloatArray:
    """Half of the 95 % t interval after each replication; NaN while fewer than two values are finite."""
    x = np.asarray(values, dtype=np.float64)
    defined = np.isfinite(x)
    n = defined.cumsum()
    if not defined.any():
        return np.full(len(x), np.nan)
    # Seen from the first value the sums stay small, and those of a prefix do not depend on what follows.
    centred = np.where(defined, x - x[defined][0], 0.0)
    more_than_one = np.maximum(n, 2)
    squares = (centred**2).cumsum() - centred.cumsum() ** 2 / more_than_one
    variance = np.maximum(squares, 0.0) / (more_than_one - 1)
    half_widths: FloatArray = _t_quantiles(len(x).bit_length())[more_than_one - 1] * np.sqrt(
        variance / more_than_one
    )
    return np.where(n < 2, np.nan, half_widths)


def satisfied_at(
    values: Sequence[float] | FloatArray, *, half_width: float, minimum: int, look_ahead: int
) -> int | None:
    """The smallest number n of replications, at least `minimum`, that is enough; None if there is none yet.

    n is enough if the intervals of the first n, n + 1, …, n + k replications are all within ±`half_width`,
    where k is `look_ahead` and for n > 100 that per cent of n, rounded up. Without looking ahead an interval
    that is narrow by chance ends the replications too soon. Raises ValueError for settings out of range.
    """
    _check(half_width, minimum, look_ahead)
    return _satisfied_at(running_half_widths(values), half_width, minimum, look_ahead)


def next_total(
    values: Sequence[float] | FloatArray, *, half_width: float, minimum: int, look_ahead: int, cap: int
) -> int | None:
    """How many replications to have played next, or None if no more are to be played.

    Those asked for so far are enough if the rule is satisfied and the interval of all of them is within
    ±`half_width`, too. The first total is what `minimum` needs with its look-ahead; if not one of its values
    is defined, the point is given up. Later totals follow from how the width shrinks with √n, growing by half
    at most, up to `cap`. Totals depend on the values of the replications up to the total before and on
    nothing else: where values go beyond a total, playing having been interrupted between two of them, the
    plan is the same. Raises ValueError for settings out of range.
    """
    _check(half_width, minimum, look_ahead)
    if cap < minimum:
        raise ValueError(f"cap: must be >= minimum, {minimum} (got {cap})")
    widths = running_half_widths(values)
    total = min(cap, minimum + _ahead(minimum, look_ahead))
    if len(values) >= total and not np.isfinite(values[:total]).any():
        return None
    while total <= len(values):
        played = widths[:total]
        satisfied = _satisfied_at(played, half_width, minimum, look_ahead) is not None
        if total == cap or (satisfied and played[-1] <= half_width):
            return None
        total = min(cap, _projected(played, half_width, minimum, look_ahead))
    return total


@cache
def _t_quantiles(bits: int) -> FloatArray:
    """The 97.5 % quantiles of t for 0 (NaN), 1, 2, … degrees of freedom, below 2 to the power of `bits`."""
    quantiles: FloatArray = np.concatenate([[np.nan], stdtrit(np.arange(1, 2**bits), 0.975)])
    return quantiles


def _satisfied_at(widths: FloatArray, half_width: float, minimum: int, look_ahead: int) -> int | None:
    too_wide = np.concatenate([[0], (~(widths <= half_width)).cumsum()])
    n = np.arange(minimum, len(widths) + 1)
    last = n + _aheads(n, look_ahead)
    n, last = n[last <= len(widths)], last[last <= len(widths)]
    enough = n[too_wide[last] == too_wide[n - 1]]
    return int(enough[0]) if len(enough) else None


def _projected(widths: FloatArray, half_width: float, minimum: int, look_ahead: int) -> int:
    """The total at which the rule may be satisfied, given that it is not yet."""
    n, width = len(widths), float(widths[-1])
    if width <= half_width:
        wide = np.flatnonzero(~(widths <= half_width))
        narrow_since = max(minimum, int(wide[-1]) + 2 if len(wide) else 1)
        return narrow_since + _ahead(narrow_since, look_ahead)
    least, most = n + max(1, look_ahead), n + max(1, look_ahead, n // 2)
    needed = n * (width / half_width) * (width / half_width)
    if not needed < most:
        return most
    return min(most, max(least, math.ceil(needed) + _ahead(math.ceil(needed), look_ahead)))


def _ahead(n: int, look_ahead: int) -> int:
    return int(_aheads(np.array([n]), look_ahead)[0])


def _aheads(n: IntArray, look_ahead: int) -> IntArray:
    """How many replications beyond each n are to be looked at."""
    ahead: IntArray = np.maximum(look_ahead, -(-look_ahead * n // 100))
    return ahead


def _check(half_width: float, minimum: int, look_ahead: int) -> None:
    if not 0 < half_width < math.inf:
        raise ValueError(f"half_width: must be > 0 and finite (got {half_width!r})")
    if minimum < 2:
        raise ValueError(f"minimum: must be >= 2 (got {minimum!r})")
    if look_ahead < 0:
        raise ValueError(f"look_ahead: must be >= 0 (got {look_ahead!r})")
