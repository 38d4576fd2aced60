"""Queues that grew to the end of what was played, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from coalesce_sim.experiments.diagnosis.finding import Finding, of_contractors
from coalesce_sim.experiments.queues import HOME, GrowingQueue, Judged, growing
from coalesce_sim.numbers import number
from coalesce_sim.scenario.schema import Scenario

_MOST_NAMED = 3

_MOST_IN_EVIDENCE = 100
"""Parts of a sweep whose numbers are kept, those with the longest waits."""


def queues_that_grow(scenario: Scenario, judged: Judged) -> list[Finding]:
    """One finding for home and one for all contractors."""
    found = growing(judged)
    home = [each for each in found if each.worker == HOME]
    away = sorted((each for each in found if each.worker != HOME), key=_longest_first)
    told = []
    if home:
        sentence = f"the queue at home grows to the end of the run: {_how(home[0])}"
        told.append(_finding("queue_grows_home", sentence, home, *slots_at_home(scenario)))
    if away:
        names = _cut([each.worker for each in away], _MOST_NAMED)
        queues = "queue of" if len(away) == 1 else "queues of"
        grow = "grows" if len(away) == 1 else "grow"
        most = "" if len(away) == 1 else f"; of {away[0].worker}"
        sentence = f"the {queues} {names} {grow} to the end of the run{most}: {_how(away[0])}"
        slots = of_contractors(scenario, "slots")
        told.append(_finding("queue_grows_contractors", sentence, away, slots))
    return told


def slots_at_home(scenario: Scenario) -> list[str]:
    """Where it is stated how many slots clients have, who have to queue for them."""
    clients = scenario.clients
    queueing = [each for each in clients.populations if each.home.slots not in ("unlimited", 0)]
    return list(dict.fromkeys(clients.place_of(each, "slots") for each in queueing))


def queues_that_grow_somewhere(
    parts: Mapping[str, Judged], where: str, slots_of_contractors: str
) -> list[Finding]:
    """One finding for all the parts of a comparison or a sweep, by what they are called; `where` is as in
    ``with {} policies``. The part in which the longest wait is found comes first."""
    found = {label: sorted(growing(judged), key=_longest_first) for label, judged in parts.items()}
    grown = {label: queues for label, queues in found.items() if queues}
    if not grown:
        return []
    order = sorted(grown, key=lambda label: _longest_first(grown[label][0]))
    told = [f"{_cut([_waits(each) for each in grown[label]], 2)} ({label})" for label in order]
    workers = {each.worker for queues in grown.values() for each in queues}
    settings = [
        *(["clients.slots"] if HOME in workers else []),
        *([slots_of_contractors] if workers - {HOME} else []),
    ]
    sentence = (
        f"queues grow to the end of the run {where.format(f'{len(grown):,} of {len(parts):,}')} "
        f"({', '.join(settings)}); mean wait of the last tenth of tasks: {_cut(told, _MOST_NAMED, '; ')}"
    )
    numbers = {label: _numbers(grown[label]) for label in order[:_MOST_IN_EVIDENCE]}
    return [Finding("queues_grow", "problem", sentence, numbers, tuple(settings))]


def _longest_first(queue: GrowingQueue) -> float:
    return -queue.last_wait_s


def _waits(queue: GrowingQueue) -> str:
    return f"{number(queue.last_wait_s)} s at {queue.worker or 'home'}"


def _cut(told: list[str], most: int, between: str = ", ") -> str:
    """The first of them, and how many more there are."""
    more = f" and {len(told) - most:,} more" if len(told) > most else ""
    return between.join(told[:most]) + more


def _how(queue: GrowingQueue) -> str:
    load = (
        f"about {100 * queue.load:.0f} % of what can be done comes"
        if math.isfinite(queue.load)
        else "all comes at once"
    )
    often = "" if queue.judged == 1 else f", in {queue.growing} of {queue.judged} replications"
    return f"{load}, and the last tenth of tasks waits {number(queue.last_wait_s)} s on average{often}"


def _finding(code: str, sentence: str, queues: list[GrowingQueue], *settings: str) -> Finding:
    told = f"{sentence} ({_cut(list(settings), _MOST_NAMED)})"
    return Finding(code, "problem", told, _numbers(queues), settings)


def _numbers(queues: list[GrowingQueue]) -> dict[str, Any]:
    return {
        each.worker or "home": {
            "load": each.load,
            "last_wait_s": each.last_wait_s,
            "growing": each.growing,
            "judged": each.judged,
        }
        for each in queues
    }
