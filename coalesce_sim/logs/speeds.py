"""How fast a model was: seconds to the first token and for each one after it, and what that says of its
rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import nnls

from coalesce_sim.arrays import FloatArray
from coalesce_sim.logs.calls import Calls

_BINS: Final = 25
_MOST: Final = 200_000
QUANTILES: Final = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Speeds:
    """Seconds at the quantiles of `QUANTILES`, NaN where the log has none, and rates that fit them.

    A rate is None where the times do not depend on it.
    """

    first_token_s: tuple[float, ...]
    s_per_output_token: tuple[float, ...]
    network_ms: float
    prefill_tokens_per_s: float | None
    decode_tokens_per_s: float | None
    told: str


def speeds_of(calls: Calls, which: np.ndarray) -> Speeds | None:
    """The speeds of those of some calls, all of one model, that went well; None where there are none.

    Of more than `_MOST` every so many-th is looked at.
    """
    well = which[~calls.failed[which] & (calls.output[which] > 0)]
    if not len(well):
        return None
    well = well[:: max(1, len(well) // _MOST)]
    seconds = (calls.end[well] - calls.start[well]) / 1e6
    first = calls.first_s[well].astype(np.float64)
    prompt, output = calls.prompt[well].astype(np.float64), calls.output[well].astype(np.float64)
    streamed = np.isfinite(first)
    if streamed.sum() < max(1, len(well) // 10):
        network, prefill, decode = _of_wholes(prompt, output, seconds)
        told = f"fitted to the seconds of {len(well):,} calls; the log has no first token"
        return Speeds(_quantiles(None), _quantiles(None), network, prefill, decode, told)
    per_token = (seconds - first)[streamed] / output[streamed]
    network, prefill = _of_first_tokens(prompt[streamed], first[streamed])
    decode = _rate(float(np.median(per_token)))
    told = f"first token and median time by token of {int(streamed.sum()):,} calls"
    return Speeds(_quantiles(first[streamed]), _quantiles(per_token), network, prefill, decode, told)


def _quantiles(values: FloatArray | None) -> tuple[float, ...]:
    if values is None or not len(values):
        return tuple(np.nan for _ in QUANTILES)
    return tuple(float(each) for each in np.quantile(values, QUANTILES))


def _rate(seconds: float) -> float | None:
    return 1 / seconds if seconds > 1e-9 else None


def _of_first_tokens(prompt: FloatArray, first: FloatArray) -> tuple[float, float | None]:
    """Milliseconds before the work, and tokens read per second: a line through the medians of stretches of
    length."""
    if len(first) < 2 or prompt.min() == prompt.max():
        return 1000 * float(np.median(first)), None
    edges = np.unique(np.quantile(prompt, np.linspace(0, 1, _BINS + 1)))
    place = np.clip(np.searchsorted(edges, prompt, side="right") - 1, 0, len(edges) - 2)
    there = np.unique(place)
    middle = np.array([np.median(prompt[place == each]) for each in there])
    seconds = np.array([np.median(first[place == each]) for each in there])
    weight = np.sqrt(np.bincount(place)[there])
    found = nnls(np.column_stack((weight, weight * middle / 1000)), weight * seconds)[0]
    return 1000 * float(found[0]), _rate(float(found[1]) / 1000)


def _of_wholes(
    prompt: FloatArray, output: FloatArray, seconds: FloatArray
) -> tuple[float, float | None, float | None]:
    """The same of whole times: relative errors are the least in squares."""
    weight = 1 / np.maximum(seconds, 1e-3)
    columns = np.column_stack((np.ones(len(seconds)), prompt / 1000, output / 1000)) * weight[:, None]
    found = nnls(columns, seconds * weight)[0]
    return 1000 * float(found[0]), _rate(float(found[1]) / 1000), _rate(float(found[2]) / 1000)


def at_work(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """How many jobs are at work when each begins, itself included; one that ends then is not."""
    begun = np.searchsorted(np.sort(start), start, side="right")
    ended = np.searchsorted(np.sort(end), start, side="right")
    zero = end <= start
    jobs: np.ndarray = np.maximum(1, begun - ended + zero)
    return jobs
