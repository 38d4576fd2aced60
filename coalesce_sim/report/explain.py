"""An explanation, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coalesce_sim.numbers import NOTHING, column, number, plural
from coalesce_sim.policies.mcdm import CRITERIA
from coalesce_sim.report.explanation import Explanation, Facts
from coalesce_sim.report.factors import factor_lines

MOST_CONTRACTORS = 30
MOST_NAMES = 8
MOST_CHEAPER = 3

_COSTS = {
    "price_usd": "price",
    "communication_usd": "transfer",
    "verification_usd": "check",
    "integration_usd": "integrate",
    "risk_usd": "risk",
    "latency_penalty_usd": "lateness",
    "correction_usd": "correction",
    "expected_loss_usd": "exp. loss",
    "expected_leak_usd": "exp. leak",
    "external_usd": "total",
}
_ABILITIES = {
    "skill_ontological": "ontol.",
    "skill_embedding": "embed.",
    "skill_performance": "perform.",
    "skill": "skill",
    "eligible": "eligible",
    "within_budget": "in budget",
    "reliability": "reliab.",
    "security_risk": "sec.risk",
    "latency_s": "latency, s",
}
_TIMES = {"working_s": "work", "waiting_s": "wait", "overhead_s": "overhead", "latency_s": "total"}
_SCORES = {
    **{f"weighted_{name}": name for name in CRITERIA},
    "distance_to_best": "to best",
    "distance_to_worst": "to worst",
    "topsis_score": "closeness",
}
_OTHERS = ("contractor", "type", "chosen", "calibration_factor", "time_factor", *_TIMES, *_SCORES)
_MAY_BE_NOUGHT = ("correction_usd", "waiting_s", "overhead_s")
_OF_DECISION = (
    *("home", "opportunity", "contractors", "left_out", "reasons", "decision", "cheaper", "flips"),
    "contract",
)


def print_explanation(console: Console, told: Explanation) -> None:
    """Print all decisions on a task; of more than `MOST_CONTRACTORS` contractors the best ones."""
    where = f"{told.scenario}, seed {told.seed}, replication {told.replication}"
    _print_title(console, f"Task {told.task['task']} of {where}")
    _print_facts(console, _without(told.task, "task"))
    if told.whole is not None:
        _print_whole(console, told.whole, told.task["task"])
    if told.factors:
        _print_title(console, "Factors of the cost at home, by equation")
        console.print(Text("\n".join(factor_lines(told.factors))))
    first = {name: getattr(told, name) for name in _OF_DECISION}
    attempts = [first, *told.retries]
    for attempt, decided in enumerate(attempts, 1):
        label = f"Decision {attempt} of {len(attempts)}: " if told.retries else ""
        _print_decision(console, told, decided, label)
    _print_title(console, "What came of it")
    _print_facts(console, _without(told.realised, "verdict"))
    if "verdict" in told.realised:
        console.print(Text(told.realised["verdict"], "bold"))


def _print_decision(console: Console, told: Explanation, decided: Facts, label: str) -> None:
    """One decision: both costs, the skills, the scores, and the contract that it led to."""
    offers: list[Facts] = decided["contractors"]
    best, rest = offers[:MOST_CONTRACTORS], offers[MOST_CONTRACTORS:]
    shown = best + [row for row in rest if row["chosen"]]
    who = "contractors who offer" if decided["left_out"] else "contractors"
    which = f"the best {len(best)} of {len(offers)} {who}" if rest else f"all {who}"
    if decided["home"]:
        _print_title(console, f"{label}estimated cost at home" if label else "Estimated cost at home")
        _print_facts(console, decided["home"])
        console.print(Text(decided["opportunity"]["sentence"]))
    if shown:
        _print_title(console, f"Estimated cost at a contractor, USD; {which}")
        console.print(_contractors_table(shown, _COSTS))
    for reason, names in decided["left_out"].items():
        console.print(Text(f"{reason}: {_listed(names)}"))
    if shown:
        _print_title(console, f"Skills, eligible from {told.skill_threshold:g} on; {which}")
        timed = any("working_s" in row for row in shown)
        console.print(_contractors_table(shown, _without(_ABILITIES, "latency_s") if timed else _ABILITIES))
    if shown and timed:
        _print_title(console, f"Time to the result at a contractor, s; {which}")
        console.print(_contractors_table(shown, _TIMES))

    _print_title(console, f"Decision by {told.policy.get('class', told.policy.get('kind'))}")
    chance = {"exploration_probability": told.policy["epsilon"]} if "epsilon" in told.policy else {}
    basis = {name: decided["decision"][name] for name in ("explored", "score", "confidence")}
    _print_facts(console, chance | basis)
    for name, reason in decided["reasons"].items():
        _print_facts(console, reason if isinstance(reason, dict) else {"": reason}, f"{name}: ")
    scores = _scores(shown)
    if scores:
        scored = [row for row in shown if any(row.get(name) is not None for name in scores)]
        if scores is _SCORES:
            console.print(Text("Weighted and normalised; distance to the best and to the worst; closeness"))
        console.print(_contractors_table(scored, scores))
    _print_sentences(console, decided["cheaper"], MOST_CHEAPER)
    console.print(Text(decided["decision"]["verdict"], "bold"))
    if decided["flips"]:
        _print_title(console, "What would have changed it")
        _print_sentences(console, decided["flips"], len(decided["flips"]))
    if decided["contract"] is not None:
        _print_title(console, f"Contract with {decided['contract']['contractor']}")
        _print_facts(console, _without(decided["contract"], "contractor", "verdict"))
        console.print(Text(decided["contract"]["verdict"], "bold"))


def _print_sentences(console: Console, told: list[Facts], most: int) -> None:
    for each in told[:most]:
        console.print(Text(each["sentence"]))
    if len(told) > most:
        console.print(Text(f"So it is with {len(told) - most} more (--json)."))


def _print_whole(console: Console, whole: Facts, task: int) -> None:
    """A composite task, a row a step, the explained one marked."""
    steps = plural(len(whole["steps"]), "step")
    if "ways" in whole:
        _print_title(console, f"A task of {steps}, whole or split: expected, USD")
        _print_ways(console, whole["ways"])
        console.print(Text(whole["verdict"], "bold"))
        _print_title(console, f"The steps of task {whole['task']}")
    else:
        _print_title(console, f"A step of a task of {len(whole['steps'])}")
    table = _table("step", "type", "after", "done by", "good", "USD", "finished, s")
    for step in whole["steps"]:
        cells = [_shown(name, step[name]) for name in ("task", "type", "after", "worker", "good")]
        cells += [number(step["realised_usd"]), number(step["finished_s"], 0)]
        table.add_row("→" if step["task"] == task else "", *map(Text, cells))
    console.print(table)
    _print_facts(console, _without(whole, "steps", "ways", "verdict", "task"))


def _print_ways(console: Console, ways: Mapping[str, Facts]) -> None:
    """What was expected of each way of doing a task."""
    labels = ("way", "work", "coordination", "lateness", "loss", "in all", "takes, s", "by")
    table = _table(*labels)
    for name, way in ways.items():
        costs = (way[part] for part in ("work_usd", "coordination_usd", "late_usd", "loss_usd", "usd"))
        cells = [name, *map(number, costs), number(way["turnaround_s"], 0), ", ".join(way["workers"])]
        table.add_row("", *map(Text, cells))
    console.print(table)


def _print_title(console: Console, text: str) -> None:
    console.print(Text(f"\n{text}", "bold"))


def _print_facts(console: Console, facts: Facts, label: str = "") -> None:
    console.print(
        Text(label + " · ".join(f"{name} {_shown(name, value)}".strip() for name, value in facts.items()))
    )


def _without(facts: Mapping[str, Any], *names: str) -> Facts:
    return {name: value for name, value in facts.items() if name not in names}


def _scores(rows: list[Facts]) -> dict[str, str]:
    """The columns of the policy's own figures, with their labels."""
    known = {*_COSTS, *_ABILITIES, *_OTHERS}
    own = {name: name.replace("_", " ") for row in rows[:1] for name in row if name not in known}
    scored = any(row["topsis_score"] is not None for row in rows)
    return _SCORES if scored else own


def _contractors_table(rows: list[Facts], columns: Mapping[str, str]) -> Table:
    """One row a contractor, the chosen one marked; only columns in which something stands."""
    table = _table("contractor")
    cells = [["→" if row["chosen"] else "" for row in rows], [row["contractor"] for row in rows]]
    for name, label in columns.items():
        values = [row.get(name) for row in rows]
        if any(value is not None for value in values) and not (name in _MAY_BE_NOUGHT and not any(values)):
            table.add_column(label, justify="right")
            flags = name in ("eligible", "within_budget")
            cells.append([_shown(name, value) for value in values] if flags else column(values))
    for row_cells in zip(*cells, strict=True):
        table.add_row(*map(Text, row_cells))
    return table


def _table(*columns: str) -> Table:
    return Table("", *columns, box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))


def _listed(names: list[str]) -> str:
    """The names, of many the first ones and how many there are."""
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES:,} more"


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
