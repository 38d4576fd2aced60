"""What clients expect of doing a task as a whole and in its steps; see `verification/plain_market.py`.

Each step is taken to be done by whoever asks least for it, or at home; it is late by the target of the whole,
over the longest path, and what is lost is lost once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from verification.plain_estimates import Known
from verification.plain_given import Contractor, Task
from verification.plain_policies import Ways, exceeds, first_least

Found = Callable[[Task], tuple[list[Contractor], float]]


class Part(NamedTuple):
    """What is expected of a step, lateness and loss left out: cost, time, how likely it comes to nothing."""

    hired: bool
    usd: float
    took_s: float
    fails: float


def ways(known: Known, task: Task, steps: list[Task], find: Found) -> Ways:
    """What a task is expected to cost in these steps, or in itself: at the least, and all at home."""
    parts = [_parts(known, step, *find(step)) for step in steps]
    least, at_home = zip(*parts, strict=True)
    return Ways(_usd(known, task, steps, least), _usd(known, task, steps, at_home))


def _parts(known: Known, task: Task, found: list[Contractor], search_s: float) -> tuple[Part, Part]:
    """A step by whoever is cheapest, and at home."""
    stay, loss_usd = known.stay(task), task.whole.loss_usd
    at_home, good_p = Part(False, 0.0, 0.0, 1.0), 0.0
    if known.home_slots(task.client) > 0:
        agent = known.agent(task.client)
        good_p = known.own_good_p(task)
        usd = stay.plain_usd * known.charge_factors.of(task.type, agent) + stay.others_late_usd
        took_s = stay.turnaround_s * known.time_factors.of(task.type, agent)
        at_home = Part(False, usd, took_s, 1 - good_p)
    asked = [who for who in found if who.does(task) and who.is_there(known.env.now)]
    quotes = [known.quote(task, who, search_s, stay) for who in asked]
    offers = [offer for offer in quotes if offer is not None and offer.eligible]
    if not offers:
        return at_home, at_home
    best = offers[first_least([offer.external_usd for offer in offers])]
    if not exceeds(stay.usd, best.external_usd):
        return at_home, at_home
    who = best.contractor
    fails = 1 - known.good_p(who, task.type)
    usd = best.plain_usd * known.charge_factors.of(task.type, who) + known.other_risk_usd(task, who)
    if known.goes_on(after=1):  # it is done over at home, and lost only where home fails, too
        usd += fails * (stay.usd - (1 - good_p) * loss_usd)
        fails *= 1 - good_p
    return Part(True, usd, best.latency_s * known.time_factors.of(task.type, who), fails), at_home


def _usd(known: Known, task: Task, steps: list[Task], parts: tuple[Part, ...]) -> float:
    whole, ends_s = task.whole, dict[Task, float]()
    for step, part in zip(steps, parts, strict=True):
        begins_s = max((ends_s[other] for other in step.after), default=0.0)
        ends_s[step] = begins_s + step.split_s + part.took_s
    reckons = any(part.hired for part in parts) or known.opportunity in ("expected_delay", "queue")
    late_s = max(0.0, max(ends_s.values()) - whole.target_s) if reckons else 0.0
    lost_p = 1 - math.prod(1 - part.fails for part in parts)
    usd = sum(part.usd for part in parts) + late_s * known.late_usd_per_s + lost_p * whole.loss_usd
    if steps != [task]:
        usd += whole.integration_usd + sum(step.split_usd for step in steps)
    return usd
