"""The journal as a table: every entry of the book, one row a leg, in the order in which they were posted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.columns import dates, named, numbered, numbers, places, table_of
from coalesce_sim.settlement.chart import Chart
from coalesce_sim.settlement.events import EVENTS
from coalesce_sim.settlement.ledger import Journal

_WORD: Final = pa.dictionary(pa.int32(), pa.string())

SCHEMA: Final = pa.schema(
    {
        "time_s": pa.float64(),
        "date": pa.date32(),
        "entry": pa.int64(),
        "event": _WORD,
        "contract": pa.int64(),
        "contractor": _WORD,
        "account": _WORD,
        "currency": _WORD,
        "units": pa.int64(),
    }
)
"""The columns of a journal.

`time_s` counts from the start of the clock and `date` is the day of it by the clock's own hours; legs of one
`entry` share its number. `contract` is numbered from 0 in the order of authorisation, `contractor` is who was
hired in it, both null where an entry is of several contracts or none. `units` are 10⁻⁹ of `currency`, below 0
what leaves the account. The schema's metadata holds `names`, JSON of contractors' names by number such as
K003, and `start`, the start of the clock as ISO 8601 has it.
"""


def journal_table(
    time_s: FloatArray,
    entry: IntArray,
    event_code: NDArray[np.integer],
    contract: IntArray,
    account_code: NDArray[np.integer],
    units: IntArray,
    *,
    events: Sequence[str],
    accounts: Sequence[str],
    currencies: Sequence[str],
    contractors: NDArray[np.integer],
    names: Mapping[str, str],
    start: datetime,
) -> pa.Table:
    """A journal of columns, one element a leg.

    Codes are places in `events` and in `accounts`; `currencies` has the currency of each account code.
    `contract` is -1 where there is none, and `contractors` has, by contract, the number of who was hired.
    """
    known, codes = np.unique(np.array(currencies, dtype=str), return_inverse=True)
    called, names_codes = np.unique(np.array(accounts, dtype=str), return_inverse=True)
    hired = np.append(contractors, -1)[contract]
    most = int(contractors.max(initial=-1))
    columns = {
        "time_s": time_s,
        "date": dates(_times(time_s, start)),
        "entry": entry,
        "event": named(event_code, events),
        "contract": numbered(contract),
        "contractor": named(hired, [f"K{number:03d}" for number in range(most + 1)]),
        "account": named(names_codes[account_code], called.tolist()),
        "currency": named(codes[account_code], known.tolist()),
        "units": units,
    }
    about = {"names": json.dumps(dict(names)), "start": start.isoformat()}
    return table_of(columns).cast(SCHEMA).replace_schema_metadata(about)


def entries_of(journal: Journal, chart: Chart, names: Sequence[str], start: datetime) -> pa.Table:
    """The entries of a book; `names` are those of its contractors."""
    return journal_table(
        np.array(journal.at_s),
        np.array(journal.entry),
        np.array(journal.event),
        np.array(journal.contract),
        np.array(journal.account),
        np.array(journal.units),
        events=EVENTS,
        accounts=chart.names(),
        currencies=chart.currency_names(),
        contractors=np.array(journal.contractors),
        names={f"K{who:03d}": name for who, name in enumerate(names)},
        start=start,
    )


class Words:
    """A column of words of a journal: each of them once, and by row which it is, -1 for none."""

    def __init__(self, journal: pa.Table, name: str) -> None:
        column = journal[name].combine_chunks()
        self.words: list[str] = column.dictionary.to_pylist()
        self.codes = places(column)

    def of(self, rows: IntArray) -> list[str]:
        """The words of rows, none of which is null."""
        return [self.words[code] for code in self.codes[rows].tolist()]


def names_of(journal: pa.Table) -> dict[str, str]:
    """The names of contractors by number, such as K003."""
    names: dict[str, str] = json.loads(journal.schema.metadata[b"names"])
    return names


def start_of(journal: pa.Table) -> datetime:
    """When the clock of the market started."""
    return datetime.fromisoformat(journal.schema.metadata[b"start"].decode())


def times(journal: pa.Table) -> NDArray[np.datetime64]:
    """When each leg was posted, by the clock's own hours, to the microsecond."""
    return _times(numbers(journal, "time_s"), start_of(journal))


def _times(time_s: FloatArray, start: datetime) -> NDArray[np.datetime64]:
    after = np.rint(time_s * 1e6).astype("timedelta64[us]")
    return np.datetime64(start.replace(tzinfo=None), "us") + after
