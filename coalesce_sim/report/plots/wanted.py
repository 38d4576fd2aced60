"""Which figure of a folder of results is asked for, and what follows where that is left open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from coalesce_sim.metrics import COST_REDUCTION
from coalesce_sim.report.opening import Opened, ResultsError
from coalesce_sim.report.plots.points import factors_of, is_numeric, select
from coalesce_sim.statistics.intervals import Interval

FigureKind = Literal["lines", "heat_map", "tornado", "learning", "timeline"]

_POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be drawn; what is None follows from the results. `where` has the values kept, by factor."""

    kind: FigureKind | None = None
    x: str | None = None
    y: str | None = None
    by: str | None = None
    where: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    interval: Interval = "t"


def completed(opened: Opened, wanted: Wanted) -> Wanted:
    """The same with nothing left open. Raises `ResultsError` where the results leave a choice."""
    if opened.kind == "frictions":
        raise ResultsError(f"{opened.folder}: frictions have one figure, waterfall.png, which is there")
    kind = wanted.kind or _kind(opened, wanted)
    if kind not in ("lines", "heat_map"):
        return _without_axes(opened, kind, wanted)
    if opened.runs is None:
        raise ResultsError(f"{opened.folder}: is a single run, without factors; its figure is a timeline")
    if opened.runs.empty:
        raise ResultsError(f"{opened.folder}: no run has ended well yet")
    y = wanted.y or (COST_REDUCTION if COST_REDUCTION in opened.metrics else opened.metrics[0])
    opened.metric(y)
    for name in (*wanted.where, *filter(None, (wanted.x, wanted.by))):
        opened.factor(name)
    kept = select(opened.runs, wanted.where, factors_of(opened.runs))
    varying = [name for name in opened.factors if kept[name].nunique() > 1] or list(opened.factors)
    others = [name for name in varying if name != wanted.by]
    if not others:
        raise ResultsError(f"--by {wanted.by}: there is no other factor to draw along the axis")
    x = wanted.x or _first(others, kept)
    by = wanted.by
    if by is None:
        open_ones = [name for name in varying if name != x and kept.groupby(x)[name].nunique().max() > 1]
        by = open_ones[0] if len(open_ones) == 1 else None
    if kind == "heat_map" and by is None:
        raise ResultsError(
            f"a heat map needs two factors, --x and --by. There are: {', '.join(opened.factors)}"
        )
    return Wanted(kind, x, y, by, wanted.where, wanted.interval)


def _kind(opened: Opened, wanted: Wanted) -> FigureKind:
    if opened.kind == "run":
        return "timeline"
    return "tornado" if opened.sensitivity is not None and wanted.x is None else "lines"


def _without_axes(opened: Opened, kind: FigureKind, wanted: Wanted) -> Wanted:
    """Kinds whose axes follow from the results."""
    for option, value in (("x", wanted.x), ("by", wanted.by)):
        if value is not None:
            raise ResultsError(f"--{option} {value}: a figure of the kind {kind} has its own axes")
    if wanted.interval != "t":
        raise ResultsError(f"--interval {wanted.interval}: a figure of the kind {kind} has its own intervals")
    if set(wanted.where) - ({_POLICY} if kind == "learning" else set()):
        raise ResultsError(
            f"--where {next(iter(wanted.where))}: a figure of the kind {kind} shows all of its factors"
        )
    if kind == "tornado":
        if opened.sensitivity is None:
            raise ResultsError(
                f"{opened.folder}: holds no indices; a tornado shows what `sensitivity` has written"
            )
        metric = str(opened.sensitivity["metric"])
        if wanted.y not in (None, metric):
            raise ResultsError(f"--y {wanted.y}: the indices there are those of {metric}")
        return Wanted(kind, y=metric)
    if kind == "learning" and opened.learning is None:
        raise ResultsError(f"{opened.folder}: holds no learning curves; `compare` writes them")
    if kind == "timeline" and opened.timeline is None:
        raise ResultsError(f"{opened.folder}: holds no timeline; `run` writes one")
    y = wanted.y or (COST_REDUCTION if kind == "learning" else "cumulative_cost_reduction")
    return Wanted(kind, y=y, where=wanted.where)


def _first(names: list[str], runs: pd.DataFrame) -> str:
    """The first factor with a scale, or the first."""
    return next((name for name in names if is_numeric(runs[name])), names[0])
