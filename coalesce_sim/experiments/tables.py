"""Records as Arrow tables: the columns of ``decisions.parquet`` and ``offers.parquet``."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coalesce_sim.market.pool import Pool
from coalesce_sim.market.quotes import Quotes
from coalesce_sim.market.records import Records
from coalesce_sim.market.simulation import DecidedOffers
from coalesce_sim.scenario.distributions import FloatArray
from coalesce_sim.skills.compatibility import Compatibility


def decisions_table(
    records: Records, replication: int, type_names: tuple[str, ...], contractor_names: tuple[str, ...]
) -> pa.Table:
    """One row a task, in the order of decision.

    `estimated_usd` and `realised_usd` are those of the choice; ``internal_*`` is the client's estimate of the
    work at home with its five components; `all_local_usd` and `all_local_s` are what the task really costs
    and takes where every task stays at home. `contractor` is null for local tasks, `score` and `confidence`
    where the policy gave none.
    """
    block = records.block
    tasks, running = block.tasks, block.home.running
    n = len(block)
    away = records.outsourced
    indices = pc.if_else(pa.array(away), pa.array(records.contractor.astype(np.int32)), None)
    names = pa.DictionaryArray.from_arrays(indices, pa.array(contractor_names, pa.string()))
    types = pa.DictionaryArray.from_arrays(
        pa.array(tasks.type_id.astype(np.int32)), pa.array(type_names, pa.string())
    )
    choice = pa.DictionaryArray.from_arrays(
        pa.array(away.astype(np.int32)), pa.array(["local", "contractor"], pa.string())
    )
    outcome = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(n, dtype=np.int32)), pa.array(["completed"], pa.string())
    )
    return pa.table(
        {
            "replication": np.full(n, replication, dtype=np.int32),
            "task": np.arange(block.first, block.first + n, dtype=np.int64),
            "client": tasks.client.astype(np.int32),
            "arrival_s": tasks.arrival_s,
            "type": types,
            "choice": choice,
            "contractor": names,
            "explored": records.explored,
            "score": nullable(records.score),
            "confidence": nullable(records.confidence),
            "estimated_usd": records.estimated_usd,
            "realised_usd": records.realised_usd,
            "price_usd": records.price_usd,
            "internal_usd": records.internal_usd,
            "internal_compute_usd": running.compute_usd,
            "internal_memory_usd": running.memory_usd,
            "internal_energy_usd": running.energy_usd,
            "internal_opportunity_usd": block.home.opportunity_usd,
            "internal_depreciation_usd": running.depreciation_usd,
            "all_local_usd": records.all_local_usd,
            "estimated_s": records.estimated_s,
            "started_s": records.started_s,
            "finished_s": records.finished_s,
            "turnaround_s": records.turnaround_s,
            "all_local_s": records.all_local_s,
            "max_latency_s": tasks.max_latency_s,
            "outcome": outcome,
        }
    )


def offers_table(
    decided: DecidedOffers, replication: int, pool: Pool, skills: Compatibility, quotes: Quotes
) -> pa.Table:
    """One row a contractor for one decision: every external component, the skill parts and the score."""
    offers, row = decided.quote.offers, decided.row
    type_id = offers.type_id[row]
    n = len(pool)
    on_top = quotes.surcharges(offers, row)
    reasons = decided.decision.reasons or {}

    def spread(values: FloatArray | float) -> FloatArray:
        return np.array(np.broadcast_to(np.asarray(values, dtype=float).reshape(-1), n))

    return pa.table(
        {
            "replication": np.full(n, replication, dtype=np.int32),
            "task": np.full(n, decided.block.first + decided.task, dtype=np.int64),
            "contractor": pa.DictionaryArray.from_arrays(
                pa.array(np.arange(n, dtype=np.int32)), pa.array(pool.names, pa.string())
            ),
            "external_usd": offers.external_usd[row],
            "price_usd": decided.quote.price_usd[row],
            "communication_usd": spread(on_top.communication_usd),
            "verification_usd": spread(on_top.verification_usd),
            "integration_usd": spread(on_top.integration_usd),
            "risk_usd": spread(on_top.risk_usd),
            "latency_penalty_usd": spread(on_top.latency_penalty_usd),
            "latency_s": spread(offers.latency_s[row if len(offers.latency_s) > 1 else 0]),
            "skill": skills.total[type_id],
            "skill_ontological": skills.ontological[type_id],
            "skill_embedding": skills.embedding[type_id],
            "skill_performance": skills.performance[type_id],
            "eligible": offers.eligible[type_id],
            "topsis_score": nullable(spread(reasons.get("closeness", np.nan))),
            "chosen": np.arange(n) == decided.decision.contractor,
        }
    )


def nullable(values: FloatArray) -> pa.Array:
    """The values with null for NaN."""
    column = pa.array(values)
    return pc.if_else(pc.is_nan(column), None, column)
