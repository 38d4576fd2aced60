"""From plain Python data to a tree of values, as `yamltext` makes of the text of a file."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any

from coalesce_sim.scenario.problems import Mark, ScenarioError, Steps, shown
from coalesce_sim.scenario.yamltext import MAX_DEPTH, MAX_NODES, Node, whole_text


def from_python(value: Any, path: Steps, mark: Mark) -> Node:
    """The tree of some data, all of it marked alike; `path` is where it stands.

    Raises ScenarioError for keys that are no text, for half a character, for NaN, and for more than
    `MAX_NODES` values once what stands in several places is written out, or deeper than `MAX_DEPTH`, as data
    are that hold themselves.
    """
    return _Builder(path, mark).build(value)


class _Builder:
    def __init__(self, path: Steps, mark: Mark) -> None:
        self._path, self._mark = list(path), mark
        self._size = 0

    def build(self, value: Any) -> Node:
        self._size += 1
        if self._size > MAX_NODES:
            raise self._mark.error(f"holds more than {MAX_NODES:,} values")
        if len(self._path) > MAX_DEPTH:
            raise self._mark.error(f"nests deeper than {MAX_DEPTH} levels")
        if isinstance(value, Mapping):
            return Node({self._key(key): self._child(key, child) for key, child in value.items()}, self._mark)
        if isinstance(value, list | tuple):
            return Node([self._child(k, child) for k, child in enumerate(value)], self._mark)
        if isinstance(value, float):
            if isnan(value):
                raise self._error("nan is not a value a scenario can hold")
            return Node(value + 0.0, self._mark)  # -0.0 is 0
        if isinstance(value, str):
            self._check_text(value)
        return Node(value, self._mark)

    def _key(self, key: object) -> str:
        if not isinstance(key, str):
            raise self._error(f"keys must be text (got {shown(key)})")
        self._check_text(key)
        return key

    def _check_text(self, text: str) -> None:
        try:
            whole_text(text)
        except ValueError as error:
            raise self._error(str(error)) from None

    def _child(self, step: str | int, value: Any) -> Node:
        self._path.append(step)
        node = self.build(value)
        self._path.pop()
        return node

    def _error(self, message: str) -> ScenarioError:
        return self._mark.error(message, tuple(self._path))
