"""How an explained task ended: what it came to, and how its whole did."""

from __future__ import annotations

from typing import Any

import numpy as np

from coalesce_sim.market.contracts.states import COMPLETED
from coalesce_sim.market.records import Records
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.report import verdicts
from coalesce_sim.scenario.schema import Scenario

Facts = dict[str, Any]


def realised(records: Records, row: int) -> Facts:
    """What it came to, beside what was expected and what all at home would have come to."""
    names = (
        *("estimated_usd", "realised_usd", "price_usd", "all_local_usd"),
        *("estimated_s", "turnaround_s", "all_local_s", "started_s", "finished_s"),
    )
    return {name: getattr(records, name)[row] for name in names}


def ending(
    scenario: Scenario, records: Records, row: int, names: tuple[str, ...], contracts: list[Facts]
) -> Facts:
    """How a task ended where that can be badly."""
    where = int(records.contractor[row])
    good, loss_usd = bool(records.good[row]), float(records.loss_usd[row])
    failed = sum(each["state"] != COMPLETED or each["reason"] is not None for each in contracts)
    given_up = scenario.clients.slots == 0 if where == LOCAL else failed == len(contracts)
    place = "at home" if where == LOCAL else f"at {names[where]}"
    return {
        "loss_usd": loss_usd,
        "good": good,
        "attempts": int(records.attempts[row]),
        "verdict": verdicts.of_ending(
            int(records.attempts[row]), None if given_up else place, failed, good, loss_usd
        ),
    }


def whole(scenario: Scenario, records: Records, row: int, names: tuple[str, ...]) -> Facts | None:
    """The composite task that a task is a step of, step by step."""
    block, wholes = records.block, records.block.wholes
    if wholes is None or wholes.steps[wholes.of[row]] == 1:
        return None
    types = list(scenario.workload.types)
    members = np.flatnonzero(wholes.of == wholes.of[row]).tolist()
    after: dict[int, list[int]] = {each: [] for each in members}
    for each in members:
        for other in wholes.unlocks[each]:
            after[other].append(block.first + each)
    finished_s = float(records.finished_s[members][records.closes[members]].max())
    return {
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
            for each in members
        ],
        "integration_usd": wholes.integration_usd[wholes.of[row]],
        "realised_usd": records.realised_usd[members].sum(),
        "loss_usd": records.loss_usd[members].sum(),
        "target_s": block.target_s[row],
        "turnaround_s": finished_s - block.tasks.arrival_s[row],
    }
