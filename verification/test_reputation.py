"""Reputation against closed forms: how long a contractor with a good name can cheat, and EigenTrust."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from coalesce_sim.arrays import FloatArray
from coalesce_sim.reputation import Ratings
from coalesce_sim.reputation.eigentrust import eigentrust
from coalesce_sim.scenario.reputation import Reputation

GOOD_JOBS = 100
BAD_NAME = Fraction(7, 10)


def cheats_until_bad_name(model: dict[str, Any]) -> int:
    """Consecutive cheats after 100 good jobs, up to and with the one that takes the score below 0.7."""
    book = Ratings(Reputation.model_validate({"model": model}), 1, 1, np.array([0.5]))
    for _ in range(GOOD_JOBS):
        book.rate(0.0, 0, 0, 0, 1.0)
    cheats = 0
    while book.scores[0, 0] >= float(BAD_NAME):
        book.rate(0.0, 0, 0, 0, 0.0)
        cheats += 1
    return cheats


def beta_after(forgetting: Fraction, cheats: int) -> Fraction:
    """Exact score: prior of one good and one bad rating that does not fade, all ratings fading."""

    def faded(ratings: int) -> Fraction:
        return sum((forgetting**i for i in range(ratings)), Fraction(0))

    good = forgetting**cheats * faded(GOOD_JOBS)
    return (1 + good) / (2 + good + faded(cheats))


def window_after(window: int, cheats: int) -> Fraction:
    """Exact score: prior of one good and one bad rating, and the last ratings of 100 good ones and cheats."""
    good = max(0, min(window, GOOD_JOBS + cheats) - cheats)
    return Fraction(1 + good, 2 + min(window, GOOD_JOBS + cheats))


def ewma_after(alpha: Fraction, cheats: int) -> Fraction:
    """Exact score from an initial 0.5: ``(1 − α)ⁿ·(1 − (1 − 0.5)·(1 − α)¹⁰⁰)``."""
    return (1 - alpha) ** cheats * (1 - Fraction(1, 2) * (1 - alpha) ** GOOD_JOBS)


@pytest.mark.parametrize(("forgetting", "cheats"), [("1", 43), ("0.99", 24), ("0.9", 3)])
def test_cheats_that_a_beta_score_lets_pass(forgetting: str, cheats: int) -> None:
    """The default prior, one good and one bad rating, does not fade; if it did, it would be 4 at λ = 0.9."""
    exact = Fraction(forgetting)
    assert beta_after(exact, cheats) < BAD_NAME <= beta_after(exact, cheats - 1)
    assert cheats_until_bad_name({"kind": "beta", "forgetting": float(exact)}) == cheats


@pytest.mark.parametrize(("window", "cheats"), [(10, 3), (20, 6), (50, 15), (100, 30), (1000, 43)])
def test_cheats_that_a_sliding_window_lets_pass(window: int, cheats: int) -> None:
    """In a window longer than the record it is the Beta score that forgets nothing."""
    assert window_after(window, cheats) < BAD_NAME <= window_after(window, cheats - 1)
    assert cheats_until_bad_name({"kind": "sliding_window", "window_ratings": window}) == cheats


@pytest.mark.parametrize(("alpha", "cheats"), [("0.05", 7), ("0.1", 4), ("0.2", 2), ("0.3", 1)])
def test_cheats_that_an_ewma_lets_pass(alpha: str, cheats: int) -> None:
    """Any initial score below 1 gives these (default 0.5); 1 gives exactly 0.7 at α = 0.3, and so 2."""
    exact = Fraction(alpha)
    assert ewma_after(exact, cheats) < BAD_NAME <= ewma_after(exact, cheats - 1)
    assert cheats_until_bad_name({"kind": "ewma", "alpha": float(exact)}) == cheats


def power_iteration(local_trust: FloatArray, pretrust: FloatArray, weight: float) -> FloatArray:
    """Global trust of clients, then contractors, by the iteration of the paper over all agents."""
    clients, contractors = local_trust.shape
    agents = clients + contractors
    local = np.zeros((agents, agents))
    for client in range(clients):
        for contractor in range(contractors):
            good = max(local_trust[client, contractor], 0.0)
            local[client, clients + contractor] = local[clients + contractor, client] = good
    everywhere = np.concatenate([pretrust, np.zeros(contractors)])
    normalised = np.array([row / row.sum() if row.sum() > 0 else everywhere for row in local])
    trust = everywhere
    for _ in range(math.ceil(math.log(1e-13) / math.log(1 - weight))):
        trust = (1 - weight) * normalised.T @ trust + weight * everywhere
    return trust


@pytest.mark.parametrize("weight", [0.05, 0.2, 0.7])
@pytest.mark.parametrize("pretrusted", [1, 12])
def test_eigentrust_is_the_fixed_point_of_the_papers_iteration(weight: float, pretrusted: int) -> None:
    rng = np.random.default_rng(7)
    pretrust = np.zeros(12)
    pretrust[:pretrusted] = 1 / pretrusted
    for _ in range(20):
        local_trust = np.where(rng.random((12, 8)) < 0.25, rng.normal(1, 3, (12, 8)), 0.0)
        clients, contractors = eigentrust(local_trust, pretrust, weight)
        both = np.concatenate([clients, contractors])
        assert both == pytest.approx(power_iteration(local_trust, pretrust, weight), abs=1e-11)
        assert both.sum() == pytest.approx(1.0)


def clique_score(model: dict[str, Any], camouflage: float) -> float:
    """Score of a bad contractor whom 30 of 60 clients collude to praise.

    Contractors 0 to 8 are good at 0.9, contractor 9 at 0.1. Honest clients hire anyone and say what they got.
    A colluding client praises contractor 9; with probability `camouflage` it rates as the honest do.
    """
    rng = np.random.default_rng(11)
    book = Ratings(Reputation.model_validate({"model": model}), 1, 60, np.full(10, 0.5))
    for _ in range(6000):
        client, contractor = int(rng.integers(60)), int(rng.integers(10))
        colluding = client >= 30
        if colluding and rng.random() >= camouflage:
            book.rate(0.0, client, 9, 0, 1.0)
        else:
            good = rng.random() < (0.1 if contractor == 9 else 0.9)
            book.rate(0.0, client, contractor, 0, float(good))
    return float(book.scores[0, 9])


def test_a_colluding_clique_gains_little_where_honest_clients_are_pretrusted() -> None:
    """Half of all clients praise a bad contractor: ten times as many words as the honest have of it.

    A Beta score believes them. EigenTrust with five honest clients pretrusted does not: nobody trusts those
    who praise nothing else, so the score is that of the honest (0.1, to four standard errors of 300 ratings).
    With all pretrusted alike, the clique lives on its own share of the pretrust.
    """
    with_pretrust = {"kind": "eigentrust", "pretrusted_clients": 5}
    assert clique_score({"kind": "beta"}, camouflage=0) > 0.85
    assert clique_score({"kind": "eigentrust"}, camouflage=0) > 0.85
    assert clique_score(with_pretrust, camouflage=0) == pytest.approx(0.1, abs=4 * math.sqrt(0.09 / 300))


def test_camouflage_buys_a_clique_trust_and_more_pretrust_takes_it_back() -> None:
    """One rating in ten of the clique is honest, so it agrees with honest clients and is trusted for it."""
    scores = [
        clique_score(
            {"kind": "eigentrust", "pretrusted_clients": 5, "pretrust_weight": weight}, camouflage=0.1
        )
        for weight in (0.1, 0.3, 0.7)
    ]
    beta = clique_score({"kind": "beta"}, camouflage=0.1)
    assert beta > scores[0] + 0.1 > scores[1] + 0.2 > scores[2] + 0.3
