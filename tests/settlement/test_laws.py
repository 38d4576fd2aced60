"""The seven laws of the book: contracts that end in all ways keep them, and a book that breaks one is refused
by its number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coalesce_sim import ConservationError
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.settling import Settling
from coalesce_sim.market.contracts.states import COMPLETED
from coalesce_sim.settlement.book import Book
from coalesce_sim.settlement.chart import Chart
from coalesce_sim.settlement.events import CAPTURE, FEE
from coalesce_sim.settlement.ledger import NO_CONTRACT, Ledger
from coalesce_sim.settlement.payouts import Payouts
from coalesce_sim.settlement.units import units_of
from tests.market.trading import contractor, market
from tests.settlement.played import Kept

PAYS = ("capture", "release", "refund", "pay out", "fx")
SELLERS = ("K000 USD", "K001 USD", "K001 EUR")
GUARDED = ("Escrow", "Stake", "InTransit")
ENDS = ("void", "reclaim", "refund")


def _sections(required: dict[str, Any], optional: Any = None) -> st.SearchStrategy[dict[str, Any]]:
    """A section of a scenario, of which some may be left out."""
    strategy: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(required, optional=optional)
    return strategy


SHARES = st.sampled_from([0.0, 0.029, 0.3333, 1.0])
DAYS = st.sampled_from([0.0, 0.01, 60.0, {"uniform": {"low": 0.001, "high": 90}}])
FEES = _sections(
    {
        "kind": st.just("card"),
        "share": st.sampled_from([0.0, 0.029]),
        "fixed_usd": st.sampled_from([0.0, 0.3]),
        "payer": st.sampled_from(["client", "contractor"]),
    }
)
DISPUTES = _sections(
    {"days": DAYS, "share": st.sampled_from([0.5, 1.0]), "wrong": SHARES, "cost_usd": st.just(0.15)}
)
SETTLEMENTS = _sections(
    {},
    optional={
        "escrow": _sections(
            {"holdback": SHARES, "until": st.sampled_from(["verified", "window"])},
            optional={
                "window_days": st.sampled_from([0.0, 0.01, 60.0]),
                "dispute": DISPUTES,
                "cap": st.sampled_from([0.0, 0.1]),
            },
        ),
        "fee": st.lists(FEES, max_size=2),
        "pay": _sections(
            {"capital_rate_per_year": st.sampled_from([0.0, 0.08])},
            optional={
                "every_h": st.sampled_from([0.05, 1.0]),
                "among": st.sampled_from(["pair", "client"]),
                "delay_days": st.sampled_from([0.001, 2.0]),
                "borne_by": st.sampled_from(["client", "contractor"]),
            },
        ),
        "fx": _sections(
            {
                "contractors": st.just({"b": "EUR"}),
                "rate": st.just({"EUR": 1.1}),
                "volatility_per_year": st.sampled_from([0.0, 2.0]),
                "spread_bp": st.sampled_from([0, 33]),
            }
        ),
        "charge_backs": _sections(
            {"rate": SHARES, "days": DAYS, "written_off_by": st.sampled_from(["platform", "client"])}
        ),
        "failures": st.just({"rate": 0.6, "retries": 1}),
        "clients": st.just({"funds_usd": {"uniform": {"low": 0, "high": 6}}}),
    },
)
DEFENCES = st.sampled_from([{}, {"stake_usd": 0.3, "platform_fee_share": 0.1, "entry_fee_usd": 2.0}])


def eventful(settlement: dict[str, Any], defences: dict[str, Any], *, cheats: bool) -> dict[str, Any]:
    """Contracts that cannot be reached, are refused, time out, fail, are found bad, and cost more than was
    agreed; some clients do not pay."""
    bills = {"job": {"success": 0.6, "bill_usd": 1.4, "failed_bill_usd": 0.6, "latency_min": 1}}
    away = {"unreachable_rate": 0.2, "slots": 1, "queue_limit": 1}
    due = 0.0 if settlement.get("escrow", {}).get("until") == "verified" else 0.3
    return market(
        [{"type": "job", "arrival_s": 15.0 * at, "client": at % 2} for at in range(12)],
        contractor("a", success=0.6, **away),
        contractor("b", outcomes=bills, **away),
        clients={"count": 2},
        contracts={
            "failed_share": 0.3,
            "due_on_failure": due,
            "timeout_factor": 1.5,
            "recovery": {"retries": 1, "then": "give_up"},
        },
        realised={"external_time_factor": {"lognormal": {"median": 1, "sigma": 0.5}}},
        policy={"kind": "random"},
        defences=defences,
        settlement=settlement,
        adversaries=[{"kind": "non_payment", "who": {"clients": 0.5}}] if cheats else [],
    )


@settings(max_examples=25)
@given(SETTLEMENTS, DEFENCES, st.booleans())
def test_contracts_that_end_in_all_ways_keep_the_laws(
    settlement: dict[str, Any], defences: dict[str, Any], cheats: bool
) -> None:
    book = Kept(eventful(settlement, defences, cheats=cheats))
    running: dict[str, int] = {}
    for entry in book.entries:
        for currency in ("USD", "EUR"):
            assert sum(units for account, units in entry.legs.items() if account.endswith(currency)) == 0
        for account, units in entry.legs.items():
            running[account] = running.get(account, 0) + units
            assert running[account] >= 0 or not account.startswith(GUARDED)
    assert not any(units for account, units in running.items() if account.startswith(GUARDED))
    authorised = [each for each in book.ended if each.number >= 0]
    assert sorted(each.number for each in authorised) == list(range(len(authorised)))
    for contract in authorised:
        own = [each.event for each in book.entries if each.contract == contract.number]
        ended = [each for each in own if each in ENDS]
        assert own.count("authorise") == 1
        assert len(ended) == (0 if _nothing_goes_back(contract) else 1)
    _what_contractors_got(book, settlement)
    _what_clients_paid(book, settlement)


def _nothing_goes_back(contract: Contract) -> bool:
    """Whether a contract ends with what its contractor has: it was accepted, and its client pays if anything
    is due; or bad work had earned the whole price on delivery."""
    if contract.reported:
        return contract.paid_usd > 0 or contract.billed_usd == 0 or contract.waived_usd > 0
    captured = contract.state == COMPLETED
    return captured and contract.paid_usd >= contract.agreed_usd


def _what_contractors_got(book: Kept, settlement: dict[str, Any]) -> None:
    earned = sum(each.legs.get("Contractor:K000 USD", 0) for each in book.of(*PAYS))
    paid = sum(units_of(each.paid_usd) for each in book.ended if each.contractor == 0)
    escrow = settlement.get("escrow", {})
    if "dispute" in escrow and escrow["until"] == "window":  # of a holdback that is contested, a part waits
        assert earned <= paid
    else:
        assert earned == paid


def _what_clients_paid(book: Kept, settlement: dict[str, Any]) -> None:
    left = sum(units for account, units in book.balances().items() if account.startswith("Client"))
    funded = sum(
        units for each in book.of("fund") for account, units in each.legs.items() if "Client" in account
    )
    frictions_usd = book.figures["frictions_usd"]
    if settlement.get("pay", {}).get("borne_by", "client") == "client":
        frictions_usd -= book.figures.get("capital_cost_usd", 0.0)
    prices = sum(units_of(each.paid_usd) for each in book.ended)
    assert funded - left == pytest.approx(prices + 1e9 * frictions_usd, abs=1)


def ledger() -> Ledger:
    return Ledger(Chart(2, 2, ["USD", "EUR"]))


def test_an_entry_that_does_not_sum_to_zero_is_not_made() -> None:
    book = ledger()
    chart = book.chart
    with pytest.raises(
        ConservationError, match=r"law 1: capture of contract 7 .*C000 USD -3, .*K001 USD \+4"
    ):
        book.post(0.0, CAPTURE, 7, (chart.escrow(0), -3), (chart.contractor(1), 4))
    with pytest.raises(ConservationError, match="law 1: fee of no contract"):
        book.post(0.0, FEE, NO_CONTRACT, (chart.client(0), -3), (chart.contractor(1, 1), 3))
    with pytest.raises(ConservationError, match="law 1"):
        book.post(0.0, FEE, NO_CONTRACT, (0, -3), (chart.platform, 2), (chart.contractor(0, 1), 1))
    assert not any(book.balances)
    assert book.entries == 0


def test_a_book_that_does_not_sum_to_zero_is_refused() -> None:
    book = ledger()
    book.check()
    book.balances[book.chart.contractor(1, 1)] += 1
    with pytest.raises(ConservationError, match="law 2: the book sums to 1 units of EUR"):
        book.check()


def test_nothing_leaves_escrow_that_is_not_there() -> None:
    book = ledger()
    chart = book.chart
    book.move(0.0, CAPTURE, 0, chart.client(1), chart.escrow(1), 5)
    with pytest.raises(ConservationError, match=r"law 3: capture of contract 1 leaves .*C001 USD below"):
        book.move(0.0, CAPTURE, 1, chart.escrow(1), chart.contractor(0), 6)
    assert (book.balances[chart.escrow(1)], book.balances[chart.contractor(0)], book.held_units) == (5, 0, 5)
    book.balances[chart.stake(0)], book.balances[chart.platform] = -1, 1
    with pytest.raises(ConservationError, match="law 3: Assets:Stake:K000 USD holds -1 units"):
        book.check()


def _nothing(*_: object, **__: object) -> None:
    """What should have been done is not."""


def _to_another(self: Settling, contractor: int) -> int:
    """The account of the wrong contractor."""
    return self._ledger.chart.contractor(1 - contractor)


def _told_only(self: Payouts, at_s: float, contract: int, client: int, gets: object) -> None:  # noqa: ARG001
    """A fee that is told and not taken."""
    self._tally.by_clients += 1


def _in_part(self: Settling, contract: Contract, event: int, target: int, units: int) -> None:
    """One unit less, of what is told."""
    escrow = self._ledger.chart.escrow(contract.client)
    self._ledger.move(contract.ended_s, event, contract.number, escrow, target, units - 1)
    contract.held_units -= units


def _twice(self: Book, contract: int, how: str, held_units: int) -> None:
    """A contract that ends two times."""
    ENDING(self, contract, how, held_units)
    ENDING(self, contract, how, held_units)


ENDING = Book.ends
WRONG: dict[str, tuple[type, str, Callable[..., Any], str]] = {
    "the rest of a hold is forgotten": (Settling, "_give_back", _nothing, "law 4: contract 0 is captured"),
    "a unit stays in escrow": (Settling, "_out", _in_part, "law 4: all contracts .*C000 still holds"),
    "another is paid": (Settling, "_target", _to_another, "law 5: 0 units came to contractor 0"),
    "a fee is told and not taken": (Payouts, "_take_fees", _told_only, "law 6: clients paid"),
    "a contract ends twice": (Book, "ends", _twice, "law 7: contract 0 is captured, and is not open"),
    "a contract does not end": (Settling, "cancel", _nothing, "law 7: contract 1 was authorised and has not"),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_book_made_wrong_is_refused_by_the_law_that_it_breaks(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whose, name, wrong, told = WRONG[how]
    monkeypatch.setattr(whose, name, wrong)
    less = {"job": {"success": 1, "bill_usd": 0.4, "failed_bill_usd": 0.4, "latency_min": 1}}
    scenario = market(
        [0, 100],
        contractor("a", outcomes=less),
        contractor("b", unreachable_rate=1),
        settlement={"fee": [{"kind": "card", "share": 0.01}]},
    )
    with pytest.raises(ConservationError, match=told):
        Kept(scenario, "a", "b")


def test_a_book_that_says_otherwise_than_the_records_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    closes = Book.close

    def a_little_more(self: Book, now_s: float, revenue_usd: list[float]) -> None:
        closes(self, now_s, [usd + 1e-8 for usd in revenue_usd])

    monkeypatch.setattr(Book, "close", a_little_more)
    with pytest.raises(ConservationError, match=r"law 5: contractor 0 got 1000000000 units .* 1\.00000001"):
        Kept(market([0], contractor("a"), settlement={}), "a")
