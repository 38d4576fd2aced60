"""What the commands that play sweeps share: what is asked for, who plays it, a question before large ones."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coalesce_sim.cli.contract import PROGRAM, Decorator, bundled, seed_option, set_option
from coalesce_sim.cli.work import jobs_option, out_option
from coalesce_sim.numbers import duration
from coalesce_sim.sweeps.request import EngineName, Playing, Request

if TYPE_CHECKING:
    from coalesce_sim.sweeps.plan import Plan

_vary_option = click.option(
    "--vary",
    multiple=True,
    metavar="PATH=LEVELS",
    help="A field to vary: a:b:n for n levels from a to b, a:b for a range, or a,b,c; repeatable. With it, "
    "SWEEP may be a scenario.",
)
_replications_option = click.option(
    "--replications",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="How often to play each design point; the file's, or the scenario's, by default.",
)


def request_options(make: Callable[..., Request], *more: Decorator) -> Decorator:
    """SWEEP and what is said beside it, which the command gets as `request`; `more` are its own options."""
    source = click.argument("source", metavar="SWEEP")
    return bundled(
        "request", make, source, _vary_option, set_option, _replications_option, *more, seed_option
    )


def playing_options(out: str, extend: str) -> Decorator:
    """Who plays and where to, which the command gets as `playing`; with the default of --out."""
    return bundled(
        "playing",
        _playing,
        jobs_option,
        click.option(
            "--engine",
            type=click.Choice(["local", "dask"]),
            default="local",
            show_default=True,
            help="Who plays runs.",
        ),
        click.option(
            "--scheduler",
            metavar="ADDRESS",
            help="Of a Dask cluster, as in tcp://10.0.0.1:8786; by default one is started on this machine.",
        ),
        out_option(out),
        click.option("--extend", is_flag=True, help=extend),
        click.option(
            "--retry-failed",
            is_flag=True,
            help="Play runs again that failed; with --extend if a policy's code was mended.",
        ),
    )


yes_option = click.option("--yes", is_flag=True, help="Do not ask before more than 100,000 runs.")


def _playing(
    out: Path | None,
    jobs: int | None,
    engine: EngineName,
    scheduler: str | None,
    extend: bool,
    retry_failed: bool,
) -> Playing:
    if scheduler is not None and engine != "dask":
        raise click.UsageError("--scheduler: only with --engine dask")
    return Playing(out, jobs, engine, scheduler, extend, retry_failed, command=repeated())


def repeated() -> str:
    """The command as it was given, for a shell."""
    return shlex.join([PROGRAM, *sys.argv[1:]])


def confirm(plan: Plan, jobs: int | None) -> None:
    """Ask before a very large sweep, with the time that it may take; refuse where nobody can be asked."""
    from coalesce_sim.sweeps.running import MANY_RUNS, estimated_s

    runs = plan.runs_at_least
    if runs <= MANY_RUNS:
        return
    least = "" if isinstance(plan.replications, int) else "at least "
    takes = duration(estimated_s(plan, jobs))
    told = f"{least}{runs:,} runs ({len(plan.design):,} design points), about {takes}"
    if not sys.stdin.isatty():
        raise click.UsageError(f"{told}: say --yes to have them played")
    click.confirm(f"{told}. Play them?", abort=True, err=True)
