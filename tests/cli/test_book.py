"""``run --book``: what is written, said and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from coalesce_sim import load, run
from coalesce_sim.errors import ConservationError
from coalesce_sim.experiments.runs import RunResult
from coalesce_sim.files import read_sealed
from coalesce_sim.report.book import check_balance
from coalesce_sim.settlement.journal import SCHEMA
from tests.cli.calling import Call, contents
from tests.markets import queueing
from tests.settlement.journals import CLIENT, OPENING, USD, Journal

FREE = "note: states no settlement: contracts are paid at once, at no cost (settlement: {})"
FILES = ["book.json", "journal.parquet", "book.beancount"]


def small(**changes: Any) -> str:
    """The file of a market in which one contractor has three tasks, for 0.05 USD each."""
    tasks = [{"type": "job", "arrival_s": 60.0 * minute} for minute in (1, 10, 1430)]
    scenario = queueing({"kind": "listed", "tasks": tasks}, policy={"kind": "always_outsource"})
    scenario["clock"]["start"] = "2025-06-02T00:00:00"
    Path("small.yaml").write_text(json.dumps({**scenario, "contracts": {}, **changes}))
    return "small.yaml"


def test_a_book_is_written_beside_the_results(call: Call):
    args = ("run", small(), "--no-figures", "--out", "out")
    called = call(*args, "--replications", "2", "--jobs", "1", "--book", "book", "--payments")
    assert called.code == 0, called.err
    assert FREE in called.err.splitlines()
    assert called.out.splitlines()[-3:] == [
        "Written to book: book.json, journal.parquet, book.beancount, payments.jsonl",
        "book of replication 0 of 2: 3 contracts, 9 entries, balances to 0",
        "payments: 3 requirements of 3 contracts",
    ]
    assert set(contents(Path("book"))) == {*FILES, "payments.jsonl"}
    told, sealed = read_sealed(Path("book/book.json"))
    assert sealed
    assert told["provenance"]["scenario"]["settlement"]["currency"] == "USD"
    assert told["provenance"]["command"].endswith("--no-figures --book book --payments")
    assert set(told["files"]) == {"journal.parquet", "book.beancount", "payments.jsonl"}
    journal = pq.read_table("book/journal.parquet")
    assert journal.schema.equals(SCHEMA)
    assert json.loads(journal.schema.metadata[b"names"]) == {"K000": "only"}
    paid = [row["units"] for row in journal.to_pylist() if row["account"] == "Assets:Contractor:K000"]
    assert paid == [50_000_000] * 3
    assert "journal.parquet" not in contents(Path("out"))


def test_a_book_again_takes_the_place_of_the_first_and_leaves_no_payments(call: Call):
    source = small(settlement={"network": "eip155:8453", "currency": "EUR"})
    args = ("run", source, "--no-figures", "--replications", "1", "--book", "book")
    assert call(*args, "--payments").code == 0
    assert json.loads(Path("book/payments.jsonl").read_text().splitlines()[0])["network"] == "eip155:8453"
    called = call(*args, "--json")
    assert (called.code, FREE in called.err) == (0, False)
    book = json.loads(called.out)["book"]
    assert (book["contracts"], book["replications"]) == (3, 1)
    assert [Path(each).name for each in book["outputs"]] == FILES
    assert set(contents(Path("book"))) == set(FILES)
    assert "0.050000000 EUR" in Path("book/book.beancount").read_text()


def test_what_no_contract_comes_to_is_left_out_and_said(call: Call):
    source = small(contractors=[{"name": "only", "price_usd": 3e-7, "latency_min": 1, "reliability": 1.0}])
    called = call("run", source, "--no-figures", "--replications", "1", "--book", "book", "--payments")
    assert " ".join(called.out.split()).endswith(
        "payments: 0 requirements of 0 contracts left out of payments: 3 contracts, 0.000000900 USD in all, "
        "below 0.000001 even netted"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--payments",), "--payments: are those of a book; say where it goes with --book DIR"),
        (("--book", "out"), "--book: 'out' is the folder of the results; give another one"),
        (("--book", "taken"), "Invalid value for --book: the folder 'taken' holds journal.parquet, which"),
        (
            ("--book", "new", "--set", "contracts=null"),
            "contracts: missing, and a book is of contracts",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(call: Call, words: tuple[str, ...], told: str):
    Path("taken").mkdir()
    Path("taken/journal.parquet").write_text("mine")
    before = {*contents(Path()), small()}
    called = call("run", "small.yaml", "--no-figures", "--out", "out", *words)
    assert called.code == 2
    assert told in called.err
    assert set(contents(Path())) == before
    assert Path("taken/journal.parquet").read_text() == "mine"


def test_in_python_the_journal_is_a_frame():
    result = run(load(small()), replications=2, book=True)
    assert result.journal["event"].tolist().count("capture") == 2 * 3  # two legs each, of one replication
    assert result.journal["units"].sum() == 0
    with pytest.raises(ValueError, match="journal: not recorded; ask for it with book=True"):
        print(RunResult(load(small()), 1, []).journal)


def test_a_journal_that_does_not_sum_to_zero_is_no_book():
    book = Journal([])
    book.post(0.0, "fund", None, (OPENING, USD, -9 * 10**18), (CLIENT, USD, 9 * 10**18 - 1))
    with pytest.raises(ConservationError, match="the journal sums to -1 units of USD"):
        check_balance(book.table())
