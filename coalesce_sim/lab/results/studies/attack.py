"""What a study of attacks tells: what each attack earns and costs under each defence."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from coalesce_sim.experiments.attacks.cells import NOBODY
from coalesce_sim.lab.results.studies.cells import estimate_cell
from coalesce_sim.lab.results.studies.closing import closing_sections
from coalesce_sim.lab.results.studies.files import Study
from coalesce_sim.metrics import describe, in_order
from coalesce_sim.numbers import NOTHING, duration, number
from coalesce_sim.report.html.charts import Axis, Chart, Quantity, columns_of
from coalesce_sim.report.html.page import Block, Cell, Column, Drawing, Page, Section, Table
from coalesce_sim.statistics.intervals import Estimate

PICTURES = {
    "matrix.png": "What attacks gain, and what they cost the market, under each defence",
    "curve.png": "Gain and harm over what was varied",
}

_FIRST = (
    "attack_gain_usd",
    "market_harm_usd",
    "direct_harm_usd",
    "honest_sellers_loss_usd",
    "cost_reduction_change",
    "detected_share",
    "jobs_to_detection",
    "false_alarms",
)
"""Metrics that come first, in this order."""

_NOTE = (
    "Means ± half of the 95 % interval; in brackets: not shown to differ from 0 (Holm over the matrix). "
    "Gain: profit of those who cheat less that of the same agents behaving, on the same random numbers."
)
_NONE = Estimate(None, None, None, 0)


def attack_page(study: Study) -> Page:
    """Put it together."""
    facts, origin = study.facts, study.origin
    metrics = _metrics(facts)
    curves: list[Block] = [Drawing(_matrix_chart(facts, metrics))]
    if "varied" in facts:
        curves.append(Drawing(_varied_chart(facts["varied"])))
    attacks = sum(len(each["attacks"]) for each in facts["policies"].values())
    return Page(
        title=f"{study.title}: attacks and defences",
        overline=f"Attacks on {study.name}",
        answer=facts["findings"],
        figures={
            "Attacks": f"{attacks // len(facts['policies']):,}",
            "Defences": f"{sum(label != 'none' for label in facts['defences']):,}",
            "Replications": f"{facts['replications']:,}",
            "Seed": str(facts["seed"]),
            "Wall time": duration(origin["wall_s"]),
        },
        sections=[
            Section("curves", "What attacks earn and cost", curves),
            Section("results", "Results", [*_matrix_tables(facts, metrics), *_honest(facts), *_evens(facts)]),
            *closing_sections(study, _asked(facts, origin), metrics),
        ],
    )


def _asked(facts: Mapping[str, Any], origin: Mapping[str, Any]) -> dict[str, str]:
    attacks = next(iter(facts["policies"].values()))["attacks"]
    return {
        "Policies": ", ".join(facts["policies"]),
        "Attacks": "\n".join(attacks),
        "Defences": "\n".join(
            f"{label}: {', '.join(sets)}" if sets else label for label, sets in facts["defences"].items()
        ),
        "Varied": str(facts["varied"]["field"]) if "varied" in facts else "",
        "Fixed changes": "\n".join(origin.get("overrides", ())),
    }


def _metrics(facts: Mapping[str, Any]) -> list[str]:
    """The metrics that every cell of the matrix has, the main ones first."""
    cells = [cell for *_, cell in _cells(facts)]
    known = in_order({name for cell in cells for name in cell if all(name in each for each in cells)})
    return sorted(known, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))


def _cells(facts: Mapping[str, Any]) -> Iterable[tuple[str, str, str, Mapping[str, Any]]]:
    """Policy, attack, defence, and what it came to."""
    for policy, told in facts["policies"].items():
        for attack, defences in told["attacks"].items():
            for defence, cell in defences.items():
                yield policy, attack, defence, cell


def _matrix_chart(facts: Mapping[str, Any], metrics: Sequence[str]) -> Chart:
    cells = list(_cells(facts))
    labels = [tuple(dict.fromkeys(str(each[part]) for each in cells)) for part in range(3)]
    axes = [Axis(name, levels, None) for name, levels in zip(_PLACES, labels, strict=True)]
    return Chart(
        name="matrix",
        quantities=_quantities(metrics),
        axes=axes,
        codes=[[levels.index(each[part]) for each in cells] for part, levels in enumerate(labels)],
        figures=[columns_of([Estimate.of_dict(cell[name]) for *_, cell in cells]) for name in metrics],
        x=1,
        by=2,
        start=[0, 0, 0],
        describes="Means over the replications, medians of what may never happen; bars are 95 % intervals.",
        turns=True,
    )


_PLACES = ("Policy", "Attack", "Defence")


def _quantities(metrics: Iterable[str]) -> list[Quantity]:
    known = [describe(name) for name in metrics]
    return [Quantity(each.name, each.label, each.unit) for each in known]


def _varied_chart(varied: Mapping[str, Any]) -> Chart:
    """Every metric over the levels of what is varied."""
    curves, levels = varied["curves"], [float(each) for each in varied["levels"]]
    told = [each["metrics"] for each in curves]
    names = [name for name in in_order(told[0]) if all(name in each for each in told)]
    names.sort(key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    keys = [name.lower() for name in _PLACES]
    labels = [tuple(dict.fromkeys(str(each[key]) for each in curves)) for key in keys]
    points = list(itertools.product(range(len(curves)), range(len(levels))))
    label = "Share of those who cheat" if varied["field"] == "share" else str(varied["field"])
    axis = Axis(label, tuple(map(number, levels)), tuple(levels))
    places = [
        [labels[part].index(str(curves[curve][key])) for curve, _ in points] for part, key in enumerate(keys)
    ]
    estimates = {
        name: [Estimate.of_dict(curves[curve]["metrics"][name][level]) for curve, level in points]
        for name in names
    }
    several = [len(each) > 1 for each in labels]
    by = next((1 + part for part in (1, 2, 0) if several[part]), 2)
    return Chart(
        name="varied",
        quantities=_quantities(names),
        axes=[axis, *(Axis(name, each, None) for name, each in zip(_PLACES, labels, strict=True))],
        codes=[[level for _, level in points], *places],
        figures=[columns_of(estimates[name]) for name in names],
        x=0,
        by=by,
        start=[0, 0, 0, 0],
        describes="Means over the replications; bands are 95 % intervals.",
        turns=True,
    )


def _matrix_tables(facts: Mapping[str, Any], metrics: Sequence[str]) -> list[Table]:
    """A table a policy, a row an attack and defence."""
    shown = [name for name in _FIRST if name in metrics]
    columns = [
        Column("Attack", numeric=False),
        Column("Defence", numeric=False),
        *(Column(describe(name).axis, help=describe(name).definition) for name in shown),
    ]
    tables = []
    for policy in facts["policies"]:
        rows = [
            [Cell(attack), Cell(defence), *(estimate_cell(cell[name]) for name in shown)]
            for of, attack, defence, cell in _cells(facts)
            if of == policy
        ]
        tables.append(Table(f"With {policy}", columns, rows, _NOTE))
    return tables


def _honest(facts: Mapping[str, Any]) -> list[Table]:
    """The market in which nobody cheats, under each defence."""
    names = ("cost_reduction", "success_rate", "false_alarms")
    taken = {
        "defence_cost_points": "Costs, points of cost reduction",
        "defence_cost_sellers_usd": "Sellers lose (USD)",
    }
    rows = [
        [
            Cell(policy),
            Cell(defence),
            *(estimate_cell(cell.get(name)) for name in (*names, *taken)),
        ]
        for policy, told in facts["policies"].items()
        for defence, cell in told["nobody_cheats"].items()
    ]
    columns = [
        Column("Policy", numeric=False),
        Column("Defence", numeric=False),
        *(Column(describe(name).axis) for name in names),
        *map(Column, taken.values()),
    ]
    return [Table(f"{NOBODY.capitalize()}: what each defence costs an honest market", columns, rows)]


def _evens(facts: Mapping[str, Any]) -> list[Table]:
    """The level of each defence at which an attack gains nothing."""
    if not facts.get("break_even"):
        return []
    rows = [
        [Cell(each["policy"]), Cell(each["attack"]), Cell(each["defence"]), _even_cell(each)]
        for each in facts["break_even"]
    ]
    columns = [*(Column(name, numeric=False) for name in _PLACES), Column("Level")]
    return [Table("Levels at which an attack gains nothing", columns, rows, "[ ]: 95 % interval.")]


def _even_cell(even: Mapping[str, Any]) -> Cell:
    if not even["pays_without"]:
        return Cell("does not pay without")
    if even["level"] is None:
        return Cell(f"none up to {number(even['most_tried'])}")
    if even["ci95"] is None:
        return Cell(number(even["level"]), even["level"])
    low, high = even["ci95"]
    ends = f"[{number(low)}, {'∞' if high is None else number(high)}]"
    return Cell(f"{number(even['level']) or NOTHING} {ends}", even["level"])
