"""Contracts that have ended, column by column, as they are told with each block."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.reasons import REASONS
from coalesce_sim.market.contracts.states import FINAL_STATES
from coalesce_sim.scenario.security import INCIDENT_KINDS

INCIDENTS: Final = ("", *INCIDENT_KINDS)
"""What may happen to a contract's data or work, nothing first."""


class EndedContracts(NamedTuple):
    """Contracts in the order in which they ended; one entry each, of the meaning that `Contract` gives them.

    `state`, `reason` and `incident` are places in `FINAL_STATES`, `REASONS` and `INCIDENTS`.
    """

    task: IntArray
    attempt: IntArray
    client: IntArray
    contractor: IntArray
    type_id: IntArray
    state: IntArray
    reason: IntArray
    accepted: BoolArray
    good: BoolArray
    paid_usd: FloatArray
    fees_usd: FloatArray
    agreed_usd: FloatArray
    estimated_usd: FloatArray
    own_usd: FloatArray
    submitted_s: FloatArray
    working_s: FloatArray
    worked_s: FloatArray
    ended_s: FloatArray
    auth_required: BoolArray
    input_required: BoolArray
    explored: BoolArray
    incident: IntArray
    leak_usd: FloatArray
    insured_usd: FloatArray
    manipulated: BoolArray
    harm_usd: FloatArray


class ContractLog:
    """Keeps what is told of contracts as they end, until it is taken."""

    _facts = attrgetter(*EndedContracts._fields)
    _places: Final = (("state", FINAL_STATES), ("reason", REASONS), ("incident", INCIDENTS))

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []

    def add(self, contract: Contract) -> None:
        """A contract has ended."""
        self._rows.append(self._facts(contract))

    def take(self) -> EndedContracts:
        """Those that have ended since the last time."""
        columns: dict[str, Any] = dict.fromkeys(EndedContracts._fields, ())
        if self._rows:
            columns = dict(zip(EndedContracts._fields, zip(*self._rows, strict=True), strict=True))
        self._rows.clear()
        for name, values in self._places:
            columns[name] = [values.index(each) for each in columns[name]]
        return EndedContracts(**{name: np.array(each, _kind(name)) for name, each in columns.items()})


def _kind(name: str) -> type[np.generic]:
    if name in ("accepted", "good", "auth_required", "input_required", "explored", "manipulated"):
        return np.bool_
    return np.float64 if name.endswith(("_usd", "_s")) else np.int64
