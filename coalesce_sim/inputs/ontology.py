"""Files that hold a tree of skills: one parent a skill, and other words for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from coalesce_sim.inputs.csvfile import Row, read_rows, read_text
from coalesce_sim.scenario.problems import Problem, ScenarioError, closest, shown
from coalesce_sim.scenario.skills import Ontology
from coalesce_sim.scenario.yamltext import Builder, Node

_PLACE = "skills.ontology.path"
_FIELDS = ("parent", "synonyms")
_CSV, _YAML = (".csv",), (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file says of one skill, and on which line."""

    line: int | None
    skill: str
    parent: str | None
    synonyms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """A forest of skills: the parent of each, None of a root, and what each name and synonym means."""

    parents: Mapping[str, str | None]
    meant: Mapping[str, str]


def read_ontology(settings: Ontology) -> Tree:
    """The tree of a file; worked out once as long as its content is the same.

    Raises `ScenarioError`, with the line, for what cannot be read, a skill that is stated twice or has two
    parents, a parent that is no skill, a circle, and a synonym that means two skills.
    """
    suffix = Path(settings.path).suffix.lower()
    if suffix not in _CSV + _YAML:
        message = f"must be a .csv, .yaml or .yml file (got {settings.path!r})"
        raise ScenarioError([Problem("", None, _PLACE, message)])
    return _read(settings.path, suffix, read_text(settings.path, _PLACE))


@lru_cache(maxsize=4)
def _read(file: str, suffix: str, text: str) -> Tree:
    entries = list(_of_csv(file, text) if suffix in _CSV else _of_yaml(file, text))
    problems = [
        Problem(file, entry.line, entry.skill, message)
        for entry, message in (*_twice(entries), *_of_parents(entries), *_of_synonyms(entries))
    ]
    if problems:
        raise ScenarioError(sorted(problems, key=lambda each: each.line or 0))
    meant = {name: each.skill for each in entries for name in (each.skill, *each.synonyms)}
    return Tree({each.skill: each.parent for each in entries}, meant)


def _of_csv(file: str, text: str) -> list[Entry]:
    entries: list[Entry] = []

    def take(row: Row) -> None:
        synonyms = tuple(word.strip() for word in row.cells["synonyms"].split("|") if word.strip())
        entries.append(Entry(row.line, row.text("skill"), row.cells["parent"] or None, synonyms))

    if problems := read_rows(file, _PLACE, text, ("skill", *_FIELDS), take):
        raise ScenarioError(problems)
    return entries


def _of_yaml(file: str, text: str) -> Iterator[Entry]:
    root = Builder(file).build(text)
    if root is None or not isinstance(root.value, dict) or not root.value:
        raise ScenarioError([Problem(file, None, "", "must be a mapping of skills, each with its `parent`")])
    problems: list[Problem] = []
    for skill, node in root.value.items():
        try:
            yield _entry(skill, node)
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)


def _entry(skill: str, node: Node) -> Entry:
    facts = {} if node.value is None else node.value
    if not isinstance(facts, dict):
        raise node.mark.error(
            f"must be a mapping with `parent` and `synonyms` (got {shown(facts)})", (skill,)
        )
    for name, field in facts.items():
        if name not in _FIELDS:
            near = closest(name, _FIELDS)
            hint = f"; did you mean {near!r}?" if near else f" (known: {', '.join(_FIELDS)})"
            raise field.mark.error(f"unknown field{hint}", (skill, name))
    parent, synonyms = (facts[name].plain() if name in facts else None for name in _FIELDS)
    if isinstance(parent, list):
        mark = facts["parent"].mark
        raise mark.error(f"a skill has one parent at most (got {shown(parent)})", (skill, "parent"))
    words = [] if synonyms is None else synonyms
    if not isinstance(words, list):
        words = [words]
    for name, word in (("parent", parent), *(("synonyms", word) for word in words)):
        if word is not None and not (isinstance(word, str) and word):
            raise facts[name].mark.error(f"must be text (got {shown(word)})", (skill, name))
    return Entry(node.mark.line, skill, parent, tuple(words))


Told = Iterator[tuple[Entry, str]]
"""What is wrong with an entry."""


def _twice(entries: list[Entry]) -> Told:
    """A skill on two lines, as a CSV file can have it."""
    first: dict[str, Entry] = {}
    for each in entries:
        before = first.setdefault(each.skill, each)
        if before is each:
            continue
        if before.parent != each.parent:
            two = f"{shown(before.parent)} at line {before.line} and {shown(each.parent)}"
            yield each, f"has two parents: {two}; a skill has one at most"
        else:
            yield each, f"stated twice; first at line {before.line}"


def _of_parents(entries: list[Entry]) -> Told:
    """A parent that is no skill, and skills that are their own ancestors."""
    parents = {each.skill: each.parent for each in entries}
    means = {word: each.skill for each in entries for word in each.synonyms}
    in_circles: set[str] = set()
    settled: set[str | None] = {None}
    for each in entries:
        if each.parent is not None and each.parent not in parents:
            near = means.get(each.parent) or closest(each.parent, parents)
            hint = f"; did you mean {near!r}?" if near else ""
            yield each, f"unknown parent (got {each.parent!r}){hint}"
        way: dict[str, None] = {}
        at: str | None = each.skill
        while at is not None and at not in settled and at not in way:
            way[at] = None
            at = parents.get(at)
        if at is not None and at in way and at not in in_circles:
            circle = [*islice(way, [*way].index(at), None), at]
            in_circles.update(circle)
            yield each, f"goes round in a circle: {' -> '.join(circle)}"
        settled.update(way)


def _of_synonyms(entries: list[Entry]) -> Told:
    """A synonym that is a skill of its own, or of two skills."""
    lines = {each.skill: each.line for each in entries}
    owners: dict[str, Entry] = {}
    for each in entries:
        for word in each.synonyms:
            if word in lines:
                yield each, f"synonym {word!r} is a skill of its own, at line {lines[word]}"
            elif (owner := owners.setdefault(word, each)) is not each:
                yield each, f"synonym {word!r} used twice; first of {owner.skill!r} at line {owner.line}"
            elif each.synonyms.count(word) > 1:
                yield each, f"synonym {word!r} used twice"
                break
