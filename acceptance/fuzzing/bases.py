"""Where mutated scenarios begin: those that ship with the package, cut down to a few tasks."""

from __future__ import annotations

import copy
import math
import random
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from acceptance.fuzzing.case import PACKAGE_ROOT
from verification.markets_at_random import market_of
from verification.moving_at_random import moving_market_of

SCENARIOS = PACKAGE_ROOT / "scenarios"

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_MOST_LISTED = 5

_SHORT: dict[str, dict[str, Any]] = {
    "published": {"clock": {"days": 0.05}, "clients": {"count": 4}, "contractors": {"count": 6}},
    "cold_start": {"clock": {"days": 0.06}, "clients": {"count": 3}, "contractors": {"count": 5}},
    "cold_start_explore": {"clock": {"days": 0.06}, "clients": {"count": 3}, "contractors": {"count": 5}},
    "real_llm_35": {},
    "market": {
        "clock": {"days": 0.002, "timeline_min": 1},
        "clients": {"count": 2},
        "contractors": {"count": 5},
        "workload": {"arrivals": {"limit": 20}},
    },
    "azure_code_like": {"clock": {"days": 0.001, "timeline_min": 1}, "workload": {"arrivals": {"limit": 25}}},
    "real_agents_twin": {"workload": {"arrivals": {"limit": 15}}},
    "two_populations": {
        "clock": {"days": 0.003, "timeline_min": 1},
        "clients": {"groups": {"students": {"count": 2, "budget_usd_per_day": 1}, "firm": {"count": 1}}},
        "contractors": {"count": 5},
        "workload": {"arrivals": {"limit": 20}},
    },
    "batching": {"clock": {"days": 0.001, "timeline_min": 1}, "workload": {"arrivals": {"limit": 25}}},
    "entry_and_exit": {
        "clock": {"days": 0.01, "timeline_min": 1},
        "clients": {"count": 2},
        "contractors": {"count": 4},
        "turnover": {
            "entry": {"per_day": 400},
            "exit": {"in_the_red": {"usd": 0.01, "hours": 0.05}, "check_min": 1},
        },
        "workload": {"arrivals": {"gap_s": {"exponential": {"mean": 30}}, "limit": 25}},
    },
    "drift": {
        "clock": {"days": 0.13, "timeline_min": 10},
        "clients": {"count": 2},
        "contractors": {"count": 5},
        "workload": {"arrivals": {"gap_s": {"exponential": {"mean": 600}}, "limit": 20}},
    },
    "outages": {
        "clients": {"count": 2},
        "contractors": {"count": 5},
        "workload": {"arrivals": {"gap_s": {"exponential": {"mean": 500}}, "limit": 20}},
    },
}
"""Bundled scenarios, each with what makes it take a tenth of a second."""

_MOST: dict[str, float] = {
    "days": 0.5,
    "limit": 25,
    "count": 20,
    "replications": 2,
    "tasks_per_hour": 60,
    "retries": 4,
    "max": 5,
    "busy_factor": 10,
    "per_day": 500,
}
"""Fields that say how much is to be played, wherever they stand: what is larger is cut down to this."""


@cache
def _bundled(name: str) -> Any:
    for path in (SCENARIOS / f"{name}.yaml", SCENARIOS / "profiles" / f"{name}.yaml"):
        if path.exists():
            own = yaml.safe_load(path.read_text(encoding="utf-8"))
            base = _bundled(own.pop("extends")) if "extends" in own else {}
            return merged(base, own)
    raise FileNotFoundError(name)


def merged(base: Any, over: Any) -> Any:
    """What a file says, with what another says over it, mapping by mapping."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return copy.deepcopy(over)
    of_a_kind = over.get("kind", base.get("kind")) == base.get("kind")
    both = {name: merged(base[name], over[name]) for name in base if name in over}
    return {
        **(copy.deepcopy(base) if of_a_kind else {}),
        **copy.deepcopy(over),
        **(both if of_a_kind else {}),
    }


def names() -> list[str]:
    """The scenarios to begin with."""
    return list(_SHORT)


def short(name: str) -> dict[str, Any]:
    """A bundled scenario with all that it inherits, cut down to a few tasks; a copy of one's own."""
    scenario: dict[str, Any] = merged(_bundled(name), _SHORT[name])
    scenario["replications"] = 1
    scenario.pop("published", None)
    if isinstance(scenario["contractors"], list):
        del scenario["contractors"][_MOST_LISTED:]
    return scenario


def at_random(rng: random.Random) -> dict[str, Any]:
    """A small market with contracts, in which any feature may be."""
    any_market = rng.choice((market_of, moving_market_of))
    return any_market(rng.randrange(10**9), rng.randrange(6, 16), rng.randrange(2, 5))


def tame(scenario: Any) -> None:
    """Cut down, in place, what would only take long: how many are played, never what they are."""
    if isinstance(scenario, list):
        for each in scenario:
            tame(each)
    elif isinstance(scenario, dict):
        for field, value in scenario.items():
            most = _MOST.get(field) if isinstance(field, str) else None
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if most is not None and number and math.isfinite(value) and most < value < 1e9:
                scenario[field] = most
            else:
                tame(value)
        if scenario.get("kind") == "renewal" and scenario.get("limit", 0) in (0, None):
            scenario["limit"] = _MOST["limit"]


def write(scenario: Any, path: Path) -> None:
    """Write a scenario as a user might."""
    text = yaml.dump(scenario, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
