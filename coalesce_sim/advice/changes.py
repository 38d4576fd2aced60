"""Ways in which a market may be otherwise than stated: each makes another scenario of it, by a level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from coalesce_sim.advice.workers import contractors
from coalesce_sim.scenario.believed import OwnHardware
from coalesce_sim.scenario.moving import Moving
from coalesce_sim.scenario.pool import TypeOutcome
from coalesce_sim.scenario.routes import HOME
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.workload import Table

SPEEDS: Final = ("prefill_tokens_per_s", "decode_tokens_per_s")
HOURLY: Final = (
    "compute_usd_per_h",
    "memory_usd_per_h",
    "electricity_usd_per_kwh",
    "rent_usd_per_h",
    "purchase_usd",
)
"""What an hour of hardware costs by; together, all of it."""


def dearer(scenario: Scenario, worker: str, by: float) -> Scenario:
    """All prices of a contractor, or hourly costs at home, more by this share of them: 1 doubles them."""
    if worker == HOME:
        return _at_home(scenario, dict.fromkeys(HOURLY, 1 + by))
    return _contractor(scenario, worker, lambda who: who.token_prices(1 + by))


def cheaper(scenario: Scenario, worker: str, by: float) -> Scenario:
    """The same, less: 1 halves them."""
    return dearer(scenario, worker, 1 / (1 + by) - 1)


def slower(scenario: Scenario, worker: str, by: float) -> Scenario:
    """A worker that takes more time for its tokens, by this share of it."""
    factors = dict.fromkeys(SPEEDS, 1 / (1 + by))
    if worker == HOME:
        return _at_home(scenario, factors)
    return _contractor(scenario, worker, lambda who: _scaled(who, factors))


def success(scenario: Scenario, worker: str, kind: str) -> float | None:
    """The stated probability that a worker does a task of a type well; None where none is, or it moves."""
    stated: float | Moving | None
    if worker == HOME:
        outcomes, stated = scenario.clients.outcomes, scenario.clients.success
    else:
        who = next(each for each in contractors(scenario) if each.name == worker)
        outcomes, stated = who.outcomes, who.reliability if who.success is None else who.success
    if outcomes is not None:
        stated = outcomes[kind].success if kind in outcomes else None
    return None if isinstance(stated, Moving) else stated


def at_success(scenario: Scenario, worker: str, kind: str, probability: float) -> Scenario:
    """A worker that does tasks of a type well with this probability, whether or not it did any before."""
    if worker == HOME:
        clients = scenario.clients
        stated = _outcomes(scenario, worker, clients.outcomes) | {kind: TypeOutcome(success=probability)}
        return scenario.model_copy(update={"clients": clients.model_copy(update={"outcomes": stated})})
    return _contractor(
        scenario,
        worker,
        lambda who: {
            "outcomes": _outcomes(scenario, worker, who.outcomes) | {kind: TypeOutcome(success=probability)}
        },
    )


def worse(scenario: Scenario, worker: str, kind: str, by: float) -> Scenario:
    """A worker that succeeds at tasks of a type less often, by this share of it: 1 is never."""
    now = success(scenario, worker, kind)
    return scenario if now is None else at_success(scenario, worker, kind, now * (1 - by))


def busier(scenario: Scenario, by: float) -> Scenario:
    """A log whose tasks come faster: 1 has twice as many in an hour."""
    arrivals = scenario.workload.arrivals
    assert isinstance(arrivals, Table)
    faster = arrivals.model_copy(update={"pace": arrivals.pace * (1 + by)})
    workload = scenario.workload.model_copy(update={"arrivals": faster})
    return scenario.model_copy(update={"workload": workload})


def lateness_at(scenario: Scenario, more_usd_per_min: float) -> Scenario:
    """A market in which a minute beyond the target costs so much more."""
    usd = scenario.cost_model.late_usd_per_min + more_usd_per_min
    costs = scenario.cost_model.model_copy(update={"late_usd_per_min": usd})
    return scenario.model_copy(update={"cost_model": costs})


def _outcomes(
    scenario: Scenario, worker: str, stated: Mapping[str, TypeOutcome] | None
) -> dict[str, TypeOutcome]:
    """The outcomes by type of a worker who may state one success for all."""
    if stated is not None:
        return dict(stated)
    found = {kind: success(scenario, worker, kind) for kind in scenario.workload.types}
    return {kind: TypeOutcome(success=each) for kind, each in found.items() if each is not None}


def _contractor(scenario: Scenario, name: str, change: Any) -> Scenario:
    """The scenario with some fields of a contractor as `change` gives them."""
    listed = [
        each.model_copy(update=change(each)) if each.name == name else each for each in contractors(scenario)
    ]
    return scenario.model_copy(update={"contractors": listed})


def _at_home(scenario: Scenario, factors: Mapping[str, float]) -> Scenario:
    """The scenario with all hardware at home scaled."""

    def scaled(hardware: OwnHardware | None) -> OwnHardware | None:
        return None if hardware is None else hardware.model_copy(update=_scaled(hardware, factors))

    clients = scenario.clients
    groups = None
    if clients.groups is not None:
        groups = {
            name: each.model_copy(update={"hardware": scaled(each.hardware)})
            for name, each in clients.groups.items()
        }
    boxes = None
    if scenario.boxes is not None:
        at_home = {each.box for each in clients.populations}
        boxes = {
            name: box.model_copy(update={"hardware": scaled(box.hardware)}) if name in at_home else box
            for name, box in scenario.boxes.items()
        }
    clients = clients.model_copy(update={"hardware": scaled(clients.hardware), "groups": groups})
    clients.among(boxes or {})
    return scenario.model_copy(update={"clients": clients, "boxes": boxes})


def _scaled(stated: Any, factors: Mapping[str, float]) -> dict[str, float]:
    """The fields times their factors, of those that are stated; numbers that move stay."""
    now = {name: getattr(stated, name) for name in factors}
    return {name: value * factors[name] for name, value in now.items() if isinstance(value, float | int)}
