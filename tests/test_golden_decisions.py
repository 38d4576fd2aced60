"""The 60 published decisions, every component of them, played through the engine."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.experiments.tables.offers import offers_table
from coalesce_sim.market.observer import DecidedOffers
from tests.markets import SHARED

GOLDEN = SHARED / "spec" / "published-decisions.json"

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the published decisions are not in the project")


class Seen(coalesce_sim.Observer):
    """Keeps every decision."""

    def __init__(self) -> None:
        self.decisions: list[DecidedOffers] = []

    def decided(self, decided: DecidedOffers) -> None:
        self.decisions.append(decided)


@lru_cache(maxsize=1)
def decisions() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(GOLDEN.read_text())
    return loaded


def scenario_of(decision: dict[str, Any]) -> coalesce_sim.Scenario:
    """A market in which the decision is the first task and the client's queue comes behind it."""
    task = decision["task"]
    types = coalesce_sim.load("published").contractors.types  # type: ignore[union-attr]
    first = {name: task[name] for name in ("type", "complexity", "value_usd", "data_gb", "budget_usd")}
    first["documents"] = task["document_count"]
    queue = [
        {
            "type": task["type"],
            "value_usd": behind["value"],
            "duration_h": behind["estimated_duration_hours"],
        }
        for behind in decision["client_queue"]
    ]
    return coalesce_sim.load(
        {
            "extends": "published",
            "market_demand": None,
            "contractor_dynamics": None,
            "clients": {"count": 1},
            "workload": {
                "arrivals": {"kind": "listed", "tasks": [first, *queue]},
                "types": {
                    task["type"]: {
                        "max_latency_min": task["max_latency_minutes"],
                        "skills": task["required_skills"],
                    }
                },
                "attributes": {
                    "criticality": task["criticality"],
                    "data_sensitivity": task["data_sensitivity"],
                },
            },
            "contractors": [
                {
                    "name": each["name"],
                    "type": each["type"],
                    "skills": types[each["type"]].skills,
                    "price_usd": each["base_price_usd"],
                    "latency_min": each["latency_minutes"],
                    "reliability": each["reliability"],
                    "demand": each["demand"],
                    "available_capacity": each["available_capacity"],
                }
                for each in decision["contractors"]
            ],
            "policy": {"epsilon": 0},
        }
    )


@pytest.mark.parametrize("number", range(60))
def test_every_component_matches(number: int) -> None:
    decision = decisions()[number]
    scenario = scenario_of(decision)
    seen = Seen()
    staged = coalesce_sim.stage(scenario, seed=1, observer=seen)
    staged.play()
    first, market = seen.decisions[0], staged.market

    running = first.block.home.running
    ours = {
        "compute": running.compute_usd[0],
        "memory": running.memory_usd[0],
        "energy": running.energy_usd[0],
        "depreciation": running.depreciation_usd[0],
        "opportunity": first.block.home.opportunity_usd[0],
        "internal_total": first.offers.internal_usd[0],
    }
    assert ours == pytest.approx(decision["internal"], rel=1e-9, abs=1e-9)

    table = offers_table(first, 0, market.pool, market.skills, learning=False).to_pandas()
    names = {
        "price": "price_usd",
        "communication": "communication_usd",
        "verification": "verification_usd",
        "integration": "integration_usd",
        "risk": "risk_usd",
        "latency_penalty": "latency_penalty_usd",
        "external_total": "external_usd",
        "skill_compatibility": "skill",
        "topsis": "topsis_score",
    }
    for position, each in enumerate(decision["contractors"]):
        row = table.iloc[position]
        for theirs, value in each["expected"].items():
            assert row[names[theirs]] == pytest.approx(value, rel=1e-9, abs=1e-9), (each["name"], theirs)
        if "topsis" not in each["expected"]:
            assert np.isnan(row["topsis_score"])

    reasons = first.decision.reasons
    assert reasons is not None
    assert reasons["weights"] == pytest.approx(decision["weights"], rel=1e-9, abs=1e-9)


def test_the_sixty_cover_what_they_should() -> None:
    """Not all of them may be trivial: some have eligible contractors, queues and boosted weights."""
    scored = [each for each in decisions() if any("topsis" in c["expected"] for c in each["contractors"])]
    assert len(decisions()) == 60
    assert len(scored) > 20
    assert any(each["client_queue"] for each in decisions())
    assert any(each["task"]["data_sensitivity"] == "high" for each in scored)
