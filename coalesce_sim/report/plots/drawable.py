"""What figures results have, and of what: for those who choose rather than type."""

from __future__ import annotations

from coalesce_sim.metrics import Metric
from coalesce_sim.report.opening import Opened
from coalesce_sim.report.over_time import column_of
from coalesce_sim.report.plots.learning import COURSES
from coalesce_sim.report.plots.timeline import columns_over_time
from coalesce_sim.report.plots.wanted import FigureKind


def kinds_of(opened: Opened) -> tuple[FigureKind, ...]:
    """The kinds that can be drawn, that which is by default first."""
    match opened.kind:
        case "frictions":
            return ()
        case "run":
            return ("timeline",)
        case "comparison":
            learns = opened.learning is not None and not opened.learning.empty
            return ("lines", "learning") if learns else ("lines",)
        case "sweep":
            tornado: tuple[FigureKind, ...] = () if opened.sensitivity is None else ("tornado",)
            return (*tornado, "lines", *(("heat_map",) if len(opened.factors) > 1 else ()))


def drawn_of(opened: Opened, kind: FigureKind) -> tuple[Metric, ...]:
    """What a figure of that kind can be of."""
    if kind == "tornado":
        assert opened.sensitivity is not None
        return (opened.metric(str(opened.sensitivity["metric"])),)
    if kind == "learning":
        return tuple(COURSES.values())
    if kind == "timeline":
        assert opened.timeline is not None
        return tuple(map(column_of, columns_over_time(opened.timeline)))
    return tuple(map(opened.metric, opened.metrics))
