"""One case: its number, its luck, its folder, and the commands that it gives to the program."""

from __future__ import annotations

import contextlib
import io
import os
import random
import shlex
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import coalesce_sim
from coalesce_sim.cli import main

PACKAGE_ROOT = Path(coalesce_sim.__file__).resolve().parents[1]
"""Where the package lies that is tried: also that of the processes which the shell starts."""

SHELL_LIMIT_S = 60.0


@dataclass(frozen=True)
class Outcome:
    """What one command came to."""

    words: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def refused(self) -> bool:
        """Whether the program said that the input is wrong."""
        return self.code == 2


@dataclass
class Case:
    """A case of the run with `seed`; plays in `folder`, which is the working directory.

    `complaints` is what is wrong, in sentences; a case without any is passed. With `figures` pictures are
    drawn as well: in process they are left out of most cases, since they take longer than all else.
    """

    seed: int
    number: int
    kind: str
    folder: Path
    shell: bool
    figures: bool
    complaints: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    @cached_property
    def rng(self) -> random.Random:
        """Everything that is drawn for this case."""
        return random.Random(f"{self.seed}/{self.number}")

    def path(self, name: str) -> Path:
        """A file or folder of this case."""
        return self.folder / name

    def complain(self, what: str) -> None:
        """Note that something is wrong."""
        self.complaints.append(what)

    def run(self, *words: str) -> Outcome:
        """Give a command to the program: through the shell in a case of that sort, else in this process."""
        outcome = _through_the_shell(words) if self.shell else _in_process(words, figures=self.figures)
        self.outcomes.append(outcome)
        return outcome


def _through_the_shell(words: Sequence[str]) -> Outcome:
    command = shlex.join([sys.executable, "-m", "coalesce_sim", *words])
    process = subprocess.Popen(
        ["sh", "-c", command],
        env=os.environ | {"PYTHONPATH": str(PACKAGE_ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=SHELL_LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        return Outcome(tuple(words), -1, stdout, f"{stderr}\nno end after {SHELL_LIMIT_S:g} s")
    return Outcome(tuple(words), process.returncode, stdout, stderr)


def _in_process(words: Sequence[str], *, figures: bool) -> Outcome:
    stdout, stderr = io.StringIO(), io.StringIO()
    code = 0
    with _captured(stdout, stderr), contextlib.nullcontext() if figures else _no_figures():
        try:
            main(words)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            # A fault that users would see as a traceback; the oracle looks for that in what was printed.
            traceback.print_exc()
            code = 1
    return Outcome(tuple(words), code, stdout.getvalue(), stderr.getvalue())


@contextlib.contextmanager
def _captured(stdout: io.StringIO, stderr: io.StringIO) -> Iterator[None]:
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr), warnings.catch_warnings():
        warnings.simplefilter("always", RuntimeWarning)  # else seen by the first case that meets one, only
        yield


@contextlib.contextmanager
def _no_figures() -> Iterator[None]:
    def draw_nothing(*_: Any) -> None:
        pass

    with (
        mock.patch("coalesce_sim.report.figures.draw_figures", draw_nothing),
        mock.patch("coalesce_sim.report.experience_figures.draw_experience", draw_nothing),
    ):
        yield
