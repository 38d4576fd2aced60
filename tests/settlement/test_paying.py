"""When money moves, what stops it, and where what defences take goes; by hand."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.market.observer import DecidedOffers
from coalesce_sim.settlement.calendar import Calendar
from tests.market.trading import HOME_USD, contractor, market, run_of
from tests.settlement.played import DAY_S, ONE, Kept

HOUR_S = 3600.0
TASKS = [
    {"type": "job", "arrival_s": at, "client": client}
    for at, client in ((0, 0), (100, 0), (200, 1), (3600, 0))
]
"""Jobs of 60 s: three of one client, the last of them in another hour, and one of another client."""

GIVE_UP = {"recovery": {"then": "give_up"}}
WINDOW = {"holdback": 0.25, "until": "window", "window_days": 10}
BAD, GOOD = {"success": 0.0}, {"success": 1.0}
SURE = {"verification": {"automated": {"sensitivity": 1, "specificity": 1}}} | GIVE_UP


def settled(stated: dict[str, Any], *sellers: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """The jobs, and how they are paid."""
    sellers = sellers or (contractor("a"), contractor("b", price_usd=0.5))
    return market(TASKS, *sellers, clients={"count": 2}, settlement=stated, **sections)


def test_what_falls_due_in_an_hour_is_paid_together_by_pair_or_by_client() -> None:
    fee = {"fee": [{"kind": "card", "share": 0.1, "fixed_usd": 0.3}]}
    by_pair = Kept(settled(fee | {"pay": {"every_h": 1}}), *"abaa")
    assert by_pair.told("pay out") == [
        (HOUR_S, "pay out", 0, ONE),
        (HOUR_S, "pay out", 1, ONE // 2),
        (HOUR_S, "pay out", 2, ONE),
        (2 * HOUR_S, "pay out", 3, ONE),
    ]
    assert [units for *_, units in by_pair.told("fee")] == [
        400_000_000,
        350_000_000,
        400_000_000,
        400_000_000,
    ]
    by_client = Kept(settled(fee | {"pay": {"every_h": 1, "among": "client"}}), *"abaa")
    assert [each[:2] + each[3:] for each in by_client.told("pay out", "fee")] == [
        (HOUR_S, "pay out", ONE),  # to a
        (HOUR_S, "pay out", ONE // 2),  # to b, of one payment of 1.50
        (HOUR_S, "fee", 450_000_000),
        (HOUR_S, "pay out", ONE),
        (HOUR_S, "fee", 400_000_000),
        (2 * HOUR_S, "pay out", ONE),
        (2 * HOUR_S, "fee", 400_000_000),
    ]


def test_several_contracts_of_a_pair_are_one_payment() -> None:
    book = Kept(settled({"pay": {"every_h": 24, "delay_days": 2}}), *"aaba")
    (first, other) = book.of("pay out")
    assert (first.at_s, first.contract, first.legs) == (
        3 * DAY_S,
        None,
        {"InTransit USD": -3 * ONE, "Contractor:K000 USD": 3 * ONE},
    )
    assert (other.at_s, other.contract) == (3 * DAY_S, 2)
    assert book.figures["days_to_paid_p50"] == pytest.approx(3 - 150 / DAY_S)  # from 0, 100, 200 and 3600 s


def test_a_payment_is_in_transit_for_days_and_money_costs_what_it_costs_meanwhile() -> None:
    """Four of 1 USD for two days, and for their minute in escrow where there is one."""
    pay = {"pay": {"delay_days": 2, "capital_rate_per_year": 0.08}}
    book = Kept(settled(pay), *"aaaa")
    assert [each[0] for each in book.told("pay out")] == [60 + at + 2 * DAY_S for at in (0, 100, 200, 3600)]
    assert book.figures["capital_cost_usd"] == pytest.approx(4 * 0.08 * 2 / 365)
    assert book.figures["frictions_usd"] == book.figures["capital_cost_usd"]
    in_escrow = Kept(settled(pay | {"escrow": {}}), *"aaaa")
    assert in_escrow.figures["capital_cost_usd"] == pytest.approx(4 * 0.08 * (2 + 60 / DAY_S) / 365, abs=2e-9)
    theirs = Kept(settled({"pay": pay["pay"] | {"borne_by": "contractor"}}), *"aaaa")
    assert theirs.figures["capital_cost_usd"] == book.figures["capital_cost_usd"]
    assert theirs.figures["frictions_usd"] == 0


class Expecting(Kept):
    """Keeps what is expected of offers, too, and of it what payment is expected to cost."""

    def __init__(self, scenario: dict[str, Any], *choices: str) -> None:
        self.expected_usd: list[tuple[float, float]] = []
        super().__init__(scenario, *choices)

    def decided(self, decided: DecidedOffers) -> None:
        parts_usd, external_usd = decided.breakdown().parts_usd, decided.offers.external_usd[decided.row, 0]
        assert float(sum(part[0] for part in parts_usd.values())) == pytest.approx(external_usd)
        self.expected_usd.append((float(parts_usd["price_usd"][0]), float(parts_usd["settlement_usd"][0])))


def test_of_a_fixed_fee_that_is_shared_each_bears_its_part_by_how_many_are_expected():
    """Some four tasks come in a day; of those still to come each of two sellers has the share that it has
    had, counting one for each. What is told is of the first seller: hired with the first and the third."""
    stated = {"fee": [{"kind": "card", "fixed_usd": 0.3}], "pay": {"every_h": 24}}
    two = contractor("a"), contractor("b")
    book = Expecting(market([0, 1, 2, 3], *two, settlement=stated), *"abab")
    told = [usd for _, usd in book.expected_usd]
    expected = [1 + 3 / 2, 1 + 1 + 3 * 2 / 3, 1 + 1 + 3 * 2 / 4, 1 + 2 + 3 * 3 / 5]
    assert told == pytest.approx([0.3 / many for many in expected], rel=1e-3)
    together = {"pay": {"every_h": 24, "among": "client"}}
    book = Expecting(market([0, 1, 2, 3], *two, settlement=stated | together), *"abab")
    assert [usd for _, usd in book.expected_usd] == pytest.approx([0.3 / n for n in (4, 5, 6, 7)], rel=1e-3)


@pytest.mark.parametrize(
    ("more", "usd"),
    [
        ({}, 0.029 + 0.3 + 0.005 + 0.08 * 2 / 365),
        ({"escrow": WINDOW}, 0.029 + 0.3 + 0.005 + 0.08 * (2 + 2.5) / 365),
        ({"pay": {"every_h": 24}}, 0.029 + 0.3 / 4 + 0.005),
        ({"pay": {}, "fx": None, "fee": [{"kind": "card", "fixed_usd": 0.3}]}, 0.3),
        ({"fx": None, "fee": []}, 0.08 * 2 / 365),
    ],
)
def test_what_payment_costs_is_part_of_what_an_offer_is_expected_to_cost(
    more: dict[str, Any], usd: float
) -> None:
    """Of four jobs of 1 USD in a day, most of them paid in EUR."""
    stated = {
        "fee": [{"kind": "card", "share": 0.029, "fixed_usd": 0.3}],
        "fx": {"contractors": {"a": "EUR"}, "rate": {"EUR": 1.1}, "spread_bp": 50},
        "pay": {"delay_days": 2, "capital_rate_per_year": 0.08},
    }
    book = Expecting(market([0, 100, 200, 300], contractor("a"), settlement=stated | more), *"aaaa")
    first = (
        1 if "every_h" in (stated | more)["pay"] else 4
    )  # later ones know what there is to be paid already
    assert book.expected_usd[:first] == [pytest.approx((1.0, usd))] * first
    if "escrow" not in more:  # there what waits in it for the minute of a job is not expected, and real
        assert book.figures["frictions_usd"] == pytest.approx(4 * usd)


def test_a_holdback_is_paid_when_its_window_has_closed() -> None:
    book = Kept(market([0], contractor("a"), settlement={"escrow": WINDOW}), "a")
    assert book.told("capture", "release") == [
        (60, "capture", 0, 750_000_000),
        (60 + 10 * DAY_S, "release", 0, 250_000_000),
    ]
    assert book.figures["days_to_paid_p50"] == 60 / DAY_S
    whole = Kept(market([0], contractor("a"), settlement={"escrow": WINDOW | {"holdback": 1}}), "a")
    assert whole.told("capture", "release") == [(60 + 10 * DAY_S, "release", 0, ONE)]
    assert whole.figures["days_to_paid_p50"] == pytest.approx(10 + 60 / DAY_S)


@pytest.mark.parametrize(
    ("seller", "wrong", "decided", "seller_has", "client_paid"),
    [
        (GOOD, 0, "dispute won", 1.0, 1.0 + 0.15),
        (GOOD, 1, "dispute lost", 0.4 - 0.15, 0.4),
        (BAD, 0, "dispute lost", 0.4 - 0.15, 0.4),
        (BAD, 1, "dispute won", 1.0, 1.0 + 0.15),
    ],
)
def test_who_contests_a_verdict_waits_for_a_decision(
    seller: dict[str, Any], wrong: int, decided: str, seller_has: float, client_paid: float
) -> None:
    """Bad work earns 0.4 USD: the other 0.6 are at stake. Of good work, which is accepted, 0.25 wait anyway
    and its contractor puts 0.35; of bad work, which is not, its client puts 0.6. Deciding costs 0.15."""
    dispute = {"share": 1, "days": 50, "cost_usd": 0.15, "wrong": wrong}
    scenario = market(
        [0],
        contractor("a", **seller),
        contracts=SURE | {"due_on_failure": 0.4},
        settlement={
            "escrow": WINDOW | {"dispute": dispute},
            "pay": {"delay_days": 1, "capital_rate_per_year": 0.1},
        },
    )
    book = Kept(scenario, "a")
    good = seller is GOOD
    opened_s = 60 + (DAY_S if good else 0)  # the contractor puts what it has been paid
    assert book.told("dispute", decided) == [
        (opened_s, "dispute", 0, 350_000_000 if good else 600_000_000),
        (opened_s + 50 * DAY_S, decided, 0, 600_000_000),
    ]
    held = book.balances()
    assert held["Contractor:K000 USD"] == pytest.approx(seller_has * ONE, abs=1)
    assert held["Opening USD"] + held["Client:C000 USD"] == pytest.approx(-client_paid * ONE, abs=1)
    assert held["Platform USD"] == 150_000_000
    assert book.figures["disputes"] == 1
    paid_usd = 1.0 if good else 0.4
    assert book.figures["disputes_usd"] == pytest.approx(client_paid - paid_usd)
    moved_usd = 0.75 if good else 0.4  # a day under way; what waits beside that, and the dispute
    days = moved_usd + 0.6 * 50 + (0.25 if good else 0) + 60 / DAY_S
    assert book.figures["capital_cost_usd"] == pytest.approx(0.1 * days / 365, abs=1e-8)


def test_a_bill_is_cut_at_its_cap() -> None:
    bills = {"job": {"success": 1, "bill_usd": 2.0, "failed_bill_usd": 2.0, "latency_min": 1}}
    scenario = market([0], contractor("a", outcomes=bills), settlement={"escrow": {"cap": 0.5}})
    book = Kept(scenario, "a")
    assert book.ended[0].paid_usd == 1.5
    assert book.figures["disputes"] == 1
    assert book.told("top up", "capture") == [(60, "top up", 0, ONE // 2), (60, "capture", 0, 1_500_000_000)]


def test_what_comes_to_nothing_goes_back_and_bad_work_earns_what_the_contract_says() -> None:
    """A contract that is too late, one that nobody answers, and bad work, all of whose price is held back."""
    scenario = market(
        [0, 1000, 2000],
        contractor("late"),
        contractor("silent", unreachable_rate=1),
        contractor("bad", **BAD),
        contracts=SURE | {"due_on_failure": 0.4, "timeout_factor": 0.5},
        settlement={"escrow": {}},
    )
    late = Kept(scenario, "late", "silent")
    assert late.told("reclaim", "void") == [(30, "reclaim", 0, ONE), (late.ended[1].ended_s, "void", 1, ONE)]
    (refund,) = Kept(scenario | {"contracts": SURE | {"due_on_failure": 0.4}}, "bad").of("refund")
    assert refund.legs == {
        "Escrow:C000 USD": -ONE,
        "Client:C000 USD": 600_000_000,
        "Contractor:K002 USD": 400_000_000,
    }


def test_what_falls_due_now_is_done_first_and_of_equals_what_was_entered_first() -> None:
    done: list[tuple[str, float]] = []
    calendar = Calendar()
    for what, at_s in (("later", 9.0), ("first", 5.0), ("second", 5.0), ("early", 1.0)):
        calendar.enter(at_s, lambda now_s, what=what: done.append((what, now_s)))  # type: ignore[misc]
    calendar.advance(5.0)
    assert done == [("early", 1.0), ("first", 5.0), ("second", 5.0)]
    calendar.enter(7.0, lambda now_s: calendar.enter(now_s + 1, lambda at_s: done.append(("last", at_s))))
    calendar.advance()
    assert done[3:] == [("last", 8.0), ("later", 9.0)]
    assert calendar.now_s == 9.0


@pytest.mark.parametrize(
    ("stated", "most"),
    [({"clients": {"funds_usd": 1.0}}, 1), ({"failures": {"rate": 1, "retries": 2}}, 0)],
    ids=["funds", "gateway"],
)
def test_what_cannot_be_authorised_is_rejected_and_done_at_home(stated: dict[str, Any], most: int) -> None:
    scenario = market([0, 100], contractor("a"), settlement=stated, policy={"kind": "always_outsource"})
    result = run_of(scenario)
    contracts, decisions = result.contracts, result.decisions
    assert contracts["state"].tolist() == ["completed"] * most + ["rejected"] * (2 - most)
    assert contracts["reason"].tolist()[most:] == ["payment failed"] * (2 - most)
    assert contracts["paid_usd"].tolist() == [1.0] * most + [0.0] * (2 - most)
    assert decisions["choice"].tolist() == ["contractor"] * most + ["local"] * (2 - most)
    assert decisions["realised_usd"].tolist() == pytest.approx([1.0] * most + [HOME_USD] * (2 - most))
    assert result.replications[0]["payment_failures"] == 2 - most


def test_what_a_client_has_is_known_once_what_is_due_has_been_paid() -> None:
    """Of 3 USD two prices are held from the start on; the fee of the first, 0.3, is due at 72 s, and at 80 s
    the second is billed twice its price: 1.7 can be had."""
    bills = {"job": {"success": 1, "bill_usd": 2.0, "failed_bill_usd": 2.0, "latency_min": 1}}
    scenario = market(
        [0, 20],
        contractor("a"),
        contractor("b", outcomes=bills),
        settlement={
            "clients": {"funds_usd": 3},
            "fee": [{"kind": "card", "fixed_usd": 0.3}],
            "pay": {"every_h": 0.02},
        },
    )
    book = Kept(scenario, "a", "b")
    assert [each.paid_usd for each in book.ended] == [1.0, 1.7]
    assert book.told("top up") == [(80, "top up", 1, 700_000_000)]


def test_escrow_makes_those_pay_who_would_not() -> None:
    def played(stated: dict[str, Any]) -> Kept:
        adversaries = [{"kind": "non_payment", "who": {"clients": 1.0}}]
        clients = {"count": 2}
        scenario = market([0], contractor("a"), clients=clients, adversaries=adversaries, settlement=stated)
        return Kept(scenario, "a")

    kept_back = played({})
    assert kept_back.told("capture", "reclaim") == [(60, "reclaim", 0, ONE)]
    assert kept_back.ended[0].paid_usd == 0
    secured = played({"escrow": {}})
    assert secured.told("capture", "reclaim") == [(60, "capture", 0, ONE)]
    assert secured.ended[0].paid_usd == 1


def test_what_defences_take_is_in_the_book() -> None:
    """Of good work and bad: a stake of 0.2 comes back or is slashed; a tenth of what is paid; 0.5 to enter;
    and 1 USD an hour of the slot that is withheld, of two."""
    scenario = market(
        [0, 100],
        contractor("good", slots=2, own_cost_share=0.5),
        contractor("bad", slots=2, **BAD),
        contracts=SURE | {"due_on_failure": 0.5},
        settlement={},
        adversaries=[{"kind": "withholding", "who": {"members": ["good"]}}],
        defences={
            "stake_usd": 0.2,
            "platform_fee_share": 0.1,
            "entry_fee_usd": 0.5,
            "commitment": {"usd_per_slot_h": 1.0},
        },
    )
    book = Kept(scenario, "good", "bad")
    lasts_s = book.market.ended_s
    assert book.told("unstake", "slash", "entry fee", "levy") == [
        (60, "levy", None, 100_000_000),
        (60, "unstake", 0, 200_000_000),
        (160, "levy", None, 50_000_000),
        (160, "slash", 1, 200_000_000),
        (lasts_s, "levy", None, round(ONE * lasts_s / 3600)),
        (0, "entry fee", None, 500_000_000),
        (0, "entry fee", None, 500_000_000),
    ]
    trade = book.market.trade
    levied_usd = trade.books.levied_usd(lasts_s).sum()  # type: ignore[union-attr]
    assert book.balances()["Platform USD"] == pytest.approx(levied_usd * ONE, abs=1)


def test_nobody_contests_what_makes_no_difference() -> None:
    escrow = {"dispute": {"share": 1, "days": 50}}
    for due, contested in ((1.0, 0), (0.4, 1)):
        rules = SURE | {"due_on_failure": due}
        book = Kept(market([0], contractor("a"), contracts=rules, settlement={"escrow": escrow}), "a")
        assert book.figures["disputes"] == len(book.of("dispute")) == contested


def test_a_payment_that_comes_back_is_taken_from_all_who_had_it_and_its_fee_is_shared() -> None:
    """Of a fee of 3 units two contractors bear 2 and 1."""
    stated = {
        "charge_backs": {"rate": 1, "days": 30, "fee_usd": 3e-9},
        "pay": {"every_h": 1, "among": "client"},
    }
    book = Kept(market([0, 100], contractor("a"), contractor("b", price_usd=0.5), settlement=stated), *"ab")
    at_s = HOUR_S + 30 * DAY_S
    assert book.told("charge-back", "dispute fee") == [
        (at_s, "charge-back", 0, ONE),
        (at_s, "charge-back", 1, ONE // 2),
        (at_s, "dispute fee", None, 2),
        (at_s, "dispute fee", None, 1),
    ]
    assert [min(each.legs, key=lambda name: each.legs[name])[-8:] for each in book.of("dispute fee")] == [
        "K000 USD",
        "K001 USD",
    ]
    assert book.figures["charge_backs"] == 1


def test_a_loss_is_borne_by_those_who_took_payments_back_and_by_none_beyond_what_it_took() -> None:
    """Two clients take back 1 USD each, which their contractor has; of 15 for each it has nothing."""
    stated = {"charge_backs": {"rate": 1, "days": 30, "fee_usd": 15, "written_off_by": "client"}}
    tasks = [{"type": "job", "arrival_s": 100.0 * client, "client": client} for client in range(2)]
    book = Kept(market(tasks, contractor("a"), clients={"count": 2}, settlement=stated), *"aa")
    (loss,) = book.of("write-off")
    assert loss.legs == {
        "Contractor:K000 USD": 30 * ONE,
        "Client:C000 USD": -ONE,
        "Client:C001 USD": -ONE,
        "Loss:Clients USD": 2 * ONE,
        "Platform USD": -28 * ONE,
        "Loss:Platform USD": 28 * ONE,
        "Opening USD": -30 * ONE,
    }
    assert book.figures["written_off_usd"] == 30
    assert book.figures["written_off_by_clients_usd"] == 2
    assert book.figures["frictions_usd"] == 0  # clients have lost what they had taken


def test_a_settlement_that_costs_nothing_changes_nothing() -> None:
    changes = ["workload.arrivals.limit=60", "replications=1"]
    plain = coalesce_sim.run(coalesce_sim.load("market", changes), core="simpy")
    settled = coalesce_sim.run(coalesce_sim.load("market", [*changes, "settlement={}"]))
    assert {"decisions", "contracts", "ratings", "sellers"} <= set(plain.tables)
    assert settled.tables.keys() == plain.tables.keys()
    for name, chunks in plain.tables.items():
        assert all(a.equals(b) for a, b in zip(chunks, settled.tables[name], strict=True))
    metrics, before = settled.replications[0], plain.replications[0]
    assert {name: metrics[name] for name in before} == before
    assert set(metrics) - set(before) >= {"cost_reduction_net", "frictions_usd", "held_usd_p95"}
    assert metrics["frictions_usd"] == 0
    assert metrics["cost_reduction_net"] == metrics["cost_reduction"]
