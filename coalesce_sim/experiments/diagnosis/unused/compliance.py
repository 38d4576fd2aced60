"""Rules about who may be hired that bear on nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from coalesce_sim.compliance.ownership import blocked
from coalesce_sim.experiments.diagnosis.unused.market import Asked
from coalesce_sim.experiments.diagnosis.unused.stated import Unused, stated
from coalesce_sim.scenario.compliance import Compliance, Party
from coalesce_sim.scenario.pool import DrawnPool
from coalesce_sim.scenario.schema import Scenario

NO_RULE_BY_LAW: Final = "no rule of compliance goes by jurisdiction"


def of_compliance(asked: Asked) -> Iterator[Unused]:
    """Jurisdictions, owners, embargoes, residency and tiers."""
    rules = asked.scenario.compliance
    if rules is None:
        return
    yield from _of_jurisdictions(rules)
    if goes_by_law(asked.scenario):
        yield from _of_laws(asked, rules)
    yield from _of_owners(asked.scenario, rules)
    for name, tier in rules.tiers.items():
        place = f"compliance.tiers.{name}"
        if not stated(tier, place, "per_contract_usd", "per_day_usd", "onboarding_h"):
            yield Unused([place], "it limits nothing")


def goes_by_law(scenario: Scenario) -> bool:
    """Whether any rule goes by the jurisdictions of clients and contractors."""
    rules = scenario.compliance
    return rules is not None and bool(rules.laws_of_clients and (rules.embargo or rules.residency))


def _of_jurisdictions(rules: Compliance) -> Iterator[Unused]:
    place = "compliance.jurisdictions"
    if not (rules.embargo or rules.residency):
        yield Unused(stated(rules.jurisdictions, place, "clients", "contractors"), NO_RULE_BY_LAW)
    elif not rules.laws_of_clients:
        places = [*stated(rules.jurisdictions, place, "contractors")]
        places += stated(rules, "compliance", "embargo", "residency")
        yield Unused(places, f"{place}.clients says of nobody under whose law it is")


def _of_laws(asked: Asked, rules: Compliance) -> Iterator[Unused]:
    of_clients = rules.laws_of_clients
    of_contractors = _laws_of_contractors(asked.scenario, rules)
    for law, others in rules.embargo.items():
        if law not in of_clients:
            yield Unused([f"compliance.embargo.{law}"], f"no client is of {law}")
        elif of_contractors.isdisjoint(others):
            why = f"no contractor is of {' or '.join(others)}" if others else "it names no jurisdiction"
            yield Unused([f"compliance.embargo.{law}"], why)
    for law, there in rules.residency.items():
        if law not in of_clients:
            yield Unused([f"compliance.residency.{law}"], f"no client is of {law}")
        elif "high" not in asked.levels:
            yield Unused([f"compliance.residency.{law}"], "no task has high data_sensitivity")
        elif of_contractors <= set(there):
            yield Unused([f"compliance.residency.{law}"], "all contractors are there")


def _laws_of_contractors(scenario: Scenario, rules: Compliance) -> set[str | None]:
    """Under whose laws contractors may be, None where it is not known."""
    stated_of, join = rules.jurisdictions.contractors, [each.who.facts for each in scenario.adversaries]
    laws: set[str | None] = {*stated_of.values()}
    for place, facts in scenario.facts:
        words = getattr(facts, "name", ""), getattr(facts, "type", place.rpartition(".")[2])
        laws.add(next((stated_of[word] for word in words if word in stated_of), facts.jurisdiction))
    return laws | {facts.jurisdiction for facts in join if facts is not None}


def _of_owners(scenario: Scenario, rules: Compliance) -> Iterator[Unused]:
    everybody = blocked(rules.sanctioned, rules.ownership, _itself)
    for index, link in enumerate(rules.ownership):
        place = f"compliance.ownership[{index}]"
        if link.by not in everybody:
            yield Unused([place], "its owner is not sanctioned")
        elif link.of not in everybody:
            yield Unused([place], "such owners have less than half of it")
    names = [] if isinstance(scenario.contractors, DrawnPool) else scenario.names_of("contractor")
    if names is None:
        return
    owned = [link.of for link in rules.ownership if isinstance(link.of, int) or link.of in names]
    for index, party in enumerate(rules.sanctioned):
        if isinstance(party, str) and party not in names:
            rest = (each for each in rules.sanctioned if each != party)
            others = blocked(rest, rules.ownership, _itself)
            if all(each in others for each in owned if each in everybody):
                yield Unused([f"compliance.sanctioned[{index}]"], f"{party} owns half of no contractor")


def _itself(word: Party) -> Party:
    """Nobody is called in two ways where either numbers or names are used."""
    return word
