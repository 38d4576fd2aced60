"""``python -m benchmarks``: one table for the machine at hand.

Throughput is CPU time of one process, the market and the bare skeleton in turn, medians of the pairs.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from unittest.mock import patch

import click
from rich.console import Console
from rich.table import Table

import coalesce_sim
from benchmarks import skeleton
from benchmarks.sweeps import sweeping
from coalesce_sim import compiling
from coalesce_sim.experiments.replication import Wanted, play
from coalesce_sim.market.market import Market
from coalesce_sim.market.records import Records
from coalesce_sim.policies.registry import create

AUTHORS_TASKS_PER_S = {30: 2400, 100: 1400, 1000: 210}
EIGHT = "topsis,topsis(epsilon=0),cheapest,random,greedy,optimistic_greedy,ucb1,thompson"
TARGET_TASKS_PER_S = {30: 20_000, 100: 15_000, 1000: 4_000}


def cpu_s(action: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    begin = time.process_time()
    action()
    return time.process_time() - begin


class Arrivals(coalesce_sim.Observer):
    """Counts how many tasks come at which time."""

    def __init__(self) -> None:
        self.times: Counter[float] = Counter()

    def block_recorded(self, records: Records) -> None:
        self.times.update(records.block.tasks.arrival_s.tolist())


def rounds_of(scenario: coalesce_sim.Scenario) -> list[tuple[float, int]]:
    """When and how many tasks arrive together in the scenario's first replication."""
    arrivals = Arrivals()
    Market(scenario, create(scenario.policy), arrivals, seed=scenario.seed).run()
    return sorted(arrivals.times.items())


def throughput(contractors: int, days: int, pairs: int) -> dict[str, float]:
    """Tasks/s of a replication on SimPy's core, of the skeleton, their ratio, and tasks/s without compiled
    scoring; of the market alone on the compiled core, and its ratio to the skeleton."""
    scenario = coalesce_sim.load("dur_03", [f"clock.days={days}", f"contractors.count={contractors}"])
    rounds = rounds_of(scenario)
    tasks = sum(count for _, count in rounds)

    def market() -> None:
        play(scenario, scenario.seed, 0, lambda name, table: None, Wanted())  # noqa: ARG005

    def without_events() -> None:
        policy, observer = create(scenario.policy), coalesce_sim.Observer()
        Market(scenario, policy, observer, seed=scenario.seed, core="compiled").run()

    without_events()  # compiles, or loads what was compiled
    market_s, skeleton_s, compiled_s = [], [], []
    for _ in range(pairs):
        market_s.append(cpu_s(market))
        skeleton_s.append(cpu_s(lambda: skeleton.play(rounds, 7200.0)))
        compiled_s.append(cpu_s(without_events))
    with patch("coalesce_sim.compiling.Pace.next_round", lambda self: self._plain):
        plain_s = statistics.median(cpu_s(market) for _ in range(pairs))
    return {
        "market": tasks / statistics.median(market_s),
        "skeleton": tasks / statistics.median(skeleton_s),
        "ratio": statistics.median(b / a for a, b in zip(market_s, skeleton_s, strict=True)),
        "numpy": tasks / plain_s,
        "compiled": tasks / statistics.median(compiled_s),
        "compiled_ratio": statistics.median(b / a for a, b in zip(compiled_s, skeleton_s, strict=True)),
    }


def whole_process(*arguments: str) -> tuple[float, float]:
    """Wall seconds and peak resident MiB of a command of this program."""
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "coalesce_sim", *arguments], stdout=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed with {process.returncode}")
    unit = 1024 if sys.platform != "darwin" else 1024**2
    return time.perf_counter() - begin, usage.ru_maxrss / unit


def whole_processes(figures: dict[str, object]) -> Table:
    """Memory and time of commands as a user runs them; their figures are added to `figures`.

    A new process counts the peak of the one it was forked from as its own, so these go first, while this
    process is still small.
    """
    table = Table("what", "measured", "target", title="Whole processes")
    with tempfile.TemporaryDirectory() as folder:
        million = ["--set", "clock.days=12500", "--set", "contractors.count=100", "--replications", "1"]
        wall_s, peak_mib = whole_process("run", "dur_03", *million, "--quiet", "--out", folder)
        figures["million_tasks"] = {"wall_s": wall_s, "peak_mib": peak_mib}
        table.add_row("1,000,000 tasks, 100 contractors: peak MiB", f"{peak_mib:,.0f}", "< 1,024")
        table.add_row("the same: wall s", f"{wall_s:,.0f}", "")
        wall_s, _ = whole_process(
            "compare", "real_agents_twin", "--policies", EIGHT, "--quiet", "--out", folder
        )
        figures["compare_s"] = wall_s
        table.add_row(
            "compare, 8 policies × 200 × 240 tasks, 33 contractors: wall s", f"{wall_s:,.0f}", "< 90"
        )
        wall_s, _ = whole_process("replicate", "--quiet", "--out", folder)
        figures["replicate_s"] = wall_s
        table.add_row("replicate at its default: wall s", f"{wall_s:,.0f}", "< 120")
    help_s = statistics.median(whole_process("--help")[0] for _ in range(5))
    figures["help_s"] = help_s
    table.add_row("--help: wall s", f"{help_s:.2f}", "< 0.5")
    return table


def throughputs(pairs: int, figures: dict[str, object]) -> Table:
    """Tasks/s by the number of contractors; added to `figures`."""
    compiling.PAYS_AFTER_ROUNDS = 1  # the speed that a long run settles at
    table = Table(title="Full published model, one core")
    columns = "contractors, tasks/s, target, authors, × authors, SimPy skeleton, ratio to skeleton"
    compiled = "compiled core: market alone, ratio to skeleton"
    for column in (*columns.split(", "), "tasks/s, numpy only", *compiled.split(", ")):
        table.add_column(column, justify="right")
    for contractors, days in ((30, 300), (100, 300), (1000, 100)):
        found = throughput(contractors, days, pairs)
        authors = AUTHORS_TASKS_PER_S[contractors]
        figures[f"tasks_per_s_{contractors}"] = found
        table.add_row(
            str(contractors),
            f"{found['market']:,.0f}",
            f"{TARGET_TASKS_PER_S[contractors]:,}",
            f"{authors:,}",
            f"{found['market'] / authors:.1f}",
            f"{found['skeleton']:,.0f}",
            f"{found['ratio']:.2f}",
            f"{found['numpy']:,.0f}",
            f"{found['compiled']:,.0f}",
            f"{found['compiled_ratio']:.2f}",
        )
    return table


def learning_market(pairs: int, figures: dict[str, object]) -> Table:
    """Tasks/s of the market profile by the number of contractors, beside the skeleton of as many tasks."""
    table = Table(title="Market profile (market_day), one core")
    for column in (
        "contractors",
        "tasks/s",
        "target",
        "SimPy skeleton",
        "ratio to skeleton",
        "tasks/s, numpy only",
    ):
        table.add_column(column, justify="right")
    for contractors in (30, 100, 1000):
        scenario = coalesce_sim.load("market_day", [f"contractors.count={contractors}"])
        rounds = rounds_of(scenario)

        def market(scenario: coalesce_sim.Scenario = scenario) -> None:
            Market(scenario, create(scenario.policy), coalesce_sim.Observer(), seed=1).run()

        market_s, skeleton_s = [], []
        for _ in range(pairs):
            market_s.append(cpu_s(market))
            skeleton_s.append(cpu_s(lambda rounds=rounds: skeleton.play(rounds, 60.0)))  # type: ignore[misc]
        ratio = statistics.median(b / a for a, b in zip(market_s, skeleton_s, strict=True))
        with patch("coalesce_sim.compiling.Pace.next_round", lambda self: self._plain):
            plain_s = statistics.median(cpu_s(market) for _ in range(pairs))
        rate, bare = (len(rounds) / statistics.median(each) for each in (market_s, skeleton_s))
        figures[f"learning_tasks_per_s_{contractors}"] = {
            "market": rate,
            "skeleton": bare,
            "ratio": ratio,
            "numpy": len(rounds) / plain_s,
        }
        target = "10,000" if contractors == 100 else ""
        table.add_row(
            str(contractors),
            f"{rate:,.0f}",
            target,
            f"{bare:,.0f}",
            f"{ratio:.2f}",
            f"{len(rounds) / plain_s:,.0f}",
        )
    return table


@click.command()
@click.option("--pairs", default=5, show_default=True, help="Runs of market and skeleton in turn.")
@click.option("--quick", is_flag=True, help="Throughput only.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the tables.")
def main(pairs: int, quick: bool, as_json: bool) -> None:
    """Print the benchmark tables."""
    figures: dict[str, object] = {}
    tables = [] if quick else [whole_processes(figures)]
    tables.append(throughputs(pairs, figures))
    tables.append(learning_market(pairs, figures))
    if not quick:
        tables.append(sweeping(figures))
    if as_json:
        click.echo(json.dumps(figures))
        return
    console = Console(width=120)
    for table in tables:
        console.print(table)


if __name__ == "__main__":
    main()
