"""``coalesce-sim attack``: what it prints, what it leaves behind, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.attacks.test_study import BAD_WORK, MARKUP
from tests.cli.calling import Call
from tests.market.trading import contractor, market

ASKED = ("--adversary", MARKUP, "--adversary", BAD_WORK, "--defence", "platform_fee=1", "--jobs", "1")
FILES = ["attack.json", "matrix.csv", "matrix.png", "runs.parquet"]


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    sellers = contractor("a", own_cost_share=0.5), contractor("b", own_cost_share=0.5, price_usd=2.0)
    scenario = market([0, 600, 1200, 1800], *sellers, reputation={}, replications=2)
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(scenario))
    return "tiny.yaml"


def test_the_matrix_is_printed_written_and_gone_on_with(tiny: str, call: Call):
    first = call("attack", tiny, *ASKED)
    assert first.code == 0
    lines = [" ".join(line.split()) for line in first.out.split("\n")]
    assert "4 cells and their twins, 2 replications, seed 1\n16 plays, 64 tasks in " in first.out
    assert "cartel none 2.00 2.00 2.00 (0)" in "\n".join(lines)
    assert "platform_fee=1 makes cartel pointless: of 2.00 USD it leaves 0.00 USD" in " ".join(lines)
    assert "against behaving; but it pays under platform_fee=1." in " ".join(lines)
    assert "platform_fee=1: defences.platform_fee_share=1" in lines
    folder = Path("results/trading-attack")
    assert sorted(path.name for path in folder.iterdir() if path.is_file() and path.name[0] != ".") == FILES
    told = json.loads((folder / "attack.json").read_text())
    assert told["provenance"]["command"].startswith("coalesce-sim attack tiny.yaml --seed 1 --replications 2")
    matrix = pd.read_csv(folder / "matrix.csv")
    assert matrix["attack"].tolist() == [MARKUP, BAD_WORK, MARKUP, BAD_WORK]
    assert matrix["attack_gain_usd"].round(3).tolist() == [2, -2.035, 0, 1.965]
    runs = pd.read_parquet(folder / "runs.parquet")
    assert len(runs) == 4 * 2
    assert runs.groupby("attack", observed=True)["direct_harm_usd"].first()[MARKUP] == 2

    again = call("attack", tiny, *ASKED, "--json")
    summary = json.loads(again.out)
    assert summary["policies"]["cheapest"]["attacks"].keys() == {MARKUP, BAD_WORK}
    assert "0 plays, 0 tasks in " in call("attack", tiny, *ASKED, "--policies", "cheapest").out
    assert call("attack", tiny, *ASKED, "--quiet").out == ""
    other = call("attack", tiny, *ASKED, "--seed", "2")
    assert other.code == 2
    assert "holds plays of seed 1 and version" in other.err


def test_what_is_varied_has_a_table_and_a_figure(tiny: str, call: Call):
    vary = ("--adversary", "cartel(who.share=0.5)", "--vary", "share=0:1:3", "--defence", "platform_fee=1")
    told = call("attack", tiny, *vary, "--jobs", "1", "--out", "curve")
    lines = [line.split() for line in told.out.split("\n")]
    assert ["0", "0", "0", "0", "0"] in lines
    assert [line[0] for line in lines if line and line[0] in ("0", "0.5", "1")] == ["0", "0.5", "1"]
    assert Path("curve/curve.png").stat().st_size > 10_000


def test_wrong_input_is_told_at_once_and_nothing_is_written(tiny: str, call: Call, tmp_path: Path):
    told = call("attack", tiny, "--adversary", "on_of", "--defence", "entry_fee", "--vary", "share")
    assert told.code == 2
    assert [line.partition(": ")[0] for line in told.err.strip().split("\n")] == [
        "adversary 'on_of'",
        "defence 'entry_fee'",
        "--vary share",
    ]
    assert call("attack", tiny).err.startswith("adversaries: nobody cheats")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]
