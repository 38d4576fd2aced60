"""How long a large book takes to be written."""

from __future__ import annotations

import time
from pathlib import Path

from coalesce_sim import load
from coalesce_sim.provenance import Origin
from coalesce_sim.report.book import BookFolder, write_book
from coalesce_sim.scenario.settling import settled
from tests.settlement.journals import many

CONTRACTS = 100_000
LIMIT_S = 10.0
"""Of a core; on an idle one of 2026 it is 4."""


def test_the_book_of_a_hundred_thousand_contracts_is_written_in_ten_seconds(tmp_path: Path):
    """The journal as a table and as text, and a payment requirement a contract."""
    book = tmp_path / "book"
    origin = Origin("market", (), settled(load("market")), 1, 1, book=book, payments=True)
    journal = many(CONTRACTS)
    began_s = time.process_time()
    with BookFolder(book) as folder:
        written = write_book(folder, origin, journal)
    assert time.process_time() - began_s < LIMIT_S
    assert written.result.told == [
        "book of replication 0 of 1: 100,000 contracts, 400,000 entries, balances to 0",
        "payments: 100,000 requirements of 100,000 contracts",
    ]
