"""``coalesce-sim run``: play a scenario, print what it came to, write it down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coalesce_sim.cli.contract import (
    Output,
    load_ready,
    output_options,
    print_aside,
    scenario_argument,
    seed_option,
    set_option,
)
from coalesce_sim.cli.scenario_warnings import print_observed, print_warnings
from coalesce_sim.cli.work import (
    core_option,
    cores,
    failures_told,
    figures_option,
    jobs_option,
    out_option,
    progress_bar,
    replications_option,
)

if TYPE_CHECKING:
    from rich.console import Console

    from coalesce_sim.experiments.cores import AskedCore
    from coalesce_sim.experiments.runs import RunResult
    from coalesce_sim.report.book import Book
    from coalesce_sim.report.results_folder import Written
    from coalesce_sim.scenario.schema import Scenario


@click.command("run")
@scenario_argument
@seed_option
@replications_option
@jobs_option
@set_option
@core_option
@out_option("results/NAME")
@click.option(
    "--detail",
    type=click.Choice(["offers"]),
    help="Also write offers.parquet: one row per decision and contractor.",
)
@figures_option
@click.option(
    "--book",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also write the book of replication 0, every payment of its contracts, to this folder.",
)
@click.option(
    "--payments",
    is_flag=True,
    help="Of the book, also write its contracts as payment requirements of x402, to payments.jsonl.",
)
@output_options
def command(
    source: str,
    seed: int | None,
    replications: int | None,
    jobs: int | None,
    core: AskedCore,
    overrides: tuple[str, ...],
    out: Path | None,
    detail: str | None,
    figures: bool,
    book: Path | None,
    payments: bool,
    output: Output,
) -> None:
    """Play SCENARIO and write down every decision.

    Prints what outsourcing saved and who got the work. The folder of results gets summary.json,
    decisions.parquet, timeline.parquet, routing.parquet and three figures; where the market learns,
    contracts.parquet, ratings.parquet, estimation_error.parquet and two figures more. They all appear at the
    end or, after an error or Ctrl-C, not at all.

    With --book another folder gets journal.parquet, book.beancount, which `bean-check` accepts, and
    book.json; a scenario with contracts that does not state `settlement` is played with `settlement: {}`.
    """
    if payments and book is None:
        raise click.UsageError("--payments: are those of a book; say where it goes with --book DIR")
    scenario = load_ready(source, overrides)
    from coalesce_sim.provenance import Origin
    from coalesce_sim.report.writing import write_run

    seed = scenario.seed if seed is None else seed
    count = scenario.replications if replications is None else replications
    out = out or default_folder(scenario)
    scenario = scenario if book is None else _with_book(scenario, book, out, output)
    origin = Origin(
        source,
        overrides,
        scenario,
        seed,
        count,
        offers=detail == "offers",
        figures=figures,
        book=book,
        payments=payments,
    )
    jobs = min(count, jobs or cores())
    if not output.quiet:
        print_warnings(scenario)
    with failures_told(), _book_told(), progress_bar(shown=not output.quiet) as progress:
        written, booked = write_run(origin, out, jobs=jobs, core=core, progress=progress)
    summary = written.summary if booked is None else {**written.summary, "book": booked.summary}
    output.tell(summary, lambda screen: _print(screen, written, booked))
    if not output.quiet:
        print_observed(written.result.observed)


def _with_book(scenario: Scenario, book: Path, out: Path, output: Output) -> Scenario:
    """The scenario as a book is kept of it; raises `click.UsageError` for a folder that is taken."""
    from coalesce_sim.scenario.settling import settled

    if book.resolve() == out.resolve():
        raise click.UsageError(f"--book: {str(book)!r} is the folder of the results; give another one")
    booked = settled(scenario)
    if scenario.settlement is None and not output.quiet:
        print_aside("note: states no settlement: contracts are paid at once, at no cost (settlement: {})")
    return booked


@contextmanager
def _book_told() -> Iterator[None]:
    """Say of which option a folder is that cannot be had."""
    from coalesce_sim.report.book import BookFolderError

    try:
        yield
    except BookFolderError as error:
        raise click.BadParameter(str(error), param_hint="--book") from error


def _print(screen: Console, written: Written[RunResult], booked: Written[Book] | None) -> None:
    from coalesce_sim.report.layout import print_wrapped
    from coalesce_sim.report.table import print_run

    print_run(screen, written)
    for line in [] if booked is None else [f"Written to {booked.listing}", *booked.result.told]:
        print_wrapped(screen, line)


def default_folder(scenario: Scenario) -> Path:
    """``results/NAME``; raises `click.UsageError` for a name that cannot be one folder."""
    from coalesce_sim.files import is_folder_name

    if not is_folder_name(scenario.name):
        raise click.UsageError(f"name: {scenario.name!r} cannot be the name of a folder; give one with --out")
    return Path("results") / scenario.name
