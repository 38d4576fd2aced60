"""Which scenarios a page offers: bundled ones, and those below the folder that the lab was started in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from coalesce_sim import bundled

_MOST = 200
_FOLDERS_DEEP = 4
_LOOKED_AT_BYTES = 4_096
_NOT_LOOKED_INTO = frozenset({"node_modules", "__pycache__", "site-packages"})
_WORDS = (b"extends:", b"workload:", b"policy:")
"""One of these begins a line of every scenario: what a file extends, or what it must state."""


def bundled_names() -> list[str]:
    """Every bundled name, scenarios first, then those that cheat and those about how money moves."""
    return [*bundled.names(), *bundled.attacks(), *bundled.settlements()]


def files_below(folder: Path) -> list[str]:
    """Scenario files below a folder as paths relative to it, those nearest to it first: so many levels deep,
    and no more than a list can hold."""
    found = []
    for path in _yaml_below(folder):
        if _is_scenario(path):
            found.append(str(path.relative_to(folder)))
        if len(found) == _MOST:
            break
    return sorted(found, key=lambda name: (name.count(os.sep), name))


def _yaml_below(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        depth = len(Path(at).relative_to(folder).parts)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in _NOT_LOOKED_INTO
        )
        if depth + 1 >= _FOLDERS_DEEP:
            folders.clear()
        yield from (Path(at, name) for name in sorted(files) if name.endswith((".yaml", ".yml")))


def _is_scenario(path: Path) -> bool:
    """Whether a file looks like a scenario, by its beginning; whether it is one shows when it is opened."""
    try:
        with open(path, "rb") as file:
            lines = file.read(_LOOKED_AT_BYTES).splitlines()
    except OSError:
        return False
    return any(line.startswith(_WORDS) for line in lines)
