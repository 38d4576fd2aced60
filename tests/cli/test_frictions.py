"""``coalesce-sim frictions``: what it prints, what it leaves behind, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.cli.calling import Call
from tests.frictions.fake import stated

CARD = {"kind": "card", "share": 0.1, "fixed_usd": 0.01}
FILES = ["frictions.json", "rules.csv", "runs.parquet", "waterfall.csv", "waterfall.png"]


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(stated() | {"replications": 2}))
    return "tiny.yaml"


def test_the_waterfall_of_a_real_market(tiny: str, call: Call):
    Path("paid.yaml").write_text(yaml.safe_dump({"extends": tiny, "settlement": {"fee": [CARD]}}))
    asked = ("frictions", "paid.yaml", "--jobs", "1")
    told = call(*asked)
    assert told.code == 0
    lines = [line.split() for line in told.out.split("\n")]
    # A task costs 0.10 USD at home; its contract of 0.05 USD, with a fee of a tenth and of 0.01 USD, 0.065.
    assert ["gross", "0.0500", "0.05000"] in lines
    assert ["fee:", "card", "0.0150", "0.03500"] in lines
    assert ["net", "0.0350", "0.03500"] in lines
    words = " ".join(told.out.split())
    assert "Cost reduction 50.0 % gross, 35.0 % net." in words
    assert "is 20.0 % of the median contract of 0.05 USD and is taken of each: netting is the remedy" in words
    folder = Path("results/trading-frictions")
    assert sorted(path.name for path in folder.iterdir() if path.name[0] != ".") == FILES
    runs = pd.read_parquet(folder / "runs.parquet").set_index(["on", "replication"])
    assert runs["saved_units"].to_dict() == {
        ("none", 0): 200_000_000,
        ("none", 1): 200_000_000,
        ("fee: card", 0): 140_000_000,
        ("fee: card", 1): 140_000_000,
    }
    assert json.loads((folder / "frictions.json").read_text())["bars"][0]["bar"] == "fee: card"
    assert call("report", str(folder)).out.startswith("Of 0.0500 USD a task saved, 0.0350 USD survive (70 %)")


def test_a_market_without_friction_is_refused_and_nothing_is_written(tiny: str, call: Call, tmp_path: Path):
    told = call("frictions", tiny)
    assert told.code == 2
    assert told.err.startswith("settlement: no friction and no rule is stated: add one beside contracts")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]
