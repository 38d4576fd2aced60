"""A sensitivity analysis on a terminal."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coalesce_sim.metrics import describe
from coalesce_sim.report.numbers import column, number, plural
from coalesce_sim.sensitivity.study import FILE, Sensitivity

_NOTES = {
    "sobol": "Shares of the variance between design points: first-order, a factor by itself; total, with its "
    "interactions. ±: 95 % bootstrap intervals, for the choice of design points.",
    "morris": "μ* is the mean of the absolute changes of the metric as one factor goes over its whole range, "
    "μ that with signs, σ their standard deviation: 0 where the others do not matter. ±: 95 % t intervals.",
}


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
    console.print(Text(_NOTES[study.method], "dim"))
    console.print(Text(_noise(study), "dim"))
    if study.samples_needed is not None:
        console.print(Text(_too_wide(study), "yellow"))
    console.print(Text(f"\nWritten to {study.sweep.folder}: {FILE}"), soft_wrap=True)


def _sobol(study: Sensitivity) -> Table:
    ranked = study.indices.sort_values("total", ascending=False).to_dict("records")
    rows = [[str(row["factor"]), *(_share(row, name) for name in ("first", "total"))] for row in ranked]
    return _table(["factor", "first-order", "total"], rows)


def _morris(study: Sensitivity, unit: str) -> Table:
    ranked = study.indices.sort_values("mu_star", ascending=False)
    names = ("mu_star", "mu_star_half_width", "mu", "sigma")
    columns = {name: column(ranked[name].tolist()) for name in names}
    rows = [
        [str(factor), f"{mu_star} ± {half_width}", mu, sigma]
        for factor, mu_star, half_width, mu, sigma in zip(ranked["factor"], *columns.values(), strict=True)
    ]
    of = {"": "", "%": ", points"}.get(unit, f", {unit}")
    return _table(["factor", f"μ*{of}", f"μ{of}", f"σ{of}"], rows)


def _share(row: dict[Any, Any], name: str) -> str:
    return f"{number(row[name], 2)} ± {number(row[f'{name}_half_width'], 2)}"


def _noise(study: Sensitivity) -> str:
    if study.noise_share is None:
        return "How much of this is chance between replications takes more than one of them to tell."
    share = number(100 * study.noise_share, 0)
    return (
        f"{share} % of the variance between design points is chance between replications, which counts among "
        "the interactions; more --replications take it away."
    )


def _too_wide(study: Sensitivity) -> str:
    wide = "0.1" if study.method == "sobol" else "a tenth of the largest μ*"
    return (
        f"Some intervals are wider than ± {wide}: that takes about --samples {study.samples_needed} "
        f"(now {study.samples}); --extend keeps the runs that are there."
    )


def _table(header: list[str], rows: list[list[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column(header[0], overflow="fold")
    for name in header[1:]:
        table.add_column(name, justify="right", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
