"""Which fields are worth a control of their own, section by section, and what they are called there."""

from __future__ import annotations

from typing import Final

from coalesce_sim.lab.controls.entries import POLICY, SECTIONS, Entry
from coalesce_sim.lab.controls.listed import ENTRIES
from coalesce_sim.lab.controls.ways import covers
from coalesce_sim.report.fields import label_of
from coalesce_sim.scenario.document import EVERY
from coalesce_sim.scenario.problems import Steps

_OF_TOPSIS: Final = (
    "kind",
    "epsilon",
    "outsource_above_score",
    "outsource_above_confidence",
    "only_if_cheaper_percent",
    "weights.cost",
    "weights.reliability",
    "weights.latency",
    "weights.security",
)
"""What of the published policy is shown at once; it has twenty settings besides."""


_IN_POLICIES: Final = {
    "boosts.cost": "boost of cost (times)",
    "boosts.cost_if_budget_share_below": "boosted at budgets below (share of the value)",
    "boosts.latency": "boost of latency (times)",
    "boosts.latency_if_max_min_below": "boosted at targets below (min)",
    "boosts.security_if_sensitive": "boost of security for sensitive tasks (times)",
    "by_task_type": "a record for each type of task",
    "confidence.initial": "confidence to begin with",
    "confidence.warm_up": "decisions before scores count",
    "confidence.window": "last scores that count",
    "confidence.good_score": "score of a good decision",
    "drift.step": "step of wandering weights",
    "drift.sd": "standard deviation of a step",
    "drift.up_to_score": "weights wander up to a score of",
    "explored_too": "random choices are held to this, too",
    "pooled_weight": "weight of the record on all types (observations)",
    "prior_weight": "weight of what an offer says (observations)",
    "scale_usd": "saving of the best reward (USD)",
    "within_budget": "only offers within the budget",
}
"""What settings of policies are called that have no name in `report.fields`."""

_WRITTEN_DOWN: Final = ("explored_score", "explored_confidence")
"""What is only written down, and decides nothing."""


_BY_LENGTH: Final = {
    key: [each for each in ENTRIES if (each.way[0], len(each.way)) == key]
    for key in {(each.way[0], len(each.way)) for each in ENTRIES}
}


def entry_for(steps: Steps) -> Entry | None:
    """The entry of a field that is worth a control, those of policies apart. A kind has one only where it is
    listed: with another one most settings would have to be others."""
    among = _BY_LENGTH.get((steps[0], len(steps)), ())
    fitting = (each for each in among if covers(each.way, steps, whole=True))
    return next((each for each in fitting if steps[-1] != "kind" or each.way[-1] == "kind"), None)


def entry_of_policy(place: Steps, kind: str | None, steps: Steps) -> Entry | None:
    """The entry of a setting of a policy, which stands at a place; None of what decides nothing."""
    inner = ".".join(map(str, steps[len(place) :]))
    if inner in _WRITTEN_DOWN:
        return None
    first = inner in _OF_TOPSIS if kind == "topsis" else "." not in inner
    label = _IN_POLICIES.get(inner) or label_of(f"policy.{inner}").removeprefix("policy ")
    of_group = (*place[:-2], EVERY, place[-1]) if len(place) > 1 else place
    return Entry(POLICY, (*of_group, *steps[len(place) :]), label, further=not first)


def place_in_catalogue(entry: Entry) -> tuple[int, bool, int]:
    """Where an entry stands among all: by section, and the further ones last."""
    rank = next((rank for rank, each in enumerate(ENTRIES) if each is entry), 0)
    return SECTIONS.index(entry.section), entry.further, rank
