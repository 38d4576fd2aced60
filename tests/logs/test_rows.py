"""What a log holds that is no call: told by row and column, counted, never guessed at in silence."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coalesce_sim.logs import jsonrows, reading
from coalesce_sim.logs.recognising import recognised
from coalesce_sim.scenario.problems import ScenarioError
from tests.logs.own import read, rows, told, written


def changed(place: int, **cells: Any) -> list[dict[str, Any]]:
    """Rows of which one is otherwise."""
    made = rows()
    made[place] |= cells
    return made


@pytest.mark.parametrize(
    ("cells", "why", "column"),
    [
        ({"start": "yesterday"}, "no time", "start"),
        ({"start": ""}, "no start", "start"),
        ({"duration_s": -3}, "is below 0", "duration_s"),
        ({"duration_s": ""}, "no end", "duration_s"),
        ({"usd": -0.25}, "is below 0", "usd"),
        ({"usd": "free"}, "no number", "usd"),
        ({"prompt_tokens": 12.5}, "no whole number", "prompt_tokens"),
        ({"prompt_tokens": "1,200"}, "no whole number", "prompt_tokens"),
        ({"output_tokens": "many"}, "no number", "output_tokens"),
        ({"prompt_tokens": 0, "output_tokens": 0}, "no tokens, and yet no failure", "prompt_tokens"),
        ({"model": ""}, "no model", "model"),
        ({"start": "2025-11-02T09:04:00Z"}, "more than 30 days from the rows that are kept", "start"),
    ],
)
def test_a_row_that_cannot_be_used_is_left_out_and_told(
    tmp_path: Path, cells: dict[str, Any], why: str, column: str
):
    found = read(written(tmp_path, changed(4, **cells)))
    left_out = found.remarks.left_out
    assert {reason: each.rows for reason, each in left_out.items()} == {why: 1}
    assert (left_out[why].row, left_out[why].column) == (5, column)
    assert len(found.calls) == 39


def test_clocks_that_run_backwards(tmp_path: Path):
    made = [each | {"end": each["start"].replace(":00Z", ":30Z")} for each in rows()]
    made[7]["end"] = "2026-11-02T08:00:00Z"
    found = read(written(tmp_path, [{k: v for k, v in each.items() if k != "duration_s"} for each in made]))
    assert told(found) == {"ends before it starts: a clock ran backwards": 1}
    assert found.remarks.left_out["ends before it starts: a clock ran backwards"].row == 8


def test_rows_that_stand_twice_are_counted_once(tmp_path: Path):
    made = rows()
    made += [made[3], made[9] | {"prompt_tokens": 5}]
    found = read(written(tmp_path, made))
    assert told(found) == {
        "stands there before, with the same request id": 1,
        "has the request id of another row, but is another call: kept": 1,
    }
    assert len(found.calls) == 41


def test_any_order_is_sorted_and_told(tmp_path: Path):
    made = rows()
    assert read(written(tmp_path, made[::-1])).order == "newest first"
    mixed = read(written(tmp_path, made[20:] + made[:20]))
    assert mixed.order.startswith("in no order: 1 row")
    assert (np.diff(mixed.calls.start) >= 0).all()


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
def test_epoch_numbers_are_seen_by_their_size(tmp_path: Path, unit: str, factor: float):
    made = rows()
    plain = read(written(tmp_path, made, "plain.csv"))
    for number, each in enumerate(made):
        each["start"] = int((1793610000 + 60 * number) * factor)
    found = read(written(tmp_path, made))
    assert dict(found.clock.units) == {unit: 40}
    assert (found.calls.start == plain.calls.start).all()


def test_times_without_a_zone_are_in_the_one_that_is_said(tmp_path: Path):
    made = [each | {"start": each["start"].replace("T", " ").removesuffix("Z")} for each in rows()]
    path = written(tmp_path, made)
    assert read(path).start.hour == 9
    assert read(path, zone="Europe/Berlin").start.hour == 8
    assert dict(read(path, zone="Europe/Berlin").clock.zones) == {"Europe/Berlin": 40}


def test_one_row_is_a_market_of_a_request(tmp_path: Path):
    found = read(written(tmp_path, rows(1)))
    assert (found.order, len(found.tasks)) == ("one row", 1)
    assert found.sellers.sellers[0].prices is not None
    assert found.sellers.sellers[0].prices.request_usd == pytest.approx(rows(1)[0]["usd"])
    assert "do not tell input from output" in found.sellers.sellers[0].priced_from
    assert found.days > 0


def test_thirty_per_cent_failures_stay_failures(tmp_path: Path):
    made = rows()
    for each in made[::3]:
        each |= {"status": "error", "output_tokens": 0, "usd": 0}
    found = read(written(tmp_path, made))
    assert int((~found.tasks.good).sum()) == 14
    assert (found.tasks.output > 0).all()
    assert told(found) == {
        "failed for good without the length of prompt or answer: taken for the mean of their type": 14
    }


def test_a_model_that_nobody_sells_is_told(tmp_path: Path):
    made = rows()
    made[5] |= {"model": "nobody/knows", "usd": ""}
    found = read(written(tmp_path, made))
    [(why, remark)] = found.remarks.left_out.items()
    assert why.startswith("nobody says what nobody/knows asks; state it in a price file")
    assert (remark.rows, remark.row) == (1, 6)


def test_another_currency_is_refused(tmp_path: Path):
    made = [each | {"currency": "USD"} for each in rows()]
    made[6]["currency"] = "EUR"
    with pytest.raises(
        ScenarioError, match=r"row 7, currency: is not USD \(got 'EUR'; other rows are in USD\)"
    ):
        read(written(tmp_path, made))
    with pytest.raises(ScenarioError, match=r"row 3, usd: is not in USD \(got '€0.12'\)"):
        read(written(tmp_path, changed(2, usd="€0.12")))
    spend = [
        {"startTime": each["start"], "request_duration_ms": 900, "completion_tokens": each["output_tokens"]}
        | {name: each[name] for name in ("prompt_tokens", "model", "currency")}
        for each in made
    ]
    with pytest.raises(ScenarioError, match=r"row 7, currency: is not USD"):
        read(written(tmp_path, spend), kind="litellm")
    dollars = [each | {"usd": f"${each['usd']:.8f}"} for each in rows()]
    assert read(written(tmp_path, dollars)).sellers.sellers[0].prices is not None


def test_semicolons_and_decimal_commas(tmp_path: Path):
    made = [each | {"usd": f"{each['usd']:.6f}".replace(".", ",")} for each in rows()]
    found = read(written(tmp_path, made, separator=";"))
    assert np.nansum(found.tasks.usd) == pytest.approx(sum(each["usd"] for each in rows()), abs=1e-4)
    assert told(found)["the comma is taken for a decimal point"] == 40
    assert any("apart by ';'" in note for note in found.notes)


def test_json_lines_are_seen_whatever_the_name(tmp_path: Path):
    written(tmp_path, rows(), "own.jsonl").rename(tmp_path / "own.csv")
    found = read(tmp_path / "own.csv")
    assert len(found.calls) == 40
    assert found.notes[0].endswith("holds JSON, whatever its name says")


def test_what_no_row_has_at_first_may_come_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "_JSON_ROWS", 5)
    made = [{name: cell for name, cell in each.items() if name != "status"} for each in rows()]
    made[30]["error"] = "timeout"
    assert read(written(tmp_path, made, "own.jsonl")).calls.failed.nonzero()[0].tolist() == [30]


def test_cells_may_hold_lines_quotes_and_more_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "_BLOCK", 300)
    made = [each | {"question": 'a "b",\n' * (9 + 90 * (number == 7))} for number, each in enumerate(rows())]
    found = read(written(tmp_path, made))
    assert (len(found.calls), told(found)) == (40, {})


def test_a_status_of_http_and_a_zone_in_words(tmp_path: Path):
    made = [
        each | {"status": 200, "start": each["start"].replace("T", " ").replace("Z", " UTC")}
        for each in rows()
    ]
    made[3]["status"] = 429
    found = read(written(tmp_path, made))
    assert found.calls.failed.nonzero()[0].tolist() == [3]
    assert dict(found.clock.zones) == {"UTC": 40}


def test_torn_rows_are_counted(tmp_path: Path):
    path = written(tmp_path, rows())
    path.write_text(path.read_text() + "r99,2026-11-02T11:00:00Z\n")
    assert told(read(path)) == {"has not as many cells as the header": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "own.csv: is empty"),
        ("id,start,duration_s,prompt_tokens,output_tokens,model\n", "own.csv: has no rows"),
        (
            "start,duration_s,prompt_tokens,model\n2026-11-02,1,2,m\n",
            "own.csv: output_tokens: no such column; name yours with --columns field=column; found: start, "
            "duration_s, prompt_tokens, model",
        ),
        ('{"start": 1, "end"', "own.csv: row 1: is no JSON"),
        (
            "start,duration_s,prompt_tokens,output_tokens,model\nsoon,1,2,3,m\nlater,1,2,3,m\n",
            "own.csv: row 1, start: no row can be used: 2 rows: no time (got 'soon')",
        ),
    ],
)
def test_what_is_no_log_is_refused(tmp_path: Path, content: str, message: str):
    path = tmp_path / "own.csv"
    path.write_text(content)
    with pytest.raises(ScenarioError, match=re.escape(message)):
        read(path)


def test_an_export_of_another_tool_is_refused_by_its_columns(tmp_path: Path):
    path = written(tmp_path, rows())
    with pytest.raises(ScenarioError, match="startTime, endTime or request_duration_ms, completion_tokens:"):
        read(path, kind="litellm")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "litelm"}, "KIND: no such kind of log (got 'litelm'; did you mean 'litellm'?"),
        ({"home": "big"}, "--home: must be MODEL=HARDWARE"),
        (
            {"home": "big=rtx_409"},
            "--home: no such hardware profile (got 'rtx_409'; did you mean 'rtx_4090'?",
        ),
        ({"home": "bigg=rtx_4090"}, "--home: no call was answered by 'bigg'; did you mean 'big'?"),
        ({"group_by": "planet"}, "--group-by: must be one of tag, model, agent, team, user (got 'planet')"),
        ({"group_by": "team"}, "--group-by: the log says no team (it says: tag, model)"),
        ({"zone": "Mars/Base"}, "--zone: no such time zone (got 'Mars/Base')"),
        ({"columns": {"starts": "x"}}, "--columns: 'starts' is no field of a call; did you mean 'start'?"),
        (
            {"columns": {"usd": "uds"}},
            "uds: no such column, but --columns usd=uds names it; did you mean 'usd'?",
        ),
        ({"sessions": "composite"}, "--sessions: needs sessions, of which this log"),
    ],
)
def test_wrong_options_are_told(tmp_path: Path, options: dict[str, Any], message: str):
    path = written(tmp_path, rows())
    with pytest.raises(ScenarioError, match=re.escape(message)):
        read(path, **options)


def test_a_header_without_end_is_told(tmp_path: Path):
    (tmp_path / "own.csv").write_text("x" * 200_000)
    with pytest.raises(ScenarioError, match=r"own\.csv: row 1: is no header of a table: field larger"):
        recognised(str(tmp_path / "own.csv"))


def test_an_object_without_end_is_not_unpacked_until_the_memory_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(jsonrows, "_LONGEST", 3 << 20)
    (tmp_path / "own.jsonl.gz").write_bytes(gzip.compress(b'{"a": "' + b"x" * (8 << 20)))
    with pytest.raises(ScenarioError, match="row 1: holds an object of more than"):
        recognised(str(tmp_path / "own.jsonl.gz"))
