"""``offers.parquet``: what every contractor offered for every task."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from coalesce_sim.arrays import FloatArray
from coalesce_sim.columns import named, nullable, same
from coalesce_sim.market.breakdown import LEFT_OUT, NOT_ALLOWED, OFFERS
from coalesce_sim.market.observer import DecidedOffers
from coalesce_sim.market.pool import Pool
from coalesce_sim.policies.protocol import View
from coalesce_sim.skills.compatibility import Compatibility


def offers_table(
    decided: DecidedOffers, replication: int, pool: Pool, skills: Compatibility, *, learning: bool
) -> pa.Table:
    """One row a contractor for one decision: every external component, the skill parts and the score.

    In a market that learns, `attempt` counts the decisions on the task from 0. `left_out` says why a
    contractor makes no offer, with nulls in the other columns. `correction_usd` is what experience adds to
    the estimated charges, their sum times ``calibration_factor − 1``; `latency_penalty_usd` goes by
    `latency_s` times `time_factor`; `expected_loss_usd` is
    ``1 − reliability`` times what bad work costs, `risk_usd` what other risks put at stake. `reliability` is
    the public score, or what is advertised where there is none. With `contracts.security.incidents`,
    `expected_leak_usd` is what leaks are expected to cost the client, and where nobody is rated tampered and
    lost work is a part of `expected_loss_usd`. `latency_s` is the sum of `working_s`,
    `waiting_s` (discovery, network and queue) and `overhead_s` (handshake, transfer and verification).
    """
    view = View(decided.offers, decided.row)
    ids, breakdown = view.ids, decided.breakdown()
    reasons = decided.decision.reasons or {}
    columns: dict[str, object] = {"external_usd": view.external_usd}
    columns |= breakdown.parts_usd
    columns["latency_s"] = _spread(view.latency_s, len(ids))
    columns |= breakdown.facts
    columns |= {
        "skill": view.skill,
        "skill_ontological": skills.ontological[view.type_id, ids],
        "skill_embedding": skills.embedding[view.type_id, ids],
        "skill_performance": breakdown.performance,
        "eligible": view.eligible,
        "topsis_score": nullable(_spread(reasons.get("closeness", np.nan), len(ids))),
        "chosen": np.arange(len(ids)) == decided.decision.contractor,
    }
    n = len(pool)
    about: dict[str, object] = {
        "replication": same(replication, n),
        "task": np.full(n, decided.block.first + decided.task, dtype=np.int64),
        "contractor": named(np.arange(n), pool.names),
    }
    if not learning:
        return pa.table(about | columns)
    about["attempt"] = same(decided.attempt, n)
    why = LEFT_OUT if breakdown.rules else LEFT_OUT[:NOT_ALLOWED]  # files keep all words
    about["left_out"] = named(breakdown.left_out, why)
    place = np.cumsum(breakdown.left_out == OFFERS) - 1
    of_pool = pa.table(columns).take(pa.array(place, mask=breakdown.left_out != OFFERS))
    return pa.table(about | dict(zip(of_pool.column_names, of_pool.columns, strict=True)))


def _spread(values: FloatArray | float, offers: int) -> FloatArray:
    return np.array(np.broadcast_to(np.asarray(values, dtype=float).reshape(-1), offers))
