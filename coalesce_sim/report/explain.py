"""An explanation, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coalesce_sim.report.explanation import Explanation, Facts
from coalesce_sim.report.numbers import NOTHING, column, number

MOST_CONTRACTORS = 30

_COSTS = {
    "price_usd": "price",
    "communication_usd": "transfer",
    "verification_usd": "check",
    "integration_usd": "integrate",
    "risk_usd": "risk",
    "latency_penalty_usd": "lateness",
    "external_usd": "total",
}
_ABILITIES = {
    "skill_ontological": "ontol.",
    "skill_embedding": "embed.",
    "skill_performance": "perform.",
    "skill": "skill",
    "eligible": "eligible",
    "reliability": "reliab.",
    "security_risk": "sec.risk",
    "latency_s": "latency, s",
}
_SCORES = {"distance_to_best": "to best", "distance_to_worst": "to worst", "topsis_score": "closeness"}


def print_explanation(console: Console, told: Explanation) -> None:
    """Print the whole decision; of more than `MOST_CONTRACTORS` contractors the best ones."""
    best, rest = told.contractors[:MOST_CONTRACTORS], told.contractors[MOST_CONTRACTORS:]
    shown = best + [row for row in rest if row["chosen"]]
    which = f"the best {len(best)} of {len(told.contractors)} contractors" if rest else "all contractors"
    where = f"{told.scenario}, seed {told.seed}, replication {told.replication}"
    _print_title(console, f"Task {told.task['task']} of {where}")
    _print_facts(console, {name: value for name, value in told.task.items() if name != "task"})

    _print_title(console, "Estimated cost at home")
    _print_facts(console, told.home)
    _print_title(console, f"Estimated cost at a contractor, USD; {which}")
    console.print(_contractors_table(shown, _COSTS))
    _print_title(console, f"Skills, eligible from {told.skill_threshold:g} on; {which}")
    console.print(_contractors_table(shown, _ABILITIES))

    _print_title(console, f"Decision by {told.policy.get('class', told.policy.get('kind'))}")
    chance = {"exploration_probability": told.policy["epsilon"]} if "epsilon" in told.policy else {}
    basis = {name: told.decision[name] for name in ("explored", "score", "confidence")}
    _print_facts(console, chance | basis)
    for name, reason in told.reasons.items():
        _print_facts(console, reason if isinstance(reason, dict) else {"": reason}, f"{name}: ")
    scored = [row for row in shown if row["topsis_score"] is not None]
    if scored:
        console.print(_contractors_table(scored, _SCORES))
    console.print(Text(told.decision["verdict"], "bold"))

    _print_title(console, "What came of it")
    _print_facts(console, told.realised)


def _print_title(console: Console, text: str) -> None:
    console.print(Text(f"\n{text}", "bold"))


def _print_facts(console: Console, facts: Facts, label: str = "") -> None:
    console.print(
        Text(label + " · ".join(f"{name} {_shown(name, value)}".strip() for name, value in facts.items()))
    )


def _contractors_table(rows: list[Facts], columns: Mapping[str, str]) -> Table:
    """One row a contractor, the chosen one marked; only columns in which something stands."""
    table = Table(
        "", "contractor", box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0)
    )
    cells = [["→" if row["chosen"] else "" for row in rows], [row["contractor"] for row in rows]]
    for name, label in columns.items():
        values = [row.get(name) for row in rows]
        if any(value is not None for value in values):
            table.add_column(label, justify="right")
            cells.append([_shown(name, value) for value in values] if name == "eligible" else column(values))
    for row_cells in zip(*cells, strict=True):
        table.add_row(*map(Text, row_cells))
    return table


def _shown(name: str, value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value, 2 if name.endswith("_s") else None)
    if isinstance(value, list):
        return ", ".join(_shown(name, each) for each in value)
    return str(value)
