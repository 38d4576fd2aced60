"""What the commands that play many runs share: cores, a progress bar, and how a failure is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from coalesce_sim.cli import interrupts
from coalesce_sim.cli.contract import console
from coalesce_sim.experiments.parallel import MOST_PROCESSES, cores

__all__ = [
    "core_option",
    "cores",
    "failures_told",
    "figures_option",
    "jobs_option",
    "out_option",
    "progress_bar",
    "replications_option",
]

F = TypeVar("F", bound=Callable[..., Any])

jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1, MOST_PROCESSES),
    metavar="N",
    help="Processes to share the runs among; all cores by default. The results are the same.",
)

core_option = click.option(
    "--core",
    type=click.Choice(["auto", "simpy", "compiled"]),
    default="auto",
    help="What plays the market, to the same bits: SimPy's events, or compiled code where that covers the "
    "scenario; the faster one by default.",
)

figures_option = click.option(
    "--no-figures",
    "figures",
    flag_value=False,
    default=True,
    help="Draw no figures, which takes longer than playing a small market.",
)

replications_option = click.option(
    "--replications",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="How often to play, each time on other random numbers; the scenario's by default.",
)


def out_option(default: str) -> Callable[[F], F]:
    """The folder of results; `default` says which it is otherwise."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help=f"Where the results go; {default} by default.",
    )


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Callable[[float], None]]:
    """Takes the share of the work that is done; a terminal on stderr shows it from the first second on.

    Being told so often, it also sees to it that Ctrl-C is not lost.
    """
    screen = console(stderr=True)
    if not (shown and screen.is_terminal):
        yield lambda _: interrupts.insist()
        return
    from threading import Timer

    from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=screen, transient=True)
    task = bar.add_task("", total=1.0)
    later = Timer(1.0, bar.start)
    later.daemon = True
    later.start()

    def tell(done: float) -> None:
        interrupts.insist()
        bar.update(task, completed=done)

    try:
        yield tell
    finally:
        later.cancel()
        later.join()
        bar.stop()


@contextmanager
def failures_told() -> Iterator[None]:
    """Turn what may go wrong with a good scenario into a message: exit code 2 for what the user can mend
    before anything runs (a folder, other results in it, a missing package, a core that does not play it),
    else 1."""
    from concurrent.futures.process import BrokenProcessPool

    from coalesce_sim.adversaries.errors import AdversaryError
    from coalesce_sim.errors import CoalesceError
    from coalesce_sim.extras import MissingExtra
    from coalesce_sim.files import FolderError, ResultsError
    from coalesce_sim.market.compiled.coverage import CoreError
    from coalesce_sim.metrics import UnknownMetric
    from coalesce_sim.policies.errors import PolicyError
    from coalesce_sim.scenario.problems import ScenarioError

    try:
        yield
    except FolderError as error:
        raise click.BadParameter(str(error), param_hint="--out") from error
    except (CoreError, MissingExtra, ResultsError, UnknownMetric) as error:
        raise click.UsageError(str(error)) from error
    except (ScenarioError, PolicyError, AdversaryError):
        raise  # told as for all commands
    except CoalesceError as error:
        raise click.ClickException(str(error)) from error
    except BrokenProcessPool as error:
        message = (
            "a process that played runs ended before they did: killed, perhaps for lack of memory (try fewer "
            "--jobs), or by code of your own"
        )
        raise click.ClickException(message) from error
