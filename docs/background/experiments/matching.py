"""What the pages on eq. 12 and on TOPSIS's kin play: markets with known truth, `market_day`, recorded agents.

`played.py` plays it and prints its tables.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Final

import pandas as pd

import coalesce_sim

HERE: Final = Path(__file__).parent
RECORDED: Final = str(HERE / "described_agents.yaml")

PARTS: Final = ("ontological", "embedding", "performance")
WEIGHTS: Final = {
    "hybrid": (0.3, 0.5, 0.2),
    "ontology": (1.0, 0.0, 0.0),
    "embedding": (0.0, 1.0, 0.0),
    "performance": (0.0, 0.0, 1.0),
    "ontology + embedding": (0.375, 0.625, 0.0),
    "ontology + performance": (0.6, 0.0, 0.4),
    "embedding + performance": (0.0, 0.7, 0.3),
    "none": (0.0, 0.0, 0.0),
}
"""Weights of eq. 12: the paper's, each part alone, and pairs in the paper's proportion (5 to 2 rounded)."""

FEW: Final = {"kind": "registry", "k": 5, "newcomer_share": 0.2}
"""As many candidates whatever the weights: the five best by eq. 12, of which one place goes round."""


def by_parts(*labels: str) -> dict[str, Any]:
    """A factor of a sweep: the weights of eq. 12 by label, all of them unless some are named."""
    chosen = labels or tuple(label for label in WEIGHTS if label != "none")
    names = [f"{part}_weight" for part in PARTS]
    return {"alternatives": {each: dict(zip(names, WEIGHTS[each], strict=True)) for each in chosen}}


def parts(name: str, base: str, replications: int, policies: list[str], **settings: Any) -> dict[str, Any]:
    """A sweep over the weights of eq. 12 and policies."""
    return {
        "name": name,
        "base": base,
        "set": settings,
        "factors": {"policy": policies, "skills": by_parts(*(WEIGHTS if "discovery" in settings else ()))},
        "replications": replications,
        "seed": 1,
    }


SWEEPS: Final = {
    "parts_day": parts("parts_day", "market_day", 20, ["topsis"]),
    "parts_recorded": parts("parts_recorded", RECORDED, 20, ["topsis"]),
    "parts_recorded_few": parts(
        "parts_recorded_few", RECORDED, 40, ["random"], **{"skills.threshold": 0, "discovery": FEW}
    ),
}

TAKES_THE_BEST: Final = "epsilon=0,outsource_above_score=0,outsource_above_confidence=0"
"""TOPSIS that hires whomever it puts first, as weighted sum and VIKOR do."""

TOPSIS_VARIANTS: Final = {
    (weighting, scale): f"topsis({TAKES_THE_BEST},weighting={weighting},normalisation={scale})"
    for weighting in ("fixed", "critic", "entropy")
    for scale in ("min_max", "vector")
}
KIN: Final = (*TOPSIS_VARIANTS.values(), "weighted_sum", "vikor", "always_outsource", "random", "cheapest")

BRANCHES: Final = {
    "a": (["python", "debugging"], "Mend what is broken in a program and show by a run that it holds"),
    "b": (["statistics", "tables"], "Work out from rows of numbers what differs between two groups"),
    "c": (["search", "writing"], "Look for what was published on a question and sum it up in prose"),
}
"""By task type of the built markets: what it asks for, and what it is about."""

OFFERS: Final = {
    "a": (["java", "testing"], "Programs that are broken, mended and shown to hold by a run"),
    "b": (["statistics", "plots"], "Numbers in rows, groups compared, what differs worked out"),
    "c": (["search", "translation"], "What was published is looked for and a question answered in prose"),
}
"""What a contractor of each branch says of itself: other words for the like."""

TREE: Final = """\
skill,parent,synonyms
software,,
python,software,
java,software,
debugging,software,
testing,software,
numbers,,
statistics,numbers,
tables,numbers,
plots,numbers,
letters,,
search,letters,
writing,letters,
translation,letters,
"""

TRUTHS: Final = ("skills", "texts", "neither")
POOLS: Final = 10


def built(truth: str, pool: int, tree: Path) -> dict[str, Any]:
    """A market of 30 contractors whose skills, texts and hidden bent are drawn separately, each of three.

    Work is good with 0.9 where what `truth` names is the task's own branch, else with 0.3.
    """
    draw = random.Random(pool)
    contractors = []
    for number in range(30):
        bents = {name: draw.choice("abc") for name in TRUTHS}
        outcomes = {kind: {"success": 0.9 if bents[truth] == kind else 0.3} for kind in "abc"}
        contractors.append(
            {
                "name": f"c{number}",
                "skills": OFFERS[bents["skills"]][0],
                "text": OFFERS[bents["texts"]][1],
                "outcomes": outcomes,
                "price_usd": 0.05,
                "latency_min": 1.0,
                "reliability": 0.95,
            }
        )
    types = {kind: {"share": 1, "skills": skills, "text": text} for kind, (skills, text) in BRANCHES.items()}
    return {
        "extends": "market",
        "name": "built",
        "workload": {
            "arrivals": {"gap_s": {"exponential": {"mean": 20}}, "limit": 300},
            "types": {"coding": None, "analysis": None, "research": None}
            | {kind: {"max_latency_min": 5} | facts for kind, facts in types.items()},
        },
        "contractors": contractors,
        "cost_model": {"external": {"pricing": {"kind": "flat"}}},
        "skills": {
            "threshold": 0,
            "ontology": {"path": str(tree)},
            "embedder": {"kind": "hashing"},
            "embedding": None,
        },
        "discovery": FEW,
        "reputation": {"by_task_type": True},
        "policy": {"kind": "random"},
    }


def play_built(out: Path) -> pd.DataFrame:
    """Savings by truth, weights and pool, a replication each; kept in a CSV file."""
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        tree = out.with_name("built_skills.csv")
        tree.write_text(TREE)
        rows = []
        for truth in TRUTHS:
            for label, weights in WEIGHTS.items():
                for pool in range(POOLS):
                    stated = [f"skills.{part}_weight={w}" for part, w in zip(PARTS, weights, strict=True)]
                    scenario = coalesce_sim.load(built(truth, pool, tree), stated)
                    played = coalesce_sim.run(scenario, seed=pool + 1, replications=1).replications[0]
                    rows.append({"truth": truth, "parts": label, "pool": pool} | played)
        pd.DataFrame(rows).to_csv(out, index=False)
    return pd.read_csv(out)
