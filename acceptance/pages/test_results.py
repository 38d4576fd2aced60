"""The page Results on folders of every kind that takes long to make, and the figures of folders."""

from __future__ import annotations

import base64
import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from coalesce_sim.cli import cli
from tests.lab.labs import opened

SMALL = ("--replications", "2", "--quiet", "--jobs", "1")
LIMIT = ("--set", "workload.arrivals.limit=30")
PLAYED = {
    "frictions": ("frictions", "study_market", *LIMIT, *SMALL),
    "search for attackers": (
        *("attack", "market_viable", *LIMIT, *SMALL, "--search", "on_off,cartel"),
        *("--trials", "3", "--validate-replications", "2"),
    ),
    "attack": (
        *("attack", "market_viable", *LIMIT, *SMALL, "--adversary", "cartel(who.share=1)"),
        *("--defence", "platform_fee=1", "--vary", "share=0:1:3", "--break-even", "entry_fee"),
    ),
    "search for settings": (
        *("optimize", "market_viable", *LIMIT, *SMALL, "--maximize", "cost_reduction"),
        *("--over", "policy.epsilon=0:0.2", "--over", "policy.kind=topsis,greedy"),
        *("--subject-to", "success_rate>=99%", "--trials", "4", "--validate-replications", "2"),
    ),
    "advice": ("advise", "real_agents_twin", *LIMIT, *SMALL),
    "sensitivity": (
        *("sensitivity", "market_viable", *LIMIT, *SMALL, "--samples", "4"),
        *("--vary", "policy.epsilon=0:0.2", "--vary", "skills.threshold=0.5:0.7", "--yes"),
    ),
}
"""By kind, a command that makes such a folder."""

DRAWN = {
    "lines": (
        *("sweep", "market_viable", *LIMIT, *SMALL),
        *("--vary", "policy.epsilon=0,0.2", "--vary", "contractors.count=10,30"),
    ),
    "timeline": ("run", "market_viable", *LIMIT, *SMALL, "--no-figures"),
    "tornado": (
        *("sensitivity", "market_viable", *LIMIT, *SMALL, "--method", "morris", "--samples", "2"),
        *("--vary", "policy.epsilon=0:0.2", "--vary", "skills.threshold=0.5:0.7"),
    ),
}
"""By kind of figure, a command whose folder has it first."""


def _page() -> None:
    from coalesce_sim.lab.pages.results.page import show

    show()


def play(*command: str) -> None:
    played = CliRunner().invoke(cli, [*command, "--out", "results/it"])
    assert played.exit_code in (0, 1), played.output


def recorded() -> set[str]:
    """The commands that what was played says that it came from."""
    every = [json.loads(each.read_text()) for each in Path("results/it").glob("*.json")]
    return {facts["provenance"]["command"] for facts in every if "provenance" in facts}


def shown(**query: str) -> AppTest:
    """The page on what was played."""
    page = AppTest.from_function(_page, default_timeout=60)
    for name, value in {"folder": "results/it", **query}.items():
        page.query_params[name] = value
    return page.run()


@pytest.mark.parametrize("kind", PLAYED)
def test_every_view_of_every_kind_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str):
    monkeypatch.chdir(tmp_path)
    play(*PLAYED[kind])
    with opened(tmp_path):
        page = shown()
        assert any("lab-answer" in str(each.proto.body) for each in page.get("html"))
        assert page.get("plotly_chart")
        assert recorded() & {each.value for each in page.code}
        for view in page.segmented_control(key="view").options:
            page.segmented_control(key="view").set_value(view).run()
            assert not page.exception, view
            assert not page.error, view
        page.segmented_control(key="view").set_value("Curves").run()
        for key in [each.key for each in page.selectbox if each.key is not None]:
            for place in range(len(page.selectbox(key=key).options)):  # whatever is chosen can be drawn
                page.selectbox(key=key).select_index(place).run()
                assert not page.exception, (key, place)
            page.selectbox(key=key).select_index(0).run()
        page.button(key="back").click().run()
        assert any(kind in str(each.proto.body) for each in page.get("html"))


@pytest.mark.parametrize("kind", DRAWN)
def test_the_figure_is_that_of_plot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str):
    monkeypatch.chdir(tmp_path)
    play(*DRAWN[kind])
    with opened(tmp_path):
        page = shown(view="Figure")
        assert not page.error
        (command,) = [each.value for each in page.code if each.value.startswith("coalesce-sim plot")]
        assert f"--kind {kind}" in command
        drawn = CliRunner().invoke(cli, [*shlex.split(command)[1:], "--out", "figures", "--json"])
        (svg,) = [Path(each) for each in json.loads(drawn.output)["outputs"] if each.endswith(".svg")]
        bodies = "\n".join(str(each.proto.body) for each in page.get("html"))
        assert base64.b64encode(svg.read_bytes()).decode() in bodies
        if kind == "lines":
            page.selectbox(key="y").set_value("success_rate").run()
            assert any("--y success_rate" in each.value for each in page.code)
