"""What a user can mend is told at the user's line, all at once, though a profile states the other half."""

from __future__ import annotations

from pathlib import Path

import pytest

import coalesce_sim
from coalesce_sim import ScenarioError
from coalesce_sim.report.explanation import explain


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusals(text: str, *overrides: str) -> list[str]:
    Path("mine.yaml").write_text(text)
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load("mine.yaml", overrides)
    return str(caught.value).splitlines()


def test_all_that_a_section_does_not_go_with_is_told_at_its_line():
    told = refusals("extends: published\ntitle: mine\ncalibration: {rate: 0.2}\n")
    fields = [each.split(": ")[1] for each in told]
    assert fields == [
        "contractor_dynamics",
        "cost_model.realised.basis",
        "cost_model.external.verification_usd",
        "cost_model.external.verification_trusted_usd",
        "cost_model.realised.external_cost_factor",
    ]
    assert all(
        each.startswith("mine.yaml:3: ") and "; inherited from published.yaml:" in each for each in told
    )


def test_what_is_said_to_mend_it_mends_it():
    mended = ["contractor_dynamics=null", "cost_model.realised.basis=physical"]
    mended += [f"cost_model.external.verification{which}_usd=0" for which in ("", "_trusted")]
    scenario = coalesce_sim.load(
        "published",
        [*mended, "cost_model.realised.external_cost_factor=1", "discovery={kind: registry, k: 3}"],
    )
    assert scenario.learning


def test_on_a_bundled_scenario_it_is_told_at_the_override():
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load("dur_03", ["discovery={kind: registry, k: 3}"])
    assert {each.file for each in caught.value.problems} == {"--set discovery"}


def test_texts_that_an_embedder_misses_are_told_at_the_embedder():
    told = refusals("extends: market\ntitle: mine\nskills:\n  embedder: {kind: hashing}\n")
    assert len(told) == 7
    assert all(
        each.startswith("mine.yaml:4: ") and each.count("inherited from market.yaml:") for each in told
    )


def test_ones_own_line_stays_where_it_is():
    told = refusals(
        "extends: published\ncalibration: {rate: 0.2}\ncost_model:\n  realised: {basis: estimate}\n"
    )
    assert (
        "mine.yaml:4: cost_model.realised.basis: must be physical where calibration is used (got 'estimate')"
        in told
    )


NOT_DRAWN = {
    "extends": "market_day",
    "contractors": {"count": 5, "types": {"edge": {"share": 0}}},
    "clock": {"days": 0.01},
    "policy": {"kind": "fixed", "contractor": "edge_4"},
}
"""Nobody is of this type."""


@pytest.mark.parametrize(
    "play",
    [
        lambda scenario: coalesce_sim.run(scenario, replications=1),
        lambda scenario: coalesce_sim.compare(scenario, replications=1),
        lambda scenario: coalesce_sim.doctor(scenario, replications=1),
        lambda scenario: explain(scenario, 1, 0, 0),
        lambda _: coalesce_sim.sweep(
            {"name": "s", "base": NOT_DRAWN, "factors": {"clock.days": [0.01]}}, replications=1, jobs=1
        ),
    ],
    ids=["run", "compare", "doctor", "explain", "sweep"],
)
def test_who_is_not_drawn_cannot_be_hired(play):
    scenario = coalesce_sim.load(NOT_DRAWN)
    with pytest.raises(ScenarioError, match=r"policy\.contractor: is not drawn in replication 0 of seed 1 "):
        play(scenario)
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        ("market_day", "is not drawn in replication 0 of seed 1"),
        ("real_llm_35", "no contractor of that name"),
    ],
)
def test_whom_a_listed_policy_hires_is_looked_for_before_anything_is_played(scenario, told):
    label = "fixed(contractor=nobody)"
    with pytest.raises(ScenarioError, match=f"contractor: {told} .got 'nobody'.") as caught:
        coalesce_sim.compare(coalesce_sim.load(scenario), [label], replications=1)
    assert [each.file for each in caught.value.problems] == [f"policy {label!r}"]
