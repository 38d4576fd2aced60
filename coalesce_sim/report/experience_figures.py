"""What a market came to know over time, as pictures: reputation, and how far estimates are off."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
from matplotlib.figure import Figure

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.runs import RunResult
from coalesce_sim.numbers import number, percent
from coalesce_sim.report.curves import Curve, curve_of, draw, last, time_unit
from coalesce_sim.report.figures import canvas
from coalesce_sim.report.look import COLOURS, label_ends, mean_shown, our_style, save
from coalesce_sim.scenario.pool import DrawnPool

if TYPE_CHECKING:
    import pandas as pd

_POINTS = 100
_MOST_WINDOWS = 40
_LONGEST_NAME = 22
_BAR_GAP = 0.012
"""Between the bars behind the ends of the curves, as a share of the time."""


@dataclass(frozen=True, slots=True)
class Reputation:
    """The score of one contractor over time, and how often it was rated in all replications."""

    name: str
    ratings: int
    curve: Curve


def draw_experience(folder: Path, result: RunResult) -> list[str]:
    """Draw the figures of what the tables in the folder tell and return their names."""
    drawn: dict[str, Figure] = {}
    with our_style():
        if (folder / "ratings.parquet").exists():
            settings = result.scenario.reputation
            known = reputations(
                folder / "ratings.parquet",
                by_type=settings is not None and settings.by_task_type,
                first_only=isinstance(result.scenario.contractors, DrawnPool),
            )
            if known:
                drawn["reputation.png"] = _reputation_figure(result, known)
        if (folder / "estimation_error.parquet").exists():
            error = estimation_error_curve(folder / "estimation_error.parquet")
            if error is not None:
                drawn["estimation_error.png"] = _error_figure(result, error)
        for name, figure in drawn.items():
            save(figure, folder / name)
    return list(drawn)


def reputations(ratings: Path, *, by_type: bool, first_only: bool) -> list[Reputation]:
    """The contractors that were rated most, most first, as many as there are colours.

    A contractor's score at a time is that after its last rating or, with scores `by_type`, the mean of those
    after its last rating for each type; the curve is the mean over the replications in which it has one, from
    when half of them do. With `first_only` it is that of replication 0: where contractors are drawn, one of
    the same name is another one in another replication. The table is read piece by piece: there may be many
    millions of ratings.
    """
    counts: Counter[str] = Counter()
    end_s = 0.0
    last = 1 if first_only else None
    for rows in islice(_replications(ratings), last):
        counts.update(Counter(rows["contractor"].tolist()))
        end_s = max(end_s, float(rows["time_s"].iloc[-1]))
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: len(COLOURS)]
    grid_s = np.linspace(0, end_s, _POINTS + 1)[1:]
    scores: dict[str, list[FloatArray]] = {name: [] for name, _ in most}
    for rows in islice(_replications(ratings), last):
        for name, courses in scores.items():
            own = rows[rows["contractor"] == name]
            kinds = [each for _, each in own.groupby("type", observed=True)] if by_type else [own]
            courses.append(_mean_of_known([_score_at(grid_s, each) for each in kinds]))
    return [Reputation(name, count, curve_of(grid_s, _from_half_on(scores[name]))) for name, count in most]


def estimation_error_curve(table: Path) -> Curve | None:
    """The error of 50 charges after the other, as long as all replications tell; None if none does.

    Of long runs several fifties make a point. A last, incomplete fifty counts only where there is no other.
    """
    rows = pq.read_table(table, columns=["replication", "until_s", "charges", "estimation_error"]).to_pandas()
    full = rows[rows["charges"] == rows["charges"].max()]
    runs = [run[["until_s", "estimation_error"]].to_numpy() for _, run in full.groupby("replication")]
    if not runs:
        return None
    windows = min(map(len, runs))
    each = math.ceil(windows / _MOST_WINDOWS)
    points = windows // each
    values = np.array([run[: points * each] for run in runs]).reshape(len(runs), points, each, 2)
    return curve_of(values[:, :, -1, 0].mean(axis=0), values[..., 1].mean(axis=2))


def estimates_told(curve: Curve) -> str:
    """How far estimates are off in the end, and at the worst where that is much more."""
    end, worst = last(curve), float(np.nanmax(curve.mean))
    told = f"In the end estimated charges are off by {percent(end)}"
    return told if worst < 2 * (end.mean or 0.0) else f"{told}, at the worst by {number(worst, 1)} %"


def _replications(ratings: Path) -> Iterator[pd.DataFrame]:
    """The ratings of one replication after the other."""
    import pandas as pd  # 0.4 s of a core, which figures of other markets are spared

    columns = ["replication", "contractor", "type", "time_s", "score_after"]
    waiting: list[pd.DataFrame] = []
    for batch in pq.ParquetFile(ratings).iter_batches(columns=columns):
        for number_, part in batch.to_pandas().groupby("replication"):
            if waiting and waiting[0]["replication"].iloc[0] != number_:
                yield pd.concat(waiting)
                waiting = []
            waiting.append(part)
    if waiting:
        yield pd.concat(waiting)


def _score_at(grid_s: FloatArray, rows: pd.DataFrame) -> FloatArray:
    """The score after the last rating up to each time; NaN before the first."""
    last = np.searchsorted(rows["time_s"].to_numpy(), grid_s, side="right") - 1
    return np.append(rows["score_after"].to_numpy(), math.nan)[last]


def _mean_of_known(courses: Sequence[FloatArray]) -> FloatArray:
    """The mean of the courses at each time, as far as they are known."""
    values = np.array(courses).reshape(len(courses), _POINTS)
    known = np.isfinite(values).sum(axis=0)
    total = np.nansum(values, axis=0)
    mean: FloatArray = np.divide(total, known, out=np.full(_POINTS, math.nan), where=known > 0)
    return mean


def _from_half_on(courses: Sequence[FloatArray]) -> FloatArray:
    """The courses from when half of them that come to be known are."""
    values = np.array(courses)
    known = np.isfinite(values).sum(axis=0)
    return np.where(2 * known >= known[-1], values, math.nan)


def _reputation_figure(result: RunResult, known: Sequence[Reputation]) -> Figure:
    drawn_anew = isinstance(result.scenario.contractors, DrawnPool)
    shown = "replication 0" if drawn_anew else mean_shown(len(result.replications), "bars")
    figure, axes = canvas(result, _best_known(known), shown)
    end_s = float(known[0].curve.time_s[-1])
    scale_s, unit = time_unit(end_s)
    gap = _BAR_GAP if any(math.isfinite(each.curve.low[-1]) for each in known) else 0.0
    bars = (end_s / scale_s * (1 + gap * np.arange(1, len(known) + 1))).tolist()
    seen = []
    for each, x, colour in zip(known, bars, COLOURS, strict=False):
        curve = each.curve
        axes.plot(curve.time_s / scale_s, curve.mean, color=colour)
        axes.plot([x, x], [curve.low[-1], curve.high[-1]], color=colour, linewidth=2, solid_capstyle="butt")
        axes.plot([x], [curve.mean[-1]], color=colour, marker="o")
        seen += [curve.mean, curve.low[-1:], curve.high[-1:]]
    low, high = (float(worst(np.concatenate(seen))) for worst in (np.nanmin, np.nanmax))
    axes.set_ylim(max(0.0, low - 0.05), min(1.0, high + 0.05))
    axes.set_xlim(0, bars[-1] + end_s / scale_s * _BAR_GAP)
    axes.set_xlabel(f"Time since the start ({unit})")
    axes.set_ylabel("Score: probability of good work (0 to 1)")
    labels = [f"{_short(each.name)} ({each.ratings:,})" for each in known]
    label_ends(
        axes, "(ratings)", labels, [float(each.curve.mean[-1]) for each in known], COLOURS[: len(known)]
    )
    return figure


def _best_known(known: Sequence[Reputation]) -> str:
    """Who has the best score at the end, if that is clear."""
    best = max(known, key=lambda each: each.curve.mean[-1])
    mean, low = best.curve.mean[-1], best.curve.low[-1]
    others = [each.curve for each in known if each is not best]
    sure = [low, *(each.high[-1] for each in others)]
    if np.isfinite(sure).any() and not all(low > high for high in sure[1:]):
        worst = min(each.mean[-1] for each in others)
        return f"No clear best of those rated most: scores of {number(worst, 2)} to {number(mean, 2)}"
    interval = f" ± {number(mean - low, 2)}" if math.isfinite(low) else ""
    return f"{best.name} ends with the best score of those rated most, {number(mean, 2)}{interval}"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _error_figure(result: RunResult, curve: Curve) -> Figure:
    figure, axes = canvas(result, estimates_told(curve))
    draw(axes, curve, 1.02 * float(curve.time_s[-1]), marker="o")
    axes.set_ylabel("Error of estimates (% of what was charged)")
    highest = float(np.nanmax(np.concatenate([curve.mean, curve.high[np.isfinite(curve.high)]])))
    axes.set_ylim(0, min(1.08 * highest, 2 * float(curve.mean.max())) or 1.0)
    return figure
