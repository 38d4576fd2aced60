"""``contracts.parquet``: the life of every contract."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from coalesce_sim.columns import named, nullable, same, table_of, texts
from coalesce_sim.market.contracts.ended import INCIDENTS, EndedContracts
from coalesce_sim.market.contracts.reasons import REASONS
from coalesce_sim.market.contracts.states import FINAL_STATES


def contracts_table(
    rows: EndedContracts,
    replication: int,
    type_names: tuple[str, ...],
    contractor_names: tuple[str, ...],
    *,
    incidents: bool,
    cheats: bool,
) -> pa.Table:
    """One row a contract, in the order in which they ended.

    `attempt` counts the contracts on the task from 0. `state` is the final state in A2A 1.0, `reason`
    says more where the work was not `accepted`, as its client says. `good` tells what the work was really
    worth, or would have been. `agreed_usd` is the price agreed on, a price by tokens for the answer that was
    expected, `paid_usd` what the contractor got, `fees_usd` what the client paid on top, `estimated_usd` what
    it expected of all. `working_s` is null where no work began; `worked_s` is how long it kept its slot and
    `own_usd` what it cost the contractor, null where nothing tells that contractor's costs. `auth_required`
    tells whether the contract had to be authorised, `input_required` whether the client was asked something,
    `explored` whether the contractor was chosen at random.

    With `contracts.security.incidents`, `incident` is what happened to its data or its work (leaked,
    tampered, lost), if anything did; `good` is false for work that was tampered with. A leak cost the
    client `leak_usd` and its insurance `insured_usd`.

    With `adversaries`, `manipulated` says whether anybody did otherwise than the honest, and `harm_usd` what
    that cost the client at once: price, fees, and what bad work costs it, less those of the same contract
    kept honestly.
    """
    columns: dict[str, Any] = {
        "replication": same(replication, len(rows.task)),
        "task": rows.task,
        "attempt": rows.attempt.astype(np.int32),
        "client": rows.client.astype(np.int32),
        "contractor": named(rows.contractor, contractor_names),
        "type": named(rows.type_id, type_names),
        "state": named(rows.state, FINAL_STATES),
        "reason": texts([REASONS[which] or None for which in rows.reason.tolist()]),
        "accepted": rows.accepted,
        "good": rows.good,
        "agreed_usd": rows.agreed_usd,
        "paid_usd": rows.paid_usd,
        "fees_usd": rows.fees_usd,
        "estimated_usd": rows.estimated_usd,
        "own_usd": nullable(rows.own_usd),
        "submitted_s": rows.submitted_s,
        "working_s": nullable(rows.working_s),
        "worked_s": rows.worked_s,
        "ended_s": rows.ended_s,
        "auth_required": rows.auth_required,
        "input_required": rows.input_required,
        "explored": rows.explored,
    }
    if incidents:
        columns["incident"] = texts([INCIDENTS[which] or None for which in rows.incident.tolist()])
        columns |= {"leak_usd": rows.leak_usd, "insured_usd": rows.insured_usd}
    if cheats:
        columns |= {"manipulated": rows.manipulated, "harm_usd": rows.harm_usd}
    return table_of(columns)
