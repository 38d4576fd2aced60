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
    played: Played,
    rules: Rules,
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
    if rules.message_usd > 0:
        search_usd = messages * rules.message_usd
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
                listing.last = last_of(listing, ranked[each])
                listing.ranked = False
        take_up_ratings(experience.contractors, experience.pairs, ranked, rules, course)
        course.ranked_s = agenda.now_s
    number = course.deciding - course.first_row_task
    type_id, played = tasks.stated[number].type_id, tasks.played[number]
    listing, row = listings[type_id], ranked[type_id]
    if not listing.ranked:
        rank(listing, row, rules)
    found = hand_out(listing, row, offers.ids, rules)
    age_s = agenda.now_s - course.ranked_s
    enter(found, rules.search_s, age_s, _THERE_AND_BACK, played, rules, course)


@part
def take_up_ratings(
    contractors: Table[Contractor],
    pairs: Grid[Pair],
    ranked: Grid[Ranked],
    rules: Rules,
    course: Course,
) -> None:
    """`ContractQuotes.merit` of those who were rated since the last time."""
    who = course.last_rated
    while who >= 0:
        contractor = contractors[who]
        for type_id in range(len(ranked)):
            pair, row = pairs[type_id, who], ranked[type_id]
            skill = min(pair.skill + rules.performance_weight * pair.score, 1.0)
            row[who].merit = skill - contractor.dearness
            _rise(row[who].place, row)
            _sink(row[who].place, row)
        contractor.is_rated = False
        who = contractor.next_rated
    course.last_rated = -1


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
def rank(listing: Listing, row: Table[Ranked], rules: Rules) -> None:
    """`Shortlist.__init__`: reads the best off the heap, and enters them by index. Those who may come next
    are below those who were taken, and lie sorted in `next_best`, from `first` to `last`."""
    seats = rules.newcomer_seats if len(row) > rules.k else 0
    listing.best = min(rules.k - seats, len(row))
    listing.others = len(row) - listing.best if seats else 0
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
        who, hole = row[place].who, count
        while hole > 0 and row[hole - 1].best > who:
            row[hole].best = row[hole - 1].best
            hole -= 1
        row[hole].best = who
    before = 0
    while before < listing.best and row[before].best <= listing.last:
        before += 1
    listing.position = listing.last + 1 - before if listing.others else 0
    listing.ranked = True


@part
def _other(number: int, listing: Listing, row: Table[Ranked]) -> int:
    """The contractor of that number, by index, among those who are not the best."""
    who = number
    for place in range(listing.best):
        if row[place].best > who:
            break
        who += 1
    return who


@part
def last_of(listing: Listing, row: Table[Ranked]) -> int:
    """`Shortlist.last`."""
    if not listing.others:
        return -1
    return _other((listing.position - 1) % listing.others, listing, row)


@part
def hand_out(listing: Listing, row: Table[Ranked], ids: IntArray, rules: Rules) -> int:
    """`Shortlist.next`."""
    count = listing.best
    for place in range(count):
        ids[place] = row[place].best
    if listing.others:
        position = listing.position % listing.others
        listing.position = position + rules.newcomer_seats
        for turn in range(position, position + rules.newcomer_seats):
            who, hole = _other(turn % listing.others, listing, row), count
            while hole > 0 and ids[hole - 1] > who:
                ids[hole] = ids[hole - 1]
                hole -= 1
            ids[hole] = who
            count += 1
    return count
