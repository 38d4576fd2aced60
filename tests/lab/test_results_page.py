"""The page Results, as its reader finds it: folders of results, made small, listed and opened."""

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from coalesce_sim.cli import cli
from coalesce_sim.files import ResultsError, sealed_text
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.results.finding import found_below
from coalesce_sim.lab.results.places import folder_at
from tests.lab.labs import opened

SMALL = ("market_viable", "--set", "workload.arrivals.limit=20", "--replications", "2", "--quiet")
PLAYED = {
    "run": ("run", *SMALL, "--no-figures"),
    "comparison": ("compare", *SMALL, "--policies", "topsis,cheapest", "--no-figures"),
    "sweep": ("sweep", *SMALL, "--vary", "policy.epsilon=0,0.2", "--vary", "contractors.count=10,30,60"),
}
FIRST = {
    "run": "summary.json",
    "comparison": "comparison.json",
    "sweep": "sweep.json",
}


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A folder with a folder of results of each of these kinds, called as the kind."""
    start = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(start)
        for kind, command in PLAYED.items():
            played = CliRunner().invoke(cli, [*command, "--jobs", "1", "--out", f"results/{kind}"])
            assert played.exit_code == 0, played.output
    return start


@pytest.fixture
def place(start, monkeypatch):
    monkeypatch.chdir(start)
    with opened(start):
        yield start


def _page():
    from coalesce_sim.lab.pages.results.page import show

    show()


def shown(folder: str | None = None, **query: str) -> AppTest:
    page = AppTest.from_function(_page, default_timeout=30)
    if folder is not None:
        page.query_params["folder"] = folder
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def html(page: AppTest) -> str:
    """What stands on it as HTML, with plain blanks."""
    return "\n".join(str(each.proto.body) for each in page.get("html")).replace("\u00a0", " ")


def error(page: AppTest) -> str:
    assert not page.exception
    (told,) = page.error
    return str(told.value)


@pytest.mark.usefixtures("place")
def test_all_folders_are_listed_the_newest_first_and_a_click_opens_one():
    page = shown()
    entries = [each.label for each in page.button]
    kinds = {f"**{plain(f'results/{kind}')}**": kind for kind in PLAYED}
    assert sorted(entries) == sorted(kinds)
    firsts = [Path("results", kinds[entry], FIRST[kinds[entry]]) for entry in entries]
    started = [json.loads(each.read_text())["provenance"]["started_utc"] for each in firsts]
    assert started == sorted(started, reverse=True)
    assert "2 replications" in html(page)
    page.button(key="open results/run").click().run()
    assert page.query_params["folder"] == "results/run"
    assert "Run of market_viable" in html(page)
    page.button(key="back").click().run()
    assert [each.label for each in page.button] == entries


@pytest.mark.usefixtures("place")
def test_the_list_is_filtered_by_kind_and_by_text():
    page = shown()
    page.pills(key="kinds").set_value(["sweep", "run"]).run()
    assert {each.key for each in page.button} == {"open results/sweep", "open results/run"}
    page.text_input(key="text").set_value("SWEEP").run()
    assert [each.key for each in page.button] == ["open results/sweep"]
    assert "2 more are filtered out" in page.caption[0].value


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("kind", PLAYED)
def test_every_kind_opens_with_its_answer_and_how_to_have_it_again(kind):
    page = shown(f"results/{kind}")
    assert not page.exception
    assert not page.error
    assert "lab-answer" in html(page)
    made = json.loads(Path("results", kind, FIRST[kind]).read_text())["provenance"]
    assert made["command"] in [each.value for each in page.code]
    assert page.get("plotly_chart")
    for view in ("Tables", "Details"):
        page.segmented_control(key="view").set_value(view).run()
        assert not page.exception


@pytest.mark.usefixtures("place")
def test_a_comparison_is_told_as_its_report_tells_it():
    facts = json.loads(Path("results/comparison/comparison.json").read_text())
    page = shown("results/comparison", view="Tables")
    for sentence in facts["findings"]:
        assert sentence in html(page)


@pytest.mark.usefixtures("place")
def test_another_metric_is_another_curve():
    page = shown("results/sweep")
    before = page.get("plotly_chart")[0].proto.spec
    page.selectbox(key="curves.show").set_value(3).run()
    assert page.get("plotly_chart")[0].proto.spec != before


@pytest.mark.usefixtures("place")
def test_an_address_opens_its_state_and_is_told():
    page = shown("results/sweep", **{"curves.show": "Success rate", "curves.along": "contractors"})
    assert plain("Success rate (%) against contractors") in page.caption[0].value
    (address,) = [each.value for each in page.code if "folder=" in each.value]
    assert "folder=results%2Fsweep" in address
    assert "curves.show=Success+rate" in address


@pytest.mark.usefixtures("place")
def test_another_metric_decides_which_point_is_best():
    page = shown("results/sweep")
    assert "Cost reduction" in html(page)
    page.selectbox(key="best").set_value("success_rate").run()
    answer = html(page)
    assert "Success rate is" in answer or "No difference in success rate" in answer


@pytest.mark.usefixtures("place")
def test_a_filter_leaves_points_out_and_says_how_many():
    page = shown("results/sweep")
    page.multiselect(key="only.contractors.count").set_value(["10", "30"]).run()
    assert any("2 of 6 points are filtered out of the curves" in each.value for each in page.caption)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("asked", ["../..", "/etc", "results/../../..", "a\0b"])
def test_what_is_not_below_is_refused_alike(asked):
    assert "is not below the folder" in error(shown(asked)) or "no such folder" in error(shown(asked))


def test_a_link_out_of_the_folder_is_refused(start, tmp_path):
    (start / "out").symlink_to(tmp_path)
    (tmp_path / "there").mkdir()
    with pytest.raises(ResultsError, match="is not below the folder"):
        folder_at("out/there", start)
    (start / "out").unlink()
    assert folder_at(str(tmp_path), start, tmp_path) == tmp_path  # that which it was opened with


@pytest.fixture
def copied(place):
    """A run of its own, to be spoilt."""
    folder = place / "results" / "spoilt"
    shutil.copytree(place / "results" / "run", folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_results_of_a_newer_version_say_so(copied):
    path = copied / "summary.json"
    facts = json.loads(path.read_text())
    del facts["sha256"]
    facts["provenance"]["coalesce_sim"] = "99.0.0"
    path.write_text(sealed_text(facts))
    assert "newer than this one" in html(shown(text="spoilt"))
    assert plain("written by coalesce_sim 99.0.0, newer than this one") in error(shown("results/spoilt"))


@pytest.mark.parametrize(
    ("name", "told"), [("summary.json", "cannot be read"), ("timeline.parquet", "is damaged")]
)
def test_damaged_results_say_which_file(copied, name, told):
    (copied / name).write_bytes((copied / name).read_bytes()[:-60])
    said = error(shown("results/spoilt"))
    assert plain(name) in said
    assert told in said


def test_a_folder_that_vanished_says_so(copied):
    page = shown("results/spoilt")
    shutil.rmtree(copied)
    assert "no such folder of results" in error(page.run())


def test_results_changed_meanwhile_are_read_anew(copied):
    page = shown("results/spoilt")
    path = copied / "summary.json"
    facts = json.loads(path.read_text())
    del facts["sha256"]
    facts["provenance"]["scenario"]["title"] = "Quite another <b>title</b>"
    path.write_text(sealed_text(facts))
    os.utime(path, (1, 1))
    assert page.run().title[0].value == plain("Quite another <b>title</b>")


def test_results_without_digests_are_shown_with_a_note(copied):
    path = copied / "summary.json"
    facts = json.loads(path.read_text())
    del facts["sha256"]
    path.write_text(json.dumps(facts))
    assert "without digests" in shown("results/spoilt").warning[0].value


def test_a_sweep_that_is_not_complete_says_what_is_missing(place):
    folder = place / "results" / "part"
    shutil.copytree(place / "results" / "sweep", folder)
    (folder / "outcome.json").unlink()
    shards = sorted(next(folder.glob("shards-*")).rglob("*.parquet"))
    assert shards
    page = shown("results/part")
    shutil.rmtree(folder)
    assert not page.exception
    assert "complete" in html(page).lower()


@pytest.mark.usefixtures("lab")
def test_no_results_below_is_told_with_what_makes_some():
    page = shown()
    assert "There are no results below the folder" in page.info[0].value


def test_hundreds_of_folders_are_found_without_reading_tables(place, tmp_path):
    summary = (place / "results" / "run" / "summary.json").read_bytes()
    for number in range(100):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "summary.json").write_bytes(summary)
    listed = found_below(tmp_path)
    assert len(listed.found) == 100
    assert listed.complete
    assert {each.name for each in listed.found} == {"market_viable"}
