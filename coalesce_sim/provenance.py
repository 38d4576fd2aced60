"""Where a result came from, and how to have it again."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.version import __version__

_PACKAGES = (
    "click",
    "matplotlib",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "pyyaml",
    "rich",
    "scipy",
    "simpy",
)
_EXTRAS = ("genai-prices", "numba")
"""Packages that change results or speed where they are installed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Everything a run's results depend on."""

    source: str
    overrides: tuple[str, ...]
    scenario: Scenario
    seed: int
    replications: int
    offers: bool = False
    figures: bool = True
    book: Path | None = None
    payments: bool = False

    @property
    def command(self) -> str:
        """The command that makes the results again, for a shell."""
        words = ["coalesce-sim", "run", self.source, "--seed", str(self.seed)]
        words += ["--replications", str(self.replications)]
        for override in self.overrides:
            words += ["--set", override]
        if self.offers:
            words += ["--detail", "offers"]
        if not self.figures:
            words += ["--no-figures"]
        if self.book is not None:
            words += ["--book", str(self.book)]
        if self.payments:
            words += ["--payments"]
        return shlex.join(words)

    @property
    def made(self) -> dict[str, Any]:
        """The command as it was worded, where the scenario was written, and what decides the results."""
        own = {"overrides": list(self.overrides), "origins": self.scenario.origins.told()}
        return {"command": self.command, **own, **self.facts()}

    def facts(self) -> dict[str, Any]:
        """What decides the results, however the command was worded, whenever and wherever it was given."""
        return {
            "coalesce_sim": __version__,
            "seed": self.seed,
            "replications": self.replications,
            "scenario": self.scenario.resolved(),
        }


def provenance(
    made: Mapping[str, Any], started: datetime, wall_s: float | None = None, *, packages: Sequence[str] = ()
) -> dict[str, Any]:
    """What was `made`, by which command and version, and when, for how long and on what.

    `packages` are those whose versions count beside the usual ones. Left out, `wall_s` is not told.
    """
    return {
        **made,
        "started_utc": started.astimezone(UTC).isoformat(timespec="seconds"),
        **({} if wall_s is None else {"wall_s": round(wall_s, 3)}),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in (*_PACKAGES, *_EXTRAS, *packages)},
    }


def is_newer(version: str) -> bool:
    """Whether results of that version were made by a newer program than this."""
    return _release(version) > _release(__version__)


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


@cache
def _version(package: str) -> str | None:
    """The version of a package that is installed; asked once, since reading it takes some milliseconds."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
