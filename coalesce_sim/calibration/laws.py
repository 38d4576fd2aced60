"""Laws that are sums of parts, ``known + Σ amount · figure``, and how their figures are fitted to runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.calibration.components import NotFitted, Parameter, rounded
from coalesce_sim.calibration.marginals import AtLeastZero, LogT
from coalesce_sim.calibration.runs import Runs
from coalesce_sim.numbers import number, plural
from coalesce_sim.scenario.problems import Steps
from coalesce_sim.statistics.relative_fit import NotToldApart, RelativeFit, fit_relative

LEAST_DEGREES: Final = 2
"""Runs, or sessions, that there must be more than figures: with fewer an interval says nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a law: a field of the scenario, and the amount in each run that is done at its figure.

    The figure, for a unit of the amount, is ``per · value`` of the field or, `inverse`, ``per / value``; a
    field that is not `stated` adds nothing. `early` parts end with the first token; draws do not exceed the
    `most` that a field can be.
    """

    label: str
    path: Steps
    amount: Callable[[Runs], FloatArray]
    stated: float | None
    per: float = 1.0
    inverse: bool = False
    early: bool = False
    most: float = np.inf

    def figure_of(self, value: float | None) -> float:
        """The figure that belongs to a value of the field."""
        if value is None:
            return 0.0
        return self.per / value if self.inverse else self.per * value

    def value_of(self, figure: float) -> float:
        """The value of the field that belongs to a figure."""
        return rounded(self.per / figure if self.inverse else figure / self.per)


@dataclass(frozen=True, slots=True)
class Law:
    """What is measured as a sum of parts, on top of what is `known` of each run.

    `target` is what is measured of a run, `early` the part of it up to the first token, where that is
    measured. With `varied` runs that are all alike are refused, for they say nothing of others.
    """

    told: str
    parts: tuple[Part, ...]
    target: Callable[[Runs], FloatArray]
    known: Callable[[Runs], FloatArray] = field(default=lambda runs: np.zeros(len(runs)))
    early: Callable[[Runs], FloatArray] | None = None
    varied: bool = True

    def predict(self, runs: Runs, values: Mapping[Steps, float] | None = None) -> FloatArray:
        """What is expected of runs by the scenario or, by path, by other values."""
        given = values or {}
        total = self.known(runs)
        for part in self.parts:
            value = given.get(part.path, part.stated)
            total = total + part.amount(runs) * part.figure_of(value)
        return np.asarray(total)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A law with the values that were found, and what is to be said about it."""

    law: Law
    parameters: tuple[Parameter, ...]
    runs: int
    notes: tuple[str, ...] = ()

    @property
    def values(self) -> dict[Steps, float]:
        """By path."""
        return {each.path: each.value for each in self.parameters}

    def predict(self, runs: Runs) -> FloatArray:
        """What is expected of runs as fitted."""
        return self.law.predict(runs, self.values)


def fit_law(law: Law, runs: Runs, least_degrees: int = LEAST_DEGREES) -> Fitted:
    """Fit the figures of a law to runs. Raises `NotFitted` with the reason.

    A rate whose time is not told from 0 by its own standard error stays as the scenario has it or, where the
    runs exclude that, goes to the slowest that they allow; the others are fitted beside it.
    """
    active = [part for part in law.parts if part.amount(runs).any()]
    if not active:
        raise NotFitted("no run says how much work it was")
    _refuse_few(runs, len(active), least_degrees)
    if law.varied:
        _refuse_alike(runs, active)
    settled: dict[Part, float] = {}
    notes: list[str] = []
    bounds: list[Parameter] = []
    while True:
        try:
            fit, sessions = _fit(law, active, settled, runs)
        except NotToldApart as error:
            raise NotFitted(f"{' and '.join(part.label for part in active)} {error}") from None
        weak = _weakest(active, fit)
        if weak is None:
            break
        part, most = active[weak], float(fit.figures[weak] + fit.half_widths[weak])
        if len(active) == 1:
            raise NotFitted(f"{part.label} takes no time that could be told from noise")
        settled[part] = min(part.figure_of(part.stated), most)
        notes.append(_kept(part, most))
        if settled[part] == most:
            value = part.value_of(most)
            told = "the slowest that these runs allow"
            bounds.append(Parameter(part.path, value, part.stated, len(runs), told, None))
        active.remove(part)
    found = [_parameter(law, part, place, fit, sessions, len(runs)) for place, part in enumerate(active)]
    return Fitted(law, (*found, *bounds), len(runs), tuple(notes))


def _fit(
    law: Law, active: Sequence[Part], settled: Mapping[Part, float], runs: Runs
) -> tuple[RelativeFit, IntArray]:
    """The figures of the active parts beside those that are settled, and the sessions they are fitted to."""
    columns = np.stack([part.amount(runs) for part in active], axis=1)
    offset = law.known(runs) + sum(part.amount(runs) * figure for part, figure in settled.items())
    measured, sessions = law.target(runs), runs.session
    if law.early is not None:
        first = law.early(runs)
        split: BoolArray = np.isfinite(first) & (first < measured)
        late_known = sum(
            (part.amount(runs) * figure for part, figure in settled.items() if not part.early),
            np.zeros(len(runs)),
        )
        early = np.array([part.early for part in active])
        whole = ~split
        columns = np.concatenate([columns[whole], columns[split] * early, columns[split] * ~early])
        measured = np.concatenate([measured[whole], first[split], (measured - first)[split]])
        offset = np.concatenate([offset[whole], (offset - late_known)[split], late_known[split]])
        sessions = np.concatenate([sessions[whole], sessions[split], sessions[split]])
    told, clusters = np.unique(sessions, return_inverse=True)
    worked = columns.any(axis=1)
    if not worked.all():
        columns, measured, offset = columns[worked], measured[worked], offset[worked]
        told, clusters = np.unique(sessions[worked], return_inverse=True)
    return fit_relative(columns, measured, offset=offset, clusters=clusters), told


def _weakest(active: Sequence[Part], fit: RelativeFit) -> int | None:
    """The rate that is told least from taking no time at all, if any is less than its standard error."""
    ratios = [
        figure / error if part.inverse and error > 0 else np.inf
        for part, figure, error in zip(active, fit.figures, fit.standard_errors, strict=True)
    ]
    least = int(np.argmin(ratios))
    return least if ratios[least] < 1 else None


def _kept(part: Part, most: float) -> str:
    slowest = number(part.value_of(most))
    stated = "no time" if part.stated is None else number(part.stated)
    if part.figure_of(part.stated) <= most:
        return f"{part.label} cannot be told from no time: stays at {stated} (runs allow {slowest} or more)"
    return (
        f"{part.label} cannot be told from no time: {slowest} is the slowest that runs allow (was {stated})"
    )


def _parameter(
    law: Law, part: Part, place: int, fit: RelativeFit, sessions: IntArray, runs: int
) -> Parameter:
    figure, error = float(fit.figures[place]), float(fit.standard_errors[place])
    influence = fit.influence[:, place]
    value = part.value_of(figure) if figure > 0 else 0.0
    if part.inverse or figure > 10 * error:
        relative = error / figure if figure > 0 else 0.0
        marginal: LogT | AtLeastZero = LogT(value, relative, fit.degrees, part.most)
    else:
        marginal = AtLeastZero(value, error / part.per, fit.degrees)
    return Parameter(
        part.path,
        value,
        part.stated,
        runs,
        law.told,
        marginal,
        sessions,
        -influence if part.inverse else influence,
    )


def _refuse_few(runs: Runs, figures: int, least_degrees: int) -> None:
    """Raise `NotFitted` for too few runs, or too few sessions of runs that hang together."""
    count = len(np.unique(runs.session))
    if count < figures + least_degrees:
        of = "run" if count == len(runs) else "session"
        few = "is too few" if count == 1 else "are too few"
        told = plural(figures, "figure")
        raise NotFitted(f"{plural(count, of)} {few} for {told} (at least {figures + least_degrees})")


def _refuse_alike(runs: Runs, active: Sequence[Part]) -> None:
    """Raise `NotFitted` where all runs are the same amounts of work."""
    spreads = [np.ptp(part.amount(runs)) for part in active]
    if any(spread > 0 for spread in spreads):
        return
    told = ", ".join(f"{number(float(part.amount(runs)[0]))} of {part.label}" for part in active)
    raise NotFitted(f"all {len(runs)} runs are alike ({told}): they say nothing of longer or shorter ones")
