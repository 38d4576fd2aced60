"""``contracts.parquet``: the life of every contract."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.tables.columns import named, nullable, same, table_of, texts
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.states import FINAL_STATES

_OF_CONTRACT = (
    *("task", "attempt", "client", "contractor", "type_id", "state", "reason", "accepted", "good"),
    *("paid_usd", "fees_usd", "agreed_usd", "estimated_usd", "submitted_s", "working_s", "ended_s"),
    *("auth_required", "input_required", "explored"),
)
_OF_INCIDENT = ("incident", "leak_usd", "insured_usd")


class ContractRows:
    """Gathers contracts as they end, to be taken as a table now and then; `incidents` says whether to tell of
    these."""

    def __init__(self, *, incidents: bool) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._incidents = incidents
        self._names = _OF_CONTRACT + _OF_INCIDENT * incidents
        self._facts = attrgetter(*self._names)

    def add(self, contract: Contract) -> None:
        """A contract has ended."""
        self._rows.append(self._facts(contract))

    def take(
        self, replication: int, type_names: tuple[str, ...], contractor_names: tuple[str, ...]
    ) -> pa.Table:
        """One row a contract that has ended since the last call, in the order in which they ended.

        `attempt` counts the contracts on the task from 0. `state` is the final state in A2A 1.0, `reason`
        says more where the work was not `accepted`. `good` tells what the work was really worth, or would
        have been. `agreed_usd` is the price agreed on, a price by tokens for the answer that was expected,
        `paid_usd` what the contractor got, `fees_usd` what the client paid on top, `estimated_usd` what it
        expected of all. `working_s` is null where no work began. `auth_required` tells whether the contract
        had to be authorised, `input_required` whether the client was asked something, `explored` whether the
        contractor was chosen at random.

        With `contracts.security.incidents`, `incident` is what happened to its data or its work (leaked,
        tampered, lost), if anything did; `good` is false for work that was tampered with. A leak cost the
        client `leak_usd` and its insurance `insured_usd`.
        """
        rows, self._rows = self._rows, []
        values = zip(*rows, strict=True) if rows else [()] * len(self._names)
        of = dict(zip(self._names, values, strict=True))
        state, reason = of["state"], of["reason"]

        def numbers(name: str) -> FloatArray:
            return np.array(of[name], dtype=np.float64)

        columns: dict[str, Any] = {
            "replication": same(replication, len(rows)),
            "task": np.array(of["task"], dtype=np.int64),
            "attempt": np.array(of["attempt"], dtype=np.int32),
            "client": np.array(of["client"], dtype=np.int32),
            "contractor": named(np.array(of["contractor"], dtype=np.int32), contractor_names),
            "type": named(np.array(of["type_id"], dtype=np.int32), type_names),
            "state": named(np.array(list(map(FINAL_STATES.index, state)), dtype=np.int32), FINAL_STATES),
            "reason": texts([why or None for why in reason]),
            "accepted": np.array(of["accepted"], dtype=bool),
            "good": np.array(of["good"], dtype=bool),
            "agreed_usd": numbers("agreed_usd"),
            "paid_usd": numbers("paid_usd"),
            "fees_usd": numbers("fees_usd"),
            "estimated_usd": numbers("estimated_usd"),
            "submitted_s": numbers("submitted_s"),
            "working_s": nullable(numbers("working_s")),
            "ended_s": numbers("ended_s"),
            "auth_required": np.array(of["auth_required"], dtype=bool),
            "input_required": np.array(of["input_required"], dtype=bool),
            "explored": np.array(of["explored"], dtype=bool),
        }
        if self._incidents:
            columns["incident"] = texts([kind or None for kind in of["incident"]])
            columns |= {name: numbers(name) for name in ("leak_usd", "insured_usd")}
        return table_of(columns)
