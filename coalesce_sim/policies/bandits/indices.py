"""The textbook formulas, as pure functions; the last axis of every array is the arms."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np

from coalesce_sim.arrays import FloatArray

Amount = TypeVar("Amount", float, FloatArray)


def shrunk_mean(count: FloatArray, total: FloatArray, prior: FloatArray, weight: float) -> FloatArray:
    """Mean of `count` observations that sum to `total` and of `weight` more at `prior`; `prior` if none."""
    if weight > 0:
        return np.asarray((total + weight * prior) / (count + weight))
    return np.where(count > 0, total / np.where(count > 0, count, 1.0), prior)


def ucb1(plays: float, count: FloatArray, mean: FloatArray, exploration: float = 2.0) -> FloatArray:
    """``mean + √(exploration·ln plays / count)``; infinite for an arm never tried.

    Source: Auer, Cesa-Bianchi and Fischer (2002), Machine Learning 47, figure 1 (`exploration` 2).
    """
    return np.where(count > 0, mean + np.sqrt(exploration * _log(plays) / np.maximum(count, LEAST)), np.inf)


def ucb_v(
    plays: float,
    count: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
    exploration: float = 1.2,
    bias: float = 1.0,
) -> FloatArray:
    """``mean + √(2·variance·E / count) + 3·bias·E / count``, ``E = exploration·ln plays``; infinite if
    untried.

    Source: Audibert, Munos and Szepesvári (2009), Theoretical Computer Science 410, equation 18.
    """
    share = exploration * _log(plays) / np.maximum(count, LEAST)
    return np.where(count > 0, mean + np.sqrt(2 * variance * share) + 3 * bias * share, np.inf)


def beta_posterior(count: FloatArray, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Both parameters of a Beta posterior from a uniform prior, with each reward as a fraction of a success.

    Source: Agrawal and Goyal (2012), COLT; fractional updates in place of their Bernoulli trial, which has
    the same mean and adds noise.
    """
    # Rounding may leave a sum of rewards a hair outside [0, count], and Beta takes none of it.
    good = np.maximum(np.minimum(count * mean, count), 0.0)
    return 1 + good, 1 + (count - good)


def exp3_gamma(alternatives: int, horizon: int) -> float:
    """The γ with the least bound on regret after `horizon` decisions.

    Source: Auer, Cesa-Bianchi, Freund and Schapire (2002), SIAM J. Computing 32, corollary 3.2.
    """
    return min(1.0, math.sqrt(alternatives * math.log(alternatives) / ((math.e - 1) * horizon)))


def exp3_probabilities(log_weights: FloatArray, gamma: float) -> FloatArray:
    """``(1 − γ)·w/Σw + γ/K``. Source: as `exp3_gamma`, figure 1."""
    grown = log_weights - log_weights.max(axis=-1, keepdims=True)
    # numpy's exponentials and sums depend on the machine
    weights = np.array([math.exp(each) for each in grown.ravel().tolist()]).reshape(grown.shape)
    shares = weights / weights.cumsum(axis=-1)[..., -1:]
    return np.asarray((1 - gamma) * shares + gamma / log_weights.shape[-1])


def exp3_growth(reward: Amount, probability: Amount, alternatives: int, gamma: float) -> Amount:
    """What the chosen arm's log weight grows by: ``γ/K · reward/probability``. Source: as `exp3_gamma`."""
    return gamma * reward / (probability * alternatives)


LEAST = 1e-9
"""Stands in for a count of 0 where the result is not used."""


def _log(plays: float) -> float:
    return math.log(max(plays, 1.0))
