"""The command line: thin commands, no logic. Modules here import only click until a command runs."""

from __future__ import annotations

import atexit
import difflib
import errno
import gc
import importlib
import logging
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import click

from coalesce_sim import bundled
from coalesce_sim.adversaries.errors import AdversaryError
from coalesce_sim.cli import interrupts
from coalesce_sim.cli.contract import PROGRAM, WrongInput, print_aside
from coalesce_sim.cli.terminal import CannotPrint, guarded_streams
from coalesce_sim.errors import Interrupted, ResultsWarning
from coalesce_sim.policies.errors import PolicyError
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.version import __version__

_COMMANDS = {
    "run": "coalesce_sim.cli.run",
    "lab": "coalesce_sim.cli.lab",
    "compare": "coalesce_sim.cli.compare",
    "advise": "coalesce_sim.cli.advise",
    "attack": "coalesce_sim.cli.attack",
    "frictions": "coalesce_sim.cli.frictions",
    "sweep": "coalesce_sim.cli.sweep",
    "sensitivity": "coalesce_sim.cli.sensitivity",
    "optimize": "coalesce_sim.cli.optimize",
    "calibrate": "coalesce_sim.cli.calibrate",
    "plot": "coalesce_sim.cli.plot",
    "report": "coalesce_sim.cli.report",
    "doctor": "coalesce_sim.cli.doctor",
    "explain": "coalesce_sim.cli.explain",
    "replicate": "coalesce_sim.cli.replicate",
    "scenarios": "coalesce_sim.cli.scenarios",
    "hardware": "coalesce_sim.cli.hardware",
    "cards": "coalesce_sim.cli.cards",
    "import": "coalesce_sim.cli.import_log",
    "init": "coalesce_sim.cli.init",
    "validate": "coalesce_sim.cli.validate",
    "schema": "coalesce_sim.cli.schema",
    "fetch": "coalesce_sim.cli.fetch",
}
"""Modules of the commands, each of which calls its own `command`."""


class _Commands(click.Group):
    """Imports a command when it is asked for; arguments that begin with no command are those of ``run``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(_COMMANDS[cmd_name]).command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = [name for parameter in self.get_params(ctx) for name in parameter.opts]
        if args and args[0] not in (*_COMMANDS, *own):
            _refuse_strange_word(ctx, args[0])
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ScenarioError as error:
            raise WrongInput(error) from error
        except (PolicyError, AdversaryError) as error:
            raise click.ClickException("\n".join(filter(None, (str(error), error.trace)))) from error
        except KeyboardInterrupt as error:  # raised by code of the user's own: signals are `Interrupted`
            raise Interrupted(signal.SIGINT) from error
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            raise click.UsageError(f"{error.filename!r}: {error.strerror}") from error
        except MemoryError as error:
            raise click.ClickException(f"not enough memory: {error}") from error


def _refuse_strange_word(ctx: click.Context, word: str) -> None:
    """Raise `click.UsageError` for what is neither an option nor a scenario, and so a mistyped command."""
    is_path = bundled.is_path(word) or os.path.exists(word)
    if word.startswith("-") or is_path or bundled.has(word):
        return
    near = [
        *(f"the command {name!r}" for name in difflib.get_close_matches(word, _COMMANDS)),
        *(f"the scenario {name!r}" for name in bundled.close(word)),
    ]
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise click.UsageError(f"no command, scenario file or bundled scenario {word!r}{hint}", ctx)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"`{PROGRAM} SCENARIO` is short for `{PROGRAM} run SCENARIO`.",
)
@click.version_option(__version__, prog_name=PROGRAM)
def cli() -> None:
    """Play markets of LLM agents that run tasks themselves or hire contractors.

    A SCENARIO is a YAML file or the name of a bundled one. Exit codes: 0 done, 1 ran but something failed or
    fell short, 2 wrong input.
    """


def _tell(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
    """Tell what is to be known of results in a line; other warnings as Python does."""
    if issubclass(category, ResultsWarning):
        print_aside(f"{PROGRAM}: {message}")
    else:
        _showwarning(message, category, *where, **more)


_showwarning = warnings.showwarning

_GARBAGE_AFTER = 100_000
"""New objects after which Python looks for garbage in cycles, of which there is next to none. After 700, as
it does by itself, looking takes some 7 % of the time that it takes to start."""


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code; 128 + the signal's number if it was interrupted."""
    gc.set_threshold(_GARBAGE_AFTER)
    atexit.register(gc.freeze)  # else Python looks through all that there is once more, to end a moment later
    warnings.showwarning = _tell
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # where it can keep no cache it does without
    with guarded_streams():
        sys.exit(_exit_code(args))


def _exit_code(args: Sequence[str] | None) -> int:
    try:
        interrupts.listen()
        code = cli.main(args, prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        _show(error)
        code = error.exit_code
    except click.Abort:
        click.echo(f"{PROGRAM}: nothing was done", err=True)
        code = 1
    except CannotPrint as error:
        click.echo(f"{PROGRAM}: {error}", err=True)
        code = 1
    except Interrupted as error:
        click.echo(f"{PROGRAM}: {error}", err=True)
        sys.stdout.flush()
        # All is cleaned up; a pool whose processes were ended may keep the interpreter waiting for ever.
        os._exit(128 + error.signal)
    return code or 0


def _show(error: click.ClickException) -> None:
    """Tell what is wrong with the words of a command in one line, without its usage before it."""
    if type(error).show is click.UsageError.show:
        click.echo(f"Error: {error.format_message()}", err=True)
    else:
        error.show()
