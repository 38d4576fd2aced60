"""``cards import`` and ``cards export`` as a user meets them."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import coalesce_sim
from coalesce_sim import extras
from coalesce_sim.scenario.pool import Contractor
from tests.cards.made import TERMS, card, old, put
from tests.cli.calling import Call, contents

HALF = {name: value for name, value in TERMS.items() if name in ("currency", "price", "slots")}


def listed(file: str) -> list[Contractor]:
    contractors = coalesce_sim.load(file).contractors
    assert isinstance(contractors, list)
    return contractors


def test_what_cards_do_not_say_is_told_card_by_card_and_left_out(call: Call, tmp_path: Path) -> None:
    put(tmp_path / "cards", a=card(), b=old(name="Old Agent", terms=HALF), c=card("Bare Agent", terms=None))
    (tmp_path / "cards" / "README").write_text("not a card")
    called = call("cards", "import", "cards", "--out", "new/pool.yaml")
    assert (called.code, called.err) == (0, "")
    assert called.out == (
        "new/pool.yaml: 1 contractor of 3 cards, extends market\n"
        "passed over, since they are not called *.json: 1 in the folder\n"
        "a.json: Weather Agent: does not say success (its reliability)\n"
        "b.json: Old Agent: left out, since it says no reliability\n"
        "c.json: Bare Agent: left out, since it says no reliability and no price\n"
    )
    (only,) = listed("new/pool.yaml")
    assert (only.name, only.skills, only.slots, only.price_usd) == (
        "Weather Agent",
        ["weather", "search"],
        4,
        0.02,
    )
    assert (only.text.splitlines()[0], only.jurisdiction) == ("Says what the weather will be.", "DE")


def test_assumptions_state_it_for_all_or_by_name(call: Call, tmp_path: Path) -> None:
    put(tmp_path / "cards", a=card(), b=old(name="Old Agent", terms=HALF), c=card("Bare Agent", terms=None))
    (tmp_path / "assume.yaml").write_text(
        "defaults: {reliability: 0.5, input_usd_per_mtok: 1, slots: 2}\n"
        "contractors:\n"
        "  Bare Agent: {hardware: rtx_4090, latency_min: 1}\n"
        "  Weather Agent: {reliability: 0.7, type: expert}\n"
    )
    called = call("cards", "import", "cards", "--out", "pool.yaml", "--assume", "assume.yaml", "--json")
    told = json.loads(called.out)
    assert (told["contractors"], [each["taken"] for each in told["cards"]]) == (3, [True] * 3)
    assert [(each["assumed"], each["overruled"]) for each in told["cards"]] == [
        (["type"], ["reliability"]),
        (["reliability"], []),
        (["reliability", "input_usd_per_mtok", "slots", "hardware", "latency_min"], []),
    ]
    assert told["cards"][1]["unsaid"] == ["latency_min", "network_ms", "jurisdiction", "success"]
    a, b, c = listed("pool.yaml")
    assert [each.reliability for each in (a, b, c)] == [0.7, 0.5, 0.5]
    assert [each.input_usd_per_mtok for each in (a, b, c)] == [0, 0, 1], "who states a price states all of it"
    assert [each.slots for each in (a, b, c)] == [4, 4, 2]
    assert c.hardware is not None
    assert c.hardware.profile == "rtx_4090"


def test_all_refusals_are_told_with_file_and_place_and_nothing_is_written(call: Call, tmp_path: Path) -> None:
    put(
        tmp_path / "cards",
        a=card(),
        b=card("We\u0430ther Agent"),
        c=card("C", description="\x1b]0;owned\x07"),
    )
    (tmp_path / "cards" / "d.json").write_text("{")
    (tmp_path / "cards" / "e.json").mkdir()
    (tmp_path / "cards" / "f.json").write_bytes(b" " * (256 * 1024 + 1))
    (tmp_path / "assume.yaml").write_text("defaults: {slots: -1}\n")
    before = contents(tmp_path)
    called = call("cards", "import", "cards", "--out", "new/pool.yaml", "--assume", "assume.yaml")
    assert (called.code, called.out) == (2, "")
    assert called.err.splitlines() == [
        r"cards/b.json: name: may be taken for 'Weather Agent' in cards/a.json (got 'We\u0430ther Agent')",
        r"cards/c.json: description: holds a character that is not to be printed (got '\x1b')",
        "cards/d.json:1: column 2: is not JSON: Expecting property name enclosed in double quotes",
        "cards/e.json: is a directory, not a file",
        "cards/f.json: is 262,145 bytes long; the limit is 262,144 bytes",
        "assume.yaml:1: defaults.slots: must be >= 0 (got -1)",
    ]
    assert contents(tmp_path) == before
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("options", "assume", "message"),
    [
        (
            ("--extends", "markt"),
            "{}",
            "pool.yaml: extends: no bundled scenario 'markt'; "
            "did you mean 'market', 'market_day', 'market_city'?",
        ),
        (
            (),
            "contractors: {Weather Agnt: {slots: 1}}",
            "assume.yaml:1: contractors.Weather Agnt: no card has that name; did you mean 'Weather Agent'?",
        ),
        (
            (),
            "defaults: {jurisdiction: de}",
            "assume.yaml:1: defaults.jurisdiction: must be a code of ISO 3166-1 such as 'DE' (got 'de'); "
            "did you mean 'DE'?",
        ),
        ((), "{}", "assume.yaml:1: states nothing: needs defaults, or contractors by name"),
        (
            (),
            "contractors: {Weather Agent: {reliability: null}}",
            "cards/a.json: left out, since it says no reliability; "
            "assumed in place of what it says: reliability",
        ),
        (
            ("--extends", "azure_code_like"),
            "contractors: {Weather Agent: {slots: 0}}",
            "cards/a.json: slots: must be > 0 without a section contracts (got 0)",
        ),
    ],
)
def test_what_cannot_become_a_scenario_is_refused_and_an_earlier_one_stays(
    call: Call, tmp_path: Path, options: tuple[str, ...], assume: str, message: str
) -> None:
    put(tmp_path / "cards", a=card())
    (tmp_path / "pool.yaml").write_text("earlier")
    (tmp_path / "assume.yaml").write_text(assume)
    if assume != "{}" or not options:
        options += ("--assume", "assume.yaml")
    before = contents(tmp_path)
    called = call("cards", "import", "cards", "--out", "pool.yaml", *options)
    assert (called.code, called.err) == (2, f"{message}\n")
    assert contents(tmp_path) == before


def test_ten_thousand_cards_and_one_are_too_many(call: Call, tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "0.json").touch()
    for number in range(1, 10_001):
        os.link(tmp_path / "cards" / "0.json", tmp_path / "cards" / f"{number}.json")
    called = call("cards", "import", "cards", "--out", "pool.yaml")
    assert (called.code, called.err) == (2, "cards: holds 10,001 cards; the limit is 10,000\n")
    assert not (tmp_path / "pool.yaml").exists()


def test_a_scenario_has_eight_megabytes(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coalesce_sim.cards.importing.MAX_BYTES", 500)
    put(tmp_path / "cards", a=card(), b=card("Agent B"))
    called = call("cards", "import", "cards", "--out", "pool.yaml")
    assert called.code == 2
    assert called.err.startswith("pool.yaml: would be ")
    assert called.err.endswith(" bytes long; a scenario may have 500: import fewer cards\n")
    assert not (tmp_path / "pool.yaml").exists()


def test_what_cards_say_has_an_end(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coalesce_sim.cards.reading.MOST_SAID", 400)
    put(tmp_path / "cards", a=card(), b=card("B"), c=card("C", version=5))
    called = call("cards", "import", "cards", "--out", "pool.yaml")
    assert (called.code, called.err) == (
        2,
        "cards: its cards say more than 400 characters; a scenario has 8,000,000 bytes\n",
    )


def test_a_folder_without_cards_is_refused(call: Call, tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    assert (
        call("cards", "import", "cards", "--out", "p.yaml").err
        == "cards: holds no card: no file is called *.json\n"
    )
    assert (
        call("cards", "import", "none", "--out", "p.yaml").err
        == "none: cannot be read: No such file or directory\n"
    )


def test_the_folder_that_is_read_is_not_written_to(call: Call, tmp_path: Path) -> None:
    put(tmp_path / "cards", a=card())
    called = call("cards", "import", "cards", "--out", "cards/pool.json")
    assert called.code == 2
    assert "cards/pool.json: lies in the folder of cards that it is made of" in called.err
    assert [each.name for each in (tmp_path / "cards").iterdir()] == ["a.json"]


def test_a_scenario_of_ones_own_is_extended_by_its_path_from_the_new_file(call: Call, tmp_path: Path) -> None:
    put(tmp_path / "cards", a=card())
    (tmp_path / "mine.yaml").write_text("extends: market\nclients: {count: 3}\n")
    assert call("cards", "import", "cards", "--out", "new/pool.yaml", "--extends", "mine.yaml").code == 0
    assert 'extends: "../mine.yaml"' in (tmp_path / "new" / "pool.yaml").read_text()
    assert coalesce_sim.load("new/pool.yaml").clients.count == 3


def test_export_writes_the_pool_of_a_replication_and_what_no_card_says(call: Call, tmp_path: Path) -> None:
    small = ("--set", "contractors.count=3", "--seed", "5")
    called = call("cards", "export", "market", "--out", "cards", *small, "--replication", "1")
    assert (called.code, called.err) == (0, "")
    assert called.out.splitlines() == [
        "cards: 3 cards, for `cards import --extends market`",
        "cards/assume.yaml: what no card says: hardware, success, type",
    ]
    first = contents(tmp_path)
    assert len(first) == 4
    assert call("cards", "export", "market", "--out", "cards", *small, "--replication", "1").code == 0
    assert contents(tmp_path) == first
    other = call("cards", "export", "market", "--out", "cards", *small, "--replication", "2")
    assert other.code == 2
    assert "the folder 'cards' holds other cards, such as '0_" in other.err
    assert contents(tmp_path) == first
    told = json.loads(call("cards", "export", "market", "--out", "more", *small, "--json").out)
    assert (told["cards"], told["extends"]) == (3, "market")
    assert told["unsaid"] == ["hardware", "success", "type"]


@pytest.mark.parametrize("package", ["a2a", "confusable_homoglyphs"])
def test_the_missing_extra_is_named(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    def missing(name: str) -> ModuleType:
        if name.startswith(package):
            raise ModuleNotFoundError(f"No module named {name!r}", name=package)
        return importlib.import_module(name)

    monkeypatch.setattr(extras, "importlib", SimpleNamespace(import_module=missing))
    put(tmp_path / "cards", a=card())
    for args in (("import", "cards", "--out", "pool.yaml"), ("export", "market", "--out", "new")):
        called = call("cards", *args)
        assert called.code == 2
        assert f"{package} is not installed: pip install 'coalesce-sim[cards]'" in called.err
    assert not (tmp_path / "pool.yaml").exists()
