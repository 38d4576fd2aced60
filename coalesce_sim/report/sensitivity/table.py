"""A sensitivity analysis on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from coalesce_sim.metrics import describe
from coalesce_sim.numbers import column, number, plural
from coalesce_sim.report.fields import capital
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.report.sensitivity.sentences import MEANING, chance_told, width_told
from coalesce_sim.sensitivity.study import FILE, Sensitivity

if TYPE_CHECKING:
    import pandas as pd


def print_sensitivity(console: Console, study: Sensitivity) -> None:
    """Print the indices, how sure they are, and where the files are."""
    metric = describe(study.metric)
    console.print(Text(f"{study.sweep.specification.name}: what {metric.name} depends on", "bold"))
    samples = "samples" if study.method == "sobol" else "trajectories"
    console.print(
        f"{study.samples:,} {samples}, {plural(study.points, 'design point')}, "
        f"{plural(study.replications, 'replication')} each, seed {study.seed}"
    )
    factors, *figures = _sobol(study) if study.method == "sobol" else _morris(study, metric.unit)
    print_columns(console, [factors], figures)
    print_wrapped(console, MEANING[study.method], "dim")
    print_wrapped(console, chance_told(study.summary), "dim")
    if wide := width_told(study.summary):
        print_wrapped(console, wide, "yellow")
    for each in study.observed:
        print_wrapped(console, f"{capital(each.sentence)}.", "yellow")
    console.print(Text(f"\nWritten to {study.sweep.folder}: {FILE}"), soft_wrap=True)


def _sobol(study: Sensitivity) -> list[Column]:
    ranked = study.indices.sort_values("total", ascending=False)
    rows = ranked.to_dict("records")
    shares = {"first-order": "first", "total": "total"}
    return [
        _factors(ranked),
        *(Column(heading, [_share(row, name) for row in rows]) for heading, name in shares.items()),
    ]


def _morris(study: Sensitivity, unit: str) -> list[Column]:
    ranked = study.indices.sort_values("mu_star", ascending=False)
    headings = {"mu": "μ", "sigma": "σ", "mu_star_of_noise": "μ* of chance"}
    of = {"": "", "%": ", points"}.get(unit, f", {unit}")
    mu_star, half_width = (column(ranked[name].tolist()) for name in ("mu_star", "mu_star_half_width"))
    with_interval = [f"{mean} ± {half}" for mean, half in zip(mu_star, half_width, strict=True)]
    others = [
        Column(f"{heading}{of}", column(ranked[name].tolist()))
        for name, heading in headings.items()
        if name in ranked
    ]
    return [_factors(ranked), Column(f"μ*{of}", with_interval), *others]


def _factors(ranked: pd.DataFrame) -> Column:
    return Column("factor", [str(factor) for factor in ranked["factor"]], figures=False)


def _share(row: dict[Any, Any], name: str) -> str:
    return f"{number(row[name], 2)} ± {number(row[f'{name}_half_width'], 2)}"
