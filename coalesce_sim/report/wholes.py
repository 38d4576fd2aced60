"""A composite task: what was expected of it whole and split, its steps, and what came of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from coalesce_sim.market.observer import Considered
from coalesce_sim.market.records import Records
from coalesce_sim.policies.protocol import LOCAL, Way
from coalesce_sim.report import verdicts
from coalesce_sim.scenario.schema import Scenario

Facts = dict[str, Any]


def whole_of(
    scenario: Scenario, records: Records, row: int, names: tuple[str, ...], considered: Considered | None
) -> Facts | None:
    """The composite task that a task belongs to, step by step; None for one that has no steps.

    `considered` is the decision to split it or not, None where the policy is not asked.
    """
    block, wholes = records.block, records.block.wholes
    if wholes is None:
        return None
    members = np.flatnonzero(wholes.of == wholes.of[row])
    steps: list[int] = members[wholes.is_step[members]].tolist()
    if not steps or (len(steps) == 1 and considered is None):
        return None
    types = list(scenario.workload.types)
    after: dict[int, list[int]] = {each: [] for each in steps}
    for each in steps:
        for other in wholes.unlocks[each]:
            after[other].append(block.first + each)
    finished_s = float(records.finished_s[members][records.closes[members]].max())
    decision = {} if considered is None else _decision(considered, names)
    return {
        **decision,
        "steps": [
            {
                "task": block.first + each,
                "type": types[block.tasks.type_id[each]],
                "after": after[each],
                "worker": verdicts.worker(int(records.attempts[each]), int(records.contractor[each]), names),
                "good": bool(records.good[each]) if records.attempts[each] > 0 else None,
                "realised_usd": records.realised_usd[each],
                "finished_s": records.finished_s[each] if records.attempts[each] > 0 else None,
            }
            for each in steps
        ],
        "integration_usd": wholes.integration_usd[wholes.of[row]],
        **({} if considered is None else {"coordination_usd": records.coordination_usd[members].sum()}),
        "realised_usd": records.realised_usd[members].sum(),
        "loss_usd": records.loss_usd[members].sum(),
        "target_s": block.target_s[row],
        "turnaround_s": finished_s - block.tasks.arrival_s[row],
    }


def _decision(considered: Considered, names: tuple[str, ...]) -> Facts:
    whole, split = considered.view.whole, considered.view.split
    assert whole is not None
    assert split is not None
    return {
        "task": considered.block.first + considered.task,
        "split": considered.split,
        "verdict": verdicts.of_split(considered.split, whole.cheapest.usd, split.cheapest.usd),
        "ways": {
            "whole": _way(whole.cheapest, names),
            "whole, at home": _way(whole.at_home, names),
            "split": _way(split.cheapest, names),
            "split, at home": _way(split.at_home, names),
        },
    }


def _way(way: Way, names: tuple[str, ...]) -> Facts:
    parts = ("work_usd", "coordination_usd", "late_usd", "loss_usd", "usd", "turnaround_s")
    workers = ["home" if each == LOCAL else names[each] for each in way.contractors]
    return {"workers": workers} | {name: getattr(way, name) for name in parts}
