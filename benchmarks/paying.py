"""What a settlement takes beside the same market without one, on SimPy's core, and what its book takes."""

from __future__ import annotations

import io
import json
import statistics
import tempfile
import time
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import coalesce_sim
from benchmarks.markets import market, whole
from benchmarks.timing import Figure, command, cpu_s, in_turn, median_ratio
from coalesce_sim.market.market import Market
from coalesce_sim.policies.registry import create
from coalesce_sim.settlement.beancount import write_beancount
from coalesce_sim.settlement.chart import Chart
from coalesce_sim.settlement.events import AUTHORISE, CAPTURE, EXCHANGE, FEE, RELEASE
from coalesce_sim.settlement.journal import entries_of
from coalesce_sim.settlement.ledger import Journal, Ledger

_DAYS = {"uniform": {"low": 30, "high": 90}}
_PAY = {"delay_days": 2, "capital_rate_per_year": 0.08}

FULL: dict[str, Any] = {
    "escrow": {"holdback": 0.1, "until": "window", "window_days": 20, "cap": 0.5, "dispute": {"days": _DAYS}},
    "fee": [
        {"kind": "card", "share": 0.029, "fixed_usd": 0.3},
        {"kind": "platform", "share": 0.02, "payer": "contractor"},
    ],
    "pay": _PAY | {"every_h": 24},
    "fx": {
        "contractors": {"open_weights": "EUR"},
        "rate": {"EUR": 1.1},
        "volatility_per_year": 0.08,
        "spread_bp": 50,
    },
    "charge_backs": {"rate": 0.005, "days": _DAYS},
    "failures": {"rate": 0.01},
    "clients": {"funds_usd": {"lognormal": {"median": 500, "sigma": 0.5}}},
}
RULES: dict[str, Any] = {
    "jurisdictions": {"clients": {"US": 0.7, "DE": 0.3}, "contractors": {"edge": "SG", "frontier": "US"}},
    "sanctioned": [7],
    "ownership": [{"of": 9, "by": 7, "share": 0.5}],
    "residency": {"DE": ["DE", "FR"]},
    "tiers": {"basic": {"of": ["edge"], "per_contract_usd": 1000, "per_day_usd": 1000}},
}
WAYS = {
    "netted": {"settlement": FULL},
    "one by one": {"settlement": FULL | {"pay": _PAY}},
    "netted, with rules": {"settlement": FULL, "compliance": RULES},
}

CLIENTS, CONTRACTORS, MANY = 20, 30, 100_000
"""Of a book, and the contracts of one that is written."""


def rows(pairs: int) -> list[Figure]:
    """Throughput with a full settlement over that without, and what entries and writing them take."""
    found = []
    for what, stated in WAYS.items():
        plain, settled = _market({}), _market(stated)
        alone_s = in_turn(pairs, partial(market, settled, "simpy"), partial(market, plain, "simpy"))
        whole_s = in_turn(pairs, partial(whole, settled, "simpy"), partial(whole, plain, "simpy"))
        more_s = statistics.median(a - b for a, b in zip(*alone_s, strict=True))
        found += [
            Figure(f"{what}: throughput of the market alone", median_ratio(*alone_s), "≥ 0.6"),
            Figure(f"{what}: throughput of the whole play", median_ratio(*whole_s), "≥ 0.6"),
            Figure(f"{what}: µs more a contract, all told", 1e6 * more_s / _contracts(settled)),
        ]
    return [*found, *_book(), *_memory()]


def _market(sections: dict[str, Any]) -> coalesce_sim.Scenario:
    return coalesce_sim.load("market_day", [f"{name}={json.dumps(each)}" for name, each in sections.items()])


def _contracts(scenario: coalesce_sim.Scenario) -> float:
    played = Market(scenario, create(scenario.policy), coalesce_sim.Observer(), seed=scenario.seed)
    played.run()
    return played.figures()["contracts"]


def _book() -> list[Figure]:
    """What an entry takes that is posted, alone and to a journal, and the journal of many contracts."""
    chart, journal = Chart(CLIENTS, CONTRACTORS, ["USD", "EUR"]), Journal()
    bare_s = cpu_s(partial(_post, Ledger(chart)))
    ledger = Ledger(chart, journal)
    kept_s, began_s = cpu_s(partial(_post, ledger)), time.process_time()
    table = _table(journal, chart)
    with tempfile.TemporaryFile() as file:
        pq.write_table(table, file)
    parquet_s, began_s = time.process_time() - began_s, time.process_time()
    write_beancount(table, io.StringIO(), about="a benchmark")
    what = f"journal of {MANY:,} contracts, {ledger.entries:,} entries"
    return [
        Figure("an entry, µs", 1e6 * bare_s / ledger.entries, "≤ 4"),
        Figure("an entry that a journal keeps, µs", 1e6 * kept_s / ledger.entries, "≤ 4"),
        Figure(f"{what}: written, CPU s", kept_s + parquet_s, "≤ 10"),
        Figure("the same as a text of beancount, CPU s", time.process_time() - began_s),
    ]


def _post(ledger: Ledger) -> None:
    """Contracts that are authorised, captured and released, with a fee; one in four is paid in EUR."""
    chart = ledger.chart
    for contract in range(MANY):
        at_s, who, hired = 5.0 * contract, contract % CLIENTS, contract % CONTRACTORS
        client, escrow, contractor = chart.client(who), chart.escrow(who), chart.contractor(hired)
        ledger.move(at_s, AUTHORISE, contract, client, escrow, 1_000_000_007)
        ledger.move(at_s, CAPTURE, contract, escrow, contractor, 900_000_007)
        if contract % 4:
            ledger.move(at_s, RELEASE, contract, escrow, contractor, 100_000_000)
        else:
            legs = (escrow, -100_000_000), (chart.exchange, 100_000_000)
            theirs = chart.shared(chart.exchange, 1), chart.contractor(hired, 1)
            ledger.post(at_s, EXCHANGE, contract, *legs, (theirs[0], -90_909_091), (theirs[1], 90_909_091))
        ledger.move(at_s, FEE, contract, client, chart.platform, 29_000_000)


def _table(journal: Journal, chart: Chart) -> pa.Table:
    journal.contractors.extend(number % CONTRACTORS for number in range(MANY))
    return entries_of(journal, chart, [f"seller {who}" for who in range(CONTRACTORS)], datetime(2026, 6, 1))


def _memory() -> list[Figure]:
    """By how much more the peak of a run grows with four times as many contracts where they are settled."""
    peaks = [[_peak_mib(stated, days) for days in (0.25, 1.0)] for stated in (None, FULL, _ON_DELIVERY)]
    plain, full, simple = (after - before for before, after in peaks)
    return [
        Figure("six hours to a day, no settlement: MiB more", plain),
        Figure("the same, paid on delivery: MiB more", simple),
        Figure("the same, all of it, a tenth held back for 20 days: MiB more", full),
    ]


_ON_DELIVERY: dict[str, Any] = {"escrow": {}, "fee": FULL["fee"]}


def _peak_mib(settlement: dict[str, Any] | None, days: float) -> float:
    changes = f"settlement={json.dumps(settlement)}", f"clock.days={days}"
    stated = [word for change in changes for word in ("--set", change)]
    with tempfile.TemporaryDirectory() as name:
        arguments = ("run", "market_day", "--replications", "1", "--core", "simpy", "--no-figures", "--quiet")
        return command(*arguments, *stated, "--out", f"{name}/out").peak_mib
