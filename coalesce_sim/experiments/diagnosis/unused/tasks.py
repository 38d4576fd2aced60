"""Settings of demand and tasks that do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from coalesce_sim.experiments.diagnosis.unused.levels import (
    OF_ALL,
    OF_COLUMNS,
    OF_LISTED,
    level_by,
    of_type,
    types_that_come,
)
from coalesce_sim.experiments.diagnosis.unused.market import UNREAD, Asked, in_tasks
from coalesce_sim.experiments.diagnosis.unused.stated import Unused, stated
from coalesce_sim.experiments.diagnosis.who_works import come_together
from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.scenario.costs import DemandPrice
from coalesce_sim.scenario.learners import LinUcb
from coalesce_sim.scenario.policy import Boosts, Topsis
from coalesce_sim.scenario.workload import (
    LEVELS,
    Csv,
    DemandDriven,
    Explicit,
    Listed,
    Recorded,
    Series,
    Table,
)

_COUNTED = "nothing asks for it"
_UNCACHED = "no contractor states cache_read_usd_per_mtok: they cost as others do"


def of_tasks(asked: Asked) -> Iterator[Unused]:
    """Demand, arrivals, types and attributes."""
    yield from _of_demand(asked)
    yield from _of_arrivals(asked)
    yield from _of_types(asked)
    yield from _of_attributes(asked)


def _of_demand(asked: Asked) -> Iterator[Unused]:
    scenario = asked.scenario
    rule, moves = scenario.market_demand, isinstance(scenario.cost_model.external.pricing, DemandPrice)
    if scenario.contractor_dynamics is not None and not moves:
        yield Unused(["contractor_dynamics"], "prices do not follow demand")
    if rule is None:
        return
    follows = moves and scenario.contractor_dynamics is not None
    if not (follows or isinstance(scenario.workload.arrivals, DemandDriven)):
        yield Unused(["market_demand"], "neither arrivals nor prices follow it")
    elif rule.busy_factor == 1 or not rule.busy_weekdays or rule.busy_last_hour < rule.busy_first_hour:
        names = ("busy_factor", "busy_weekdays", "busy_first_hour", "busy_last_hour")
        yield Unused(stated(rule, "market_demand", *names), "no hour is busy")


def _of_arrivals(asked: Asked) -> Iterator[Unused]:
    workload, table = asked.scenario.workload, tasks_of(asked.scenario)
    match workload.arrivals:
        case Listed(tasks=tasks) as rule:
            timed = tasks[0].arrival_s is not None
            dealt = any(task.client is None for task in tasks)
        case Csv(columns=columns) as rule:
            timed, dealt = "arrival_s" in columns, "client" not in columns
        case Table() as rule:
            timed, dealt = False, table is not None and bool((table.client < 0).any())
        case rule:
            timed, dealt = False, True
    if timed:
        yield Unused(stated(rule, "workload.arrivals", "gap_s"), "tasks state their arrival_s")
    clients, per_client = asked.scenario.clients, workload.arrivals_per_client
    if per_client:
        yield Unused(stated(workload, "workload", "dealing"), "clients bring their own tasks")
    elif clients.total == 1:
        yield Unused(stated(workload, "workload", "dealing"), "there is one client")
    elif not dealt:
        yield Unused(stated(workload, "workload", "dealing"), "tasks state their clients")
    if isinstance(rule, Explicit | Recorded):
        shares = ["workload.types.*.share"] * any(kind.share != 1 for kind in asked.types.values())
        yield Unused(shares, "arrivals say the types")
    for name, group in (clients.groups or {}).items():
        place = f"clients.groups.{name}"
        if len(clients.populations) == 1:
            yield Unused(stated(group, place, "share"), "there is one group")
        elif not dealt:
            yield Unused(stated(group, place, "share"), "tasks state their clients")
        elif table is not None and bool((table.group >= 0).all()):
            yield Unused(stated(group, place, "share"), "tasks state their groups")
        if isinstance(rule, Explicit | Recorded):
            yield Unused(stated(group, place, "types"), "arrivals say the types")
        elif len(asked.types) == 1:
            yield Unused(stated(group, place, "types"), "there is one type of task")
    if asked.replays:
        yield Unused(stated(workload, "workload", "failure_correlation"), "records are replayed")


def _of_types(asked: Asked) -> Iterator[Unused]:
    def anywhere(name: str) -> list[str]:
        places = [each for kind in asked.types.values() for each in stated(kind, "workload.types.*", name)]
        return places[:1]

    for name, kind in asked.types.items():
        if kind.decompose == "never":
            of_steps = ("steps", "integration_usd", "split_usd", "split_s")
            yield Unused(stated(kind, f"workload.types.{name}", *of_steps), "decompose is never")
    if not (asked.flop_at_home or asked.flop_at_contractors):
        yield Unused(anywhere("base_flop"), "nobody's work is timed in FLOP")
    if asked.replays:
        yield Unused(anywhere("local_min"), "records are replayed")
    if not asked.skill or asked.scenario.skills.ontological_weight == 0:
        yield Unused(anywhere("skills"), "skills do not count")
    if not asked.texts:
        yield Unused(anywhere("text"), UNREAD)
    yield from _of_expected_answers(asked)
    if not asked.memory("gb_per_50k_documents"):
        yield Unused(anywhere("documents"), _COUNTED)
    elif "documents" in _stated_by_all(asked):
        yield Unused(anywhere("documents"), "all tasks state their own")


def _of_expected_answers(asked: Asked) -> Iterator[Unused]:
    """How long answers are expected to be, of a type: a step's are as its whole says."""
    come, field = types_that_come(asked.scenario), "expected_output_tokens"
    stating = {name: stated(kind, of_type(name), field) for name, kind in asked.types.items()}
    if not _needed(asked)["expected_output_tokens"]:
        yield Unused([each for places in stating.values() for each in places], _COUNTED)
        return
    idle = [each for name, places in stating.items() if name not in come for each in places]
    yield Unused(idle, "no task is of that type")
    if all(stating[name] for name in come):
        attributes = asked.scenario.workload.attributes
        places = stated(attributes, "workload.attributes", field)
        yield Unused(places, "all types of task that come state their own")


def _of_attributes(asked: Asked) -> Iterator[Unused]:
    attributes = asked.scenario.workload.attributes
    needed = _needed(asked)
    unneeded = [name for name, is_needed in needed.items() if not is_needed]
    yield Unused(stated(attributes, "workload.attributes", *unneeded), _COUNTED)
    every = _stated_by_all(asked)
    yield Unused(
        stated(attributes, "workload.attributes", *(n for n in needed if needed[n] and n in every)),
        "all tasks state their own",
    )
    if needed["cached_tokens"] and not (asked.custom or asked.cached_prices):
        places = stated(attributes, "workload.attributes", "cached_tokens")
        source = asked.scenario.workload.arrivals
        if not isinstance(source, Listed) or any(task.cached_tokens for task in source.tasks):
            places += _in_tasks(asked, ["cached_tokens"])
        yield Unused(places, _UNCACHED)
    for name, group in (asked.scenario.clients.groups or {}).items():
        places = stated(group, f"clients.groups.{name}", "value_usd")
        if not needed["value_usd"]:
            yield Unused(places, _COUNTED)
        elif "value_usd" in every:
            yield Unused(places, "all tasks state their own")
    of_tasks = {name: is_needed for name, is_needed in needed.items() if name != "budget_share"}
    of_tasks |= {"budget_usd": needed["budget_share"], "documents": asked.memory("gb_per_50k_documents")}
    yield Unused(_in_tasks(asked, [name for name, is_needed in of_tasks.items() if not is_needed]), _COUNTED)
    yield from _of_criticality(asked)
    yield from _of_sensitivity(asked)


def _of_criticality(asked: Asked) -> Iterator[Unused]:
    attributes, external = asked.scenario.workload.attributes, asked.scenario.cost_model.external
    needed = asked.custom or (external.critical_factor != 1 and asked.risk)
    if attributes.criticality == "low" or not needed:
        reason = _COUNTED if attributes.criticality == "high" else "low and medium are the same"
        yield Unused(stated(attributes, "workload.attributes", "criticality"), reason)


def _of_sensitivity(asked: Asked) -> Iterator[Unused]:
    """Wherever it is stated how sensitive data are, and all would be the same without."""
    boosts = _boosts(asked)
    boosted = any(each.security_if_sensitive != 1 for each in boosts)
    noticed = asked.custom or asked.resides or boosted
    does = {level: (noticed and level == "high", asked.leak_usd[level]) for level in LEVELS}
    told_apart = len(set(does.values())) > 1
    reason = "all would be the same without it"
    reason += ", low and medium being the same" * (does["low"] == does["medium"])
    places = {place for chain in asked.chains for place, _ in chain}
    for place, model in _say_sensitivity(asked):
        if any(does[level_by(chain)] != does[level_by(chain, place)] for chain in asked.chains):
            continue
        named = [f"{place}.data_sensitivity"] if model is None else stated(model, place, "data_sensitivity")
        if not told_apart:
            yield Unused(named, _COUNTED)
        elif place not in places:
            yield Unused(named, "no task is of that type")
        elif all(chain[0][0] != place for chain in asked.chains):
            yield Unused(named, "all tasks or their types state their own")
        else:
            yield Unused(named, reason)


def _say_sensitivity(asked: Asked) -> Iterator[tuple[str, BaseModel | None]]:
    """The places that may say how sensitive data are, with their models, None for the tasks themselves."""
    workload = asked.scenario.workload
    if "data_sensitivity" in in_tasks(asked.scenario):
        yield OF_LISTED if isinstance(workload.arrivals, Listed) else OF_COLUMNS, None
    for name, kind in workload.types.items():
        yield of_type(name), kind
    yield OF_ALL, workload.attributes


def _needed(asked: Asked) -> dict[str, bool]:
    """Which attributes count anywhere."""
    scenario, custom = asked.scenario, asked.custom
    internal, pricing = scenario.cost_model.internal, scenario.cost_model.external.pricing
    contracts, boosts = scenario.contracts, _boosts(asked)
    flop = asked.flop_at_home or asked.flop_at_contractors
    at_home = internal.work == "tokens"
    timed = any(kind.local_min is not None for kind in asked.types.values()) and not asked.replays
    dearer = isinstance(pricing, DemandPrice) and pricing.complexity_slope != 0 and not asked.replays
    lost = contracts is not None and contracts.rework_usd is None
    by_hand = contracts is not None and contracts.verification.manual is not None
    later = internal.opportunity == "later_tasks" and come_together(scenario)
    prompt_prices = ("input_usd_per_mtok", "cache_read_usd_per_mtok", "above_prompt_tokens")
    reading = asked.tokens_at_contractors("prefill_tokens_per_s", *prompt_prices)
    writing = asked.tokens_at_contractors("decode_tokens_per_s", "output_usd_per_mtok")
    by_use = asked.learns or scenario.cost_model.realised.basis == "physical"
    small = any(each.cost != 1 and each.cost_if_budget_share_below > 0 for each in boosts)
    limited = any(isinstance(each, Topsis) and each.within_budget for each in asked.policies)
    by_value = limited and "budget_usd" not in in_tasks(scenario)
    return {
        "complexity": custom
        or flop
        or timed
        or dearer
        or asked.memory("gb_per_complexity")
        or any(isinstance(each, LinUcb) for each in asked.policies),
        "value_usd": custom or lost or by_hand or later or asked.risk or by_value,
        "budget_share": custom or small or limited,
        "data_gb": custom or flop or asked.moves,
        "output_gb": custom or asked.moves,
        "model_size": custom or asked.memory("gb_per_model_size"),
        "duration_h": custom or later,
        "prompt_tokens": custom or at_home or reading,
        "cached_tokens": custom or asked.token_prices,
        "output_tokens": at_home or (writing and by_use),
        "expected_output_tokens": custom or at_home or writing,
    }


def _boosts(asked: Asked) -> list[Boosts]:
    return [each.boosts for each in asked.policies if isinstance(each, Topsis)]


def _stated_by_all(asked: Asked) -> set[str]:
    """The attributes that every explicit task states; a budget in USD leaves no use for its share."""
    match asked.scenario.workload.arrivals:
        case Listed(tasks=tasks):
            names = set.intersection(*({n for n, v in task if v is not None} for task in tasks))
        case Csv(columns=columns):
            names = set(columns)
        case Table():
            names = in_tasks(asked.scenario)
        case Series(parts=parts):
            names = set.intersection(*(set(part.attributes) for part in parts))
        case _:
            names = set()
    return names | ({"budget_share"} if "budget_usd" in names else set())


def _in_tasks(asked: Asked, names: list[str]) -> list[str]:
    """The places of those attributes where explicit tasks state them."""
    arrivals = asked.scenario.workload.arrivals
    place = {Listed: "tasks[*]", Csv: "columns", Series: "parts[*].attributes"}.get(type(arrivals))
    have = in_tasks(asked.scenario)
    if isinstance(arrivals, Table):
        return [f"{name} in {Path(arrivals.path).name}" for name in names if name in have]
    return [f"workload.arrivals.{place}.{name}" for name in names if name in have]
