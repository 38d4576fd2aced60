"""Commands as a user runs them."""

from __future__ import annotations

import statistics
import tempfile

from benchmarks.timing import Figure, Process, command

EIGHT = "topsis,topsis(epsilon=0),cheapest,random,greedy,optimistic_greedy,ucb1,thompson"
STARTS = 5


def rows() -> list[Figure]:
    """Time and memory of whole processes.

    A new process counts the peak of the one it was forked from as its own, so these go first, while this
    process is still small.
    """
    million = ("--set", "clock.days=12500", "--set", "contractors.count=100", "--replications", "1")
    one = ("run", "dur_03", "--replications", "1")
    played = _writing("run", "dur_03", *million)
    starts = _median_cpu_s(*one), _median_cpu_s(*one, "--no-figures")
    compared = _writing("compare", "real_agents_twin", "--policies", EIGHT)
    replicated = _writing("replicate")
    grid = _writing("sweep", "published_grid", "--jobs", "2")
    return [
        Figure("run dur_03 --replications 1: CPU s", starts[0], "≤ 1.5"),
        Figure("the same with --no-figures: CPU s", starts[1], "≤ 0.9"),
        Figure("--help: CPU s", statistics.median(command("--help").cpu_s for _ in range(STARTS)), "≤ 0.5"),
        Figure("compare, 8 policies × 200 × 240 tasks, 33 contractors: wall s", compared.wall_s, "≤ 15"),
        Figure("replicate at its default: CPU s", replicated.cpu_s, "≤ 15"),
        Figure("published grid, 7,800 runs, two processes: wall s", grid.wall_s, "≤ 30"),
        Figure("1,000,000 tasks of the published model, 100 contractors: wall s", played.wall_s),
        Figure("the same: peak MiB", played.peak_mib, "≤ 600"),
    ]


def _median_cpu_s(*arguments: str) -> float:
    return statistics.median(_writing(*arguments).cpu_s for _ in range(STARTS))


def _writing(*arguments: str) -> Process:
    """A command that writes to a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        return command(*arguments, "--quiet", "--out", f"{name}/out")
