"""Three exports of different kinds, from the log to a routing that a gateway can load, as a user would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
import yaml

from acceptance.exports import draw, write
from tests.cli.calling import Call, contents
from tests.logs.test_exports import HOME, PRICES

ROWS = 600
MARKER = "PRIVATE-91c4"


class Export(NamedTuple):
    """A kind of log, and how it is imported."""

    kind: str
    name: str
    options: tuple[str, ...] = ()


EXPORTS = (
    Export("litellm", "spend.csv"),
    Export("langfuse", "observations.jsonl"),
    Export("otel", "spans.jsonl", ("--prices", "prices.csv", "--type-by", "agent")),
)


@pytest.mark.parametrize("export", EXPORTS, ids=lambda each: each.kind)
def test_three_commands_lead_from_a_log_to_a_routing(call: Call, export: Export) -> None:
    world = draw(ROWS, seed=3, private=MARKER)
    Path("log").mkdir()
    write(export.kind, world, Path("log", export.name))
    assert MARKER.encode() in Path("log", export.name).read_bytes()
    Path("prices.csv").write_text(PRICES)
    truth = world.truth(export.kind)

    imported = call(
        "import", export.kind, f"log/{export.name}", "--home", HOME, *export.options, "--out", "my"
    )
    assert imported.code == 0, imported.err
    assert f"{ROWS} rows read, {ROWS} kept, 0 left out" in imported.out
    calibrated = call("calibrate", "my/market.yaml", "--runs", "my/runs.csv")
    assert calibrated.code in (0, 1), calibrated.err
    assert calibrated.code == ("Above 15 %" in calibrated.out)
    advised = call(
        *("advise", "my/calibrated.yaml", "--out", "advice", "--replications", "2", "--jobs", "1"),
        *("--export", "litellm", "--export", "json"),
    )
    assert advised.code == 0, advised.err

    _has_the_logs_own_bill(call, truth)
    told = json.loads(Path("advice/advice.json").read_text())
    _adds_up(told, set(truth["types"]))
    _is_a_proxys_config(yaml.safe_load(Path("advice/litellm.yaml").read_text()))
    _says_the_same(told, json.loads(Path("advice/routing.json").read_text()))
    everything = "".join(
        (imported.out, imported.err, calibrated.out, calibrated.err, advised.out, advised.err)
    )
    assert MARKER not in everything
    for folder in ("my", "advice"):
        files = contents(Path(folder)) | _unpacked(Path(folder))
        assert files
        assert [name for name, content in files.items() if MARKER.encode() in content] == []


def _unpacked(folder: Path) -> dict[str, bytes]:
    """What stands in Parquet files, which are packed."""
    return {f"{path} unpacked": pd.read_parquet(path).to_csv().encode() for path in folder.rglob("*.parquet")}


def _has_the_logs_own_bill(call: Call, truth: dict[str, Any]) -> None:
    """Today's routing, replayed, comes to the export's bill to the cent and to its percentiles."""
    played = call("run", "my/market.yaml", "--replications", "1", "--json", "--out", "played", "--no-figures")
    assert played.code == 0, played.err
    found = {name: each["mean"] for name, each in json.loads(played.out)["metrics"].items()}
    assert found["paid_to_contractors_usd"] == pytest.approx(truth["bill_usd"], abs=0.005)
    for quantile in ("p50", "p95", "p99"):
        expected = pytest.approx(truth[f"seconds_{quantile}"], abs=1e-6)
        assert found[f"turnaround_{quantile}_s"] == expected
        assert found[f"as_logged_turnaround_{quantile}_s"] == expected


def _adds_up(told: dict[str, Any], types: set[str]) -> None:
    """Shares of a type are a whole, and what is saved is what is not paid."""
    policies, base = told["policies"], told["policies"]["as logged"]
    assert told["baseline"] == "as logged"
    assert told["best"] in policies
    assert {each["type"] for each in told["jobs"]} == types
    for kind in types:
        shares = [each["share"]["mean"] for each in told["jobs"] if each["type"] == kind]
        assert sum(shares) == pytest.approx(100)
    for each in policies.values():
        saves = each["saves"]
        assert saves["usd"]["mean"] == pytest.approx(base["costs_usd"]["mean"] - each["costs_usd"]["mean"])
        parts = sum(saves[part]["mean"] for part in ("cash", "delay", "losses"))
        assert parts == pytest.approx(saves["usd"]["mean"])
        assert 0 <= each["success_rate"]["mean"] <= 100
    for each in told["worth_from"]:
        assert each["type"] in types
        assert each["worker"] != each["instead_of"]


STRATEGIES = {
    "simple-shuffle",
    "least-busy",
    "usage-based-routing",
    "usage-based-routing-v2",
    "latency-based-routing",
    "cost-based-routing",
}
"""What LiteLLM's documentation (docs.litellm.ai/docs/routing) lists; `weight` counts under the first."""

PARAMS = {"model": str, "weight": int, "api_base": str, "api_key": str}
"""Of what `litellm_params` may hold, what we write."""


def _is_a_proxys_config(config: dict[str, Any]) -> None:
    """It has the shape of a ``config.yaml`` of LiteLLM's proxy (docs.litellm.ai/docs/proxy/configs)."""
    assert set(config) == {"model_list", "router_settings"}
    assert set(config["router_settings"]) == {"routing_strategy"}
    assert config["router_settings"]["routing_strategy"] in STRATEGIES
    assert config["router_settings"]["routing_strategy"] == "simple-shuffle"
    weights: dict[str, int] = {}
    for each in config["model_list"]:
        assert set(each) == {"model_name", "litellm_params"}
        params = each["litellm_params"]
        assert {"model", "weight"} <= set(params) <= set(PARAMS)
        assert all(isinstance(value, PARAMS[name]) for name, value in params.items())
        provider, slash, model = params["model"].partition("/")
        assert provider
        assert slash
        assert model
        assert params["weight"] > 0
        assert params.get("api_base", "os.environ/").startswith("os.environ/")
        weights[each["model_name"]] = weights.get(each["model_name"], 0) + params["weight"]
    assert all(98 <= each <= 102 for each in weights.values()), weights


def _says_the_same(told: dict[str, Any], routing: dict[str, Any]) -> None:
    """The routing as JSON has the shares of the advice."""
    assert routing["policy"] == told["best"]
    for each in told["jobs"]:
        share = routing["shares"][each["type"]][each["worker"]]
        assert share == pytest.approx(each["share"]["mean"] / 100, abs=1e-6)
