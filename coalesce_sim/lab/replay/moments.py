"""What in a replay is worth a look, with a sentence each."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.lab.replay.columns import DEEDS, HONEST, MISSED, Jobs, Machines, Moment, Scores, Workers
from coalesce_sim.numbers import plural


def steps_of(from_s: FloatArray, until_s: FloatArray) -> tuple[FloatArray, IntArray]:
    """How many intervals hold at a time: from each of the first on, so many of the second. The ends are no
    part of the intervals."""
    real = from_s < until_s
    at_s = np.concatenate((from_s[real], until_s[real]))
    change = np.repeat((1, -1), int(real.sum()))
    when, place = np.unique(at_s, return_inverse=True)
    return when, np.cumsum(np.bincount(place, change, len(when))).astype(np.int64)


def moments_of(
    workers: Workers, machines: Machines, jobs: Jobs, scores: Scores, until_s: float
) -> tuple[Moment, ...]:
    """Entries and exits; the first cheat of each kind, the first false rating; the longest queue, the most
    work at once, and the first bad work that nobody noticed. In the order in which they happened."""
    found = [*_comings(workers, until_s), *_deeds(workers, jobs), *_ratings(workers, scores)]
    found += [*_longest_queue(workers, machines, jobs, until_s), *_most_work(jobs, until_s)]
    missed = np.flatnonzero(jobs.outcome == MISSED)
    if len(missed):
        first = missed[np.argmin(jobs.ended_s[missed])]
        worker = int(jobs.worker[first])
        text = f"The first bad work that nobody noticed: task {jobs.task[first]} by {workers.name[worker]}."
        found.append(Moment(float(jobs.ended_s[first]), "work", text, worker))
    return tuple(sorted((each for each in found if each.at_s <= until_s), key=lambda each: each.at_s))


def _comings(workers: Workers, until_s: float) -> list[Moment]:
    found = []
    for who, name in enumerate(workers.name):
        enter_s, leave_s = float(workers.enter_s[who]), float(workers.leave_s[who])
        if enter_s > 0:
            owner = workers.owner[who]
            another = f", another name of {owner}" if owner else ""
            found.append(Moment(enter_s, "entry", f"{name} enters{another}.", who))
        if leave_s <= until_s:
            found.append(Moment(leave_s, "exit", f"{name} leaves.", who))
    return found


def _deeds(workers: Workers, jobs: Jobs) -> list[Moment]:
    """The first of each kind; it shows when the contract ends."""
    found = []
    for deed in np.unique(jobs.deed[jobs.deed != HONEST]).tolist():
        those = np.flatnonzero(jobs.deed == deed)
        first = those[np.argmin(jobs.ended_s[those])]
        worker, client = int(jobs.worker[first]), int(jobs.client[first])
        by_client = DEEDS[deed].startswith(("called", "did not pay"))
        who = client if by_client else worker
        text = f"The first cheat of its kind: {workers.name[who]} {DEEDS[deed]}, task {jobs.task[first]}."
        found.append(Moment(float(jobs.ended_s[first]), "cheat", text, who))
    return found


def _ratings(workers: Workers, scores: Scores) -> list[Moment]:
    false = np.flatnonzero(~scores.honest)
    if not len(false):
        return []
    worker = int(scores.worker[false[0]])
    text = f"The first rating that is not what its writer saw: of {workers.name[worker]}."
    return [Moment(float(scores.time_s[false[0]]), "rating", text, worker)]


def _longest_queue(workers: Workers, machines: Machines, jobs: Jobs, until_s: float) -> list[Moment]:
    machine = workers.machine[jobs.worker]
    longest: Moment | None = None
    most = 0
    alone = np.setdiff1d(workers.machine, workers.machine[workers.stands_for > 1])
    for each in alone.tolist():
        at_s, queue = _within(machine == each, jobs.came_s, jobs.began_s, until_s)
        if len(queue) and queue.max() > most:
            most, when = int(queue.max()), float(at_s[queue.argmax()])
            who = int(np.flatnonzero(workers.machine == each)[0])
            name = machines.name[each] or workers.name[who]
            longest = Moment(when, "queue", f"The longest queue: {plural(most, 'job')} at {name}.", who)
    return [] if longest is None else [longest]


def _most_work(jobs: Jobs, until_s: float) -> list[Moment]:
    at_s, under_way = _within(np.ones(len(jobs.task), dtype=bool), jobs.asked_s, jobs.ended_s, until_s)
    if not len(under_way):
        return []
    when, most = float(at_s[under_way.argmax()]), int(under_way.max())
    return [Moment(when, "work", f"The most work at once: {plural(most, 'job')} under way.", -1)]


def _within(
    those: BoolArray, from_s: FloatArray, to_s: FloatArray, until_s: float
) -> tuple[FloatArray, IntArray]:
    at_s, count = steps_of(from_s[those], to_s[those])
    return at_s[at_s <= until_s], count[at_s <= until_s]
