"""Composite tasks, compiled: how they are split, how steps are coordinated, wait and end their whole.

In the words of `market.composite` and `market.contracts` (`trade`, `endings`). These are kernels of their
own, for which the market stops where a workload has composite tasks.
"""

from __future__ import annotations

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.agenda import (
    COORDINATED,
    NORMAL,
    TO_COORDINATE,
    URGENT,
    Agenda,
    schedule,
)
from coalesce_sim.market.compiled.building import kernel, part
from coalesce_sim.market.compiled.composite import Part, Wholes
from coalesce_sim.market.compiled.directory import look_up
from coalesce_sim.market.compiled.endings import ONCE, charge, close, hand_over, leave
from coalesce_sim.market.compiled.market_kernel import see_offers
from coalesce_sim.market.compiled.market_memory import (
    Tasks,
    books_at,
    experience_at,
    facts_at,
    motion_at,
    ranking_at,
    rules_at,
    tasks_at,
    under_at,
    wholes_at,
)
from coalesce_sim.market.compiled.market_tables import Course, Played
from coalesce_sim.market.compiled.policy_memory import course_at, offers_at
from coalesce_sim.market.compiled.presence import come_and_go
from coalesce_sim.market.compiled.slots import NOBODY
from coalesce_sim.market.compiled.stops import GO, PREPARED, QUOTED


@kernel
def prepare(at: IntArray) -> bool:
    """`ContractTrade.prepare` of the next task that is due: it is decided on, or coordinated first. Whether
    somebody has to decide before if it is split."""
    tasks, wholes, under, course = tasks_at(at), wholes_at(at), under_at(at), course_at(at)
    rules = rules_at(at)
    while course.deciding < course.decide_until:
        number = course.deciding
        row = number - course.first_row_task
        played, own = tasks.played[row], wholes.parts[tasks.stated[row].part]
        if played.is_due:
            played.is_due = False
            if own.may_split:
                if rules.turns_over:
                    experience, ranking = experience_at(at), ranking_at(at)
                    agenda, recorded = under.agenda[0], facts_at(at).recorded
                    come_and_go(tasks, experience, recorded, ranking, agenda, rules, course)
                return True
            if own.split_s > 0:
                played.waits_for += 1
                agenda = under.agenda[0]
                schedule(agenda.now_s, TO_COORDINATE, number, NOBODY, URGENT, under.events, agenda)
                course.deciding += 1
            else:
                _coordinated(0.0, own, played)
                course.goes_on = PREPARED
            return False
        course.deciding += 1
    return False


@kernel
def look(at: IntArray) -> None:
    """See what those offer who were found for the task `Course.deciding`, or are found by looking them up."""
    tasks, books, experience, facts = tasks_at(at), books_at(at), experience_at(at), facts_at(at)
    offers, under, rules, course = offers_at(at), under_at(at), rules_at(at), course_at(at)
    ranking, agenda = ranking_at(at), under.agenda[0]
    if rules.searches and not rules.asks_around:
        look_up(tasks, experience, ranking, offers, agenda, rules, course)
    motion = motion_at(at)
    see_offers(tasks, under, books, experience, facts, ranking, motion, offers, agenda, rules, course)


@kernel
def divide(at: IntArray, splits: bool) -> None:
    """`ContractTrade.split` of the task `Course.task`, or `OpenWholes.keep`, which has it decided on: the way
    that it is not done in is left out."""
    tasks, wholes, course, agenda = tasks_at(at), wholes_at(at), course_at(at), under_at(at).agenda[0]
    row = course.task - course.first_row_task
    whole, own = tasks.played[row], wholes.parts[tasks.stated[row].part]
    whole.left, course.goes_on = 1, QUOTED
    if splits:
        whole.left, course.goes_on = own.size - 1, GO
        _unlock(row, own, wholes, tasks)
    for each in range(row, row + own.size):
        played = tasks.played[each]
        played.split = splits
        if splits == (each == row):
            played.waits_for = 0
            _leave_out(each, tasks, agenda, course)


@kernel
def coordinate(at: IntArray) -> None:
    """`ContractTrade._coordinate`: coordination begins, or is over and the step begins, unless its whole has
    come to nothing meanwhile; then its row may be another's."""
    tasks, wholes, under, course = tasks_at(at), wholes_at(at), under_at(at), course_at(at)
    agenda = under.agenda[0]
    number = agenda.subject
    row = number - course.first_row_task
    if row < 0:
        return
    played, own = tasks.played[row], wholes.parts[tasks.stated[row].part]
    if agenda.kind == TO_COORDINATE:
        played.coordinated_from_s = agenda.now_s
        at_s = agenda.now_s + own.split_s
        schedule(at_s, COORDINATED, number, NOBODY, NORMAL, under.events, agenda)
    elif not played.given_up:
        played.waits_for -= 1
        _coordinated(agenda.now_s - played.coordinated_from_s, own, played)
        course.deciding, course.decide_until = number, number + 1
        course.goes_on = PREPARED


@part
def _coordinated(took_s: float, own: Part, played: Played) -> None:
    """`Endings.coordinated`."""
    played.coordination_s += took_s
    played.coordination_usd += own.split_usd
    charge(own.split_usd, ONCE, played)


@kernel
def close_step(at: IntArray) -> None:
    """`Endings.done` or `Endings.fail`: a task is over; its whole is, too, or steps that waited are due."""
    tasks, wholes, course, agenda = tasks_at(at), wholes_at(at), course_at(at), under_at(at).agenda[0]
    row, good = course.task - course.first_row_task, course.accepted and course.good
    task, played = tasks.stated[row], tasks.played[row]
    own = wholes.parts[task.part]
    first = row - own.position
    whole = tasks.played[first]
    played.good = good
    ends = False
    if not played.given_up:
        if course.accepted:
            whole.left -= 1
            whole.is_bad = whole.is_bad or not good
            ends, good = whole.left == 0, not whole.is_bad
            if ends:
                played.integration_usd += own.integration_usd
                charge(own.integration_usd, ONCE, played)
            else:
                _unlock(row, own, wholes, tasks)
                course.deciding, course.decide_until = course.task + 1, course.task - own.position + own.size
        else:
            _give_up(first, first + own.size, tasks, agenda, course)
            ends = True
    if ends:
        close(good, task, played, tasks.blocks, agenda, rules_at(at), course)
    else:
        leave(task, played, tasks.blocks, agenda, course)
    course.handed = hand_over(tasks.blocks, course, course.handed)


@part
def _unlock(row: int, own: Part, wholes: Wholes, tasks: Tasks) -> None:
    """`OpenWholes._unlocked`: those that wait for nothing else any more are to be decided on."""
    for place in range(own.first_unlocked, own.first_unlocked + own.unlocks):
        other = tasks.played[row + wholes.unlocked[place]]
        other.waits_for -= 1
        other.is_due = other.waits_for == 0


@part
def _give_up(first: int, stop: int, tasks: Tasks, agenda: Agenda, course: Course) -> None:
    """`OpenWholes.fail`: the steps that have not begun never will."""
    for row in range(first, stop):
        played = tasks.played[row]
        played.given_up = True
        if played.waits_for > 0:
            _leave_out(row, tasks, agenda, course)


@part
def _leave_out(row: int, tasks: Tasks, agenda: Agenda, course: Course) -> None:
    """`Endings.leave_out`."""
    played = tasks.played[row]
    played.good, played.decided_s = False, agenda.now_s
    leave(tasks.stated[row], played, tasks.blocks, agenda, course)
