"""The page Play, as its reader finds it: a market of some fifty tasks."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from tests.lab.labs import settled

SMALL = "extends: dur_01\nclock: {days: 0.6}\nreplications: 3\n"


def _page():
    from coalesce_sim.lab.pages.play.page import show

    show()


@pytest.fixture
def page(lab):
    (lab.start / "small.yaml").write_text(SMALL)
    page = AppTest.from_function(_page)
    page.query_params["scenario"] = "small.yaml"
    return settled(page)


def texts(page) -> str:
    return "\n".join(
        [*(str(each.value) for each in page.markdown), *(str(each.proto.body) for each in page.get("html"))]
    )


def test_what_is_shown_is_what_the_command_would_print(lab, page):
    assert not page.exception
    (folder,) = (lab.keep / "runs").iterdir()
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["replications"] == 3
    assert summary["provenance"]["command"] == "coalesce-sim run small.yaml --seed 1 --replications 3"
    assert "small saves" in texts(page) or "No saving of small" in texts(page) or "costs more" in texts(page)
    commands = [each.value for each in page.code]
    assert "coalesce-sim run small.yaml --seed 1 --replications 3" in commands
