"""Is the oracle worth anything? Faults in copies of the package, whose own books are closed, must be found.

``python -m acceptance.fuzzing.faults`` plays up to 2,000 cases on a copy with each fault, and prints the
first case that fails there and passes without the fault. Exit code 1 if one is not found.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from acceptance.fuzzing.cases import Settings
from acceptance.fuzzing.workers import Workers

ROOT = Path(__file__).resolve().parents[2]
MOST_CASES = 2000


@dataclass(frozen=True)
class Change:
    """One place of the package that becomes another."""

    module: str
    old: str
    new: str


_NO_CHECK = Change(
    "market/accounts.py",
    "    def check(self) -> None:\n",
    "    def check(self) -> None:\n        return\n\n    def _unused(self) -> None:\n",
)
"""The package's own books do not find the fault before the oracle can."""

FAULTS: Mapping[str, Change] = {
    "a contractor is paid twice": Change(
        "market/contracts/dealing.py",
        "charge_usd, parts_usd = contract.paid_usd + contract.fees_usd, (contract.paid_usd, *fees)",
        "charge_usd, parts_usd = 2 * contract.paid_usd + contract.fees_usd, (2 * contract.paid_usd, *fees)",
    ),
    "a task is dropped from a table": Change(
        "report/writing.py",
        "streams[name].add(table)",
        'streams[name].add(table.slice(0, max(1, len(table) - 1)) if name == "decisions" else table)',
    ),
    "an undefined metric is told as 0": Change(
        "experiments/runs.py",
        'each.get(name, float("nan")) for each in self.replications',
        "each[name] if each.get(name) == each.get(name, 0.0) else 0.0 for each in self.replications",
    ),
}


def find(name: str, seed: int, most: int = MOST_CASES) -> tuple[int, str] | None:
    """The number of the first case that finds the fault of that name, and what it says; None if none does.

    Raises ValueError where the package no longer has the text that the fault changes.
    """
    with _copy(FAULTS[name], _NO_CHECK) as faulty:
        first = 0
        while first < most:
            printed = _fuzz(faulty, seed, first, most - first)
            found = re.search(r"^1 × \[\w+; (\d+)\] (.*)$", printed, re.MULTILINE)
            if found is None:
                return None
            number = int(found[1])
            if _passes(number, seed):
                return number, found[2]
            first = number + 1
    return None


def _fuzz(tree: Path, seed: int, first: int, count: int) -> str:
    """What is printed of cases that are played on a copy of the package up to the first that fails."""
    with tempfile.TemporaryDirectory() as kept:
        words = ["--seed", seed, "--first", first, "--count", count, "--stop", "--out", kept]
        alone = ["--shell-share", 0, "--workers", 1]
        command = [sys.executable, "-m", "acceptance.fuzzing", *map(str, [*words, *alone])]
        return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False).stdout


def _passes(number: int, seed: int) -> bool:
    """Whether a case passes with the package as it is."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        playing = Workers(Settings(seed, 0.0, ()), 1, 120.0, folder, folder / "failures")
        try:
            (verdict,) = playing.play([number])
        finally:
            playing.end()
    return not verdict.complaints


@contextmanager
def _copy(*changes: Change) -> Iterator[Path]:
    """A copy of the package and of these cases, with some changes."""
    with tempfile.TemporaryDirectory(prefix="fault-") as folder:
        tree = Path(folder)
        for part in ("coalesce_sim", "scenarios", "acceptance/fuzzing", "verification"):
            shutil.copytree(ROOT / part, tree / part)
        for change in changes:
            path = tree / "coalesce_sim" / change.module
            text = path.read_text(encoding="utf-8")
            if text.count(change.old) != 1:
                raise ValueError(
                    f"{change.module}: has {change.old!r} {text.count(change.old)} times, not once"
                )
            path.write_text(text.replace(change.old, change.new), encoding="utf-8")
        yield tree


@click.command()
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
def faults(seed: int) -> None:
    """Put each fault into a copy of the package and say which case finds it."""
    missed = 0
    for name in FAULTS:
        found = find(name, seed)
        missed += found is None
        click.echo(f"{name}: {'NOT FOUND' if found is None else f'case {found[0]}: {found[1]}'}")
    raise SystemExit(bool(missed))


if __name__ == "__main__":
    faults()
