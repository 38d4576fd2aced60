"""How much cheating a score lets pass for good, and what ballots make of a score."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.cast import everyone
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.streams import Streams
from tests.market.trading import contractor, market
from verification.cheating import Seen, check, jobs, within

MANY = 3000
IMPERFECT = (0.85, 0.98)


def accepted(good: float, sensitivity: float, specificity: float) -> float:
    """Probability that work is accepted which is good with that probability."""
    return good * specificity + (1 - good) * (1 - sensitivity)


def dancing(
    at: float, success: float, cheap: float, checked: tuple[float, float], model: dict[str, Any]
) -> Scenario:
    """One seller, which cheats while its score is at least `at`."""
    return jobs(
        MANY,
        contractor("it", success=success, own_cost_share=0.7),
        adversaries=[
            {
                "kind": "on_off",
                "who": {"members": ["it"]},
                "success": cheap,
                "cheat_above": at,
                "behave_below": at,
            }
        ],
        contracts={"verification": check(*checked)},
        reputation={"model": model},
    )


def share_of_cheats(seen: Seen) -> float:
    return float(np.mean([contract.effort is not None for contract in seen.ended]))


CASES = [
    (0.7, 1.0, 0.0, (1.0, 1.0), 0.3),
    (0.7, 1.0, 0.0, IMPERFECT, 0.3373),
    (0.7, 0.9, 0.36, IMPERFECT, 0.4395),
    (0.6, 0.75, 0.36, IMPERFECT, 0.5329),
]
"""Score, success of honest and of cheap work, sensitivity and specificity, and the share of cheats."""


@pytest.mark.parametrize(("at", "success", "cheap", "checked", "published"), CASES)
def test_a_score_that_forgets_nothing_lets_so_many_cheats_pass_for_good(
    at: float, success: float, cheap: float, checked: tuple[float, float], published: float
) -> None:
    """The score stays at θ, so that c·A_L + (1 − c)·A_H = θ; the error is that of so many verdicts."""
    honest, shoddy = accepted(success, *checked), accepted(cheap, *checked)
    share = (honest - at) / (honest - shoddy)
    assert share == pytest.approx(published, abs=5e-5)
    spread = share * shoddy * (1 - shoddy) + (1 - share) * honest * (1 - honest)
    error = math.sqrt(spread / MANY) / (honest - shoddy)
    seen = Seen(dancing(at, success, cheap, checked, {"kind": "beta"}))
    assert share_of_cheats(seen) == pytest.approx(share, abs=within(error) + 2 / MANY)


@pytest.mark.parametrize(
    "model", [{"kind": "beta", "forgetting": 0.99}, *({"kind": "ewma", "alpha": a} for a in (0.05, 0.2))]
)
def test_a_score_that_forgets_lets_as_many_pass_as_its_own_mean_says(model: dict[str, Any]) -> None:
    """A moving average is on average what it averages: what is accepted is its mean, which the cheat holds
    within a step of θ. So forgetting shortens milking, and hardly lowers what is sustained."""
    at, success, cheap = 0.7, 1.0, 0.0
    honest, shoddy = accepted(success, *IMPERFECT), accepted(cheap, *IMPERFECT)
    step = model.get("alpha", 0.01)
    seen = Seen(dancing(at, success, cheap, IMPERFECT, model))
    mean = float(np.append(0.5, seen.scores[:-1]).mean())
    assert mean == pytest.approx(at, abs=step)
    share = (honest - mean) / (honest - shoddy)
    spread = share * shoddy * (1 - shoddy) + (1 - share) * honest * (1 - honest)
    # What the score has moved in all, over its step, and the prior that does not fade.
    edge = 1 / (step * MANY * (honest - shoddy))
    assert share_of_cheats(seen) == pytest.approx(
        share, abs=within(math.sqrt(spread / MANY) / (honest - shoddy)) + edge
    )


def cycle(keep: float, good: int) -> tuple[float, float]:
    """Of a moving average under one cheat after so many good jobs, again and again: the score before the
    cheat, and before the last good job."""
    top = (1 - keep**good) / (1 - keep ** (good + 1))
    return top, 1 - keep ** (good - 1) * (1 - keep * top)


@pytest.mark.parametrize(("alpha", "good"), [(0.05, 3), (0.1, 3), (0.2, 4)])
def test_the_fewest_good_jobs_between_cheats_that_keep_a_seller_in_business(alpha: float, good: int) -> None:
    """Nobody hires below 0.7. Who waits for so many good jobs stays; with one less it is out soon."""
    skills = {
        "threshold": 0.7,
        "ontological_weight": 0,
        "embedding_weight": 0,
        "performance_weight": 1,
    }
    for waits, stays in ((good, True), (good - 1, False)):
        top, before = cycle(1 - alpha, waits)
        assert ((1 - alpha) * top >= 0.7) is stays
        at = (top + before) / 2
        scenario = jobs(
            400,
            contractor("it", own_cost_share=0.7),
            adversaries=[
                {
                    "kind": "on_off",
                    "who": {"members": ["it"]},
                    "success": 0,
                    "cheat_above": at,
                    "behave_below": at,
                }
            ],
            reputation={"model": {"kind": "ewma", "alpha": alpha}, "start": "warm"},
            skills=skills,
        )
        seen = Seen(scenario)
        if stays:
            settled = [contract.effort is not None for contract in seen.ended][200:]
            assert sum(settled) * (good + 1) == len(settled)
        else:
            assert len(seen.ended) < 50


@pytest.mark.parametrize(
    ("kind", "good", "many", "ballots"), [("ballot_stuffing", 10, 20, 15), ("bad_mouthing", 90, 100, 29)]
)
def test_so_many_ballots_take_a_score_across_the_bound(kind: str, good: int, many: int, ballots: int) -> None:
    """28 bad ones leave the second at 0.7; where only contracts may be rated, none counts."""
    adversary = {"kind": kind, "who": {"clients": 0.5}, "targets": ["it"], "per_hour": 1}
    types: dict[str, dict[str, Any]] = {"good": {}, "bad": {}}
    it = contractor(
        "it", outcomes={name: {"success": float(name == "good")} for name in types}, own_cost_share=0.7
    )

    def scores(honest_client: int, **defences: str) -> FloatArray:
        kinds = ["good"] * good + ["bad"] * (many - good)
        jobs = [*((each, 0.0) for each in kinds), ("good", 40 * 3600.0)]
        stated = market(
            [{"type": each, "arrival_s": at_s, "client": honest_client} for each, at_s in jobs],
            it,
            types=types,
            clients={"count": 2},
            adversaries=[adversary],
            reputation={},
            policy={"kind": "always_outsource"},
            defences=defences,
        )
        stated["clock"]["days"] = 2
        scenario = coalesce_sim.load(stated)
        _, cast = everyone(scenario, Streams(1, 0))
        assert cast is not None
        liar = cast.parts[0].clients[0]
        return Seen(scenario).scores if liar != honest_client else scores(liar ^ 1, **defences)

    record = scores(0)
    crossed = record >= 0.7 - 1e-12 if kind == "ballot_stuffing" else record < 0.7 - 1e-12
    assert int(np.argmax(crossed[many - 1 :])) == ballots
    assert len(scores(0, ratings="contracts")) == many + 1
