"""An import in four lines, from the facts that it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coalesce_sim.numbers import duration, number, plural


def headlines(facts: Mapping[str, Any]) -> list[str]:
    """Rows, period, tasks and bill; `facts` are those of ``import.json``."""
    rows, tasks, period = facts["rows"], facts["tasks"], facts["period"]
    bill_usd = tasks["bill_usd"]
    calls, failed = facts["calls"]["calls"], facts["calls"]["failed"]
    zones = ", ".join(f"{zone} ({count:,})" for zone, count in period["zones"].items() if count)
    numbers = ", ".join(f"epoch {unit} ({count:,})" for unit, count in period["numbers"].items())
    start = datetime.fromisoformat(period["start"])
    return [
        f"{plural(rows['read'], 'row')} read, {rows['kept']:,} kept, {rows['left_out']:,} left out; "
        f"{rows['order']}",
        f"{_lasting(period['days'])} from {start:%Y-%m-%d %H:%M:%S} UTC; times as in the log: "
        + ", ".join(filter(None, (zones, numbers))),
        f"{failed:,} of {plural(calls, 'call')} failed ({failed / calls:.1%}); "
        f"{plural(tasks['tasks'], 'task')}, of which "
        f"{tasks['tried_again']:,} were tried again and {tasks['failed']:,} failed for good",
        f"bill {number(bill_usd, 2 if bill_usd >= 1 else None)} USD; seconds p50 {tasks['seconds_p50']:.3g}, "
        f"p95 {tasks['seconds_p95']:.3g}, p99 {tasks['seconds_p99']:.3g}",
    ]


def _lasting(days: float) -> str:
    """How long a log is: days, or of less than one the two largest units."""
    told = f"{days:.3g}"
    if told == "1":
        return "1 day"
    return f"{told} days" if days > 1 else duration(days * 86_400)
