"""The registry, compiled: whom `market.contracts.discovery` finds, without sorting anybody anew.

Contractors lie in a heap for each type of task, best first. When the registry ranks, those who were rated
since the last time are moved to where they belong, and the best are read off the top; the others need no
list, since they are handed out by index.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.agenda import Agenda
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.endings import charge
from coalesce_sim.market.compiled.experience import Experience
from coalesce_sim.market.compiled.market_memory import Ranking, Tasks
from coalesce_sim.market.compiled.market_tables import (
    Contractor,
    Course,
    Listing,
    Offers,
    Pair,
    Played,
    Ranked,
    Rules,
    Task,
)
from coalesce_sim.market.compiled.rows import Grid, Table

_THERE_AND_BACK: Final[Any] = np.int64(2)
"""Messages of a query that is answered."""


@part
def enter(
    found: int,
    latency_s: float,
    age_s: float,
    messages: int,
    task: Task,
    played: Played,
    course: Course,
) -> None:
    """`Discovery.candidates`: how many were found, and what the client of a task pays for the messages."""
    course.found, course.found_s = found, latency_s
    course.queries += 1
    course.messages += messages
    if found:
        course.age_s += age_s
    else:
        course.empty += 1
    if task.message_usd > 0:
        search_usd = messages * task.message_usd
        played.search_usd += search_usd
        charge(search_usd, played.tried > 0, played)


@part
def look_up(
    tasks: Tasks,
    experience: Experience,
    ranking: Ranking,
    offers: Offers,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`Registry.answer` while it is not down: enters who is found for the task to be decided, ascending."""
    ranked, listings = ranking.ranked, ranking.listings
    if agenda.now_s - course.ranked_s >= rules.refresh_s:
        for each in range(len(listings)):
            listing = listings[each]
            if listing.ranked:
                listing.last = last_of(listing, ranked[each], ranking.known, course)
                listing.ranked = False
        take_up_ratings(experience.contractors, experience.pairs, ranking, rules, course)
        course.ranked_s = agenda.now_s
    number = course.deciding - course.first_row_task
    task, played = tasks.stated[number], tasks.played[number]
    listing, row = listings[task.type_id], ranked[task.type_id]
    if not listing.ranked:
        rank(listing, row, ranking.known, rules, course)
    found = hand_out(listing, row, ranking.known, offers.ids, rules, course)
    age_s = agenda.now_s - course.ranked_s
    enter(found, rules.search_s, age_s, _THERE_AND_BACK, task, played, course)


@part
def take_up_ratings(
    contractors: Table[Contractor],
    pairs: Grid[Pair],
    ranking: Ranking,
    rules: Rules,
    course: Course,
) -> None:
    """`ContractTrade._merit` of those who were rated, have come or have gone since the last time."""
    who, ranked = course.last_rated, ranking.ranked
    while who >= 0:
        contractor = contractors[who]
        for type_id in range(len(ranked)):
            pair, row = pairs[type_id, who], ranked[type_id]
            skill = min(pair.skill + rules.performance_weight * pair.score, 1.0)
            row[who].merit = skill - contractor.dearness if contractor.there else -np.inf
            _rise(row[who].place, row)
            _sink(row[who].place, row)
        contractor.is_rated = False
        who = contractor.next_rated
    course.last_rated = -1
    if course.known_changes != course.changes:
        for place in range(course.there):
            ranking.known[place] = ranking.there[place]
        course.known, course.known_changes = course.there, course.changes


@part
def _is_better(one: Ranked, other: Ranked) -> bool:
    """Whether a contractor comes first: the more merit, of equals the one that is drawn first."""
    return one.merit > other.merit or (one.merit == other.merit and one.turn < other.turn)


@part
def _swap(one: int, other: int, row: Table[Ranked]) -> None:
    first, second = row[one].who, row[other].who
    row[one].who, row[other].who = second, first
    row[second].place, row[first].place = one, other


@part
def _rise(place: int, row: Table[Ranked]) -> None:
    while place > 0:
        above = (place - 1) >> 1
        if not _is_better(row[row[place].who], row[row[above].who]):
            break
        _swap(place, above, row)
        place = above


@part
def _sink(place: int, row: Table[Ranked]) -> None:
    while True:
        below = 2 * place + 1
        if below >= len(row):
            break
        if below + 1 < len(row) and _is_better(row[row[below + 1].who], row[row[below].who]):
            below += 1
        if not _is_better(row[row[below].who], row[row[place].who]):
            break
        _swap(place, below, row)
        place = below


@part
def _known_before(who: int, row: Table[Ranked], known: IntArray, course: Course) -> int:
    """How many of those who are known come before a contractor, by index."""
    if course.known == len(row):
        return who
    first, end = 0, course.known
    while first < end:
        middle = (first + end) >> 1
        if known[middle] < who:
            first = middle + 1
        else:
            end = middle
    return first


@part
def _known_at(place: int, row: Table[Ranked], known: IntArray, course: Course) -> int:
    """The contractor before whom so many of those come who are known."""
    return place if course.known == len(row) else known[place]


@part
def rank(listing: Listing, row: Table[Ranked], known: IntArray, rules: Rules, course: Course) -> None:
    """`Shortlist.__init__` of those who are known: reads the best off the heap, and enters them by index.
    Those who may come next are below those who were taken, and lie sorted in `next_best`, from `first` to
    `last`."""
    seats = rules.newcomer_seats if course.known > rules.k else 0
    listing.best = min(rules.k - seats, course.known)
    listing.others = course.known - listing.best if seats else 0
    first, last = 0, 0
    for count in range(listing.best):
        if count == 0:
            place = 0
        else:
            place = row[first].next_best
            first += 1
        for below in (2 * place + 1, 2 * place + 2):
            if below < len(row):
                hole = last
                while hole > first and _is_better(row[row[below].who], row[row[row[hole - 1].next_best].who]):
                    row[hole].next_best = row[hole - 1].next_best
                    hole -= 1
                row[hole].next_best = below
                last += 1
        best, hole = _known_before(row[place].who, row, known, course), count
        while hole > 0 and row[hole - 1].best > best:
            row[hole].best = row[hole - 1].best
            hole -= 1
        row[hole].best = best
    before, upto = 0, _known_before(listing.last + 1, row, known, course)
    while before < listing.best and row[before].best < upto:
        before += 1
    listing.position = upto - before if listing.others else 0
    listing.ranked = True


@part
def _other(number: int, listing: Listing, row: Table[Ranked], known: IntArray, course: Course) -> int:
    """The contractor of that number, by index, among those who are not the best."""
    at = number
    for place in range(listing.best):
        if row[place].best > at:
            break
        at += 1
    return _known_at(at, row, known, course)


@part
def last_of(listing: Listing, row: Table[Ranked], known: IntArray, course: Course) -> int:
    """`Shortlist.last`."""
    if not listing.others:
        return -1
    return _other((listing.position - 1) % listing.others, listing, row, known, course)


@part
def hand_out(
    listing: Listing, row: Table[Ranked], known: IntArray, ids: IntArray, rules: Rules, course: Course
) -> int:
    """`Shortlist.next`."""
    count = listing.best
    for place in range(count):
        ids[place] = _known_at(row[place].best, row, known, course)
    if listing.others:
        position = listing.position % listing.others
        listing.position = position + rules.newcomer_seats
        for turn in range(position, position + rules.newcomer_seats):
            who, hole = _other(turn % listing.others, listing, row, known, course), count
            while hole > 0 and ids[hole - 1] > who:
                ids[hole] = ids[hole - 1]
                hole -= 1
            ids[hole] = who
            count += 1
    return count
