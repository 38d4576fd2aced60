"""The book as a text of beancount. That `bean-check` accepts it is tried in acceptance/."""

from __future__ import annotations

import io
import re
from decimal import Decimal

import pyarrow as pa

from coalesce_sim.settlement.beancount import write_beancount
from tests.settlement.journals import CLIENT, DAY_S, OPENING, SELLER, Journal, every_event, many


def text_of(journal: pa.Table) -> str:
    file = io.StringIO()
    write_beancount(journal, file, about="a book")
    return file.getvalue()


def transactions(text: str) -> list[str]:
    return [each for each in text.split("\n\n") if " * " in each]


def test_an_entry_is_a_transaction_with_all_decimals():
    book = Journal([3])
    book.move(0.0, "fund", None, 9 * 10**18, OPENING, CLIENT)
    book.move(3.25, "charge-back", 0, 1, SELLER, CLIENT)
    assert text_of(book.table()) == (
        "; a book\n"
        "\n"
        "2025-06-01 open Assets:Client:C007 USD\n"
        "2025-06-01 open Assets:Contractor:K003 USD\n"
        '  name: "GPT-5.4"\n'
        "2025-06-01 open Equity:Opening USD\n"
        "\n"
        '2025-06-01 * "fund" #fund\n'
        '  time: "2025-06-01T08:00:00.000000"\n'
        "  Equity:Opening  -9000000000.000000000 USD\n"
        "  Assets:Client:C007  9000000000.000000000 USD\n"
        "\n"
        '2025-06-01 * "charge-back" #charge-back\n'
        '  time: "2025-06-01T08:00:03.250000"\n'
        "  contract: 0\n"
        "  Assets:Contractor:K003  -0.000000001 USD\n"
        "  Assets:Client:C007  0.000000001 USD\n"
        "\n"
        "2025-06-02 balance Assets:Client:C007  9000000000.000000001 ~ 0 USD\n"
        "2025-06-02 balance Assets:Contractor:K003  -0.000000001 ~ 0 USD\n"
        "2025-06-02 balance Equity:Opening  -9000000000.000000000 ~ 0 USD\n"
    )


def test_the_text_says_what_the_journal_says():
    journal = every_event()
    posted = [
        (found[1], Decimal(found[2]).scaleb(9), found[3])
        for found in re.finditer(r"^  ([A-Z]\S+)  (\S+) (\S+)$", text_of(journal), re.MULTILINE)
    ]
    rows = journal.to_pylist()
    assert posted == [(row["account"], row["units"], row["currency"]) for row in rows]
    assert len(transactions(text_of(journal))) == rows[-1]["entry"] + 1


def test_entries_stand_by_day_and_within_a_day_as_they_were_posted():
    """A payment of the second day is booked when somebody next looks, on the third."""
    book = Journal([3])
    for time_s, event in ((2 * DAY_S + 9, "void"), (2 * DAY_S, "fund"), (DAY_S, "pay out"), (0.0, "fee")):
        book.move(time_s, event, None, 1, OPENING, CLIENT)
    days = [(each[:10], each.split('"')[1]) for each in transactions(text_of(book.table()))]
    assert days == [
        ("2025-06-01", "fee"),
        ("2025-06-02", "pay out"),
        ("2025-06-03", "void"),
        ("2025-06-03", "fund"),
    ]
    assert text_of(book.table()).splitlines()[-1].startswith("2025-06-04 balance ")


def test_an_account_lists_its_currencies_and_its_name_is_no_syntax():
    text = text_of(every_event())
    assert "open Assets:Fx EUR,USD\n" in text
    assert 'open Assets:Contractor:K004 EUR\n  name: "a \\"quoted\\" \\\\ name\\\\nin two lines"\n' in text
    assert text.count("\n2025-06-01 open ") == len(set(every_event()["account"].to_pylist()))


def test_what_64_bits_do_not_hold_is_balanced_all_the_same():
    book = Journal([])
    for _ in range(3):
        book.move(0.0, "fund", None, 9 * 10**18, OPENING, CLIENT)
    assert "balance Equity:Opening  -27000000000.000000000 ~ 0 USD" in text_of(book.table())


def test_how_the_legs_are_cut_changes_nothing():
    """Longer than what is written at a time, in one piece or in two."""
    journal = many(1_100)
    cut = pa.concat_tables([journal.slice(0, 13), journal.slice(13)])
    assert text_of(cut) == text_of(journal)
    assert len(transactions(text_of(journal))) == 4 * 1_100


def test_a_book_without_entries_is_a_comment():
    assert text_of(many(0)) == "; a book\n"
