"""Numbers that are said to be uncertain at their own place: moved to the section `uncertainty`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import Distribution
from coalesce_sim.scenario.document import UNCERTAIN, Document
from coalesce_sim.scenario.means import mean_of
from coalesce_sim.scenario.problems import Problem, ScenarioError, Steps, dotted
from coalesce_sim.scenario.validation import validate
from coalesce_sim.scenario.yamltext import Node


class _Uncertain(Model):
    """What stands in place of a number."""

    uncertain: Distribution


def with_uncertainty(document: Document) -> Document:
    """The same scenario, in which what is uncertain stands in `uncertainty.inputs`, and at its own place the
    mean of its distribution.

    Raises `ScenarioError` for what is no distribution, and for numbers that `uncertainty.inputs` has as well.
    """
    found = list(_uncertain_in(document.root, ()))
    if not found:
        return document
    problems: list[Problem] = []
    root, stated = document.root, _stated(document.root)
    for path, node in found:
        name = dotted(path)
        try:
            read = validate(Document(node, node.plain(), document.name, document.sources), _Uncertain)
        except ScenarioError as error:
            problems += (replace(each, path=f"{name}.{each.path}") for each in error.problems)
            continue
        if name in stated:
            first = f"uncertainty.inputs has it as well, at line {stated[name].mark.line}"
            problems.append(node.mark.problem(path, f"is uncertain twice; {first}"))
        root = _put(root, path, Node(mean_of(read.uncertain), node.mark))
        stated[name] = replace(node.value[UNCERTAIN], mark=node.mark)
    if problems:
        raise ScenarioError(problems)
    section = root.value.get("uncertainty")
    mark = found[0][1].mark if section is None else section.mark
    others = section.value if section is not None and isinstance(section.value, dict) else {}
    inputs = others["inputs"].mark if "inputs" in others else mark
    moved = Node(others | {"inputs": Node(stated, inputs)}, mark)
    root = Node(root.value | {"uncertainty": moved}, root.mark)
    return Document(root, root.plain(), document.name, document.sources)


def _uncertain_in(node: Node, path: Steps) -> Iterator[tuple[Steps, Node]]:
    if node.cleared or path == ("uncertainty",):
        return
    if isinstance(node.value, dict) and node.value.keys() == {UNCERTAIN}:
        yield path, node
    elif isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from _uncertain_in(child, (*path, key))
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from _uncertain_in(child, (*path, index))


def _stated(root: Node) -> dict[str, Node]:
    """What `uncertainty.inputs` says itself, by path."""
    node: Node | None = root
    for step in ("uncertainty", "inputs"):
        node = node.value.get(step) if node is not None and isinstance(node.value, dict) else None
    return dict(node.value) if node is not None and isinstance(node.value, dict) else {}


def _put(node: Node, path: Steps, new: Node) -> Node:
    """The tree with another node at a place."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(node.value, list):
        items = list(node.value)
        items[int(step)] = _put(items[int(step)], rest, new)
        return Node(items, node.mark)
    return Node(node.value | {step: _put(node.value[step], rest, new)}, node.mark)
