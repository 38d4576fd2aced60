"""Mutation testing: how many small faults, put into the package on purpose, does a test notice?

``python -m verification.mutation --sample 300 --seed 1`` draws the faults, over `ROOMS` in proportion to
their lines, and has cosmic-ray make them one at a time. Each meets the tests of its own room and, where they
pass, all others. A fault is noticed by a test that fails, or by tests that take far longer than they should.
Prints each fault that nobody noticed: either it changes nothing, or a test is missing.
"""

from __future__ import annotations

import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_item import MutationSpec, TestOutcome

PACKAGE, TESTS = Path("coalesce_sim"), Path("tests")
ROOMS = ("market", "policies", "reputation", "economics", "settlement", "statistics")
SLOWER, START_S = 3, 20
"""Tests are ended that take so many times as long as without a fault, and so many seconds more."""

# One near neighbour for each operator: `<<` for `+` would only show that floats cannot be shifted. Not `|`,
# which is mostly found in annotations.
_BINARY = "Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Mul Mod_Mul Pow_Mul"
_BITWISE = "BitAnd_BitOr BitXor_BitAnd RShift_LShift"
_COMPARISON = "Lt_LtE LtE_Lt Gt_GtE GtE_Gt Eq_NotEq NotEq_Eq Is_IsNot IsNot_Is"
_UNARY = "USub_UAdd Delete_Not Delete_Invert"
OPERATORS = (
    *(f"core/ReplaceBinaryOperator_{swap}" for swap in f"{_BINARY} {_BITWISE}".split()),
    *(f"core/ReplaceComparisonOperator_{swap}" for swap in _COMPARISON.split()),
    *(f"core/ReplaceUnaryOperator_{swap}" for swap in _UNARY.split()),
    *("core/ReplaceAndWithOr", "core/ReplaceOrWithAnd", "core/AddNot"),
    *("core/ReplaceTrueWithFalse", "core/ReplaceFalseWithTrue", "core/NumberReplacer"),
    *("core/ReplaceBreakWithContinue", "core/ReplaceContinueWithBreak", "core/ZeroIterationForLoop"),
    "core/ExceptionReplacer",
)
Place = tuple[int, int]


@dataclass(frozen=True)
class Verdict:
    """What became of one fault: who noticed it ("" for nobody), what it changed, how long that took."""

    fault: Any
    noticed: str
    diff: str
    wall_s: float

    @property
    def where(self) -> str:
        """Module and line."""
        return f"{self.fault.module_path}:{self.fault.start_pos[0]}"


def room_of(module: Path) -> str:
    """The folder of the package that a module lies in, at any depth."""
    return module.relative_to(PACKAGE).parts[0]


@cache
def faults_in(module: Path) -> Mapping[Place, list[Any]]:
    """All faults that can be made in a module, by line and column."""
    nodes = list(ast_nodes(get_ast_from_path(module)))
    faults: dict[Place, list[Any]] = {}
    for name in OPERATORS:
        operator = get_operator(name)()
        positions = ((node, *span) for node in nodes for span in operator.mutation_positions(node))
        for occurrence, (node, start, end) in enumerate(positions):
            # Neither what a decorator is told, nor the `*` before parameters that go by name.
            if node.parent.type != "parameters" and node.search_ancestor("decorator") is None:
                faults.setdefault(start, []).append(MutationSpec(module, name, occurrence, start, end))
    return faults


def draw(sample: int, seed: int) -> list[Any]:
    """`sample` faults at as many different places: a module is as likely as it is long."""
    rng = random.Random(seed)
    modules = sorted(module for room in ROOMS for module in (PACKAGE / room).rglob("*.py"))
    lines = [len(module.read_text(encoding="utf-8").splitlines()) for module in modules]
    if sample > sum(len(faults_in(module)) for module in modules):
        raise click.BadParameter(f"there are not as many places (got {sample})", param_hint="--sample")
    drawn: dict[tuple[Path, Place], Any] = {}
    while len(drawn) < sample:
        (module,) = rng.choices(modules, lines)
        if faults := faults_in(module):
            place = rng.choice(sorted(faults))
            drawn.setdefault((module, place), rng.choice(faults[place]))
    return list(drawn.values())


def own_tests(room: str) -> str:
    """Runs the tests of a room up to the first that fails."""
    return _pytest(str(TESTS / room))


def other_tests(*rooms: str) -> str:
    """Runs all tests but those of some rooms up to the first that fails."""
    return _pytest(str(TESTS), *(f"--ignore={TESTS / room}" for room in rooms))


def _pytest(*arguments: str) -> str:
    return shlex.join([sys.executable, "-m", "pytest", "-n", "0", "-x", "-p", "no:cacheprovider", *arguments])


def copy_tree(tree: Path) -> None:
    """Copy what git has, or would take in, of the working directory."""
    listing = "git ls-files -z --cached --others --exclude-standard"
    listed = subprocess.run(shlex.split(listing), check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if Path(name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, tree / name)


def limits_s(tree: Path) -> dict[str, float]:
    """How long the tests of each room may take and, under "", all tests but one room's.

    Runs them all once. They must pass, and leave in the tree what Python and Numba have compiled.
    """
    limits: dict[str, float] = {}
    for room, command in ({room: own_tests(room) for room in ROOMS} | {"": other_tests(*ROOMS)}).items():
        began_s = time.monotonic()
        subprocess.run(shlex.split(command), cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)}, check=True)
        limits[room] = SLOWER * (time.monotonic() - began_s) + START_S
    return limits | {"": sum(limits.values())}


def _enter(trees: Any) -> None:
    os.chdir(trees.get())
    os.environ["PYTHONPATH"] = os.getcwd()  # also for the processes that tests start


def try_out(fault: Any, limits: Mapping[str, float]) -> Verdict:
    """Make a fault in this process's copy of the tree, run the tests, and mend it."""
    room, began_s = room_of(fault.module_path), time.monotonic()
    stages = (
        ("its own room", own_tests(room), limits[room]),
        ("other rooms", other_tests(room), limits[""]),
    )
    for noticed, command, limit_s in stages:
        result = mutate_and_test([fault], command, limit_s)
        if result.test_outcome not in (TestOutcome.KILLED, TestOutcome.SURVIVED):
            raise RuntimeError(f"{fault}: {result.output}")
        if result.test_outcome == TestOutcome.KILLED:
            noticed = "the time limit" if result.output == "timeout" else noticed
            return Verdict(fault, noticed, result.diff, time.monotonic() - began_s)
    return Verdict(fault, "", result.diff, time.monotonic() - began_s)


def report(verdicts: list[Verdict]) -> None:
    """Print the faults that nobody noticed, and the score of each room and of all."""
    for each in verdicts:
        if not each.noticed:
            click.echo(f"\n{each.where}\n{each.diff}")
    click.echo()
    for room in ROOMS:
        of_room = [each.noticed for each in verdicts if room_of(each.fault.module_path) == room]
        click.echo(f"{room:12}{sum(map(bool, of_room)):4} of {len(of_room)}")
    by = Counter(each.noticed for each in verdicts)
    missed = by.pop("", 0)
    shares = ", ".join(f"{count} by {who}" for who, count in by.items())
    click.echo(f"{100 * (1 - missed / len(verdicts)):.1f} % of {len(verdicts)} noticed: {shares}")


@click.command()
@click.option("--sample", type=click.IntRange(1), default=300, show_default=True, help="How many faults.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which ones.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="How many at a time.")
def main(sample: int, seed: int, jobs: int) -> None:
    """Put faults into copies of the package, one at a time, and count those that its tests notice."""
    faults = draw(sample, seed)
    context = get_context("spawn")
    with tempfile.TemporaryDirectory() as scratch:
        trees = [Path(scratch, str(number)) for number in range(jobs)]
        copy_tree(trees[0])
        limits = limits_s(trees[0])
        for tree in trees[1:]:
            shutil.copytree(trees[0], tree)
        free = context.Queue()
        for tree in trees:
            free.put(str(tree))
        with ProcessPoolExecutor(jobs, context, _enter, (free,)) as pool:
            tried = [pool.submit(try_out, fault, limits) for fault in faults]
            for number, future in enumerate(as_completed(tried), start=1):
                each = future.result()
                noticed = f"noticed by {each.noticed}" if each.noticed else "noticed by NOBODY"
                click.echo(f"{number:4} {each.wall_s:4.0f} s  {each.where} {noticed}")
        report([future.result() for future in tried])


if __name__ == "__main__":
    main()
