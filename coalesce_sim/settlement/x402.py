"""The contracts of a journal as payment requirements of x402, protocol version 2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil, floor
from typing import Annotated, Final, Literal, TextIO

import numpy as np
import pyarrow as pa
from pydantic import Field

from coalesce_sim.columns import codes, numbers
from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.currencies import Currency
from coalesce_sim.scenario.settlement import Network
from coalesce_sim.settlement.journal import Words, names_of, start_of
from coalesce_sim.settlement.units import DECIMALS, divided

ASSET_DECIMALS: Final = 6
"""Digits after the point of an amount: of most stablecoins, and what is taken for currencies here."""

UNITS_PER_ATOM: Final[int] = 10 ** (DECIMALS - ASSET_DECIMALS)

_INTO_ESCROW: Final = ("authorise", "top up")
"""How a contract's money comes there, disputes left out; one without a price has only top-ups."""

_OUT_OF_ESCROW: Final = ("capture", "void", "release", "refund", "reclaim")
"""What ends the wait of a contract's money, disputes left out."""

_ESCROW: Final = "Assets:Escrow:"


class Facts(Model):
    """What a payment requirement is for."""

    contracts: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
    """Numbers of the contracts in the journal."""
    client: str
    """Who pays, as C007."""
    contractor: str
    """Who is paid, as K003."""
    name: str
    """What the contractor is called."""
    paymentFlow: Literal["escrow"] = "escrow"
    """How it is paid, in x402's words: the price is held first."""
    captureDeadline: int
    """When the money was free again, in seconds since 1970."""


class PaymentRequirements(Model):
    """What a contractor asks to be paid, as x402 words it, and nothing that x402 has not."""

    scheme: Literal["auth-capture", "batch-settlement", "exact", "upto"]
    """What x402 has. Here ``auth-capture`` for one contract: its price is held, and captured or given back;
    ``batch-settlement`` for contracts that are paid together, since each is below one unit of the asset."""
    network: Network
    """`settlement.network` of the scenario (CAIP-2)."""
    amount: Annotated[str, Field(pattern=r"^[0-9]+$", max_length=40)]
    """What is authorised, top-ups among it, in 10⁻⁶ of the asset, rounded half to even."""
    asset: Currency
    """The currency, a code of ISO 4217."""
    payTo: Annotated[str, Field(pattern=r"^[-_:.a-zA-Z0-9]{1,128}$")]
    """Who is paid, a role or an address: here always ``merchant``, and `extra` says which."""
    maxTimeoutSeconds: Annotated[int, Field(gt=0, lt=2**53)]
    """For how long the money was held, in whole seconds, at least 1; of several contracts, from the first
    authorisation to the end of the last."""
    extra: Facts
    """What it is for, which x402 leaves to each."""


@dataclass(frozen=True, slots=True)
class Exported:
    """How many requirements were written, for how many contracts each alone and how many netted, and what was
    left out: contracts that even together come to less than one unit of the asset, and their amount."""

    written: int
    alone: int
    netted: int
    left_out: int
    left_out_units: int


@dataclass(slots=True)
class _Due:
    """What is authorised from a client to a contractor, and when it began and ended to be held."""

    client: str
    contractor: str
    currency: str
    contracts: list[int]
    units: int
    since_s: float
    until_s: float

    def add(self, other: _Due) -> None:
        self.contracts += other.contracts
        self.units += other.units
        self.since_s, self.until_s = min(self.since_s, other.since_s), max(self.until_s, other.until_s)


@dataclass(slots=True)
class _Sorted:
    """What each contract comes to alone, and what the small ones of each pair come to together."""

    alone: list[_Due] = field(default_factory=list)
    netted: list[_Due] = field(default_factory=list)
    left_out: list[_Due] = field(default_factory=list)


def write_payments(journal: pa.Table, file: TextIO, *, network: str) -> Exported:
    """Write a requirement a line, as JSON: first each contract that comes to one unit of its asset, in order
    of authorisation, then those below, netted by client and contractor."""
    due = _sorted(_contracts(journal))
    names, start = names_of(journal), start_of(journal)
    for each in (*due.alone, *due.netted):
        file.write(_requirement(each, names, start, network).model_dump_json() + "\n")
    return Exported(
        written=len(due.alone) + len(due.netted),
        alone=len(due.alone),
        netted=sum(len(each.contracts) for each in due.netted),
        left_out=sum(len(each.contracts) for each in due.left_out),
        left_out_units=sum(each.units for each in due.left_out),
    )


def _requirement(due: _Due, names: dict[str, str], start: datetime, network: str) -> PaymentRequirements:
    lasts_s = max(1, ceil(due.until_s - due.since_s))
    begins = (start if start.tzinfo is not None else start.replace(tzinfo=UTC)).timestamp()
    return PaymentRequirements(
        scheme="auth-capture"
        if due.units >= UNITS_PER_ATOM and len(due.contracts) == 1
        else "batch-settlement",
        network=network,
        amount=str(divided(due.units, UNITS_PER_ATOM)),
        asset=due.currency,
        payTo="merchant",
        maxTimeoutSeconds=lasts_s,
        extra=Facts(
            contracts=due.contracts,
            client=due.client,
            contractor=due.contractor,
            name=names.get(due.contractor, due.contractor),
            captureDeadline=floor(begins + due.since_s) + lasts_s,
        ),
    )


def _sorted(contracts: Iterator[_Due]) -> _Sorted:
    """Which contracts are paid alone, which together, and which not even so."""
    found, small = _Sorted(), dict[tuple[str, str, str], _Due]()
    for each in contracts:
        if each.units >= UNITS_PER_ATOM:
            found.alone.append(each)
            continue
        pair = (each.client, each.contractor, each.currency)
        if pair in small:
            small[pair].add(each)
        else:
            small[pair] = each
    for each in small.values():
        (found.netted if each.units >= UNITS_PER_ATOM else found.left_out).append(each)
    return found


def _contracts(journal: pa.Table) -> Iterator[_Due]:
    """What came into escrow for each contract, in order of authorisation, and for how long it was there."""
    accounts, events = Words(journal, "account"), Words(journal, "event")
    currencies, contractors = Words(journal, "currency"), Words(journal, "contractor")
    contract = codes(journal["contract"].combine_chunks())
    is_escrow = np.array([each.startswith(_ESCROW) for each in accounts.words], dtype=bool)
    rows = np.flatnonzero(is_escrow[accounts.codes] & (contract >= 0))
    due: dict[int, _Due] = {}
    for number, at_s, event, account, currency, who, units in zip(
        contract[rows].tolist(),
        numbers(journal, "time_s")[rows].tolist(),
        events.of(rows),
        accounts.of(rows),
        currencies.of(rows),
        contractors.of(rows),
        numbers(journal, "units")[rows].tolist(),
        strict=True,
    ):
        if event in _INTO_ESCROW:
            client = account.removeprefix(_ESCROW)
            due.setdefault(number, _Due(client, who, currency, [number], 0, at_s, at_s)).units += units
        elif event in _OUT_OF_ESCROW:
            due[number].until_s = at_s
    yield from due.values()
