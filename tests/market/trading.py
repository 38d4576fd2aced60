"""Tiny learning markets with figures that can be checked by hand, and a policy that follows a script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import coalesce_sim
from coalesce_sim import LOCAL, Decision, Outcome, Policy, RunResult, View
from coalesce_sim.policies.protocol import Surroundings

HOME = "home"
HOME_USD = 0.1
LATE_USD_PER_S = 0.01
VALUE_USD = 10.0


def contractor(name: str, **facts: Any) -> dict[str, Any]:
    """A contractor that takes 1 USD and 60 s, and whose work is good."""
    return {"name": name, "price_usd": 1.0, "latency_min": 1.0, "reliability": 1.0} | facts


def market(
    arrivals: Iterable[float | dict[str, Any]],
    *contractors: dict[str, Any],
    types: dict[str, Any] | None = None,
    attributes: dict[str, Any] | None = None,
    clients: dict[str, Any] | None = None,
    cost_model: dict[str, Any] | None = None,
    realised: dict[str, Any] | None = None,
    external: dict[str, Any] | None = None,
    **sections: Any,
) -> dict[str, Any]:
    """Jobs worth `VALUE_USD` that are late after 300 s; at home one takes 60 s and `HOME_USD`.

    `arrivals` are seconds, or listed tasks. Everybody passes the skill threshold.
    """
    tasks = [each if isinstance(each, dict) else {"type": "job", "arrival_s": each} for each in arrivals]
    hardware = {"peak_flop_s": 1e12, "tdp_w": 0, "memory_gb": 10, "purchase_usd": 0, "lifetime_h": 1}
    hardware |= {"compute_usd_per_h": 3600 * HOME_USD, "electricity_usd_per_kwh": 0}
    job = {"max_latency_min": 5, "local_min": 1, "base_flop": 1e12}
    model = {
        "internal": {
            "work": "flop",
            "execution_time_unit": "second",
            "flop_reference_gb": 1,
            "opportunity": "none",
        },
        "external": {"pricing": {"kind": "flat"}} | (external or {}),
        "late_usd_per_min": 60 * LATE_USD_PER_S,
        "realised": {"basis": "physical"} | (realised or {}),
    }
    scenario: dict[str, Any] = {
        "name": "trading",
        "title": "a learning market",
        "clock": {"start": datetime(2026, 6, 1), "days": 1},
        "workload": {
            "arrivals": {"kind": "listed", "tasks": tasks},
            "types": {name: job | kind for name, kind in (types or {"job": {}}).items()},
            "attributes": {"data_gb": 1, "value_usd": VALUE_USD} | (attributes or {}),
        },
        "clients": {"count": 1, "hardware": hardware} | (clients or {}),
        "contractors": list(contractors),
        "contracts": {},
        "skills": {
            "threshold": 0.5,
            "ontological_weight": 0,
            "embedding_weight": 1,
            "performance_weight": 0,
        },
        "cost_model": model | (cost_model or {}),
        "policy": {"kind": "cheapest"},
    }
    return scenario | sections


@dataclass
class Script:
    """Plays a list of choices, contractors by name or `HOME`; whatever comes after them stays at home.

    Keeps what it was offered at each decision, by name, and what it was told.
    """

    choices: list[str]
    names: list[str] = field(default_factory=list)
    offered: list[tuple[int, list[str]]] = field(default_factory=list)
    internal_usd: list[float] = field(default_factory=list)
    external_usd: list[dict[str, float]] = field(default_factory=list)
    skill: list[dict[str, float]] = field(default_factory=list)
    eligible: list[list[str]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def policy(self) -> Policy:
        """A policy that follows the script; for one replication."""
        return _Scripted(self)

    @property
    def told(self) -> list[tuple[int, str, bool]]:
        """Task, who worked on it, and whether the client took the work for good."""
        return [(each.task, self.names[each.contractor], each.success) for each in self.outcomes]


class _Scripted(Policy):
    def __init__(self, script: Script) -> None:
        self._script = script

    def start(self, surroundings: Surroundings) -> None:
        self._script.names = [*surroundings.contractor_names, HOME]
        self._choices: Iterator[str] = iter(self._script.choices)

    def decide(self, view: View) -> Decision:
        script = self._script
        names = [script.names[contractor] for contractor in view.ids]
        script.offered.append((view.task, names))
        script.internal_usd.append(view.internal_usd)
        script.external_usd.append(dict(zip(names, view.external_usd.tolist(), strict=True)))
        script.skill.append(dict(zip(names, view.skill.tolist(), strict=True)))
        script.eligible.append([name for name, passes in zip(names, view.eligible, strict=True) if passes])
        choice = next(self._choices, HOME)
        return Decision(LOCAL if choice == HOME else names.index(choice))

    def observe(self, outcome: Outcome) -> None:
        self._script.outcomes.append(outcome)


def play(scenario: dict[str, Any], *choices: str) -> tuple[RunResult, Script]:
    """One replication, decided by a script."""
    script = Script(list(choices))
    result = coalesce_sim.run(coalesce_sim.load(scenario), replications=1, policy=script.policy)
    return result, script


def run_of(scenario: dict[str, Any], **options: Any) -> RunResult:
    """One replication under the scenario's own policy."""
    return coalesce_sim.run(coalesce_sim.load(scenario), **({"replications": 1} | options))
