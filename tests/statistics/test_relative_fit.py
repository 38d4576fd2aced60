"""Least squares of relative errors, and what is known of its figures where rows hang together."""

from __future__ import annotations

import numpy as np
import pytest

from coalesce_sim.statistics.intervals import estimate
from coalesce_sim.statistics.relative_fit import NotToldApart, clustered_mean, fit_relative

RNG = np.random.default_rng(3)
ROWS = RNG.lognormal(0, 1, (24, 2))
MEASURED = ROWS @ [2.0, 0.5] * RNG.normal(1, 0.1, 24)
CLUSTERS = np.repeat(np.arange(8), 3)


def test_influence_is_what_a_cluster_moves_figures_by() -> None:
    """At the weights of the whole fit, which are those of what it predicts."""
    fit = fit_relative(ROWS, MEASURED, clusters=CLUSTERS)
    weights = 1 / (ROWS @ fit.figures)
    for cluster in range(8):
        rest = cluster != CLUSTERS
        without = np.linalg.lstsq(
            ROWS[rest] * weights[rest, None], MEASURED[rest] * weights[rest], rcond=None
        )[0]
        assert fit.influence[cluster] == pytest.approx(fit.figures - without, rel=1e-6)
    assert fit.degrees == 6


def test_single_rows_have_the_standard_errors_of_hc3() -> None:
    fit = fit_relative(ROWS, MEASURED)
    relative = ROWS / (ROWS @ fit.figures)[:, None]
    bread = np.linalg.inv(relative.T @ relative)
    leverage = np.einsum("ij,jk,ik->i", relative, bread, relative)
    residuals = (MEASURED / (ROWS @ fit.figures) - 1) / (1 - leverage)
    hc3 = bread @ (relative.T * residuals**2) @ relative @ bread
    assert fit.standard_errors == pytest.approx(np.sqrt(np.diag(hc3)), rel=1e-6)


def test_what_is_known_is_not_fitted_again() -> None:
    fit = fit_relative(ROWS[:, :1], ROWS @ [2.0, 0.5], offset=ROWS[:, 1] / 2)
    assert fit.figures == pytest.approx([2.0])


def test_columns_that_go_together_are_refused() -> None:
    with pytest.raises(NotToldApart, match="cannot be told apart"):
        fit_relative(np.stack([ROWS[:, 0], 3 * ROWS[:, 0]], axis=1), MEASURED)


def test_the_mean_of_alike_rows_is_known_less_well() -> None:
    values = np.repeat(RNG.normal(0, 1, 8), 3)
    alone = clustered_mean(values, np.arange(24))
    assert alone.ci95 == pytest.approx(estimate(values.tolist()).ci95)
    together = clustered_mean(values, CLUSTERS)
    of_means = estimate(values[::3].tolist())
    assert together.ci95 == pytest.approx(of_means.ci95)
    assert clustered_mean(values, np.zeros(24, dtype=np.int64)).ci95 is None
