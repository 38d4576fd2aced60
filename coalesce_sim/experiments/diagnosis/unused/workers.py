"""Settings of clients and contractors that do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from coalesce_sim.experiments.diagnosis.finding import of_contractors
from coalesce_sim.experiments.diagnosis.unused.compliance import NO_RULE_BY_LAW, goes_by_law
from coalesce_sim.experiments.diagnosis.unused.market import UNREAD, Asked
from coalesce_sim.experiments.diagnosis.unused.stated import Unused, stated, stated_of_contractors
from coalesce_sim.scenario.batching import Machine
from coalesce_sim.scenario.believed import OwnHardware
from coalesce_sim.scenario.clients import OF_BOX, ClientGroup, Clients, Home
from coalesce_sim.scenario.costs import DemandPrice
from coalesce_sim.scenario.hardware import Hardware
from coalesce_sim.scenario.policy import AlwaysLocal
from coalesce_sim.scenario.pool import DrawnPool, PriceList, RecordedPool
from coalesce_sim.scenario.tariff import PRICES

_REPLAYED = "records are replayed"
_NO_OWN_COSTS = "nobody asks for own costs"
_RENTED = "slot_usd_per_h says what an hour costs"
_OF_OWNERS = ("power_w", "purchase_usd", "lifetime_h", "electricity_usd_per_kwh")
_COSTS = ("rent_usd_per_h", "compute_usd_per_h", "basis", *_OF_OWNERS)
_SPEEDS = ("prefill_tokens_per_s", "decode_tokens_per_s")


def of_workers(asked: Asked) -> Iterator[Unused]:
    """Clients, contractors and the hardware of both."""
    yield from _of_clients(asked)
    yield from _of_contractors(asked)
    yield from _of_claims(asked)
    yield from _of_pool(asked)
    yield from _of_hardware(asked)


def _of_clients(asked: Asked) -> Iterator[Unused]:
    clients = asked.scenario.clients
    for place, some in _clients_and_groups(asked):
        if not asked.learns:
            yield Unused(stated(some, place, "price_usd"), "this market does not learn")
        if asked.replays:
            yield Unused(stated(some, place, "success", "outcomes"), _REPLAYED)
        elif some.outcomes is not None:
            yield Unused(stated(some, place, "success"), f"{place}.outcomes are stated")
        elif clients.outcomes is not None:
            yield Unused(stated(some, place, "success"), "clients.outcomes are stated")
    for name, group in (clients.groups or {}).items():
        first = next(each.first for each in clients.populations if each.name == name)
        if isinstance(asked.scenario.policy_of(first), AlwaysLocal):
            places = stated(group, f"clients.groups.{name}", "budget_usd_per_day")
            yield Unused(places, "its policy hires nobody")
    on_some = {each.box for each in clients.populations} | {each.box for _, each in asked.scenario.facts}
    unused = [f"boxes.{name}" for name in asked.scenario.boxes or () if name not in on_some]
    yield Unused(unused, "nobody is on it")
    if clients.groups is not None:
        covered = [name for name in (*Home._fields, "box") if _all_groups_have_own(clients, name)]
        yield Unused(stated(clients, "clients", *covered), "every group has its own")


def _all_groups_have_own(clients: Clients, field: str) -> bool:
    """Whether no group takes a field of its home from what is stated of all clients."""
    other = {"slots": "batch_curve", "batch_curve": "slots", "slot_usd_per_h": "hardware"}
    instead, of_machine = other.get(field, field), field in (*OF_BOX, "box")
    return all(
        each.stated is not None
        and (
            getattr(each.stated, field) is not None
            or getattr(each.stated, instead) is not None
            or (of_machine and each.stated.box is not None)
            or (field == "box" and each.box is None)
        )
        for each in clients.populations
    )


def _clients_and_groups(asked: Asked) -> list[tuple[str, Clients | ClientGroup]]:
    """What is stated of all clients and of each group, with its place."""
    clients = asked.scenario.clients
    groups = [(f"clients.groups.{name}", group) for name, group in (clients.groups or {}).items()]
    return [("clients", clients), *groups]


def _of_contractors(asked: Asked) -> Iterator[Unused]:
    scenario, everybody = asked.scenario, asked.contractors
    prices = (*PRICES, "conditional_prices")
    kind = scenario.cost_model.external.pricing.kind
    if asked.replays:
        names = ("price_usd", *prices, "latency_min", *_SPEEDS, "success", "outcomes")
        yield Unused(stated_of_contractors(scenario, *names), _REPLAYED)
    if not (asked.replays or asked.task_prices):
        yield Unused(stated_of_contractors(scenario, "price_usd"), f"pricing is {kind}")
    if isinstance(scenario.contractors, PriceList):
        yield Unused(stated_of_contractors(scenario, *prices), "the sellers' listings state them")
    elif not (asked.replays or asked.token_prices):
        yield Unused(stated_of_contractors(scenario, *prices), f"pricing is {kind}")
    elif asked.token_prices and not asked.has("cached_tokens"):
        yield Unused(stated_of_contractors(scenario, "cache_read_usd_per_mtok"), "no task has cached_tokens")
    if not goes_by_law(scenario):
        yield Unused(stated_of_contractors(scenario, "jurisdiction"), NO_RULE_BY_LAW)
    if not asked.own_costs:
        places = stated_of_contractors(scenario, "own_cost_share", "slot_usd_per_h")
        yield Unused(places, _NO_OWN_COSTS)
    else:
        known = [each for each in everybody if each.knows_its_costs]
        places = stated_of_contractors(scenario, "own_cost_share", among=known)
        yield Unused(places, "hardware tells own costs")
    if scenario.reputation is not None:
        yield Unused(stated_of_contractors(scenario, "performance"), "there is reputation")
    elif not asked.skill or scenario.skills.performance_weight == 0:
        yield Unused(stated_of_contractors(scenario, "performance"), "past performance does not count")
    if not asked.skill or not _skills_count(asked):
        yield Unused(stated_of_contractors(scenario, "skills"), "skills do not count")
    if not asked.texts:
        yield Unused(stated_of_contractors(scenario, "text"), UNREAD)
    yield from _of_curves(asked)
    free = [each for each in everybody if each.slots == "unlimited"]
    places = stated_of_contractors(scenario, "queue_limit", among=free)
    yield Unused(places, "nobody queues where slots are unlimited")
    names_all = [each for each in everybody if each.outcomes is not None]
    places = [] if asked.replays else stated_of_contractors(scenario, "success", among=names_all)
    yield Unused(places, "outcomes are stated")


def _of_curves(asked: Asked) -> Iterator[Unused]:
    """Where machines serve all their jobs at once."""
    hired = [each for each in asked.contractors if each.box is None]
    machines: list[tuple[str, str, Machine]] = [
        (of_contractors(asked.scenario, "hardware"), of_contractors(asked.scenario, "batch_curve"), each)
        for each in hired
    ]
    own = [*_clients_and_groups(asked), *((f"boxes.{n}", b) for n, b in (asked.scenario.boxes or {}).items())]
    machines += [(f"{place}.hardware", f"{place}.batch_curve", each) for place, each in own]
    for hardware, place, each in machines:
        if each.batch_curve is None:
            continue
        if each.hardware is not None and each.hardware.profile is None:
            places = stated(each.hardware, hardware, "decode_tokens_per_s")
            yield Unused(places, "batch_curve says how fast is written")
        if each.batch_curve.profile is None:
            yield Unused(stated(each.batch_curve, place, "gpus"), "batch_curve names no profile")


def _of_claims(asked: Asked) -> Iterator[Unused]:
    pool = asked.scenario.contractors
    claims = [*pool.claims.values()] if isinstance(pool, RecordedPool) else []
    if not asked.texts:
        said = any(claim.text is not None for claim in claims)
        yield Unused(["contractors.claims.*.text"] * said, UNREAD)
    if not asked.skill or not _skills_count(asked):
        offered = any(claim.skills is not None for claim in claims)
        yield Unused(["contractors.claims.*.skills"] * offered, "skills do not count")


def _skills_count(asked: Asked) -> bool:
    """Whether any part of compatibility asks what contractors can do."""
    rule = asked.scenario.skills
    wanted = rule.ontological_weight > 0 and any(kind.skills for kind in asked.types.values())
    table = asked.scenario.reputation is None and rule.performance_weight > 0
    return wanted or (table and any(each.skill is not None for each in rule.performance.values()))


def _of_pool(asked: Asked) -> Iterator[Unused]:
    scenario, pool = asked.scenario, asked.scenario.contractors
    by_demand = isinstance(scenario.cost_model.external.pricing, DemandPrice) and not asked.replays
    moving = ("demand", "available_capacity")
    if isinstance(pool, DrawnPool):
        kinds = list(pool.types.values())
        if not by_demand:
            yield Unused(stated(pool, "contractors", *moving), "prices do not follow demand")
        if not asked.task_prices:
            yield Unused(stated(pool, "contractors", "min_price_usd"), "pricing is per_token")
        if all(kind.latency_min == 0 for kind in kinds):
            places = stated(pool, "contractors", "latency_factor")
            yield Unused(places, "contractors.types.*.latency_min are 0")
        if all(kind.outcomes is not None for kind in kinds):
            yield Unused(stated(pool, "contractors", "success_shift"), "outcomes are stated")
    elif isinstance(pool, list) and not by_demand:
        places = [f"contractors[*].{name}" for name in moving if any(stated(c, "", name) for c in pool)]
        yield Unused(places, "prices do not follow demand")


def _of_hardware(asked: Asked) -> Iterator[Unused]:
    scenario = asked.scenario
    for place, some in _clients_and_groups(asked):
        if some.hardware is not None:
            rented = some.slot_usd_per_h is not None
            yield from _of_own_hardware(asked, some.hardware, f"{place}.hardware", rented=rented)
    yield from _of_boxes(asked)
    place = of_contractors(scenario, "hardware")
    for facts in asked.contractors:
        if facts.hardware is not None and facts.box is None:
            rented = facts.slot_usd_per_h is not None
            yield from _of_contractors_hardware(asked, facts.hardware, place, rented=rented)
            own = [name for name in _SPEEDS if getattr(facts, name) is not None]
            if facts.hardware.profile is None:
                yield Unused(stated(facts.hardware, place, *own), "contractors state their own speed")


def _of_boxes(asked: Asked) -> Iterator[Unused]:
    """Of hardware on which only clients are, or only contractors, or both."""
    at_home = {each.box for each in asked.scenario.clients.populations}
    hired = {facts.box for facts in asked.contractors}
    for name, box in (asked.scenario.boxes or {}).items():
        place, rented = f"boxes.{name}.hardware", box.slot_usd_per_h is not None
        if name in at_home:
            on_it = name in hired
            yield from _of_own_hardware(asked, box.hardware, place, rented=rented, hired=on_it)
        elif name in hired:
            yield from _of_contractors_hardware(asked, box.hardware, place, rented=rented)
            yield Unused(stated(box.hardware, place, "believed"), "no client is on the box")


def _of_contractors_hardware(
    asked: Asked, machine: Hardware, place: str, *, rented: bool
) -> Iterator[Unused]:
    """`rented` says whether an hour of a slot has a price of its own."""
    free = (_RENTED if rented else None) if asked.own_costs else _NO_OWN_COSTS
    yield from _of_machine(machine, place, asked.flop_at_contractors, free)
    yield Unused(stated(machine, place, "memory_usd_per_h"), "it counts at home only")
    if machine.profile is None and machine.tokens == "measured" and not asked.flop_at_contractors:
        yield Unused(stated(machine, place, "peak_flop_s"), "nobody's work is timed in FLOP there")


def _of_own_hardware(
    asked: Asked, own: OwnHardware, home: str, *, rented: bool, hired: bool = False
) -> Iterator[Unused]:
    """`rented` says whether an hour of a slot has a price of its own, `hired` whether contractors work on it
    too."""
    scenario, flop = asked.scenario, asked.flop_at_home or (hired and asked.flop_at_contractors)
    yield from _of_machine(own, home, flop, _RENTED if rented else None)
    work = scenario.cost_model.internal.work
    if own.profile is None and work == "flop" and not (hired and not asked.replays):
        yield Unused(stated(own, home, *_SPEEDS), "work at home is timed in FLOP")
    by_tokens = work == "tokens" and not (hired and asked.flop_at_contractors)
    if own.profile is None and by_tokens and own.tokens == "measured":
        yield Unused(stated(own, home, "peak_flop_s"), "work at home is timed by tokens")
    charged = own.slot_usd_per_h + own.as_believed.slot_usd_per_h + own.memory_usd_per_h > 0
    if not charged and not _timed_by_hardware(asked):
        yield Unused(stated(own, home, "believed"), "times at home are stated and hours cost nothing")
    speed_of = {"prompt_tokens": "prefill_tokens_per_s", "expected_output_tokens": "decode_tokens_per_s"}
    for tokens, speed in speed_of.items():
        if not asked.has(tokens):
            yield Unused(stated(own.believed, f"{home}.believed", speed), f"no task has {tokens}")
    needs = ("gb_per_model_size", "gb_per_50k_documents", "gb_per_complexity")
    if not any(asked.memory(need) for need in needs):
        yield Unused(stated(own, home, "memory_usd_per_h"), "tasks occupy no memory")


def _timed_by_hardware(asked: Asked) -> bool:
    """Whether the time that any work takes at home follows from the hardware."""
    return not asked.replays and any(
        not kind.in_steps
        and kind.local_min is None
        and (name not in outcomes or outcomes[name].latency_min is None)
        for outcomes in (home.outcomes or {} for home in asked.scenario.clients.homes)
        for name, kind in asked.types.items()
    )


def _of_machine(machine: Hardware, place: str, flop: bool, free: str | None) -> Iterator[Unused]:
    """`flop` says whether FLOP time its work, `free` why nobody asks what it costs, None if somebody does."""
    measured, owner = machine.tokens == "measured", machine.profile is None
    if measured:
        names = ("params_billions", "bytes_per_param", *["bandwidth_gb_s"] * owner)
        yield Unused(stated(machine, place, *names), "token speeds are not taken from a roofline")
    if free is not None:
        yield Unused(stated(machine, place, *_COSTS * owner), free)
        if not flop and measured and machine.serves is None:
            yield Unused(stated(machine, place, "gpus", "batch", "utilisation"), free)
    elif owner and machine.basis == "owned":
        yield Unused(stated(machine, place, "rent_usd_per_h"), "hardware is owned")
    elif owner:
        unneeded = ("utilisation",) if measured and not flop else ()
        yield Unused(stated(machine, place, *_OF_OWNERS, *unneeded), "hardware is rented")
