"""What the study came to, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coalesce_sim.experiments.published.study import Cell, Study
from coalesce_sim.numbers import number
from coalesce_sim.report.markdown import with_sd
from coalesce_sim.report.replication.figures import METRIC_NAMES
from coalesce_sim.report.replication.findings import cold_start_finding, real_llm_finding
from coalesce_sim.report.replication.text import headline, p_value, verdict
from coalesce_sim.report.results_folder import Written


def print_study(console: Console, written: Written[Study]) -> None:
    """Print the table, the findings and where the report is."""
    study = written.result
    for metric, name in METRIC_NAMES.items():
        console.print(_table(name, study.cells_of(metric)))
    for finding in (
        *headline(study),
        cold_start_finding(study.cold_start["cold_start"]),
        real_llm_finding(study.real_llm["real_llm_35"]),
    ):
        console.print(Text(finding))
    console.print(Text(f"\n{written.listing}"))


def _table(name: str, cells: Sequence[Cell]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column(f"{name} (%)", no_wrap=True)
    for column in ("printed", "ours", "p Welch", "p resampled", "verdict", "honest"):
        table.add_column(column, justify="right")
    for cell in cells:
        printed = f"{number(cell.printed.mean, 1)} ± {number(cell.printed.sd, 1)}"
        p_values = (p_value(cell.difference.p), p_value(cell.p_resampled))
        row = (
            cell.experiment,
            printed,
            with_sd(cell.ours),
            *p_values,
            verdict(cell),
            number(cell.honest.mean, 1),
        )
        table.add_row(*map(Text, row))
    return table
