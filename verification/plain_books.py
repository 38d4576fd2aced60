"""What contractors live on, and when they give up; see `verification/plain_market.py`."""

from __future__ import annotations

import math
from typing import Any

from verification.plain_given import Contractor, slot_usd_per_h
from verification.plain_policies import exceeds


def left_usd(
    who: Contractor, contracts: list[dict[str, Any]], shared: set[str], now_s: float
) -> tuple[float, float] | None:
    """What a contractor has spent and what it was paid by now, by the contracts that have ended; None where
    nothing tells its costs. Nobody pays for idle slots of boxes that are shared."""
    if who.spent_usd(1.0, 1.0, 0.0) is None:
        return None
    mine = [row for row in contracts if row["contractor"] == who.name]
    spent_usd, paid_usd = sum(row["own_usd"] for row in mine), sum(row["paid_usd"] for row in mine)
    machine = who.written["hardware"] if who.written["slot_usd_per_h"] is None else None
    alone = who.stated["box"] not in shared
    if machine is not None and machine["basis"] == "owned" and who.most_slots < math.inf and alone:
        there_s = min(now_s, who.leave_s) - who.enter_s
        slots = who.most_slots if who.curve is None else 1
        idle_s = max(0.0, slots * there_s - sum(row["worked_s"] for row in mine))
        spent_usd += idle_s * slot_usd_per_h(machine)["depreciation"] / 3600
    return spent_usd, paid_usd


class Ruin:
    """Looks at the books now and then; who is in the red at every look for so long leaves."""

    def __init__(self, rules: dict[str, Any], contractors: list[Contractor], shared: set[str]) -> None:
        self.rules, self.contractors, self.shared = rules, contractors, shared
        self.red_since_s = dict.fromkeys(contractors, math.inf)

    def look(self, contracts: list[dict[str, Any]], now_s: float) -> None:
        for who in self.contractors:
            left = left_usd(who, contracts, self.shared, now_s)
            red = left is not None and exceeds(left[0], left[1] + self.rules["usd"]) and who.is_there(now_s)
            self.red_since_s[who] = min(self.red_since_s[who], now_s) if red else math.inf
            if now_s - self.red_since_s[who] >= 3600 * self.rules["hours"]:
                who.leave_s = now_s
