"""Payment requirements of x402. That its own package reads them is tried in acceptance/."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from coalesce_sim.settlement.x402 import Exported, PaymentRequirements, write_payments
from tests.settlement.journals import CLIENT, DAY_S, ESCROW, ONE, SELLER, TRANSIT, Journal, every_event


def exported(journal: pa.Table) -> tuple[Exported, list[dict[str, Any]]]:
    file = io.StringIO()
    told = write_payments(journal, file, network="eip155:8453")
    return told, [json.loads(line) for line in file.getvalue().splitlines()]


def test_a_contract_asks_for_what_was_authorised_and_topped_up():
    """3 USD and half a USD, in escrow from second 62 to second 94.5; exchange tops up no escrow."""
    told, lines = exported(every_event())
    begins = datetime(2025, 6, 1, 8, tzinfo=UTC).timestamp()
    assert lines[2] == {
        "scheme": "auth-capture",
        "network": "eip155:8453",
        "amount": "3500000",
        "asset": "USD",
        "payTo": "merchant",
        "maxTimeoutSeconds": 33,
        "extra": {
            "contracts": [2],
            "client": "C007",
            "contractor": "K004",
            "name": 'a "quoted" \\ name\nin two lines',
            "paymentFlow": "escrow",
            "captureDeadline": begins + 62 + 33,
        },
    }
    assert [line["extra"]["contracts"] for line in lines] == [[0], [1], [2], [3], [4], [7]]
    assert told == Exported(written=6, alone=6, netted=0, left_out=2, left_out_units=800)


def small(*contracts: tuple[int, int, float]) -> pa.Table:
    """Contracts with a contractor, of some units, authorised at a time and captured ten seconds later."""
    book = Journal([seller for seller, _, _ in contracts])
    for number, (_, units, at_s) in enumerate(contracts):
        book.move(at_s, "authorise", number, units, CLIENT, ESCROW)
        book.move(at_s + 10, "capture", number, units, ESCROW, TRANSIT)
    book.move(DAY_S, "pay out", None, sum(units for _, units, _ in contracts), TRANSIT, SELLER)
    return book.table()


def test_contracts_below_one_unit_of_the_asset_are_netted_by_pair():
    told, lines = exported(small((3, 600, 0.0), (4, 999, 5.0), (3, 2_500, 7.0), (3, 900, 20.5)))
    assert told == Exported(written=2, alone=1, netted=2, left_out=1, left_out_units=999)
    alone, netted = lines
    assert (alone["scheme"], alone["amount"], alone["extra"]["contracts"]) == (
        "auth-capture",
        "2",
        [2],
    )  # half to even
    assert (netted["scheme"], netted["amount"]) == ("batch-settlement", "2")  # 1.5, half to even
    assert netted["extra"]["contracts"] == [0, 3]
    assert netted["maxTimeoutSeconds"] == 31


def test_what_comes_and_goes_at_once_is_held_for_a_second():
    book = Journal([3])
    book.move(5.0, "top up", 0, ONE, CLIENT, ESCROW)
    book.move(5.0, "capture", 0, ONE, ESCROW, SELLER)
    _, [line] = exported(book.table())
    assert (line["amount"], line["maxTimeoutSeconds"]) == ("1000000", 1)


GOOD = {
    "scheme": "auth-capture",
    "network": "eip155:8453",
    "amount": "1500",
    "asset": "EUR",
    "payTo": "merchant",
    "maxTimeoutSeconds": 60,
    "extra": {
        "contracts": [3],
        "client": "C007",
        "contractor": "K003",
        "name": "GPT-5.4",
        "paymentFlow": "escrow",
        "captureDeadline": 1748764895,
    },
}


def test_what_x402_means_is_read():
    assert PaymentRequirements.model_validate_json(json.dumps(GOOD)).model_dump() == GOOD


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "-5"),
        ("amount", "1.5"),
        ("amount", "5\n"),
        ("amount", ""),
        ("amount", "٣"),
        ("amount", 1500),
        ("network", "base"),
        ("network", "eip155:"),
        ("maxTimeoutSeconds", 0),
        ("maxTimeoutSeconds", -1),
        ("maxTimeoutSeconds", "60"),
        ("asset", "eur"),
        ("asset", "XXX"),
        ("payTo", ""),
        ("scheme", "card"),
        ("maxAmountRequired", "1500"),
        ("extra", {}),
    ],
)
def test_what_x402_lets_pass_is_refused(field: str, value: object):
    with pytest.raises(ValidationError) as refused:
        PaymentRequirements.model_validate_json(json.dumps(GOOD | {field: value}))
    assert {each["loc"][0] for each in refused.value.errors()} == {field}
