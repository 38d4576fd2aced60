"""Rows that a log holds twice, or that are of another time than the rest; and in which order they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from coalesce_sim.logs.calls import Calls, remark
from coalesce_sim.logs.people import first_places
from coalesce_sim.logs.remarks import Remarks
from coalesce_sim.numbers import plural

MOST_GAP_DAYS: Final = 30
"""Days without a single call that part a log from rows of another time."""


def order_of(calls: Calls) -> str:
    """In words, in which order the rows of a log stand."""
    if len(calls) < 2:
        return "one row"
    later = np.diff(calls.start)
    if (later >= 0).all():
        return "oldest first"
    if (later <= 0).all():
        return "newest first"
    earlier = int((later < 0).sum())
    return f"in no order: {plural(earlier, 'row')} earlier than the row above"


def once(calls: Calls, remarks: Remarks, files: Sequence[str]) -> None:
    """Leave out rows that stand twice: of the same number, start, model and tokens."""
    ids = np.sort(calls.id)
    again = ids[1:][(ids[1:] == ids[:-1]) & (ids[1:] != 0)]
    del ids
    if not len(again):
        return
    known = np.flatnonzero(np.isin(calls.id, again))
    order = known[np.lexsort((known, calls.id[known]))]
    same_id = np.r_[False, calls.id[order][1:] == calls.id[order][:-1]]
    alike = same_id.copy()
    for column in (calls.start, calls.model, calls.prompt, calls.output, calls.failed):
        alike[1:] &= column[order][1:] == column[order][:-1]
    twice, other = order[alike], order[same_id & ~alike]
    remark(remarks.leave_out, "stands there before, with the same request id", calls, twice, files, "id")
    remark(
        remarks.tell,
        "has the request id of another row, but is another call: kept",
        calls,
        other,
        files,
        "id",
    )
    if len(twice):
        kept = np.ones(len(calls), dtype=np.bool_)
        kept[twice] = False
        calls.keep(kept)


def number_sessions(calls: Calls) -> None:
    """Number sessions in the order in which they first come; -1 for none."""
    if not calls.session.any():
        calls.session = np.full(len(calls), -1, dtype=np.int32)
        return
    seen, of_call = np.unique(calls.session, return_inverse=True)
    calls.forget("session")
    of_call = of_call.astype(np.int32)
    first = first_places(of_call, len(seen))
    in_order = np.argsort(first, kind="stable")
    in_order = in_order[seen[in_order] != 0]
    number = np.full(len(seen), -1, dtype=np.int32)
    number[in_order] = np.arange(len(in_order), dtype=np.int32)
    calls.session = number[of_call]


def of_one_time(calls: Calls, remarks: Remarks, files: Sequence[str]) -> None:
    """Of stretches that `MOST_GAP_DAYS` days without a call part, keep the one with most calls."""
    parted = np.flatnonzero(np.diff(calls.start) > MOST_GAP_DAYS * 86_400e6) + 1
    if not len(parted):
        return
    edges = np.r_[0, parted, len(calls)]
    largest = int(np.argmax(np.diff(edges)))
    kept = np.zeros(len(calls), dtype=np.bool_)
    kept[edges[largest] : edges[largest + 1]] = True
    why = f"more than {MOST_GAP_DAYS} days from the rows that are kept"
    remark(remarks.leave_out, why, calls, np.flatnonzero(~kept), files, "start")
    calls.keep(kept)
