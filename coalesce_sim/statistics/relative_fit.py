"""Least squares of relative errors, with standard errors that hold whatever the noise, by cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.statistics.intervals import Estimate, t_quantile

_ITERATIONS: Final = 100
_SETTLED: Final = 1e-12


class NotToldApart(ValueError):
    """Columns that go together in all rows, so that no figures can be told for each of them."""


@dataclass(frozen=True, slots=True)
class RelativeFit:
    """``measured = offset + columns @ figures`` as fitted.

    `influence`, (clusters, figures), is by how much each cluster moves the figures: what they are less what
    they would be without it. The covariance of the figures is the sum of its outer products, with `degrees`
    of freedom.
    """

    figures: FloatArray
    influence: FloatArray
    degrees: int

    @property
    def standard_errors(self) -> FloatArray:
        """Of each figure."""
        return np.asarray(np.sqrt((self.influence**2).sum(axis=0)))

    @property
    def half_widths(self) -> FloatArray:
        """Half of the 95 % interval of each figure, by Student's t."""
        return np.asarray(t_quantile(self.degrees) * self.standard_errors)


def fit_relative(
    columns: FloatArray,
    measured: FloatArray,
    *,
    offset: FloatArray | float = 0.0,
    clusters: IntArray | None = None,
) -> RelativeFit:
    """Fit figures, none below 0, by least squares of ``(measured − predicted) / predicted``.

    `columns` is (rows, figures), `measured` is above 0, `offset` what is known of it. Rows of one cluster,
    numbered from 0, may hang together; left out, each row is its own.

    The standard errors are those of the jackknife by cluster, which for single rows are HC3 (MacKinnon and
    White 1985, Journal of Econometrics 29(3)) and for clusters CR3 (Bell and McCaffrey 2002, Survey
    Methodology 28(2)). Raises `NotToldApart`.
    """
    from scipy.optimize import nnls

    scale = columns.mean(axis=0)
    scaled, figures = columns / scale, columns.shape[1]
    if np.linalg.matrix_rank(scaled / measured[:, None], tol=1e-9) < figures:
        raise NotToldApart("cannot be told apart, for they go together in these runs")
    predicted = measured
    for _ in range(_ITERATIONS):
        found, _ = nnls(scaled / predicted[:, None], (measured - offset) / predicted)
        before, predicted = predicted, np.maximum(offset + scaled @ found, 1e-6 * measured)
        if (np.abs(predicted - before) <= _SETTLED * predicted).all():
            break
    relative = scaled / predicted[:, None]
    residuals = (measured - offset) / predicted - relative @ found
    of = np.arange(len(measured)) if clusters is None else clusters
    count = int(of.max()) + 1
    scores, own = np.zeros((count, figures)), np.zeros((count, figures, figures))
    np.add.at(scores, of, relative * residuals[:, None])
    np.add.at(own, of, relative[:, :, None] * relative[:, None, :])
    rest = np.linalg.pinv(own.sum(axis=0) - own, rcond=1e-9, hermitian=True)
    influence = np.einsum("gij,gj->gi", rest, scores)
    degrees = len(np.unique(of)) - figures
    return RelativeFit(found / scale, influence / scale, degrees)


def clustered_mean(values: FloatArray, clusters: IntArray) -> Estimate:
    """Mean with its 95 % interval where values of one cluster may hang together; clusters count from 0."""
    n = len(values)
    if n == 0:
        return Estimate(None, None, None, 0)
    mean = float(values.mean())
    _, place = np.unique(clusters, return_inverse=True)
    count = int(place.max()) + 1
    if count < 2:
        return Estimate(mean, None, None, n)
    sums = np.bincount(place, values - mean)
    error = float(np.sqrt(count / (count - 1) * (sums**2).sum()) / n)
    half_width = float(t_quantile(count - 1)) * error
    return Estimate(mean, float(values.std(ddof=1)), (mean - half_width, mean + half_width), n)
