"""A study of frictions on a terminal: the waterfall, the price of each rule, who bears what."""

from __future__ import annotations

import math

from rich.console import Console
from rich.text import Text

from coalesce_sim.frictions.bearing import PARTIES
from coalesce_sim.frictions.results import GROSS, NET, FrictionStudy
from coalesce_sim.frictions.waterfall import Units
from coalesce_sim.numbers import NOTHING, number, plural, with_half_width
from coalesce_sim.report.frictions.findings import findings, reduction
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.report.results_folder import Written
from coalesce_sim.statistics.contrasts import Contrast

_NOTES = (
    "Frictions are switched on from top to bottom, on the same random numbers; ±: half of the 95 % interval; "
    "(in brackets): not shown to differ from 0 (Holm). Below 0: gives back.",
)
_OF_PAIR = (
    "The two largest are played in both orders: their bars are what each takes first, and × is what they do "
    "together with what stands between them."
)


def print_study(console: Console, written: Written[FrictionStudy]) -> None:
    """Print the answer, the tables, and where the files are."""
    study = written.result
    console.print(Text(f"{study.scenario.name}: {study.scenario.title}", "bold"), soft_wrap=True)
    markets, count = plural(len(study.plays), "market"), plural(study.replications, "replication")
    console.print(f"{markets}, {count}, seed {study.seed}")
    plays, tasks = plural(study.played, "play"), plural(study.tasks, "task")
    console.print(f"{plays}, {tasks} in {number(written.wall_s)} s\n")
    for sentence in findings(study):
        print_wrapped(console, sentence)
    print_wrapped(console, f"{reduction(study)}.")
    _print_waterfall(console, study)
    if study.prices:
        _print_rules(console, study)
    if study.bearing:
        _print_bearing(console, study)
    for note in _NOTES if study.pair is None else (*_NOTES, _OF_PAIR):
        print_wrapped(console, note, "dim")
    console.print(Text(f"\nWritten to {written.listing}"), soft_wrap=True)


def tested(value: Contrast) -> str:
    """A difference with its interval, in brackets where it is not shown to differ from 0."""
    told = with_half_width(value.difference)
    return told if value.shown else f"({told})"


def _print_waterfall(console: Console, study: FrictionStudy) -> None:
    console.print()
    labels = [GROSS, *(each.label for each in study.bars), NET]
    taken = [
        with_half_width(study.gross),
        *map(tested, study.tested),
        with_half_width(study.net),
    ]
    columns = [Column("USD a task", taken), Column("left", _left(study))]
    if study.pair is not None:
        before = ["", *(_told(study, each.before_other) for each in study.bars), ""]
        after = ["", *(_told(study, each.after_other) for each in study.bars), ""]
        columns += [Column("before the\nother one", before), Column("after the\nother one", after)]
    keys = [Column("saved, and taken of it by", labels, figures=False)]
    print_columns(console, keys, columns, ["bold", *("" for _ in study.bars), "bold"])


def _left(study: FrictionStudy) -> list[str]:
    """What is left after each bar, all with as many decimals as the largest needs for four digits."""
    left = [each.mean or 0.0 for each in (study.gross, *study.left, study.net)]
    largest = max(map(abs, left)) or 1.0
    decimals = max(0, 3 - math.floor(math.log10(largest)))
    return [number(each, decimals) for each in left]


def _told(study: FrictionStudy, units: Units | None) -> str:
    value = study.a_task(units)
    return "" if value is None else with_half_width(value)


def _print_rules(console: Console, study: FrictionStudy) -> None:
    keys = [Column("rule, left out by itself", list(study.prices), figures=False)]
    print_columns(
        console, keys, [Column("costs, points of\ncost reduction", list(map(tested, study.prices.values())))]
    )


def _print_bearing(console: Console, study: FrictionStudy) -> None:
    keys = [Column("borne, USD a task", list(study.bearing), figures=False)]
    columns = [
        Column(
            party,
            [
                NOTHING if (value := each[party]).mean is None else with_half_width(value)
                for each in study.bearing.values()
            ],
        )
        for party in PARTIES
    ]
    print_columns(console, keys, columns)
