"""The indices of a sensitivity analysis, as a section of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coalesce_sim.metrics import describe
from coalesce_sim.numbers import number
from coalesce_sim.report.fields import label_of
from coalesce_sim.report.html.charts import Axis, Chart, Quantity, rounded
from coalesce_sim.report.html.page import (
    Block,
    Cell,
    Check,
    Column,
    Drawing,
    Passage,
    Section,
    Table,
    number_cell,
)
from coalesce_sim.report.sensitivity.sentences import MEANING, chance_told, width_told

Indices = Sequence[Mapping[str, Any]]

_LITTLE = 0.1
"""The share of the variance that may be chance without a warning."""


def study_told(facts: Mapping[str, Any]) -> list[str]:
    """Which factors matter most, as far as their intervals tell, and how sure that is."""
    import pandas as pd

    from coalesce_sim.report.plots.tornado import Tornado

    title = Tornado.of(pd.DataFrame(facts["indices"]), facts["metric"]).title
    return [f"{title}.", *(check.text for check in _checks(facts))]


def sensitivity_section(facts: Mapping[str, Any]) -> Section:
    """What each factor does to the metric, with intervals, and how much of that is chance."""
    metric, sobol = describe(facts["metric"]), facts["method"] == "sobol"
    indices = sorted(facts["indices"], key=lambda row: -row["total" if sobol else "mu_star"])
    chart = _sobol_chart(indices, facts) if sobol else _morris_chart(indices, facts, metric.unit)
    table = _sobol_table(indices) if sobol else _morris_table(indices, metric.unit)
    what = "Sobol indices" if sobol else "Morris screening"
    passage = Passage(f"{what} of {metric.axis}, {facts['points']:,} design points.")
    blocks: list[Block] = [passage, Drawing(chart), table, *_checks(facts)]
    return Section("sensitivity", "What the metric depends on", blocks)


def _sobol_chart(indices: Indices, facts: Mapping[str, Any]) -> Chart:
    count, kinds = len(indices), ("first", "total")
    values = [(row[kind], row[f"{kind}_half_width"]) for row in indices for kind in kinds]
    return Chart(
        name="sensitivity",
        quantities=[Quantity("index", "Share of the variance", "")],
        axes=[_factors(indices), Axis("Index", ("first-order", "total"), None)],
        codes=[[place // 2 for place in range(2 * count)], [place % 2 for place in range(2 * count)]],
        figures=[_figures(values, facts["samples"])],
        x=0,
        by=1,
        start=[0, 0],
        describes=MEANING["sobol"],
    )


def _morris_chart(indices: Indices, facts: Mapping[str, Any], unit: str) -> Chart:
    effects = [(row["mu_star"], row["mu_star_half_width"]) for row in indices]
    spreads = [(row["sigma"], None) for row in indices]
    return Chart(
        name="sensitivity",
        quantities=[Quantity("mu_star", "μ*", unit), Quantity("sigma", "σ", unit)],
        axes=[_factors(indices)],
        codes=[list(range(len(indices)))],
        figures=[_figures(effects, facts["samples"]), _figures(spreads, facts["samples"])],
        x=0,
        by=None,
        start=[0],
        describes=MEANING["morris"],
    )


def _factors(indices: Indices) -> Axis:
    return Axis("Factor", tuple(label_of(row["factor"]) for row in indices), None)


def _figures(values: Sequence[tuple[float, float | None]], samples: int) -> dict[str, list[float | None]]:
    return {
        "mean": rounded(value for value, _ in values),
        "low": rounded(None if half is None else value - half for value, half in values),
        "high": rounded(None if half is None else value + half for value, half in values),
        "n": [float(samples)] * len(values),
    }


def _sobol_table(indices: Indices) -> Table:
    rows = [
        [
            Cell(label_of(row["factor"])),
            *(_share(row[kind], row[f"{kind}_half_width"]) for kind in ("first", "total")),
        ]
        for row in indices
    ]
    columns = [Column("Factor", numeric=False), Column("First-order"), Column("Total")]
    return Table("Sobol indices", columns, rows, sorted_by=(2, "descending"))


def _share(value: float, half_width: float) -> Cell:
    return number_cell(value, f"{number(value, 2)} ± {number(half_width, 2)}")


def _morris_table(indices: Indices, unit: str) -> Table:
    headings = {"mu": "μ", "sigma": "σ", "mu_star_of_noise": "μ* of chance"}
    others = {name: heading for name, heading in headings.items() if name in indices[0]}
    rows = [
        [
            Cell(label_of(row["factor"])),
            number_cell(row["mu_star"], f"{number(row['mu_star'])} ± {number(row['mu_star_half_width'])}"),
            *(number_cell(row[name]) for name in others),
        ]
        for row in indices
    ]
    of = f" ({unit})" if unit else ""
    columns = [Column("Factor", numeric=False), *(Column(f"{each}{of}") for each in ("μ*", *others.values()))]
    return Table("Morris screening", columns, rows, sorted_by=(1, "descending"))


def _checks(facts: Mapping[str, Any]) -> list[Check]:
    share, wide = facts["noise_share"], width_told(facts)
    checks = [Check(share is not None and share < _LITTLE, chance_told(facts))]
    return [*checks, Check(False, wide)] if wide else checks
