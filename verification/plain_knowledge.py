"""What clients come to know of contractors, and how they find them; see `verification/plain_market.py`."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from verification.plain_given import draw

OWN_RECORD: dict[str, Any] = {
    "model": {"kind": "beta", "prior_good": 1.0, "prior_bad": 1.0, "forgetting": 1.0},
    "start": "cold",
    "by_task_type": True,
    "pooling": 5.0,
}
"""How clients keep the record of their own agent."""

Rating = tuple[int, str, float]
"""Who rates, the type of task, and the rating from 0 to 1."""


class Ratings:
    """Scores of workers from 0 to 1, drawn from all their ratings so far."""

    def __init__(
        self, settings: dict[str, Any], types: list[str], clients: int, advertised: list[float]
    ) -> None:
        self.model, self.clients, self.types = settings["model"], clients, types
        self.warm = settings["start"] == "warm"
        self.pooling = settings["pooling"] if settings["by_task_type"] else None
        self.advertised = advertised
        self.ratings: list[list[Rating]] = [[] for _ in advertised]
        self.count = 0
        self.scores = [self._scores(who, [1.0] * clients) for who in range(len(advertised))]

    def rate(self, client: int, who: int, type_: str, rating: float) -> float:
        """Take a rating in; the score of who was rated, for the type, after it."""
        self.ratings[who].append((client, type_, rating))
        self.count += 1
        if self.model["kind"] != "eigentrust":
            self.scores[who] = self._scores(who, [1.0] * self.clients)
        elif self.count % self.model["recompute_every"] == 0:
            weights = self._weights()
            self.scores = [self._scores(each, weights) for each in range(len(self.ratings))]
        return self.scores[who][type_]

    def _scores(self, who: int, weights: list[float]) -> dict[str, float]:
        """By type, from the ratings of one worker; client i's word weighs ``weights[i]``."""
        model, ratings = self.model, self.ratings[who]
        if model["kind"] == "sliding_window":
            ratings = ratings[-model["window_ratings"] :]
        if model["kind"] == "ewma":
            forgetting = 1.0 - model["alpha"]
            overall = self.advertised[who] if self.warm else model["initial"]
            for _, _, rating in ratings:
                overall = forgetting * overall + model["alpha"] * rating
        else:
            forgetting = model.get("forgetting", 1.0)
            a, b = model["prior_good"], model["prior_bad"]
            if self.warm:
                a, b = (model["warm_ratings"] * p for p in (self.advertised[who], 1 - self.advertised[who]))
            good, number = _faded(ratings, forgetting, weights)
            overall = (a + good) / (a + b + number)
        scores = {}
        for type_ in self.types:
            if self.pooling is None or not ratings:
                scores[type_] = overall
            else:
                good, number = _faded(ratings, forgetting, weights, only=type_)
                scores[type_] = (self.pooling * overall + good) / (self.pooling + number)
        return scores

    def _weights(self) -> list[float]:
        """EigenTrust of the clients (Kamvar et al. 2003), such that a rating weighs 1 on average.

        Trust goes round until it settles: a client passes it on to those whom it found good more often than
        bad, or to the pretrusted; they pass it back to who found them good; a share starts anew each time.
        """
        clients, workers = range(self.clients), range(len(self.ratings))
        trusted, restart = self.model["pretrusted_clients"] or self.clients, self.model["pretrust_weight"]
        pretrust = [1 / trusted if i < trusted else 0.0 for i in clients]
        net = [[0.0] * len(workers) for _ in clients]
        for j in workers:
            for i, _, rating in self.ratings[j]:
                net[i][j] += 2 * rating - 1
        local = [[max(0.0, each) for each in row] for row in net]
        given, received = [sum(row) for row in local], [sum(row[j] for row in local) for j in workers]
        trust, before = pretrust, [math.inf] * self.clients
        while max(abs(new - old) for new, old in zip(trust, before, strict=True)) > 1e-15:
            before = trust
            nobody = sum(trust[i] for i in clients if given[i] == 0)
            passed = [
                (1 - restart) * sum(trust[i] * local[i][j] / given[i] for i in clients if given[i] > 0)
                for j in workers
            ]
            trust = [
                (restart + (1 - restart) * nobody) * pretrust[i]
                + (1 - restart) * sum(passed[j] * local[i][j] / received[j] for j in workers if passed[j] > 0)
                for i in clients
            ]
        said = [sum(1 for ratings in self.ratings for rater, _, _ in ratings if rater == i) for i in clients]
        heard = sum(trust[i] * said[i] for i in clients)
        return [each * sum(said) / heard for each in trust] if heard > 0 else trust


def _faded(
    ratings: list[Rating], forgetting: float, weights: list[float], only: str | None = None
) -> tuple[float, float]:
    """Sums of the ratings (of one type) and of their number; each new one of any type fades the others."""
    good = number = 0.0
    for client, type_, rating in ratings:
        good, number = forgetting * good, forgetting * number
        if only in (None, type_):
            good, number = good + weights[client] * rating, number + weights[client]
    return good, number


Merit = Callable[[str], list[float]]
"""The public merit of every contractor for a type of task; -inf where it is not in the market."""


def best_first(order: list[int], worth: list[float]) -> list[int]:
    """Those who are in the market, by falling worth."""
    return sorted((j for j in order if worth[j] > -math.inf), key=lambda j: -worth[j])


class Shortlists:
    """At most `k` of those known: the best, and on the places kept for newcomers the others in turn."""

    def __init__(self, rules: dict[str, Any]) -> None:
        self.k, share = rules["k"], rules["newcomer_share"]
        self.seats = max(1, round(share * self.k)) if share > 0 else 0
        self.last: dict[Any, int] = {}

    def pick(self, whose: Any, ranked: list[int]) -> list[int]:
        if len(ranked) <= self.k or self.seats == 0:
            self.last.pop(whose, None)
            return sorted(ranked[: self.k])
        best, others = ranked[: self.k - self.seats], sorted(ranked[self.k - self.seats :])
        start = bisect_right(others, self.last.get(whose, -1))
        turn = [others[(start + i) % len(others)] for i in range(self.seats)]
        self.last[whose] = turn[-1]
        return sorted(best + turn)


class Registry:
    """A central directory, which ranks everybody now and then and may be down."""

    def __init__(self, rules: dict[str, Any], order: list[int], types: list[str]) -> None:
        self.rules, self.order, self.types = rules, order, types
        self.shortlists = Shortlists(rules)
        self.ranked: dict[str, list[int]] = {}
        self.ranked_s = -math.inf
        self.remembered: dict[tuple[int, str], list[int]] = {}

    def find(self, now_s: float, client: int, type_: str, merit: Merit) -> tuple[list[int], float, int]:
        """Contractors, ascending, how long it takes to hear of them, and how many messages."""
        rules = self.rules
        for outage in rules["outages"]:
            if 3600 * outage["start_h"] <= now_s < 3600 * (outage["start_h"] + outage["hours"]):
                cached = self.remembered if rules["fallback"] == "cached" else {}
                return cached.get((client, type_), []), rules["timeout_ms"] / 1000, 1
        if now_s - self.ranked_s >= rules["refresh_s"]:
            self.ranked_s = now_s
            for each in self.types:
                worth = merit(each)
                self.ranked[each] = best_first(self.order, worth)
        found = self.remembered[client, type_] = self.shortlists.pick(type_, self.ranked[type_])
        return found, (rules["latency_ms"] + 2 * rules["message_ms"]) / 1000, 2


class Broadcast:
    """No directory: each query goes to all contractors, and they answer as things stand."""

    def __init__(self, rules: dict[str, Any], order: list[int]) -> None:
        self.rules, self.order, self.shortlists = rules, order, Shortlists(rules)

    def find(self, now_s: float, client: int, type_: str, merit: Merit) -> tuple[list[int], float, int]:  # noqa: ARG002
        """Contractors, ascending, how long it takes to hear of them, and how many messages."""
        worth = merit(type_)
        found = self.shortlists.pick((client, type_), best_first(self.order, worth))
        asked = sum(each > -math.inf for each in worth)
        return found, (self.rules["wait_ms"] + 2 * self.rules["message_ms"]) / 1000, 2 * asked


class Gossip:
    """No directory: in each round every agent asks others, drawn at random, for what they knew before it.

    Clients are agents 0, 1, 2, …, contractors come after them. An agent keeps the freshest entry that it
    heard of each contractor; a contractor always has a fresh one of itself. `agents` are the key and the
    identity of each one's luck. Only those contractors ask and are asked who are in the market (`is_there`).
    """

    def __init__(
        self,
        rules: dict[str, Any],
        agents: list[tuple[int, int]],
        clients: int,
        types: list[str],
        is_there: Sequence[Callable[[float], bool]],
    ) -> None:
        self.is_there = is_there
        self.rules, self.agents, self.clients, self.types = rules, agents, clients, types
        self.n = n = len(agents) - clients
        self.shortlists = Shortlists(rules)
        self.entries: list[dict[int, float]] = [{} for _ in range(clients + n)]
        self.rounds = 0
        self.asked_in: dict[int, int] = {}
        self.worth: dict[str, list[float]] = {}

    def find(self, now_s: float, client: int, type_: str, merit: Merit) -> tuple[list[int], float, int]:
        """Contractors, ascending, how long it takes to look at what one knows of them, and how many messages
        that took since the client looked last."""
        heard_s = now_s - 2 * self.rules["message_ms"] / 1000
        latest = max(-1, math.floor(heard_s / self.rules["round_s"]))
        messages = 2 * self.rules["fanout"] * (latest - self.asked_in.get(client, -1))
        self.asked_in[client] = latest
        if latest < 0:
            return [], self.rules["query_ms"] / 1000, messages
        if latest >= self.rounds:
            self.worth = {each: merit(each) for each in self.types}
        while self.rounds <= latest:
            self._play_a_round(self.rounds)
            self.rounds += 1
        made_s, worth = self.entries[client], self.worth[type_]
        view = sorted(sorted(made_s), key=lambda j: -made_s[j])[: self.rules["view_size"]]
        ranked = best_first(view, worth)
        return self.shortlists.pick((client, type_), ranked), self.rules["query_ms"] / 1000, messages

    def _play_a_round(self, number: int) -> None:
        fanout, now_s = self.rules["fanout"], number * self.rules["round_s"]
        contractors = [contractor for contractor in range(self.n) if self.is_there[contractor](now_s)]
        agents = [*range(self.clients), *(self.clients + contractor for contractor in contractors)]
        for contractor in contractors:
            ago = self._draw(number, self.clients + contractor, fanout)
            self.entries[self.clients + contractor][contractor] = (number - ago) * self.rules["round_s"]
        before = [dict(known) for known in self.entries]
        for seat, agent in enumerate(agents):
            known = self.entries[agent]
            for place in range(fanout):
                further = 1 + int(self._draw(number, agent, place) * (len(agents) - 1))
                other = agents[(seat + further) % len(agents)]
                for contractor, made_s in before[other].items():
                    known[contractor] = max(made_s, known.get(contractor, -math.inf))

    def _draw(self, number: int, agent: int, place: int) -> float:
        """Draw `place` of an agent in a round."""
        key, who = self.agents[agent]
        return draw(key, who, number, place)
