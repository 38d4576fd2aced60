"""What moving the money came to, in words: amounts and how often, then how long and how much waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.text import Text

from coalesce_sim.numbers import duration, with_half_width
from coalesce_sim.report.costs import NONE
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.statistics.intervals import Estimate

FIRST: Final = "borne by clients"

LINES: Final = {
    FIRST: ("frictions_usd", None),
    "fees": ("fees_usd", None),
    "loss by exchange": ("fx_loss_usd", None),
    "cost of capital": ("capital_cost_usd", None),
    "disputes": ("disputes_usd", "disputes"),
    "charge-backs": ("charge_backs_usd", "charge_backs"),
    "written off": ("written_off_usd", None),
    "of which by clients": ("written_off_by_clients_usd", None),
    "payments that failed": (None, "payment_failures"),
}
"""By what stands before it: the metrics of the amount and of how often, None where there is no such."""

NOTE: Final = (
    "In a replication. Clients bear the fees that they pay, loss by exchange, lost disputes, what they write "
    "off and capital, less what is charged back; the rest is borne by contractors and the platform. What "
    "sellers make is told before their part of it."
)


def settled(estimates: Mapping[str, Estimate]) -> dict[str, tuple[Estimate, Estimate]]:
    """What clients bear, and the lines that come to anything: the amount in USD, and how often."""
    told = {
        label: (estimates.get(usd or "", NONE), estimates.get(count or "", NONE))
        for label, (usd, count) in LINES.items()
    }
    return {
        label: (usd, count)
        for label, (usd, count) in told.items()
        if usd.mean or count.mean or (label == FIRST and usd.n)
    }


def waits(estimates: Mapping[str, Estimate]) -> str:
    """How long payment takes and how much waits, in a sentence; empty where nothing was paid."""
    days, held_usd = estimates.get("days_to_paid_p50", NONE), estimates.get("held_usd_p95", NONE)
    if days.mean is None:
        return ""
    return (
        f"Half of the contracts are paid within {duration(86_400 * days.mean)} of their award; "
        f"{with_half_width(held_usd)} USD are held at the 95th percentile"
    )


def print_settlement(console: Console, estimates: Mapping[str, Estimate]) -> None:
    """Print what settlement came to; nothing where there was none."""
    lines = settled(estimates)
    if not lines:
        return
    console.print(Text("Settlement", "bold"))
    columns = [Column("USD", [with_half_width(usd) if usd.n else "" for usd, _ in lines.values()])]
    if any(count.n for _, count in lines.values()):
        counts = [with_half_width(count) if count.n else "" for _, count in lines.values()]
        columns.append(Column("number", counts))
    print_columns(console, [Column("", list(lines), figures=False)], columns)
    if told := waits(estimates):
        print_wrapped(console, f"{told}.")
    print_wrapped(console, NOTE, "dim")
