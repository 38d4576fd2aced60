"""From the bytes of cards to what they say of contractors; all that is wrong is told at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from coalesce_sim.cards import sdk
from coalesce_sim.cards.jsontext import MOST_BYTES, MOST_CHARACTERS, read_data
from coalesce_sim.cards.names import confusions
from coalesce_sim.cards.shape import Card, model_of
from coalesce_sim.cards.terms import UNUSED, URI, Terms
from coalesce_sim.scenario.document import MAX_BYTES, Document
from coalesce_sim.scenario.problems import Mark, Problem, ScenarioError
from coalesce_sim.scenario.pythondata import from_python
from coalesce_sim.scenario.reading import read_bytes
from coalesce_sim.scenario.validation import validate

MOST_CARDS: Final = 10_000

MOST_PROBLEMS: Final = 20
"""Of one card that are told; then how many more there are."""

MOST_SAID: Final = 100_000_000
"""Characters of what all cards say together, far more than a scenario can hold: memory has an end."""

NO_SKILL: Final = "coalesce:no-skill"
"""The tag of an agent that claims no skill: A2A requires a skill, and of a skill a tag."""

PRICES: Final = ("price_usd", "input_usd_per_mtok", "output_usd_per_mtok")
"""Prices that a card can state, by the fields of contractors that they become."""

TERMS: Final = ("slots", "latency_min", "network_ms", "reliability", "jurisdiction")
"""Terms that become fields of contractors by the same name."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class AgentCard:
    """What a card says: `said` by the fields of a contractor, and what is told of the rest.

    `file` is its name in its folder. `remarks` say what in it is not used, and why.
    """

    file: str
    name: str
    said: dict[str, Any]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cards:
    """The cards of a folder in the order of their files' names, and how many other entries it has."""

    cards: list[AgentCard] = field(default_factory=list)
    passed_over: int = 0


def read_cards(folder: Path) -> Cards:
    """All cards in a folder, the files that are called ``*.json``; folders within are not entered.

    Raises ScenarioError with all that is wrong with all of them. Nothing in a card is fetched or executed.
    """
    try:
        names = sorted(os.listdir(folder))
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        raise _refused(folder, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    files = [name for name in names if name.lower().endswith(".json")]
    if not files:
        raise _refused(folder, "holds no card: no file is called *.json")
    if len(files) > MOST_CARDS:
        raise _refused(folder, f"holds {len(files):,} cards; the limit is {MOST_CARDS:,}")
    found: list[AgentCard] = []
    problems: list[Problem] = []
    size = 0
    for name in files:
        try:
            found.append(_read(folder / name))
        except ScenarioError as error:
            problems += error.problems
            continue
        size += len(str(found[-1].said))
        if size > MOST_SAID:
            message = f"its cards say more than {MOST_SAID:,} characters; a scenario has {MAX_BYTES:,} bytes"
            problems.append(Problem(str(folder), None, "", message))
            break
    shown = [(str(folder / each.file), each.name) for each in found]
    problems += confusions(shown)
    if problems:
        raise ScenarioError(sorted(problems, key=lambda problem: problem.file))
    return Cards(found, len(names) - len(files))


def _read(path: Path) -> AgentCard:
    try:
        content = read_bytes(path, MOST_BYTES)
    except OSError as error:
        raise _refused(path, str(error.strerror)) from None
    return replace(card_of(str(path), content), file=path.name)


def card_of(file: str, content: bytes) -> AgentCard:
    """What the bytes of a card say. Raises ScenarioError with all that is wrong with it; `file` is where."""
    data, problems = read_data(file, content)
    card = _valid(file, data, model_of(data), problems)
    place, params = _extension(file, data, problems)
    terms = _valid(file, params, Terms, problems, place)
    if not problems:
        problems += [Problem(file, None, "", message) for message in sdk.refusals(data)]
    if problems or card is None or terms is None:
        raise ScenarioError(_bounded(file, problems))
    tags = [tag for skill in card.skills for tag in skill.tags if tag != NO_SKILL]
    said: dict[str, Any] = {"skills": list(dict.fromkeys(tags))}
    text, remarks = _text(card)
    said |= {"text": text} if text else {}
    said |= {name: getattr(terms, name) for name in TERMS if getattr(terms, name) is not None}
    if terms.price is not None and terms.currency == "USD":
        said |= {name: usd for name in PRICES if (usd := getattr(terms.price, name)) is not None}
    elif terms.price is not None:
        remarks.append(f"its price is in {terms.currency}, which nothing converts")
    remarks += [f"nothing acts on its {name}" for name in UNUSED if getattr(terms, name) is not None]
    remarks += ["its signatures are not verified"] if data.get("signatures") else []
    return AgentCard(file, card.name, said, tuple(remarks))


def _valid(file: str, data: Any, model: type[M], problems: list[Problem], place: str = "") -> M | None:
    """Some data of a card as a model; None where it is none, which is added to the problems."""
    known = {each.path for each in problems}
    try:
        root = from_python(data, (), Mark(file, None))
        return validate(Document(root, root.plain(), file, ()), model)
    except ScenarioError as error:
        found = [replace(each, path=".".join(filter(None, (place, each.path)))) for each in error.problems]
        problems += [each for each in found if each.path not in known]
        return None


def _extension(file: str, data: dict[str, Any], problems: list[Problem]) -> tuple[str, Any]:
    """The parameters of our extension, none where a card does not have it, and where they stand.

    What is wrong with the fields around them is found elsewhere.
    """
    capabilities = data.get("capabilities")
    extensions = capabilities.get("extensions") if isinstance(capabilities, dict) else None
    ours = [
        (f"capabilities.extensions[{index}]", each.get("params"))
        for index, each in enumerate(extensions if isinstance(extensions, list) else ())
        if isinstance(each, dict) and each.get("uri") == URI
    ]
    problems += [Problem(file, None, place, f"{URI} stands twice") for place, _ in ours[1:]]
    place, params = ours[0] if ours else ("", None)
    return f"{place}.params", {} if params is None else params


def _bounded(file: str, problems: list[Problem]) -> list[Problem]:
    """The first problems of a card, and how many more it has."""
    more = len(problems) - MOST_PROBLEMS
    rest = [Problem(file, None, "", f"has {more:,} more problems")] if more > 0 else []
    return problems[:MOST_PROBLEMS] + rest


def _text(card: Card) -> tuple[str, list[str]]:
    """What a card says in words: its description, then names, descriptions and examples of its skills.

    A part that repeats the agent's name, a tag or an earlier part adds nothing. What no longer fits into a
    contractor's text is left out, which is remarked on.
    """
    known = {card.name, *(tag for skill in card.skills for tag in skill.tags)}
    parts, length, left_out = [], -1, 0
    for part in _words(card):
        if part in known:
            continue
        known.add(part)
        if length + 1 + len(part) > MOST_CHARACTERS:
            left_out += 1
            continue
        length += 1 + len(part)
        parts.append(part)
    remark = f"{left_out:,} of its texts are left out, beyond {MOST_CHARACTERS:,} characters"
    return "\n".join(parts), [remark] * (left_out > 0)


def _words(card: Card) -> Iterator[str]:
    yield card.description
    for skill in card.skills:
        yield from (skill.name, skill.description, *(skill.examples or ()))


def _refused(path: Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(str(path), None, "", message)])
