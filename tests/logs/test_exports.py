"""Logs as the tools export them, written by a file that knows nothing of the importer, against the truth in
them."""

from __future__ import annotations

import io
import json
import sys
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import coalesce_sim
from acceptance.exports import SELLERS, World, draw, write
from tests.logs.own import read

ROWS = 400
OWN = {
    "start": "when",
    "duration_s": "took_s",
    "prompt_tokens": "tokens_in",
    "cached_tokens": "tokens_cached",
    "output_tokens": "tokens_out",
    "usd": "bill",
    "model": "llm",
    "provider": "vendor",
    "status": "ok",
    "user": "who",
    "tag": "kind",
    "session": "chat",
}
HOME = "llama-3.1-8b=rtx_4090"

EXPORTS = [
    ("litellm", "spend.csv"),
    ("litellm", "spend.csv.gz"),
    ("litellm", "spend.parquet"),
    ("litellm", "spend.json"),
    ("openrouter", "activity.csv"),
    ("openrouter-records", "generations.jsonl"),
    ("langfuse", "observations.jsonl"),
    ("langfuse", "observations.parquet"),
    ("langfuse", "observations.csv"),
    ("langfuse-ui", "generations.json"),
    ("otel", "spans.jsonl"),
    ("otel-old", "spans.jsonl.gz"),
    ("otel-nested", "spans.jsonl"),
    ("csv", "own.csv"),
    ("csv-semicolon", "own.csv"),
]


@cache
def world(**options: Any) -> World:
    return draw(ROWS, seed=3, **options)


PRICES = "provider,model,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok\n" + "".join(
    f"{each.provider},{each.model},{each.input_usd},{each.output_usd},{each.cached_usd}\n"
    for each in SELLERS[1:]
)


@pytest.mark.parametrize(("kind", "name"), EXPORTS)
def test_bill_times_and_prices_are_those_of_the_log(tmp_path: Path, kind: str, name: str):
    no_sessions = kind.startswith("openrouter")
    made = world(sessions=not no_sessions)
    write(kind, made, tmp_path / name)
    (tmp_path / "prices.csv").write_text(PRICES)
    options: dict[str, Any] = {"prices": str(tmp_path / "prices.csv")} if kind.startswith("otel") else {}
    options |= {"columns": OWN} if kind.startswith("csv") else {}
    options |= {"type_by": "agent"} if kind.startswith("otel") else {}
    found = read(tmp_path / name, kind=kind.partition("-")[0], home=HOME, **options)
    truth = made.truth(kind)
    tasks = found.tasks
    assert (found.rows_read, len(found.calls), len(tasks)) == (ROWS, ROWS, truth["tasks"])
    assert not found.remarks.left_out
    assert int((tasks.attempts > 1).sum()) == truth["tried_again"]
    assert int((~tasks.good).sum()) == truth["failed_tasks"]
    caches_told = kind != "langfuse-ui"
    assert np.nansum(tasks.usd) == pytest.approx(truth["bill_usd"], abs=1e-9)
    assert np.quantile(tasks.seconds, [0.5, 0.95, 0.99]) == pytest.approx(
        [truth["seconds_p50"], truth["seconds_p95"], truth["seconds_p99"]]
    )
    assert found.slots == truth["most_at_work_at_home"]
    sellers = {each.provider: each for each in found.sellers.sellers}
    for each in truth["sellers"]:
        seller = sellers[each["provider"]]
        assert (seller.rows, seller.failed, seller.at_home) == (
            each["calls"],
            each["failed"],
            each["provider"] == "hosted_vllm",
        )
        if not seller.at_home and caches_told:
            assert seller.prices is not None
            assert seller.prices.input_usd_per_mtok == each["input_usd_per_mtok"]
            assert seller.prices.output_usd_per_mtok == each["output_usd_per_mtok"]
            assert seller.prices.cache_read_usd_per_mtok == each["cache_read_usd_per_mtok"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("litellm", "spend.csv"), ("langfuse", "observations.jsonl"), ("otel-nested", "s.jsonl")],
)
def test_what_is_written_holds_nothing_private_and_loads(tmp_path: Path, kind: str, name: str):
    write(kind, world(), tmp_path / name)
    (tmp_path / "prices.csv").write_text(PRICES)
    made = coalesce_sim.import_log(
        kind.partition("-")[0],
        tmp_path / name,
        tmp_path / "my",
        home=HOME,
        prices=tmp_path / "prices.csv",
        type_by="agent" if kind.startswith("otel") else None,
    )
    private = world().private.encode()
    assert private in (tmp_path / name).read_bytes()
    for path in made.outputs:
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += pq.read_table(path).to_pandas().to_csv().encode()
        assert private not in content
        assert b"team-" not in content
        assert b"u-1" not in content
    loaded = coalesce_sim.load(made.scenario)
    assert loaded.title.startswith(
        f"{len(made.summary['columns_read']) and made.summary['tasks']['tasks']:,} task"
    )
    facts = json.loads((tmp_path / "my" / "import.json").read_text())
    assert facts["rows"] == {"read": ROWS, "kept": ROWS, "left_out": 0, "order": facts["rows"]["order"]}
    assert set(facts["files"]) == {"requests.parquet", "sellers.csv", "runs.csv", "market.yaml"}
    assert any("whether an answer was any good" in each for each in facts["not_in_the_log"])


def test_the_tables_say_what_was_logged(tmp_path: Path):
    made = world()
    write("litellm", made, tmp_path / "spend.csv")
    coalesce_sim.import_log("litellm", tmp_path / "spend.csv", tmp_path / "my", home=HOME)
    tasks = pd.read_parquet(tmp_path / "my" / "requests.parquet")
    assert tasks["arrival_s"].is_monotonic_increasing
    at_home = tasks["logged.to"] == "home"
    assert tasks.loc[at_home, "logged.usd"].isna().all()
    assert tasks.loc[~at_home, "logged.usd"].notna().all()
    assert tasks["logged.usd"].sum() == pytest.approx(made.truth()["bill_usd"])
    assert (tasks["cached_tokens"] <= tasks["prompt_tokens"]).all()
    assert (tasks[["prompt_tokens", "output_tokens"]] > 0).all().all()  # failed ones are no free tasks
    assert tasks["client"].nunique() == made.truth()["users"]
    assert (
        tasks.groupby("group", observed=True)["client"]
        .agg(lambda each: each.max() - each.min() + 1 - each.nunique())
        .eq(0)
        .all()
    )
    runs = pd.read_csv(tmp_path / "my" / "runs.csv")
    assert len(runs) == ROWS
    assert runs.loc[runs["where"] == "home", "jobs"].max() == made.truth()["most_at_work_at_home"]
    assert (~runs["good"]).sum() == made.truth()["failed_calls"]
    sellers = pd.read_csv(tmp_path / "my" / "sellers.csv")
    assert sellers["rows"].sum() == ROWS
    assert sellers["first_token_s_p10"].le(sellers["first_token_s_p50"]).all()


@pytest.mark.parametrize(
    "usage",
    [
        pa.map_(pa.string(), pa.int64()),
        pa.struct([(each, pa.int64()) for each in ("input", "output", "total")]),
    ],
)
def test_parquet_may_have_times_maps_structs_and_lists(tmp_path: Path, usage: pa.DataType):
    start = np.datetime64("2026-11-02T09:00:00", "us") + np.arange(40) * np.timedelta64(60, "s")
    counts = [{"input": 900 + 17 * n, "output": 50 + 7 * (n % 9)} for n in range(40)]
    counts = [each | {"total": each["input"] + each["output"]} for each in counts]
    table = pa.table(
        {
            "id": [f"o{n}" for n in range(40)],
            "type": pa.array(["GENERATION"] * 39 + ["SPAN"]).dictionary_encode(),
            "start_time": pa.array(start, pa.timestamp("us")),
            "end_time": pa.array(start + np.timedelta64(2500, "ms"), pa.timestamp("ns", "UTC")),
            "provided_model_name": ["acme/big"] * 40,
            "usage_details": pa.array(
                [[*each.items()] for each in counts] if pa.types.is_map(usage) else counts, usage
            ),
            "total_cost": pa.array(
                [Decimal(2 * c["input"] + 8 * c["output"]) / 10**6 for c in counts], pa.decimal128(18, 9)
            ),
            "level": ["ERROR" if n == 5 else "DEFAULT" for n in range(40)],
            "tags": [["ask"] if n % 2 else [] for n in range(40)],
            "input": ["PRIVATE"] * 40,
        }
    )
    pq.write_table(table, tmp_path / "observations.parquet")
    found = read(tmp_path / "observations.parquet", kind="langfuse")
    assert len(found.calls) == 39
    assert found.calls.prompt.tolist() == [each["input"] for each in counts[:39]]
    assert found.calls.failed.nonzero()[0].tolist() == [5]
    assert set(found.types.names) == {"ask", "no_tag"}
    assert found.tasks.seconds == pytest.approx(2.5)
    assert found.sellers.sellers[0].prices is not None
    assert found.sellers.sellers[0].prices.output_usd_per_mtok == 8


def test_several_files_and_standard_input_are_one_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rows = world()
    whole = tmp_path / "spend.jsonl"
    write("litellm", rows, whole)
    lines = whole.read_text().splitlines(keepends=True)
    (tmp_path / "late.jsonl").write_text("".join(lines[150:]))
    piped = io.TextIOWrapper(io.BytesIO("".join(lines[:150]).encode()))
    monkeypatch.setattr(sys, "stdin", piped)
    found = read(tmp_path / "late.jsonl", "-", kind="litellm")
    assert len(found.tasks) == rows.truth()["tasks"]
    assert [each.rows for each in found.files] == [ROWS - 150, 150]


def test_zones_are_told_and_are_one_time(tmp_path: Path):
    write("litellm", world(), tmp_path / "spend.csv")
    found = read(tmp_path / "spend.csv", kind="litellm")
    assert set(found.clock.zones) == {"UTC", "+01:00"}
    assert sum(found.clock.zones.values()) == ROWS
    assert found.start.isoformat().startswith(world().truth()["first"][:19])


def test_without_tags_types_are_the_models_asked_for(tmp_path: Path):
    write("litellm", world(tags=False), tmp_path / "spend.csv")
    found = read(tmp_path / "spend.csv", kind="litellm")
    assert found.type_by == "model"
    assert set(found.types.names) >= {"gpt-4o", "claude-sonnet-4"}


def test_sessions_become_steps_where_asked_for(tmp_path: Path):
    write("litellm", world(), tmp_path / "spend.csv")
    made = coalesce_sim.import_log(
        "litellm", tmp_path / "spend.csv", tmp_path / "my", home=HOME, sessions="composite"
    )
    tasks = pd.read_parquet(made.folder / "requests.parquet")
    loaded = coalesce_sim.load(made.scenario)
    whole = [name for name, kind in loaded.workload.types.items() if kind.steps]
    assert whole
    assert tasks["type"].isin(whole).any()
    plain = read(tmp_path / "spend.csv", kind="litellm", home=HOME).tasks
    assert tasks["prompt_tokens"].sum() == plain.prompt.sum()
    assert tasks["output_tokens"].sum() == plain.output.sum()
    assert not [name for name in tasks.columns if name.startswith("logged")]
    for name in whole:
        steps = loaded.workload.types[name].steps or {}
        assert sum(step.work for step in steps.values()) == pytest.approx(1, abs=2e-3)
