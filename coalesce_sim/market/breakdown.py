"""What a decision was based on, part by part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray

LEFT_OUT: Final = (
    "tried before",
    "not discovered",
    "no offer for this task",
    "no price that suits both",
    "beyond the budget",
    "not in the market",
    "not allowed",
)
"""Why a contractor makes no offer for a task."""

TRIED, UNDISCOVERED, NOT_ITS_WORK, NO_BARGAIN, BEYOND_BUDGET, ABSENT, NOT_ALLOWED = range(len(LEFT_OUT))
OFFERS: Final = -1


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The parts of the estimates for one task.

    `home` are the parts of the cost at home in USD, which add up to the estimate; `home_s` is how long the
    work is expected to take there, queue left out; `opportunity` says what its opportunity cost is made of
    (`market.opportunity`). `parts_usd` are the parts of the offers, which add up to
    `external_usd`; `facts` are other figures of them, and `performance` is the performance part of the skill
    (eq. 12), all with one entry an offer. `left_out` has one entry a contractor of the pool: `OFFERS`, or the
    place in `LEFT_OUT` of the reason why it does not. `rules` are those that forbid offers, by contractor.
    """

    home: dict[str, float]
    home_s: float
    opportunity: dict[str, Any]
    parts_usd: dict[str, FloatArray]
    facts: dict[str, FloatArray]
    performance: FloatArray
    left_out: NDArray[np.int8]
    rules: dict[int, str] = field(default_factory=dict)


def left_out(
    contractors: int,
    active: BoolArray | None,
    offered: BoolArray | None,
    discovered: IntArray | None,
    tried: tuple[int, ...],
    ids: IntArray,
    beyond: IntArray | None,
    ruled_out: IntArray | None,
) -> NDArray[np.int8]:
    """Why contractors make no offer for a task; `OFFERS` for the `ids`, who do.

    `active` says who is in the market, `offered` who does such work and `discovered` who was found; None is
    everybody. `beyond` are those who ask for more than the client may commit, `ruled_out` those whose offers
    a rule forbids.
    """
    why = np.full(contractors, NO_BARGAIN, dtype=np.int8)
    if offered is not None:
        why[~offered] = NOT_ITS_WORK
    if discovered is not None:
        unknown = np.ones(contractors, dtype=bool)
        unknown[discovered] = False
        why[unknown] = UNDISCOVERED
    if beyond is not None:
        why[beyond] = BEYOND_BUDGET
    if ruled_out is not None:
        why[ruled_out] = NOT_ALLOWED
    if active is not None:
        why[~active] = ABSENT
    why[list(tried)] = TRIED
    why[ids] = OFFERS
    return why
