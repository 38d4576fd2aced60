"""What a log says that its tasks came to, beside what they come to as played."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coalesce_sim.arrays import BoolArray
from coalesce_sim.cost_parts import GROUPS, IN_GROUP
from coalesce_sim.market.logged.charges import logged_charges
from coalesce_sim.market.records import Records
from coalesce_sim.rounding import exceeds

Term = tuple[NDArray[Any], BoolArray | None]
"""What is summed up, one entry a task, and of which tasks; None for all."""


def logged_terms(records: Records, counted: slice, late_usd_per_s: float) -> dict[str, Term]:
    """What logged tasks are summed up in, of those rows of a finished block; nothing without a log."""
    block = records.block
    if block.logged is None:
        return {}
    charges = logged_charges(block, block.logged, late_usd_per_s)
    s, target_s = charges.s[counted], block.target_s[counted]
    return {
        "as_logged_usd": (charges.usd[counted], None),
        **{
            f"as_logged_{group}_usd": (charges.parts_usd[places, counted].sum(axis=0), None)
            for group, places in IN_GROUP.items()
        },
        "as_logged_outsourced": (~block.logged.at_home[counted], None),
        "as_logged_good": (charges.good[counted], None),
        "as_logged_late": (exceeds(s, target_s), None),
        "as_logged_s": (s, None),
        "moved": (records.contractor[counted] != block.logged.to[counted], None),
    }


def against_log(sums: Mapping[str, float]) -> dict[str, float]:
    """The metrics that those sums make, all but how long tasks took; NaN where bills are not in the log."""
    tasks, logged_usd = sums["tasks"], sums["as_logged_usd"]

    def share(name: str) -> float:
        return 100 * sums[name] / tasks if tasks > 0 else np.nan

    return {
        "as_logged_usd": logged_usd,
        **{f"as_logged_{group}_usd": sums[f"as_logged_{group}_usd"] for group in GROUPS},
        "as_logged_outsourcing_rate": share("as_logged_outsourced"),
        "as_logged_success_rate": share("as_logged_good"),
        "as_logged_late_rate": share("as_logged_late"),
        "moved_rate": share("moved"),
    }
