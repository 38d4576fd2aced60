"""One card: what it says, and what makes it be refused, with the place."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coalesce_sim import ScenarioError
from coalesce_sim.cards.names import confusions
from coalesce_sim.cards.reading import NO_SKILL, AgentCard, card_of
from coalesce_sim.cards.terms import URI
from tests.cards.made import TERMS, card, old, text

PLAIN = text(card())[:-1].decode()
"""Whatever is added to it is a field at the end of a good card."""

PARAMS = "capabilities.extensions[0].params"
UNFIT = "holds a character that is not to be printed"


def refusals(content: bytes | dict[str, Any]) -> list[str]:
    with pytest.raises(ScenarioError) as refused:
        card_of("w.json", content if isinstance(content, bytes) else text(content))
    return str(refused.value).splitlines()


def terms(**changed: Any) -> dict[str, Any]:
    return card(terms=TERMS | changed)


def said(each: dict[str, Any]) -> dict[str, Any]:
    return card_of("w.json", text(each)).said


@pytest.mark.parametrize("each", [card(), old()], ids=["1.0", "0.3"])
def test_cards_of_both_versions_say_the_same(each: dict[str, Any]) -> None:
    assert card_of("w.json", text(each)) == AgentCard(
        "w.json",
        "Weather Agent",
        {
            "skills": ["weather", "search"],
            "text": "Says what the weather will be.\nForecast\nA week ahead.\nWill it rain in Bonn?",
            "price_usd": 0.02,
            "slots": 4,
            "latency_min": 0.1,
            "network_ms": 100.0,
            "reliability": 0.9,
            "jurisdiction": "DE",
        },
    )


def test_a_card_without_our_extension_says_skills_and_texts_only() -> None:
    assert said(card(terms=None)).keys() == {"skills", "text"}
    other = {"extensions": [{"uri": "https://other.example/ext", "params": {"price": "free", "slots": -1}}]}
    assert said(card(capabilities=other)).keys() == {"skills", "text"}


def test_texts_that_repeat_a_name_or_a_tag_add_nothing_and_lines_stay() -> None:
    skill = {"id": "1", "name": "weather", "description": "weather", "tags": ["weather", NO_SKILL]}
    each = card(description="Two\nlines,\u00a0one\ttab", skills=[skill, skill])
    assert said(each)["text"] == "Two\nlines,\u00a0one\ttab"
    assert said(each)["skills"] == ["weather"]
    assert "text" not in said(card(description="Weather Agent", skills=[skill]))


def test_texts_beyond_what_a_contractor_can_have_are_left_out_and_told() -> None:
    skills = [
        {"id": str(k), "name": "s", "description": str(k) * 15_000, "tags": ["t"], "examples": []}
        for k in (1, 2)
    ]
    read = card_of("w.json", text(card(description="d", skills=skills)))
    assert read.said["text"] == "d\ns\n" + "1" * 15_000
    assert read.remarks == ("1 of its texts are left out, beyond 20,000 characters",)


def test_what_is_not_used_is_told() -> None:
    each = terms(currency="EUR", stake_usd=5, data_regions=["EU"])
    each["signatures"] = [{"protected": "e30", "signature": "e30"}]
    read = card_of("w.json", text(each))
    assert "price_usd" not in read.said
    assert read.remarks == (
        "its price is in EUR, which nothing converts",
        "nothing acts on its data_regions",
        "nothing acts on its stake_usd",
        "its signatures are not verified",
    )


def test_whole_numbers_may_be_floats_as_protobuf_writes_them() -> None:
    assert said(terms(slots=4.0))["slots"] == 4
    assert said(terms(slots="unlimited"))["slots"] == "unlimited"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ":1: column 1: is not JSON: Expecting value"),
        (b'{\n"name" 1}', ":2: column 8: is not JSON: Expecting ':' delimiter"),
        (b"[]", ": must hold a JSON object (got [])"),
        (b'{"name": "\xff"}', ": is not UTF-8 text: byte 0xff at offset 10"),
        (text(card()).decode().encode("utf-16"), ": is not UTF-8 text: byte 0xff at offset 0"),
        (b" " * 262_145, ": is 262,145 bytes long; the limit is 262,144 bytes"),
        (f'{PLAIN}, "name": "Another"}}'.encode(), ": name: stands twice in one object"),
        (f'{PLAIN}, "a": [{{"b": 1, "b": 1}}]}}'.encode(), ": a[0].b: stands twice in one object"),
        (f'{PLAIN}, "a": NaN}}'.encode(), ": a: must be a finite number (got nan)"),
        (f'{PLAIN}, "a": [-Infinity]}}'.encode(), ": a[0]: must be a finite number (got -inf)"),
        (f'{PLAIN}, "a": 1e999}}'.encode(), ": a: must be a finite number (got inf)"),
        (f'{PLAIN}, "a": {"9" * 400}}}'.encode(), f": a: must be a finite number (got {'9' * 59}…)"),
        (f'{PLAIN}, "a": {"9" * 5000}}}'.encode(), ": holds a number of thousands of digits"),
        (f'{PLAIN}, "a": {"[" * 32}{"]" * 32}}}'.encode(), f": a{'[0]' * 31}: nests deeper than 32 levels"),
        (b"[" * 200_000, ": nests deeper than 32 levels"),
        (text(dict.fromkeys(map(str, range(1_001)))), ": must have at most 1,000 entries (got 1,001)"),
        (f'{PLAIN}, "a": "\\u001b[2J"}}'.encode(), f": a: {UNFIT} (got '\\x1b')"),
        (f'{PLAIN}, "a": "\\ud800"}}'.encode(), f": a: {UNFIT} (got '\\ud800')"),
        (f'{PLAIN}, "\\u202e": 1}}'.encode(), f": the name of a field {UNFIT} (got '\\u202e')"),
        (
            f'{PLAIN}, "{"k" * 201}": 1}}'.encode(),
            ": the name of a field must have at most 200 characters (got 201)",
        ),
    ],
)
def test_bytes_that_are_no_card_are_refused_first(content: bytes, message: str) -> None:
    assert refusals(content) == [f"w.json{message}"]


@pytest.mark.parametrize(
    ("each", "message"),
    [
        (card(name="Weather\u202etnegA"), f"name: {UNFIT} (got '\\u202e')"),
        (card(name="Weather\nAgent"), f"name: {UNFIT} (got '\\n')"),
        (card(name=" "), "name: must not be empty (got ' ')"),
        (card(name="n" * 201), "name: must have at most 200 characters (got 201)"),
        (card(description="d" * 20_001), "description: must have at most 20,000 characters (got 20,001)"),
        (card(description=5), "description: must be text (got 5)"),
        (card(skills=[]), "skills: must have a length of at least 1 (got 0)"),
        (card(skills=[{}] * 50_000), "skills: must have at most 1,000 entries (got 50,000)"),
        (
            terms(**{str(k): k for k in range(1_000)}),
            f"{PARAMS}: must have at most 1,000 entries (got 1,007)",
        ),
        (
            card(supportedInterfaces=[{"url": "u", "protocolVersion": "1.0"}]),
            "supportedInterfaces[0].protocolBinding: missing",
        ),
        (card(provider={"url": "u"}), "the A2A SDK refuses it: provider.organization: Field is required."),
        (
            card(iconUrl=5),
            "the A2A SDK refuses it: Failed to parse iconUrl field: "
            "expected string or bytes-like object, got 'int'.",
        ),
        (old(url=""), "url: must not be empty (got '')"),
        (terms(slots=-1), f"{PARAMS}.slots: must be >= 0 (got -1)"),
        (terms(slots=1.5), f"{PARAMS}.slots: must be 'unlimited' or a whole number (got 1.5)"),
        (terms(slots=10**9), f"{PARAMS}.slots: must be <= 1000000 (got 1000000000)"),
        (terms(reliability=1.01), f"{PARAMS}.reliability: must be <= 1 (got 1.01)"),
        (terms(latency_min=-1), f"{PARAMS}.latency_min: must be >= 0 (got -1)"),
        (terms(network_ms=1e31), f"{PARAMS}.network_ms: must be <= 1e+30 (got 1e+31)"),
        (terms(latencyMin=1), f"{PARAMS}.latencyMin: unknown field; did you mean 'latency_min'?"),
        (terms(price={"price_usd": "0"}), f"{PARAMS}.price.price_usd: must be a number (got '0')"),
        (
            terms(price={"input_usd_per_mtok": 1}),
            f"{PARAMS}.price.output_usd_per_mtok: missing, but the other price by tokens is stated",
        ),
        (
            terms(price={}),
            f"{PARAMS}.price: states no price: "
            "needs price_usd, or input_usd_per_mtok and output_usd_per_mtok",
        ),
        (terms(currency=None), f"{PARAMS}.currency: missing, but there are amounts"),
        (terms(currency="usd"), f"{PARAMS}.currency: must match the pattern ^[A-Z]{{3}}$ (got 'usd')"),
        (
            terms(jurisdiction="UK"),
            f"{PARAMS}.jurisdiction: must be a code of ISO 3166-1 such as 'DE' (got 'UK'); "
            "did you mean 'GB'?",
        ),
        (
            card(capabilities={"extensions": [{"uri": URI}] * 2}),
            f"capabilities.extensions[1]: {URI} stands twice",
        ),
    ],
)
def test_fields_that_do_not_fit_are_refused_at_their_place(each: dict[str, Any], message: str) -> None:
    assert refusals(each) == [f"w.json: {message}"]


@pytest.mark.parametrize("field", [*(name for name in card() if name != "supportedInterfaces"), "url"])
def test_every_required_field_of_0_3_is_asked_for(field: str) -> None:
    without = {name: value for name, value in old().items() if name != field}
    expected = "supportedInterfaces" if field == "url" else field
    assert refusals(without) == [f"w.json: {expected}: missing"]


def test_the_card_that_the_sdk_takes_for_one_is_refused_with_all_that_it_lacks() -> None:
    assert refusals(b"{}") == [f"w.json: {name}: missing" for name in (
        *("name", "description", "version", "capabilities", "defaultInputModes", "defaultOutputModes"),
        *("skills", "supportedInterfaces"),
    )]  # fmt: skip


def test_all_that_is_wrong_is_told_at_once_and_of_a_flood_the_first() -> None:
    wrong = terms(slots=-1, reliability=2) | {"name": "\x07", "skills": []}
    assert refusals(json.dumps(wrong)[:-1].encode() + b', "x": NaN}') == [
        r"w.json: name: holds a character that is not to be printed (got '\x07')",
        "w.json: x: must be a finite number (got nan)",
        "w.json: skills: must have a length of at least 1 (got 0)",
        f"w.json: {PARAMS}.reliability: must be <= 1 (got 2)",
        f"w.json: {PARAMS}.slots: must be >= 0 (got -1)",
    ]
    flood = refusals(card(skills=[{}] * 1_000))
    assert (len(flood), flood[-1]) == (21, "w.json: has 3,980 more problems")


def test_as_deep_as_allowed_is_read_by_the_sdk_too() -> None:
    deep: Any = 1
    for _ in range(27):
        deep = {"a": deep}
    extensions = [{"uri": "u", "params": {"x": deep}}]
    assert said(card(capabilities={"extensions": extensions}))["skills"] == ["weather", "search"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Bank", "B\u0430nk"),  # a Cyrillic letter
        ("bank", "B\u0410NK"),
        ("\u0441\u0430\u0440\u0430", "capa"),  # all Cyrillic
        ("Bank", "\uff22\uff41\uff4e\uff4b"),  # full width: NFKC
        ("Bank", "BANK"),
        ("Straße", "STRASSE"),
        ("Caf\u00e9", "Cafe\u0301"),
        ("Agent 1", "Agent l"),
        ("AI", "Al"),
        ("Agent 0", "Agent O"),
        ("modern", "modem"),
        ("Two words", " Two   words "),
    ],
)
def test_names_that_may_be_taken_for_one_another_are_refused(first: str, second: str) -> None:
    (problem,) = confusions([("a.json", first), ("b.json", second)])
    assert str(problem) == f"b.json: name: may be taken for {first!a} in a.json (got {second!a})"
    assert str(problem).isascii()


def test_names_that_differ_are_not() -> None:
    names = [
        "edge_1",
        "edge_2",
        "edge_11",
        "GPT-5.4",
        "GPT-5",
        "天気",
        "天候",
        "Bank",
        "Bang",
        "Ваня",
        "frontier_6",
    ]
    assert confusions((name, name) for name in names) == []
    assert str(*confusions([("a.json", "x"), ("b.json", "x")])) == "b.json: name: a.json has it too (got 'x')"


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_damaged_card_is_read_or_refused_in_words_that_can_be_printed(data: st.DataObject) -> None:
    content = bytearray(text(card()))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        content[start : start + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=6))
    told = ""
    try:
        card_of("w.json", bytes(content))
    except ScenarioError as error:
        told = str(error)
    assert all(line.startswith("w.json:") and line.isprintable() for line in told.splitlines())


def test_the_data_that_the_sdk_is_given_stay_as_they_are() -> None:
    from coalesce_sim.cards.sdk import refusals as of_the_sdk

    each = old()
    before = copy.deepcopy(each)
    assert of_the_sdk(each) == []
    assert each == before
