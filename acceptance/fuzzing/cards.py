"""Folders of Agent Cards: drawn ones, spoilt in a known way or damaged at random, and what was made of them.

Which cards must be refused is known from how they were spoilt; of those that are taken, a second reader looks
up what the card says: Python's own, in the text that lies there.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

from acceptance.fuzzing import damage, manners
from acceptance.fuzzing.case import Case

_URI = "urn:coalesce-sim:agent-terms:1"
_TERMS = ("slots", "latency_min", "network_ms", "reliability", "jurisdiction")
_WORDS = (
    "code",
    "tools",
    "data",
    "long context",
    "search",
    "Übersetzen",
    "検索",
    "0o17",
    "null",
    "#",
    "a: b",
    '"',
)
_UNFIT = ("\x1b[2J", "\u202e", "\x00", "\u200b", "\ud800", "\x7f", "\u2028", "\ue000")
_NAMES = ("Reviewer", "Analyst", "Rèdacteur", "Писарь", "翻訳", "yes", "1e3", "- x", "{a}", "%s")

Card = dict[str, Any]


def play(case: Case) -> None:
    """Import a folder of which one card may be spoilt or damaged."""
    rng = case.rng
    case.path("cards").mkdir()
    cards = {f"{name}.json": _card(rng, name) for name in rng.sample(range(len(_NAMES)), rng.randrange(1, 5))}
    texts = {name: json.dumps(card, ensure_ascii=rng.random() < 0.5) for name, card in cards.items()}
    chosen, spoilt, data = rng.choice(sorted(cards)), False, {}
    for name, text in texts.items():
        data[name] = text.encode()
    match rng.randrange(3):
        case 0:
            spoilt = True
            data[chosen] = rng.choice(_SPOILERS)(rng, cards[chosen]).encode("utf-8", "surrogatepass")
        case 1:
            for _ in range(rng.randrange(1, 3)):
                data[chosen] = damage.at_random(rng, data[chosen])
    for name, content in data.items():
        (case.path("cards") / name).write_bytes(content)
    outcome = case.run("cards", "import", "cards", "--out", "pool.yaml")
    done = manners.look(case, outcome)
    printed = (outcome.stdout + outcome.stderr).replace("\n", "")
    if not printed.isprintable():
        case.complain(f"a character that does something is printed: {printed[:200]!r}")
    if not done and case.path("pool.yaml").exists():
        case.complain("a refusal left pool.yaml")
    if spoilt and (done or chosen not in outcome.stderr):
        case.complain(f"{chosen} is spoilt, and was not refused by its name: {data[chosen][:300]!r}")
    if done:
        _compare(case, data)
        manners.look(case, case.run("validate", "pool.yaml"))


def _compare(case: Case, data: dict[str, bytes]) -> None:
    """Every contractor is what its card says, and of those who say enough none is missing."""
    pool = {each["name"]: each for each in _contractors(case.path("pool.yaml").read_text(encoding="utf-8"))}
    for name, content in data.items():
        card = json.loads(content)
        extensions = card["capabilities"].get("extensions") or []
        terms: Card = next((each.get("params") or {} for each in extensions if each.get("uri") == _URI), {})
        said = {each: terms[each] for each in _TERMS if terms.get(each) is not None}
        if terms.get("currency") == "USD":
            said |= {each: usd for each, usd in (terms.get("price") or {}).items() if usd is not None}
        enough = "reliability" in said and any(each.endswith(("_usd", "_mtok")) for each in said)
        contractor = pool.get(card["name"])
        if (contractor is None) == enough:
            case.complain(f"{name} says {said}, and became {contractor}")
        if contractor is None:
            continue
        said["name"] = card["name"]
        said["skills"] = list(dict.fromkeys(tag for skill in card["skills"] for tag in skill["tags"]))
        if contractor != said | {"text": contractor.get("text")}:
            case.complain(f"{name} says {said}; its contractor is {contractor}")
        if not contractor["text"].startswith(card["description"]):
            case.complain(f"{name}: its description is not what its text begins with")


def _contractors(text: str) -> Iterator[Card]:
    """The contractors of a scenario, of which each field is a line and each value is JSON."""
    for entry in ("\n" + text.partition("\ncontractors:")[2]).split("\n  - ")[1:]:
        fields = [line.strip().partition(": ") for line in entry.splitlines()]
        yield {field: json.loads(value) for field, _, value in fields}


def _card(rng: random.Random, number: int) -> Card:
    terms: Card = {"currency": "USD", "reliability": round(rng.random(), 3), "slots": rng.randrange(1, 9)}
    by_tokens = {"input_usd_per_mtok": rng.random(), "output_usd_per_mtok": rng.random() * 10}
    terms["price"] = rng.choice(({"price_usd": rng.random()}, by_tokens))
    terms |= {"latency_min": rng.choice((0, 0.5, 1e-7)), "jurisdiction": rng.choice(("DE", "JP", "US"))}
    for left_out in rng.sample(sorted(terms), rng.choice((0, 0, 1, 2))):
        del terms[left_out]
    if "currency" not in terms:
        terms.pop("price", None)
    skills = [
        {"id": str(k), "name": rng.choice(_WORDS), "description": f"Does {k}.", "tags": rng.sample(_WORDS, 2)}
        for k in range(rng.randrange(1, 4))
    ]
    card: Card = {
        "name": _NAMES[number],
        "description": rng.choice(
            ("Works.", "Two\nlines.", "'quoted' \"twice\"", "# no comment", "a" * 5000)
        ),
        "version": "1",
        "capabilities": {"extensions": [{"uri": _URI, "params": terms}]} if rng.random() < 0.9 else {},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": skills,
    }
    if rng.random() < 0.5:
        return card | {"url": "https://a.example", "protocolVersion": "0.3.0"}
    face = {"url": "https://a.example", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
    return card | {"supportedInterfaces": [face]}


def _without_a_field(rng: random.Random, card: Card) -> str:
    names = [name for name in card if name != "protocolVersion"]
    gone = rng.choice(names)
    return json.dumps({name: value for name, value in card.items() if name != gone})


def _with_an_unfit_text(rng: random.Random, card: Card) -> str:
    field = rng.choice(("name", "description", "note", "version"))
    return json.dumps(card | {field: "x" + rng.choice(_UNFIT)}, ensure_ascii=rng.random() < 0.5)


def _with_a_field_twice(rng: random.Random, card: Card) -> str:
    name = rng.choice(list(card))
    return json.dumps(card)[:-1] + f", {json.dumps(name)}: {json.dumps(card[name])}}}"


def _with_no_number(rng: random.Random, card: Card) -> str:
    return (
        json.dumps(card)[:-1]
        + f', "x": [{rng.choice(("NaN", "-Infinity", "1e999", "9" * 400, "9" * 5000))}]}}'
    )


def _too_deep(rng: random.Random, card: Card) -> str:
    depth = rng.choice((33, 60, 2000, 100_000))
    return json.dumps(card)[:-1] + f', "x": {"[" * depth}{"]" * depth}}}'


def _too_large(_: random.Random, card: Card) -> str:
    return json.dumps(card) + " " * 262_144


def _with_wrong_terms(rng: random.Random, card: Card) -> str:
    wrong: Card = rng.choice(
        (
            {"slots": -1},
            {"slots": 0.5},
            {"reliability": 1.5},
            {"latency_min": -math.pi},
            {"price": {"price_usd": 1e40}, "currency": "USD"},
            {"jurisdiction": "XX"},
            {"Slots": 4},
        )
    )
    return json.dumps(card | {"capabilities": {"extensions": [{"uri": _URI, "params": wrong}]}})


_SPOILERS: tuple[Callable[[random.Random, Card], str], ...] = (
    _without_a_field,
    _with_an_unfit_text,
    _with_a_field_twice,
    _with_no_number,
    _too_deep,
    _too_large,
    _with_wrong_terms,
)
