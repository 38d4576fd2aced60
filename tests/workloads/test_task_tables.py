from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim import ScenarioError
from coalesce_sim.experiments.diagnosis.warnings import notes_of
from coalesce_sim.inputs.tasktable import Known, TaskTable, read_table
from coalesce_sim.scenario.workload import Csv, Series

COLUMNS = {"arrival_s": "when", "prompt_tokens": "prompt"}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(text: str | None, *, columns: dict[str, str] | None = None, **arrivals: Any) -> None:
    if text is not None:
        Path("tasks.csv").write_text(text, encoding="utf-8")
    columns = columns or COLUMNS
    source = {"kind": "csv", "path": "tasks.csv", "columns": columns, **arrivals}
    if "type" not in columns:
        source.setdefault("type", "code_completion")
    coalesce_sim.load({"extends": "azure_code_like", "workload": {"arrivals": source}})


def refusal(text: str | None, **settings: Any) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(text, **settings)
    return str(caught.value)


def notes(text: str) -> list[str]:
    Path("tasks.csv").write_text(text)
    source = {"kind": "csv", "path": "tasks.csv", "columns": COLUMNS, "type": "code_completion"}
    changes = {"clock": {"days": 1.0}, "workload": {"arrivals": source}}
    told = notes_of(coalesce_sim.load({"extends": "azure_code_like", **changes}))
    return [note for note in told if not note.startswith("without effect here")]


def table(text: str, columns: dict[str, str] | None = None) -> TaskTable:
    Path("tasks.csv").write_text(text)
    source = Csv(kind="csv", path="tasks.csv", columns=columns or COLUMNS, type="a")
    return read_table(source, Known(("a",), 3))


def test_a_missing_file_is_named_at_the_field_that_names_it() -> None:
    Path("mine.yaml").write_text(
        "extends: azure_code_like\n"
        "workload:\n"
        "  arrivals:\n"
        "    kind: csv\n"
        "    path: data/AzureLLMInferenceTrace_code.csv\n"
        "    columns: {arrival_s: TIMESTAMP}\n"
        "    type: code_completion\n"
    )
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load("mine.yaml")
    assert str(caught.value) == (
        "mine.yaml:5: workload.arrivals.path: data/AzureLLMInferenceTrace_code.csv: no such file; "
        "`coalesce-sim fetch azure_code` downloads it"
    )


def test_a_missing_file_of_ones_own_gets_no_such_hint() -> None:
    assert refusal(None).endswith("workload.arrivals.path: tasks.csv: no such file")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "when,tokens\n0,5\n",
            "tasks.csv:1: prompt: no such column (expected: when, prompt; found: when, tokens)",
        ),
        ("", "tasks.csv:1: when, prompt: no such column (expected: when, prompt; found: none)"),
        ("when,prompt\n٠,5\n", "tasks.csv:2: when: must be seconds or a timestamp (got '٠')"),
        ("when,prompt\n0,5\n1,many\n", "tasks.csv:3: prompt: must be a number (got 'many')"),
        ("when,prompt\n0,-5\n", "tasks.csv:2: prompt: must be >= 0 (got '-5')"),
        ("when,prompt\n0,nan\n", "tasks.csv:2: prompt: must be a number (got 'nan')"),
        ("when,prompt\n0,\n", "tasks.csv:2: prompt: missing"),
        ("when,prompt\n0\n", "tasks.csv:2: must have 2 cells as the header has (got 1: 0)"),
        ("when,prompt\n0,4,808\n", "tasks.csv:2: must have 2 cells as the header has (got 3: 0,4,808)"),
        ("when,prompt\nnoon,5\n", "tasks.csv:2: when: must be seconds or a timestamp (got 'noon')"),
        ("when,prompt\n-1,5\n", "tasks.csv:2: when: must be >= 0 (got '-1')"),
        (
            "when,prompt\n1,5\n0,5\n2,5\n",
            "tasks.csv:3: when: arrives before the task above it, though not all do; sort by arrival",
        ),
        (
            "when,prompt\n2023-11-16 18:17:04,5\n2023-11-16 18:17:03,5\n2023-11-16 18:17:05,5\n",
            "tasks.csv:3: when: arrives before the task above it, though not all do; sort by arrival",
        ),
        (
            "when,prompt\n2023-11-16 18:17:04,5\n7,5\n",
            "tasks.csv:3: when: must be all seconds or all timestamps (got '7')",
        ),
        (
            "when,prompt\n2023-11-16T18:17:04,5\n2023-11-16T18:17:05Z,5\n",
            "tasks.csv:3: when: must have a UTC offset where the first timestamp has one, else none "
            "(got '2023-11-16T18:17:05Z')",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(text: str, message: str) -> None:
    assert refusal(text) == message


def test_all_bad_rows_are_told_at_once() -> None:
    assert refusal("when,prompt\n0,x\n1,5\n2,y\n").splitlines() == [
        "tasks.csv:2: prompt: must be a number (got 'x')",
        "tasks.csv:4: prompt: must be a number (got 'y')",
    ]


def test_a_file_without_tasks_or_that_is_not_text_is_refused() -> None:
    assert refusal("when,prompt\n").endswith("workload.arrivals.path: tasks.csv: has no rows")
    Path("tasks.csv").write_bytes(b"when,prompt\n0,\xff\n")
    assert refusal(None) == "tasks.csv:2: must be UTF-8 text (got the byte 0xff)"


def test_an_unknown_type_and_an_unknown_client_are_refused() -> None:
    columns = {**COLUMNS, "type": "kind"}
    assert refusal("when,prompt,kind\n0,5,code_completion\n1,5,chat\n", columns=columns) == (
        "tasks.csv:3: kind: unknown task type (got 'chat'; known: code_completion)"
    )
    columns = {**COLUMNS, "client": "who"}
    assert refusal("when,prompt,who\n0,5,0\n1,5,1\n", columns=columns) == (
        "tasks.csv:3: who: must be < 1, the number of clients (got 1)"
    )
    assert refusal("when,prompt,who\n0,5,0.5\n", columns=columns) == (
        "tasks.csv:2: who: must be a whole number (got '0.5')"
    )


def test_a_listed_task_out_of_order_is_told_by_its_place() -> None:
    tasks = [{"type": "code_completion", "arrival_s": at} for at in (1.0, 0.5)]
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load(
            {"extends": "azure_code_like", "workload": {"arrivals": {"kind": "listed", "tasks": tasks}}}
        )
    assert str(caught.value) == (
        "<scenario>: workload.arrivals.tasks[1].arrival_s: arrives before the task above it; sort by arrival"
    )


def test_a_client_with_a_number_beyond_all_bounds_is_refused() -> None:
    tasks = [{"type": "code_completion", "client": 10**19}]
    with pytest.raises(ScenarioError, match=r"tasks\[0\]\.client: must be < 1000000"):
        coalesce_sim.load(
            {"extends": "azure_code_like", "workload": {"arrivals": {"kind": "listed", "tasks": tasks}}}
        )


def test_a_series_that_leaves_what_an_attribute_can_be_is_refused_before_play() -> None:
    Path("mine.yaml").write_text(
        "extends: azure_code_like\n"
        "workload:\n"
        "  arrivals:\n"
        "    kind: series\n"
        "    parts:\n"
        "      - type: code_completion\n"
        "        count: 5\n"
        "        attributes:\n"
        "          value_usd: {start: 10, step: -5}\n"
        "          complexity: {start: 2, step: -1}\n"
    )
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load("mine.yaml")
    place = "workload.arrivals.parts[0].attributes"
    assert str(caught.value).splitlines() == [
        f"mine.yaml:9: {place}.value_usd: must be >= 0 (got -5 for task 4)",
        f"mine.yaml:10: {place}.complexity: must be > 0 (got 0 for task 3)",
    ]


def test_a_series_that_comes_to_0_but_for_rounding_comes_to_0() -> None:
    assert 0.3 - 3 * 0.1 < 0  # as floats go
    rule = {"value_usd": {"start": 0.3, "step": -0.1}}
    parts = [
        {"type": "a", "count": 1, "attributes": {"data_gb": {"start": 2}}},
        {"type": "a", "count": 4, "attributes": rule},
    ]
    read = read_table(
        Series.model_validate({"kind": "series", "parts": parts}, strict=False), Known(("a",), 1)
    )
    assert read.given["value_usd"][1:].tolist() == [0.3, 0.3 - 0.1, 0.3 - 0.2, 0.0]
    assert np.isnan(read.given["value_usd"][0])
    assert read.given["data_gb"][0] == 2


def test_timestamps_count_from_the_first_to_the_microsecond() -> None:
    read = table("when,prompt\n2023-11-16 18:17:03.9799600,4808\n2023-11-16 18:17:04.0319600,3180\n")
    assert read.arrival_s.tolist() == pytest.approx([0.0, 0.052], abs=1e-12)
    assert read.given["prompt_tokens"].tolist() == [4808, 3180]


def test_a_file_written_newest_first_is_turned_round_and_that_is_said() -> None:
    dated = "when,prompt\n2023-11-16 18:00:09,1\n2023-11-16 18:00:04,2\n2023-11-16 18:00:04,3\n"
    for text in (dated, "when,prompt\n5,1\n0,2\n0,3\n"):
        read = table(text)
        assert read.arrival_s.tolist() == [0, 0, 5]
        assert read.given["prompt_tokens"].tolist() == [3, 2, 1]
    assert notes("when,prompt\n5,1\n0,2\n") == [
        "tasks.csv is written newest first: its tasks are played from the last line up"
    ]
    assert notes("when,prompt\n0,1\n0,2\n") == []


def test_hours_without_a_task_are_told() -> None:
    assert notes("when,prompt\n3600,1\n3601,2\n") == []
    told = (
        "until the first task comes: arrivals in seconds count from the start of the run, and utilisation "
        "counts these hours too"
    )
    assert notes("when,prompt\n7200,1\n") == [f"nothing happens for 7,200 s (2.0 h), {told}"]
    day = "; were they a spreadsheet's days, the first would be 2023-03-15 12:00"
    assert notes("when,prompt\n45000.5,1\n") == [f"nothing happens for 45,000 s (12.5 h), {told}{day}"]
    (note,) = notes("when,prompt\n2023-03-15 12:00,1\n")
    assert note.startswith("clock.start is 2023-11-16")


def test_a_byte_order_mark_and_carriage_returns_do_not_matter() -> None:
    Path("tasks.csv").write_bytes(b"\xef\xbb\xbfwhen,prompt\r\n0,7\r\n1,8")
    source = Csv(kind="csv", path="tasks.csv", columns=COLUMNS, type="a")
    assert read_table(source, Known(("a",), 1)).given["prompt_tokens"].tolist() == [7, 8]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    assert len(table("when,prompt\n0,7\n").arrival_s) == 1
    (tmp_path / "tasks.csv").write_text("when,prompt\n0,7\n1,8\n")
    os.utime(tmp_path / "tasks.csv", ns=(1, 1))
    source = Csv(kind="csv", path="tasks.csv", columns=COLUMNS, type="a")
    assert len(read_table(source, Known(("a",), 3)).arrival_s) == 2
