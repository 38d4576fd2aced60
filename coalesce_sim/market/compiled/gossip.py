"""Discovery by gossip, compiled: a kernel of its own (`searches` says how it plays along).

In the words of `market.contracts.discovery`, `Gossip` above all: what a client knows is found by going back.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.luck import StateArray
from coalesce_sim.market.compiled.building import kernel, part
from coalesce_sim.market.compiled.directory import enter, take_up_ratings
from coalesce_sim.market.compiled.draws import drawn
from coalesce_sim.market.compiled.market_memory import (
    experience_at,
    ranking_at,
    rules_at,
    tasks_at,
    under_at,
)
from coalesce_sim.market.compiled.market_tables import Ranked, Rules
from coalesce_sim.market.compiled.memory import Kind, grid_at, rows_at
from coalesce_sim.market.compiled.policy_memory import course_at, offers_at
from coalesce_sim.market.compiled.rows import Table, dtype_of
from coalesce_sim.market.contracts.discovery import LAST_ROUND


class Rounds:
    """How agents gossip, and the last round that somebody knows of; how many contractors had entered by then,
    and how many were in the market from `since_s` until `until_s`."""

    fanout: int
    round_s: float
    heard_after_s: float
    latest: int
    entered: int
    there: int
    since_s: float
    until_s: float


class Spell:
    """When a contractor enters the market and leaves it."""

    enter_s: float
    leave_s: float


class Peer:
    """A client: the last round that it has paid for, the one after which it has its view, and how many are in
    that."""

    asked_in: int
    viewed_in: int
    known: int


class Views(NamedTuple):
    """What clients know, (clients, entries): contractors, ascending, when their entries were made, and the
    places of these, freshest first; (clients, types) whose turn it was last."""

    peers: Table[Peer]
    ids: IntArray
    made_s: FloatArray
    freshest: IntArray
    turns: IntArray


class Notes(NamedTuple):
    """What is forgotten after each query: agents that were reached, as a list and one by one; of contractors
    what they are worth, the same where the first by index is worth most, two lists to sort them in, and their
    places in order; those who were heard of."""

    reached: IntArray
    is_reached: BoolArray
    worth: FloatArray
    by_index: FloatArray
    order: IntArray
    spare: IntArray
    place: IntArray
    heard: IntArray


class Spells(NamedTuple):
    """When each contractor is in the market, and when they enter, ascending; of those who are between
    `Rounds.since_s` and `until_s` who they are, ascending, and of all their places among these, -1 of others.
    """

    stays: Table[Spell]
    entries_s: FloatArray
    there: IntArray
    turn: IntArray


_FLOAT, _INT, _BOOL, _STATE = (np.dtype(each) for each in (np.float64, np.int64, np.bool_, np.uint64))
_ROUNDS, _PEER, _SPELL = dtype_of(Rounds), dtype_of(Peer), dtype_of(Spell)

BY_GOSSIP: Final[tuple[Kind, ...]] = (
    *((_ROUNDS, 1), (_STATE, 1)),
    *((_PEER, 1), (_INT, 2), (_FLOAT, 2), (_INT, 2), (_INT, 2)),
    *((_INT, 1), (_BOOL, 1), (_FLOAT, 1), (_FLOAT, 1), (_INT, 1), (_INT, 1), (_INT, 1), (_INT, 1)),
    *((_SPELL, 1), (_FLOAT, 1), (_INT, 1), (_INT, 1)),
)
"""Tables of gossip: `Rounds`, the states that draws of agents begin at, `Views`, `Notes` and `Spells`."""


@part
def _views_at(own: IntArray) -> Views:
    ids, made_s, freshest = grid_at(own, 3, _INT), grid_at(own, 4, _FLOAT), grid_at(own, 5, _INT)
    return Views(rows_at(own, 2, _PEER), ids, made_s, freshest, grid_at(own, 6, _INT))


@part
def _notes_at(own: IntArray) -> Notes:
    reached, is_reached = rows_at(own, 7, _INT), rows_at(own, 8, _BOOL)
    worth, by_index = rows_at(own, 9, _FLOAT), rows_at(own, 10, _FLOAT)
    order, spare, place = rows_at(own, 11, _INT), rows_at(own, 12, _INT), rows_at(own, 13, _INT)
    return Notes(reached, is_reached, worth, by_index, order, spare, place, rows_at(own, 14, _INT))


@part
def _spells_at(own: IntArray) -> Spells:
    stays, entries_s = rows_at(own, 15, _SPELL), rows_at(own, 16, _FLOAT)
    return Spells(stays, entries_s, rows_at(own, 17, _INT), rows_at(own, 18, _INT))


@kernel
def ask_peers(at: IntArray, own: IntArray) -> None:
    """`Gossip.answer`: the best of those whom a client knows, and whose turn it is."""
    tasks, experience, ranking, offers = tasks_at(at), experience_at(at), ranking_at(at), offers_at(at)
    agenda, rules, course = under_at(at).agenda[0], rules_at(at), course_at(at)
    rounds, states, views, notes = (
        rows_at(own, 0, _ROUNDS)[0],
        rows_at(own, 1, _STATE),
        _views_at(own),
        _notes_at(own),
    )
    row = course.deciding - course.first_row_task
    task, played = tasks.stated[row], tasks.played[row]
    peer, latest = views.peers[task.client], _latest(agenda.now_s, rounds)
    messages = 2 * rounds.fanout * (latest - peer.asked_in)
    peer.asked_in = latest
    if latest > rounds.latest:
        rounds.latest = latest
        take_up_ratings(experience.contractors, experience.pairs, ranking, rules, course)
    if latest > peer.viewed_in:
        peer.viewed_in = latest
        _look_back(latest, task.client, peer, rounds, states, views, notes, _spells_at(own))
    ranked = ranking.ranked[task.type_id]
    found, made_s = _choose(task.client, task.type_id, peer, ranked, offers.ids, views, notes, rules)
    enter(found, rules.search_s, agenda.now_s - made_s, messages, task, played, course)


@part
def _latest(now_s: float, rounds: Rounds) -> int:
    """The last round of which is known what was heard in it."""
    number = (now_s - rounds.heard_after_s) // rounds.round_s
    return int(max(min(number, LAST_ROUND), -1.0))


@part
def _muster(at_s: float, rounds: Rounds, spells: Spells) -> None:
    """`Presence.during`: who is in the market at a time, and since when and until when nobody else is."""
    if rounds.since_s <= at_s < rounds.until_s:
        return
    rounds.there, rounds.since_s, rounds.until_s = 0, -np.inf, np.inf
    for who in range(len(spells.stays)):
        stay = spells.stays[who]
        spells.turn[who] = -1
        if stay.enter_s <= at_s < stay.leave_s:
            spells.there[rounds.there], spells.turn[who] = who, rounds.there
            rounds.there += 1
        for change_s in (stay.enter_s, stay.leave_s):
            if change_s <= at_s:
                rounds.since_s = max(rounds.since_s, change_s)
            else:
                rounds.until_s = min(rounds.until_s, change_s)


@part
def _asked(agent: int, draw: float, clients: int, rounds: Rounds, spells: Spells) -> int:
    """`Gossip.asked` of one agent that is in the market."""
    agents, all_there = clients + rounds.there, rounds.there == len(spells.stays)
    turn = agent if agent < clients or all_there else clients + spells.turn[agent - clients]
    other = (turn + 1 + int(draw * (agents - 1))) % agents
    return other if other < clients or all_there else clients + spells.there[other - clients]


@part
def _look_back(
    latest: int,
    client: int,
    peer: Peer,
    rounds: Rounds,
    states: StateArray,
    views: Views,
    notes: Notes,
    spells: Spells,
) -> None:
    """`Gossip.view`: enters what a client knows after a round."""
    clients, fanout = len(views.peers), rounds.fanout
    entries_s = spells.entries_s
    while rounds.entered < len(entries_s) and entries_s[rounds.entered] <= latest * rounds.round_s:
        rounds.entered += 1
    size = min(views.ids.shape[1], rounds.entered)
    notes.reached[0], notes.is_reached[client] = client, True
    reached, known, number = 1, 0, latest
    while number >= 0 and known < size:
        _muster(number * rounds.round_s, rounds, spells)
        for place in range(reached):
            agent = notes.reached[place]
            if agent >= clients and spells.turn[agent - clients] < 0:
                continue
            for question in range(fanout):
                other = _asked(agent, drawn(states[agent], number, question), clients, rounds, spells)
                if not notes.is_reached[other]:
                    notes.reached[reached], notes.is_reached[other] = other, True
                    reached += 1
                    if other >= clients:
                        ago = drawn(states[other], number, fanout)
                        notes.worth[other - clients] = (number - ago) * rounds.round_s
                        known += 1
        number -= 1
    _list_heard(reached, clients, notes)
    for entry in range(known):
        notes.order[entry] = notes.heard[entry]
    _put_in_order(known, notes.worth, notes)
    peer.known = 0
    for entry in range(known):
        who = notes.heard[entry]
        if notes.place[who] < size:
            views.ids[client, peer.known], views.made_s[client, peer.known] = who, notes.worth[who]
            views.freshest[client, notes.place[who]] = peer.known
            peer.known += 1
    for place in range(reached):
        notes.is_reached[notes.reached[place]] = False


@part
def _list_heard(reached: int, clients: int, notes: Notes) -> None:
    """Lists the contractors among so many who were reached, ascending."""
    count = 0
    for place in range(reached):
        if notes.reached[place] >= clients:
            notes.order[count] = notes.reached[place] - clients
            count += 1
    _put_in_order(count, notes.by_index, notes)
    for place in range(reached):
        if notes.reached[place] >= clients:
            who = notes.reached[place] - clients
            notes.heard[notes.place[who]] = who


@part
def _choose(
    client: int,
    type_id: int,
    peer: Peer,
    ranked: Table[Ranked],
    ids: IntArray,
    views: Views,
    notes: Notes,
    rules: Rules,
) -> tuple[int, float]:
    """`Shortlist` of a client's view: enters whom it hands out; how many, and when their entries were made
    on average."""
    known, last, there = peer.known, views.turns[client, type_id], 0
    for entry in range(known):
        notes.worth[entry] = ranked[views.ids[client, entry]].merit
        notes.order[entry] = views.freshest[client, entry]
        there += notes.worth[entry] > -np.inf
    _put_in_order(known, notes.worth, notes)
    seats = rules.newcomer_seats if there > rules.k else 0
    best = min(rules.k - seats, there)
    turn = 0
    for entry in range(known):
        turn += best <= notes.place[entry] < there and views.ids[client, entry] <= last
    found, made_s, other, last = 0, 0.0, 0, -1
    for entry in range(known):
        if notes.place[entry] >= there:
            continue
        behind = -1
        if notes.place[entry] >= best:
            behind = (other - turn) % (there - best)
            other += 1
        if behind < seats:
            ids[found] = views.ids[client, entry]
            made_s += views.made_s[client, entry]
            found += 1
            if behind >= 0 and behind == seats - 1:
                last = views.ids[client, entry]
    views.turns[client, type_id] = last
    return found, made_s / found


@part
def _put_in_order(count: int, worth: FloatArray, notes: Notes) -> None:
    """`_best_first` by merging: the place of each of the first `count` in `order` by falling worth, of equals
    in that order."""
    order, other, width = notes.order, notes.spare, 1
    while width < count:
        for first in range(0, count, 2 * width):
            middle, end = min(first + width, count), min(first + 2 * width, count)
            left, right = first, middle
            for place in range(first, end):
                from_left = left < middle
                if from_left and right < end:
                    from_left = worth[order[left]] >= worth[order[right]]
                if from_left:
                    other[place] = order[left]
                    left += 1
                else:
                    other[place] = order[right]
                    right += 1
        order, other, width = other, order, 2 * width
    for place in range(count):
        notes.place[order[place]] = place
