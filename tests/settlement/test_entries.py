"""A book by hand, to the unit; amounts as large as they may be."""

from __future__ import annotations

from typing import Any

import pytest

from coalesce_sim import AmountError
from tests.market.trading import contractor, market
from tests.settlement.played import DAY_S, ONE, Entry, Kept

CLIENT, ESCROW, PLATFORM = "Client:C000 USD", "Escrow:C000 USD", "Platform USD"
HERE, ABROAD, TRANSIT = "Contractor:K000 USD", "Contractor:K001 EUR", "InTransit USD"
USD_DESK, EUR_DESK = "Fx USD", "Fx EUR"
MILLI = ONE // 1000


def entry(at_s: float, event: str, contract: int | None, units: int, source: str, goal: str) -> Entry:
    return Entry(at_s, event, contract, {source: -units, goal: units})


def test_a_book_by_hand() -> None:
    """Two jobs: one of 1 USD from 0 to 60 s, one of 1.10 USD = 1 EUR from 100 to 160 s. A tenth is held back
    until the verdict; fees are 2.9 % + 0.30 of the client and 2 % of the contractor; all is charged back."""
    scenario = market(
        [0, 100],
        contractor("here"),
        contractor("abroad", price_usd=1.1),
        settlement={
            "escrow": {"holdback": 0.1, "until": "verified"},
            "fee": [
                {"kind": "card", "share": 0.029, "fixed_usd": 0.3, "payer": "client"},
                {"kind": "platform", "share": 0.02, "payer": "contractor"},
            ],
            "fx": {"contractors": {"abroad": "EUR"}, "rate": {"EUR": 1.1}, "spread_bp": 50},
            "charge_backs": {"rate": 1, "days": 60, "fee_usd": 15},
            "clients": {"funds_usd": 10},
        },
    )
    first_s, last_s = 60 + 60 * DAY_S, 160 + 60 * DAY_S
    book = Kept(scenario, "here", "abroad")
    assert book.entries == [
        entry(0, "fund", None, 10 * ONE, "Opening USD", CLIENT),
        entry(0, "authorise", 0, ONE, CLIENT, ESCROW),
        entry(60, "capture", 0, 900 * MILLI, ESCROW, HERE),
        entry(60, "release", 0, 100 * MILLI, ESCROW, HERE),
        entry(60, "fee", 0, 329 * MILLI, CLIENT, PLATFORM),  # 0.029 + 0.3
        entry(60, "fee", 0, 20 * MILLI, HERE, PLATFORM),
        entry(100, "authorise", 1, 1100 * MILLI, CLIENT, ESCROW),
        entry(160, "capture", 1, 990 * MILLI, ESCROW, TRANSIT),
        entry(160, "release", 1, 110 * MILLI, ESCROW, TRANSIT),
        entry(160, "top up", 1, 5_500_000, CLIENT, TRANSIT),  # the spread of 0.5 %
        Entry(
            160,
            "fx",
            1,
            {TRANSIT: -1_105_500_000, USD_DESK: 1_105_500_000, EUR_DESK: -ONE, ABROAD: ONE},
        ),
        entry(160, "fee", 1, 331_900_000, CLIENT, PLATFORM),  # 0.0319 + 0.3
        Entry(  # 0.022 USD, at 1.10
            160,
            "fee",
            1,
            {PLATFORM: 22 * MILLI, USD_DESK: -22 * MILLI, EUR_DESK: 20 * MILLI, ABROAD: -20 * MILLI},
        ),
        entry(first_s, "charge-back", 0, ONE, HERE, CLIENT),  # who has 0.98
        entry(first_s, "dispute fee", 0, 15 * ONE, HERE, PLATFORM),
        Entry(
            last_s,
            "charge-back",
            1,
            {CLIENT: 1100 * MILLI, USD_DESK: -1100 * MILLI, EUR_DESK: ONE, ABROAD: -ONE},
        ),
        Entry(  # 15 / 1.1 = 13.6363636363…
            last_s,
            "dispute fee",
            1,
            {PLATFORM: 15 * ONE, USD_DESK: -15 * ONE, EUR_DESK: 13_636_363_636, ABROAD: -13_636_363_636},
        ),
        Entry(  # 1 − 0.02 − 1 − 15
            last_s,
            "write-off",
            None,
            {
                HERE: 15_020 * MILLI,
                PLATFORM: -15_020 * MILLI,
                "Loss:Platform USD": 15_020 * MILLI,
                "Opening USD": -15_020 * MILLI,
            },
        ),
        Entry(  # 1 − 0.02 − 1 − 13.636363636 EUR, which are 15.0219999996 USD
            last_s,
            "write-off",
            None,
            {
                ABROAD: 13_656_363_636,
                PLATFORM: -15_022 * MILLI,
                "Loss:Platform USD": 15_022 * MILLI,
                "Opening USD": -15_022 * MILLI,
                EUR_DESK: -13_656_363_636,
                USD_DESK: 15_022 * MILLI,
            },
        ),
    ]
    assert book.balances()[CLIENT] == 9_333_600_000  # 10 − 0.329 − 0.0055 − 0.3319, and prices came back
    told = {
        "frictions_usd": 10 - 9.3336 - 2.1,
        "fees_usd": 0.329 + 0.02 + 0.3319 + 0.022,
        "fx_loss_usd": 0.0055,
        "charge_backs": 2,
        "charge_backs_usd": 2.1,
        "written_off_usd": 30.042,
        "days_to_paid_p50": 60 / DAY_S,
    }
    assert {name: book.figures[name] for name in told} == pytest.approx(told)


def priced(usd: float, **settlement: Any) -> dict[str, Any]:
    return market([0, 100, 200], contractor("a", price_usd=usd), settlement=settlement)


def test_many_of_the_largest_amounts_are_no_more_than_a_balance_can_be() -> None:
    book = Kept(priced(9e9), *"aaa")
    assert book.balances() == {"Opening USD": -27 * 10**18, CLIENT: 0, ESCROW: 0, HERE: 27 * 10**18}


def test_more_than_a_journal_can_write_down_is_refused_by_name() -> None:
    told = r"fund of no contract: 10000000000000000000 units .* more than the 9223372036854775807"
    with pytest.raises(AmountError, match=told):
        Kept(priced(1e10), "a")
    with pytest.raises(AmountError, match="pay out of no contract: 27000000000000000000 units"):
        Kept(priced(9e9, pay={"every_h": 1}), *"aaa")


def test_amounts_of_one_unit_are_paid_one_by_one_and_together() -> None:
    for pay, events in (({}, 3), ({"every_h": 1}, 1)):
        book = Kept(priced(1e-9, pay=pay, fee=[{"kind": "card", "share": 0.029}]), *"aaa")
        assert book.balances()[HERE] == 3
        assert len(book.of("pay out" if pay else "capture")) == events
        assert book.of("fee") == []  # 0.029 of one unit, and 0.087 of three, rounded down
