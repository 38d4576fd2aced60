"""Queues that grew to the end of what was played, in words."""

from __future__ import annotations

import math

from coalesce_sim.experiments.diagnosis.finding import Finding, of_contractors
from coalesce_sim.experiments.queues import HOME, GrowingQueue, Judged, growing
from coalesce_sim.numbers import number
from coalesce_sim.scenario.schema import Scenario

_MOST_NAMED = 3


def queues_that_grow(scenario: Scenario, judged: Judged) -> list[Finding]:
    """One finding for home and one for all contractors."""
    found = growing(judged)
    home = [each for each in found if each.worker == HOME]
    away = sorted((each for each in found if each.worker != HOME), key=lambda each: -each.last_wait_s)
    told = []
    if home:
        sentence = f"the queue at home grows to the end of the run: {_how(home[0])}"
        told.append(_finding("queue_grows_home", sentence, home, "clients.slots"))
    if away:
        more = f" and {len(away) - _MOST_NAMED} more" if len(away) > _MOST_NAMED else ""
        names = ", ".join(each.worker for each in away[:_MOST_NAMED]) + more
        queues = "queue of" if len(away) == 1 else "queues of"
        grow = "grows" if len(away) == 1 else "grow"
        most = "" if len(away) == 1 else f"; of {away[0].worker}"
        sentence = f"the {queues} {names} {grow} to the end of the run{most}: {_how(away[0])}"
        slots = of_contractors(scenario, "slots")
        told.append(_finding("queue_grows_contractors", sentence, away, slots))
    return told


def _how(queue: GrowingQueue) -> str:
    load = (
        f"about {100 * queue.load:.0f} % of what can be done comes"
        if math.isfinite(queue.load)
        else "all comes at once"
    )
    often = "" if queue.judged == 1 else f", in {queue.growing} of {queue.judged} replications"
    return f"{load}, and the last tenth of tasks waits {number(queue.last_wait_s)} s on average{often}"


def _finding(code: str, sentence: str, queues: list[GrowingQueue], setting: str) -> Finding:
    numbers = {
        each.worker or "home": {
            "load": each.load,
            "last_wait_s": each.last_wait_s,
            "growing": each.growing,
            "judged": each.judged,
        }
        for each in queues
    }
    return Finding(code, "problem", f"{sentence} ({setting})", numbers, (setting,))
