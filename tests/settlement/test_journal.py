"""The journal as a table."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np

from coalesce_sim.settlement.journal import SCHEMA, names_of, times
from tests.settlement.journals import CLIENT, ESCROW, EUR, NAMES, TRANSIT, USD, Journal, every_event, many


def test_each_leg_says_when_what_of_which_contract_and_how_much():
    book = Journal([3, 12])
    book.move(0.0, "fund", None, 5, "Equity:Opening", CLIENT)
    book.move(57_600.0, "authorise", 1, 9_000_000_000_000_000_000, CLIENT, ESCROW)
    table = book.table()
    assert table.schema.equals(SCHEMA)
    assert table.to_pylist()[1:3] == [
        {
            "time_s": 0.0,
            "date": date(2025, 6, 1),
            "entry": 0,
            "event": "fund",
            "contract": None,
            "contractor": None,
            "account": CLIENT,
            "currency": USD,
            "units": 5,
        },
        {
            "time_s": 57_600.0,
            "date": date(2025, 6, 2),  # from eight o'clock it is midnight
            "entry": 1,
            "event": "authorise",
            "contract": 1,
            "contractor": "K012",
            "account": CLIENT,
            "currency": USD,
            "units": -9_000_000_000_000_000_000,
        },
    ]
    assert names_of(table) == NAMES


def test_a_day_is_that_of_the_moment_to_the_microsecond():
    """A tenth of a microsecond before midnight rounds up to it, in the date and in the time alike."""
    book = Journal([3])
    for time_s in (86_399.999999, 86_399.9999999, 86_400.0):
        book.move(time_s, "fund", None, 1, "Equity:Opening", CLIENT)
    table = book.table(start=datetime.fromisoformat("2024-02-28T00:00:00+05:00"))
    days = [date(2024, 2, 28), date(2024, 2, 29), date(2024, 2, 29)]
    assert table["date"].to_pylist()[::2] == days
    assert [each.astype("datetime64[D]").item() for each in times(table)[::2]] == days


def test_an_account_may_hold_several_currencies():
    table = every_event()
    exchanged = [
        (row["account"], row["currency"], row["units"] > 0)
        for row in table.to_pylist()
        if row["event"] == "fx"
    ]
    assert exchanged == [
        (TRANSIT, USD, False),
        ("Assets:Fx", USD, True),
        ("Assets:Fx", EUR, False),
        ("Assets:Contractor:K004", EUR, True),
    ]


def test_nobody_hired_and_nothing_posted():
    assert many(0).schema.equals(SCHEMA)
    assert names_of(many(0))["K039"] == "model-39.1"
    assert np.array_equal(times(many(1))[:3].astype(str)[2:], ["2025-06-01T08:00:05.000000"])
