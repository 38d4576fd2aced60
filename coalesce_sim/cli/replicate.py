"""``coalesce-sim replicate``: play everything the paper printed and compare."""

from __future__ import annotations

from pathlib import Path

import click

from coalesce_sim.cli.contract import Output, output_options
from coalesce_sim.cli.work import cores, failures_told, jobs_option, progress_bar


@click.command("replicate")
@click.option(
    "--replications",
    type=click.IntRange(2, 100_000),
    default=100,
    show_default=True,
    metavar="N",
    help="Runs of every experiment.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**62),
    default=1,
    show_default=True,
    help="Seed of the first experiment; the others count on from it.",
)
@jobs_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("results/published"),
    show_default=True,
    metavar="DIR",
    help="Where report, table and figures go.",
)
@output_options
def command(replications: int, seed: int, jobs: int | None, out: Path, output: Output) -> None:
    """Play the published experiments, the cold start and the real-LLM study, and compare with the paper.

    Writes report.md, table.csv and two figures, all of them or, after an error or Ctrl-C, none. A figure
    that differs from the printed one is a finding, not a failure: the exit code is 0 if all runs were played.
    """
    from coalesce_sim.report.replication.terminal import print_study
    from coalesce_sim.report.replication.writing import write_study

    with failures_told(), progress_bar(shown=not output.quiet) as progress:
        written = write_study(
            out,
            seed=seed,
            replications=replications,
            jobs=cores() if jobs is None else jobs,
            progress=progress,
        )
    output.tell(written.summary, lambda screen: print_study(screen, written))
