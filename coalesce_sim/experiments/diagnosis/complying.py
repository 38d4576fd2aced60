"""Clients to whom rules about who may be hired leave nobody."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from coalesce_sim.compliance.masks import Masks
from coalesce_sim.experiments.diagnosis.unused.levels import chains_of, level_by
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.market.cast import everyone
from coalesce_sim.market.contracts.allowed import masks_of
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.streams import Streams


def nobody_allowed(scenario: Scenario) -> Iterator[str]:
    """Sentences on clients that may hire nobody, by what is drawn in the first replication."""
    if scenario.compliance is None:
        return
    streams, first = Streams(scenario.seed), drawn(scenario, scenario.seed, 0)
    roster, _ = everyone(first, streams)
    masks = masks_of(scenario.compliance, first, roster, streams)
    enter_s = roster.presence.enter_s
    there = np.isfinite(enter_s)
    told = False
    for row in range(len(masks.laws)):
        if masks.closed[row, there].all():
            told = True
            yield f"{_who(masks, row, scenario)} nobody to hire"
        elif masks.closed_to_sensitive[row, there].all() and _sensitive(scenario):
            yield f"{_who(masks, row, scenario)} nobody to hire for tasks of high data_sensitivity"
    opens_s = (enter_s + masks.limits.onboarding_s)[there]
    if not told and opens_s.min(initial=np.inf) >= scenario.clock.horizon_s:
        yield "compliance.tiers: nobody may be hired before the last tasks come, all being onboarded"


def _sensitive(scenario: Scenario) -> bool:
    """Whether any task has data of high sensitivity."""
    return any(level_by(chain) == "high" for chain in chains_of(scenario))


def _who(masks: Masks, row: int, scenario: Scenario) -> str:
    """The rules that leave the clients under a law something, and how many clients these are."""
    law, many = masks.laws[row], int(np.count_nonzero(masks.law_of == row))
    rules = [name for name, table in masks.closed_by.items() if table[row].any()]
    places = " and ".join(f"compliance.{name}" for name in rules)
    leave = "leaves" if len(rules) == 1 else "leave"
    if len(masks.laws) == 1:
        everybody = f"all {many:,} clients" if many > 1 else "the client"
        return f"{places} {leave} {everybody}"
    of_all = f"{many:,} of {scenario.clients.total:,} clients, those of {law}"
    return f"{places} {leave} {of_all} in replication 0 of seed {scenario.seed},"
