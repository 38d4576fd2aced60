"""Requests that are made up of answers: as many, and as long, as somebody says they are."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import stats

from coalesce_sim.arrays import FloatArray
from coalesce_sim.logs.answers import Answers
from coalesce_sim.logs.made_up import Requests, made_up

SEEDS = 400
PER_DAY, PROMPT, ANSWER, SPREAD, DAYS = 250.0, 1200.0, 300.0, 0.8, 0.5
OTHER = {"per_day": 50.0, "prompt_tokens": 90.0, "answer_tokens": 40.0, "target_s": 9.0}


def requests(seed: int, **others: object) -> Requests:
    kind = {"per_day": PER_DAY, "prompt_tokens": PROMPT, "answer_tokens": ANSWER, "target_s": 10.0}
    tasks = {"support": kind, **others}
    return made_up(Answers.model_validate({"tasks": tasks, "days": DAYS, "spread": SPREAD, "seed": seed}))


def holds(sample: FloatArray, expected: float) -> bool:
    """Whether the 99.9 % interval of a mean holds what is expected."""
    half_width = 3.29 * sample.std(ddof=1) / np.sqrt(len(sample))
    return bool(abs(sample.mean() - expected) <= half_width)


def test_requests_come_as_a_poisson_process_does() -> None:
    drawn = [requests(seed) for seed in range(SEEDS)]
    counts = np.array([len(each.arrival_s) for each in drawn], dtype=np.float64)
    assert holds(counts, PER_DAY * DAYS)
    assert holds((counts - PER_DAY * DAYS) ** 2, PER_DAY * DAYS)
    times = np.concatenate([each.arrival_s for each in drawn])
    assert stats.kstest(times / (86_400 * DAYS), "uniform").pvalue > 0.001


def test_lengths_are_lognormal_with_the_mean_and_the_spread_that_are_stated() -> None:
    drawn = [requests(seed) for seed in range(SEEDS)]
    for name, mean in (("prompt_tokens", PROMPT), ("answer_tokens", ANSWER)):
        lengths = np.concatenate([getattr(each, name) for each in drawn]).astype(np.float64)
        assert holds(lengths, mean)
        sigma = np.sqrt(np.log1p(SPREAD**2))
        normal = partial(stats.norm.cdf, loc=np.log(mean) - sigma**2 / 2, scale=sigma)
        assert (
            stats.kstest(
                np.log(lengths + np.random.default_rng(1).uniform(-0.5, 0.5, len(lengths))), normal
            ).pvalue
            > 0.001
        )


def test_another_type_leaves_the_requests_of_the_first_as_they_are() -> None:
    alone, beside = requests(3), requests(3, code=OTHER)
    first = beside.type_id == 0
    assert first.sum() < len(first)
    assert np.array_equal(alone.arrival_s, beside.arrival_s[first])
    assert np.array_equal(alone.answer_tokens, beside.answer_tokens[first])
    assert (np.diff(beside.arrival_s) >= 0).all()
