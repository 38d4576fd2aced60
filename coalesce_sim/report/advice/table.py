"""An advice on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from coalesce_sim.advice.advice import A_DAY, Advice
from coalesce_sim.advice.field import Contestant
from coalesce_sim.advice.turning import REPLICATIONS, Turn
from coalesce_sim.advice.workers import home_works, known
from coalesce_sim.advice.worth import Worth
from coalesce_sim.experiments.routing import HOME
from coalesce_sim.experiments.uncertainty import sources_of
from coalesce_sim.numbers import duration, number, plural, with_half_width
from coalesce_sim.report.advice.findings import findings, period
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.report.results_folder import Written
from coalesce_sim.report.uncertainty import called, what_helps
from coalesce_sim.scenario.schema import Scenario

WORTH = "How good work must be: the success rate from which a move is worth it"

_GOOD_WORK = (
    "Good work: no log says whether answers were right. Work that is found bad is done again by whom it was "
    "taken from, or costs what contracts.rework_usd states. Where success would turn the advice, it is that "
    "work does not fail: what failed is tried again, and paid for, as contracts says."
)

MOST_JOBS = 30
"""So many rows at most of who should do what are printed; the files have all."""


def print_advice(console: Console, written: Written[Advice]) -> None:
    """Print the advice, what it changes, what would turn it, what it rests on, and where the files are."""
    advice = written.result
    scenario = advice.scenario
    console.print(Text(f"{scenario.name}: {scenario.title}", "bold"), soft_wrap=True)
    by = " (compiled core, where it covers the policy)" if advice.core.core == "compiled" else ""
    count = plural(len(advice.best.plays), "replication")
    played = f"{len(advice.field)} policies on the same {count}, seed {advice.seed}"
    console.print(f"{played}; {number(written.wall_s)} s{by}")
    console.print()
    for sentence in findings(advice):
        print_wrapped(console, sentence)
    _jobs(console, advice)
    _policies(console, advice)
    if advice.turns:
        _turning(console, advice)
    if advice.worths:
        _worth(console, advice)
    if advice.weights:
        _assumed(console, advice)
    for note in notes(advice):
        print_wrapped(console, note, "dim")
    console.print(Text(f"\nWritten to {written.listing}"), soft_wrap=True)


def notes(advice: Advice) -> list[str]:
    """What the figures mean."""
    told = [_covered(advice)]
    split = advice.saves[advice.best.label]["usd"].split
    if split is not None:
        told.append(what_helps("Saved", split))
    if advice.turns or advice.worths or advice.weights:
        count = min(REPLICATIONS, len(advice.best.plays))
        told.append(
            f"What would turn it, good work and assumptions: means of {plural(count, 'replication')}."
        )
    if advice.worths:
        told.append(_GOOD_WORK)
    if strange := _strange_at_home(advice.scenario):
        told.append(
            f"How good home is at {', '.join(strange)} is not known, and stated as no success at all: all at "
            "home fails at it."
        )
    if advice.scenario.settlement is not None:
        told.append("What settlement costs clients weighs in offers, but is not in these amounts.")
    if advice.worse:
        named = ", ".join(each.label for each in advice.worse)
        base = advice.at_market_costs(advice.baseline)
        told.append(
            f"Not advised, for they succeed less often than {base.label} by more than a point: "
            f"{named}. State contracts.rework_usd, what bad work costs, to have that weighed."
        )
    if (days := advice.scenario.clock.days) < A_DAY:
        by_the_month = (
            "nothing is told by the month (--extrapolate does all the same)"
            if advice.months is None
            else f"a month is taken for {number(advice.months)} times that, as asked for"
        )
        told.append(f"{duration(86_400 * days)} are played, less than a day: {by_the_month}.")
    return told


def _strange_at_home(scenario: Scenario) -> list[str]:
    """The types of task that home, where it works at all, is stated never to do well."""
    if not home_works(scenario):
        return []
    return [kind for kind in scenario.workload.types if not known(scenario, HOME, kind)]


def _covered(advice: Advice) -> str:
    sources = sources_of(advice.scenario)
    if sources:
        return f"±: half of the 95 % interval; it covers {called(sources)}."
    return (
        "±: half of the 95 % interval; it covers luck alone, neither another day's log nor that prices, "
        "speeds and success may be others: `coalesce-sim calibrate` measures these, and has them covered."
    )


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, "bold"))


def _jobs(console: Console, advice: Advice) -> None:
    _heading(console, f"Who should do what ({advice.best.label})")
    jobs = advice.jobs[:MOST_JOBS]
    keys = [
        Column("type", [each.type for each in jobs], figures=False),
        Column("worker", [each.worker for each in jobs], figures=False),
    ]
    columns = [
        Column("of its\ntasks, %", [number(each.share.mean, 1) for each in jobs]),
        Column("USD a\ntask", [with_half_width(each.usd_per_task) for each in jobs]),
        Column("turnaround,\ns", [with_half_width(each.turnaround_s) for each in jobs]),
        Column("success,\n%", [number(each.success_rate.mean, 1) for each in jobs]),
    ]
    print_columns(console, keys, columns)
    if len(advice.jobs) > MOST_JOBS:
        print_wrapped(console, f"{len(advice.jobs) - MOST_JOBS} more rows in jobs.csv.", "dim")


def in_order(advice: Advice) -> list[Contestant]:
    """The policies that are advised, the best first, and then the others."""
    return [*advice.ranked, *(each for each in advice.field if each not in advice.ranked)]


def _policies(console: Console, advice: Advice) -> None:
    _heading(console, f"Policies, USD {period(advice)}, against {advice.baseline.label}")
    field = in_order(advice)
    labels = [each.label for each in field]
    columns = [Column("costs", [with_half_width(advice.costs[each]) for each in labels])]
    if advice.reserved:
        columns.append(
            Column("box as\nreserved", [with_half_width(advice.reserved[each]) for each in labels])
        )
    for name, told in (("usd", "saves"), ("cash", "cash"), ("delay", "delay"), ("losses", "losses")):
        columns.append(Column(told, [with_half_width(advice.saves[each][name]) for each in labels]))
    for name, told in (("success_rate", "success,\n%"), ("turnaround_p95_s", "95th per-\ncentile, s")):
        columns.append(Column(told, [number(advice.service[each][name].mean) for each in labels]))
    styles = ["" if each in advice.ranked else "dim" for each in field]
    print_columns(console, [Column("policy", labels, figures=False)], columns, styles)


def _turning(console: Console, advice: Advice) -> None:
    assert advice.second is not None
    _heading(console, f"What would turn the advice to: {advice.second.label}")
    keys = [Column("if", [each.lever.name for each in advice.turns], figures=False)]
    at = [turns_at(each) for each in advice.turns]
    print_columns(console, keys, [Column("turns at", at, figures=False)])


def turns_at(turn: Turn) -> str:
    """Where the second best comes to cost as little as the best, with the levels between which it is not
    shown which of the two costs less."""
    found, lever = turn.found, turn.lever
    if not found.pays:
        return "as it stands, on these replications"
    if found.level is None:
        falls = lever.shown(found.most) < lever.shown(lever.first)
        return f"nothing {'down' if falls else 'up'} to {lever.told(found.most)}"
    if found.ci95 is None:
        return lever.told(found.level)
    near, far = found.ci95
    ends = sorted(lever.shown(near if each is None else each) for each in (near, far))
    told = [number(each) for each in ends]
    if far is None:
        told = [number(lever.shown(near)), "no end"]
    return f"{lever.told(found.level)} [{', '.join(told)}]"


def _worth(console: Console, advice: Advice) -> None:
    _heading(console, f"{WORTH}, USD {period(advice)}")
    worths = advice.worths
    keys = [
        Column("type", [each.move.type for each in worths], figures=False),
        Column("given to", [each.move.worker for each in worths], figures=False),
        Column("in place of", [each.move.instead_of for each in worths], figures=False),
    ]
    saved = [number(advice.scale * (each.saves_usd.mean or 0.0)) for each in worths]
    print_columns(
        console,
        keys,
        [
            Column("worth it from", [break_even_text(each) for each in worths], figures=False),
            Column("stated", [stated_text(each) for each in worths], figures=False),
            Column("saves\nat most", saved),
        ],
    )


def stated_text(worth: Worth) -> str:
    """The success rate that the scenario states, by which the advice goes."""
    return "not known" if worth.move.stated is None else f"{number(100 * worth.move.stated, 1)} %"


def break_even_text(worth: Worth) -> str:
    """The success rate from which a worker saves, with its interval."""
    if worth.success_rate is None:
        return "any"
    told = f"{number(worth.success_rate, 1)} %"
    ends = worth.ci95
    if ends is None or ends[1] - ends[0] < 0.05:
        return told
    return f"{told} [{number(ends[0], 1)}, {number(ends[1], 1)}]"


def _assumed(console: Console, advice: Advice) -> None:
    _heading(console, f"What it assumed, by how much that moves the saving, USD {period(advice)}")
    weights = advice.weights
    moved = [number(advice.scale * (each.moves_usd.mean or 0.0)) for each in weights]
    keys = [Column("assumed", [each.assumption.assumed for each in weights], figures=False)]
    columns = [
        Column("were it", [each.assumption.instead for each in weights], figures=False),
        Column("saving\nmoves by", moved),
    ]
    print_columns(console, keys, columns)
