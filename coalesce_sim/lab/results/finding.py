"""Which folders of results lie below a folder: found quickly, whatever hundreds there are, without a table
being read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from coalesce_sim.lab.results.kinds import KINDS, SWEEP, kind_of
from coalesce_sim.provenance import is_newer

MOST = 1_000
"""Folders that a list holds."""

_FOLDERS_DEEP = 6
_MOST_FOLDERS = 20_000
_NOT_LOOKED_INTO = frozenset({"node_modules", "__pycache__", "site-packages", "plays", "uploads"})
_LARGEST_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """A folder of results: its path below the one that was looked in, and what its first file tells.

    What that does not tell is empty, or None; `unreadable` says whether it cannot be read at all.
    """

    path: str
    kind: str
    name: str = ""
    title: str = ""
    started_utc: str = ""
    version: str = ""
    replications: int | None = None
    unreadable: bool = False

    @property
    def newer(self) -> bool:
        """Whether a newer version made them than this one."""
        return bool(self.version) and is_newer(self.version)

    def has(self, text: str) -> bool:
        """Whether all words of a text stand somewhere in what is told of it."""
        told = " ".join((self.path, self.kind, self.name, self.title, self.version)).casefold()
        return all(word in told for word in text.casefold().split())


@dataclass(frozen=True, slots=True)
class Listed:
    """Folders of results, the newest first; `complete` says whether there may be more."""

    found: tuple[Found, ...]
    complete: bool


def found_below(start: Path) -> Listed:
    """The folders of results below a folder, itself included; links to folders are not followed."""
    found: list[Found] = []
    for looked_at, (folder, files) in enumerate(_folders(start), 1):
        first = next((name for name in KINDS if name in files), None)
        if first is not None:
            found.append(_found(start, folder, first))
        if len(found) == MOST or looked_at == _MOST_FOLDERS:
            return Listed(_newest_first(found), complete=False)
    return Listed(_newest_first(found), complete=True)


def _newest_first(found: list[Found]) -> tuple[Found, ...]:
    return tuple(sorted(found, key=lambda each: (each.started_utc, each.path), reverse=True))


def _folders(start: Path) -> Iterator[tuple[Path, list[str]]]:
    for at, folders, files in os.walk(start):
        folder = Path(at)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in _NOT_LOOKED_INTO
        )
        if any(name in files for name in KINDS):  # what lies within is its own
            folders[:] = [name for name in folders if not name.startswith("shards-")]
        if len(folder.relative_to(start).parts) >= _FOLDERS_DEEP:
            folders.clear()
        yield folder, files


def _found(start: Path, folder: Path, first: str) -> Found:
    path, kind = str(folder.relative_to(start)), kind_of(folder, first)
    try:
        file = (folder / first).stat()
        return Found(path, kind, **_told(str(folder / first), file.st_mtime_ns, file.st_size))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Found(path, kind, unreadable=True)


@lru_cache(maxsize=4 * MOST)
def _told(path: str, mtime_ns: int, size: int) -> Mapping[str, Any]:  # noqa: ARG001 - of the file, for the cache
    """What a first file tells of itself. Raises what reading it raises."""
    if size > _LARGEST_BYTES:
        raise ValueError(f"{path}: too large to look into for a list")
    facts = json.loads(Path(path).read_bytes())
    origin = facts["provenance"]
    sweep = facts["specification"] if path.endswith(SWEEP) else {}
    replications = sweep.get("replications", facts.get("replications", origin.get("replications")))
    scenario = origin.get("scenario") or {}
    return {
        "name": str(sweep.get("name") or _name(facts.get("scenario"), scenario)),
        "title": str(facts.get("title") or scenario.get("title") or ""),
        "started_utc": str(origin.get("started_utc") or ""),
        "version": str(origin["coalesce_sim"]),
        "replications": replications if isinstance(replications, int) else None,
    }


def _name(told: Any, scenario: Mapping[str, Any]) -> str:
    return told if isinstance(told, str) else str(scenario.get("name") or "")
