"""The book of a run as files: its journal as a table and as a text of beancount, and payment requirements."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa

from coalesce_sim.columns import codes, numbers
from coalesce_sim.errors import ConservationError
from coalesce_sim.files import FolderError
from coalesce_sim.numbers import plural
from coalesce_sim.parquet import ParquetStream
from coalesce_sim.provenance import Origin
from coalesce_sim.report.results_folder import ResultsFolder, Written
from coalesce_sim.settlement.beancount import write_beancount
from coalesce_sim.settlement.journal import Words
from coalesce_sim.settlement.units import DECIMALS, ONE
from coalesce_sim.settlement.x402 import ASSET_DECIMALS, Exported, write_payments
from coalesce_sim.version import __version__

FILES: Final = ("book.json", "journal.parquet", "book.beancount", "payments.jsonl")
"""Every file that a run may leave in the folder of its book."""


class BookFolderError(FolderError):
    """Raised where a book cannot be put in its folder: it cannot be made or written to, or is in use."""


class BookFolder(ResultsFolder):
    """A folder for the book of a run. Raises `BookFolderError` as a `ResultsFolder` raises `FolderError`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, FILES)

    def __enter__(self) -> Self:
        try:
            return super().__enter__()
        except FolderError as error:
            raise BookFolderError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Book:
    """What is in a book of replication 0 of so many, its own `currency`, and what became of its contracts as
    payment requirements, None where none were asked for."""

    replications: int
    currency: str
    contracts: int
    entries: int
    payments: Exported | None

    @property
    def told(self) -> list[str]:
        """What there is, a sentence a line."""
        counts = f"{plural(self.contracts, 'contract')}, {self.entries:,} entries"
        lines = [f"book of replication 0 of {self.replications:,}: {counts}, balances to 0"]
        due = self.payments
        if due is not None:
            netted = f", {due.netted:,} of them netted by client and contractor" if due.netted else ""
            of = plural(due.alone + due.netted, "contract")
            lines.append(f"payments: {plural(due.written, 'requirement')} of {of}{netted}")
        if due is not None and due.left_out:
            amount = f"{due.left_out_units / ONE:.{DECIMALS}f} {self.currency} in all"
            least = f"{10**-ASSET_DECIMALS:.{ASSET_DECIMALS}f}"
            of = plural(due.left_out, "contract")
            lines.append(f"left out of payments: {of}, {amount}, below {least} even netted")
        return lines

    @property
    def summary(self) -> dict[str, Any]:
        """The same as in ``book.json`` and with ``--json``."""
        told = {"replication": 0, "replications": self.replications}
        counts = {"currency": self.currency, "contracts": self.contracts, "entries": self.entries}
        return {**told, **counts, **({} if self.payments is None else {"payments": asdict(self.payments)})}


def write_book(folder: BookFolder, origin: Origin, journal: pa.Table) -> Written[Book]:
    """Write the book of a run and put it in place, all files or none.

    Raises `ConservationError` where the journal does not sum to zero, `WriteError` where a disk is full.
    """
    check_balance(journal)
    settlement = origin.scenario.settlement
    assert settlement is not None
    about = {"coalesce_sim": json.dumps(origin.facts(), allow_nan=False), **_metadata(journal)}
    with ParquetStream(folder, "journal.parquet", about) as stream:
        stream.add(journal)
    due = None
    with folder.played():
        with open(folder.aside / "book.beancount", "w", encoding="utf-8", newline="") as file:
            write_beancount(journal, file, about=_told(origin))
        if origin.payments:
            with open(folder.aside / "payments.jsonl", "w", encoding="utf-8", newline="") as file:
                due = write_payments(journal, file, network=settlement.network)
        book = Book(origin.replications, settlement.currency, _contracts(journal), _entries(journal), due)
        return folder.finish(book, book.summary, origin.made)


def check_balance(journal: pa.Table) -> None:
    """Raises `ConservationError` unless all legs in a currency sum to zero."""
    currencies, units = Words(journal, "currency"), numbers(journal, "units")
    for place, currency in enumerate(currencies.words):
        own = units[currencies.codes == place]
        left = int((own // ONE).sum()) * ONE + int((own % ONE).sum())
        if left:
            raise ConservationError(f"law 2: the journal sums to {left} units of {currency}, not to 0")


def _metadata(journal: pa.Table) -> Mapping[str, str]:
    return {key.decode(): value.decode() for key, value in journal.schema.metadata.items()}


def _told(origin: Origin) -> str:
    """Where a book comes from, in a line."""
    which = f"seed {origin.seed}, replication 0 of {origin.replications}"
    return f"coalesce_sim {__version__}: {origin.scenario.name}, {which}"


def _contracts(journal: pa.Table) -> int:
    """How many contracts there are of which anything was booked."""
    numbered = codes(journal["contract"].combine_chunks())
    return len(np.unique(numbered[numbered >= 0]))


def _entries(journal: pa.Table) -> int:
    return len(np.unique(numbers(journal, "entry")))
