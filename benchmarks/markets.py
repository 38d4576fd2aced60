"""Tasks a second of both markets, beside the bare SimPy skeleton of as many tasks, and what policies cost."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from functools import partial

import coalesce_sim
from benchmarks import skeleton
from benchmarks.timing import Figure, cpu_s, in_turn, median_ratio
from coalesce_sim.experiments.cores import choose_core
from coalesce_sim.experiments.replication import Wanted, play
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.market import Market
from coalesce_sim.market.records import Records
from coalesce_sim.policies.protocol import LOCAL, Decision, Policy, View
from coalesce_sim.policies.registry import create
from coalesce_sim.scenario.workload import Workload

Scenario = coalesce_sim.Scenario

PUBLISHED = {30: (300, "≥ 8"), 100: (300, "≥ 6"), 1_000: (60, "≥ 1.2"), 10_000: (8, "≥ 0.25")}
"""Days to play and what is asked of the ratio, by the number of contractors."""

LEARNING = {30: "≥ 2.5", 100: "≥ 2", 1_000: "≥ 1.2"}

KNOWN = {
    "beta": "reputation.model={kind: beta}",
    "ewma": "reputation.model={kind: ewma}",
    "gossip": "discovery={kind: gossip, k: 12, newcomer_share: 0.75}",
}
"""How clients know of contractors where there are many: rated in two ways, or by gossip."""


class _Arrivals(coalesce_sim.Observer):
    """Counts how many tasks come at which time."""

    def __init__(self) -> None:
        self.times: Counter[float] = Counter()

    def block_recorded(self, records: Records) -> None:
        self.times.update(records.block.tasks.arrival_s.tolist())


class Estimates(Policy):
    """A policy as a user writes it: the least estimate, of home or an eligible offer."""

    def decide(self, view: View) -> Decision:
        best, least_usd = LOCAL, view.internal_usd
        for position, usd in enumerate(view.external_usd.tolist()):
            if usd < least_usd and view.eligible[position]:
                best, least_usd = position, usd
        return Decision(best)


def market(scenario: Scenario, core: Core) -> None:
    """The market of the scenario's first replication alone."""
    Market(scenario, create(scenario.policy), coalesce_sim.Observer(), seed=scenario.seed, core=core).run()


def whole(scenario: Scenario, core: Core) -> None:
    """The same replication with its baseline and metrics."""
    play(scenario, scenario.seed, 0, lambda name, table: None, Wanted(), core=core)  # noqa: ARG005


def arrivals_of(scenario: Scenario) -> list[tuple[float, int]]:
    """When and how many tasks arrive together in the scenario's first replication."""
    counted = _Arrivals()
    Market(scenario, create(scenario.policy), counted, seed=scenario.seed).run()
    return sorted(counted.times.items())


def throughput(scenario: Scenario, service_s: float, pairs: int) -> dict[str, float]:
    """Tasks/s of the skeleton, of the market alone on each core and of the whole `play`; how many times as
    fast as the skeleton the market is on each core, and as the market alone `play` is."""
    rounds = arrivals_of(scenario)
    tasks = sum(count for _, count in rounds)
    found: dict[str, float] = {}
    for core in _cores(scenario):
        market(scenario, core)  # compiles, or loads what was compiled
        actions = (
            partial(skeleton.play, rounds, service_s),
            partial(market, scenario, core),
            partial(whole, scenario, core),
        )
        bare_s, market_s, whole_s = in_turn(pairs, *actions)
        found["skeleton"] = tasks / statistics.median(bare_s)
        found[core] = tasks / statistics.median(market_s)
        found[f"{core}_ratio"] = median_ratio(market_s, bare_s)
        found[f"{core}_play"] = tasks / statistics.median(whole_s)
        found[f"{core}_play_ratio"] = median_ratio(whole_s, market_s)
    return found


def _cores(scenario: Scenario) -> list[Core]:
    covered = choose_core("auto", [scenario], runs=10**9).core == "compiled"
    return ["simpy", "compiled"] if covered else ["simpy"]


def published(pairs: int) -> list[Figure]:
    """The published model by the number of contractors."""
    rows: list[Figure] = []
    for contractors, (days, asked) in PUBLISHED.items():
        changes = [f"clock.days={days}", f"contractors.count={contractors}"]
        found = throughput(coalesce_sim.load("dur_03", changes), 7200.0, pairs)
        rows += _told(f"{contractors:,} contractors", found, {"compiled": asked})
    return rows


def learning(pairs: int) -> list[Figure]:
    """The market profile by the number of contractors."""
    rows: list[Figure] = []
    for contractors, asked in LEARNING.items():
        scenario = coalesce_sim.load("market_day", [f"contractors.count={contractors}"])
        simpy = "≥ 0.15" if contractors == 100 else ""
        found = throughput(scenario, 60.0, pairs)
        rows += _told(f"{contractors:,} contractors", found, {"simpy": simpy, "compiled": asked})
    return rows


def sizes(pairs: int) -> list[Figure]:
    """`market_city`, 100,000 contractors and 10,000 clients, beside the market profile with 100 and 20."""
    rows = []
    for model, change in KNOWN.items():
        small = coalesce_sim.load("market_day", [change, "contractors.count=100"])
        large = coalesce_sim.load("market_city", [change])
        _apart(small)  # compiles, or loads what was compiled
        played = [(_apart(small), _apart(large)) for _ in range(pairs)]
        ratio = statistics.median(city[1] / town[1] for town, city in played)
        rows += [
            Figure(f"{model}: set-up, CPU s", statistics.median(city[0] for _, city in played), "≤ 2"),
            Figure(f"{model}: µs a task", 1e6 * statistics.median(city[1] for _, city in played)),
            Figure(f"{model}: of what a task takes with 100", ratio, "≤ 1.5"),
        ]
    return rows


def _apart(scenario: Scenario) -> tuple[float, float]:
    """CPU seconds of setting the market up, tables and all, and beyond that of a task."""
    nobody = scenario.model_copy(update={"workload": _of_one_task(scenario.workload)})
    set_up_s = cpu_s(partial(market, nobody, "compiled"))
    arrived = _Arrivals()
    begin = time.process_time()
    Market(scenario, create(scenario.policy), arrived, seed=scenario.seed, core="compiled").run()
    return set_up_s, (time.process_time() - begin - set_up_s) / sum(arrived.times.values())


def _of_one_task(workload: Workload) -> Workload:
    return workload.model_copy(update={"arrivals": workload.arrivals.model_copy(update={"limit": 1})})


def _told(where: str, found: dict[str, float], asked: dict[str, str]) -> list[Figure]:
    rows = [Figure(f"{where}: skeleton, tasks/s", found["skeleton"])]
    for core in ("simpy", "compiled"):
        if core in found:
            rows += [
                Figure(f"{where}, {core}: market alone, tasks/s", found[core]),
                Figure(f"{where}, {core}: of the skeleton", found[f"{core}_ratio"], asked.get(core, "")),
                Figure(f"{where}, {core}: whole play, tasks/s", found[f"{core}_play"]),
                Figure(f"{where}, {core}: of the market alone", found[f"{core}_play_ratio"], "≥ 0.45"),
            ]
        elif core in asked:
            rows.append(Figure(f"{where}, {core}: not covered", 0.0, asked[core]))
    return rows


def policies(pairs: int) -> list[Figure]:
    """What a policy written in Python reaches, and what bandits cost beside `cheapest`, market profile."""
    names = (
        *("greedy", "epsilon_greedy", "optimistic_greedy", "ucb1", "ucb_v", "thompson", "thompson_gaussian"),
        *("lin_ucb", "exp3", "budgeted_ucb"),
    )
    base = coalesce_sim.load("market_day", ["contractors.count=100"])
    tasks = sum(count for _, count in arrivals_of(base))
    scenarios = [
        coalesce_sim.load("market_day", ["contractors.count=100", f"policy={{kind: {name}}}"])
        for name in ("cheapest", *names)
    ]
    actions = [partial(_own_policy, base), *(partial(market, each, "compiled") for each in scenarios)]
    for action in actions:
        action()  # compiles, or loads what was compiled
    own_s, cheapest_s, *bandits_s = in_turn(pairs, *actions)
    rows = [Figure("a policy of one's own, tasks/s", tasks / statistics.median(own_s), "≥ 50,000")]
    for name, took_s in zip(names, bandits_s, strict=True):
        more_s = statistics.median(a - b for a, b in zip(took_s, cheapest_s, strict=True))
        rows.append(Figure(f"{name} beside cheapest, µs a task", 1e6 * more_s / tasks, "≤ 5"))
    return rows


def _own_policy(scenario: Scenario) -> None:
    Market(scenario, Estimates(), coalesce_sim.Observer(), seed=scenario.seed, core="compiled").run()
