"""What contractors offer for one task, compiled, in the words of `market.contracts` (`quotes`, `layout`).

Prices and times are worked out for those who were found, and for nobody else.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.agenda import Agenda
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.experience import Experience
from coalesce_sim.market.compiled.market_memory import Under
from coalesce_sim.market.compiled.market_tables import (
    BARGAINED,
    DEMAND,
    FLAT,
    LOAD,
    PER_TOKEN,
    Conditional,
    Contractor,
    Course,
    Offers,
    Pair,
    Played,
    Recorded,
    Rules,
    Task,
)
from coalesce_sim.market.compiled.motion import Motion, have_slots_of_now, turn
from coalesce_sim.market.compiled.results import times_tried
from coalesce_sim.market.compiled.rows import Grid
from coalesce_sim.market.compiled.slots import Books, Worker, expected_wait_s, jobs_of
from coalesce_sim.market.compiled.topsis import exceeds
from coalesce_sim.market.contracts.terms import (
    ASKED,
    BID,
    EXTERNAL,
    LATENCY,
    PLAIN,
    RELIABILITY,
    SECURITY,
    SERVICE,
    SHOWN,
    SKILL,
)


class Tokens(Protocol):
    """A task whose tokens are billed."""

    prompt_tokens: float
    cached_tokens: float
    second_of_day: float


class Rates(Protocol):
    """What is asked for tokens."""

    input_usd: float
    cached_usd: float
    output_usd: float
    request_usd: float


@part
def work_s(task: Task, tokens: float, contractor: Contractor, pair: Pair) -> float:
    """`Layouts._work_s`: how long the work takes with an answer of so many tokens."""
    if not math.isnan(pair.work_s):
        return pair.work_s
    tokens_s = contractor.latency_s + task.prompt_tokens * contractor.prefill_s + tokens * contractor.decode_s
    return tokens_s + task.flop * contractor.s_per_flop


@part
def price_usd(
    task: Task,
    tokens: float,
    who: int,
    contractor: Contractor,
    conditional: Grid[Conditional],
    rules: Rules,
) -> float:
    """`Layouts._price_usd`: what is asked before queues and bargaining."""
    if rules.pricing == FLAT:
        return contractor.price_usd
    if rules.pricing == DEMAND:
        return task.complexity_factor * contractor.price_usd
    usd = tokens_usd(task, tokens, who, contractor, conditional)
    return usd if rules.pricing == PER_TOKEN else usd + contractor.price_usd


@part
def tokens_usd(
    task: Tokens, tokens: float, who: int, contractor: Rates, conditional: Grid[Conditional]
) -> float:
    """`economics.tariff.bill_usd` of one task at one contractor."""
    usd = _tokens_usd(task, tokens, contractor)
    for layer in range(len(conditional)):
        instead = conditional[layer, who]
        if instead.stated and _holds(task, instead):
            usd = _tokens_usd(task, tokens, instead)
    return usd


@part
def _tokens_usd(task: Tokens, tokens: float, rates: Rates) -> float:
    usd = task.prompt_tokens * rates.input_usd
    usd += task.cached_tokens * (rates.cached_usd - rates.input_usd)
    usd += tokens * rates.output_usd
    return usd + rates.request_usd


@part
def _holds(task: Tokens, rates: Conditional) -> bool:
    begun, over = task.second_of_day >= rates.from_s, task.second_of_day >= rates.until_s
    in_hours = begun and not over if rates.from_s < rates.until_s else begun or not over
    return in_hours and task.prompt_tokens > rates.above_tokens


@part
def load_factor(worker: Worker, rules: Rules) -> float:
    """What the queue of a contractor multiplies its price by, where prices follow it."""
    if not worker.limited:
        return 1 + rules.load_slope * 0.0
    load = jobs_of(worker) / worker.slots if worker.slots > 0 else np.inf
    return 1 + rules.load_slope * min(load, rules.max_load)


@part
def due_usd(
    task: Task,
    who: int,
    asked_usd: float,
    experience: Experience,
    conditional: Grid[Conditional],
    worker: Worker,
    rules: Rules,
) -> float:
    """`ContractQuotes.due_usd` of one offer."""
    if rules.pricing != PER_TOKEN and rules.pricing != LOAD:
        return asked_usd
    contractor = experience.contractors[who]
    usd = price_usd(task, task.true_tokens, who, contractor, conditional, rules) * rules.price_factor
    return usd * load_factor(worker, rules) if rules.pricing == LOAD else usd


@part
def is_offered(who: int, task: Task, pair: Pair, recorded: Recorded, rules: Rules) -> bool:
    """`Results.offered` of one contractor: whether it does such work."""
    if rules.recorded:
        return not math.isnan(recorded.bill_usd[task.instance, who])
    return pair.offers


@part
def quote(
    task: Task,
    played: Played,
    tried: IntArray,
    under: Under,
    experience: Experience,
    conditional: Grid[Conditional],
    recorded: Recorded,
    there: IntArray,
    motion: Motion,
    books: Books,
    offers: Offers,
    left_usd: float,
    beyond: IntArray,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`ContractTrade._quote` with `terms`: the offers of those who were found, the first of `offers.ids`, or
    of all who are `there` where nobody has to be looked for, less those who are not, do not offer, were
    tried and may not try again, or ask for more than the client may commit; of those who were found these
    stand behind. Who asks for more is entered in `beyond`."""
    ahead_s = course.found_s + rules.setup_s + task.transfer_s
    at_stake_usd = course.stay_usd if rules.recovers else task.loss_usd
    count: Any = np.int64(0)
    course.beyond = 0
    for place in range(course.found):
        who = place
        if rules.searches:
            who = offers.ids[place]
        elif rules.turns_over:
            who = there[place]
        pair = experience.pairs[task.type_id, who]
        if not is_offered(who, task, pair, recorded, rules):
            continue
        if played.tried > 0 and not rules.tries_again and times_tried(who, tried[: played.tried]) > 0:
            continue
        contractor, worker = experience.contractors[who], books.workers[who]
        if rules.turns_over and not contractor.there:
            continue
        if contractor.next_s <= agenda.now_s:
            turn(who, contractor, experience.pairs, worker, motion, agenda.now_s)
        have_slots_of_now(contractor, worker, under.jobs, books, under.events, agenda, motion)
        offers.ids[place], offers.ids[count] = offers.ids[count], who
        made = _terms(
            count,
            task,
            who,
            contractor,
            pair,
            conditional,
            worker,
            ahead_s,
            at_stake_usd,
            books,
            offers,
            agenda,
            rules,
            course,
        )
        if made and rules.budgets and exceeds(offers.terms[ASKED, count], left_usd):
            beyond[course.beyond] = who
            course.beyond += 1
            made = False
        count += 1 if made else 0
    course.offers = count


@part
def _terms(
    k: int,
    task: Task,
    who: int,
    contractor: Contractor,
    pair: Pair,
    conditional: Grid[Conditional],
    worker: Worker,
    ahead_s: float,
    at_stake_usd: float,
    books: Books,
    offers: Offers,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> bool:
    """`terms.terms` of one contractor; whether it makes an offer."""
    of = offers.terms
    wait_s = 0.0
    if worker.limited and jobs_of(worker) >= worker.slots:
        wait_s = expected_wait_s(worker, agenda.now_s, agenda.now_s + ahead_s + worker.network_s, books)
    if course.found_s > 0:
        wait_s += course.found_s
    service_s = work_s(task, task.expected_tokens, contractor, pair)
    listed_usd = price_usd(task, task.expected_tokens, who, contractor, conditional, rules)
    own_usd = contractor.own_usd_per_s * service_s
    if not own_usd > 0:
        own_usd = contractor.own_cost_share * listed_usd
    usd, own_usd = listed_usd * rules.price_factor, own_usd * rules.price_factor
    latency_s = service_s * rules.work_factor + (worker.network_s + task.overhead_s)
    latency_s += wait_s
    factor, reliability = pair.factor, pair.score
    corrected_s = latency_s * pair.time_factor
    late_usd = max(corrected_s - task.max_latency_s, 0.0) * rules.late_usd_per_s
    accepted = reliability * contractor.intact
    risk_usd = (1 - accepted) * at_stake_usd + task.at_risk_usd * contractor.risk_rate
    if rules.pricing == LOAD:
        usd = usd * load_factor(worker, rules)
    bid_usd = usd if math.isnan(own_usd) else own_usd
    if rules.pricing == BARGAINED:
        surcharges_usd = task.fees_usd * factor + late_usd + risk_usd
        surplus_usd = course.stay_usd - surcharges_usd - bid_usd
        if not surplus_usd >= 0:
            return False
        usd = bid_usd + (1 - rules.load_slope) * surplus_usd
    plain_usd = usd + task.fees_usd
    of[LATENCY, k], of[SERVICE, k], of[ASKED, k] = latency_s, service_s, usd
    of[SHOWN, k] = usd * factor if rules.by_use else usd
    of[PLAIN, k], of[EXTERNAL, k] = plain_usd, plain_usd * factor + late_usd + risk_usd
    of[BID, k], of[RELIABILITY, k], of[SECURITY, k] = bid_usd, reliability, contractor.security
    of[SKILL, k] = min(pair.skill + rules.performance_weight * reliability, 1.0)
    offers.eligible[k] = not exceeds(rules.threshold, of[SKILL, k])
    return True
