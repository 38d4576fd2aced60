"""The frictions and rules of a scenario, one by one, and the market in which only some of them are on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from coalesce_sim.inputs.uncertain import drawn_inputs
from coalesce_sim.scenario.compliance import Compliance
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.settlement import Pay, Settlement

Kind = Literal["friction", "rule"]

On = frozenset[int]
"""The steps that are switched on, by their places in the order of `steps_of`."""

_LAST = {"charge_backs": "charge-backs", "failures": "failures", "clients": "funds"}
"""Parts of `settlement` that come last, in their order, and what their bars are called."""

_RULES = ("embargo", "residency")


@dataclass(frozen=True, slots=True)
class Step:
    """One friction or rule: what its bar is called, and what it states in its section; lists and mappings
    add up."""

    label: str
    kind: Kind
    states: Mapping[str, Any]


def steps_of(scenario: Scenario) -> list[Step]:
    """What a scenario states, in the order in which it is switched on. Raises `ScenarioError` where that is
    nothing, where no contract is made, or where what is stated is uncertain."""
    found = [*_frictions(scenario.settlement), *_rules(scenario.compliance)]
    if not found:
        _refuse(
            "settlement: no friction and no rule is stated: add one beside contracts, as in settlement: "
            "{fee: [{kind: card, fixed_usd: 0.30}]}, or play the bundled scenario 'study_market'"
        )
    if scenario.plays_log:
        _refuse("policy: makes no contract that could be paid, for it repeats a log at the log's own costs")
    uncertain = [
        path
        for path in drawn_inputs(scenario, scenario.seed, 0)
        if path.startswith(("settlement", "compliance"))
    ]
    if uncertain:
        _refuse(f"{uncertain[0]}: is uncertain; frictions are switched on as stated: state a number")
    return found


def switched(scenario: Scenario, steps: Sequence[Step], on: Collection[int]) -> Scenario:
    """The market in which only those steps are on; all else is as stated."""
    stated = scenario.settlement or Settlement()
    bare = Settlement(currency=stated.currency, network=stated.network)
    settlement = bare.model_copy(update=_together(steps, on, "friction", bare.model_dump()))
    compliance = None
    if scenario.compliance is not None:
        free = Compliance(jurisdictions=scenario.compliance.jurisdictions)
        compliance = free.model_copy(update=_together(steps, on, "rule", free.model_dump()))
    return scenario.model_copy(update={"settlement": settlement, "compliance": compliance})


def _together(
    steps: Sequence[Step], on: Collection[int], kind: Kind, bare: Mapping[str, Any]
) -> dict[str, Any]:
    """What the steps of a kind that are on state, all together."""
    stated: dict[str, Any] = {}
    for step in (step for place, step in enumerate(steps) if place in on and step.kind == kind):
        for name, value in step.states.items():
            before = stated.get(name, bare[name])
            if isinstance(value, list):
                value = [*before, *value]
            elif isinstance(value, dict):
                value = before | value
            stated[name] = value
    return stated


def _frictions(settlement: Settlement | None) -> Iterator[Step]:
    if settlement is None:
        return
    escrow = settlement.escrow
    if escrow is not None:
        yield Step("escrow", "friction", {"escrow": escrow.model_copy(update={"dispute": None})})
    kinds = Counter[str]()
    for fee in settlement.fee:
        kinds[fee.kind] += 1
        which = f" ({kinds[fee.kind]})" if kinds[fee.kind] > 1 else ""
        yield Step(f"fee: {fee.kind}{which}", "friction", {"fee": [fee]})
    if does_something(settlement.pay):
        yield Step("pay", "friction", {"pay": settlement.pay})
    if settlement.fx is not None:
        yield Step("fx", "friction", {"fx": settlement.fx})
    if escrow is not None and escrow.dispute is not None:
        yield Step("disputes", "friction", {"escrow": escrow})
    for name, label in _LAST.items():
        if getattr(settlement, name) is not None:
            yield Step(label, "friction", {name: getattr(settlement, name)})


def does_something(pay: Pay) -> bool:
    """Whether payments are netted, delayed or cost capital."""
    return pay.every_h is not None or pay.delay_days > 0 or pay.capital_rate_per_year > 0


def _rules(compliance: Compliance | None) -> Iterator[Step]:
    if compliance is None:
        return
    if compliance.sanctioned:
        told = {"sanctioned": compliance.sanctioned, "ownership": compliance.ownership}
        yield Step("sanctioned", "rule", told)
    for name in _RULES:
        if getattr(compliance, name):
            yield Step(name, "rule", {name: getattr(compliance, name)})
    for name, tier in compliance.tiers.items():
        yield Step(f"tier: {name}", "rule", {"tiers": {name: tier}})


def _refuse(message: str) -> None:
    raise ScenarioError([Problem("", None, "", message)])
