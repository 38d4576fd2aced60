"""What is odd about a scenario, said before it is played: it will run, but perhaps not as it is meant to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from coalesce_sim.experiments.diagnosis.cheating import cheats_without_a_chance
from coalesce_sim.experiments.diagnosis.complying import nobody_allowed
from coalesce_sim.experiments.diagnosis.contradictions import contradictions
from coalesce_sim.experiments.diagnosis.demand_prices import below_nothing
from coalesce_sim.experiments.diagnosis.desertion import deserted_hours
from coalesce_sim.experiments.diagnosis.reach import by_skill, reach_of
from coalesce_sim.experiments.diagnosis.settling import odd_payments, remarks_on_payment
from coalesce_sim.experiments.diagnosis.unused.everywhere import without_effect
from coalesce_sim.experiments.diagnosis.unused.market import Asked, in_tasks
from coalesce_sim.experiments.diagnosis.who_works import idle_clients, pool_size
from coalesce_sim.inputs.recordings import read_recordings
from coalesce_sim.inputs.sellers import left_out_of_prices
from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.market.matching import skills_without_a_place
from coalesce_sim.own_code import may_import
from coalesce_sim.scenario.discovery import GossipDiscovery
from coalesce_sim.scenario.policy import AlwaysLocal, BestFixed, Custom, Fixed, Oracle, Topsis
from coalesce_sim.scenario.pool import ContractorFacts, DrawnPool, PriceList
from coalesce_sim.scenario.quality import RecordedSuccess
from coalesce_sim.scenario.routes import Routes
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.skills import OwnEmbedder
from coalesce_sim.scenario.tariff import PRICES
from coalesce_sim.scenario.workload import FromFile

_MOST_NAMED = 6

_BLIND_TO_SKILLS = (AlwaysLocal, BestFixed, Custom, Fixed, Oracle, Routes)
"""Policies that ask nobody for skills, or may not."""

_LONG_S = 3600.0
"""After so long without a task a run is perhaps not the one that was meant."""

_DAY_ZERO = datetime(1899, 12, 30)
_DAY_NUMBERS = 20_000.0, 80_000.0
"""Days as spreadsheets count them, of the years 1954 to 2119."""


def warnings_of(scenario: Scenario) -> list[str]:
    """Sentences on what will keep the market, or a part of it, from working, or contradicts its data."""
    return [*oddities(scenario), *_sentences(scenario, "problem")]


def notes_of(scenario: Scenario) -> list[str]:
    """Sentences on what is worth knowing but does no harm."""
    return [*remarks(scenario), *_sentences(scenario, "note")]


def _sentences(scenario: Scenario, severity: str) -> list[str]:
    return [each.sentence for each in contradictions(scenario) if each.severity == severity]


def oddities(scenario: Scenario) -> list[str]:
    """Of the warnings those that are no findings of the doctor."""
    return [
        *_of_clients(scenario),
        *_of_skills(scenario),
        *deserted_hours(scenario),
        *_of_discovery(scenario),
        *_of_capacity(scenario),
        *_of_prices(scenario),
        *below_nothing(scenario),
        *_of_home(scenario),
        *_of_timeouts(scenario),
        *_of_budgets(scenario),
        *cheats_without_a_chance(scenario),
        *odd_payments(scenario),
        *nobody_allowed(scenario),
    ]


def remarks(scenario: Scenario) -> list[str]:
    """Of the notes those that are no findings of the doctor: settings without effect, records and charges
    left out, tasks that are not as their file has them or come late."""
    notes = _of_listed_tasks(scenario)
    discovery, count = scenario.discovery, pool_size(scenario)
    if discovery is not None and discovery.k > count:
        notes.append(
            f"discovery.k is {discovery.k}, but there are only {count} contractors: everybody is found"
        )
    if lost := skills_without_a_place(scenario):
        notes.append(
            f"skills of contractors that the ontology lacks, near to themselves alone: {_some(lost)}"
        )
    notes += [*remarks_on_payment(scenario), *without_effect(scenario)]
    if scenario.plays_log:
        notes.append(
            "policy as_logged plays the log itself: of this market only what home costs, targets and what is "
            "lost with bad work are reckoned with; policy.costs: modelled plays the market"
        )
    notes += _of_public_records(scenario)
    if scenario.records is not None:
        notes += [f"records: {sentence}" for sentence in read_recordings(scenario.records).left_out]
    if isinstance(scenario.contractors, PriceList):
        notes += [f"contractors.sellers: {sentence}" for sentence in left_out_of_prices(scenario.contractors)]
    return notes


def _of_public_records(scenario: Scenario) -> list[str]:
    """Where success rates come from that were not stated as numbers."""
    places: dict[RecordedSuccess, list[str]] = {}
    for path, stated in scenario.origins.recorded.items():
        places.setdefault(stated, []).append(path)
    return [
        f"{_some(paths)}: {stated.share:.3g} by records: {stated.told}" for stated, paths in places.items()
    ]


def _of_listed_tasks(scenario: Scenario) -> list[str]:
    """What of explicit tasks a user may not know: turned round, or long in coming."""
    source, table = scenario.workload.arrivals, tasks_of(scenario)
    if table is None or not len(table.arrival_s):
        return []
    told, first_s = [], float(table.arrival_s[0])
    if isinstance(source, FromFile) and table.newest_first:
        told.append(f"{source.path} is written newest first: its tasks are played from the last line up")
    if isinstance(source, FromFile) and table.unread:
        told.append(f"{source.path}: columns that are no field of a task are not read: {_some(table.unread)}")
    if first_s > _LONG_S:
        told.append(
            f"nothing happens for {first_s:,.0f} s ({first_s / 3600:.1f} h), until the first task comes: "
            "arrivals in seconds count from the start of the run, and utilisation counts these hours too"
        )
        if isinstance(source, FromFile) and _DAY_NUMBERS[0] <= first_s < _DAY_NUMBERS[1]:
            day = _DAY_ZERO + timedelta(days=first_s)
            told[-1] += f"; were they a spreadsheet's days, the first would be {day:%Y-%m-%d %H:%M}"
    return told


def _of_clients(scenario: Scenario) -> list[str]:
    idle, count = idle_clients(scenario), scenario.clients.total
    if len(idle) == 0:
        return []
    who = f"{len(idle):,} of {count:,} clients, " + _some([f"number {client}" for client in idle.tolist()])
    return [f"{who}, can never get a task (workload.dealing is {scenario.workload.dealing})"]


def _of_skills(scenario: Scenario) -> list[str]:
    policies = [each for _, each in scenario.policies]
    if all(isinstance(each, _BLIND_TO_SKILLS) for each in policies):
        return []
    embedder = scenario.skills.embedder
    if isinstance(embedder, OwnEmbedder) and not may_import(embedder.class_):
        return []
    told, reach = [], reach_of(scenario)
    if reach.nobody:
        told.append(f"no contractor offers to do {', '.join(reach.nobody)}: such tasks stay at home")
    explores = any(isinstance(each, Topsis) and each.epsilon > 0 for each in policies)
    if reach.never:
        perfect = "" if scenario.reputation is None else ", not even with a perfect record,"
        way_out = "only exploration sends them out" if explores else "they stay at home"
        told.append(
            f"no contractor can pass skills.threshold {reach.threshold:g}{perfect} for "
            f"{' and '.join(by_skill(reach.never))}: {way_out}"
        )
    if reach.unfit and len(reach.unfit) < len(reach.contractors) and not explores:
        drawn = "types of " if isinstance(scenario.contractors, DrawnPool) else ""
        told.append(
            f"{drawn}contractors that can never get work, since they pass skills.threshold "
            f"{reach.threshold:g} for no type of task that they offer to do: {_some(reach.unfit)}"
        )
    if reach.not_at_start and not explores:
        told.append(
            f"no contractor passes skills.threshold {reach.threshold:g} before it has been rated, for "
            f"{' and '.join(by_skill(reach.not_at_start))}: who is never hired is never rated"
        )
    return told


def _of_discovery(scenario: Scenario) -> list[str]:
    rule, count = scenario.discovery, pool_size(scenario)
    if rule is None or rule.newcomer_share > 0 or rule.k >= count or scenario.reputation is not None:
        return []
    if math.isinf(count):
        return []
    if isinstance(rule, GossipDiscovery) and rule.view_size < count:
        return []
    return [
        f"discovery.newcomer_share is 0 and nobody is rated: for each type of task the same {rule.k} of "
        f"{count:,} contractors are found for ever, and nobody else can get such work"
    ]


def _of_capacity(scenario: Scenario) -> list[str]:
    hired_from, told = _hired_from(scenario), []
    full = [name for name, facts in hired_from if facts.slots == 0]
    silent = [name for name, facts in hired_from if facts.unreachable_rate == 1]
    if full and len(full) == len(hired_from):
        told.append("all contractors have 0 slots: whoever is hired rejects")
    elif full:
        told.append(f"contractors with 0 slots, which reject whatever they are given: {_some(full)}")
    if silent:
        told.append(f"contractors that never answer (unreachable_rate is 1): {_some(silent)}")
    return told


def _of_prices(scenario: Scenario) -> list[str]:
    kind = scenario.cost_model.external.pricing.kind
    facts = [each for _, each in _hired_from(scenario)]
    by_token = any(any(getattr(each, name) for name in (*PRICES, "conditional_prices")) for each in facts)
    if kind not in ("flat", "demand") or not by_token or any(each.price_usd for each in facts):
        return []
    return [f"contractors state prices per token, but pricing is {kind}: they work for nothing"]


def _of_home(scenario: Scenario) -> list[str]:
    clients = scenario.clients
    without = [clients.place_of(each, "slots") for each in clients.populations if each.home.slots == 0]
    if not without:
        return []
    where = _some(list(dict.fromkeys(without)))
    told = f"{where} is 0: a task that stays at home is not done, and costs what undone work costs"
    contracts = scenario.contracts
    if contracts is not None and contracts.recovery.then == "local":
        told += "; contracts.recovery.then is local, so work that fails at contractors ends there too"
    return [told]


def _of_timeouts(scenario: Scenario) -> list[str]:
    factor = None if scenario.contracts is None else scenario.contracts.timeout_factor
    slowdown = scenario.cost_model.realised.external_time_factor
    usual = float(slowdown) if isinstance(slowdown, int | float) else 1.0
    if factor is None or factor >= min(1.0, usual):
        return []
    return [
        f"contracts.timeout_factor is {factor:g}: contracts are canceled after {100 * factor:.0f} % of the "
        "time that the contractor says it takes"
    ]


def _of_budgets(scenario: Scenario) -> list[str]:
    workload, policies = scenario.workload, scenario.policies
    rules = [place for place, each in policies if isinstance(each, Topsis) and each.within_budget]
    if not rules or "budget_usd" in in_tasks(scenario):
        return []
    if Asked(scenario).has("value_usd") and workload.attributes.budget_share != 0:
        return []
    told = "is true, but no task has a budget: who asks for anything is left out"
    return [f"{place}.within_budget {told}" for place in rules]


def _hired_from(scenario: Scenario) -> Sequence[tuple[str, ContractorFacts]]:
    """Names and facts of those who may be in the pool, or of the types of them."""
    match scenario.contractors:
        case DrawnPool(types=types):
            return [(name, kind) for name, kind in types.items() if kind.share > 0]
        case list() as listed:
            return [(each.name, each) for each in listed]
        case _:
            return scenario.facts


def _some(names: Sequence[str]) -> str:
    """The first of the names, and how many more there are."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
