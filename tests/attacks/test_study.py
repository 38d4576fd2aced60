"""Studies of attacks on a market that can be worked out by hand: four tasks, a cheap seller, a dear one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.attacks.asked import prepare
from coalesce_sim.attacks.results import AttackStudy
from coalesce_sim.experiments.attacks.cells import NOBODY
from coalesce_sim.experiments.attacks.playing import play
from coalesce_sim.files import ResultsError
from coalesce_sim.report.attacks.findings import findings, headline
from coalesce_sim.report.attacks.table import notes
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.sweeps.plays import Plays, key_of
from tests.market.trading import contractor, market

MARKUP = "cartel(who.members=[a], markup=1.5)"
TOO_MUCH = "cartel(who.members=[a], markup=3)"
BAD_WORK = "substitution(who.members=[a], success=0)"


def tiny(**sections: Any) -> Scenario:
    """Four tasks, far apart. Seller `a` asks 1 USD, `b` asks 2; half of that is what work costs them."""
    sellers = contractor("a", own_cost_share=0.5), contractor("b", own_cost_share=0.5, price_usd=2.0)
    return coalesce_sim.load(market([0, 600, 1200, 1800], *sellers, reputation={}, **sections))


@pytest.fixture(scope="module")
def study() -> AttackStudy:
    return coalesce_sim.attack(
        tiny(), [MARKUP, TOO_MUCH, BAD_WORK], ["entry_fee=1", "platform_fee=0.5"], replications=2
    )


def means(study: AttackStudy, attack: str, defence: str) -> dict[str, float | None]:
    return {name: each.mean for name, each in study.at["cheapest", attack, defence].estimates.items()}


def test_what_an_attack_comes_to(study: AttackStudy):
    found = means(study, MARKUP, "none")
    # Still the cheapest, `a` is paid 0.50 USD more for each of four tasks; without it `b` is paid 2 for each.
    assert found["attack_gain_usd"] == pytest.approx(4 * 0.5)
    assert found["direct_harm_usd"] == found["market_harm_usd"] == pytest.approx(2)
    assert found["market_harm_usd_per_task"] == pytest.approx(0.5)
    assert found["market_harm_against_absent_usd"] == pytest.approx(4 * 1.5 - 4 * 2)
    assert found["honest_sellers_loss_usd"] == 0
    assert found["cost_reduction_change"] == pytest.approx(-100 * 2 / 0.4)  # four tasks cost 0.40 at home
    assert found["manipulated"] == 4
    assert found["detected_share"] == 0  # good work: no score falls
    assert found["detection_time_s"] is None
    greedy = means(study, TOO_MUCH, "none")
    assert greedy["attack_gain_usd"] == pytest.approx(-4 * 0.5)
    assert greedy["honest_sellers_loss_usd"] == pytest.approx(-4 * 1.0)  # `b` has all the work


def test_figures_are_said_to_be_before_what_payment_costs():
    plain, free, paid = (
        notes(tiny(settlement=stated)) for stated in (None, {"currency": "EUR"}, {"pay": {"delay_days": 2}})
    )
    assert plain == free == paid[:-1]
    assert paid[-1].startswith("All figures are before what settlement costs")


def test_what_defences_take(study: AttackStudy):
    # Who is there pays the fee whether or not it cheats; of a higher price the market keeps its share.
    assert means(study, MARKUP, "entry_fee=1")["attack_gain_usd"] == pytest.approx(2)
    assert means(study, MARKUP, "platform_fee=0.5")["attack_gain_usd"] == pytest.approx(1)
    assert study.sellers_costs["cheapest", "entry_fee=1"].difference.mean == pytest.approx(2)
    assert study.sellers_costs["cheapest", "platform_fee=0.5"].difference.mean == pytest.approx(4 * 0.5)
    assert study.defence_costs["cheapest", "entry_fee=1"].difference.mean == 0
    assert study.removed["cheapest", MARKUP, "platform_fee=0.5"].difference.mean == pytest.approx(1)


def test_direct_and_market_harm_of_different_signs_are_told(study: AttackStudy):
    # One bad job ends it: the policy then leaves the seller alone, and home is cheaper than any seller.
    found = means(study, BAD_WORK, "none")
    assert found["direct_harm_usd"] == pytest.approx(4.1)
    assert found["market_harm_usd"] == pytest.approx(-3.6)
    assert found["detected_share"] == 100
    assert found["jobs_to_detection"] == 1
    told = findings(study, "cheapest")
    assert any(
        each.startswith("substitution: manipulated contracts cost their clients 4.10 USD more, yet all tasks "
        "3.60 USD less") for each in told
    )  # fmt: skip


def test_the_answer_is_a_sentence(study: AttackStudy):
    told = findings(study, "cheapest")
    assert told[0] == (
        f"No defence tried makes {MARKUP} pointless: "
        "under platform_fee=0.5, the best, it still earns 1.00 USD."
    )
    assert headline(study) == f"{MARKUP} earns 2.00 USD with cheapest; no defence tried ends that"
    pointless = coalesce_sim.attack(tiny(), [MARKUP], ["platform_fee=1"], replications=2)
    assert findings(pointless, "cheapest")[0] == (
        "platform_fee=1 makes cartel pointless: of 2.00 USD it leaves 0.00 USD; an honest market is not "
        "shown to save less (0.00 points), its sellers earn 4.00 USD less."
    )


def test_markets_that_cells_share_are_played_once(study: AttackStudy):
    # A defence: nobody, three attacks, and one market without `a`; every honest twin is the first.
    assert study.played == 3 * (1 + 3 + 1) * 2
    cells = prepare(tiny(), [MARKUP, BAD_WORK]).cells
    assert cells[0].attack == NOBODY
    assert len({key_of(cell.honest) for cell in cells}) == 1


def test_the_honest_twin_is_the_market_without_the_section():
    plain = tiny()
    (_, cell) = prepare(plain, ["on_off(who.share=0.5)"]).cells
    assert cell.honest.model_dump_json() == plain.model_dump_json()
    assert json.dumps(play(cell.honest, 1, 0)) == json.dumps(play(plain, 1, 0))


def test_an_interrupted_study_goes_on_and_an_equal_one_plays_nothing(study: AttackStudy, tmp_path: Path):
    asked: dict[str, Any] = {"replications": 2, "plays": tmp_path / "plays"}

    def stop(done: float) -> None:
        if done > 0.2:
            raise KeyboardInterrupt

    defences = ["entry_fee=1", "platform_fee=0.5"]
    attacks = [MARKUP, TOO_MUCH, BAD_WORK]
    with pytest.raises(KeyboardInterrupt):
        coalesce_sim.attack(tiny(), attacks, defences, **asked, progress=stop)
    resumed = coalesce_sim.attack(tiny(), attacks, defences, **asked)
    assert 0 < resumed.played < study.played
    assert json.dumps(resumed.summary) == json.dumps(study.summary)
    again = coalesce_sim.attack(tiny(), attacks, defences, **asked)
    assert again.played == 0
    assert again.runs_table().equals(study.runs_table())
    # Another attack in the same folder: only its own market is played.
    assert coalesce_sim.attack(tiny(), ["lowball(who.members=[a])"], **asked).played == 2
    with (
        pytest.raises(ResultsError, match="holds plays of seed 1 and version"),
        Plays(tmp_path / "plays", seed=2),
    ):
        pass


def test_a_curve_begins_where_nobody_cheats():
    vary = "share=0:1:3"
    found = coalesce_sim.attack(tiny(), ["cartel(who.share=0.5)"], vary=vary, replications=2)
    ((_, along),) = found.curves.items()
    assert [each.cell.level for each in along] == [0, 0.5, 1]
    assert along[0].values("market_harm_usd").tolist() == [0, 0]
    # All of them ask half as much again: clients pay it, or stay at home.
    assert found.summary["varied"]["levels"] == [0, 0.5, 1]
    assert list(found.bends.values()) == [None, None]


def test_sellers_whose_costs_nobody_knows_are_left_out():
    sellers = contractor("a", own_cost_share=0.5), contractor("b", price_usd=2.0)
    scenario = coalesce_sim.load(market([0, 600], *sellers, reputation={}))
    found = coalesce_sim.attack(scenario, [MARKUP], ["entry_fee=1"], replications=2)
    assert means(found, MARKUP, "none")["attack_gain_usd"] == pytest.approx(2 * 0.5)
    assert means(found, MARKUP, "none")["honest_sellers_loss_usd"] is None
    assert found.sellers_costs["cheapest", "entry_fee=1"].difference.mean == pytest.approx(1)


def test_numbers_of_the_study_are_json(study: AttackStudy):
    told = json.loads(json.dumps(study.summary, allow_nan=False))
    cell = told["policies"]["cheapest"]["attacks"][MARKUP]["platform_fee=0.5"]
    assert cell["attack_gain_usd"]["mean"] == pytest.approx(1)
    assert cell["gain_removed_usd"]["shown"] is True
    assert told["defences"] == {
        "none": [],
        "entry_fee=1": ["defences.entry_fee_usd=1"],
        "platform_fee=0.5": ["defences.platform_fee_share=0.5"],
    }
