"""Where a result came from, and how to have it again."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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

    @property
    def command(self) -> str:
        """The command that makes the results again, for a shell."""
        words = ["coalesce-sim", "run", self.source, "--seed", str(self.seed)]
        words += ["--replications", str(self.replications)]
        for override in self.overrides:
            words += ["--set", override]
        if self.offers:
            words += ["--detail", "offers"]
        return shlex.join(words)

    def facts(self) -> dict[str, Any]:
        """What decides the results, however the command was worded, whenever and wherever it was given."""
        return {
            "coalesce_sim": __version__,
            "seed": self.seed,
            "replications": self.replications,
            "scenario": self.scenario.resolved(),
        }


def provenance(origin: Origin, started: datetime, wall_s: float) -> dict[str, Any]:
    """The facts of the origin, and those of this one run: when, for how long, on what."""
    return {
        "command": origin.command,
        "overrides": list(origin.overrides),
        **origin.facts(),
        "started_utc": started.astimezone(UTC).isoformat(timespec="seconds"),
        "wall_s": round(wall_s, 3),
        **surroundings(),
    }


def is_newer(version: str) -> bool:
    """Whether results of that version were made by a newer program than this."""
    return _release(version) > _release(__version__)


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def surroundings() -> dict[str, Any]:
    """On what this process runs: Python, platform, and the versions of packages that decide results."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": _versions((*_PACKAGES, *_EXTRAS)),
    }


def _versions(packages: Sequence[str]) -> dict[str, str | None]:
    installed: dict[str, str | None] = {}
    for package in packages:
        try:
            installed[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            installed[package] = None
    return installed
