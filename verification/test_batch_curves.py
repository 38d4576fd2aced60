"""A straight line through four measured batch sizes gives the time per token at the others.

The measurements are those of the ML.ENERGY leaderboard (`coalesce-sim hardware h100_sxm`); they lie beside
a developer's checkout.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.markets import SHARED

MEASURED = SHARED / "data" / "mlenergy_llm_configs.csv"
SETTING = (
    *("model_id", "gpu_model", "num_gpus", "task", "tensor_parallel", "expert_parallel", "data_parallel"),
    "weight_precision",
)


@pytest.mark.skipif(not SHARED.exists(), reason="real data are not beside the checkout")
def test_four_points_give_the_rest_where_a_constant_does_not() -> None:
    by_line, by_constant = [], []
    for _, rows in pd.read_csv(MEASURED).groupby(list(SETTING)):
        if len(rows) < 6:
            continue
        rows = rows.sort_values("avg_batch_size")
        jobs = rows["avg_batch_size"].to_numpy()
        ms = 1000 * jobs / rows["output_throughput_tokens_per_sec"].to_numpy()
        fitted = np.unique(np.linspace(0, len(jobs) - 1, 4).round().astype(int))
        rest = np.setdiff1d(np.arange(len(jobs)), fitted)
        line = np.column_stack((np.ones(len(jobs)), jobs))
        found, *_ = np.linalg.lstsq(line[fitted] / ms[fitted, None], np.ones(len(fitted)), rcond=None)
        by_line.append(float(np.median(np.abs(line[rest] @ found / ms[rest] - 1))))
        by_constant.append(float(np.median(np.abs(ms[fitted].mean() / ms[rest] - 1))))
    assert len(by_line) == 56
    assert np.median(by_line) == pytest.approx(0.054, abs=0.002)
    assert np.median(by_constant) == pytest.approx(0.48, abs=0.01)
