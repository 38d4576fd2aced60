"""The page Your own, as its reader finds it: a log of some fifty calls."""

from pathlib import Path

import pytest

from coalesce_sim.lab.own import example
from coalesce_sim.lab.own.choices import Advising, Calibrating, Importing, Way
from coalesce_sim.lab.own.uploads import delete, found, kept, safe_names
from coalesce_sim.scenario.problems import ScenarioError
from tests.lab.labs import settled
from tests.lab.own_page import asked, click, errors, headings, log, opened_page, texts, uploaded


def files(folder: Path) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}


def test_a_log_is_imported_and_calibrated_with_what_was_left_out(lab, tmp_path_factory, monkeypatch):
    monkeypatch.setattr("coalesce_sim.calibration.writing.write_figure", lambda *_: None)
    page = uploaded(log(tmp_path_factory.mktemp("logs"), start={7: "yesterday"}, usd={9: "free"}))
    assert headings(page) == ["1 Log", "2 Import"]
    page = click(page, "Import")
    assert headings(page) == ["1 Log", "2 Import", "3 Calibrate"]
    told = texts(page)
    assert "48 rows read, 46 kept, 2 left out" in told
    assert "<td>no time</td>" in told
    assert "calls.csv, row 8, start" in told
    assert "calls.csv, row 10, usd" in told
    assert "a call that did not fail counts as good" in told
    page = click(page, "Calibrate")
    assert headings(page)[-1] == "4 Advise"
    assert "seconds of acme/big" in texts(page)
    (calibration,) = (lab.keep / "calibrations").iterdir()
    assert (calibration / "calibrated.yaml").is_file()


def test_a_broken_log_is_told_with_its_row_and_loses_no_step(lab, tmp_path_factory):
    torn = b'{"startTime": "2026-11-02T09:00:00Z", "endTime": "2026-11-02T09:00:01Z", "prompt_tokens": 1'
    assert errors(uploaded(torn, "calls.json")) == ["calls.json: row 1: is no JSON: Expecting ',' delimiter"]
    page = uploaded(log(tmp_path_factory.mktemp("logs"), usd=dict.fromkeys(range(48), "free")))
    page = click(page, "Import")
    (told,) = errors(page)
    assert told == "calls.csv: row 1, usd: no row can be used: 48 rows: no number (got 'free')"
    assert headings(page) == ["1 Log", "2 Import"]
    assert not (lab.keep / "imports").exists()


@pytest.mark.usefixtures("lab")
def test_a_table_of_ones_own_is_imported_by_the_columns_that_are_chosen(tmp_path_factory):
    content = log(tmp_path_factory.mktemp("logs")).replace(b"duration_s", b"took", 1)
    page = uploaded(content)
    assert "no export that is known" in texts(page)
    assert page.button(key="own do import").disabled
    assert next(each.value for each in page.warning).startswith("Without end or duration")
    page.selectbox(key="own column duration_s").set_value("took")
    page = click(settled(page), "Import")
    assert errors(page) == []
    assert asked(page)["columns"] == "duration_s=took"
    assert "48 rows read, 48 kept" in texts(page)


def test_hostile_names_do_nothing_and_all_stays_below_the_folder(lab, tmp_path_factory):
    content = log(tmp_path_factory.mktemp("logs"), model={0: "<script>alert(1)</script>"})
    before = files(lab.start)
    page = click(uploaded(content, "../../<script>x.csv"), "Import")
    assert errors(page) == []
    shown = "\n".join(each.proto.body for each in page.get("html"))
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown
    made = files(lab.start) - before
    assert all(name.startswith("results/lab/") for name in made)
    assert {name for name in made if "/uploads/" in name and name.endswith(".csv")} == {
        f"results/lab/uploads/{asked(page)['log']}/script_x.csv"
    }


def test_what_was_uploaded_is_deleted_with_a_button(lab, tmp_path_factory):
    page = click(uploaded(log(tmp_path_factory.mktemp("logs"))), "Delete what was uploaded")
    assert headings(page) == ["1 Log"]
    assert files(lab.keep) == set()


@pytest.mark.usefixtures("lab")
def test_an_address_that_names_what_is_gone_or_no_choice_is_told():
    assert "is not kept here any longer" in texts(opened_page(log="0123456789abcdef"))
    assert "is not kept here any longer" in texts(opened_page(log="../../etc"))
    (told,) = errors(opened_page(hold_out="most"))
    assert told == "hold_out: must be a number from 0.01 to 0.99 (got 'most')"


@pytest.mark.usefixtures("lab")
def test_a_scenario_that_names_code_is_not_executed_from_an_upload(tmp_path):
    (tmp_path / "bait.py").write_text("raise SystemExit('executed')")
    page = uploaded(b"extends: dur_01\npolicy: {class: 'bait:Mine'}\n", "mine.yaml")
    (told,) = errors(page)
    assert "names code, which is not executed when an upload asks for it (got 'bait:Mine')" in told
    page = uploaded(b"extends: dur_01\ntitle: <b>Mine</b>\n", "mine.yaml")
    assert headings(page) == ["1 Log", "Your market", "4 Advise"]


@pytest.mark.usefixtures("lab")
def test_who_has_no_log_answers_questions():
    page = opened_page()
    page.button_group(key="own way").set_value("I have no log")
    page = click(settled(page), "Make this market")
    assert errors(page) == []
    assert "237 requests drawn for 1 day, by seed 1: support 200, code 37" in texts(page)
    assert headings(page) == ["1 Log", "Your market", "4 Advise"]


@pytest.mark.usefixtures("lab")
def test_the_example_has_rows_that_cannot_be_used_and_a_price_list():
    page = opened_page()
    page.button_group(key="own way").set_value("Try an example")
    page = click(click(settled(page), "Use the example"), "Import")
    assert errors(page) == []
    assert asked(page)["home"] == example.HOME
    told = texts(page)
    assert "4 left out" in told
    assert "south/gpt-4o-mini" in told
    assert example.PRICES_NAME in told


def test_choices_stand_in_the_address_and_come_back():
    importing = Importing(
        "csv", home="m=rtx_4090", columns=(("start", "begun"),), sessions="composite", keep_names=True
    )
    way = Way("0" * 16, "1" * 16, importing, Calibrating(0.2, 10, 3), Advising(5, 2, extrapolate=True))
    query = {name: [each] if isinstance(each, str) else each for name, each in way.query.items()}
    assert Way.of_query(query) == way
    for query, told in (
        ({"advise": ["0"]}, "advise: must be a whole number from 1 to 1,000"),
        ({"kind": ["csv"], "columns": ["start"]}, "columns: must be FIELD=COLUMN"),
        ({"kind": ["csv"], "sessions": ["all"]}, "sessions: must be tasks or composite"),
        ({"kind": ["csv"], "price_date": ["soon"]}, "price_date: must be a day"),
    ):
        with pytest.raises(ScenarioError, match=told):
            Way.of_query(query)


def test_names_of_uploads_are_harmless_and_each_another_one(tmp_path):
    assert safe_names(["../a.csv", "b/a.csv", "..\\..\\.env", "", "ü" * 200]) == [
        "a.csv",
        "2_a.csv",
        "env",
        "file",
        "2_file",
    ]
    assert safe_names(["a", "3_a", "a"]) == ["a", "3_a", "2_a"]
    upload = kept(tmp_path, {"a.csv": b"1"})
    assert kept(tmp_path, {"a.csv": b"1"}) == upload
    assert found(tmp_path, upload.digest) == upload
    delete(tmp_path, upload.digest)
    assert found(tmp_path, upload.digest) is None
