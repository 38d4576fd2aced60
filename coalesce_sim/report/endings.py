"""How an explained task ended, and what it came to."""

from __future__ import annotations

from typing import Any

from coalesce_sim.cost_parts import COST_PARTS
from coalesce_sim.market.contracts.states import COMPLETED
from coalesce_sim.market.records import Records
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.report import verdicts
from coalesce_sim.scenario.schema import Scenario

Facts = dict[str, Any]


def realised(records: Records, row: int) -> Facts:
    """What it came to, in all and by parts that are not 0, beside what was expected and what all at home
    would have come to."""
    names = (
        *("estimated_usd", "realised_usd", "price_usd", "all_local_usd"),
        *("estimated_s", "turnaround_s", "all_local_s", "started_s", "finished_s"),
    )
    parts_usd = zip(COST_PARTS, records.parts_usd[:, row], strict=True)
    charged = {part.column: usd for part, usd in parts_usd if usd}
    return {**{name: getattr(records, name)[row] for name in names}, **charged}


def ending(
    scenario: Scenario, records: Records, row: int, names: tuple[str, ...], contracts: list[Facts]
) -> Facts:
    """How a task ended where that can be badly."""
    where, client = int(records.contractor[row]), int(records.block.tasks.client[row])
    good, loss_usd = bool(records.good[row]), float(records.loss_usd[row])
    failed = sum(each["state"] != COMPLETED or each["reason"] is not None for each in contracts)
    given_up = scenario.clients.of(client).home.slots == 0 if where == LOCAL else failed == len(contracts)
    given_up &= not scenario.plays_log
    place = "at home" if where == LOCAL else f"at {names[where]}"
    return {
        "loss_usd": loss_usd,
        "good": good,
        "attempts": int(records.attempts[row]),
        "verdict": verdicts.of_ending(
            int(records.attempts[row]), None if given_up else place, failed, good, loss_usd
        ),
    }
