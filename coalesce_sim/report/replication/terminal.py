"""What the study came to, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from coalesce_sim.experiments.published.study import Cell, Study
from coalesce_sim.numbers import number, with_interval
from coalesce_sim.report.costs import SAVED_IN
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.report.markdown import with_sd
from coalesce_sim.report.replication.figures import METRIC_NAMES
from coalesce_sim.report.replication.findings import cold_start_finding, real_llm_finding
from coalesce_sim.report.replication.text import headline, p_value, verdict
from coalesce_sim.report.results_folder import Written

_SAVINGS_NOTE = (
    "Of the cost of the same tasks all kept at home; ± half of the 95 % interval. Above, ± is the standard "
    "deviation of single runs."
)


def print_study(console: Console, written: Written[Study]) -> None:
    """Print the table, the findings and where the report is."""
    study = written.result
    for metric, name in METRIC_NAMES.items():
        _print_cells(console, name, study.cells_of(metric))
    _print_savings(console, study)
    for finding in (
        *headline(study),
        cold_start_finding(study.cold_start["cold_start"]),
        real_llm_finding(study.real_llm["real_llm_35"]),
    ):
        print_wrapped(console, finding)
    console.print(Text(f"\n{written.listing}"))


def _print_savings(console: Console, study: Study) -> None:
    cells = study.cells_of("cost_reduction_published")
    told = [*(study.savings[cell.experiment] for cell in cells), study.metrics]
    together = [*(cell.honest for cell in cells), study.metrics["cost_reduction"]]
    columns = [
        Column(group, [with_interval(savings[name], 1) for savings in told])
        for name, group in SAVED_IN.items()
    ]
    columns.append(Column("together", [with_interval(each, 1) for each in together]))
    experiments = Column("saved, honestly (%)", [*(cell.experiment for cell in cells), "mean"], figures=False)
    print_columns(console, [experiments], columns)
    print_wrapped(console, _SAVINGS_NOTE, "dim")
    console.print()


def _print_cells(console: Console, name: str, cells: Sequence[Cell]) -> None:
    columns = {
        "printed": [f"{number(cell.printed.mean, 1)} ± {number(cell.printed.sd, 1)}" for cell in cells],
        "ours": [with_sd(cell.ours) for cell in cells],
        "p Welch": [p_value(cell.difference.p) for cell in cells],
        "p resampled": [p_value(cell.p_resampled) for cell in cells],
        "verdict": [verdict(cell) for cell in cells],
        "honest": [number(cell.honest.mean, 1) for cell in cells],
    }
    experiments = Column(f"{name} (%)", [cell.experiment for cell in cells], figures=False)
    print_columns(console, [experiments], [Column(label, texts) for label, texts in columns.items()])
