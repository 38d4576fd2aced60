"""A study of attacks on a terminal: a table per policy, and below it what that says."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from coalesce_sim.attacks.results import AttackStudy, Place
from coalesce_sim.experiments.attacks.cells import NOBODY
from coalesce_sim.experiments.attacks.written import NONE
from coalesce_sim.metrics import COST_REDUCTION
from coalesce_sim.numbers import number, plural, with_half_width, with_interval
from coalesce_sim.report.attacks.findings import findings
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.report.results_folder import Written
from coalesce_sim.statistics.intervals import estimate

_COLUMNS = {
    "attack_gain_usd": "gain of the\nattack, USD",
    "direct_harm_usd": "direct\nharm, USD",
    "market_harm_usd": "market\nharm, USD",
    "honest_sellers_loss_usd": "honest sellers\nlose, USD",
    "cost_reduction_change": "cost reduction,\npoints",
    "detected_share": "detected,\n%",
    "jobs_to_detection": "jobs to\ndetection",
    "false_alarms": "false\nalarms, %",
}
_NOTES = (
    "Gain: profit of those who cheat less that of the same agents behaving, on the same random numbers. "
    "Direct harm: what manipulated contracts cost their clients more; market harm: what all tasks cost more.",
    "±: half of the 95 % interval; (in brackets): not shown to differ from 0, Holm over the whole matrix. "
    "Under “nobody cheats”: cost reduction in %, and its change by the defence.",
)


def print_study(console: Console, written: Written[AttackStudy]) -> None:
    """Print the tables, the answer, and where the files are."""
    study = written.result
    scenario = study.asked.scenario
    console.print(Text(f"{scenario.name}: {scenario.title}", "bold"), soft_wrap=True)
    cells = plural(len(study.of_attacks), "cell")
    console.print(
        f"{cells} and their twins, {plural(study.replications, 'replication')}, seed {study.seed}; "
        f"{plural(study.played, 'play')} in {number(written.wall_s)} s"
    )
    for policy in study.asked.policies:
        _print_policy(console, study, policy)
        for sentence in findings(study, policy):
            print_wrapped(console, sentence)
    for defence in study.asked.defences[1:]:
        print_wrapped(console, f"{defence.label}: {defence.explained}", "dim")
    for note in _NOTES:
        print_wrapped(console, note, "dim")
    console.print(Text(f"\nWritten to {written.listing}"), soft_wrap=True)


def _print_policy(console: Console, study: AttackStudy, policy: str) -> None:
    """Attack by attack, and for each the defences."""
    defences = [each.label for each in study.asked.defences]
    labels = [NOBODY, *(each.label for each in study.asked.attacks)]
    places = [(policy, attack, defence) for attack in labels for defence in defences]
    console.print()
    console.print(Text(f"With {policy}", "bold"))
    keys = [
        Column("\nattack", [a if d == NONE else "" for _, a, d in places], figures=False),
        Column("\ndefence", [d for *_, d in places], figures=False),
    ]
    columns = [
        Column(heading, [_figure(study, at, name) for at in places]) for name, heading in _COLUMNS.items()
    ]
    known = [each for each in columns if any(each.cells)]
    print_columns(console, keys, known, ["dim" if a == NOBODY else "" for _, a, _ in places])


def _figure(study: AttackStudy, place: Place, metric: str) -> str:
    """A mean with its interval, in brackets where it is not shown to differ from 0."""
    policy, attack, defence = place
    if attack == NOBODY:
        return _where_nobody_cheats(study, policy, defence, metric)
    value = study.at[place].estimates[metric]
    if metric not in study.contrasts:
        return with_interval(value, 0) if metric != "jobs_to_detection" else number(value.mean, 0)
    told = with_half_width(value)
    return told if study.contrasts[metric][place].shown else f"({told})"


def _where_nobody_cheats(study: AttackStudy, policy: str, defence: str, metric: str) -> str:
    outcome = study.at[policy, NOBODY, defence]
    if metric == "false_alarms":
        return with_interval(estimate(outcome.in_honest_twin(metric).tolist(), share=True), 0)
    if metric != "cost_reduction_change":
        return ""
    if defence == NONE:
        return f"{with_half_width(estimate(outcome.in_honest_twin(COST_REDUCTION).tolist()))} %"
    cost = study.defence_costs[policy, defence]
    told = with_half_width(cost.difference.negated)
    return told if cost.shown else f"({told})"
