"""The simulator's tables beside those of the plain market: the one place that knows both."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd

from coalesce_sim import Scenario, run, stage
from verification.plain_market import play
from verification.plain_skills import Nearness

OF_HONEST_TWINS = {"manipulated", "harm_usd"}
"""What a contract kept honestly would have been, which tests of those who cheat work out by hand."""

OF_POLICIES_THAT_SCORE = {"score", "confidence"}


def plain_facts(scenario: Scenario) -> dict[str, Any]:
    """The facts of the first replication, as they come out of a file."""
    told: dict[str, Any] = json.loads(json.dumps(stage(scenario).facts(), allow_nan=False))
    return told


def differences(scenario: Scenario) -> list[str]:
    """Where the first replication of a scenario differs, to nine digits, in words."""
    simulated, plain = run(scenario, replications=1), play(plain_facts(scenario))
    found = [
        *_differences_of_skills(scenario),
        *_differences("decisions", simulated.decisions, plain.decisions),
    ]
    if scenario.plays_log:
        return found
    found += _differences("contracts", simulated.contracts, plain.contracts)
    if scenario.reputation is not None:
        found += _differences("ratings", simulated.ratings, plain.ratings)
    return found


def _differences_of_skills(scenario: Scenario) -> list[str]:
    """The first two parts of eq. 12, which decide only by thresholds and ranks."""
    simulated, near = stage(scenario).market, Nearness(facts := plain_facts(scenario))
    found, everyone = [], facts["contractors"]
    sources = facts["sources"] or range(len(everyone))
    names = [everyone[source]["name"] for source in sources]
    for row, (name, kind) in enumerate(facts["settings"]["types"].items()):
        for column, who in enumerate(facts["contractors"]):
            pairs = {
                "skills": (simulated.skills.ontological, near.of_skills(kind["skills"], who["skills"])),
                "texts": (simulated.skills.embedding, near.of_texts(name, names[column], who["type"])),
            }
            found += [
                f"{part} of {name} and {who['name']}: {values[row, column]!r} against {plain!r}"
                for part, (values, plain) in pairs.items()
                if not _same(float(values[row, column]), plain)
            ]
    return found


def _differences(table: str, simulated: pd.DataFrame, plain: list[dict[str, Any]]) -> list[str]:
    frame = simulated.drop(columns="replication")
    rows: list[dict[Any, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    if len(rows) != len(plain):
        return [f"{table}: {len(rows)} rows against {len(plain)}"]
    return [
        f"{table}[{number}].{name}: {row[name]!r} against {other.get(name, 'nothing')!r}"
        for number, (row, other) in enumerate(zip(rows, plain, strict=True))
        for name in row.keys() - OF_POLICIES_THAT_SCORE - OF_HONEST_TWINS
        if not _same(row[name], other.get(name, "nothing"))
    ]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)
