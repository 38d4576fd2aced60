"""Where the fields of a scenario were written: for what is told of settings that a user never saw."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coalesce_sim.scenario.problems import Mark, dotted
from coalesce_sim.scenario.quality import RecordedSuccess, stated_in
from coalesce_sim.scenario.yamltext import Node

_DEEP = 4
"""Steps down to which fields are known by name; what lies deeper is asked of nobody."""


@dataclass(frozen=True)
class Origins:
    """The marks of a scenario's fields by dotted path, those files that it `extends`, and by dotted path what
    was written of the success rates that stand in it as `records`.

    All compare equal: a scenario is the same wherever it was written.
    """

    marks: Mapping[str, Mark] = field(default_factory=dict, compare=False)
    extended: frozenset[str] = field(default_factory=frozenset, compare=False)
    recorded: Mapping[str, RecordedSuccess] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, root: Node, extended: frozenset[str]) -> Origins:
        """Of the fields of a scenario, but for items of lists."""
        return cls(dict(_marks(root, ())), extended, dict(stated_in(root)))

    @classmethod
    def of_told(cls, told: Mapping[str, Any]) -> Origins:
        """Those that `told` told."""
        fields = told.get("fields", {})
        marks = {path: Mark(file, line) for file, lines in fields.items() for path, line in lines.items()}
        recorded = {
            path: RecordedSuccess.model_validate(each) for path, each in told.get("recorded", {}).items()
        }
        return cls(marks, frozenset(told.get("extends", ())), recorded)

    def told(self) -> dict[str, Any]:
        """As JSON: the lines of the fields by file, and which of the files are extended, where any is, since
        else nothing is inherited; and what was taken from records, where anything was."""
        recorded = {path: each.model_dump(exclude_none=True) for path, each in self.recorded.items()}
        told: dict[str, Any] = {"recorded": recorded} if recorded else {}
        if not self.extended:
            return told
        fields: dict[str, dict[str, int | None]] = {}
        for path, mark in self.marks.items():
            fields.setdefault(mark.file, {})[path] = mark.line
        return told | {"extends": sorted(self.extended), "fields": fields}

    def place(self, path: str) -> str:
        """File and line of a field that was written in a file, in brackets behind a blank; else nothing."""
        mark = self.marks.get(path)
        return "" if mark is None or mark.line is None else f" ({Path(mark.file).name}:{mark.line})"

    def inherited_from(self, path: str) -> str | None:
        """The name of the file that is extended and says this; None where the scenario says it itself, or
        nobody does."""
        mark = self.marks.get(path)
        return Path(mark.file).name if mark is not None and mark.file in self.extended else None

    def is_own(self, path: str) -> bool:
        """Whether the scenario says this itself, or nobody does.

        A ``*`` stands for any one step; of what stands in a list it is asked who says the list.
        """
        steps = path.partition("[")[0].split(".")[:_DEEP]
        pattern = r"\.".join("[^.]+" if step == "*" else re.escape(step) for step in steps)
        said = [mark for name, mark in self.marks.items() if re.fullmatch(pattern, name)]
        return not said or any(mark.file not in self.extended for mark in said)


def _marks(node: Node, path: tuple[str, ...]) -> Iterator[tuple[str, Mark]]:
    if not node.cleared:
        yield dotted(path), node.mark
    if isinstance(node.value, dict) and len(path) < _DEEP:
        for key, child in node.value.items():
            yield from _marks(child, (*path, key))
