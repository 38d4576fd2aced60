"""An advice as a page of Markdown, to be read and passed on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coalesce_sim.advice.advice import Advice
from coalesce_sim.numbers import number, with_half_width
from coalesce_sim.report.advice import figures
from coalesce_sim.report.advice.findings import findings, headline, period
from coalesce_sim.report.advice.table import (
    WORTH,
    break_even_text,
    in_order,
    notes,
    stated_text,
    turns_at,
)
from coalesce_sim.report.markdown import in_cell, rows_of


def page_of(advice: Advice) -> str:
    """The page; figures stand beside it."""
    return "\n\n".join(_parts(advice)) + "\n"


def _parts(advice: Advice) -> Iterator[str]:
    scenario, when = advice.scenario, period(advice)
    yield f"# {headline(advice)}"
    yield f"{scenario.name}: {scenario.title}."
    yield from findings(advice)[1:]
    yield f"![What policies cost]({figures.COSTS})"
    yield "## Who should do what"
    yield f"![Who should do what]({figures.WHO})"
    yield _jobs(advice)
    yield f"## Policies, USD {when}, against {advice.baseline.label}"
    yield _policies(advice)
    if advice.turns and advice.second is not None:
        yield f"## What would turn the advice to: {advice.second.label}"
        yield f"![What would turn the advice]({figures.TURNING})"
        rows = [(each.lever.name, turns_at(each)) for each in advice.turns]
        yield _table(("if", "turns at"), rows)
    if advice.worths:
        yield f"## {WORTH}, USD {when}"
        moved = [
            (
                each.move.type,
                each.move.worker,
                each.move.instead_of,
                break_even_text(each),
                stated_text(each),
                number(advice.scale * (each.saves_usd.mean or 0.0)),
            )
            for each in advice.worths
        ]
        heads = ("type", "given to", "in place of", "worth it from", "stated", "saves at most")
        yield _table(heads, moved)
    if advice.weights:
        yield f"## What it assumed, by how much that moves the saving, USD {when}"
        assumed = [
            (
                each.assumption.assumed,
                each.assumption.instead,
                number(advice.scale * (each.moves_usd.mean or 0.0)),
            )
            for each in advice.weights
        ]
        yield _table(("assumed", "were it", "saving moves by"), assumed)
    yield from notes(advice)


def _jobs(advice: Advice) -> str:
    rows: Sequence[Sequence[str]] = [
        (
            each.type,
            each.worker,
            number(each.share.mean, 1),
            with_half_width(each.usd_per_task),
            with_half_width(each.turnaround_s),
            number(each.success_rate.mean, 1),
        )
        for each in advice.jobs
    ]
    return _table(("type", "worker", "of its tasks, %", "USD a task", "turnaround, s", "success, %"), rows)


def _policies(advice: Advice) -> str:
    heads = ["policy", "costs", "saves", "cash", "delay", "losses", "success, %", "95th percentile, s"]
    rows = []
    for each in in_order(advice):
        saved, service = advice.saves[each.label], advice.service[each.label]
        cells = [with_half_width(saved[name]) for name in ("usd", "cash", "delay", "losses")]
        served = [number(service[name].mean) for name in ("success_rate", "turnaround_p95_s")]
        rows.append([each.label, with_half_width(advice.costs[each.label]), *cells, *served])
        if advice.reserved:
            rows[-1].insert(2, with_half_width(advice.reserved[each.label]))
    if advice.reserved:
        heads.insert(2, "box as reserved")
    return _table(heads, rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return rows_of(heads, [[in_cell(cell) for cell in row] for row in rows])
