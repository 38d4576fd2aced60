"""A study of attacks on a terminal: a table per policy, and below it what that says."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from coalesce_sim.attacks.results import AttackStudy, Place
from coalesce_sim.experiments.attacks.cells import NOBODY
from coalesce_sim.experiments.attacks.written import NONE
from coalesce_sim.experiments.breaking_even import BreakEven
from coalesce_sim.metrics import COST_REDUCTION
from coalesce_sim.numbers import NOTHING, level_text, number, plural, with_half_width, with_interval
from coalesce_sim.report.attacks.findings import findings
from coalesce_sim.report.attacks.names import names
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.report.results_folder import Written
from coalesce_sim.scenario.schema import Scenario
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
    "Where nobody cheats: cost reduction in %; its change, and what sellers lose, by the defence.",
)
_BEFORE_PAYMENT = (
    "All figures are before what settlement costs clients and sellers, such as fees and disputes."
)


def print_study(console: Console, written: Written[AttackStudy]) -> None:
    """Print the tables, the answer, and where the files are."""
    study = written.result
    scenario = study.asked.scenario
    console.print(Text(f"{scenario.name}: {scenario.title}", "bold"), soft_wrap=True)
    cells = plural(len(study.of_attacks), "cell")
    console.print(f"{cells} and their twins, {plural(study.replications, 'replication')}, seed {study.seed}")
    plays, tasks = plural(study.played, "play"), plural(study.tasks, "task")
    console.print(f"{plays}, {tasks} in {number(written.wall_s)} s")
    for policy in study.asked.policies:
        _print_policy(console, study, policy)
        if study.curves:
            _print_curves(console, study, policy)
        for sentence in findings(study, policy):
            print_wrapped(console, sentence)
    if study.evens:
        _print_break_evens(console, study)
    console.print()
    called = names(study)
    for attack in study.asked.attacks:
        if called[attack.label] != attack.label:
            print_wrapped(console, f"{called[attack.label]}: {attack.label}", "dim", hang="  ")
    for defence in study.asked.defences[1:]:
        print_wrapped(console, f"{called[defence.label]}: {defence.explained}", "dim", hang="  ")
    for note in notes(scenario):
        print_wrapped(console, note, "dim")
    console.print(Text(f"\nWritten to {written.listing}"), soft_wrap=True)


def notes(scenario: Scenario) -> list[str]:
    """What the figures are, and what they are before."""
    paid = scenario.settlement
    return [*_NOTES] if paid is None or paid.is_plain else [*_NOTES, _BEFORE_PAYMENT]


def _print_break_evens(console: Console, study: AttackStudy) -> None:
    """The level of each defence at which an attack gains nothing."""
    called = names(study)
    console.print()
    console.print(Text("Levels at which an attack gains nothing", "bold"))
    keys = [
        Column("policy", [each.policy for each in study.evens], figures=False),
        Column("attack", [called[each.attack] for each in study.evens], figures=False),
        Column("defence", [each.lever for each in study.evens], figures=False),
    ]
    columns = [Column("level", [_level(each.found) for each in study.evens])]
    print_columns(console, keys, columns, [""] * len(study.evens))


def _level(found: BreakEven) -> str:
    """The level with its interval, or why there is none."""
    if not found.pays:
        return "does not pay without"
    if found.level is None:
        return f"none up to {number(found.most)}"
    if found.ci95 is None:
        return number(found.level)
    low, high = found.ci95
    return f"{number(found.level)} [{number(low)}, {'∞' if high is None else number(high)}]"


def _print_policy(console: Console, study: AttackStudy, policy: str) -> None:
    """Attack by attack, and for each the defences."""
    called = names(study)
    defences = [each.label for each in study.asked.defences]
    labels = [NOBODY, *(each.label for each in study.asked.attacks)]
    places = [(policy, attack, defence) for attack in labels for defence in defences]
    console.print()
    console.print(Text(f"With {policy}", "bold"))
    keys = [
        Column("\nattack", [called[a] if d == NONE else "" for _, a, d in places], figures=False),
        Column("\ndefence", [called[d] for *_, d in places], figures=False),
    ]
    columns = [
        Column(heading, [_figure(study, at, name) for at in places]) for name, heading in _COLUMNS.items()
    ]
    known = [each for each in columns if any(each.cells)]
    print_columns(console, keys, known, ["dim" if a == NOBODY else "" for _, a, _ in places])


def _print_curves(console: Console, study: AttackStudy, policy: str) -> None:
    """Gain and harm at each level of what is varied, a row a level."""
    assert study.asked.varied is not None
    called = names(study)
    several = len(study.asked.attacks) > 1
    columns = []
    for place, along in study.curves.items():
        if place[0] != policy:
            continue
        under = "" if place[2] == NONE else f" {called[place[2]]}"
        head = f"{called[place[1]]}{under}" if several else under.strip()
        for name, told in (("attack_gain_usd", "gain, USD"), ("market_harm_usd", "harm, USD")):
            cells = [with_half_width(each.estimates[name]) for each in along]
            columns.append(Column(f"{head}\n{told}", cells))
    field = "share" if study.asked.varied.of_share else study.asked.varied.path
    levels = Column(f"\n{field}", [level_text(each) for each in study.asked.varied.levels])
    print_columns(console, [levels], columns)


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
    if metric == "cost_reduction_change" and defence == NONE:
        return f"{with_half_width(estimate(outcome.in_honest_twin(COST_REDUCTION).tolist()))} %"
    if defence == NONE:
        return NOTHING if metric == "honest_sellers_loss_usd" else ""
    if metric == "honest_sellers_loss_usd":
        cost = study.sellers_costs[policy, defence]
        change = cost.difference
    elif metric == "cost_reduction_change":
        cost = study.defence_costs[policy, defence]
        change = cost.difference.negated
    else:
        return ""
    told = with_half_width(change)
    return told if cost.shown else f"({told})"
