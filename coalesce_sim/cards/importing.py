"""From a folder of cards to a scenario whose contractors they are; nothing that no one states is invented."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from coalesce_sim import bundled
from coalesce_sim.cards.assumptions import Assumptions, read_assumptions
from coalesce_sim.cards.reading import AgentCard, Cards, read_cards
from coalesce_sim.cards.sdk import require_sdk
from coalesce_sim.files import FolderError, made_folders, remove_empty, whole_file, write_errors, write_text
from coalesce_sim.loading import load
from coalesce_sim.numbers import plural
from coalesce_sim.scenario.document import MAX_BYTES
from coalesce_sim.scenario.pool import Contractor
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.tariff import PRICES

_PRICED: Final = ("price_usd", *PRICES, "conditional_prices")
"""Fields of a contractor that say what it asks; who says one of them says all."""

_UNSAID: Final = {
    "slots": "unlimited",
    "latency_min": "0",
    "network_ms": "0",
    "jurisdiction": "not known",
    "success": "its reliability",
}
"""What a market goes by where a contractor does not state a field that it can do without."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one card: the fields of its contractor, none where it is left out.

    `unsaid` names what neither the card nor an assumption says, `assumed` the fields that come from
    assumptions, `overruled` those of them that the card says, too, and otherwise.
    """

    card: AgentCard
    fields: dict[str, Any]
    unsaid: tuple[str, ...]
    assumed: tuple[str, ...]
    overruled: tuple[str, ...]

    @property
    def told(self) -> str:
        """One line on what is not as a card alone has it; empty where all is."""
        parts = []
        if not self.fields:
            missing = [name for name in ("reliability", "price") if name in self.unsaid]
            parts.append(f"left out, since it says no {' and no '.join(missing)}")
        else:
            unsaid = [f"{name} ({_UNSAID[name]})" for name in self.unsaid]
            parts += [f"does not say {', '.join(unsaid)}"] if unsaid else []
        parts += [f"assumed: {', '.join(self.assumed)}"] if self.assumed else []
        parts += [f"assumed in place of what it says: {', '.join(self.overruled)}"] if self.overruled else []
        return "; ".join((*parts, *self.card.remarks))


@dataclass(frozen=True, slots=True)
class Import:
    """A scenario that was written, and what became of each card."""

    out: Path
    parent: str
    cards: tuple[Imported, ...]
    passed_over: int

    @property
    def taken(self) -> list[Imported]:
        """The cards whose contractors are in the scenario, in the same order."""
        return [each for each in self.cards if each.fields]

    @property
    def summary(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return {
            "out": str(self.out),
            "extends": self.parent,
            "contractors": len(self.taken),
            "passed_over": self.passed_over,
            "cards": [
                {
                    "file": each.card.file,
                    "name": each.card.name,
                    "taken": bool(each.fields),
                    "unsaid": list(each.unsaid),
                    "assumed": list(each.assumed),
                    "overruled": list(each.overruled),
                    "remarks": list(each.card.remarks),
                }
                for each in self.cards
            ],
        }


def import_cards(folder: Path, out: Path, parent: str = "market", assume: Path | None = None) -> Import:
    """Write the scenario `out`, which extends `parent` and has the contractors of a folder's cards.

    `assume` is a YAML file with what cards do not say. Raises ScenarioError with all that is wrong with
    cards, assumptions or what they make of `parent`, `MissingExtra`, `FolderError` and `WriteError`; then
    nothing is written.
    """
    require_sdk()
    if out.resolve().parent == folder.resolve():
        raise FolderError(f"{out}: lies in the folder of cards that it is made of; write it beside {folder}")
    read, assumptions = _read(folder, assume)
    cards = tuple(_completed(each, assumptions) for each in read.cards)
    imported = Import(out, parent, cards, read.passed_over)
    if not imported.taken:
        problems = [Problem(str(folder / each.card.file), None, "", each.told) for each in imported.cards]
        raise ScenarioError(problems)
    text = scenario_text(imported)
    if (size := len(text.encode())) > MAX_BYTES:
        message = f"would be {size:,} bytes long; a scenario may have {MAX_BYTES:,}: import fewer cards"
        raise ScenarioError([Problem(str(out), None, "", message)])
    _put(imported, text, folder)
    return imported


def _read(folder: Path, assume: Path | None) -> tuple[Cards, Assumptions]:
    """The cards and what is assumed. Raises ScenarioError with all that is wrong with either."""
    problems: list[Problem] = []
    read, assumptions = Cards(), Assumptions()
    try:
        read = read_cards(folder)
    except ScenarioError as error:
        problems += error.problems
    try:
        if assume is not None:
            assumptions = read_assumptions(assume, None if problems else {each.name for each in read.cards})
    except ScenarioError as error:
        problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return read, assumptions


def _completed(card: AgentCard, assumptions: Assumptions) -> Imported:
    """A contractor by its card and, where that is silent or is overruled, by what is assumed of it."""
    stated = card.said | assumptions.by_name.get(card.name, {})
    hidden = _PRICED if stated.keys() & {*_PRICED} else ()
    fields = {name: value for name, value in assumptions.defaults.items() if name not in hidden}
    fields |= {"name": card.name, **stated}
    overruled = [name for name, value in card.said.items() if stated[name] != value]
    assumed = [name for name in fields if name not in card.said and name != "name"]
    unsaid = [] if fields.keys() & {*_PRICED} else ["price"]
    known = {name for name, value in fields.items() if value is not None}
    known |= {"success"} if "outcomes" in known else set()
    unsaid += [name for name in ("reliability", *_UNSAID) if name not in known]
    if {"price", "reliability"} & {*unsaid}:
        fields = {}
    return Imported(card, fields, tuple(unsaid), tuple(assumed), tuple(overruled))


def scenario_text(imported: Import) -> str:
    """The scenario as YAML, a field a line. All values are written as JSON, which is YAML, too."""
    title = f"{plural(len(imported.taken), 'contractor')} by their Agent Cards"
    lines = [
        "# Made by `coalesce-sim cards import`; what the cards do not say is not here.",
        f"extends: {_json(_seen_from(imported.out, imported.parent))}",
        f"title: {_json(title)}",
        "contractors:",
    ]
    for each in imported.taken:
        in_order = [name for name in Contractor.model_fields if name in each.fields]
        in_order.sort(key=lambda name: name != "name")
        fields = [f"{name}: {_json(each.fields[name])}" for name in in_order]
        lines += [f"  - {fields[0]}", *(f"    {field}" for field in fields[1:])]
    return "\n".join(lines) + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _seen_from(out: Path, parent: str) -> str:
    """What `out` has to say to extend a scenario that is named, or a file as seen from here."""
    if not bundled.is_path(parent):
        return parent
    return Path(os.path.relpath(parent, out.parent)).as_posix()


def _put(imported: Import, text: str, folder: Path) -> None:
    """Write the scenario, load it as it stands on the disk, and only then give it its name."""
    out = imported.out
    made = made_folders(out.parent)
    try:
        with write_errors(f"cannot write {str(out)!r}"), whole_file(out) as aside:
            write_text(aside, text)
            try:
                load(aside)
            except ScenarioError as error:
                raise ScenarioError(_placed(error.problems, aside, imported, folder)) from None
    except BaseException:
        remove_empty(made)
        raise


def _placed(problems: Sequence[Problem], aside: Path, imported: Import, folder: Path) -> list[Problem]:
    """Problems of the scenario, which is no file yet: of a contractor at its card, others at its name."""

    def named(found: re.Match[str]) -> str:
        return f"{found[2]} of {imported.taken[int(found[1])].card.name!r}"

    placed = []
    for each in problems:
        if Path(each.file).name == aside.name:
            at_a_card = re.match(r"contractors\[(\d+)\]\.?", each.path)
            file, path = imported.out, each.path
            if at_a_card is not None:
                file = folder / imported.taken[int(at_a_card[1])].card.file
                path = path[at_a_card.end() :]
            each = replace(each, file=str(file), line=None, path=path)
        placed.append(replace(each, message=re.sub(r"contractors\[(\d+)\]\.(\w+)", named, each.message)))
    return placed
