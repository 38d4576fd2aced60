"""The market with contracts as one loop over arrays: SimPy's events in SimPy's order.

`play` goes on until it has to be told something, and is called again with the answer: `REASONS` below. Each
part does what the SimPy side does, in the same order of arithmetic; the names are those of `market.loop` and
`market.contracts`, which say why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.agenda import (
    ARRIVAL,
    EITHER,
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
from coalesce_sim.market.compiled.directory import look_up
from coalesce_sim.market.compiled.endings import (
    charge,
    close,
    end_contract,
    hand_over,
    is_accepted,
    learn_of_contract,
    learn_of_home,
    tell_ended,
)
from coalesce_sim.market.compiled.experience import Experience
from coalesce_sim.market.compiled.foresight import foresee, tally
from coalesce_sim.market.compiled.learners import Arms, Learner, choose, is_learner, observe
from coalesce_sim.market.compiled.lives import (
    ACCEPTED,
    ASKS,
    AT_LAST,
    EITHER_WAY,
    OVER,
    SETTLED,
    at_home,
    of_contract,
    take_waiting,
)
from coalesce_sim.market.compiled.market_tables import (
    HOME_BEGINS,
    HOME_QUEUED,
    QUEUED,
    SETTING_UP,
    Check,
    Conditional,
    Contractor,
    Course,
    Effect,
    Ended,
    Job,
    Learned,
    Listing,
    Offers,
    Open,
    Pair,
    Played,
    Ranked,
    Rated,
    Recorded,
    Rules,
    Task,
    Window,
)
from coalesce_sim.market.compiled.memory import Kind, grid_at, rows_at, stack_at
from coalesce_sim.market.compiled.published_choices import TALLY, TOPSIS, Yardstick
from coalesce_sim.market.compiled.quotes import due_usd, quote, work_s
from coalesce_sim.market.compiled.results import bill_usd, is_good
from coalesce_sim.market.compiled.rows import Grid, Table, dtype_of
from coalesce_sim.market.compiled.slots import Books, Waiting, Worker, give_on, join
from coalesce_sim.market.compiled.staying import expect_home
from coalesce_sim.market.compiled.topsis import Memory, Topsis
from coalesce_sim.market.contracts.terms import ASKED, EXTERNAL, LATENCY, PLAIN, SERVICE
from coalesce_sim.policies.protocol import LOCAL

ENDED: Final = 0
NEXT_BLOCK: Final = 1
MORE_ROOM: Final = 2
REPLY: Final = 3
"""Why the kernel stops: nothing is left; all tasks of the last block have arrived; a table is full; how long
a client takes to answer a question."""

GO: Final = 0
OPENED: Final = 1
REPLIED: Final = 2
"""How it goes on: as it was, with one more block, with the answer of a client."""

_SPARE: Final = 8
"""Rows that one event can use at most."""


class Tasks(NamedTuple):
    """Tasks of the blocks that are open, what has come of them, who was tried for each, and the blocks."""

    stated: Table[Task]
    played: Table[Played]
    tried: IntArray
    blocks: Table[Open]


class Under(NamedTuple):
    """What is under way: attempts, events, and the time."""

    jobs: Table[Job]
    events: Table[Event]
    agenda: Table[Agenda]


class Facts(NamedTuple):
    """What stands: prices on conditions, recorded results, checks; who has authorised whom, and how many
    tasks have come to each client."""

    conditional: Grid[Conditional]
    recorded: Recorded
    checks: Table[Check]
    authorised: IntArray
    arrivals: IntArray


class Ranking(NamedTuple):
    """The registry's, by type of task: the heap of all contractors, and whose turn it is."""

    ranked: Grid[Ranked]
    listings: Table[Listing]


class OfferPolicy(NamedTuple):
    """The policy: a row of each kind, of which it reads one, and what they remember."""

    yardstick: Table[Yardstick]
    topsis: Table[Topsis]
    memory: Memory
    learner: Table[Learner]
    arms: Arms


class Told(NamedTuple):
    """What is told to those who watch: contracts that have ended, and ratings."""

    ended: Table[Ended]
    ratings: Table[Rated]


_FLOAT, _INT, _BOOL = np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_)
_TASK, _PLAYED, _OPEN = dtype_of(Task), dtype_of(Played), dtype_of(Open)
_JOB, _EVENT, _AGENDA = dtype_of(Job), dtype_of(Event), dtype_of(Agenda)
_WORKER, _WAITING = dtype_of(Worker), dtype_of(Waiting)
_CONTRACTOR, _PAIR, _LEARNED = dtype_of(Contractor), dtype_of(Pair), dtype_of(Learned)
_WINDOW, _EFFECT = dtype_of(Window), dtype_of(Effect)
_CONDITIONAL, _CHECK = dtype_of(Conditional), dtype_of(Check)
_RANKED, _LISTING = dtype_of(Ranked), dtype_of(Listing)
_YARDSTICK, _TOPSIS, _LEARNER = dtype_of(Yardstick), dtype_of(Topsis), dtype_of(Learner)
_ENDED, _RATED, _RULES, _COURSE = dtype_of(Ended), dtype_of(Rated), dtype_of(Rules), dtype_of(Course)

KINDS: Final[Sequence[Kind]] = (
    *((_TASK, 1), (_PLAYED, 1), (_INT, 2), (_OPEN, 1)),
    *((_JOB, 1), (_EVENT, 1), (_AGENDA, 1)),
    *((_WORKER, 1), (_WAITING, 1), (_FLOAT, 2)),
    *((_CONTRACTOR, 1), (_PAIR, 2), (_LEARNED, 3), (_WINDOW, 1), (_EFFECT, 1)),
    *((_CONDITIONAL, 2), (_BOOL, 2), (_FLOAT, 2), (_CHECK, 1), (_INT, 1), (_INT, 1)),
    *((_RANKED, 2), (_LISTING, 1)),
    *((_INT, 1), (_FLOAT, 2), (_BOOL, 1)),
    *((_YARDSTICK, 1), (_TOPSIS, 1), (_FLOAT, 2), (_FLOAT, 2), (_INT, 2), (_LEARNER, 1)),
    *((_FLOAT, 2), (_FLOAT, 2), (_FLOAT, 1)),
    *((_ENDED, 1), (_RATED, 1)),
    *((_RULES, 1), (_COURSE, 1)),
)
"""The tables that `play` works on, in the order of its groups."""


@kernel
def play(at: IntArray) -> int:
    """Play on, and say why that stops; `at` is where the tables lie."""
    tasks = Tasks(rows_at(at, 0, _TASK), rows_at(at, 1, _PLAYED), grid_at(at, 2, _INT), rows_at(at, 3, _OPEN))
    under = Under(rows_at(at, 4, _JOB), rows_at(at, 5, _EVENT), rows_at(at, 6, _AGENDA))
    books = Books(rows_at(at, 7, _WORKER), rows_at(at, 8, _WAITING), grid_at(at, 9, _FLOAT))
    experience = Experience(
        rows_at(at, 10, _CONTRACTOR),
        grid_at(at, 11, _PAIR),
        stack_at(at, 12, _LEARNED),
        rows_at(at, 13, _WINDOW),
        rows_at(at, 14, _EFFECT),
    )
    recorded = Recorded(grid_at(at, 16, _BOOL), grid_at(at, 17, _FLOAT))
    conditional, checks = grid_at(at, 15, _CONDITIONAL), rows_at(at, 18, _CHECK)
    facts = Facts(conditional, recorded, checks, rows_at(at, 19, _INT), rows_at(at, 20, _INT))
    ranking = Ranking(grid_at(at, 21, _RANKED), rows_at(at, 22, _LISTING))
    offers = Offers(rows_at(at, 23, _INT), grid_at(at, 24, _FLOAT), rows_at(at, 25, _BOOL))
    memory = Memory(grid_at(at, 28, _FLOAT), grid_at(at, 29, _FLOAT), grid_at(at, 30, _INT))
    arms = Arms(grid_at(at, 32, _FLOAT), grid_at(at, 33, _FLOAT), rows_at(at, 34, _FLOAT))
    yardstick_row, topsis_row, learner = (
        rows_at(at, 26, _YARDSTICK),
        rows_at(at, 27, _TOPSIS),
        rows_at(at, 31, _LEARNER),
    )
    policy = OfferPolicy(yardstick_row, topsis_row, memory, learner, arms)
    told = Told(rows_at(at, 35, _ENDED), rows_at(at, 36, _RATED))
    rules, course, agenda = rows_at(at, 37, _RULES)[0], rows_at(at, 38, _COURSE)[0], under.agenda[0]
    if course.goes_on == OPENED:
        _go_to_arrival(tasks, under, agenda, course)
    elif course.goes_on == REPLIED:
        _go_on(
            course.job,
            tasks,
            under,
            books,
            experience,
            facts,
            policy,
            told,
            agenda,
            rules,
            course,
        )
    course.goes_on = GO
    while True:
        if _is_full(under, books, experience, facts, told, agenda, course):
            return MORE_ROOM
        if course.deciding < course.decide_until:
            _decide(tasks, under, books, experience, facts, ranking, offers, policy, agenda, rules, course)
            continue
        if course.arriving:
            course.arriving = False
            if course.next_task == course.end_task:
                return NEXT_BLOCK
            _go_to_arrival(tasks, under, agenda, course)
            continue
        if agenda.pending == 0:
            return ENDED
        take_next(under.events, agenda)
        if agenda.kind == ARRIVAL:
            _go_to_arrival(tasks, under, agenda, course)
            continue
        if agenda.kind == RELEASED:
            give_on(books.workers[agenda.subject], under.jobs, under.events, agenda)
            continue
        if not _concerns(under.jobs[agenda.subject], under.events, agenda):
            continue
        if _go_on(
            agenda.subject,
            tasks,
            under,
            books,
            experience,
            facts,
            policy,
            told,
            agenda,
            rules,
            course,
        ):
            course.job = agenda.subject
            return REPLY


@part
def _is_full(
    under: Under,
    books: Books,
    experience: Experience,
    facts: Facts,
    told: Told,
    agenda: Agenda,
    course: Course,
) -> bool:
    """Whether one more event might find some table full."""
    return (
        course.used_jobs + _SPARE > len(under.jobs)
        or agenda.pending + _SPARE > len(under.events)
        or course.used_waiting + _SPARE > len(books.waiting)
        or course.contracts + _SPARE > len(told.ended)
        or course.ratings + _SPARE > len(told.ratings)
        or course.windows + _SPARE > len(experience.windows)
        or 2 * course.authorised + _SPARE > len(facts.authorised)
    )


@part
def _go_to_arrival(tasks: Tasks, under: Under, agenda: Agenda, course: Course) -> None:
    """`Loop.arrivals`: wait for the next tasks, or have those that are there decided."""
    first = course.next_task - course.first_row_task
    arrival_s = tasks.stated[first].arrival_s
    if agenda.now_s < arrival_s:
        at_s = agenda.now_s + (arrival_s - agenda.now_s)
        schedule(at_s, ARRIVAL, course.next_task, course.next_task, NORMAL, under.events, agenda)
        return
    stop, end = first + 1, course.end_task - course.first_row_task
    while stop < end and tasks.stated[stop].arrival_s == arrival_s:
        stop += 1
    course.deciding, course.decide_until = course.next_task, course.first_row_task + stop
    course.next_task, course.arriving = course.decide_until, True


@part
def _concerns(job: Job, events: Table[Event], agenda: Agenda) -> bool:
    """Whether an attempt goes on at the event that was taken."""
    kind = agenda.kind
    if job.serial != agenda.serial:
        return False
    if kind == GO_ON:
        return True
    if job.stage != QUEUED and job.stage != HOME_QUEUED:
        return False
    if kind == EITHER:
        return True
    if kind == GRANTED and job.either == AT_LAST:
        return True
    if job.either == EITHER_WAY and kind != EITHER:
        job.either = SETTLED
        schedule(agenda.now_s, EITHER, agenda.subject, job.serial, NORMAL, events, agenda)
    return False


@part
def _decide(
    tasks: Tasks,
    under: Under,
    books: Books,
    experience: Experience,
    facts: Facts,
    ranking: Ranking,
    offers: Offers,
    policy: OfferPolicy,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`Loop._prepare` and `_decide` of one task: look for contractors, quote, decide, carry out."""
    number = course.deciding
    course.deciding += 1
    row = number - course.first_row_task
    task, played = tasks.stated[row], tasks.played[row]
    home, own = len(experience.contractors) - 1 + task.client, len(experience.contractors) - 1
    found = len(offers.ids)
    course.found_s = 0.0
    if rules.registry:
        found = look_up(
            task.type_id,
            offers.ids,
            experience.contractors,
            experience.pairs,
            ranking.ranked,
            ranking.listings,
            agenda,
            rules,
            course,
        )
        course.found_s = rules.search_s
        if rules.message_usd > 0:
            search_usd = 2 * rules.message_usd
            played.search_usd += search_usd
            charge(search_usd, played.tried > 0, played)
    expect_home(
        task,
        experience.pairs[task.type_id, own],
        facts.arrivals,
        books.workers[home],
        books,
        agenda,
        rules,
        course,
    )
    quote(
        task,
        played,
        tasks.tried[row],
        found,
        experience,
        facts.conditional,
        facts.recorded,
        books,
        offers,
        agenda,
        rules,
        course,
    )
    position = _chosen(
        number, task, played, home, books, experience, facts, offers, policy, agenda, rules, course
    )
    played.explored = played.explored or course.explored
    played.score, played.confidence = course.score, course.confidence
    _carry_out(number, position, row, tasks, under, books, experience, facts, offers, agenda, rules, course)


@part
def _chosen(
    number: int,
    task: Task,
    played: Played,
    home: int,
    books: Books,
    experience: Experience,
    facts: Facts,
    offers: Offers,
    policy: OfferPolicy,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> int:
    """The place of the offer that the policy takes, or `LOCAL`."""
    attempt, internal_usd, kept = played.tried, course.stay_usd, policy.yardstick[0]
    course.explored, course.score, course.confidence = False, np.nan, np.nan
    if kept.kind == TOPSIS:
        return topsis(number, attempt, task, internal_usd, policy.topsis[0], policy.memory, offers, course)
    if is_learner(kept.kind):
        position, course.explored = choose(
            number,
            attempt,
            task.type_id,
            internal_usd,
            played,
            policy.learner[0],
            policy.arms,
            offers,
            course,
        )
        return position
    home_usd = 0.0
    if rules.sees_truth:
        home_usd = foresee(
            number,
            attempt,
            task,
            books.workers[home],
            experience,
            facts.conditional,
            facts.recorded,
            facts.checks,
            books,
            offers,
            agenda,
            rules,
            course,
        )
        if kept.kind == TALLY:
            tally(home_usd, experience, offers, course)
    return yardstick(number, attempt, internal_usd, home_usd, kept, offers, course)


@part
def _carry_out(
    number: int,
    position: int,
    row: int,
    tasks: Tasks,
    under: Under,
    books: Books,
    experience: Experience,
    facts: Facts,
    offers: Offers,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`ContractTrade.carry_out`: make a contract, or begin at home."""
    task, played = tasks.stated[row], tasks.played[row]
    terms, local = offers.terms, position == LOCAL
    if played.tried == 0:
        facts.arrivals[task.client] += 1
        played.internal_usd, played.decided_s = course.stay_usd, agenda.now_s
        played.opportunity_usd = course.stay_late_usd
        played.estimated_usd = course.stay_usd if local else terms[EXTERNAL, position]
        played.estimated_s = course.turnaround_s if local else terms[LATENCY, position]
    played.attempts = played.tried + 1
    if local:
        _begin_at_home(number, row, tasks, under, books, experience, agenda, rules, course)
        return
    who = int(offers.ids[position])
    contractor, pair, worker = (
        experience.contractors[who],
        experience.pairs[task.type_id, who],
        books.workers[who],
    )
    place = _new_job(number, played.tried, task, under, course)
    job = under.jobs[place]
    job.own, job.who, job.worker, job.stage = False, who, who, SETTING_UP
    job.agreed_usd = terms[ASKED, position]
    job.due_usd = due_usd(task, who, job.agreed_usd, experience, facts.conditional, worker, rules)
    job.plain_usd, job.quoted_s = terms[PLAIN, position], terms[LATENCY, position]
    job.estimated_usd, job.internal_usd = terms[EXTERNAL, position], course.stay_usd
    job.explored = course.explored
    took_s = work_s(task, task.true_tokens, contractor, pair)
    job.service_s = took_s * rules.work_factor * task.time_factor
    job.expected_s = terms[SERVICE, position] * rules.work_factor
    job.search_s, job.submitted_s, job.deadline_s = course.found_s, agenda.now_s, np.inf
    if rules.timeout_factor > 0:
        job.deadline_s = agenda.now_s + rules.timeout_factor * job.quoted_s
    job.good = is_good(number, who, task, contractor, pair, facts.recorded, rules)
    tasks.tried[row, played.tried] = who
    played.tried += 1
    played.contractor = who
    schedule(agenda.now_s, GO_ON, place, job.serial, URGENT, under.events, agenda)


@part
def _begin_at_home(
    number: int,
    row: int,
    tasks: Tasks,
    under: Under,
    books: Books,
    experience: Experience,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`Home.begin`: without a GPU the task comes to nothing at once."""
    task, played, own = tasks.stated[row], tasks.played[row], len(experience.contractors) - 1
    played.contractor = LOCAL
    if not rules.has_home:
        close(False, task, played, tasks.blocks, agenda, rules, course)
        _hand_over(tasks, course)
        return
    place = _new_job(number, played.tried, task, under, course)
    job = under.jobs[place]
    job.own, job.who, job.worker, job.stage = True, own, own + task.client, HOME_BEGINS
    job.quoted_s, job.plain_usd = course.turnaround_s, course.stay_plain_usd
    job.internal_usd, job.submitted_s = course.stay_usd, agenda.now_s
    job.expected_s = task.expected_s
    worker = books.workers[job.worker]
    if worker.limited:
        job.place = take_waiting(books, course)
        join(job.place, agenda.now_s, task.expected_s, task.local_s, worker, books)
    schedule(agenda.now_s, GO_ON, place, job.serial, URGENT, under.events, agenda)


@part
def _new_job(number: int, attempt: int, task: Task, under: Under, course: Course) -> int:
    place = course.free_job
    job = under.jobs[place]
    course.free_job = job.next
    course.used_jobs += 1
    course.serials += 1
    job.serial, job.task, job.attempt = course.serials, number, attempt
    job.client, job.type_id = task.client, task.type_id
    job.granted, job.either, job.breaks_off, job.in_time = False, AT_LAST, False, True
    job.auth_required = job.input_required = job.sent = False
    job.working_s = job.ended_s = np.nan
    job.state, job.reason = 0, ACCEPTED
    job.paid_usd = job.fees_usd = 0.0
    return place


@part
def _free_job(place: int, under: Under, course: Course) -> None:
    job = under.jobs[place]
    job.serial, job.next = -1, course.free_job
    course.free_job = place
    course.used_jobs -= 1


@part
def _go_on(
    place: int,
    tasks: Tasks,
    under: Under,
    books: Books,
    experience: Experience,
    facts: Facts,
    policy: OfferPolicy,
    told: Told,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> bool:
    """`Loop._see_through` from where an attempt stands to its next event; whether its client has to be asked
    something."""
    job = under.jobs[place]
    row = job.task - course.first_row_task
    task, played, worker = tasks.stated[row], tasks.played[row], books.workers[job.worker]
    if job.own:
        status = at_home(place, job, task, played, under.jobs, worker, books, under.events, agenda, course)
    else:
        status = of_contract(
            place,
            job,
            task,
            played,
            experience.contractors[job.who],
            under.jobs,
            worker,
            books,
            under.events,
            agenda,
            facts.authorised,
            rules,
            course,
        )
    if status == OVER:
        pair = experience.pairs[job.type_id, job.who]
        learner = policy.learner[0]
        if job.own:
            contractor = experience.contractors[job.who]
            job.good = is_good(job.task, job.who, task, contractor, pair, facts.recorded, rules)
            played.own = True
            charge(task.home_usd, played.tried > 0, played)
            usd = learn_of_home(job, task, experience, agenda, rules, course)
            success = job.good
        else:
            billed_usd = bill_usd(job.who, job.good, task, pair, facts.recorded, rules)
            end_contract(job, task, played, billed_usd, facts.checks, experience, agenda, rules, course)
            if rules.tells_contracts:
                tell_ended(job, told.ended, course)
            usd = learn_of_contract(job, task, experience, told.ratings, rules, course)
            success = is_accepted(job)
        if is_learner(policy.yardstick[0].kind) and not np.isnan(usd):
            observe(
                job.who,
                job.own,
                job.type_id,
                success,
                usd,
                job.internal_usd,
                played,
                learner,
                policy.arms,
            )
        _recover(place, job, row, tasks, under, books, experience, facts, agenda, rules, course)
    return status == ASKS


@part
def _recover(
    place: int,
    job: Job,
    row: int,
    tasks: Tasks,
    under: Under,
    books: Books,
    experience: Experience,
    facts: Facts,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`Dealing.recover` and `Home.recover`: close the task, or have it decided again, or done at home."""
    task, played = tasks.stated[row], tasks.played[row]
    number, tried, own, good = job.task, job.attempt + 1, job.own, job.good
    accepted = own or is_accepted(job)
    _free_job(place, under, course)
    if accepted:
        close(good, task, played, tasks.blocks, agenda, rules, course)
        _hand_over(tasks, course)
    elif tried <= rules.retries:
        _hand_over(tasks, course)
        course.deciding, course.decide_until = number, number + 1
    elif rules.then_local and rules.has_home:
        played.attempts = tried + 1
        expect_home(
            task,
            experience.pairs[task.type_id, len(experience.contractors) - 1],
            facts.arrivals,
            books.workers[len(experience.contractors) - 1 + task.client],
            books,
            agenda,
            rules,
            course,
        )
        _begin_at_home(number, row, tasks, under, books, experience, agenda, rules, course)
        _hand_over(tasks, course)
    else:
        close(False, task, played, tasks.blocks, agenda, rules, course)
        _hand_over(tasks, course)


@part
def _hand_over(tasks: Tasks, course: Course) -> None:
    course.handed = hand_over(tasks.blocks, course, course.handed)
