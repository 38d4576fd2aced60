"""What all commands have in common: options, exit codes, and how results and problems are printed."""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import click

from coalesce_sim.cli.terminal import ResultsAlone, verbatim

if TYPE_CHECKING:
    from rich.console import Console

    from coalesce_sim.scenario.problems import ScenarioError
    from coalesce_sim.scenario.schema import Scenario

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]

PROGRAM = "coalesce-sim"
PIPED_WIDTH = 100

scenario_argument = click.argument("source", metavar="SCENARIO")
set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change a field of the scenario, as in policy.epsilon=0; repeatable.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    help="Seed of all random numbers; the scenario's by default.",
)
_STDOUT = "coalesce_sim.stdout"


def _only_json(ctx: click.Context, _: click.Parameter, as_json: bool) -> bool:
    """What else is printed, as by a user's own policy, goes to stderr."""
    if as_json:
        ctx.meta[_STDOUT] = ctx.with_resource(ResultsAlone())
    return as_json


json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    is_eager=True,
    callback=_only_json,
    help="Print one JSON object on stdout.",
)
quiet_option = click.option("--quiet", is_flag=True, help="Print no table and no progress.")


def bundled(name: str, make: Callable[..., Any], *options: Decorator) -> Decorator:
    """Give a command `options`, and their values as one argument: `name`, which `make` makes of them."""
    taken = inspect.signature(make).parameters

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_bundle(**given: Any) -> Any:
            own = {each: given.pop(each) for each in taken if each in given}
            return command(**given, **{name: make(**own)})

        decorated: Command = with_bundle
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


@dataclass(frozen=True, slots=True)
class Output:
    """What a command prints: what it found as a table, or as one JSON object, or nothing."""

    as_json: bool
    quiet: bool

    def tell(self, summary: Mapping[str, Any], show: Callable[[Console], None]) -> None:
        """Print a summary, or have it shown on a console."""
        if self.as_json:
            print_json(summary)
        elif not self.quiet:
            show(console())


output_options = bundled("output", Output, json_option, quiet_option)


class WrongInput(click.ClickException):
    """A scenario that cannot be used: exit code 2 and one line per problem."""

    exit_code = 2

    def __init__(self, error: ScenarioError) -> None:
        super().__init__(str(error))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the problems on stderr."""
        click.echo(self.message, file=file, err=file is None)


def load_ready(source: str, overrides: Sequence[str]) -> Scenario:
    """Load a scenario whose policy can be had, as far as code of users' own may be imported here.

    Raises `ScenarioError` with all problems of the scenario or, failing that, with that of its policy.
    """
    from coalesce_sim.loading import load
    from coalesce_sim.policies.readiness import check_policies

    scenario = load(source, overrides)
    check_policies(scenario, source)
    return scenario


def print_json(content: Mapping[str, Any]) -> None:
    """Print one JSON object on stdout. Raises ValueError for NaN and infinity, which JSON does not have."""
    stdout = click.get_current_context().meta.get(_STDOUT)
    click.echo(json.dumps(content, indent=2, allow_nan=False), file=stdout)


def console(*, stderr: bool = False) -> Console:
    """As wide as ``COLUMNS`` says, else as the terminal, or as `PIPED_WIDTH` where there is none.

    Texts are printed as they are.
    """
    from coalesce_sim.cli.plain_console import PlainConsole

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS", "").isdigit() else PIPED_WIDTH
    return PlainConsole(file=verbatim(stream), width=width, highlight=False, markup=False, emoji=False)


def print_aside(text: str) -> None:
    """Print a sentence on stderr: in lines as wide as the terminal there, and where there is none in one."""
    if not sys.stderr.isatty():
        click.echo(text, err=True)
        return
    from coalesce_sim.report.layout import print_wrapped

    print_wrapped(console(stderr=True), text, hang="  ")
