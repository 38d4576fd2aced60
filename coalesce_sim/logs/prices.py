"""What a seller asks by the token, worked out from its bills: usd = a · uncached + b · cached + c ·
output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import nnls

from coalesce_sim.arrays import FloatArray

_MOST_BILLS: Final = 20_000
_EXACT_USD: Final = 2e-9
_EXACT_SHARE: Final = 1e-5
_SEPARATE: Final = 1e-3
"""How much of its length a column of tokens must have beside the others, to be told apart from them."""


@dataclass(frozen=True, slots=True)
class Prices:
    """USD for a million tokens; `cached_usd` is None where nothing was read from a cache.

    `met` is the share of bills that they give to the cent's millionth, `error` the median relative error of
    all.
    """

    input_usd: float
    cached_usd: float | None
    output_usd: float
    bills: int
    met: float
    error: float

    @property
    def exact(self) -> bool:
        """Whether nearly all bills are just these prices."""
        return self.met >= 0.99

    @property
    def told(self) -> str:
        """Where they come from, in words."""
        if self.exact:
            return (
                f"{self.bills:,} bills, to the last digit"
                if self.met == 1
                else f"{self.met:.1%} of {self.bills:,} bills"
            )
        return (
            f"fitted to {self.bills:,} bills, {self.met:.0%} of them exactly; median error {self.error:.1%}"
        )

    def usd(self, prompt: FloatArray, cached: FloatArray, output: FloatArray) -> FloatArray:
        """What calls cost by these prices."""
        read = self.input_usd if self.cached_usd is None else self.cached_usd
        usd: FloatArray = (
            (prompt - cached) * self.input_usd + cached * read + output * self.output_usd
        ) / 1e6
        return usd


def recovered(prompt: np.ndarray, cached: np.ndarray, output: np.ndarray, usd: FloatArray) -> Prices | None:
    """The prices behind bills, None where these do not tell input from output."""
    paid = np.flatnonzero(np.isfinite(usd))
    if not len(paid):
        return None
    if not usd[paid].any():
        return Prices(0.0, None, 0.0, len(paid), 1.0, 0.0)
    paid = paid[usd[paid] > 0]
    chosen = paid[np.linspace(0, len(paid) - 1, min(len(paid), _MOST_BILLS)).astype(np.int64)]
    read = cached[chosen].astype(np.float64)
    parts = [prompt[chosen] - read, output[chosen].astype(np.float64)]
    if with_cache := bool(read.any()):
        parts.append(read)
    tokens = np.column_stack(parts) / 1e6
    bills = usd[chosen]
    if not _apart(tokens):
        return None
    found = _robust(tokens, bills)
    expected = tokens @ found
    off = np.abs(expected - bills)
    met = float(np.mean(off <= _EXACT_USD + _EXACT_SHARE * bills))
    return Prices(
        input_usd=float(found[0]),
        cached_usd=float(found[2]) if with_cache else None,
        output_usd=float(found[1]),
        bills=len(paid),
        met=met,
        error=float(np.median(off / bills)),
    )


def _apart(tokens: FloatArray) -> bool:
    """Whether no column is a multiple of others."""
    length = np.linalg.norm(tokens, axis=0)
    if len(tokens) < tokens.shape[1] or not length.all():
        return False
    return bool(np.linalg.svd(tokens / length, compute_uv=False)[-1] > _SEPARATE)


def _robust(tokens: FloatArray, bills: FloatArray) -> FloatArray:
    """Prices that most bills agree on: those farthest off are left out until nothing changes."""
    kept = np.ones(len(bills), dtype=np.bool_)
    found = _fitted(tokens, bills)
    for _ in range(20):
        off = np.abs(tokens @ found - bills) / bills
        limit = max(_EXACT_SHARE, 3 * float(np.median(off)))
        nearer = off <= limit
        if nearer.sum() < tokens.shape[1] or (nearer == kept).all() or not _apart(tokens[nearer]):
            break
        kept = nearer
        found = _fitted(tokens[kept], bills[kept])
    return found


def _fitted(tokens: FloatArray, bills: FloatArray) -> FloatArray:
    """Least squares of relative errors, no price below 0, rounded where rounding changes no bill."""
    weighted = tokens / bills[:, None]
    scale = np.linalg.norm(weighted, axis=0)
    scale[scale == 0] = 1.0
    found: FloatArray = np.linalg.lstsq(weighted / scale, np.ones(len(bills)), rcond=None)[0] / scale
    if (found < 0).any():
        found = nnls(weighted / scale, np.ones(len(bills)))[0] / scale
    for digits in (2, 3, 4, 5, 6):
        rounded = np.array([float(f"{price:.{digits}g}") for price in found])
        if np.all(np.abs(tokens @ rounded - bills) <= _EXACT_USD + _EXACT_SHARE / 10 * bills):
            return rounded
    return found
