"""The page Results on folders of every kind that takes long to make."""

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


def _page():
    from coalesce_sim.lab.pages.results.page import show

    show()


@pytest.mark.parametrize("kind", PLAYED)
def test_every_view_of_every_kind_is_shown(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    played = CliRunner().invoke(cli, [*PLAYED[kind], "--out", "results/it"])
    assert played.exit_code in (0, 1), played.output
    with opened(tmp_path):
        page = AppTest.from_function(_page, default_timeout=60)
        page.query_params["folder"] = "results/it"
        page.run()
        views = page.segmented_control(key="view").options
        for view in views:
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
