"""`coalesce-sim calibrate`, and the scenario that it writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import coalesce_sim
from tests.cli.calling import Call, contents

MARKET = """
extends: market
title: A team
clients: {count: 2, box: home}
boxes: {home: {slots: 2, hardware: rtx_4090}}
contractors:
  - name: "big: one"
    skills: []
    reliability: 0.9
    decode_tokens_per_s: 40
    hardware: {profile: rtx_4090}
  - name: small
    skills: []
    reliability: 0.9
    slot_usd_per_h: {csv: {path: rents.csv, time: hour, value: value}}
"""
FIGURES = ("calibration.png", "calibration.svg")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A scenario, a history that it names, and runs, in a folder."""
    folder = tmp_path / "my"
    folder.mkdir()
    (folder / "market.yaml").write_text(MARKET)
    (folder / "rents.csv").write_text("hour,value\n0,1\n3,2\n")
    rng = np.random.default_rng(1)
    where = np.repeat(["home", "big: one"], 30)
    prompt, output = rng.integers(100, 9000, 60), rng.integers(20, 900, 60)
    pace = np.where(where == "home", prompt / 5000 + output / 60, 0.4 + prompt / 3000 + output / 90)
    runs = {"where": where, "prompt_tokens": prompt, "output_tokens": output, "jobs": 1, "good": True}
    s = (pace * rng.normal(1, 0.05, 60)).round(3)
    pd.DataFrame({**runs, "s": s, "session": np.arange(60) % 20}).to_csv(folder / "runs.csv", index=False)
    return folder


def test_it_writes_a_scenario_that_holds_what_was_fitted(call: Call, folder: Path) -> None:
    called = call("calibrate", "my/market.yaml", "--runs", "my/runs.csv")
    assert (called.code, called.err) == (0, "")
    assert "seconds at home" in called.out
    assert "All 6 components that could be checked are within 15 %" in called.out
    found = coalesce_sim.calibrate(str(folder / "market.yaml"), str(folder / "runs.csv"))
    written = coalesce_sim.load("my/calibrated.yaml")
    assert written.boxes == found.scenario.boxes
    assert written.contractors == found.scenario.contractors
    assert written.clients == found.scenario.clients
    assert written.cost_model == found.scenario.cost_model
    text = (folder / "calibrated.yaml").read_text()
    assert yaml.safe_load(text)["boxes"]["home"]["hardware"]["profile"] == "rtx_4090"
    assert "runs, seconds by tokens; was 128" in text
    assert written.uncertainty is not None
    assert written.uncertainty.sample == "my/calibration_draws.csv"
    draws = pd.read_csv(folder / "calibration_draws.csv")
    overrides = [f"{path}={value}" for path, value in draws.iloc[0].items()]
    drawn = coalesce_sim.load(folder / "calibrated.yaml", overrides).facts[0][1]
    assert drawn.network_ms == draws["contractors[0].network_ms"][0]
    told = json.loads((folder / "calibration.json").read_text())
    assert told["held_out"] == "by session, drawn with seed 1"
    assert set(told["correlation"]["paths"]) == set(draws.columns)
    assert all((folder / name).stat().st_size > 10_000 for name in FIGURES)


@pytest.mark.usefixtures("folder")
def test_what_stays_above_the_limit_is_named_and_ends_with_1(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coalesce_sim.calibration.writing.write_figure", lambda *_: None)
    called = call(
        "calibrate", "my/market.yaml", "--runs", "my/runs.csv", "--limit", "1", "--out", "new", "--json"
    )
    assert called.code == 1
    assert "seconds at home" in json.loads(called.out)["above"]
    assert yaml.safe_load(Path("new/calibrated.yaml").read_text())["extends"] == "../my/market.yaml"
    again = call("calibrate", "new/calibrated.yaml", "--runs", "my/runs.csv")
    assert (again.code, "is what is calibrated; give another folder" in again.err) == (2, True)
    assert (
        call("calibrate", "new/calibrated.yaml", "--runs", "my/runs.csv", "--out", "on", "--quiet").code == 0
    )


def test_what_is_wrong_with_runs_is_told_with_its_row_and_nothing_is_written(
    call: Call, folder: Path
) -> None:
    before = contents(folder)
    (folder / "runs.csv").write_text("where,s\nhome,soon\nnobody,1\n")
    called = call("calibrate", "my/market.yaml", "--runs", "my/runs.csv")
    assert (called.code, called.err) == (2, "my/runs.csv:2: s: must be a number (got 'soon')\n")
    (folder / "runs.csv").write_text("where,s\nnobody,1\n")
    called = call("calibrate", "my/market.yaml", "--runs", "my/runs.csv")
    assert called.code == 2
    assert "my/runs.csv: where: runs of another market" in called.err
    assert contents(folder).keys() == before.keys()
