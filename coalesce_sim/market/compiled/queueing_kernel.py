"""The published trade where something queues or takes time on its way: SimPy's events in SimPy's order.

As `market_kernel`, `play` goes on until it has to be told something. Each part does what the SimPy side does,
in the same order of arithmetic; the names are those of `market.loop` and `market.published`, which say why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.market.compiled.agenda import (
    ARRIVAL,
    GO_ON,
    GRANTED,
    NORMAL,
    RELEASED,
    URGENT,
    Agenda,
    Event,
    schedule,
    take_next,
)
from coalesce_sim.market.compiled.building import kernel, part
from coalesce_sim.market.compiled.choices import topsis, yardstick
from coalesce_sim.market.compiled.endings import hand_over
from coalesce_sim.market.compiled.foresight import oracle, tally
from coalesce_sim.market.compiled.learners import Arms, Learner, choose, observe
from coalesce_sim.market.compiled.market_kernel import ENDED, GO, MORE_ROOM, NEXT_BLOCK, OPENED
from coalesce_sim.market.compiled.market_memory import OfferPolicy
from coalesce_sim.market.compiled.market_tables import REALISED, Conditional, Course, Offers, Open, Played
from coalesce_sim.market.compiled.memory import Kind, grid_at, rows_at
from coalesce_sim.market.compiled.published_choices import (
    ADAPTIVE_THRESHOLD,
    GREEDY,
    ORACLE,
    TALLY,
    TOPSIS,
    Yardstick,
)
from coalesce_sim.market.compiled.published_offers import (
    begin_hour,
    end_hour,
    late_usd,
    price,
    price_usd,
)
from coalesce_sim.market.compiled.published_tables import Clock
from coalesce_sim.market.compiled.queueing_tables import Contractor, Job, Rules, Task
from coalesce_sim.market.compiled.quotes import tokens_usd
from coalesce_sim.market.compiled.rows import Grid, Table, dtype_of
from coalesce_sim.market.compiled.slots import (
    Books,
    Waiting,
    Worker,
    ask,
    begin,
    end,
    expected_wait_s,
    give_on,
    join,
    release,
    true_wait_s,
)
from coalesce_sim.market.compiled.staying import later_s
from coalesce_sim.market.compiled.topsis import Memory, Topsis
from coalesce_sim.market.contracts.terms import EXTERNAL, LATENCY, SERVICE, SHOWN
from coalesce_sim.policies.protocol import LOCAL

_SPARE: Final = 2
"""Rows that one event can use at most."""

_FIRST: Final[Any] = np.int64(0)
"""The attempt at a task: there is no other."""

_GOOD: Final[Any] = np.bool_(True)
"""All work is."""


class Tasks(NamedTuple):
    """Tasks of the blocks that are open, what has come of them, and the blocks."""

    stated: Table[Task]
    played: Table[Played]
    blocks: Table[Open]


class Under(NamedTuple):
    """What is under way: tasks that were sent off, events, and the time."""

    jobs: Table[Job]
    events: Table[Event]
    agenda: Table[Agenda]


class Sides(NamedTuple):
    """Contractors, their prices on conditions, who is eligible for which type of task, and how many tasks
    have come to each client."""

    contractors: Table[Contractor]
    conditional: Grid[Conditional]
    eligible: BoolArray
    arrivals: IntArray


class Moving(NamedTuple):
    """What prices that move by the hour go by (`published_setup.Hours`)."""

    demand_step: FloatArray
    winners: IntArray
    clock: Table[Clock]


_FLOAT, _INT, _BOOL = np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_)
_TASK, _PLAYED, _OPEN = dtype_of(Task), dtype_of(Played), dtype_of(Open)
_JOB, _EVENT, _AGENDA = dtype_of(Job), dtype_of(Event), dtype_of(Agenda)
_WORKER, _WAITING = dtype_of(Worker), dtype_of(Waiting)
_CONTRACTOR, _CONDITIONAL, _CLOCK = dtype_of(Contractor), dtype_of(Conditional), dtype_of(Clock)
_YARDSTICK, _TOPSIS, _LEARNER = dtype_of(Yardstick), dtype_of(Topsis), dtype_of(Learner)
_RULES, _COURSE = dtype_of(Rules), dtype_of(Course)

KINDS: Final[Sequence[Kind]] = (
    *((_TASK, 1), (_PLAYED, 1), (_OPEN, 1)),
    *((_JOB, 1), (_EVENT, 1), (_AGENDA, 1)),
    *((_WORKER, 1), (_WAITING, 1), (_FLOAT, 2)),
    *((_CONTRACTOR, 1), (_CONDITIONAL, 2), (_BOOL, 2), (_INT, 1)),
    *((_FLOAT, 1), (_INT, 1), (_CLOCK, 1)),
    *((_INT, 1), (_FLOAT, 2), (_BOOL, 1)),
    *((_YARDSTICK, 1), (_TOPSIS, 1), (_FLOAT, 2), (_FLOAT, 2), (_INT, 2), (_LEARNER, 1)),
    *((_FLOAT, 2), (_FLOAT, 2), (_FLOAT, 1)),
    *((_RULES, 1), (_COURSE, 1)),
)
"""The tables that `play` works on, in the order of its groups."""


@kernel
def play(at: IntArray) -> int:
    """Play on, and say why that stops; `at` is where the tables lie."""
    tasks = Tasks(rows_at(at, 0, _TASK), rows_at(at, 1, _PLAYED), rows_at(at, 2, _OPEN))
    under = Under(rows_at(at, 3, _JOB), rows_at(at, 4, _EVENT), rows_at(at, 5, _AGENDA))
    books = Books(rows_at(at, 6, _WORKER), rows_at(at, 7, _WAITING), grid_at(at, 8, _FLOAT))
    eligible, arrivals = grid_at(at, 11, _BOOL), rows_at(at, 12, _INT)
    sides = Sides(rows_at(at, 9, _CONTRACTOR), grid_at(at, 10, _CONDITIONAL), eligible, arrivals)
    moving = Moving(rows_at(at, 13, _FLOAT), rows_at(at, 14, _INT), rows_at(at, 15, _CLOCK))
    offers = Offers(rows_at(at, 16, _INT), grid_at(at, 17, _FLOAT), rows_at(at, 18, _BOOL))
    memory = Memory(grid_at(at, 21, _FLOAT), grid_at(at, 22, _FLOAT), grid_at(at, 23, _INT))
    arms = Arms(grid_at(at, 25, _FLOAT), grid_at(at, 26, _FLOAT), rows_at(at, 27, _FLOAT))
    yardstick_row, topsis_row = rows_at(at, 19, _YARDSTICK), rows_at(at, 20, _TOPSIS)
    policy = OfferPolicy(yardstick_row, topsis_row, memory, rows_at(at, 24, _LEARNER), arms)
    rules, course, agenda = rows_at(at, 28, _RULES)[0], rows_at(at, 29, _COURSE)[0], under.agenda[0]
    if course.goes_on == OPENED:
        course.arriving = True
        _open(tasks.stated[course.next_task - course.first_row_task], sides, moving, rules)
    course.goes_on = GO
    while True:
        if course.used_jobs + _SPARE > len(under.jobs) or agenda.pending + _SPARE > len(under.events):
            return MORE_ROOM
        if course.arriving:
            if course.next_task == course.end_task:
                course.arriving = False
                return NEXT_BLOCK
            _arrive(tasks, under, books, sides, moving, offers, policy, agenda, rules, course)
            continue
        if agenda.pending == 0:
            return ENDED
        take_next(under.events, agenda)
        if agenda.kind == ARRIVAL:
            course.arriving = True
        elif agenda.kind == RELEASED:
            give_on(books.workers[agenda.subject], under.jobs, under.events, agenda)
        else:
            _go_on(agenda.subject, tasks, under, books, sides, policy, agenda, rules, course)


@part
def _open(first: Task, sides: Sides, moving: Moving, rules: Rules) -> None:
    """`Quotes.open`: prices as they are when a block is laid out."""
    clock = moving.clock[0]
    if rules.moves and first.price_hour > clock.hour:
        end_hour(sides.contractors, moving.winners, rules, clock)
    price(sides.contractors, rules)


@part
def _arrive(
    tasks: Tasks,
    under: Under,
    books: Books,
    sides: Sides,
    moving: Moving,
    offers: Offers,
    policy: OfferPolicy,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`Loop.arrivals`: wait for the next task, or have it decided. Tasks that come together are decided one
    by one: where they would share a round, no decision changes the offers on the others."""
    number = course.next_task
    row = number - course.first_row_task
    task = tasks.stated[row]
    if agenda.now_s < task.arrival_s:
        course.arriving = False
        at_s = agenda.now_s + (task.arrival_s - agenda.now_s)
        schedule(at_s, ARRIVAL, number, number, NORMAL, under.events, agenda)
        return
    course.next_task += 1
    if rules.moves:
        begin_hour(task, sides.contractors, moving.demand_step, moving.winners, rules, moving.clock[0])
    played, home = tasks.played[row], len(sides.contractors) + task.client
    _expect_home(task, books.workers[home], books, sides, agenda, rules, course)
    _quote(task, books, sides, offers, agenda, rules, course)
    position = _chosen(number, task, played, home, books, sides, offers, policy, agenda, rules, course)
    played.explored, played.score, played.confidence = course.explored, course.score, course.confidence
    played.internal_usd, played.opportunity_usd = course.stay_usd, course.stay_late_usd
    sides.arrivals[task.client] += 1
    place = course.free_job
    job = under.jobs[place]
    course.free_job = job.next
    course.used_jobs += 1
    job.serial, job.task, job.granted, job.at_work = number, number, False, False
    if position == LOCAL:
        _stay(task, played, job, home, rules, course)
    else:
        _award(task, played, job, position, books, sides, moving, offers, rules)
    worker = books.workers[job.worker]
    if worker.limited:
        join(place, agenda.now_s + job.network_s, job.expected_s, job.service_s, worker, books)
    schedule(agenda.now_s, GO_ON, place, number, URGENT, under.events, agenda)


@part
def _expect_home(
    task: Task, home: Worker, books: Books, sides: Sides, agenda: Agenda, rules: Rules, course: Course
) -> None:
    """`OwnQueues.delay_usd`, and what it makes of the estimate at home, which is left in `course`."""
    work_s, target_s = task.expected_home_s, task.max_latency_s
    wait_s = expected_wait_s(home, agenda.now_s, agenda.now_s, books)
    course.turnaround_s, course.stay_usd, course.stay_late_usd = wait_s + work_s, task.internal_usd, 0.0
    if rules.expects_delay:
        late_s = max(0.0, wait_s + work_s - target_s)
        if rules.next_slots > 0:
            gap_s = agenda.now_s / max(1, sides.arrivals[task.client])
            late_s += later_s(wait_s, work_s, target_s, rules.next_slots, gap_s)
        course.stay_late_usd = late_s * rules.late_usd_per_min / 60
        course.stay_usd = task.internal_usd + course.stay_late_usd


@part
def _quote(
    task: Task, books: Books, sides: Sides, offers: Offers, agenda: Agenda, rules: Rules, course: Course
) -> None:
    """`Quotes.quote` of one task: the offers of all contractors, in their order."""
    of = offers.terms
    for who in range(len(sides.contractors)):
        contractor = sides.contractors[who]
        service_s = _work_s(task, task.expected_tokens, contractor)
        usd = _price_usd(task, task.expected_tokens, who, contractor, sides.conditional, rules)
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
        offers.eligible[who] = sides.eligible[task.type_id, who]
    course.offers = len(sides.contractors)


@part
def _wait_s(worker: Worker, books: Books, agenda: Agenda) -> float:
    """`Queues.waits_s` at one contractor."""
    arrival_s = agenda.now_s + worker.network_s
    return worker.network_s + expected_wait_s(worker, agenda.now_s, arrival_s, books)


@part
def _work_s(task: Task, tokens: float, contractor: Contractor) -> float:
    """`Pool.tokens_s`: how long the work takes with an answer of so many tokens."""
    return contractor.latency_s + task.prompt_tokens * contractor.prefill_s + tokens * contractor.decode_s


@part
def _price_usd(
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
def _chosen(
    number: int,
    task: Task,
    played: Played,
    home: int,
    books: Books,
    sides: Sides,
    offers: Offers,
    policy: OfferPolicy,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> int:
    """The place of the offer that the policy takes, or `LOCAL`."""
    kept = policy.yardstick[0]
    course.explored, course.score, course.confidence = False, np.nan, np.nan
    if kept.kind == TOPSIS:
        return topsis(number, _FIRST, task, course.stay_usd, policy.topsis[0], policy.memory, offers, course)
    if _is_learner(kept.kind):
        position, course.explored = choose(
            number,
            _FIRST,
            task.type_id,
            course.stay_usd,
            played,
            policy.learner[0],
            policy.arms,
            offers,
            course,
        )
        return position
    if kept.kind == ORACLE or kept.kind == TALLY:
        home_usd = _foresee(task, books.workers[home], books, sides, offers, agenda, rules, course)
        if kept.kind == ORACLE:
            return oracle(home_usd, offers, course)
        tally(home_usd, sides.contractors, offers, course)
        return LOCAL
    return yardstick(number, _FIRST, course.stay_usd, kept, offers, course)


@part
def _is_learner(kind: int) -> bool:
    """Whether a policy is greedy or of its kin."""
    return GREEDY <= kind <= ADAPTIVE_THRESHOLD


@part
def _foresee(
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
        _, usd = _due_usd(task, who, contractor, sides.conditional, offers, rules)
        turnaround_s = _work_s(task, task.true_tokens, contractor) * task.time_factor
        if rules.waits:
            arrival_s = agenda.now_s + worker.network_s
            turnaround_s += worker.network_s + true_wait_s(worker, arrival_s, books)
        offers.terms[REALISED, who] = usd + late_usd(task, turnaround_s, rules)
    local_s = true_wait_s(home, task.arrival_s, books) + task.home_s
    return _home_usd(task, rules, course) + late_usd(task, local_s, rules)


@part
def _due_usd(
    task: Task,
    who: int,
    contractor: Contractor,
    conditional: Grid[Conditional],
    offers: Offers,
    rules: Rules,
) -> tuple[float, float]:
    """`Charges.of`: what a contractor is paid, and the whole charge, lateness left out."""
    if rules.physical:
        usd = _price_usd(task, task.true_tokens, who, contractor, conditional, rules)
        fees_usd = task.communication_usd + contractor.checks_usd
        return usd * task.cost_factor, (usd + fees_usd) * task.cost_factor
    return offers.terms[SHOWN, who] * task.cost_factor, offers.terms[EXTERNAL, who] * task.cost_factor


@part
def _home_usd(task: Task, rules: Rules, course: Course) -> float:
    """`OwnQueues.charge_usd`."""
    if rules.expects_delay and not rules.physical:
        return course.stay_usd * task.home_factor
    return task.home_usd


@part
def _stay(task: Task, played: Played, job: Job, home: int, rules: Rules, course: Course) -> None:
    """`PublishedTrade._stay`."""
    played.contractor = LOCAL
    played.estimated_usd, played.estimated_s = course.stay_usd, course.turnaround_s
    job.worker, job.network_s, job.charge_usd = home, 0.0, _home_usd(task, rules, course)
    job.expected_s, job.service_s = task.expected_home_s, task.home_s


@part
def _award(
    task: Task,
    played: Played,
    job: Job,
    who: int,
    books: Books,
    sides: Sides,
    moving: Moving,
    offers: Offers,
    rules: Rules,
) -> None:
    """`PublishedTrade._award`."""
    contractor, clock = sides.contractors[who], moving.clock[0]
    played.contractor = who
    played.price_usd, job.charge_usd = _due_usd(task, who, contractor, sides.conditional, offers, rules)
    played.estimated_usd, played.estimated_s = offers.terms[EXTERNAL, who], offers.terms[LATENCY, who]
    contractor.revenue_usd += played.price_usd
    if rules.moves:
        contractor.won += 1
        moving.winners[clock.winners] = who
        clock.winners += 1
    job.worker, job.network_s = who, books.workers[who].network_s
    job.expected_s = offers.terms[SERVICE, who]
    job.service_s = _work_s(task, task.true_tokens, contractor) * task.time_factor


@part
def _go_on(
    place: int,
    tasks: Tasks,
    under: Under,
    books: Books,
    sides: Sides,
    policy: OfferPolicy,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`PublishedTrade.work` from one event to the next."""
    job = under.jobs[place]
    worker, row = books.workers[job.worker], job.task - course.first_row_task
    if agenda.kind == GRANTED:
        tasks.played[row].started_s = agenda.now_s
        if worker.limited:
            _, job.expected_end_s = begin(agenda.now_s, job.expected_s, worker, books)
        job.at_work, at_s = True, agenda.now_s + job.service_s
    elif job.at_work:
        if worker.limited:
            end(agenda.now_s, job.expected_end_s, worker, books)
        release(job.worker, worker, under.events, agenda)
        _end(place, job, tasks, sides, policy, agenda, rules, course)
        return
    elif job.network_s > 0:
        job.network_s, at_s = 0.0, agenda.now_s + job.network_s
    else:
        ask(place, worker, under.jobs, under.events, agenda)
        return
    schedule(at_s, GO_ON, place, job.serial, NORMAL, under.events, agenda)


@part
def _end(
    place: int,
    job: Job,
    tasks: Tasks,
    sides: Sides,
    policy: OfferPolicy,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`PublishedTrade.end`, `learn` and `recover`."""
    row, kept = job.task - course.first_row_task, policy.yardstick[0]
    task, played = tasks.stated[row], tasks.played[row]
    played.finished_s, played.realised_usd = agenda.now_s, job.charge_usd
    if rules.charged_late_usd_per_s > 0:
        played.lateness_usd = late_usd(task, agenda.now_s - task.arrival_s, rules)
        played.realised_usd += played.lateness_usd
    if _is_learner(kept.kind):
        home = played.contractor == LOCAL
        observe(
            len(sides.contractors) if home else played.contractor,
            home,
            task.type_id,
            _GOOD,
            played.realised_usd,
            played.internal_usd,
            played,
            policy.learner[0],
            policy.arms,
        )
    tasks.blocks[task.block - course.first_open_block].left -= 1
    course.handed = hand_over(tasks.blocks, course, course.handed)
    job.serial, job.next = -1, course.free_job
    course.free_job = place
    course.used_jobs -= 1
