"""How contractors are found, laid out for the kernels that find them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.luck import Luck
from coalesce_sim.market.compiled import gossip, market_tables, searches
from coalesce_sim.market.compiled.experience import Experience
from coalesce_sim.market.compiled.market_memory import Ranking
from coalesce_sim.market.compiled.memory import Kind, flat, laid_in
from coalesce_sim.market.compiled.presence import changes_of
from coalesce_sim.market.compiled.rows import Rows, filled, table
from coalesce_sim.market.contracts.discovery import gossip_states
from coalesce_sim.market.presence import Presence
from coalesce_sim.market.trade import Venue
from coalesce_sim.scenario.discovery import (
    BroadcastDiscovery,
    Discovery,
    GossipDiscovery,
    RegistryDiscovery,
)


def ranking_of(venue: Venue, experience: Experience) -> Ranking:
    """All contractors by what they are worth before the first rating; none where nobody looks for them.
    Whoever is not there is worth nothing."""
    found, presence = venue.scenario.discovery, venue.pool.roster.presence
    known = len(venue.pool)
    pairs, contractors = experience.pairs[:, :known], experience.contractors[:known]
    listings = filled(market_tables.Listing, len(pairs), last=-1)
    there = np.argsort(~contractors["there"], kind="stable")
    of_all = listings, there, there.copy(), changes_of(presence)
    if found is None:
        return Ranking(table(market_tables.Ranked, (len(pairs), 0)), *of_all)
    order = venue.luck(found.kind).draws(np.arange(len(contractors)), 0).argsort(kind="stable")
    skill = pairs["skill"]
    if venue.scenario.reputation is not None:
        skill = np.minimum(skill + venue.skills.performance_weight * pairs["score"], 1.0)
    merit = np.where(contractors["there"], skill - contractors["dearness"], -np.inf)
    turn = order.argsort()
    who = np.lexsort((np.broadcast_to(turn, merit.shape), -merit))
    ranked = filled(
        market_tables.Ranked, pairs.shape, merit=merit, turn=turn, who=who, place=who.argsort(axis=1)
    )
    return Ranking(ranked, *of_all)


def enter_discovery(found: Discovery, made: Rows) -> None:
    """Enter how contractors are found among the market's rules."""
    made["searches"], made["k"], made["newcomer_seats"] = True, found.k, found.newcomer_seats
    match found:
        case RegistryDiscovery():
            made["asks_around"], made["refresh_s"] = bool(found.outages), found.refresh_s
            made["search_s"] = (found.latency_ms + 2 * found.message_ms) / 1e3
        case BroadcastDiscovery():
            made["asks_around"], made["search_s"] = True, (found.wait_ms + 2 * found.message_ms) / 1e3
        case GossipDiscovery():
            made["asks_around"], made["search_s"] = True, found.query_ms / 1e3


_Way = tuple[Callable[[IntArray, IntArray], None], Sequence[Kind], Sequence[Any]]
"""A kernel, the kinds of its own tables, and these."""


class Finder:
    """A kernel of its own for each kind of discovery but a registry that always answers."""

    def __init__(self, found: Discovery, venue: Venue) -> None:
        asking = venue.scenario.clients.total, len(venue.scenario.workload.types)
        match found:
            case RegistryDiscovery():
                way = _at_registry(found, asking, len(venue.pool))
            case BroadcastDiscovery():
                turns = np.full(asking, -1)
                way = searches.ask_everybody, searches.BY_BROADCAST, (turns,)
            case GossipDiscovery():
                way = _by_gossip(found, asking, venue.pool.roster.presence, venue.luck)
        self._ask, kinds, self._tables = way
        self._own = laid_in(kinds, self._tables)

    def find(self, at: IntArray) -> None:
        """Enter whom the client of the next task finds; `at` is where the tables of the market lie."""
        self._ask(at, self._own)


def _at_registry(found: RegistryDiscovery, asking: tuple[int, int], contractors: int) -> _Way:
    remembers, hours = found.fallback == "cached", found.outages
    silences = filled(
        searches.Silence,
        len(hours),
        start_s=[3600 * each.start_h for each in hours],
        end_s=[3600 * (each.start_h + each.hours) for each in hours],
    )
    fallback = filled(searches.Fallback, 1, timeout_s=found.timeout_ms / 1e3, remembers=remembers)
    named = np.zeros((*asking, min(found.k, contractors) if remembers else 0), dtype=np.int64)
    return (
        searches.ask_registry,
        searches.AT_REGISTRY,
        (silences, fallback, table(searches.Answer, asking), named),
    )


def _by_gossip(found: GossipDiscovery, asking: tuple[int, int], presence: Presence, luck: Luck) -> _Way:
    contractors = len(presence.enter_s)
    clients, size = asking[0], min(found.view_size, contractors)
    rounds = filled(
        gossip.Rounds,
        1,
        fanout=found.fanout,
        round_s=found.round_s,
        heard_after_s=2 * found.message_ms / 1e3,
        latest=-1,
        since_s=np.inf,
    )
    stays = filled(gossip.Spell, contractors, enter_s=presence.enter_s, leave_s=presence.leave_s)
    states, entries = gossip_states(clients, luck), (clients, size)
    views = gossip.Views(
        filled(gossip.Peer, clients, asked_in=-1, viewed_in=-1),
        np.zeros(entries, dtype=np.int64),
        np.zeros(entries),
        np.zeros(entries, dtype=np.int64),
        np.full(asking, -1),
    )
    order, spare, place, heard, there, turn = np.zeros((6, contractors), dtype=np.int64)
    notes = gossip.Notes(
        np.zeros(len(states), dtype=np.int64),
        np.zeros(len(states), dtype=np.bool_),
        np.zeros(contractors),
        -np.arange(contractors, dtype=float),
        order,
        spare,
        place,
        heard,
    )
    spells = gossip.Spells(stays, np.sort(presence.enter_s), there, turn)
    return gossip.ask_peers, gossip.BY_GOSSIP, flat((rounds, states, views, notes, spells))
