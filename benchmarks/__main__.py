"""``python -m benchmarks``: what this program is to reach, measured on the machine at hand.

Throughput is CPU time of one process, ours and the other's in turn, medians of the pairs: trust the ratios.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import click
from rich.console import Console

from benchmarks import changing, cheating, commands, markets, paying, queueing, sweeps
from benchmarks.timing import Figure, table

QUICK = ("Published model, one core", "Market profile (market_day), one core")


@click.command()
@click.option("--pairs", default=5, show_default=True, help="Runs of ours and the other's in turn.")
@click.option("--quick", is_flag=True, help="Throughput of the two markets only.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the tables.")
def main(pairs: int, quick: bool, as_json: bool) -> None:
    """Print the benchmark tables."""
    titles: dict[str, Callable[[], list[Figure]]] = {
        "Whole processes": commands.rows,
        QUICK[0]: partial(markets.published, pairs),
        QUICK[1]: partial(markets.learning, pairs),
        "Market of a city": partial(markets.sizes, pairs),
        "Policies, market profile, 100 contractors": partial(markets.policies, pairs),
        "Of the time without: what changes": partial(changing.rows, pairs),
        "Of the time without: those who cheat": partial(cheating.rows, pairs),
        "Of the time without: how contracts are paid": partial(paying.rows, pairs),
        "M/M/10": partial(queueing.rows, pairs),
        "Sweeps": sweeps.rows,
    }
    console, told = Console(width=120), {}
    for title, measure in titles.items():
        if quick and title not in QUICK:
            continue
        rows = told[title] = measure()
        if not as_json:
            console.print(table(title, rows))
    if as_json:
        click.echo(json.dumps({title: [asdict(row) for row in rows] for title, rows in told.items()}))


if __name__ == "__main__":
    main()
