"""Queries at a registry that may be down and by broadcast, compiled: each a kernel of its own.

The market stops where a client looks for contractors, and goes on with whom the kernel has entered. Each
has tables of its own beside those of the market.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.building import kernel, part
from coalesce_sim.market.compiled.directory import (
    enter,
    hand_out,
    last_of,
    look_up,
    rank,
    take_up_ratings,
)
from coalesce_sim.market.compiled.market_memory import (
    experience_at,
    ranking_at,
    rules_at,
    tasks_at,
    under_at,
)
from coalesce_sim.market.compiled.memory import Kind, grid_at, rows_at, stack_at
from coalesce_sim.market.compiled.policy_memory import course_at, offers_at
from coalesce_sim.market.compiled.rows import Table, dtype_of


class Silence:
    """An outage of the registry."""

    start_s: float
    end_s: float


class Fallback:
    """What a client does while the registry is silent: it gives up after `timeout_s`, and goes by the last
    answer that it had, if it `remembers`."""

    timeout_s: float
    remembers: bool


class Answer:
    """The last that a client had for a type of task: how many it named, and when they were ranked."""

    found: int
    ranked_s: float


_INT, _SILENCE, _FALLBACK, _ANSWER = (
    np.dtype(np.int64),
    dtype_of(Silence),
    dtype_of(Fallback),
    dtype_of(Answer),
)

AT_REGISTRY: Final[tuple[Kind, ...]] = ((_SILENCE, 1), (_FALLBACK, 1), (_ANSWER, 2), (_INT, 3))
"""Tables of a registry that may be down: its outages, what clients do then, (clients, types) their last
answers, and (clients, types, k) whom those named."""

BY_BROADCAST: Final[tuple[Kind, ...]] = ((_INT, 2),)
"""Table of broadcast: (clients, types) whose turn it was last."""

_ONE_WAY: Final[Any] = np.int64(1)
_AT_ONCE: Final[Any] = np.float64(0.0)


@kernel
def ask_registry(at: IntArray, own: IntArray) -> None:
    """`Registry.answer`: at the registry, or by what is remembered of it."""
    tasks, experience, ranking, offers = tasks_at(at), experience_at(at), ranking_at(at), offers_at(at)
    agenda, rules, course = under_at(at).agenda[0], rules_at(at), course_at(at)
    silences, fallback = rows_at(own, 0, _SILENCE), rows_at(own, 1, _FALLBACK)[0]
    answers, named = grid_at(own, 2, _ANSWER), stack_at(own, 3, _INT)
    row = course.deciding - course.first_row_task
    task, played, ids = tasks.stated[row], tasks.played[row], offers.ids
    client, type_id = task.client, task.type_id
    answer = answers[client, type_id]
    if _is_silent(agenda.now_s, silences):
        for place in range(answer.found):
            ids[place] = named[client, type_id, place]
        course.unanswered += 1
        age_s = agenda.now_s - answer.ranked_s
        enter(answer.found, fallback.timeout_s, age_s, _ONE_WAY, task, played, course)
    else:
        look_up(tasks, experience, ranking, offers, agenda, rules, course)
        if fallback.remembers:
            answer.found, answer.ranked_s = course.found, course.ranked_s
            for place in range(answer.found):
                named[client, type_id, place] = ids[place]


@part
def _is_silent(now_s: float, silences: Table[Silence]) -> bool:
    silent = False
    for each in range(len(silences)):
        silent = silent or silences[each].start_s <= now_s < silences[each].end_s
    return silent


@kernel
def ask_everybody(at: IntArray, own: IntArray) -> None:
    """`Broadcast.answer`: whoever is the best at this moment, and whose turn it is at this client."""
    tasks, experience, ranking, offers = tasks_at(at), experience_at(at), ranking_at(at), offers_at(at)
    rules, course, turns = rules_at(at), course_at(at), grid_at(own, 0, _INT)
    row = course.deciding - course.first_row_task
    task, played, contractors = tasks.stated[row], tasks.played[row], experience.contractors
    client, type_id = task.client, task.type_id
    listing, ranked = ranking.listings[type_id], ranking.ranked[type_id]
    take_up_ratings(contractors, experience.pairs, ranking, rules, course)
    listing.last = turns[client, type_id]
    rank(listing, ranked, ranking.known, rules, course)
    found = hand_out(listing, ranked, ranking.known, offers.ids, rules, course)
    turns[client, type_id] = last_of(listing, ranked, ranking.known, course)
    enter(found, rules.search_s, _AT_ONCE, 2 * course.there, task, played, course)
