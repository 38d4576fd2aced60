"""Which kinds of cases there are, and how one is played from its number."""

from __future__ import annotations

import os
import random
import shutil
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from acceptance.fuzzing import cards, options, scenarios, stores, sweeps, tables, texts
from acceptance.fuzzing.case import Case

KINDS: Mapping[str, Callable[[Case], None]] = {
    "scenarios": scenarios.play,
    "texts": texts.play,
    "tables": tables.play,
    "options": options.play,
    "sweeps": sweeps.play,
    "stores": stores.play,
    "cards": cards.play,
}
"""Each kind with how it is played."""

_PERCENT = dict(zip(KINDS, (44, 25, 19, 4, 1, 3, 4), strict=True))
_PERCENT_THROUGH_THE_SHELL = dict(zip(KINDS, (3, 28, 3, 62, 1, 1, 2), strict=True))
"""How often; the more seldom the longer they take, which through the shell is mostly the start of Python."""

_FIGURES_SHARE = 0.03


@dataclass(frozen=True)
class Settings:
    """What a whole run of cases follows from; `kinds` are those to play, all by default."""

    seed: int
    shell_share: float
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What came of one case."""

    number: int
    kind: str
    complaints: tuple[str, ...]
    codes: tuple[int, ...]
    cpu_s: float


def case_of(settings: Settings, number: int, folder: Path) -> Case:
    """The case of that number: the same whoever plays it, and in whatever order."""
    rng = random.Random(f"{settings.seed}/{number}/kind")
    shell, figures = rng.random() < settings.shell_share, rng.random() < _FIGURES_SHARE
    kinds, percent = settings.kinds or tuple(KINDS), _PERCENT_THROUGH_THE_SHELL if shell else _PERCENT
    (kind,) = rng.choices(kinds, [percent[each] for each in kinds])
    return Case(settings.seed, number, kind, folder, shell, figures)


def play(settings: Settings, number: int, scratch: Path, failures: Path) -> Verdict:
    """Play a case; if it fails, its folder is kept under `failures` with what is wrong in complaints.txt."""
    folder = scratch / f"case-{number}"
    folder.mkdir()
    os.chdir(folder)
    case, began_s = case_of(settings, number, folder), _cpu_s()
    try:
        KINDS[case.kind](case)
    except Exception:
        case.complain(f"the oracle itself fails: {traceback.format_exc()}")
    cpu_s = _cpu_s() - began_s
    os.chdir(scratch)
    if case.complaints:
        keep(folder, failures, told(case))
    shutil.rmtree(folder, ignore_errors=True)
    codes = tuple(outcome.code for outcome in case.outcomes)
    return Verdict(number, case.kind, tuple(case.complaints), codes, cpu_s)


def _cpu_s() -> float:
    """What this process and those that it started have worked."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def told(case: Case) -> str:
    """A failing case in words: its commands, what they printed, what is wrong."""
    lines = [f"case {case.number} of seed {case.seed}, {case.kind}{', through the shell' * case.shell}", ""]
    for outcome in case.outcomes:
        lines += [
            f"$ coalesce-sim {' '.join(outcome.words)}",
            outcome.stderr,
            f"exit code {outcome.code}",
            "",
        ]
    return "\n".join([*lines, *case.complaints, ""])


def keep(folder: Path, failures: Path, text: str) -> None:
    """Keep the folder of a failing case, with a text."""
    kept = failures / folder.name
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept, symlinks=True)
    (kept / "complaints.txt").write_text(text, encoding="utf-8", errors="replace")
