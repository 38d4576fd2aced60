"""From the contractors of a scenario to cards, and to a second file with what no card may say."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coalesce_sim.cards.jsontext import misfit_of_line, misfit_of_text
from coalesce_sim.cards.names import confusions
from coalesce_sim.cards.reading import MOST_CARDS, NO_SKILL, TERMS, AgentCard, card_of
from coalesce_sim.cards.sdk import require_sdk
from coalesce_sim.cards.terms import URI
from coalesce_sim.files import Folder, FolderError, write_text
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.market.roster import roster_of
from coalesce_sim.scenario.pool import Contractor
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.streams import Streams

ASSUMPTIONS: Final = "assume.yaml"

_ADDRESS: Final = "https://contractor.invalid/a2a"
"""Where no one can be reached: a simulated contractor has no address, and A2A requires one."""


@dataclass(frozen=True, slots=True)
class Export:
    """Cards by the names of their files, and of each contractor the fields that its card does not say."""

    cards: dict[str, str]
    unsaid: dict[str, dict[str, Any]]

    @property
    def assumptions(self) -> str:
        """The second file, as YAML; empty where the cards say everything."""
        if not self.unsaid:
            return ""
        lines = ["# What the cards beside this file do not say, for `cards import --assume`.", "contractors:"]
        for name, fields in self.unsaid.items():
            lines.append(f"  {_json(name)}:")
            lines += [f"    {field}: {_json(value)}" for field, value in fields.items()]
        return "\n".join(lines) + "\n"


def export_cards(scenario: Scenario, seed: int, replication: int = 0) -> Export:
    """The cards of the contractors that a replication has, in their order.

    A card says what a client may see; hardware, own cost, true success and the like go to the second file.
    Raises ScenarioError with all that no card can say, such as names that may be taken for one another, and
    `MissingExtra`.
    """
    require_sdk()
    scenario = drawn(scenario, seed, replication)
    contractors = roster_of(scenario, Streams(seed, replication)).contractors()
    place = scenario.name
    if len(contractors) > MOST_CARDS:
        message = f"has {len(contractors):,} contractors; a folder holds at most {MOST_CARDS:,} cards"
        raise ScenarioError([Problem(place, None, "contractors", message)])
    cards: dict[str, str] = {}
    unsaid: dict[str, dict[str, Any]] = {}
    problems = [
        Problem(place, None, f"{holder}.{name}", "moves with time, of which a card can say nothing")
        for holder, name, _ in scenario.moving
        if holder.startswith("contractors")
    ]
    for index, each in enumerate(contractors):
        if misfit := misfit_of_line(each.name):
            problems.append(Problem(place, None, f"contractors[{index}].name", misfit))
            continue
        text = json.dumps(_card(each), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
        file = _file_name(index, each.name, len(contractors))
        try:
            read = card_of(f"contractors[{index}]", text.encode())
        except ScenarioError as error:
            problems += error.problems
            continue
        cards[file] = text
        if rest := _rest(each, read):
            unsaid[each.name] = rest
    problems += confusions((f"contractors[{k}]", each.name) for k, each in enumerate(contractors))
    if problems:
        raise ScenarioError(problems)
    return Export(cards, unsaid)


def write_export(export: Export, out: Path) -> list[Path]:
    """Put the cards, and what they do not say, into a folder, all or none; the files.

    Raises `FolderError` where it cannot be written to or holds other cards, `WriteError`.
    """
    files = dict(export.cards)
    if assumptions := export.assumptions:
        files[ASSUMPTIONS] = assumptions
    with Folder(out) as folder:
        others = [name.name for name in out.glob("*.json") if name.name not in files]
        if others:
            raise FolderError(f"the folder {str(out)!r} holds other cards, such as {min(others)!r}")
        with folder.writing():
            for name, text in files.items():
                write_text(folder.aside / name, text)
            folder.put_in_place([*files, ASSUMPTIONS] if ASSUMPTIONS not in files else list(files))
    return [out / name for name in files]


def _card(contractor: Contractor) -> dict[str, Any]:
    """What a contractor says of itself in public, as a card of A2A 1.0."""
    name, text = contractor.name, contractor.text
    sayable = [skill for skill in contractor.skills if misfit_of_line(skill) is None]
    return {
        "name": name,
        "description": text if text.strip() and misfit_of_text(text) is None else name,
        "version": "1.0.0",
        "supportedInterfaces": [{"url": _ADDRESS, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
        "capabilities": {"extensions": [{"uri": URI, "required": False, "params": _terms(contractor)}]},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [
            {"id": f"skill-{number}", "name": skill, "description": skill, "tags": [skill]}
            for number, skill in enumerate(sayable or [NO_SKILL], start=1)
        ],
    }


def _terms(contractor: Contractor) -> dict[str, Any]:
    price: dict[str, object] = {}
    if contractor.input_usd_per_mtok or contractor.output_usd_per_mtok:
        price = {name: getattr(contractor, name) for name in ("input_usd_per_mtok", "output_usd_per_mtok")}
    if contractor.price_usd or not price:
        price["price_usd"] = contractor.price_usd
    stated = {name: getattr(contractor, name) for name in TERMS}
    terms = {name: value for name, value in stated.items() if value is not None}
    return terms | {"currency": "USD", "price": price}


def _rest(contractor: Contractor, card: AgentCard) -> dict[str, Any]:
    """The fields of a contractor that are other than its card alone would have them."""
    whole = contractor.model_dump(mode="json")
    alone = Contractor.model_validate({"name": card.name, **card.said}).model_dump(mode="json")
    short = contractor.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return {name: short.get(name, value) for name, value in whole.items() if value != alone[name]}


def _file_name(index: int, name: str, count: int) -> str:
    """In the order of the pool when sorted, and told apart on any disk."""
    return f"{index:0{len(str(count - 1))}d}_{re.sub(r'[^A-Za-z0-9._-]', '-', name)[:60]}.json"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
