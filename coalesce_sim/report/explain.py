"""An explanation, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from coalesce_sim.numbers import NOTHING, column, number, plural
from coalesce_sim.policies.mcdm import CRITERIA
from coalesce_sim.report.explanation import Explanation, Facts
from coalesce_sim.report.factors import factor_lines
from coalesce_sim.report.layout import Column, print_columns, print_pairs, print_wrapped

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
    "settlement_usd": "settle",
    "external_usd": "total",
}
_ABILITIES = {
    "skill_ontological": "ontol.",
    "skill_embedding": "embed.",
    "skill_performance": "perf.",
    "skill": "skill",
    "eligible": "eligible",
    "within_budget": "in budget",
    "reliability": "reliab.",
    "security_risk": "sec. risk",
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
_TOTALS = ("external_usd", "skill", "latency_s", "topsis_score")
"""Columns that stand in their table even where all contractors are alike."""

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
        for line in factor_lines(told.factors):
            print_wrapped(console, line, hang="   ")
    first = {name: getattr(told, name) for name in _OF_DECISION}
    attempts = [first, *told.retries]
    for attempt, decided in enumerate(attempts, 1):
        label = f"Decision {attempt} of {len(attempts)}: " if told.retries else ""
        _print_decision(console, told, decided, label)
    _print_title(console, "What came of it")
    _print_facts(console, _without(told.realised, "verdict"))
    if "verdict" in told.realised:
        print_wrapped(console, told.realised["verdict"], "bold")


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
        print_wrapped(console, decided["opportunity"]["sentence"])
    if shown:
        _print_title(console, f"Estimated cost at a contractor, USD; {which}")
        _print_contractors(console, shown, _COSTS)
    for reason, names in decided["left_out"].items():
        print_wrapped(console, f"{reason}: {_listed(names)}")
    if shown:
        _print_title(console, f"Skills, eligible from {told.skill_threshold:g} on; {which}")
        timed = any("working_s" in row for row in shown)
        _print_contractors(console, shown, _without(_ABILITIES, "latency_s") if timed else _ABILITIES)
    if shown and timed:
        _print_title(console, f"Time to the result at a contractor, s; {which}")
        _print_contractors(console, shown, _TIMES)

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
            print_wrapped(
                console, "Weighted and normalised; distance to the best and to the worst; closeness"
            )
        _print_contractors(console, scored, scores)
    _print_sentences(console, decided["cheaper"], MOST_CHEAPER)
    print_wrapped(console, decided["decision"]["verdict"], "bold")
    if decided["flips"]:
        _print_title(console, "What would have changed it")
        _print_sentences(console, decided["flips"], len(decided["flips"]))
    if decided["contract"] is not None:
        _print_title(console, f"Contract with {decided['contract']['contractor']}")
        _print_facts(console, _without(decided["contract"], "contractor", "verdict"))
        print_wrapped(console, decided["contract"]["verdict"], "bold")


def _print_sentences(console: Console, told: list[Facts], most: int) -> None:
    for each in told[:most]:
        print_wrapped(console, each["sentence"])
    if len(told) > most:
        print_wrapped(console, f"So it is with {len(told) - most} more (--json).")


def _print_whole(console: Console, whole: Facts, task: int) -> None:
    """A composite task, a row a step, the explained one marked."""
    steps = plural(len(whole["steps"]), "step")
    if "ways" in whole:
        _print_title(console, f"A task of {steps}, whole or split: expected, USD")
        _print_ways(console, whole["ways"])
        print_wrapped(console, whole["verdict"], "bold")
        _print_title(console, f"The steps of task {whole['task']}")
    else:
        _print_title(console, f"A step of a task of {len(whole['steps'])}")
    of_steps = whole["steps"]
    keys = [
        Column("", ["→" if step["task"] == task else "" for step in of_steps]),
        Column("step", [str(step["task"]) for step in of_steps]),
    ]
    labels = {"type": "type", "after": "after", "worker": "done by", "good": "good"}
    words = [
        Column(label, [_shown(name, step[name]) for step in of_steps], figures=False)
        for name, label in labels.items()
    ]
    figures = [
        Column("USD", [number(step["realised_usd"]) for step in of_steps]),
        Column("finished, s", [number(step["finished_s"], 0) for step in of_steps]),
    ]
    print_columns(console, keys, [*words, *figures])
    _print_facts(console, _without(whole, "steps", "ways", "verdict", "task"))


def _print_ways(console: Console, ways: Mapping[str, Facts]) -> None:
    """What was expected of each way of doing a task."""
    costs = {
        "work": "work_usd",
        "coordination": "coordination_usd",
        "lateness": "late_usd",
        "loss": "loss_usd",
        "in all": "usd",
    }
    columns = [Column(label, [number(way[name]) for way in ways.values()]) for label, name in costs.items()]
    takes = Column("takes, s", [number(way["turnaround_s"], 0) for way in ways.values()])
    print_columns(console, [Column("way", list(ways), figures=False)], [*columns, takes])
    for name, way in ways.items():
        print_wrapped(console, f"{name}: by {', '.join(dict.fromkeys(way['workers']))}", hang="  ")


def _print_title(console: Console, text: str) -> None:
    console.print(Text(f"\n{text}", "bold"))


def _print_facts(console: Console, facts: Facts, label: str = "") -> None:
    print_pairs(console, (f"{name} {_shown(name, value)}".strip() for name, value in facts.items()), label)


def _without(facts: Mapping[str, Any], *names: str) -> Facts:
    return {name: value for name, value in facts.items() if name not in names}


def _scores(rows: list[Facts]) -> dict[str, str]:
    """The columns of the policy's own figures, with their labels."""
    known = {*_COSTS, *_ABILITIES, *_OTHERS}
    own = {name: name.replace("_", " ") for row in rows[:1] for name in row if name not in known}
    scored = any(row["topsis_score"] is not None for row in rows)
    return _SCORES if scored else own


def _print_contractors(console: Console, rows: list[Facts], columns: Mapping[str, str]) -> None:
    """One row a contractor, the chosen one marked; only columns in which something stands.

    What is the same for all of several contractors is told above instead.
    """
    keys = [
        Column("", ["→" if row["chosen"] else "" for row in rows]),
        Column("contractor", [row["contractor"] for row in rows], figures=False),
    ]
    figures, alike = [], []
    for name, label in columns.items():
        values = [row.get(name) for row in rows]
        if all(value is None for value in values) or (name in _MAY_BE_NOUGHT and not any(values)):
            continue
        flags = name in ("eligible", "within_budget")
        cells = [_shown(name, value) for value in values] if flags else column(values)
        if len(cells) > 1 and len(set(values)) == 1 and name not in _TOTALS:
            alike.append(f"{label} {cells[0]}")
        else:
            figures.append(Column(label, cells))
    if alike:
        print_pairs(console, alike, "the same for all: ")
    if figures:
        print_columns(console, keys, figures)


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
