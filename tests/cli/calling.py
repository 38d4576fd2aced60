"""What the tests of the command line share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--set", "clock.days=1", "--replications", "2", "--jobs", "1")


@dataclass(frozen=True)
class Called:
    """The exit code and what was printed."""

    code: int
    out: str
    err: str


Call = Callable[..., Called]
Start = Callable[..., "subprocess.Popen[str]"]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too but for those that lock a folder."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def write_policy(folder: Path, body: str) -> list[str]:
    """Write a user's own policy whose `decide` has the given body; the option to use it."""
    lines = [
        "from coalesce_sim import LOCAL, Decision, Policy",
        "class Mine(Policy):",
        "    def __init__(self, limit=0):",
        "        self.limit = limit",
        "    def decide(self, view):",
        *(f"        {line}" for line in body.splitlines()),
    ]
    (folder / "my_module.py").write_text("\n".join(lines) + "\n")
    return ["--set", 'policy={class: "my_module:Mine", limit: 20}']


def without(summary: dict[str, Any], *names: str) -> dict[str, Any]:
    """A copy without some entries."""
    return {name: value for name, value in summary.items() if name not in names}


def printed_and_imported(folder: Path, words: Sequence[str], names: Sequence[str]) -> tuple[str, list[str]]:
    """What a command prints in a process of its own, and which of the named modules it has imported."""
    code = f"""
import sys
import warnings
from coalesce_sim.cli import main
try:
    main({list(words)})
finally:
    print(*(name for name in {tuple(names)} if name in sys.modules))
"""
    printed = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    told, _, imported = printed.removesuffix("\n").rpartition("\n")
    return told, imported.split()
