from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coalesce_sim.report.experience_figures import estimation_error_curve, reputations
from coalesce_sim.statistics.intervals import estimate

Row = tuple[int, float, str, str, float]


def ratings(path: Path, *rows: Row) -> Path:
    """A table of (replication, time_s, contractor, type, score_after), in small row groups."""
    names = ("replication", "time_s", "contractor", "type", "score_after")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    table = pa.table(columns | {name: pa.array(columns[name]).dictionary_encode() for name in names[2:4]})
    pq.write_table(table, path / "ratings.parquet", row_group_size=2)
    return path / "ratings.parquet"


TWO_RUNS: tuple[Row, ...] = (
    (0, 25.0, "a", "x", 0.6),
    (0, 50.0, "b", "x", 0.3),
    (0, 75.0, "a", "y", 0.8),
    (0, 75.0, "a", "x", 0.4),
    (1, 50.0, "a", "x", 0.2),
    (1, 100.0, "c", "x", 0.1),
    (1, 100.0, "b", "y", 0.9),
)


def test_the_score_over_time_is_the_mean_of_the_replications_that_tell(tmp_path: Path):
    a, b, c = reputations(ratings(tmp_path, *TWO_RUNS), by_type=False, first_only=False)
    assert [(each.name, each.ratings) for each in (a, b, c)] == [("a", 4), ("b", 2), ("c", 1)]
    times_s = a.curve.time_s.tolist()
    at = {time_s: a.curve.mean[times_s.index(time_s)] for time_s in (25.0, 50.0, 75.0, 100.0)}
    assert at == pytest.approx({25.0: 0.6, 50.0: (0.6 + 0.2) / 2, 75.0: 0.3, 100.0: (0.4 + 0.2) / 2})
    assert math.isnan(a.curve.mean[times_s.index(24.0)]), "not yet rated"
    interval = estimate([0.3, 0.9]).ci95
    assert interval is not None
    assert [b.curve.low[-1], b.curve.high[-1]] == pytest.approx(interval)


def test_scores_by_type_are_averaged_over_the_types_that_were_rated(tmp_path: Path):
    a, *_ = reputations(ratings(tmp_path, *TWO_RUNS), by_type=True, first_only=False)
    assert a.curve.mean[-1] == pytest.approx(((0.4 + 0.8) / 2 + 0.2) / 2)


def test_drawn_contractors_are_shown_for_one_replication(tmp_path: Path):
    a, b = reputations(ratings(tmp_path, *TWO_RUNS), by_type=False, first_only=True)
    assert (a.name, a.ratings, a.curve.time_s[-1], a.curve.mean[-1]) == ("a", 3, 75.0, pytest.approx(0.4))
    assert b.name == "b"


def errors(path: Path, *replications: list[tuple[float, int, float]]) -> Path:
    rows = [(number, *row) for number, run in enumerate(replications) for row in run]
    names = ("replication", "until_s", "charges", "estimation_error")
    columns = zip(*rows, strict=True) if rows else [[]] * len(names)
    pq.write_table(pa.table(dict(zip(names, map(list, columns), strict=True))), path / "errors.parquet")
    return path / "errors.parquet"


def test_the_error_over_time_goes_by_fifties_that_all_replications_have(tmp_path: Path):
    long = [(10.0, 50, 100.0), (20.0, 50, 50.0), (30.0, 50, 10.0), (31.0, 3, 999.0)]
    curve = estimation_error_curve(errors(tmp_path, long, [(12.0, 50, 200.0), (24.0, 50, 60.0)]))
    assert curve is not None
    assert curve.time_s.tolist() == [11.0, 22.0]
    assert curve.mean.tolist() == [150.0, 55.0]


def test_an_incomplete_fifty_is_better_than_none_and_none_is_no_figure(tmp_path: Path):
    curve = estimation_error_curve(errors(tmp_path, [(5.0, 7, 40.0)]))
    assert curve is not None
    assert curve.mean.tolist() == [40.0]
    assert estimation_error_curve(errors(tmp_path)) is None


def test_long_runs_have_few_points(tmp_path: Path):
    curve = estimation_error_curve(errors(tmp_path, [(float(i), 50, float(i)) for i in range(1, 1001)]))
    assert curve is not None
    assert len(curve.mean) == 40
    np.testing.assert_allclose(curve.mean[0], np.mean(range(1, 26)))
    assert curve.time_s[-1] == 1000.0
