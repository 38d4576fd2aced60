"""A figure of a folder of results: which one, drawn, and written with its caption."""

from __future__ import annotations

import io
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from coalesce_sim.experiments.contenders import YARDSTICKS
from coalesce_sim.files import Folder
from coalesce_sim.metrics import COST_REDUCTION
from coalesce_sim.numbers import level_text, number
from coalesce_sim.report.look import our_style, save
from coalesce_sim.report.opening import Opened
from coalesce_sim.report.plots.behind import points_behind
from coalesce_sim.report.plots.heat_map import HeatMap
from coalesce_sim.report.plots.learning import LearningCurves
from coalesce_sim.report.plots.lines import lines_of
from coalesce_sim.report.plots.plot import Plot, fill
from coalesce_sim.report.plots.sentences import replications_table
from coalesce_sim.report.plots.series import Series
from coalesce_sim.report.plots.timeline import TimeCurve
from coalesce_sim.report.plots.tornado import Tornado
from coalesce_sim.report.plots.wanted import FigureKind, Wanted, completed
from coalesce_sim.report.progress import left_out, unfinished

_DPI = 300
_POLICY = "policy"
_CHANCE = "random"


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


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure drawn and not yet written: what was `chosen`, with nothing left open; the name of its files;
    its title; what is missing of the results; the caption as Markdown; the files' content.

    `points` are those behind it, a row each, and `command` draws it again.
    """

    chosen: Wanted
    stem: str
    title: str
    missing: tuple[str, ...]
    told: tuple[str, ...]
    caption: str
    command: str
    points: pd.DataFrame
    png: bytes
    svg: bytes


def draw_results(opened: Opened, wanted: Wanted, out: Path | None = None) -> DrawnFigure:
    """Draw results into `out`, their subfolder ``figures`` by default: PNG, SVG and caption, all or none.

    The same results give the same bytes. Raises `ResultsError` for what cannot be drawn, `FolderError` and
    `WriteError` where files cannot be written.
    """
    drawn, place = picture(opened, wanted, out), out or opened.folder / "figures"
    names = [f"{drawn.stem}.png", f"{drawn.stem}.svg", f"{drawn.stem}.caption.md"]
    with Folder(place) as folder, folder.writing():
        for name, content in zip(names, (drawn.png, drawn.svg, drawn.caption.encode()), strict=True):
            (folder.aside / name).write_bytes(content)
        folder.put_in_place(names)
    assert drawn.chosen.kind is not None
    return DrawnFigure(drawn.chosen.kind, drawn.title, drawn.missing, tuple(place / name for name in names))


def picture(opened: Opened, wanted: Wanted, out: Path | None = None) -> Picture:
    """Draw results and write nothing; `out` is the folder that the command names.

    Raises `ResultsError` for what cannot be drawn.
    """
    chosen = completed(opened, wanted)
    plot, missing, command = _plot(opened, chosen), _missing(opened, chosen), _command(opened, chosen, out)
    png, svg = io.BytesIO(), io.BytesIO()
    with our_style():
        figure = Figure(dpi=_DPI)
        fill(figure, plot)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # both files have the same layout, found once
        save(figure, png)
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return Picture(
        chosen=chosen,
        stem=_stem(chosen),
        title=plot.title,
        missing=missing,
        told=tuple(_told(opened, plot)),
        caption=_caption(opened, missing, plot, command),
        command=command,
        points=points_behind(plot),
        png=png.getvalue(),
        svg=svg.getvalue(),
    )


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
    told = [*missing, f"**{plot.title}.**", *_told(opened, plot)]
    table = replications_table(plot.points) if isinstance(plot, Series | HeatMap) else []
    commands = f"```text\n{opened.command}\n{command}\n```"
    paragraphs = [" ".join(filter(None, told)), "\n".join(table), commands]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _told(opened: Opened, plot: Plot) -> list[str]:
    """What the caption says after the finding."""
    about = f"Seed {opened.seed}; coalesce_sim {opened.version}."
    return [f"{opened.title}.", *plot.caption, *_studied(opened, plot), about]


def _studied(opened: Opened, plot: Plot) -> list[str]:
    """Of how many runs indices were computed."""
    if not isinstance(plot, Tornado) or opened.sensitivity is None:
        return []
    facts = opened.sensitivity
    return [f"n = {facts['points']:,} design points, {facts['replications']:,} replications each."]
