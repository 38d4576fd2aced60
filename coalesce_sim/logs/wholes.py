"""Sessions as composite tasks: the calls of a session as steps, one after the other.

A composite type has its steps and their parts once for all its tasks. So sessions are one type where the
types of their tasks follow each other alike, and a step's part is its mean share of their tokens. What cannot
be expressed is said: the time between the calls of a session, steps that differ from session to session, and
who did each in the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from coalesce_sim.logs.calls import Calls
from coalesce_sim.logs.people import MOST, Kinds
from coalesce_sim.logs.tasks import Tasks

MOST_STEPS: Final = 12


@dataclass(frozen=True, slots=True)
class WholeType:
    """A composite type: the types of its steps in order, their parts, and what its sessions were like."""

    name: str
    steps: tuple[str, ...]
    work: tuple[float, ...]
    sessions: int
    p95_s: float
    output_tokens: float


@dataclass(frozen=True, slots=True)
class Wholes:
    """Sessions that are composite tasks. `of_task` is the place of each task's type, -1 for one that stays as
    it is; `head` is the place of the first task of its session."""

    types: tuple[WholeType, ...]
    of_task: np.ndarray
    head: np.ndarray
    told: tuple[str, ...]


def wholes_of(calls: Calls, tasks: Tasks, kinds: Kinds) -> Wholes:
    """The sessions of two to `MOST_STEPS` tasks whose sequence of types is among the `MOST` most frequent."""
    of_task = np.full(len(tasks), -1, dtype=np.int32)
    head = np.arange(len(tasks), dtype=np.int32)
    session = calls.session[tasks.first]
    order = np.flatnonzero(session >= 0)
    order = order[np.argsort(session[order], kind="stable")]
    begins = (
        np.flatnonzero(np.r_[True, np.diff(session[order]) > 0])
        if len(order)
        else np.empty(0, dtype=np.int64)
    )
    length = np.diff(np.r_[begins, len(order)])
    place = np.arange(len(order)) - np.repeat(begins, length)
    type_ = kinds.of_row[tasks.first[order]]
    several = (length > 1) & (length <= MOST_STEPS)
    digits = (type_ + 1) * (MOST + 2) ** np.minimum(place, MOST_STEPS - 1).astype(np.int64)
    patterns = np.add.reduceat(digits, begins) if len(begins) else digits
    seen, counts = np.unique(patterns[several], return_counts=True)
    kept = seen[np.argsort(-counts, kind="stable")[:MOST]]
    found: list[WholeType] = []
    tokens = (tasks.prompt + tasks.output)[order].astype(np.float64)
    for pattern in kept.tolist():
        which = np.flatnonzero(several & (patterns == pattern))
        steps = int(length[which[0]])
        rows = begins[which][:, None] + np.arange(steps)
        shares = tokens[rows].sum(axis=0) / tokens[rows].sum()
        names = tuple(kinds.names[each] for each in type_[rows[0]])
        seconds = tasks.seconds[order[rows]].sum(axis=1)
        of_task[order[rows]] = len(found)
        head[order[rows]] = order[rows[:, :1]]
        found.append(
            WholeType(
                _name(names, [each.name for each in found]),
                names,
                tuple(float(each) for each in shares),
                len(which),
                float(np.quantile(seconds, 0.95)),
                float(tasks.output[order[rows]].sum(axis=1).mean()),
            )
        )
    others = int(several.sum()) - sum(each.sessions for each in found)
    long = int((length > MOST_STEPS).sum())
    told = ["sessions in steps: who did each step is not played as logged, nor the time between them"]
    told += [f"{others:,} sessions of rarer sequences stay single tasks"] if others else []
    told += [f"{long:,} sessions of more than {MOST_STEPS} tasks stay single tasks"] if long else []
    return Wholes(tuple(found), of_task, head, tuple(told))


def _name(steps: tuple[str, ...], others: list[str]) -> str:
    """A name that says the steps, as far as there is room."""
    name = "_then_".join(steps)
    name = name if len(name) <= 60 else f"{steps[0]}_and_{len(steps) - 1}_more"
    number, tried = 1, name
    while tried in others:
        number += 1
        tried = f"{name}_{number}"
    return tried
