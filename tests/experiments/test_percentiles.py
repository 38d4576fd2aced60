"""Percentiles of a replication are those of numpy, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from coalesce_sim.experiments.totals import PERCENTILES, percentiles


@pytest.mark.parametrize("count", [1, 2, 3, 20, 101, 1000])
def test_percentiles_are_those_of_numpy(count: int) -> None:
    values = np.random.default_rng(count).lognormal(sigma=3, size=count)
    assert percentiles(values.copy()) == np.percentile(values, PERCENTILES).tolist()
