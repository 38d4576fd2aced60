"""The journal as a text of beancount, a program of accountants; `bean-check` accepts it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TextIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from coalesce_sim.columns import codes, numbers
from coalesce_sim.settlement.journal import Words, names_of, times
from coalesce_sim.settlement.units import DECIMALS
from coalesce_sim.texts import on_one_line

_LEGS_AT_A_TIME: Final = 8_192
_BLANK_LINE: Final = "\n"


def write_beancount(journal: pa.Table, file: TextIO, *, about: str) -> None:
    """Write a journal: which accounts there are, its entries by day, and what must be in each in the end.

    `about` is the comment of the first line. Each entry is a transaction with its event as narration and tag,
    and time and contract as metadata; accounts of contractors have their names as metadata. Amounts have all
    their decimals. What is in the accounts is asserted for the morning after the last entry, with no
    tolerance: with the usual one a balance could be off by one unit.
    """
    file.write(f"; {on_one_line(about)}\n")
    if len(journal) == 0:
        return
    at = times(journal)
    accounts, currencies = Words(journal, "account"), Words(journal, "currency")
    pairs, pair = np.unique(np.stack([accounts.codes, currencies.codes], axis=1), axis=0, return_inverse=True)
    held = [(accounts.words[who], currencies.words[what]) for who, what in pairs.tolist()]
    file.writelines(_opened(held, names_of(journal), at.min()))
    file.writelines(_transactions(journal, at, held, pair.ravel()))
    file.writelines(_balances(held, _sums(numbers(journal, "units"), pair.ravel(), len(held)), at.max()))


def _opened(held: list[tuple[str, str]], names: dict[str, str], first: np.datetime64) -> Iterator[str]:
    """Every account, from the first day on, with its currencies and, of a contractor, with its name."""
    currencies: dict[str, list[str]] = {}
    for account, currency in sorted(held):
        currencies.setdefault(account, []).append(currency)
    yield _BLANK_LINE
    for account, its in currencies.items():
        yield f"{_day(first)} open {account} {','.join(its)}\n"
        name = names.get(account.rpartition(":")[2])
        if name is not None:
            yield f"  name: {_quoted(name)}\n"


def _transactions(
    journal: pa.Table, at: NDArray[np.datetime64], held: list[tuple[str, str]], pair: NDArray[Any]
) -> Iterator[str]:
    """The entries, those of one day in the order in which they were posted."""
    events, entry = Words(journal, "event"), numbers(journal, "entry")
    contract = codes(journal["contract"].combine_chunks())
    heads = [f' * "{each}" #{each.replace(" ", "-")}\n  time: "' for each in events.words]
    legs = [(f"  {account}  ", f" {currency}\n") for account, currency in held]
    units, before = numbers(journal, "units"), -1
    order = np.argsort(at.astype("datetime64[D]"), kind="stable")
    for first in range(0, len(order), _LEGS_AT_A_TIME):
        rows = order[first : first + _LEGS_AT_A_TIME]
        written = []
        for number, moment, event, whose, leg, amount in zip(
            entry[rows].tolist(),
            at[rows].astype(str).tolist(),
            events.codes[rows].tolist(),
            contract[rows].tolist(),
            pair[rows].tolist(),
            units[rows].tolist(),
            strict=True,
        ):
            if number != before:
                written.append(f'\n{moment[:10]}{heads[event]}{moment}"\n')
                if whose >= 0:
                    written.append(f"  contract: {whose}\n")
                before = number
            account, currency = legs[leg]
            written.append(f"{account}{_decimal(amount)}{currency}")
        yield "".join(written)


def _balances(held: list[tuple[str, str]], sums: list[int], last: np.datetime64) -> Iterator[str]:
    """What is in every account on the morning after the last day."""
    yield _BLANK_LINE
    for (account, currency), units in sorted(zip(held, sums, strict=True)):
        after = _day(last + np.timedelta64(1, "D"))
        yield f"{after} balance {account}  {_decimal(units)} ~ 0 {currency}\n"


def _sums(units: NDArray[np.int64], pair: NDArray[Any], pairs: int) -> list[int]:
    """What is in each account and currency, of which 64 bits need not hold the sum."""
    wholes, rest = np.zeros(pairs, np.int64), np.zeros(pairs, np.int64)
    np.add.at(wholes, pair, units // 10**DECIMALS)
    np.add.at(rest, pair, units % 10**DECIMALS)
    return [whole * 10**DECIMALS + part for whole, part in zip(wholes.tolist(), rest.tolist(), strict=True)]


def _decimal(units: int) -> str:
    """Units of the book as a decimal number, exactly."""
    digits = f"{abs(units):0{DECIMALS + 1}d}"
    return f"{'-' if units < 0 else ''}{digits[:-DECIMALS]}.{digits[-DECIMALS:]}"


def _day(moment: np.datetime64) -> str:
    return str(moment.astype("datetime64[D]"))


def _quoted(text: str) -> str:
    """A text as beancount reads it back; what cannot be printed as Python writes it."""
    escaped = on_one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
