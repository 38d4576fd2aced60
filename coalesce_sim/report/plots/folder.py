"""A figure of a folder of results: which one, drawn, and written with its caption."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from matplotlib.figure import Figure

from coalesce_sim.experiments.contenders import YARDSTICKS
from coalesce_sim.files import Folder, write_text
from coalesce_sim.metrics import COST_REDUCTION
from coalesce_sim.numbers import level_text, number
from coalesce_sim.report.look import our_style, save
from coalesce_sim.report.opening import Opened, ResultsError
from coalesce_sim.report.plots.heat_map import HeatMap
from coalesce_sim.report.plots.learning import LearningCurves
from coalesce_sim.report.plots.lines import lines_of
from coalesce_sim.report.plots.plot import Plot, fill
from coalesce_sim.report.plots.points import factors_of, is_numeric, select
from coalesce_sim.report.plots.sentences import replications_table
from coalesce_sim.report.plots.series import Series
from coalesce_sim.report.plots.timeline import TimeCurve
from coalesce_sim.report.plots.tornado import Tornado
from coalesce_sim.report.progress import left_out, unfinished
from coalesce_sim.statistics.intervals import Interval

FigureKind = Literal["lines", "heat_map", "tornado", "learning", "timeline"]

_DPI = 300
_POLICY = "policy"
_CHANCE = "random"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be drawn; what is None follows from the results. `where` has the values kept, by factor."""

    kind: FigureKind | None = None
    x: str | None = None
    y: str | None = None
    by: str | None = None
    where: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    interval: Interval = "t"


@dataclass(frozen=True, slots=True)
class DrawnFigure:
    """What was drawn, what is missing of the results, and the files that were left."""

    kind: FigureKind
    title: str
    missing: tuple[str, ...]
    outputs: tuple[Path, ...]

    @property
    def summary(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {
            "kind": self.kind,
            "title": self.title,
            "missing": list(self.missing),
            "outputs": [str(path) for path in self.outputs],
        }


def draw_results(opened: Opened, wanted: Wanted, out: Path | None = None) -> DrawnFigure:
    """Draw results into `out`, their subfolder ``figures`` by default: PNG, SVG and caption, all or none.

    The same results give the same bytes. Raises `ResultsError` for what cannot be drawn, `FolderError` and
    `WriteError` where files cannot be written.
    """
    chosen = _completed(opened, wanted)
    plot = _plot(opened, chosen)
    stem, place = _stem(chosen), out or opened.folder / "figures"
    command, missing = _command(opened, chosen, out), _missing(opened, chosen)
    names = [f"{stem}.png", f"{stem}.svg", f"{stem}.caption.md"]
    with Folder(place) as folder, folder.writing(), our_style():
        figure = Figure(dpi=_DPI)
        fill(figure, plot)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # both files have the same layout, found once
        save(figure, folder.aside / names[0])
        figure.savefig(folder.aside / names[1], metadata={"Date": None, "Creator": None})
        write_text(folder.aside / names[2], _caption(opened, missing, plot, command))
        folder.put_in_place(names)
    assert chosen.kind is not None
    return DrawnFigure(chosen.kind, plot.title, missing, tuple(place / name for name in names))


def _completed(opened: Opened, wanted: Wanted) -> Wanted:
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


def _plot(opened: Opened, chosen: Wanted) -> Plot:
    assert chosen.y is not None
    where, interval = chosen.where, chosen.interval
    if chosen.kind == "tornado" and opened.sensitivity is not None:
        return Tornado.of(pd.DataFrame(opened.sensitivity["indices"]), chosen.y)
    if chosen.kind == "learning" and opened.learning is not None:
        title = _learning_title(opened.facts["policies"], where) if chosen.y == COST_REDUCTION else None
        learning = _listed(opened, opened.learning, where)
        return LearningCurves.of(learning, chosen.y, policies=where.get(_POLICY), title=title)
    if chosen.kind == "timeline" and opened.timeline is not None:
        return TimeCurve.of(opened.timeline, chosen.y)
    assert opened.runs is not None
    assert chosen.x is not None
    runs = _listed(opened, opened.runs, where)
    if chosen.kind == "heat_map" and chosen.by is not None:
        return HeatMap.of(runs, chosen.x, chosen.by, chosen.y, where=where, interval=interval)
    return lines_of(runs, chosen.x, chosen.y, chosen.by, where=where, interval=interval)


def _listed(opened: Opened, table: pd.DataFrame, where: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Without the `random` that a comparison played unasked, which titles and their tests do not tell of,
    unless `where` says which policies are drawn."""
    return table[table[_POLICY] != _CHANCE] if _chance_left_out(opened, where) else table


def _chance_left_out(opened: Opened, where: Mapping[str, Sequence[Any]]) -> bool:
    if opened.kind != "comparison" or _POLICY in where:
        return False
    chance = opened.facts["policies"].get(_CHANCE)
    return chance is not None and bool(chance["yardstick"])


def _learning_title(policies: Mapping[str, Any], where: Mapping[str, Sequence[Any]]) -> str | None:
    """Who gains most from the first fifth of the tasks to the last, by the comparison's own tests."""
    listed = [name for name in policies if not policies[name]["yardstick"] and name not in YARDSTICKS]
    drawn = [name for name in listed if name in where.get(_POLICY, listed)]
    gains = {name: policies[name]["gain_first_to_last_fifth"] for name in drawn}
    shown = {name: gain["mean"] for name, gain in gains.items() if gain["shown"] and gain["mean"] > 0}
    if not any(gain["ci95"] for gain in gains.values()):
        return None
    if not shown:
        return "No policy is shown to save more on the last fifth of the tasks than on the first"
    best = max(shown, key=shown.__getitem__)
    return (
        f"{best} saves {number(shown[best], 1)} points more on the last fifth of the tasks than on the first"
    )


def _stem(chosen: Wanted) -> str:
    """A file name that says what is drawn."""
    parts = [str(chosen.y)]
    if chosen.kind in ("lines", "heat_map"):
        parts += ["by", str(chosen.x), *(["and", chosen.by] if chosen.by else [])]
    if chosen.kind != "lines":
        parts.append(str(chosen.kind))
    for name, values in chosen.where.items():
        parts += [name, "-".join(map(level_text, values))]
    if chosen.interval != "t":
        parts.append(chosen.interval)
    return "_".join(
        "".join(letter if letter.isalnum() or letter in ".-_" else "-" for letter in part) for part in parts
    )


def _command(opened: Opened, chosen: Wanted, out: Path | None) -> str:
    """What draws the figure again, for a shell."""
    words = ["coalesce-sim", "plot", str(opened.folder), "--kind", str(chosen.kind)]
    for option, value in (("--x", chosen.x), ("--y", chosen.y), ("--by", chosen.by)):
        words += [option, value] if value else []
    for name, values in chosen.where.items():
        for value in values:
            words += ["--where", f"{name}={level_text(value)}"]
    words += ["--interval", chosen.interval] if chosen.interval != "t" else []
    words += ["--out", str(out)] if out is not None else []
    return shlex.join(words)


def _missing(opened: Opened, chosen: Wanted) -> tuple[str, ...]:
    """What is not there, or not drawn, in sentences."""
    told = [] if opened.sweep is None else [unfinished(opened.sweep), left_out(opened.sweep)]
    if _chance_left_out(opened, chosen.where):
        told.append(f"Not drawn: {_CHANCE}, which was played unasked (--where {_POLICY}={_CHANCE}).")
    return tuple(filter(None, told))


def _caption(opened: Opened, missing: Sequence[str], plot: Plot, command: str) -> str:
    """Markdown: the finding, what is shown of how many runs, and the commands that make it again.

    What is missing of a sweep comes before anything else.
    """
    told = [*missing, f"**{plot.title}.**", f"{opened.title}.", *plot.caption, *_studied(opened, plot)]
    told.append(f"Seed {opened.seed}; coalesce_sim {opened.version}.")
    table = replications_table(plot.points) if isinstance(plot, Series | HeatMap) else []
    commands = f"```text\n{opened.command}\n{command}\n```"
    paragraphs = [" ".join(filter(None, told)), "\n".join(table), commands]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _studied(opened: Opened, plot: Plot) -> list[str]:
    """Of how many runs indices were computed."""
    if not isinstance(plot, Tornado) or opened.sensitivity is None:
        return []
    facts = opened.sensitivity
    return [f"n = {facts['points']:,} design points, {facts['replications']:,} replications each."]
