"""A sensitivity analysis on a terminal."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coalesce_sim.metrics import describe
from coalesce_sim.numbers import column, number, plural
from coalesce_sim.report.sensitivity.sentences import MEANING, chance_told, width_told
from coalesce_sim.sensitivity.study import FILE, Sensitivity


def print_sensitivity(console: Console, study: Sensitivity) -> None:
    """Print the indices, how sure they are, and where the files are."""
    metric = describe(study.metric)
    console.print(Text(f"{study.sweep.specification.name}: what {metric.name} depends on", "bold"))
    samples = "samples" if study.method == "sobol" else "trajectories"
    console.print(
        f"{study.samples:,} {samples}, {plural(study.points, 'design point')}, "
        f"{plural(study.replications, 'replication')} each, seed {study.seed}"
    )
    console.print(_sobol(study) if study.method == "sobol" else _morris(study, metric.unit))
    console.print(Text(MEANING[study.method], "dim"))
    console.print(Text(chance_told(study.summary), "dim"))
    if wide := width_told(study.summary):
        console.print(Text(wide, "yellow"))
    console.print(Text(f"\nWritten to {study.sweep.folder}: {FILE}"), soft_wrap=True)


def _sobol(study: Sensitivity) -> Table:
    ranked = study.indices.sort_values("total", ascending=False).to_dict("records")
    rows = [[str(row["factor"]), *(_share(row, name) for name in ("first", "total"))] for row in ranked]
    return _table(["factor", "first-order", "total"], rows)


def _morris(study: Sensitivity, unit: str) -> Table:
    ranked = study.indices.sort_values("mu_star", ascending=False)
    headings = {"mu": "μ", "sigma": "σ", "mu_star_of_noise": "μ* of chance"}
    names = [name for name in ("mu_star", "mu_star_half_width", *headings) if name in ranked]
    columns = {name: column(ranked[name].tolist()) for name in names}
    rows = [
        [str(factor), f"{mu_star} ± {half_width}", *others]
        for factor, mu_star, half_width, *others in zip(ranked["factor"], *columns.values(), strict=True)
    ]
    of = {"": "", "%": ", points"}.get(unit, f", {unit}")
    return _table(["factor", f"μ*{of}", *(f"{headings[name]}{of}" for name in names[2:])], rows)


def _share(row: dict[Any, Any], name: str) -> str:
    return f"{number(row[name], 2)} ± {number(row[f'{name}_half_width'], 2)}"


def _table(header: list[str], rows: list[list[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column(header[0], overflow="fold")
    for name in header[1:]:
        table.add_column(name, justify="right", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
