"""Files that a scenario names: read from anywhere only where a file of the user's own asks for it.

What is wrong with a file is told with what stands in it: who may ask for any file may read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coalesce_sim import bundled
from coalesce_sim.loading import data_fields
from coalesce_sim.scenario.document import Document, read_document, read_plain
from coalesce_sim.scenario.problems import Steps, shown

_OF_OVERRIDES = "--set "
"""What the places of overrides begin with."""

_REFUSED = (
    "names a file outside the folder that the lab was started in, which is not read when {} asks for it"
)


def lies_here(path: Path) -> bool:
    """Whether a path leads to what lies below the folder that the lab was started in; links count as what
    they lead to."""
    try:
        return path.resolve().is_relative_to(Path.cwd().resolve())
    except (OSError, ValueError, RuntimeError):  # a NUL character, a name too long, links in a ring
        return False


def refuse_far_overrides(document: Document) -> None:
    """Raise `ScenarioError` where overrides, which may come from a link, name a data file from elsewhere."""
    for steps, value in _named(document):
        mark = document.marks[steps]
        if mark.file.startswith(_OF_OVERRIDES) and not _may_be_read(Path(), value):
            raise mark.error(f"{_REFUSED.format('a link or a field')} (got {shown(value)})", steps)


def refuse_far_upload(source: str) -> None:
    """Raise `ScenarioError` where a scenario that was uploaded extends, or names as data, what lies
    elsewhere."""
    file, seen = Path(source), set[Path]()
    while file not in seen:
        seen.add(file)
        stated = read_plain(file)
        name = stated.data.get("extends")
        if not isinstance(name, str) or not bundled.is_path(name):
            break
        if not _may_be_read(file.parent, name):
            message = f"{_REFUSED.format('an upload')} (got {shown(name)})"
            raise stated.marks["extends",].error(message, ("extends",))
        file = file.parent / name
    document = read_document(source)
    for steps, value in _named(document):
        mark = document.marks[steps]
        if not bundled.holds(Path(mark.file)) and not _may_be_read(Path(mark.file).parent, value):
            raise mark.error(f"{_REFUSED.format('an upload')} (got {shown(value)})", steps)


def _named(document: Document) -> Iterator[tuple[Steps, str]]:
    """The fields that name a data file, and what each names."""
    for steps in data_fields(document.data):
        value: Any = document.data
        for step in steps:
            at_hand = isinstance(value, list) if isinstance(step, int) else isinstance(value, dict)
            value = value[step] if at_hand and (isinstance(step, int) or step in value) else None
        if isinstance(value, str):
            yield steps, value


def _may_be_read(beside: Path, name: str) -> bool:
    """Whether a name, which is looked up beside the file that says it and where the lab was started, leads
    to nothing from elsewhere but what is bundled."""
    return all(lies_here(path) or _is_bundled(path) for path in (beside / name, Path(name)))


def _is_bundled(path: Path) -> bool:
    try:
        return bundled.holds(path)
    except (OSError, ValueError, RuntimeError):
        return False
