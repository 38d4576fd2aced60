"""What a comparison says, in sentences."""

from __future__ import annotations

import math

from coalesce_sim.experiments.comparison import Comparison, Difference
from coalesce_sim.experiments.contenders import AS_LOGGED
from coalesce_sim.metrics import COST_REDUCTION, COST_REDUCTION_AS_LOGGED, COST_REDUCTION_NET
from coalesce_sim.numbers import number, percent, plural
from coalesce_sim.report.costs import made_of, saved
from coalesce_sim.report.uncertainty import coverage, what_helps


def findings(comparison: Comparison) -> list[str]:
    """The best policy against each of the others, what changes over the run, and what pairing was worth."""
    asked = asked_for(comparison)
    against_best = [pair for pair in comparison.differences if pair.first == asked[0]]
    told = [
        headline(comparison),
        net_of_settlement(comparison),
        against_the_log(comparison),
        *(difference(comparison, pair) for pair in against_best),
    ]
    told += [against_chance(comparison), change(comparison), aftermath(comparison), pairing(comparison)]
    return [*(f"{sentence}." for sentence in told if sentence), *uncertain(comparison)]


def uncertain(comparison: Comparison) -> list[str]:
    """What intervals cover where more than luck is uncertain, and what would make the best policy's narrower,
    and that of its lead."""
    asked, covered = asked_for(comparison), coverage(comparison.uncertain)
    if not covered:
        return []
    told = [covered]
    if (split := comparison.estimates[asked[0]][COST_REDUCTION].split) is not None:
        told.append(what_helps(f"Cost reduction of {asked[0]}", split))
    for pair in comparison.differences:
        split = pair.contrast.difference.split
        if split is not None and [pair.first, pair.second] == asked[:2]:
            told.append(what_helps(f"Lead of {asked[0]} over {asked[1]}", split))
    return told


def asked_for(comparison: Comparison) -> list[str]:
    """The policies that nobody tells what comes, but for those that nobody listed; the best first.

    Where only yardsticks were listed, these.
    """
    unasked = {contender.label for contender in comparison.field if contender.yardstick}
    told = {contender.label for contender in comparison.field if contender.told_what_comes}
    listed = [label for label in comparison.ranked if label not in unasked]
    return [label for label in listed if label not in told] or listed


def headline(comparison: Comparison) -> str:
    """Which policy saves most, or that this is not shown."""
    asked = asked_for(comparison)
    best = asked[0]
    estimates = comparison.estimates[best]
    reduction = estimates[COST_REDUCTION]
    if reduction.mean is None:
        return "No cost to compare with"
    if len(asked) == 1:
        return f"{best} saves against all-local: {saved(estimates)}"
    if reduction.mean <= 0:
        return f"No policy saves: {best}, the best, comes to {saved(estimates)}"
    if len(comparison.played) == 1:
        return f"{best} saves most in the one replication played: {saved(estimates)}"
    if any(pair.shown for pair in comparison.differences if (pair.first, pair.second) == (best, asked[1])):
        return f"{best} saves most against all-local: {saved(estimates)}"
    return f"No difference shown between the best two, {best} and {asked[1]}"


def net_of_settlement(comparison: Comparison) -> str:
    """Which policy saves most once what settlement costs clients is counted; empty without settlement."""
    asked = asked_for(comparison)
    net = {label: comparison.estimates[label].get(COST_REDUCTION_NET) for label in asked}
    known = {label: each for label, each in net.items() if each is not None and each.mean is not None}
    if not known:
        return ""
    best, gross = max(known, key=lambda label: known[label].mean or 0.0), asked[0]
    told = f"Net of settlement {best} saves {percent(known[best])}"
    return told if best == gross or gross not in known else f"{told}, {gross} {percent(known[gross])}"


def against_the_log(comparison: Comparison) -> str:
    """What the best policy saves against what a log says; empty where there is none."""
    best = asked_for(comparison)[0]
    value = comparison.estimates[best].get(COST_REDUCTION_AS_LOGGED)
    if value is None or value.mean is None or best == AS_LOGGED:
        return ""
    verb = "saves" if value.mean >= 0 else "costs more than the log: it saves"
    return f"{best} {verb} {percent(value)} against the log"


def difference(comparison: Comparison, pair: Difference) -> str:
    """What the test of one pair says, and what the difference is made of."""
    points, interval = pair.contrast.difference.mean, pair.contrast.ci_holm
    if points is None:
        return f"{pair.first} and {pair.second}: no cost to compare"
    more, than = f"{number(points, 1)} points", pair.second
    if interval is None:
        told = f"{pair.first} saves {more} more than {than} in one replication: no interval"
    elif not pair.shown:
        told = f"{pair.first} and {than}: no difference shown, {more} {_ends(interval)}"
    else:
        told = f"{pair.first} saves {more} more than {than} {_ends(interval)}"
    return f"{told}{made_of(comparison.saved_more(pair.first, pair.second))}"


def _ends(interval: tuple[float, float]) -> str:
    return f"[{number(interval[0], 1)}, {number(interval[1], 1)}]"


def against_chance(comparison: Comparison) -> str:
    """Whether the best policy beats choosing at random; empty where `random` was listed, or not told."""
    if "random" not in [contender.label for contender in comparison.field if contender.yardstick]:
        return ""
    first, second = asked_for(comparison)[0], "random"
    lead = comparison.lead(first, second)
    if lead.shown and (lead.difference.mean or 0.0) < 0:
        first, second = second, first
        lead = comparison.lead(first, second)
    points, interval = lead.difference.mean, lead.difference.ci95
    if points is None or interval is None:
        return ""
    ends = f"[{number(interval[0], 1)}, {number(interval[1], 1)}]"
    if not lead.shown:
        told = f"{first} is not shown to save more than choosing at random: {number(points, 1)} points {ends}"
    else:
        told = f"{first} saves {number(points, 1)} points more than {second}, by a test of its own {ends}"
    return f"{told}{made_of(comparison.saved_more(first, second))}"


def change(comparison: Comparison) -> str:
    """Which policy gains most from the first fifth of the tasks to the last; empty without an interval."""
    course = comparison.course
    if len(comparison.played) < 2 or len(course.last_task) < 2:
        return ""
    gains = dict(zip(comparison.labels, course.gains, strict=True))
    shown = [label for label in asked_for(comparison) if gains[label].shown]
    climbing = {label: gains[label].difference.mean or 0.0 for label in shown}
    label = max(climbing, key=climbing.__getitem__, default="")
    points = climbing.get(label, 0.0)
    tasks = plural(int(course.last_task[-1]), "task")
    if points <= 0:
        return f"No policy is shown to save more on the last fifth of {tasks} than on the first"
    interval = gains[label].ci_holm or (math.nan, math.nan)
    ends = f"[{number(interval[0], 1)}, {number(interval[1], 1)}]"
    return (
        f"{label} saves {number(points, 1)} points more on the last fifth of {tasks} than on the first {ends}"
    )


def aftermath(comparison: Comparison) -> str:
    """Whom the first change at a stated time costs most; empty where there is none."""
    if not comparison.changes:
        return ""
    told, asked = comparison.changes[0], asked_for(comparison)
    of = dict(zip(comparison.labels, told.policies, strict=True))
    when, worst = f"the change at {told.at_s / 3600:g} h", max(asked, key=lambda label: of[label].lost_usd)
    if of[worst].lost_usd == 0:
        return f"No policy loses by {when}"
    tasks = of[worst].made_up_after
    made_up = "not made up" if tasks is None else f"made up after {plural(tasks, 'task')}"
    costs = f"{when[0].upper()}{when[1:]} costs {worst} most, {number(of[worst].lost_usd)} USD, {made_up}"
    least = min(asked, key=lambda label: of[label].lost_usd)
    return costs if least == worst else f"{costs}; {least} least, {number(of[least].lost_usd)} USD"


def pairing(comparison: Comparison) -> str:
    """What the same random numbers took from the variance of the differences; empty where none vary."""
    removed = comparison.summary["variance_removed"]
    if removed["median"] is None:
        return ""
    median, least, most = (f"{number(100 * removed[name], 0)} %" for name in ("median", "least", "most"))
    told = f"Pairing by random numbers removed {median} of the variance of a difference"
    return told if least == most else f"{told} (median; {least} to {most} by pair)"
