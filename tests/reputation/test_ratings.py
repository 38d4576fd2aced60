"""The public record of ratings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import beta

import coalesce_sim
from coalesce_sim.reputation import Ratings
from coalesce_sim.scenario.reputation import Reputation

BETA = {"kind": "beta"}
WINDOW = {"kind": "sliding_window"}
WHITBY = {"kind": "whitby"}
EWMA = {"kind": "ewma"}
EIGENTRUST = {"kind": "eigentrust", "recompute_every": 1}


def ratings(
    model: dict[str, Any], contractors: int = 3, clients: int = 2, types: int = 2, **fields: Any
) -> Ratings:
    settings = Reputation.model_validate({"model": model, **fields})
    return Ratings(settings, types, clients, np.linspace(0.5, 0.9, contractors))


@pytest.mark.parametrize("model", [BETA, WINDOW, WHITBY, EWMA, EIGENTRUST], ids=lambda model: model["kind"])
def test_a_cold_record_knows_nothing_and_a_warm_one_what_is_advertised(model: dict[str, Any]) -> None:
    assert ratings(model).scores.tolist() == [[0.5, 0.5, 0.5]]
    assert ratings(model, by_task_type=True).scores.tolist() == [[0.5, 0.5, 0.5]] * 2
    assert ratings(model, start="warm").scores == pytest.approx(np.array([[0.5, 0.7, 0.9]]))


def test_a_beta_score_is_the_mean_of_its_posterior() -> None:
    """Priors 1 and 1; good, bad, 0.5: (1 + 1.5)/(2 + 3), and the other contractors stay where they were."""
    book = ratings(BETA)
    for rating in (1.0, 0.0, 0.5):
        book.rate(0.0, 0, 1, 0, rating)
    assert book.scores.tolist() == [[0.5, 2.5 / 5, 0.5]]
    book.rate(0.0, 1, 1, 1, 1.0)
    assert book.scores[0, 1] == 3.5 / 6


def test_a_warm_start_is_worth_its_ratings() -> None:
    """Advertised 0.9, worth 20 ratings, then 10 bad ones: 18/30."""
    book = ratings(BETA | {"warm_ratings": 20}, start="warm")
    for _ in range(10):
        book.rate(0.0, 0, 2, 0, 0.0)
    assert book.scores[0, 2] == pytest.approx(18 / 30)


def test_forgetting_counts_a_contractors_own_ratings() -> None:
    """λ = 0.5, good then bad: G = 0.5, N = 1.5, so (1 + 0.5)/(2 + 1.5); ratings of others fade nothing."""
    book = ratings(BETA | {"forgetting": 0.5})
    book.rate(0.0, 0, 0, 0, 1.0)
    for _ in range(5):
        book.rate(0.0, 0, 1, 0, 1.0)
    book.rate(0.0, 0, 0, 0, 0.0)
    assert book.scores[0, 0] == pytest.approx(1.5 / 3.5)


def test_ewma_moves_by_alpha_of_the_way() -> None:
    book = ratings(EWMA | {"alpha": 0.25, "initial": 0.2})
    book.rate(0.0, 0, 0, 0, 1.0)
    assert book.scores[0, 0] == pytest.approx(0.4)
    book.rate(0.0, 0, 0, 0, 0.0)
    assert book.scores[0, 0] == pytest.approx(0.3)


def test_a_window_holds_a_contractors_own_last_ratings() -> None:
    """Three of bad, good, 0.5, good: (1 + 2.5)/(2 + 3); ratings of others push none of them out."""
    book = ratings(WINDOW | {"window_ratings": 3})
    for rating in (0.0, 1.0, 0.5):
        book.rate(0.0, 0, 1, 0, rating)
        book.rate(0.0, 0, 0, 0, 1.0)
    assert book.scores[0, 1] == 2.5 / 5
    book.rate(0.0, 0, 1, 1, 1.0)
    assert book.scores.tolist() == [[4 / 5, 3.5 / 5, 0.5]]


def test_a_window_that_is_not_full_forgets_nothing() -> None:
    books = [ratings(model, by_task_type=True, start="warm") for model in (BETA, WINDOW)]
    rng = np.random.default_rng(5)
    for _ in range(40):
        contractor, type_id, rating = int(rng.integers(3)), int(rng.integers(2)), float(rng.integers(2))
        for book in books:
            book.rate(0.0, 0, contractor, type_id, rating)
        assert books[1].scores == pytest.approx(books[0].scores, rel=1e-14)


def test_a_type_that_left_the_window_goes_back_to_the_score_over_all() -> None:
    """Of types 0 and 1 the last two ratings, both of type 1, are left: 3/4 over all, and 1 of type 1."""
    book = ratings(WINDOW | {"window_ratings": 2}, by_task_type=True, pooling=4)
    for type_id, rating in ((0, 0.0), (0, 0.0), (1, 1.0), (1, 1.0)):
        book.rate(0.0, 0, 1, type_id, rating)
    assert book.scores[:, 1].tolist() == [3 / 4, (4 * 3 / 4 + 2) / (4 + 2)]


@pytest.mark.parametrize("model", [BETA, WINDOW, EIGENTRUST], ids=lambda model: model["kind"])
def test_types_are_told_apart_and_a_new_type_starts_from_the_others(model: dict[str, Any]) -> None:
    """8 good ratings of type 0, 8 bad ones of type 1: pooled 9/18, drawn to it as if by 4 ratings."""
    book = ratings(model, clients=1, types=3, by_task_type=True, pooling=4)
    for _ in range(8):
        book.rate(0.0, 0, 1, 0, 1.0)
        book.rate(0.0, 0, 1, 1, 0.0)
    assert book.scores[:, 1] == pytest.approx(np.array([(2 + 8) / 12, 2 / 12, 0.5]))
    assert book.scores[:, 0].tolist() == [0.5, 0.5, 0.5]


def test_ewma_by_type_forgets_as_fast_as_ewma_does() -> None:
    """After many good ratings G = N = 1/α, so the score is 1; a bad one leaves (1 − α) of each."""
    book = ratings(EWMA | {"alpha": 0.25}, by_task_type=True, pooling=2)
    for _ in range(200):
        book.rate(0.0, 0, 0, 0, 1.0)
    assert book.scores[0, 0] == pytest.approx(1.0)
    book.rate(0.0, 0, 0, 0, 0.0)
    assert book.scores[0, 0] == pytest.approx((2 * 0.75 + 3) / (2 + 4))


def test_eigentrust_believes_those_who_agree_with_trusted_clients() -> None:
    """Client 0 is pretrusted and finds contractor 0 good, as client 1 does; client 2 praises others.

    Clients 0 and 1 both damn contractor 1, client 2 praises it: its word, of trust 0, counts for nothing.
    """
    book = ratings(EIGENTRUST | {"pretrusted_clients": 1}, clients=3)
    for client, contractor, rating in [
        (0, 0, 1),
        (1, 0, 1),
        (0, 1, 0),
        (1, 1, 0),
        (2, 2, 1),
        (2, 1, 1),
        (2, 1, 1),
    ]:
        book.rate(0.0, client, contractor, 0, float(rating))
    good, damned, unknown = book.scores[0]
    assert good > 0.7
    assert damned < 0.3
    assert unknown == 0.5


def test_eigentrust_scores_change_when_they_are_due() -> None:
    book = ratings(EIGENTRUST | {"recompute_every": 3})
    for _ in range(2):
        book.rate(0.0, 0, 0, 0, 1.0)
        assert book.scores[0, 0] == 0.5
    book.rate(0.0, 0, 0, 0, 1.0)
    assert book.scores[0, 0] == pytest.approx(4 / 5)


def test_every_rating_is_a_row_and_is_handed_over_once() -> None:
    book = ratings(BETA)
    book.rate(1.5, 1, 2, 1, 1.0)
    book.rate(2.5, 0, 2, 0, 0.0)
    rows = book.take_rows()
    assert {name: column.tolist() for name, column in rows._asdict().items()} == {
        "time_s": [1.5, 2.5],
        "client": [1, 0],
        "contractor": [2, 2],
        "type_id": [1, 0],
        "rating": [1.0, 0.0],
        "score_after": [2 / 3, 2 / 4],
    }
    again = book.take_rows()
    assert [len(column) for column in again] == [0] * 6
    assert [column.dtype for column in again] == [column.dtype for column in rows]


def test_nobody_but_the_record_changes_scores() -> None:
    scores = ratings(BETA).scores
    with pytest.raises(ValueError, match="read-only"):
        scores[0, 0] = 1.0


@pytest.mark.parametrize("rating", [-0.1, 1.1, float("nan")])
def test_a_rating_outside_0_to_1_is_refused(rating: float) -> None:
    book = ratings(BETA)
    with pytest.raises(ValueError, match=rf"rating must be from 0 to 1 \(got {rating}\)"):
        book.rate(0.0, 0, 0, 0, rating)
    assert len(book.take_rows().rating) == 0


def test_ratings_that_cannot_start_say_why() -> None:
    with pytest.raises(ValueError, match=r"pretrusted_clients .* clients, 2 \(got 5\)"):
        ratings(EIGENTRUST | {"pretrusted_clients": 5})
    with pytest.raises(ValueError, match=r"reliability of contractor 1 must be from 0 to 1 \(got 1.2\)"):
        Ratings(Reputation(), 1, 1, np.array([0.5, 1.2]))


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"model": {"kind": "beta", "forgetting": 1.5}}, "forgetting"),
        ({"model": {"kind": "beta", "prior_good": 0}}, "prior_good"),
        ({"model": {"kind": "whitby", "quantile": 0.5}}, "quantile"),
        ({"model": {"kind": "sliding_window", "window_ratings": 0}}, "window_ratings"),
        ({"model": {"kind": "sliding_window", "forgetting": 0.9}}, "forgetting"),
        ({"model": {"kind": "ewma", "alpha": 0}}, "alpha"),
        ({"model": {"kind": "ewma", "warm_ratings": 3}}, "warm_ratings"),
        ({"model": {"kind": "eigentrust", "recompute_every": 0}}, "recompute_every"),
        ({"model": {"kind": "elo"}}, "model"),
        ({"start": "hot"}, "start"),
        ({"pooling": 0}, "pooling"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_that_mean_nothing_are_refused_by_name(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Reputation.model_validate(settings)
    (error,) = caught.value.errors()
    assert error["loc"][-1] == field


def test_an_advertised_reliability_of_0_or_1_is_one() -> None:
    settings = Reputation.model_validate({"start": "warm"})
    assert Ratings(settings, 1, 1, np.array([0.0, 1.0])).scores.tolist() == [[0.0, 1.0]]


def heard(given: dict[int, tuple[float, float]], prior: tuple[float, float], quantile: float) -> set[int]:
    """Who is heard of clients who gave so many good and bad ratings, by quantiles."""
    left = set(given)
    while True:
        good, bad = (prior[side] + sum(given[each][side] for each in left) for side in (0, 1))
        score = good / (good + bad)
        out = set()
        for each in left:
            own = beta(1 + given[each][0], 1 + given[each][1])
            if not own.ppf(quantile) <= score <= own.ppf(1 - quantile):
                out.add(each)
        if not out:
            return left
        left -= out


@pytest.mark.parametrize("number", range(12))
def test_whitbys_filter_agrees_with_one_that_knows_quantiles(number: int) -> None:
    """Honest clients and liars, with quantiles from the density; by type the same clients are heard."""
    rng = np.random.default_rng(number)
    quantile, liars = (0.01, 0.1, 0.3)[number % 3], number % 4
    plain = ratings(WHITBY | {"quantile": quantile}, clients=6)
    typed = ratings(WHITBY | {"quantile": quantile}, clients=6, by_task_type=True, pooling=3.0)
    given: dict[int, tuple[float, float]] = {}
    of_type: dict[tuple[int, int], tuple[float, float]] = {}
    for _ in range(60):
        client, type_id = int(rng.integers(6)), int(rng.integers(2))
        rating = float(client < liars) if rng.random() < 0.5 else float(rng.random() < 0.7)
        for book in (plain, typed):
            book.rate(0.0, client, 1, type_id, rating)
        good, bad = given.get(client, (0.0, 0.0))
        given[client] = good + rating, bad + 1 - rating
        good, bad = of_type.get((type_id, client), (0.0, 0.0))
        of_type[type_id, client] = good + rating, bad + 1 - rating
        left = heard(given, (1, 1), quantile)
        good, bad = (1 + sum(given[each][side] for each in left) for side in (0, 1))
        assert plain.scores[0].tolist() == [0.5, pytest.approx(good / (good + bad)), 0.5]
        for row in (0, 1):
            sums = [sum(of_type.get((row, each), (0, 0))[side] for each in left) for side in (0, 1)]
            score = (3 * good / (good + bad) + sums[0]) / (3 + sum(sums))
            assert typed.scores[row, 1] == pytest.approx(score)


def test_whitbys_filter_silences_a_few_liars_and_is_silenced_by_many() -> None:
    """Ten good ratings by each of four clients, ten bad ones by a fifth; then the other way round."""
    for liars, score in ((1, 41 / 42), (4, 1 / 42)):
        book = ratings(WHITBY, clients=5)
        for _ in range(10):
            for client in range(5):
                book.rate(0.0, client, 0, 0, float(client >= liars))
        assert book.scores[0, 0] == pytest.approx(score)


def test_the_compiled_core_refuses_whitbys_filter_by_name() -> None:
    scenario = coalesce_sim.load("market_viable", ["reputation.model={kind: whitby}"])
    with pytest.raises(coalesce_sim.CoreError, match="Whitby's filter"):
        coalesce_sim.run(scenario, replications=1, core="compiled")
