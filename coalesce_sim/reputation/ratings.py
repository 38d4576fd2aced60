"""The public record: every rating, and the scores that follow from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.reputation.beta import Beta
from coalesce_sim.reputation.eigentrust import EigenTrust, There, everybody
from coalesce_sim.reputation.ewma import Ewma
from coalesce_sim.reputation.pooling import ByTaskType
from coalesce_sim.reputation.sliding_window import SlidingWindow
from coalesce_sim.scenario.reputation import (
    Counts,
    EigenTrustReputation,
    EwmaReputation,
    Reputation,
    SlidingWindowReputation,
    WhitbyReputation,
)

if TYPE_CHECKING:
    from coalesce_sim.reputation.whitby import Whitby


class RatingRows(NamedTuple):
    """Ratings, oldest first; one entry each.

    `rating` is from 0 (bad work) to 1, `score_after` the score of the contractor (for the type) as public
    after it.
    """

    time_s: FloatArray
    client: IntArray
    contractor: IntArray
    type_id: IntArray
    rating: FloatArray
    score_after: FloatArray


class Ratings:
    """Scores of all contractors, changed by each rating.

    `scores` is (task types, contractors), or (1, contractors) where types are not told apart: always current,
    read-only for all others. It is one array that changes with time: keep a copy, not the array.
    `advertised` is the reliability that each contractor claims, from which a warm start begins.

    `there` gives the contractors who have entered the market; others are no part of anybody's score.
    Ratings are kept to be taken with `take_rows`, unless told not to `record` them.
    Raises ValueError if an advertised reliability is not in [0, 1], or if there are fewer clients than are
    pretrusted.
    """

    def __init__(
        self,
        settings: Reputation,
        n_types: int,
        n_clients: int,
        advertised: FloatArray,
        *,
        record: bool = True,
        there: There = everybody,
    ) -> None:
        wrong = np.flatnonzero(~((advertised >= 0) & (advertised <= 1)))
        if len(wrong):
            raise ValueError(
                f"reliability of contractor {wrong[0]} must be from 0 to 1 (got {advertised[wrong[0]]:g})"
            )
        self._model = _model(settings, n_types, n_clients, np.asarray(advertised, dtype=np.float64), there)
        self.scores: FloatArray = self._model.scores.view()
        self.scores.flags.writeable = False
        self._record = record
        self._rows: list[tuple[float, int, int, int, float, float]] = []

    def rate(self, now_s: float, client: int, contractor: int, type_id: int, rating: float) -> None:
        """Enter a client's rating, from 0 (bad work) to 1 (good work); ValueError for any other."""
        if not 0.0 <= rating <= 1.0:
            raise ValueError(f"rating must be from 0 to 1 (got {rating!r})")
        score = self._model.rate(client, contractor, type_id, rating)
        if self._record:
            self._rows.append((now_s, client, contractor, type_id, rating, score))

    def take_rows(self) -> RatingRows:
        """The ratings entered since the last call; they are kept no longer."""
        columns = zip(*self._rows, strict=True) if self._rows else [()] * len(RatingRows._fields)
        time_s, client, contractor, type_id, rating, score_after = columns
        self._rows.clear()
        return RatingRows(
            np.array(time_s, dtype=np.float64),
            np.array(client, dtype=np.int64),
            np.array(contractor, dtype=np.int64),
            np.array(type_id, dtype=np.int64),
            np.array(rating, dtype=np.float64),
            np.array(score_after, dtype=np.float64),
        )


def first_scores(settings: Reputation, advertised: FloatArray) -> FloatArray:
    """What the public record says of contractors before it has any rating."""
    if settings.start == "warm":
        return advertised
    model = settings.model
    if isinstance(model, EwmaReputation):
        return np.full(len(advertised), model.initial)
    return np.full(len(advertised), model.prior_good / (model.prior_good + model.prior_bad))


def _model(
    settings: Reputation, n_types: int, n_clients: int, advertised: FloatArray, there: There
) -> Beta | SlidingWindow | Whitby | Ewma | ByTaskType | EigenTrust:
    """The rule that turns ratings into scores, at its start."""
    model = settings.model
    warm = settings.start == "warm"
    if isinstance(model, EigenTrustReputation):
        return eigentrust_of(settings, model, n_types, n_clients, advertised, there)
    if isinstance(model, SlidingWindowReputation):
        return SlidingWindow(
            *prior_counts(model, warm, advertised),
            window=model.window_ratings,
            n_types=n_types,
            pooling=settings.pooling if settings.by_task_type else None,
        )
    if isinstance(model, WhitbyReputation):
        from coalesce_sim.reputation.whitby import Whitby  # scipy takes 0.3 s of a core

        return Whitby(
            *prior_counts(model, warm, advertised),
            quantile=model.quantile,
            n_types=n_types,
            n_clients=n_clients,
            pooling=settings.pooling if settings.by_task_type else None,
        )
    pooled: Beta | Ewma
    if isinstance(model, EwmaReputation):
        pooled = Ewma(first_scores(settings, advertised), model.alpha)
        forgetting = 1.0 - model.alpha
    else:
        pooled = Beta(*prior_counts(model, warm, advertised), forgetting=model.forgetting)
        forgetting = model.forgetting
    return ByTaskType(pooled, n_types, settings.pooling, forgetting) if settings.by_task_type else pooled


def eigentrust_of(
    settings: Reputation,
    model: EigenTrustReputation,
    n_types: int,
    n_clients: int,
    advertised: FloatArray,
    there: There = everybody,
) -> EigenTrust:
    """EigenTrust before the first rating, `model` being the settings' own."""
    return EigenTrust(
        *prior_counts(model, settings.start == "warm", advertised),
        pretrust=_pretrust(model, n_clients),
        pretrust_weight=model.pretrust_weight,
        recompute_every=model.recompute_every,
        n_types=n_types,
        pooling=settings.pooling if settings.by_task_type else None,
        there=there,
    )


def prior_counts(model: Counts, warm: bool, advertised: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Good and bad pseudo-counts of each contractor."""
    if warm:
        return model.warm_ratings * advertised, model.warm_ratings * (1.0 - advertised)
    return np.full(len(advertised), model.prior_good), np.full(len(advertised), model.prior_bad)


def _pretrust(model: EigenTrustReputation, n_clients: int) -> FloatArray:
    trusted = n_clients if model.pretrusted_clients is None else model.pretrusted_clients
    if trusted > n_clients:
        raise ValueError(
            f"pretrusted_clients must be at most the number of clients, {n_clients} (got {trusted})"
        )
    pretrust = np.zeros(n_clients)
    pretrust[:trusted] = 1.0 / trusted
    return pretrust
