"""What is learned from attempts, compiled: ratings, corrected estimates and how far off they were.

In the words of `coalesce_sim.reputation`, `economics.correction` and `market.contracts.knowledge`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.market_tables import (
    Contractor,
    Course,
    Effect,
    Learned,
    Pair,
    Rules,
    Window,
)
from coalesce_sim.market.compiled.rows import Grid, Stack, Table

WINDOW: Final = 50
"""Outcomes of which one error is told."""


class Experience(NamedTuple):
    """All that is learned: by worker ratings over all types, by type of task and worker what `pairs` tell,
    and by both what is learned of charges and of times; errors and effects."""

    contractors: Table[Contractor]
    pairs: Grid[Pair]
    learned: Stack[Learned]
    windows: Table[Window]
    effects: Table[Effect]


CHARGES: Final = 0
TIMES: Final = 1
"""What `Experience.learned` is of."""


BY_TYPE: Final[Any] = np.bool_(True)
AT_HOME: Final[Any] = np.bool_(True)
AWAY: Final[Any] = np.bool_(False)
"""Truth values as they are found in rows: numba compiles a function once more for one of Python's own."""


@part
def rate(
    who: int,
    type_id: int,
    rating: float,
    alpha: float,
    forgetting: float,
    by_type: bool,
    weight: float,
    contractors: Table[Contractor],
    pairs: Grid[Pair],
) -> float:
    """`Beta`, or `Ewma` where there is an `alpha`, and `ByTaskType` with its weight: the score for the type
    after a rating."""
    worker = contractors[who]
    if alpha > 0:
        worker.score = (1.0 - alpha) * worker.score + alpha * rating
    else:
        worker.good = worker.good * forgetting + rating
        worker.ratings = worker.ratings * forgetting + 1.0
        worker.score = (worker.prior_good + worker.good) / (worker.prior + worker.ratings)
    if not by_type:
        for each in range(len(pairs)):
            pairs[each, who].score = worker.score
        return worker.score
    pooled = weight * worker.score
    for each in range(len(pairs)):
        pair = pairs[each, who]
        pair.good, pair.ratings = forgetting * pair.good, forgetting * pair.ratings
        if each == type_id:
            pair.good, pair.ratings = pair.good + rating, pair.ratings + 1.0
        pair.score = (pooled + pair.good) / (weight + pair.ratings)
    return pairs[type_id, who].score


@part
def remember_rated(who: int, contractors: Table[Contractor], course: Course) -> None:
    """Somebody was rated, which those who rank contractors take up when they do so again."""
    contractor = contractors[who]
    if not contractor.is_rated:
        contractor.is_rated, contractor.next_rated = True, course.last_rated
        course.last_rated = who


@part
def _learn(row: Learned, estimated: float, actual: float, factor: float, rules: Rules) -> float:
    """`Correction.learn`: the factor after an outcome."""
    if row.begun:
        row.estimated *= rules.forgetting
        row.actual *= rules.forgetting
        row.nearer_by *= rules.forgetting
    elif estimated > 0:
        row.begun = True
        row.estimated = row.actual = (1 / rules.rate - 1) * estimated
    else:
        return factor
    row.estimated += estimated
    row.actual += actual
    row.nearer_by += abs(estimated - actual) - abs(estimated * row.learned - actual)
    if row.estimated > 0:
        row.learned = row.actual / row.estimated
    return row.learned if row.nearer_by > 0 or not rules.proven_only else 1.0


@part
def corrected_usd(
    plain_usd: float,
    turnaround_s: float,
    target_s: float,
    late_usd_per_s: float,
    factor: float,
    time_factor: float,
) -> float:
    """`Expected.corrected_usd`."""
    late_s = max(0.0, turnaround_s * time_factor - target_s)
    return plain_usd * factor + late_s * late_usd_per_s


@part
def bill(
    now_s: float,
    who: int,
    home: bool,
    type_id: int,
    plain_usd: float,
    turnaround_s: float,
    target_s: float,
    late_usd_per_s: float,
    charged_usd: float,
    late_usd: float,
    rules: Rules,
    course: Course,
    experience: Experience,
) -> None:
    """`Knowledge.bill`."""
    pair, actual_usd = experience.pairs[type_id, who], charged_usd + late_usd
    expected_usd = corrected_usd(
        plain_usd, turnaround_s, target_s, late_usd_per_s, pair.factor, pair.time_factor
    )
    _add_error(now_s, expected_usd, actual_usd, course, experience.windows)
    if rules.corrects:
        uncorrected_usd = corrected_usd(plain_usd, turnaround_s, target_s, late_usd_per_s, 1.0, 1.0)
        effect = experience.effects[0 if home else 1]
        corrected_off, plain_off = abs(expected_usd - actual_usd), abs(uncorrected_usd - actual_usd)
        effect.outcomes += 1
        effect.actual_usd += actual_usd
        effect.corrected_usd += corrected_off
        effect.plain_usd += plain_off
        apart = corrected_off - plain_off
        effect.squared_usd2 += apart * apart
        charges = experience.learned[CHARGES, type_id, who]
        pair.factor = _learn(charges, plain_usd, charged_usd, pair.factor, rules)


@part
def took(
    who: int, type_id: int, expected_s: float, turnaround_s: float, rules: Rules, experience: Experience
) -> None:
    """`Knowledge.took`."""
    if rules.corrects:
        pair, times = experience.pairs[type_id, who], experience.learned[TIMES, type_id, who]
        pair.time_factor = _learn(times, expected_s, turnaround_s, pair.time_factor, rules)


@part
def _add_error(
    finished_s: float, estimated_usd: float, actual_usd: float, course: Course, windows: Table[Window]
) -> None:
    """`EstimationError.add`."""
    if actual_usd <= 0:
        return
    window = windows[course.windows]
    window.finished_s = finished_s
    window.outcomes += 1
    window.absolute_usd += abs(estimated_usd - actual_usd)
    window.estimated_usd += estimated_usd
    window.actual_usd += actual_usd
    if window.outcomes == WINDOW:
        course.windows += 1
