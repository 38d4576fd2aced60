"""Tasks from CSV and Parquet files whose columns are named as the fields of a task."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import coalesce_sim
from coalesce_sim import Scenario, ScenarioError
from coalesce_sim.experiments.diagnosis.inherited import inherited_of
from coalesce_sim.experiments.diagnosis.warnings import notes_of, warnings_of
from coalesce_sim.inputs.tasktable import TaskTable, tasks_of

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
ROWS: dict[str, list[Any]] = {
    "arrival_s": [START, START + timedelta(seconds=1.5), START + timedelta(seconds=60)],
    "type": ["chat", "code", "chat"],
    "group": ["ops", "dev", "dev"],
    "client": [0, 2, 1],
    "session": ["x", None, "x"],
    "prompt_tokens": [1000, 20, 300],
    "cached_tokens": [900, 0, 300],
    "output_tokens": [10, 200, 90],
    "logged.to": ["home", "openai/gpt-4o", "openai/gpt-4o"],
    "logged.usd": [None, 0.02, 0.03],
    "logged.s": [0.25, 4.5, 6.0],
    "logged.good": [True, True, False],
    "logged.attempts": [1, 1, 2],
}

GPU = {"profile": "rtx_4090", "prefill_tokens_per_s": 6899, "decode_tokens_per_s": 128}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def table(**changed: list[Any] | None) -> pa.Table:
    """The rows, some columns changed, or left out where that is None."""
    return pa.table({name: cells for name, cells in (ROWS | changed).items() if cells is not None})


def scenario(path: str, **sections: Any) -> Scenario:
    seller = {"name": "openai/gpt-4o", "type": "gpt-4o", "input_usd_per_mtok": 2.5, "output_usd_per_mtok": 10}
    seller |= {"prefill_tokens_per_s": 5200, "decode_tokens_per_s": 71, "reliability": 0.98}
    types = {name: {"max_latency_min": 0.2, "expected_output_tokens": 100} for name in ("chat", "code")}
    fields: dict[str, Any] = {
        "extends": "logged",
        "clock": {"start": START, "days": 0.01},
        "workload": {"arrivals": {"kind": "table", "path": path}, "types": types},
        "clients": {"groups": {"ops": {"count": 1}, "dev": {"count": 2}}, "hardware": GPU},
        "contractors": [seller],
    }
    return coalesce_sim.load(fields | sections)


def parquet(**changed: list[Any] | None) -> str:
    pq.write_table(table(**changed), "log.parquet")
    return "log.parquet"


def refusal(path: str, **sections: Any) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        scenario(path, **sections)
    return str(caught.value).splitlines()


def read(path: str, **sections: Any) -> TaskTable:
    tasks = tasks_of(scenario(path, **sections))
    assert tasks is not None
    return tasks


def test_csv_and_parquet_say_the_same() -> None:
    pyarrow.csv.write_csv(table(), "log.csv")
    for path in (parquet(), "log.csv"):
        tasks = read(path)
        assert tasks.arrival_s.tolist() == [0, 1.5, 60]
        assert tasks.begins == START
        assert (tasks.type_id.tolist(), tasks.group.tolist()) == ([0, 1, 0], [0, 1, 1])
        assert tasks.client.tolist() == [0, 2, 1]
        assert tasks.session[0] == tasks.session[2] != -1 == tasks.session[1]
        assert tasks.given["cached_tokens"].tolist() == [900, 0, 300]
        assert tasks.logged is not None
        assert [tasks.logged.names[to] for to in tasks.logged.to] == ROWS["logged.to"]
        assert tasks.logged.usd.tolist()[1:] == [0.02, 0.03]
        assert tasks.logged.good.tolist() == [True, True, False]
        assert tasks.logged.attempts.tolist() == [1, 1, 2]


def test_a_column_of_structs_is_read_by_its_fields() -> None:
    names = [name for name in ROWS if name.startswith("logged.")]
    fields = [name.removeprefix("logged.") for name in names]
    rows = zip(*(ROWS[name] for name in names), strict=True)
    of_log = [dict(zip(fields, row, strict=True)) for row in rows]
    tasks = read(parquet(**dict.fromkeys(names), logged=of_log))
    assert tasks.logged is not None
    assert tasks.logged.s.tolist() == ROWS["logged.s"]


def test_a_table_written_newest_first_is_turned_round_and_its_rows_are_told_as_they_stand() -> None:
    backwards = {name: cells[::-1] for name, cells in ROWS.items()}
    assert read(parquet(**backwards)).given["prompt_tokens"].tolist() == [1000, 20, 300]
    assert refusal(parquet(**backwards | {"logged.to": ["home", "who", "home"]}))[0].startswith(
        "log.parquet: row 2: logged.to: no contractor of that name (got 'who'; known: openai/gpt-4o)"
    )


@pytest.mark.parametrize(
    ("changed", "messages"),
    [
        (
            {"prompt_tokens": [5, -1, None]},
            ["row 3: prompt_tokens: missing", "row 2: prompt_tokens: must be >= 0 (got -1)"],
        ),
        ({"prompt_tokens": ["5", "many", "1"]}, ["row 1: prompt_tokens: must be a number (got '5')"]),
        (
            {"cached_tokens": [1000, 21, 0]},
            ["row 2: cached_tokens: must not be more than prompt_tokens, 20 (got 21)"],
        ),
        (
            {"type": ["chat", "chart", "code"]},
            ["row 2: type: unknown task type (got 'chart'; known: chat, code); did you mean 'chat'?"],
        ),
        (
            {"group": ["ops", "dev", "qa"]},
            ["row 3: group: unknown group of clients (got 'qa'; known: ops, dev)"],
        ),
        ({"client": [0, 0, 1]}, ["row 2: client: must be 1 to 2, the clients of the group 'dev' (got 0)"]),
        ({"client": [0, 2, 9]}, ["row 3: client: must be < 3, the number of clients (got 9)"]),
        ({"client": [0.5, 2, 1]}, ["row 1: client: must be a whole number (got 0.5)"]),
        (
            {"logged.good": None},
            ["logged.good: no such column (expected: type, arrival_s, logged.to, logged.s, logged.good"],
        ),
        ({"logged.good": ["yes", "no", "no"]}, ["row 1: logged.good: must be true or false (got 'yes')"]),
        ({"logged.attempts": [1, 0, 1]}, ["row 2: logged.attempts: must be >= 1 (got 0)"]),
        ({"arrival_s": [1.0, 3.0, 2.0]}, ["row 3: arrival_s: arrives before the task above it"]),
        (
            {"arrival_s": ["now", "then", "never"]},
            ["row 1: arrival_s: must be seconds or a timestamp (got 'now')"],
        ),
        ({"session": [1, -2, 1]}, ["row 2: session: must be >= 0 (got -2)"]),
        ({name: [] for name in ROWS}, ["log.parquet: has no rows"]),
    ],
)
def test_what_does_not_fit_is_refused_with_row_and_column(
    changed: dict[str, Any], messages: list[str]
) -> None:
    told = refusal(parquet(**changed))
    for line, message in zip(told, messages, strict=False):
        assert message in line


def test_times_since_1970_are_no_seconds_from_the_start() -> None:
    (told,) = refusal(parquet(arrival_s=[1.7e12, 1.7e12 + 5, 1.7e12 + 9]))
    assert told.endswith("and these look like milliseconds since 1970: write them as timestamps")


def test_what_does_not_fit_in_a_csv_file_is_refused_with_its_line() -> None:
    header = "arrival_s,type,logged.to,logged.usd,logged.s,logged.good\n"
    Path("log.csv").write_text(header + "0,chat,home,,1,true\n1,chat,home,x,1,maybe\n2,chart,home,,-1,true\n")
    assert refusal("log.csv", clients={"count": 1, "hardware": GPU}) == [
        "log.csv:3: logged.usd: must be a number (got 'x')",
        "log.csv:4: type: unknown task type (got 'chart'; known: chat, code); did you mean 'chat'?",
    ]
    Path("log.csv").write_text("arrival_s,kind\n0,chat\n")
    assert refusal("log.csv")[0].startswith("log.csv:1: type: no such column (expected: type, arrival_s")


def test_quotes_offsets_and_signs_are_read_as_in_any_csv_file() -> None:
    text = (
        'arrival_s,type,prompt_tokens\n2026-11-02T10:00:00+02:00," chat",+5\n2026-11-02T08:00:01Z,"code",7\n'
    )
    Path("log.csv").write_text(text)
    clients = {"count": 1, "hardware": GPU}
    tasks = read("log.csv", clients=clients, policy={"kind": "always_local"})
    assert tasks.begins is not None
    assert tasks.begins.isoformat() == "2026-11-02T10:00:00+02:00"
    assert tasks.given["prompt_tokens"].tolist() == [5, 7]
    Path("log.csv").write_text(text.replace("+5", "5"))
    assert read("log.csv", clients=clients, policy={"kind": "always_local"}).begins == tasks.begins


def test_the_clock_may_start_with_the_table_and_its_tasks_come_faster() -> None:
    arrivals = {"kind": "table", "path": parquet(), "start": "log", "pace": 2.0}
    types = {name: {"max_latency_min": 0.2} for name in ("chat", "code")}
    workload = {"arrivals": arrivals, "types": types}
    late = scenario("log.parquet", workload=workload, clock={"start": START.replace(year=2020), "days": 1})
    assert late.clock.start == START
    tasks = tasks_of(late)
    assert tasks is not None
    assert tasks.arrival_s.tolist() == [0, 0.75, 30]


def test_what_is_expected_of_answers_is_told_type_by_type_and_columns_that_nobody_reads() -> None:
    types: dict[str, Any] = {"chat": {"expected_output_tokens": 50}, "code": {"expected_output_tokens": 20}}
    types = {name: kind | {"max_latency_min": 0.2} for name, kind in types.items()}
    path = parquet(model=["a", "b", "c"])
    told = scenario(path, workload={"arrivals": {"kind": "table", "path": path}, "types": types})
    (warning,) = [each for each in warnings_of(told) if "expected_output_tokens" in each]
    assert warning.startswith("workload.types.code.expected_output_tokens is 20, but answers of code in ")
    assert warning.endswith("have 200 tokens on average: offers and estimates go by what is expected")
    assert any("not read: model" in each for each in notes_of(told))
    assert "workload.attributes.expected_output_tokens" not in inherited_of(told)


def test_each_type_is_expected_to_write_as_it_says() -> None:
    types = {"chat": {"max_latency_min": 1, "expected_output_tokens": 64}, "code": {"max_latency_min": 1}}
    path = parquet()
    attributes = {"expected_output_tokens": 640}
    workload = {"arrivals": {"kind": "table", "path": path}, "types": types, "attributes": attributes}
    played = coalesce_sim.run(
        scenario(path, workload=workload, policy={"kind": "always_local"}), replications=1
    )
    estimates = played.decisions["estimated_s"].tolist()
    assert estimates[0] == pytest.approx(1000 / 6899 + 64 / 128)
    assert estimates[1] == pytest.approx(20 / 6899 + 640 / 128)


def test_a_log_in_a_file_gives_its_own_bill_and_percentiles() -> None:
    pyarrow.csv.write_csv(table(), "log.csv")
    for path in (parquet(), "log.csv"):
        told = coalesce_sim.run(scenario(path), replications=1).replications[0]
        assert told["paid_to_contractors_usd"] == 0.02 + 0.03
        assert told["turnaround_p50_s"] == 4.5
        assert told["success_rate"] == pytest.approx(200 / 3)
        assert told["cost_reduction_as_logged"] == 0
