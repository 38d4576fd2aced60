"""Contractors become cards, and the same contractors again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from a2a.client.card_resolver import parse_agent_card
from a2a.utils.proto_utils import validate_proto_required_fields

import coalesce_sim
from coalesce_sim import Scenario, ScenarioError
from coalesce_sim.cards.exporting import export_cards, write_export
from coalesce_sim.cards.importing import import_cards
from coalesce_sim.market.roster import roster_of
from coalesce_sim.streams import Streams

SECRETS = ("hardware", "queue_limit", "success", "outcomes", "own_cost_share", "unreachable_rate")


def contractors(scenario: Scenario, seed: int, replication: int) -> list[dict[str, Any]]:
    drawn = roster_of(scenario, Streams(seed, replication)).contractors()
    return [each.model_dump(mode="json") for each in drawn]


def again(folder: Path, parent: str) -> list[dict[str, Any]]:
    """The contractors of the scenario that a folder of cards becomes, with what is assumed beside them."""
    assume = folder / "assume.yaml"
    out = folder.parent / "pool.yaml"
    import_cards(folder, out, parent, assume if assume.exists() else None)
    listed = coalesce_sim.load(out).contractors
    assert isinstance(listed, list)
    return [each.model_dump(mode="json") for each in listed]


@pytest.mark.parametrize(
    "name", ["market_day", "agt_02", "azure_code_like", "real_agents_twin", "real_llm_35"]
)
def test_contractors_of_bundled_scenarios_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    few = ["contractors.count=6"] if name in ("market_day", "agt_02") else []
    scenario = coalesce_sim.load(name, few)
    export = export_cards(scenario, 3, 1)
    write_export(export, tmp_path / "cards")
    assert again(tmp_path / "cards", name) == contractors(scenario, 3, 1)
    assert export == export_cards(scenario, 3, 1)
    for text in export.cards.values():
        assert not [secret for secret in SECRETS if f'"{secret}"' in text]
        card = parse_agent_card(json.loads(text))
        validate_proto_required_fields(card)
        assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_contractors_that_state_everything_come_back_as_they_were(tmp_path: Path) -> None:
    """What a card cannot say, such as a skill of two lines, goes to the second file."""
    everything: dict[str, Any] = {
        "name": "Übersetzer: \"1\" #no 'comment'",
        "type": "x",
        "skills": ["code", "code", "two\nlines"],
        "text": "First line.\n\tSecond: {not} %s formatted.\u00a0",
        "jurisdiction": "FR",
        "price_usd": 0.1,
        "input_usd_per_mtok": 1 / 3,
        "output_usd_per_mtok": 1e-7,
        "cache_read_usd_per_mtok": 0.1,
        "request_usd": 0.001,
        "conditional_prices": [{"above_prompt_tokens": 1000, "input_usd_per_mtok": 9}],
        "slots": 3,
        "queue_limit": 2,
        "latency_min": 0.5,
        "network_ms": 20,
        "reliability": 0.875,
        "success": 0.1 + 0.2,
        "unreachable_rate": 0.01,
        "own_cost_share": 0.5,
        "hardware": {"profile": "rtx_4090", "utilisation": 0.5},
        "demand": 0.7,
    }
    says_its_name = {"name": "0o17", "skills": ["0o17"], "text": "0o17", "reliability": 1}
    scenario = coalesce_sim.load({"extends": "market", "contractors": [everything, says_its_name]})
    export = export_cards(scenario, 1)
    assert list(export.cards) == ["0_-bersetzer---1---no--comment-.json", "1_0o17.json"]
    assert export.unsaid["0o17"] == {"text": "0o17"}
    assert {"skills", "hardware", "success", "queue_limit"} <= export.unsaid[everything["name"]].keys()
    assert not export.unsaid[everything["name"]].keys() & {"text", "price_usd", "slots", "reliability"}
    write_export(export, tmp_path / "cards")
    assert again(tmp_path / "cards", "market") == contractors(scenario, 1, 0)


def test_names_that_no_card_may_have_are_all_refused() -> None:
    listed = [{"name": name, "reliability": 1} for name in ("one", "0ne\x1b", "ONE", "B\u0430nk", "Bank")]
    with pytest.raises(ScenarioError) as refused:
        export_cards(coalesce_sim.load({"extends": "market", "contractors": listed}), 1)
    assert str(refused.value).splitlines() == [
        r"scenario: contractors[1].name: holds a character that is not to be printed (got '\x1b')",
        "contractors[2]: name: may be taken for 'one' in contractors[0] (got 'ONE')",
        r"contractors[4]: name: may be taken for 'B\u0430nk' in contractors[3] (got 'Bank')",
    ]
