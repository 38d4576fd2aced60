"""The intervals of `fit_hardware` hold the truth as often as they say, although noise grows with length."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from coalesce_sim import fit_hardware

TRUTH = {"prefill": 2500.0, "decode": 50.0}
START_S, REPETITIONS = 0.8, 600


@pytest.mark.parametrize("runs", [20, 50])
def test_of_95_percent_intervals_so_many_hold_the_truth(runs: int) -> None:
    held = dict.fromkeys((*TRUTH, "start"), 0)
    for repetition in range(REPETITIONS):
        rng = np.random.default_rng([repetition, runs])
        work = {"prefill": 2000 * np.exp(rng.standard_normal(runs))}
        work["decode"] = 300 * np.exp(0.8 * rng.standard_normal(runs))
        seconds = START_S + sum(work[part] / rate for part, rate in TRUTH.items())
        sd = 0.02 * np.sqrt(seconds)
        fit = fit_hardware(seconds * np.exp(sd * rng.standard_normal(runs) - sd**2 / 2), work, start=True)
        assert fit.start_s is not None
        for part, rate in TRUTH.items():
            low, high = fit.rates[part].ci95
            held[part] += low <= rate <= high
        held["start"] += fit.start_s.ci95[0] <= START_S <= fit.start_s.ci95[1]
    # HC3 is on the safe side with few runs; two points below 95 % and three above are let pass.
    least, most = binom.ppf(0.0005, REPETITIONS, 0.93), binom.ppf(0.9995, REPETITIONS, 0.98)
    assert all(least <= count <= most for count in held.values()), held
