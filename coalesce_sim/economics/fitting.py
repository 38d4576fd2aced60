"""What hardware does, from measured runs: eq. 1 turned round. Pure functions over arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.statistics.intervals import Estimate, estimate
from coalesce_sim.statistics.relative_fit import NotToldApart, fit_relative

Numbers = Sequence[float] | FloatArray


class Fitted(NamedTuple):
    """A fitted figure with its 95 % interval."""

    value: float
    ci95: tuple[float, float]


@dataclass(frozen=True, slots=True)
class HardwareFit:
    """What `fit_hardware` found in so many `runs`.

    `rates` are units of work a second, by part: infinite where a part was found to take no time. With
    `peak_flop_s`, `utilisation` has the same as shares of it. `start_s` is the time that a run takes besides,
    None where it was not asked for. `error` is the mean of ``|predicted / measured − 1|`` over the fitted
    runs, a share; of the runs that it was fitted to a fit always looks better than of others (`error_on`).
    """

    runs: int
    rates: dict[str, Fitted]
    utilisation: dict[str, Fitted]
    start_s: Fitted | None
    error: Estimate

    def predict(self, work: Mapping[str, Numbers]) -> FloatArray:
        """Seconds that runs of such work take, with the same parts as were fitted."""
        if work.keys() != self.rates.keys():
            raise ValueError(f"work: must have the parts {', '.join(self.rates)} (got {', '.join(work)})")
        seconds = sum(np.asarray(work[part], dtype=float) / rate.value for part, rate in self.rates.items())
        return np.asarray(seconds + (0.0 if self.start_s is None else self.start_s.value))

    def error_on(self, seconds: Numbers, work: Mapping[str, Numbers]) -> Estimate:
        """The mean of ``|predicted / measured − 1|`` over other runs, with its 95 % interval over runs."""
        return estimate(np.abs(self.predict(work) / np.asarray(seconds, dtype=float) - 1).tolist())


def fit_hardware(
    seconds: Numbers,
    work: Mapping[str, Numbers],
    *,
    start: bool = False,
    peak_flop_s: float | None = None,
) -> HardwareFit:
    """Fit ``seconds = Σ work / rate``, with `start` also a start-up time, to measured runs.

    `seconds` has one entry a run. `work` has, for each part that is done at a rate of its own, the amount in
    each run: ``{"flop": …}``, as eq. 1 has it, ``{"prefill": prompt_tokens, "decode": output_tokens}``, or
    the FLOP of reading and of writing as two parts. Runs must outnumber the figures that are asked for.

    **What can be told.** From FLOP and seconds only the product of peak and utilisation, the rate, not both:
    with `peak_flop_s`, of the whole slot, the share of it is given too. Parts that are proportional in all
    runs cannot be told apart, and are refused.

    Least squares of the *relative* errors, ``(seconds − predicted) / predicted``, so that noise may grow with
    length; no rate is negative. The rate of a single part is one over the mean of seconds a unit.
    Intervals are 95 %, by Student's t with errors that hold although neither noise nor law be as assumed
    (HC3: MacKinnon and White 1985, Journal of Econometrics 29(3)); those of rates are the inverted ones of
    seconds a unit, and reach to infinity where those reach to 0.

    Raises ValueError for what cannot be fitted, with the argument and its value.

    >>> import coalesce_sim
    >>> prompt, output = [800, 4000, 9000, 2000, 500, 6000], [200, 50, 400, 700, 100, 300]
    >>> seconds = [4.6, 3.4, 12.6, 15.4, 2.6, 9.2]
    >>> fit = coalesce_sim.fit_hardware(seconds, {"prefill": prompt, "decode": output}, start=True)
    >>> {part: round(rate.value) for part, rate in fit.rates.items()}
    {'prefill': 1991, 'decode': 51}
    >>> fit.predict({"prefill": [10000], "decode": [1000]}).round(1).tolist()
    [24.9]
    >>> tokens = [read + written for read, written in zip(prompt, output)]
    >>> f"{coalesce_sim.fit_hardware(seconds, {'tokens': tokens}).error.mean:.0%}"
    '101%'
    """
    measured = _checked("seconds", seconds)
    if measured.ndim != 1 or (measured <= 0).any():
        raise ValueError(f"seconds: must be a list of times above 0 (got {seconds!r})")
    amounts = {part: _amounts(part, each, len(measured)) for part, each in work.items()}
    columns = [*amounts.values(), *([np.ones(len(measured))] if start else [])]
    if not columns:
        raise ValueError("work: must have a part")
    if len(measured) <= len(columns):
        raise ValueError(f"seconds: {len(measured)} runs are too few for {len(columns)} figures")
    if peak_flop_s is not None and peak_flop_s <= 0:
        raise ValueError(f"peak_flop_s: must be > 0 (got {peak_flop_s!r})")
    per_unit_s = _least_squares(np.stack(columns, axis=1), measured, [*amounts, *["the start"] * start])
    rates = {part: _inverted(each) for part, each in zip(amounts, per_unit_s, strict=False)}
    utilisation = {}
    if peak_flop_s is not None:
        for part, (value, (low, high)) in rates.items():
            utilisation[part] = Fitted(value / peak_flop_s, (low / peak_flop_s, high / peak_flop_s))
    unproven = HardwareFit(len(measured), rates, utilisation, per_unit_s[-1] if start else None, estimate([]))
    error = unproven.error_on(measured, amounts)
    return HardwareFit(unproven.runs, rates, utilisation, unproven.start_s, error)


def _least_squares(columns: FloatArray, seconds: FloatArray, names: list[str]) -> list[Fitted]:
    """Seconds for a unit of each column, none below 0, with intervals."""
    try:
        fit = fit_relative(columns, seconds)
    except NotToldApart as error:
        raise ValueError(f"work: {', '.join(names)} {error}") from None
    return [
        Fitted(value, (max(0.0, value - half), value + half))
        for value, half in zip(fit.figures.tolist(), fit.half_widths.tolist(), strict=True)
    ]


def _inverted(per_unit_s: Fitted) -> Fitted:
    value, (low, high) = per_unit_s
    return Fitted(_over(value), (_over(high), _over(low)))


def _over(seconds: float) -> float:
    return 1 / seconds if seconds > 0 else float("inf")


def _amounts(part: str, amounts: Numbers, runs: int) -> FloatArray:
    values = _checked(f"work[{part!r}]", amounts)
    if values.shape != (runs,):
        raise ValueError(f"work[{part!r}]: must have {runs} entries as seconds has (got {values.size})")
    if (values < 0).any() or not values.any():
        raise ValueError(f"work[{part!r}]: must be >= 0, and somewhere above it (got {amounts!r})")
    return values


def _checked(name: str, values: Numbers) -> FloatArray:
    numbers = np.asarray(values, dtype=float)
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name}: must be finite (got {values!r})")
    return numbers
