"""What a terminal shows while a sweep is played."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import click

from coalesce_sim.cli import interrupts
from coalesce_sim.cli.contract import console
from coalesce_sim.numbers import duration

if TYPE_CHECKING:
    from coalesce_sim.sweeps.execution import Progress

_TOLD_EVERY_S = 60.0
"""How often a sweep says how far it is where there is no terminal, as in a log of the night."""


@contextmanager
def sweep_display(*, shown: bool) -> Iterator[Callable[[Progress], None]]:
    """Takes the progress of a sweep: a live bar on a terminal, else a line a minute, on stderr."""
    from rich.console import Group
    from rich.live import Live
    from rich.progress_bar import ProgressBar

    screen = console(stderr=True)
    live = Live(console=screen, transient=True) if shown and screen.is_terminal else None
    told_at = time.monotonic()

    def tell(progress: Progress) -> None:
        nonlocal told_at
        interrupts.insist()
        if live is not None:
            bar = ProgressBar(total=1.0, completed=progress.share)
            live.update(Group(sentence(progress), bar))
        elif shown and time.monotonic() - told_at >= _TOLD_EVERY_S:
            told_at = time.monotonic()
            click.echo(sentence(progress), err=True)

    with live or nullcontext():
        yield tell


def sentence(progress: Progress) -> str:
    """How far a sweep is, in one line."""
    parts = [
        f"{progress.points_done:,} of {progress.points:,} points",
        f"{progress.runs_done:,} runs",
        f"{progress.runs_per_s:.3g} runs/s",
    ]
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left)} left")
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    parts.append(f"{progress.workers} worker{'s' if progress.workers != 1 else ''}")
    return ", ".join(parts)
