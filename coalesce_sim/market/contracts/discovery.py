"""How clients find contractors: a bounded list of candidates for each task."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.luck import Draws, Luck, StateArray, states_of, uniforms
from coalesce_sim.market.presence import Presence
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.scenario.discovery import BroadcastDiscovery, GossipDiscovery, RegistryDiscovery
from coalesce_sim.scenario.discovery import Discovery as DiscoverySettings

LAST_ROUND: Final = 2.0**42
"""Rounds of gossip are counted up to here, so that 64 bits count the messages of a million agents."""

Merit = Callable[[], FloatArray]

NOBODY: IntArray = np.empty(0, dtype=np.int64)
NOBODY.flags.writeable = False


class Found(NamedTuple):
    """Candidates (contractor indices, ascending), how long asking took, how old the knowledge is, how many
    messages it took, and whether somebody answered: a registry that is down does not.

    The age is NaN where nobody was found.
    """

    ids: IntArray
    latency_s: float
    age_s: float
    messages: int
    answered: bool = True


class PartialView(NamedTuple):
    """The contractors that a client knows, freshest first, and when each contractor's entry was made."""

    ids: IntArray
    made_s: FloatArray


class Shortlist:
    """Hands out candidates: the same best ones each time, and others in turn.

    `ranked` are contractors, best first. All but `newcomer_seats` of the `k` places go to the best, the rest
    goes round among all others in the order of their index, from the first above `last` on. So each of them
    is handed out at least once in ``ceil(others / newcomer_seats)`` calls.
    """

    __slots__ = ("_best", "_lists", "_others", "_position", "_seats")

    def __init__(self, ranked: IntArray, k: int, newcomer_seats: int, last: int) -> None:
        self._seats = newcomer_seats if len(ranked) > k else 0
        best, others = ranked[: k - self._seats], ranked[k - self._seats :]
        self._best: list[int] = best.tolist()
        self._others: list[int] = np.sort(others).tolist() if self._seats else []
        self._position = bisect_right(self._others, last)
        self._lists: dict[int, IntArray] = {}

    def next(self) -> IntArray:
        """The next candidates, ascending; read-only, the same array whenever they are the same."""
        others, position = self._others, 0
        if self._seats:
            position = self._position % len(others)
            self._position = position + self._seats
        ids = self._lists.get(position)
        if ids is None:
            turn = [others[i % len(others)] for i in range(position, position + self._seats)]
            ids = self._lists[position] = np.array(sorted(self._best + turn), dtype=np.int64)
            ids.flags.writeable = False
        return ids

    @property
    def last(self) -> int:
        """The contractor whose turn was last, or -1."""
        return self._others[(self._position - 1) % len(self._others)] if self._seats else -1


class Registry:
    """A central directory that ranks all contractors now and then, and is sometimes down."""

    def __init__(self, settings: RegistryDiscovery, n_types: int, n_contractors: int, luck: Luck) -> None:
        self._settings = settings
        self._latency_s = (settings.latency_ms + 2 * settings.message_ms) / 1e3
        self._outages_s = [
            (3600 * each.start_h, 3600 * (each.start_h + each.hours)) for each in settings.outages
        ]
        self._remembers = settings.fallback == "cached" and bool(settings.outages)
        self._answers: dict[tuple[int, int], tuple[IntArray, float]] = {}
        # Ties of merit must not favour the first in the scenario.
        self._order = luck("registry").draws(np.arange(n_contractors), 0).argsort(kind="stable")
        self._shortlists: list[Shortlist | None] = [None] * n_types
        self._last = [-1] * n_types
        self._merit = np.empty((n_types, n_contractors))
        self._ranked_s = -np.inf

    def answer(self, now_s: float, client: int, type_id: int, merit: Merit) -> Found:
        for start_s, end_s in self._outages_s:
            if start_s <= now_s < end_s:
                return self._fall_back(now_s, client, type_id)
        if now_s - self._ranked_s >= self._settings.refresh_s:
            self._refresh(now_s, merit)
        shortlist = self._shortlists[type_id]
        if shortlist is None:
            shortlist = self._shortlists[type_id] = self._rank(type_id)
        ids = shortlist.next()
        if self._remembers:
            self._answers[client, type_id] = (ids, self._ranked_s)
        return Found(ids, self._latency_s, now_s - self._ranked_s, 2)

    def _fall_back(self, now_s: float, client: int, type_id: int) -> Found:
        ids, ranked_s = self._answers.get((client, type_id), (NOBODY, np.nan))
        return Found(ids, self._settings.timeout_ms / 1e3, now_s - ranked_s, 1, answered=False)

    def _refresh(self, now_s: float, merit: Merit) -> None:
        self._merit = _snapshot(merit(), self._merit.shape)
        self._ranked_s = now_s
        for type_id, shortlist in enumerate(self._shortlists):
            if shortlist is not None:
                self._last[type_id] = shortlist.last
                self._shortlists[type_id] = None

    def _rank(self, type_id: int) -> Shortlist:
        """Only the types that are asked for are ranked."""
        ranked = _best_first(self._order, self._merit[type_id])
        return Shortlist(ranked, self._settings.k, self._settings.newcomer_seats, self._last[type_id])


class Gossip:
    """No directory: in every round each agent, client or contractor, asks others drawn at random.

    What a client knows is found by going back: it holds what those it asked in this round knew of themselves,
    and what they were told in the round before, and so on, until its view is full. That takes a few rounds in
    a market of any size, however long nobody looked, and gives the view that playing all agents' rounds
    forwards would. So draws are needed in any order, by who asks, round and place. Whom an agent asks
    depends, as it must, on how many there are.
    """

    def __init__(
        self,
        settings: GossipDiscovery,
        n_clients: int,
        n_types: int,
        presence: Presence,
        luck: Luck,
    ) -> None:
        self._settings, self._presence = settings, presence
        n_contractors = len(presence.enter_s)
        self._states = gossip_states(n_clients, luck)
        self._n_clients = n_clients
        self._agents = n_clients + n_contractors
        self._merit = np.empty((n_types, n_contractors))
        self._heard_after_s = 2 * settings.message_ms / 1e3
        self._latest = -1
        self._asked_in: dict[int, int] = {}
        self._views: dict[int, PartialView] = {}
        self._shortlists: dict[tuple[int, int], tuple[int, Shortlist]] = {}

    def answer(self, now_s: float, client: int, type_id: int, merit: Merit) -> Found:
        number = (now_s - self._heard_after_s) // self._settings.round_s
        latest = int(max(min(number, LAST_ROUND), -1.0))
        messages = 2 * self._settings.fanout * (latest - self._asked_in.get(client, -1))
        self._asked_in[client] = latest
        if latest > self._latest:
            self._latest = latest
            self._merit = _snapshot(merit(), self._merit.shape)
            self._views.clear()
        view = self._views.get(client)
        if view is None:
            view = self._views[client] = self.view(latest, client)
        made, shortlist = self._shortlists.get((client, type_id), (-1, None))
        if shortlist is None or made < latest:
            ranked = _best_first(view.ids, self._merit[type_id])
            last = -1 if shortlist is None else shortlist.last
            shortlist = Shortlist(ranked, self._settings.k, self._settings.newcomer_seats, last)
            self._shortlists[client, type_id] = (latest, shortlist)
        ids = shortlist.next()
        # Added up in order, not by `sum`, which compiled code could not repeat.
        age_s = now_s - float(view.made_s[ids].cumsum()[-1]) / len(ids) if len(ids) else np.nan
        return Found(ids, self._settings.query_ms / 1e3, age_s, messages)

    def view(self, latest: int, client: int) -> PartialView:
        """What a client knows after round number `latest`."""
        n_contractors = self._merit.shape[1]
        entered = int(np.count_nonzero(self._presence.enter_s <= latest * self._settings.round_s))
        size = min(self._settings.view_size, entered)
        sources = np.zeros(self._agents, dtype=bool)
        sources[client] = True
        made_in = np.full(n_contractors, -1)
        for number in range(latest, -1, -1):
            there = sources.nonzero()[0]
            active = self._presence.during(number * self._settings.round_s)
            if active is not None:  # what others heard of who has left they know still
                there = there[np.append(np.ones(self._n_clients, dtype=bool), active)[there]]
            sources[self.asked(number, there)] = True
            made_in[sources[self._n_clients :] & (made_in < 0)] = number
            if np.count_nonzero(made_in >= 0) >= size:
                break
        ids = np.flatnonzero(made_in >= 0)
        made_s = np.full(n_contractors, -np.inf)
        made_s[ids] = self.made_s(made_in[ids], ids)
        return PartialView(_best_first(ids, made_s)[:size], made_s)

    def asked(self, number: int, agents: IntArray) -> IntArray:
        """Whom each of `agents` asks in a round, (fanout, agents); clients count first, then contractors.

        Only contractors that are in the market then ask and are asked.
        """
        draws = self._draw(number, agents, np.arange(self._settings.fanout)[:, None])
        active = self._presence.during(number * self._settings.round_s)
        if active is None:
            return (agents + 1 + (draws * (self._agents - 1)).astype(np.int64)) % self._agents
        there = np.append(np.arange(self._n_clients), self._n_clients + active.nonzero()[0])
        place = there.searchsorted(agents)
        return there[(place + 1 + (draws * (len(there) - 1)).astype(np.int64)) % len(there)]

    def made_s(self, number: int | IntArray, contractors: IntArray) -> FloatArray:
        """When in a round contractors made the entries of themselves that they hand out in it."""
        ago = self._draw(number, self._n_clients + contractors, self._settings.fanout)
        return (number - ago) * self._settings.round_s

    def _draw(self, number: int | IntArray, agents: IntArray, place: int | IntArray) -> FloatArray:
        """Uniform on (0, 1): draw `place` of each agent in a round."""
        rounds = np.atleast_1d(np.asarray(number, dtype=np.uint64))
        places = np.atleast_1d(np.asarray(place, dtype=np.uint64))
        return uniforms(states_of(self._states[agents], rounds), places)


def gossip_states(n_clients: int, luck: Luck) -> StateArray:
    """The states that the draws of those who gossip begin at: of clients, then of contractors."""
    clients = Draws(luck.key("gossip of clients"), np.arange(n_clients, dtype=np.uint64))
    return np.append(clients.states[:LOCAL], luck("gossip").states[:LOCAL])


class Broadcast:
    """No directory: whoever looks for contractors asks all of them."""

    def __init__(self, settings: BroadcastDiscovery, n_types: int, presence: Presence, luck: Luck) -> None:
        self._settings, self._presence = settings, presence
        n_contractors = len(presence.enter_s)
        self._latency_s = (settings.wait_ms + 2 * settings.message_ms) / 1e3
        # A tie of merits must not favour the first in the scenario.
        self._order = luck("broadcast").draws(np.arange(n_contractors), 0).argsort(kind="stable")
        self._shape = n_types, n_contractors
        self._last: dict[tuple[int, int], int] = {}

    def answer(self, now_s: float, client: int, type_id: int, merit: Merit) -> Found:
        ranked = _best_first(self._order, _snapshot(merit(), self._shape)[type_id])
        settings, last = self._settings, self._last.get((client, type_id), -1)
        shortlist = Shortlist(ranked, settings.k, settings.newcomer_seats, last)
        ids = shortlist.next()
        self._last[client, type_id] = shortlist.last
        active = self._presence.active(now_s)
        asked = self._shape[1] if active is None else int(np.count_nonzero(active))
        return Found(ids, self._latency_s, 0.0 if len(ids) else np.nan, 2 * asked)


class Discovery:
    """Finds candidates for each task, at most `k`, whose offers are all that a decision looks at.

    What this core lays out for all contractors, such as their charges, still grows with the market.

    Counts `queries`, their `messages`, the queries that a registry left `unanswered`, being down, whatever
    the client could fall back on, and those that were `empty`.
    """

    def __init__(
        self,
        settings: DiscoverySettings,
        n_clients: int,
        n_types: int,
        presence: Presence,
        luck: Luck,
    ) -> None:
        self._directory: Registry | Gossip | Broadcast
        match settings:
            case RegistryDiscovery():
                self._directory = Registry(settings, n_types, len(presence.enter_s), luck)
            case GossipDiscovery():
                self._directory = Gossip(settings, n_clients, n_types, presence, luck)
            case BroadcastDiscovery():
                self._directory = Broadcast(settings, n_types, presence, luck)
        self.counts_messages = settings.counts_messages
        self.queries = 0
        self.messages = 0
        self.unanswered = 0
        self.empty = 0
        self._age_s = 0.0

    def candidates(self, now_s: float, client: int, type_id: int, merit: Merit) -> Found:
        """Contractors for a task of the type, at a time not before that of the last query.

        `merit` gives, when called, the public merit (task types, contractors) by which they are ranked: more
        is better, and -inf stands for those who do not fit the type. It is called once a refresh or round.
        Raises ValueError if the merits are of another shape or hold NaN.
        """
        found = self._directory.answer(now_s, client, type_id, merit)
        self.queries += 1
        self.messages += found.messages
        self.unanswered += not found.answered
        if len(found.ids):
            self._age_s += found.age_s
        else:
            self.empty += 1
        return found

    def take_over(self, queries: int, messages: int, unanswered: int, empty: int, age_s: float) -> None:
        """Enter queries that were answered elsewhere; `age_s` is the sum of the ages of what was found."""
        self.queries, self.messages, self.unanswered = queries, messages, unanswered
        self.empty, self._age_s = empty, age_s

    @property
    def mean_age_s(self) -> float:
        """Mean age of what clients went by, over the queries that found somebody; NaN if none did."""
        found = self.queries - self.empty
        return self._age_s / found if found else float("nan")


def _best_first(ids: IntArray, worth: FloatArray) -> IntArray:
    """Those of `ids` worth more than -inf, by falling worth; of equals, in the order of `ids`."""
    known = ids[worth[ids] > -np.inf]
    return known[np.argsort(-worth[known], kind="stable")]


def _snapshot(merit: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    if merit.shape != shape:
        raise ValueError(f"merit must be (task types, contractors) = {shape} (got {merit.shape})")
    if np.isnan(merit).any():
        type_id, contractor = np.argwhere(np.isnan(merit))[0]
        raise ValueError(f"merit of contractor {contractor} for task type {type_id} is NaN")
    return merit.copy()
