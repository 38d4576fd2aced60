"""What contractors offer in the published trade where something queues, and what a task would really cost."""

from __future__ import annotations

from coalesce_sim.market.compiled.agenda import Agenda
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.market_tables import REALISED, Conditional, Course, Offers
from coalesce_sim.market.compiled.published_offers import late_usd, price_usd
from coalesce_sim.market.compiled.queueing_memory import Sides
from coalesce_sim.market.compiled.queueing_tables import Contractor, Rules, Task
from coalesce_sim.market.compiled.quotes import tokens_usd
from coalesce_sim.market.compiled.rows import Grid
from coalesce_sim.market.compiled.slots import Books, Worker, expected_wait_s, true_wait_s
from coalesce_sim.market.compiled.staying import later_s
from coalesce_sim.market.contracts.terms import EXTERNAL, LATENCY, SERVICE, SHOWN, SKILL


@part
def expect_home(
    task: Task, home: Worker, books: Books, sides: Sides, agenda: Agenda, rules: Rules, course: Course
) -> None:
    """`OwnQueues.delay_usd`, and what it makes of the estimate at home, which is left in `course`."""
    work_s, target_s = task.expected_home_s, task.max_latency_s
    wait_s = expected_wait_s(home, agenda.now_s, agenda.now_s, books)
    course.turnaround_s, course.stay_usd, course.stay_late_usd = wait_s + work_s, task.internal_usd, 0.0
    if rules.expects_delay:
        late_s = max(0.0, wait_s + work_s - target_s)
        if rules.looks_further and home.limited:
            gap_s = agenda.now_s / max(1, sides.arrivals[task.client])
            late_s += later_s(wait_s, work_s, target_s, home.slots, gap_s)
        course.stay_late_usd = late_s * rules.late_usd_per_min / 60
        course.stay_usd = task.internal_usd + course.stay_late_usd


@part
def quote(
    task: Task, books: Books, sides: Sides, offers: Offers, agenda: Agenda, rules: Rules, course: Course
) -> None:
    """`Quotes.quote` of one task: the offers of all contractors, in their order."""
    of = offers.terms
    for who in range(len(sides.contractors)):
        contractor = sides.contractors[who]
        service_s = work_s(task, task.expected_tokens, contractor)
        usd = _asked_usd(task, task.expected_tokens, who, contractor, sides.conditional, rules)
        surcharges_usd = task.communication_usd + contractor.checks_usd
        surcharges_usd += task.at_risk_usd * contractor.risk_rate
        latency_s = service_s
        if rules.waits:
            latency_s = service_s + _wait_s(books.workers[who], books, agenda)
        lateness_usd = max(latency_s - task.max_latency_s, 0.0) * rules.late_usd_per_s
        of[SERVICE, who], of[LATENCY, who], of[SHOWN, who] = service_s, latency_s, usd
        if rules.waits:
            of[EXTERNAL, who] = usd + surcharges_usd + lateness_usd
        else:
            of[EXTERNAL, who] = usd + (surcharges_usd + lateness_usd)
        of[SKILL, who] = sides.skill[task.type_id, who]
        offers.eligible[who] = sides.eligible[task.type_id, who]
    course.offers = len(sides.contractors)


@part
def _wait_s(worker: Worker, books: Books, agenda: Agenda) -> float:
    """`Queues.waits_s` at one contractor."""
    arrival_s = agenda.now_s + worker.network_s
    return worker.network_s + expected_wait_s(worker, agenda.now_s, arrival_s, books)


@part
def work_s(task: Task, tokens: float, contractor: Contractor) -> float:
    """`Pool.tokens_s`: how long the work takes with an answer of so many tokens."""
    return contractor.latency_s + task.prompt_tokens * contractor.prefill_s + tokens * contractor.decode_s


@part
def _asked_usd(
    task: Task,
    tokens: float,
    who: int,
    contractor: Contractor,
    conditional: Grid[Conditional],
    rules: Rules,
) -> float:
    """`Quotes.price_usd` of one task at one contractor."""
    if rules.by_token:
        return tokens_usd(task, tokens, who, contractor, conditional)
    return price_usd(task, contractor)


@part
def due_usd(
    task: Task,
    who: int,
    contractor: Contractor,
    conditional: Grid[Conditional],
    offers: Offers,
    rules: Rules,
) -> tuple[float, float]:
    """`Charges.of`: what a contractor is paid, and the whole charge, lateness left out."""
    if rules.physical:
        usd = _asked_usd(task, task.true_tokens, who, contractor, conditional, rules)
        fees_usd = task.communication_usd + contractor.checks_usd
        return usd * task.cost_factor, (usd + fees_usd) * task.cost_factor
    return offers.terms[SHOWN, who] * task.cost_factor, offers.terms[EXTERNAL, who] * task.cost_factor


@part
def home_usd(task: Task, rules: Rules, course: Course) -> float:
    """`OwnQueues.charge_usd`."""
    if rules.expects_delay and not rules.physical:
        return course.stay_usd * task.home_factor
    return task.home_usd


@part
def foresee(
    task: Task,
    home: Worker,
    books: Books,
    sides: Sides,
    offers: Offers,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> float:
    """`PublishedTrade.oracle_view`: what home would cost; what every offer would it leaves among them."""
    for who in range(len(sides.contractors)):
        contractor, worker = sides.contractors[who], books.workers[who]
        _, usd = due_usd(task, who, contractor, sides.conditional, offers, rules)
        turnaround_s = work_s(task, task.true_tokens, contractor) * task.time_factor
        if rules.waits:
            arrival_s = agenda.now_s + worker.network_s
            turnaround_s += worker.network_s + true_wait_s(worker, arrival_s, books)
        offers.terms[REALISED, who] = usd + late_usd(task, turnaround_s, rules)
    local_s = true_wait_s(home, task.arrival_s, books) + task.home_s
    return home_usd(task, rules, course) + late_usd(task, local_s, rules)
