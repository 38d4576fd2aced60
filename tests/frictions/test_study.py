"""Studies of frictions on plays that can be worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from coalesce_sim.files import ResultsError
from coalesce_sim.frictions.bearing import borne
from coalesce_sim.frictions.results import FrictionStudy
from coalesce_sim.frictions.study import perform
from coalesce_sim.frictions.switching import steps_of
from coalesce_sim.report.frictions.findings import findings, headline, price, times
from coalesce_sim.report.frictions.writing import FrictionOrigin, write_study
from coalesce_sim.report.html.writing import write_report
from coalesce_sim.report.opening import open_folder
from coalesce_sim.report.plots.folder import draw_results
from coalesce_sim.report.plots.wanted import Wanted
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.settlement import Settlement
from tests.frictions.fake import CARD, NETTED, PLATFORM, RULES, FakePlays, tiny
from tests.market.trading import contractor, market
from tests.settlement.played import ONE, Kept

PAID = {"fee": [CARD, PLATFORM], "pay": NETTED}
A_TASK = {"fee: card": (0.029 * 40 + 8 * 0.3) / 10, "netted": (0.029 * 40 + 0.3) / 10}


def study_of(scenario: Scenario, replications: int = 3) -> FrictionStudy:
    return perform(scenario, steps_of(scenario), FakePlays(), replications)


@pytest.fixture(scope="module")
def paid() -> FrictionStudy:
    return study_of(tiny(settlement=PAID))


@pytest.fixture(scope="module")
def ruled() -> FrictionStudy:
    return study_of(tiny(settlement={"fee": [CARD]}, compliance=RULES))


def test_each_bar_is_what_a_friction_takes_a_task(paid: FrictionStudy):
    table = paid.waterfall.set_index("bar")
    assert table.index.tolist() == ["gross", "fee: card", "fee: platform", "pay", "fee: card × pay", "net"]
    taken = table["usd_per_task"]
    assert taken["gross"] == pytest.approx((40 + 1 / 3) / 10)
    assert taken["fee: card"] == pytest.approx(A_TASK["fee: card"])
    assert taken["fee: platform"] == 0  # contractors pay it
    assert taken["pay"] == pytest.approx(0.1 * 0.08 / 10)  # nothing but capital, before there is a fee to net
    assert taken["fee: card × pay"] == pytest.approx(-7 * 0.3 / 10)
    assert taken["net"] == pytest.approx(taken["gross"] - taken[1:-1].sum())
    assert table.loc["fee: card", "after_other"] == pytest.approx(A_TASK["netted"])
    assert table.loc["pay", "after_other"] == pytest.approx(0.1 * 0.08 / 10 - 7 * 0.3 / 10)
    assert table["left"].tolist()[-2:] == [taken["net"]] * 2


def test_intervals_are_those_of_paired_differences(paid: FrictionStudy):
    card = paid.tested[0]
    assert paid.gross.half_width is not None
    assert paid.gross.half_width > 0.08  # homes differ from one replication to the next
    assert card.difference.half_width == pytest.approx(0, abs=1e-9)  # and what the fee takes does not
    assert card.shown
    assert [bar.label for bar, test in zip(paid.bars, paid.tested, strict=True) if not test.shown] == [
        "fee: platform"
    ]


def test_cost_reduction_is_told_gross_and_net(paid: FrictionStudy):
    homes_usd = [100, 100 + 1 / 3, 100 + 2 / 3]
    gross = sum(100 * (1 - 60 / home) for home in homes_usd) / 3
    net = sum(100 * (1 - (60 + 10 * A_TASK["netted"] + 0.008) / home) for home in homes_usd) / 3
    assert paid.reduction["gross"].mean == pytest.approx(gross)
    assert paid.reduction["net"].mean == pytest.approx(net)


def test_a_rule_is_priced_by_leaving_it_out(ruled: FrictionStudy):
    prices = {label: test.difference.mean for label, test in ruled.prices.items()}
    assert list(prices) == ["embargo", "residency", "all rules"]
    assert prices["embargo"] == prices["residency"] == 0  # the other one forbids the same
    assert prices["all rules"] == pytest.approx(3, rel=0.01)
    assert ruled.rules.set_index("rule")["shown"].to_dict() == {
        "embargo": False,
        "residency": False,
        "all rules": True,
    }
    assert findings(ruled)[-1].startswith(
        "Rules forbid 25.0 % of all offers and cost, in points of cost redu"
    )
    assert ruled.waterfall.set_index("bar")["usd_per_task"]["embargo"] == pytest.approx(0.3)


def test_who_bears_the_fees(paid: FrictionStudy):
    fees = {party: value.mean for party, value in paid.bearing["fees"].items()}
    assert fees == pytest.approx(
        {
            "clients": A_TASK["netted"],
            "contractors": 0.02 * 40 / 10,
            "platform": -A_TASK["netted"] - 0.02 * 40 / 10,
        }
    )
    assert paid.bearing["capital"]["clients"].mean == pytest.approx(0.0008)
    assert list(paid.bearing) == ["fees", "capital"]


def test_who_bears_what_comes_back():
    """Two payments of 5 USD come back, at a fee of 15 each, and a contractor that had 8 is written off."""
    stated = {"fee": [CARD], "charge_backs": {"rate": 0.1, "days": 60, "written_off_by": "client"}}
    settlement = Settlement.model_validate(stated)
    play = {
        "frictions_usd": 3.0 - 10.0 + 12.0,
        "fees_usd": 3.0,
        "charge_backs": 2.0,
        "charge_backs_usd": 10.0,
        "written_off_usd": 32.0,
        "written_off_by_clients_usd": 12.0,
    }
    found = borne(settlement, play)
    assert found["fees"] == (3, 0, -3)
    assert found["charge-backs"] == (-10, 10 + 30, -30)
    assert found["write-offs"] == (12, -32, 20)
    assert sum(each[0] for each in found.values()) == play["frictions_usd"]


@pytest.mark.parametrize(("cap", "others"), [(None, (5.0, -12.0)), (0.5, (math.nan, math.nan))])
def test_who_bears_disputes_is_known_where_no_bill_is_cut(cap: float | None, others: tuple[float, float]):
    escrow = {"dispute": {"days": 30, "cost_usd": 3}, "cap": cap}
    play = {"frictions_usd": 7.0, "disputes": 4.0, "disputes_usd": 7.0, "written_off_usd": 0.0}
    found = borne(Settlement.model_validate({"escrow": escrow}), play)
    assert found["disputes"] == pytest.approx((7.0, *others), nan_ok=True)
    assert found["fees"] == (0, 0, 0)


def test_who_bears_disputes_is_known_where_clients_have_little():
    """Of 2 USD, 1 each is paid for three jobs; what a purse cuts is no dispute. One is contested and won."""
    dispute = {"share": 1, "days": 30, "cost_usd": 3, "wrong": 0}
    stated = {"escrow": {"dispute": dispute}, "clients": {"funds_usd": 2}}
    book = Kept(market([0, 100, 200], contractor("a"), settlement=stated), *"aaa")
    found = borne(Settlement.model_validate(stated), book.figures)
    assert found["disputes"] == (6, 0, -6)
    assert book.balances()["Platform USD"] == 6 * ONE
    assert book.balances()["Client:C000 USD"] == -6 * ONE  # what it owes and has not got


def test_replications_without_tasks_say_nothing_of_a_task(paid: FrictionStudy):
    plays = {on: [{**played[0], "tasks": 0.0}, *played[1:]] for on, played in paid.plays.items()}
    some = FrictionStudy(paid.scenario, 1, 3, paid.steps, plays, paid.pair, paid.price_usd)
    assert some.gross.n == some.bearing["fees"]["clients"].n == 2
    assert some.tested[0].difference.mean == pytest.approx(A_TASK["fee: card"])


def test_what_takes_most_is_told_of_what_is_shown(paid: FrictionStudy):
    """The card's fee takes more than capital does, but differs from one replication to the next."""
    plays = {
        on: [
            {**play, "frictions_usd": play["frictions_usd"] * (3.0**number if 0 in on else 1)}
            for number, play in enumerate(played)
        ]
        for on, played in paid.plays.items()
    }
    wide = FrictionStudy(paid.scenario, 1, 3, paid.steps, plays, paid.pair, paid.price_usd)
    taken = [each.difference.mean or 0.0 for each in wide.tested]
    assert taken[0] > taken[2] > 0
    assert headline(wide).endswith("; of what is shown to take any, pay takes most, 0.000800 USD")


def test_no_market_is_played_twice_and_all_on_the_same_random_numbers():
    scenario, player = tiny(settlement=PAID, compliance=RULES), FakePlays(seed=5)
    study = perform(scenario, steps_of(scenario), player, 2)
    texts = [market.model_dump_json() for market in player.markets]
    assert len(set(texts)) == len(texts)
    assert study.seed == 5
    assert study.played == 2 * len(texts)


def test_the_answer_says_what_survives_and_what_mends_it(paid: FrictionStudy):
    first, hired, fee, orders = findings(paid)
    assert hired == (
        "Contractors get 80.0 % of the tasks without friction, 30.0 % once fee: card is on, 80.0 % with all."
    )
    assert first.startswith(
        "Of 4.033 ± 0.083 USD a task saved, 3.887 ± 0.083 USD survive (96 %); fee: card takes"
    )
    assert first.endswith("takes most, 0.356 USD, but 0.146 USD after pay.")
    assert fee.startswith(
        "The fixed 0.30 USD of the card fee is 6.0 times the median contract of 0.05 USD: netting"
    )
    assert "pay takes 0.000800 USD before fee: card and gives back 0.209 USD after it" in orders
    one_by_one = findings(study_of(tiny(settlement={"fee": [CARD]})))
    assert one_by_one[2].endswith("is taken of each: netting is the remedy (settlement.pay.every_h).")


def test_what_comes_back_is_told_beside_the_median_contract():
    dispute = {"days": 30, "cost_usd": 15, "least_usd": 15}
    charge_backs = {"rate": 0.1, "days": 60, "fee_usd": 1}
    settlement = {"escrow": {"dispute": dispute}, "charge_backs": charge_backs}
    told = findings(study_of(tiny(settlement=settlement)))
    assert told[2:4] == [
        "A dispute costs its loser 15.00 USD, 300 times the median contract; nobody contests less than "
        "15.00 USD.",
        "A charge-back costs the contractor 1.00 USD, 20 times the median contract.",
    ]


def test_a_fee_may_eat_more_than_is_saved():
    study = study_of(tiny(settlement={"fee": [{"kind": "network", "fixed_usd": 8}]}))
    assert "saved, nothing survives: -2.367 ± 0.083 USD net; fee: network takes most" in findings(study)[0]


def test_ratios_and_small_prices_are_readable():
    assert times(0.3 / 0.000032) == "9,400 times"
    assert times(3.5294) == "3.5 times"
    assert times(0.1234) == "12.3 % of"
    assert [price(usd) for usd in (0.000032, 0.0854, 0.3, 1234.5)] == [
        "0.000032",
        "0.085",
        "0.30",
        "1,234.50",
    ]


def test_the_folder_holds_all_that_was_found_and_opens_as_a_page(tmp_path: Path):
    scenario = tiny(settlement=PAID, compliance=RULES)
    origin = FrictionOrigin("tiny.yaml", ("seed=1",), scenario, 1, 3)
    written = write_study(origin, steps_of(scenario), FakePlays(), tmp_path / "out", progress=lambda _: None)
    names = ["frictions.json", "runs.parquet", "waterfall.csv", "rules.csv", "waterfall.png"]
    assert [path.name for path in written.outputs] == names
    told = json.loads((tmp_path / "out/frictions.json").read_text())
    assert told["provenance"]["command"] == (
        "coalesce-sim frictions tiny.yaml --seed 1 --replications 3 --set seed=1"
    )
    waterfall = pd.read_csv(tmp_path / "out/waterfall.csv")
    assert waterfall["bar"].tolist() == [
        "gross",
        *(each["bar"] for each in told["bars"]),
        "net",
    ]
    runs = pq.read_table(tmp_path / "out/runs.parquet").to_pandas()
    saved = runs[runs["replication"] == 2].set_index("on")["saved_units"]
    bars = [bar.units[2] for bar in written.result.bars]
    everything = "fee: card + fee: platform + pay + embargo + residency"
    assert saved[everything] == saved["none"] - sum(bars)
    report = write_report(tmp_path / "out")
    assert report.answer == told["findings"]
    page = report.path.read_text()
    assert "From gross to net" in page
    assert "What each rule costs" in page
    opened = open_folder(tmp_path / "out")
    with pytest.raises(ResultsError, match=r"frictions have one figure, waterfall\.png"):
        draw_results(opened, Wanted())
    with pytest.raises(ResultsError, match=r"x: no such metric\. There are: none"):
        write_report(tmp_path / "out", metrics=["x"])


def test_only_rules_have_a_waterfall_too():
    study = study_of(tiny(compliance={name: RULES[name] for name in ("jurisdictions", "embargo")}), 1)
    assert study.waterfall["bar"].tolist() == ["gross", "embargo", "net"]
    assert study.tested[0].p_holm is None  # one replication shows nothing
    assert "takes most" not in findings(study)[0]
