"""Work at home as a scenario has it, and the laws of its seconds, its energy and its memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray
from coalesce_sim.calibration.components import NotFitted, Parameter
from coalesce_sim.calibration.laws import Law, Part
from coalesce_sim.calibration.luck import Place
from coalesce_sim.calibration.runs import HOME, Runs
from coalesce_sim.numbers import plural
from coalesce_sim.scenario.batching import BatchCurve
from coalesce_sim.scenario.clients import Home
from coalesce_sim.scenario.distributions import Distribution, support
from coalesce_sim.scenario.hardware import Hardware
from coalesce_sim.scenario.moving import Moving
from coalesce_sim.scenario.pool import TypeOutcome
from coalesce_sim.scenario.problems import Steps, dotted
from coalesce_sim.scenario.schema import Scenario

NO_JOBS: Final = "that do not say how many jobs were at work"


class Usable(NamedTuple):
    """Which runs a law can be held against, and in words why others are left out."""

    rows: BoolArray
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Machine:
    """The one machine that work at home is done on; `holder` is the section that has its hardware."""

    holder: Steps
    home: Home

    @property
    def hardware(self) -> Hardware:
        return self.home.hardware

    @property
    def at(self) -> Steps:
        """Where its hardware is stated."""
        return (*self.holder, "hardware")

    @property
    def curve(self) -> BatchCurve | None:
        return self.home.batch_curve


def machine_at_home(scenario: Scenario) -> Machine:
    """Raises `NotFitted` where homes differ, for a run at home does not say whose it is."""
    populations = scenario.clients.populations
    places = {scenario.clients.steps_of(each, "hardware")[:-1]: each for each in populations}
    machines = [each.home[:4] for each in populations]
    if len(places) > 1 or any(each != machines[0] for each in machines):
        found = ", ".join(map(dotted, places))
        raise NotFitted(f"homes differ ({found}), and runs at home do not say whose they are")
    (holder, population), *_ = places.items()
    return Machine(holder, population.home)


def seconds_law(scenario: Scenario, machine: Machine, curve: BatchCurve | None) -> Law:
    """Seconds of work at home: by FLOP or by tokens as the cost model says, or by a batch curve.

    A curve is the machine's own or, where it has none, one of which nothing is stated: a base and a pace for
    each job at work.
    """
    if scenario.cost_model.internal.work == "flop":
        return _flop_law(machine, of_peak=False)
    hardware = machine.hardware
    reading = Part(
        "reading",
        (*machine.at, "prefill_tokens_per_s"),
        lambda runs: np.nan_to_num(runs["prompt_tokens"]),
        hardware.prefill_tokens_per_s,
        inverse=True,
        early=True,
    )
    if curve is None:
        writing = Part(
            "writing",
            (*machine.at, "decode_tokens_per_s"),
            lambda runs: np.nan_to_num(runs["output_tokens"]),
            hardware.decode_tokens_per_s,
            inverse=True,
        )
        told = "seconds by tokens"
        return Law(told, (reading, writing), lambda runs: runs["s"], early=_first_token)
    stated = machine.curve
    place = (*machine.holder, "batch_curve")
    base = Part(
        "writing",
        (*place, "base_ms_per_token"),
        lambda runs: np.nan_to_num(runs["output_tokens"]),
        None if stated is None else stated.base_ms_per_token,
        per=1e-3,
    )
    each = Part(
        "writing beside others",
        (*place, "per_job_ms"),
        lambda runs: np.nan_to_num(runs["output_tokens"] * runs["jobs"]),
        None if stated is None else stated.per_job_ms,
        per=1e-3,
    )
    told = "seconds by tokens, and jobs at work"
    return Law(told, (reading, base, each), lambda runs: runs["s"], early=_first_token)


def peak_law(machine: Machine) -> Law:
    """By FLOP where runs reach more than the stated peak: a higher one, at the utilisation that is stated."""
    return _flop_law(machine, of_peak=True)


def _flop_law(machine: Machine, *, of_peak: bool) -> Law:
    """Of peak and utilisation only the product can be told: one is fitted, the other stays."""
    hardware = machine.hardware
    share, peak = hardware.gpus / hardware.batch, hardware.peak_flop_s or np.nan
    part = Part(
        "FLOP",
        (*machine.at, "peak_flop_s" if of_peak else "utilisation"),
        lambda runs: np.nan_to_num(runs["flop"]),
        peak if of_peak else hardware.utilisation,
        per=1 / (share * (hardware.utilisation if of_peak else peak)),
        inverse=True,
        most=np.inf if of_peak else 1.0,
    )
    return Law("seconds by FLOP", (part,), lambda runs: runs["s"])


def timed_runs(scenario: Scenario, machine: Machine, runs: Runs) -> Usable:
    """The runs at home that tell how long work takes on the machine."""
    at_home: BoolArray = (runs.where == HOME) & np.isfinite(runs["s"])
    fixed = _fixed_times(scenario, machine)
    reasons: list[tuple[BoolArray, str]] = [
        (np.isin(runs.type, list(fixed)), "of types whose time is stated")
    ]
    by_flop = scenario.cost_model.internal.work == "flop"
    works = ("flop",) if by_flop else ("prompt_tokens", "output_tokens")
    known = np.any([np.nan_to_num(runs[name]) > 0 for name in works], axis=0)
    reasons.append((np.asarray(~known), f"that do not say their {' and '.join(works)}"))
    wrote = np.nan_to_num(runs["output_tokens"], nan=1.0) > 0
    reasons.append(((runs.good == 0) & ~wrote, "that failed and wrote nothing"))
    if machine.curve is not None:
        most = machine.curve.max_jobs
        reasons.append((np.isnan(runs["jobs"]), NO_JOBS))
        reasons.append((runs["jobs"] > most, f"with more jobs than the {most} that can be at work"))
    elif machine.home.slots != "unlimited":
        slots = machine.home.slots
        reasons.append(
            (runs["jobs"] > slots, f"with more jobs than {plural(slots, 'slot')}: they waited too")
        )
    return left_out(at_home, reasons, "at home")


def silent(runs: Runs) -> Iterator[str]:
    """What to say of runs that do not tell whether others were at work, where that is the same to a law."""
    if count := int(np.isnan(runs["jobs"]).sum()):
        told = plural(count, "run")
        yield f"{told} at home do not say how many jobs were at work: seconds count as work alone"


def jobs_vary(runs: Runs) -> bool:
    """Whether there were now more, now fewer jobs at work."""
    return len(np.unique(runs["jobs"][np.isfinite(runs["jobs"])])) > 1


def energy_law(machine: Machine, shares: bool) -> Law:
    """Joules of a run by its measured seconds: the power of the machine or, of a batch curve, its share."""
    hardware = machine.hardware
    if hardware.basis == "rented":
        raise NotFitted("hardware is rented, and a rent includes the power")
    stated = hardware.tdp_w * hardware.utilisation if hardware.power_w is None else hardware.power_w

    def gpu_seconds(runs: Runs) -> FloatArray:
        jobs = runs["jobs"] if shares else float(hardware.batch)
        return np.asarray(np.nan_to_num(runs["s"] * hardware.gpus / jobs))

    part = Part("seconds at work", (*machine.at, "power_w"), gpu_seconds, stated)
    return Law("joules by seconds", (part,), lambda runs: runs["energy_j"], varied=False)


def memory_law(scenario: Scenario) -> Law:
    """GB of a run: the same of all, since runs do not say what a task's need hangs on."""
    need, attributes = scenario.cost_model.internal.memory, scenario.workload.attributes
    documents = {kind.documents for kind in scenario.workload.types.values()}
    size, complexity = _constant(attributes.model_size), _constant(attributes.complexity)
    hangs_on = {
        "model_size": need.gb_per_model_size > 0 and size is None,
        "documents": need.gb_per_50k_documents > 0 and len(documents) > 1,
        "complexity": need.gb_per_complexity > 0 and complexity is None,
    }
    if any(hangs_on.values()) or complexity is None:
        names = [name for name, varies in hangs_on.items() if varies] or ["complexity"]
        raise NotFitted(f"memory hangs on {' and '.join(names)} of a task, which runs do not say")
    rest_gb = need.gb_per_model_size * (size or 0.0) + need.gb_per_50k_documents * documents.pop() / 50_000
    part = Part(
        "memory",
        ("cost_model", "internal", "memory", "gb_per_complexity"),
        lambda runs: np.full(len(runs), complexity),
        need.gb_per_complexity,
    )
    return Law(
        "GB of each run",
        (part,),
        lambda runs: runs["memory_gb"],
        known=lambda runs: np.full(len(runs), rest_gb),
        varied=False,
    )


def powered_runs(runs: Runs, measured: BoolArray, column: str, shares: bool) -> Usable:
    """The runs whose energy or memory a law can be held against."""
    if column != "energy_j":
        return Usable(measured, ())
    reasons = [(np.isnan(runs["s"]), "that say their energy but not their seconds")]
    if shares:
        reasons.append((np.isnan(runs["jobs"]), "that do not say who shared the power (jobs)"))
    return left_out(measured, reasons, "at home")


def success_of(scenario: Scenario) -> dict[str, Place]:
    """Where it is stated how often work at home is good, by type or for all. Raises `NotFitted`."""
    clients, home = scenario.clients, scenario.clients.populations[0].home
    field = "success" if home.outcomes is None else "outcomes"
    places = {clients.steps_of(each, field) for each in clients.populations}
    if len(places) > 1 or any(each.home[5:] != home[5:] for each in clients.populations):
        raise NotFitted("what is good at home differs by group, and runs do not say whose they are")
    return places_of(places.pop()[:-1], home.success, home.outcomes)


def places_of(
    holder: Steps, success: float | Moving | None, outcomes: Mapping[str, TypeOutcome] | None
) -> dict[str, Place]:
    """Where success is stated: by type where there are outcomes, else for all. Raises `NotFitted`."""
    if outcomes is None:
        return {"": ((*holder, "success"), _still(success))}
    return {
        name: ((*holder, "outcomes", name, "success"), _still(each.success))
        for name, each in outcomes.items()
    }


def _still(number: float | Moving | None) -> float | None:
    if isinstance(number, Moving):
        raise NotFitted("success moves with time, which runs are not fitted to")
    return number


def curve_of_runs(machine: Machine, runs: Runs) -> BatchCurve:
    """A curve for a machine that has slots, one a job, or as many as were measured where there is no limit;
    nothing is stated of its pace."""
    slots = machine.home.slots
    most = int(np.ceil(np.nanmax(runs["jobs"]))) if slots == "unlimited" else slots
    return BatchCurve(base_ms_per_token=1.0, per_job_ms=0.0, max_jobs=most)


def slowed(values: Mapping[Steps, float], each: Parameter, runs: Runs) -> float:
    """By which share the most jobs of some runs slow a token, beside the fewest."""
    base = next(value for path, value in values.items() if path[-1] == "base_ms_per_token")
    fewest, most = float(np.nanmin(runs["jobs"])), float(np.nanmax(runs["jobs"]))
    return (most - fewest) * each.value / (base + fewest * each.value)


def left_out(among: BoolArray, reasons: list[tuple[BoolArray, str]], where: str) -> Usable:
    """What is left of some runs without those that there is a reason against, each counted once."""
    rows, notes = among.copy(), []
    for against, why in reasons:
        if count := int((rows & against).sum()):
            notes.append(f"left out: {plural(count, 'run')} {where} {why}")
        rows = rows & ~against
    return Usable(rows, tuple(notes))


def _fixed_times(scenario: Scenario, machine: Machine) -> Iterator[str]:
    """The types whose time at home is stated."""
    for name, kind in scenario.workload.types.items():
        outcome = (machine.home.outcomes or {}).get(name)
        if kind.local_min is not None or (outcome is not None and outcome.latency_min is not None):
            yield name


def _first_token(runs: Runs) -> FloatArray:
    return runs["first_token_s"]


def _constant(distribution: Distribution) -> float | None:
    low, high = support(distribution)
    return low if low == high else None
