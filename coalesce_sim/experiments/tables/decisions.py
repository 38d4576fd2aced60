"""``decisions.parquet``: what was decided on every task and what came of it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from coalesce_sim.arrays import IntArray
from coalesce_sim.columns import named, nullable, same, table_of
from coalesce_sim.cost_parts import COST_PARTS
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block
from coalesce_sim.scenario.schema import Scenario


def decisions_table(
    records: Records, replication: int, scenario: Scenario, contractor_names: tuple[str, ...]
) -> pa.Table:
    """One row a task, in the order of decision.

    `estimated_usd` and `estimated_s` are those of what was chosen first, `realised_usd` is all that the task
    cost; ``internal_*`` is the client's estimate of the work at home, at the first decision, with its five
    components; `all_local_usd` and `all_local_s` are what the task really costs and takes where every task
    stays at home. `choice` and `contractor` say to whom it was sent last, who may have rejected it or not
    been reached; `contractor` is null for home. `score` and `confidence` are those of the policy's last
    decision, null where it gave none; `explored` says whether any decision was made at random. `started_s` is
    `finished_s` where no work began. `outcome` is ``completed`` for good work, ``failed`` for a task that
    ended without any, ``canceled`` for a step that never began. `attempts` counts contracts and work at home,
    which may follow them without a decision; `closes` is false for a step of a composite task that did not
    end it; `whole` is the `task` of the first row of the same composite task.

    Where tasks may be split, or splitting costs coordination: `split` says whether the task was done in
    steps, `coordination_usd`, a part of `realised_usd`, and `coordination_s` what coordinating a step cost
    and took. A task that may be split has a row for the whole and, behind it, one for each step; of the way
    in which it was not done the `outcome` is ``not taken``, without attempts.

    In a market that learns, `internal_experience_usd` is what the estimate at home holds besides: a price for
    the client's own agent, correction by experience, and what bad work is expected to cost. With a
    `discovery.message_usd`, `search_usd` is the part of `realised_usd` that the search for contractors came
    to; with `contracts.security.incidents`, `leak_usd` is the part that leaked data came to.

    Where there are groups of clients, `group` says of which each task's client is.

    All `COST_PARTS` that there may be in the scenario have a column; together they are `realised_usd`.
    ``home_*_usd`` is what work at home was really charged, unlike ``internal_*``. In a market that learns,
    `retries_usd` is what attempts after the first came to, in whichever part.
    """
    block = records.block
    tasks, running = block.tasks, block.home.running
    n = len(block)
    away = records.outsourced
    outcome = np.where(records.good, 0, np.where(records.attempts > 0, 1, 2))
    outcomes = ["completed", "failed", "canceled"]
    splits = scenario.workload.splits
    if splits:
        outcome[records.not_taken] = len(outcomes)
        outcomes.append("not taken")
    columns = {
        "replication": same(replication, n),
        "task": np.arange(block.first, block.first + n, dtype=np.int64),
        "whole": _wholes(block),
        "client": tasks.client.astype(np.int32),
        **_groups(tasks.client, scenario),
        "arrival_s": tasks.arrival_s,
        "type": named(tasks.type_id, tuple(scenario.workload.types)),
        "choice": named(away.astype(np.int32), ("local", "contractor")),
        "contractor": named(records.contractor, contractor_names),
        "explored": records.explored,
        "score": nullable(records.score),
        "confidence": nullable(records.confidence),
        "estimated_usd": nullable(records.estimated_usd),
        "realised_usd": records.realised_usd,
        "price_usd": records.price_usd,
        "loss_usd": records.loss_usd,
        "internal_usd": nullable(records.internal_usd),
        "internal_compute_usd": running.compute_usd,
        "internal_memory_usd": running.memory_usd,
        "internal_energy_usd": running.energy_usd,
        "internal_opportunity_usd": block.home.opportunity_usd,
        "internal_depreciation_usd": running.depreciation_usd,
        "all_local_usd": records.all_local_usd,
        "estimated_s": nullable(records.estimated_s),
        "decided_s": records.decided_s,
        "started_s": records.started_s,
        "finished_s": records.finished_s,
        "turnaround_s": records.turnaround_s,
        "all_local_s": nullable(records.all_local_s),
        "max_latency_s": tasks.max_latency_s,
        "attempts": records.attempts.astype(np.int32),
        "closes": records.closes,
        "outcome": named(outcome, outcomes),
    }
    if splits:
        columns["split"] = records.split
        columns["coordination_usd"] = records.coordination_usd
        columns["coordination_s"] = records.coordination_s
    if scenario.learning:
        parts_usd = running.total_usd + block.home.opportunity_usd
        columns["internal_experience_usd"] = nullable(records.internal_usd - parts_usd)
    if scenario.message_usd > 0:
        columns["search_usd"] = records.search_usd
    if scenario.incidents is not None:
        columns["leak_usd"] = records.leak_usd
    for part in scenario.cost_parts:
        columns[COST_PARTS[part].column] = records.parts_usd[part]
    if scenario.learning:
        columns["retries_usd"] = records.retries_usd
    return table_of(columns)


def _groups(client: IntArray, scenario: Scenario) -> dict[str, pa.DictionaryArray]:
    """The group of each task's client, where there are groups."""
    clients = scenario.clients
    return {} if clients.groups is None else {"group": named(clients.group_of[client], (*clients.groups,))}


def _wholes(block: Block) -> IntArray:
    """The number of the first row of the whole that each task belongs to, its own where it is one itself."""
    if block.wholes is None:
        return np.arange(block.first, block.first + len(block), dtype=np.int64)
    first_row = np.searchsorted(block.wholes.of, np.arange(len(block.wholes.steps)))
    return block.first + first_row[block.wholes.of]
