"""Who is in the market, compiled: `market.presence`, of what is laid out before the run."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import BoolArray, IntArray
from coalesce_sim.market import presence
from coalesce_sim.market.compiled.agenda import Agenda
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.experience import Experience, remember_rated
from coalesce_sim.market.compiled.market_memory import Ranking, Tasks
from coalesce_sim.market.compiled.market_tables import Change, Course, Recorded, Rules
from coalesce_sim.market.compiled.quotes import is_offered
from coalesce_sim.market.compiled.rows import Rows, filled


def there_at_first(stay: presence.Presence) -> BoolArray:
    """Who is in the market when the run begins."""
    active = stay.during(0.0)
    return np.ones(len(stay.enter_s), dtype=bool) if active is None else active


def changes_of(stay: presence.Presence) -> Rows:
    """Who comes or goes after that, in the order of time."""
    comes = np.flatnonzero((stay.enter_s > 0) & (stay.enter_s < stay.leave_s))
    goes = np.flatnonzero(np.isfinite(stay.leave_s) & (stay.leave_s > np.maximum(stay.enter_s, 0.0)))
    at_s, who = np.append(stay.enter_s[comes], stay.leave_s[goes]), np.append(comes, goes)
    order = at_s.argsort(kind="stable")
    return filled(Change, len(order), at_s=at_s[order], who=who[order])


@part
def come_and_go(
    tasks: Tasks,
    experience: Experience,
    recorded: Recorded,
    ranking: Ranking,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """Before the client of the task `Course.deciding` looks for contractors: has those come and go whose time
    it is, and counts the task, first decided on, for which nobody is there (`ContractTrade.deserted`)."""
    _keep_up(experience, ranking, agenda, rules, course)
    row = course.deciding - course.first_row_task
    task = tasks.stated[row]
    if tasks.played[row].tried == 0:
        deserted = True
        for place in range(course.there):
            who = ranking.there[place]
            if is_offered(who, task, experience.pairs[task.type_id, who], recorded, rules):
                deserted = False
                break
        course.deserted += deserted


@part
def _keep_up(experience: Experience, ranking: Ranking, agenda: Agenda, rules: Rules, course: Course) -> None:
    """`Presence.active`. Whoever comes or goes has another merit, like somebody who was rated."""
    changes = ranking.changes
    while course.changes < len(changes) and changes[course.changes].at_s <= agenda.now_s:
        who = changes[course.changes].who
        contractor = experience.contractors[who]
        contractor.there = not contractor.there
        if contractor.there:
            _enter(who, ranking.there, course)
        else:
            _leave(who, ranking.there, course)
        course.changes += 1
        if rules.searches:
            remember_rated(who, experience.contractors, course)
        else:
            course.found = course.there


@part
def _enter(who: int, there: IntArray, course: Course) -> None:
    place = course.there
    while place > 0 and there[place - 1] > who:
        there[place] = there[place - 1]
        place -= 1
    there[place] = who
    course.there += 1


@part
def _leave(who: int, there: IntArray, course: Course) -> None:
    place = course.there - 1
    while there[place] != who:
        place -= 1
    course.there -= 1
    while place < course.there:
        there[place] = there[place + 1]
        place += 1
