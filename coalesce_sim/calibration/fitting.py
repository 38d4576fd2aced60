"""The components of a scenario, each fitted to the runs that are about it and held against those left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from coalesce_sim.arrays import BoolArray
from coalesce_sim.calibration import home, luck, sellers
from coalesce_sim.calibration.components import Component, HeldOut, NotFitted, relative_error
from coalesce_sim.calibration.home import Machine, Usable
from coalesce_sim.calibration.laws import Fitted, Law, Part, fit_law
from coalesce_sim.calibration.luck import Scatter
from coalesce_sim.calibration.runs import HOME, Runs
from coalesce_sim.calibration.sellers import Seller
from coalesce_sim.calibration.splitting import Split
from coalesce_sim.numbers import number
from coalesce_sim.scenario.problems import Steps
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.workload import Renewal
from coalesce_sim.statistics.intervals import Estimate

_NONE: Final = Estimate(None, None, None, 0)
_MATTERS: Final = 0.05
"""Share by which the most jobs at work must slow a token for slots to be replaced by a batch curve."""

_NOBODY: Final = HeldOut(np.empty(0), np.empty(0), np.empty(0), 0)


@dataclass
class Fitting:
    """Fits component by component; `settings` are what has to change with them, such as slots for a curve.

    `can_be` says whether a scenario can have such changes: an empty text, or why not.
    """

    scenario: Scenario
    split: Split
    share: float
    can_be: Callable[[Mapping[Steps, Any]], str]
    settings: dict[Steps, Any] = field(default_factory=dict)

    def components(self) -> Iterator[Component]:
        """All that the runs say something about, in the order in which they are told."""
        yield from self._at_home()
        theirs = sellers.sellers_of(self.scenario)
        mine = sellers.whose(theirs, self.split.runs)
        scatters: list[tuple[Scatter, Scatter]] = []
        for seller in theirs:
            if mine[seller.name].any():
                yield from self._of_seller(seller, mine[seller.name], scatters)
        yield from self._spread("spread of contractors", "external_time_factor", scatters)
        yield from self._gaps()

    def _at_home(self) -> Iterator[Component]:
        runs = self.split.runs
        at_home: BoolArray = runs.where == HOME
        if not at_home.any():
            return
        try:
            yield from self._on_machine(home.machine_at_home(self.scenario), at_home)
        except NotFitted as error:
            yield _refused("seconds at home", "s", str(error))
        yield from self._success("success at home", lambda: home.success_of(self.scenario), at_home)

    def _on_machine(self, machine: Machine, at_home: BoolArray) -> Iterator[Component]:
        """Seconds, energy, memory and the spread of times on the one machine at home."""
        runs, fitted = self.split.runs, None
        if np.isfinite(runs["s"][at_home]).any():
            component, fitted, usable = self._seconds_at_home(machine)
            yield component
        shares = machine.curve is not None or bool(self.settings)
        for column, name, unit, build in (
            ("energy_j", "energy at home", "J", lambda: home.energy_law(machine, shares)),
            ("memory_gb", "memory at home", "GB", lambda: home.memory_law(self.scenario)),
        ):
            measured = at_home & np.isfinite(runs[column])
            if measured.any():
                yield self._of_law(name, unit, build, home.powered_runs(runs, measured, column, shares))[0]
        if fitted is not None:
            some, others = (_scatter(fitted, part) for part in self.split.parts(usable.rows))
            yield from self._spread("spread at home", "local_time_factor", [(some, others)])

    def _seconds_at_home(self, machine: Machine) -> tuple[Component, Fitted | None, Usable]:
        runs = self.split.runs
        stated = home.seconds_law(self.scenario, machine, machine.curve)
        usable = home.timed_runs(self.scenario, machine, runs)
        component, fitted = self._fit("seconds at home", "s", stated, stated, usable)
        component = _noted(component, *home.silent(runs.at(usable.rows)))
        if fitted is not None and len(stated.parts) == 1 and fitted.parameters[0].value > 1:
            law = home.peak_law(machine)
            component, fitted = self._fit("seconds at home", "s", law, law, usable)
            told = "runs reach more than the stated peak: peak_flop_s is fitted in place of utilisation"
            component = _noted(component, told)
        if fitted is None or len(stated.parts) == 1:
            return component, fitted, usable
        if machine.curve is None and home.jobs_vary(runs.at(usable.rows)):
            component, fitted, usable = self._curve_at_home(machine, stated, usable, component, fitted)
        return _noted(component, *self._start(fitted, usable)), fitted, usable

    def _curve_at_home(
        self, machine: Machine, stated: Law, usable: Usable, plain: Component, fitted: Fitted
    ) -> tuple[Component, Fitted, Usable]:
        """The same by a batch curve where runs tell that jobs slow each other, and the scenario can have
        one."""
        runs = self.split.runs
        curve = home.curve_of_runs(machine, runs.at(usable.rows))
        law = home.seconds_law(self.scenario, machine, curve)
        saying = home.left_out(usable.rows, [(np.isnan(runs["jobs"]), home.NO_JOBS)], "at home")
        with_jobs = Usable(saying.rows, (*usable.notes, *saying.notes))
        component, shared = self._fit("seconds at home", "s", stated, law, with_jobs)
        slows = (
            None
            if shared is None
            else next((each for each in shared.parameters if each.path[-1] == "per_job_ms"), None)
        )
        if shared is None or slows is None or slows.ci95 is None:
            return plain, fitted, usable
        low, high = slows.ci95
        slower = home.slowed(shared.values, slows, runs.at(with_jobs.rows))
        adds = f"a job at work adds {number(slows.value)} ms to a token [{number(low)}, {number(high)}]"
        if low <= 0:
            told = f"{adds}, which is not told from 0: slots of one speed stay"
            return _noted(plain, told), fitted, usable
        if slower < _MATTERS:
            told = f"{adds}, {100 * slower:.1f} % at the most jobs: slots of one speed stay"
            return _noted(plain, told), fitted, usable
        at = machine.holder
        settings: dict[Steps, Any] = {
            (*at, "slots"): None,
            (*at, "batch_curve", "max_jobs"): curve.max_jobs,
            **({} if machine.hardware.batch == 1 else {(*machine.at, "batch"): 1}),
        }
        if why := self.can_be({**settings, **shared.values}):
            told = f"{adds}, but the scenario cannot have a batch_curve: {why}"
            return _noted(plain, told), fitted, usable
        self.settings |= settings
        off = "" if plain.after.mean is None else f" (they would be off by {100 * plain.after.mean:.1f} %)"
        told = f"{adds}: a batch_curve takes the place of slots of one speed{off}"
        return _noted(component, told), shared, with_jobs

    def _start(self, fitted: Fitted, usable: Usable) -> Iterator[str]:
        """Whether runs take a time besides, which no field at home holds."""
        path: Steps = ("start",)
        start = Part("a start", path, lambda runs: np.ones(len(runs)), None, early=True)
        law = replace(fitted.law, parts=(*fitted.law.parts, start))
        some, others = self.split.parts(usable.rows)
        try:
            with_start = fit_law(law, some)
        except NotFitted:
            return
        found = next((each for each in with_start.parameters if each.path == path), None)
        if found is None or found.ci95 is None or found.ci95[0] <= 0 or not len(others):
            return
        error = relative_error(with_start.predict(others), others["s"], others.session).mean
        if error is not None:
            low, high = map(number, found.ci95)
            yield (
                f"runs take {number(found.value)} s [{low}, {high}] beside their tokens, for which home has "
                f"no field: with it they would be off by {100 * error:.1f} %"
            )

    def _of_seller(
        self, seller: Seller, mine: BoolArray, scatters: list[tuple[Scatter, Scatter]]
    ) -> Iterator[Component]:
        runs, name = self.split.runs, seller.name
        if np.isfinite(runs["s"][mine]).any():
            timed = sellers.timed_runs(seller, runs, mine)
            component, fitted = self._of_law(
                f"seconds of {name}", "s", lambda: sellers.seconds_law(seller), timed
            )
            yield component
            if fitted is not None:
                start = (*seller.at, "network_ms")
                apart_s = 1e-3 * fitted.values.get(start, seller.number("network_ms") or 0.0)
                some, others = (
                    _scatter(fitted, part, apart_s, start) for part in self.split.parts(timed.rows)
                )
                scatters.append((some, others))
        if np.isfinite(runs["usd"][mine]).any():
            billed = sellers.billed_runs(seller, runs, mine)
            component, _ = self._of_law(
                f"prices of {name}",
                "USD",
                lambda: sellers.price_law(self.scenario, seller, runs.at(billed.rows)),
                billed,
            )
            yield component
        yield from self._success(f"success of {name}", lambda: sellers.success_of(seller), mine)

    def _spread(
        self, name: str, field_name: str, scatters: Sequence[tuple[Scatter, Scatter]]
    ) -> Iterator[Component]:
        if not scatters:
            return
        stated = getattr(self.scenario.cost_model.realised, field_name)
        fitted, held_out = map(luck.together, zip(*scatters, strict=True))
        try:
            yield luck.spread(name, field_name, stated, fitted, held_out)
        except NotFitted as error:
            yield _refused(name, luck.OF_SPREAD, str(error))

    def _success(
        self, name: str, places: Callable[[], Mapping[str, luck.Place]], mine: BoolArray
    ) -> Iterator[Component]:
        judged = mine & np.isfinite(self.split.runs.good)
        if not judged.any():
            return
        try:
            if self.scenario.contracts is None:
                raise NotFitted("without a section contracts all work is good")
            yield luck.success(name, places(), *self.split.parts(judged))
        except NotFitted as error:
            yield _refused(name, luck.OF_SUCCESS, str(error))

    def _gaps(self) -> Iterator[Component]:
        runs, arrivals = self.split.runs, self.scenario.workload.arrivals
        if not isinstance(arrivals, Renewal) or not np.isfinite(runs["start_s"]).any():
            return
        name = "gaps between tasks"
        try:
            if arrivals.per is not None:
                raise NotFitted("each client brings its own tasks, and runs do not say whose they are")
            yield luck.gaps(name, arrivals.gap_s, runs, self.share)
        except NotFitted as error:
            yield _refused(name, "s", str(error))

    def _of_law(
        self, name: str, unit: str, build: Callable[[], Law], usable: Usable
    ) -> tuple[Component, Fitted | None]:
        try:
            law = build()
        except NotFitted as error:
            return _refused(name, unit, str(error)), None
        return self._fit(name, unit, law, law, usable)

    def _fit(
        self, name: str, unit: str, stated: Law, law: Law, usable: Usable
    ) -> tuple[Component, Fitted | None]:
        """A law fitted, and held against what the scenario stated; what cannot be fitted stays as stated."""
        some, others = self.split.parts(usable.rows)
        measured, before = law.target(others), stated.predict(others)
        error_before = relative_error(before, measured, others.session)
        try:
            fitted = fit_law(law, some)
        except NotFitted as refusal:
            held = HeldOut(before, before, measured, len(others))
            return (
                Component(
                    name,
                    unit,
                    stated.told,
                    0,
                    (),
                    held,
                    error_before,
                    error_before,
                    usable.notes,
                    str(refusal),
                ),
                None,
            )
        after = fitted.predict(others)
        held = HeldOut(before, after, measured, len(others))
        error = relative_error(after, measured, others.session)
        notes = (*usable.notes, *fitted.notes)
        return (
            Component(name, unit, law.told, fitted.runs, fitted.parameters, held, error_before, error, notes),
            fitted,
        )


def _scatter(fitted: Fitted, runs: Runs, apart_s: float = 0.0, start: Steps | None = None) -> Scatter:
    """How measured seconds scatter around what is expected, but for the network's, which are `apart_s`."""
    work_s, expected_s = runs["s"] - apart_s, fitted.predict(runs) - apart_s
    rows = (work_s > 0) & (expected_s > 0)
    n = int(rows.sum())
    starts = tuple((each.sessions, each.influence) for each in fitted.parameters if each.path == start)
    return Scatter(
        work_s[rows] / expected_s[rows],
        runs.session[rows],
        len(fitted.parameters),
        np.zeros(n, dtype=np.int64),
        1 / work_s[rows],
        starts or ((np.empty(0, dtype=np.int64), np.empty(0)),),
    )


def _noted(component: Component, *notes: str) -> Component:
    """The same with more to be said."""
    return replace(component, notes=(*component.notes, *notes))


def _refused(name: str, unit: str, reason: str) -> Component:
    """What cannot be fitted, nor held against anything."""
    return Component(name, unit, "", 0, (), _NOBODY, _NONE, _NONE, (), reason)
