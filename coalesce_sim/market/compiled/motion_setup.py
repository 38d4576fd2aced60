"""Lays out what moves of contractors, and when they go down, from the same courses."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.economics.external import demand_price_usd
from coalesce_sim.luck import normals
from coalesce_sim.market.compiled import motion
from coalesce_sim.market.compiled.rows import Rows, dtype_of, filled, table
from coalesce_sim.market.contracts.results import GroundTruth
from coalesce_sim.market.courses import Course
from coalesce_sim.market.moving import MovingFacts
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.trade import Venue
from coalesce_sim.scenario.costs import DemandPrice


def motion_of(
    venue: Venue, moving: MovingFacts | None, truth: GroundTruth, contractors: Rows
) -> motion.Motion:
    """The tables of what moves; contractors are told where theirs lie."""
    contractors["next_s"] = np.inf
    courses: list[Course] = []
    moves = table(motion.Move, 0) if moving is None else _moves(venue, moving, contractors, courses)
    _add_successes(truth, len(venue.pool), contractors, courses)
    steps = table(motion.Step, sum(len(each.at_s) for each in courses))
    if courses:
        steps["at_s"] = np.concatenate([each.at_s for each in courses])
        steps["value"] = np.concatenate([each.values for each in courses])
    return motion.Motion(moves, steps, _outages(venue, contractors))


def _moves(venue: Venue, moving: MovingFacts, contractors: Rows, courses: list[Course]) -> Rows:
    """What moves of each contractor, one after the other; the courses are added to those that there are."""
    scenario, pool = venue.scenario, venue.pool
    pricing, which = scenario.cost_model.external.pricing, _which(pool)
    scarcity: FloatArray = np.ones(len(pool))
    if isinstance(pricing, DemandPrice):
        scarcity = demand_price_usd(pricing, scarcity, pool.demand, pool.available)
    columns = [
        (column, place)
        for column in moving.columns
        for values, place in which
        if column.values is values and (place != motion.CLAIM or scenario.reputation is None)
    ]
    found: list[tuple[int, int, int, int]] = []
    first = sum(len(each.at_s) for each in courses)
    for who in range(len(pool)):
        contractors["first_move"][who] = len(found)
        for column, place in columns:
            if column.moves[who]:
                course = column.course(who)
                if place == motion.PRICE:
                    course = course._replace(values=scarcity[who] * course.values)
                courses.append(course)
                found.append((place, first, first + len(course.at_s), first))
                first += len(course.at_s)
                contractors["next_s"][who] = 0.0
        contractors["stop_move"][who] = len(found)
    made: Rows = np.array(found, dtype=dtype_of(motion.Move))
    return made


def _which(pool: Pool) -> list[tuple[FloatArray, int]]:
    """Which number each column of the pool holds."""
    rates = pool.tariff.base
    return [
        (pool.base_price_usd, motion.PRICE),
        (pool.latency_s, motion.LATENCY),
        (pool.network_s, motion.NETWORK),
        (pool.prefill_s_per_token, motion.PREFILL),
        (pool.decode_s_per_token, motion.DECODE),
        (pool.reliability, motion.CLAIM),
        (pool.own_cost_share, motion.OWN_SHARE),
        (pool.unreachable_rate, motion.UNREACHABLE_RATE),
        (rates.input_usd_per_token, motion.INPUT),
        (rates.cache_read_usd_per_token, motion.CACHED),
        (rates.output_usd_per_token, motion.OUTPUT),
        (rates.request_usd, motion.REQUEST),
    ]


def _add_successes(truth: GroundTruth, count: int, contractors: Rows, courses: list[Course]) -> None:
    """What draws have to be below for good work of those whose success moves, of so many contractors."""
    if truth.moving is None:
        return
    first = sum(len(each.at_s) for each in courses)
    for who in np.flatnonzero(truth.moving.moves[:count]).tolist():
        course = truth.moving.of(who)
        if truth.failure_correlation > 0:
            course = course._replace(values=normals(course.values))
        courses.append(course)
        contractors["first_success"][who] = first
        first += len(course.at_s)
        contractors["stop_success"][who] = first


def _outages(venue: Venue, contractors: Rows) -> Rows:
    """The outages that are listed; contractors are told how they go down, and have their first outage before
    them."""
    contractors["down"], contractors["down_from_s"], contractors["down_until_s"] = -1, np.inf, np.inf
    contractors["outage"][: len(venue.pool)] = venue.luck("outage").states[:-1]
    listed: list[tuple[float, float]] = []
    roster = venue.pool.roster
    for who, kind in enumerate(roster.kind.tolist()):
        rule, row = roster.kinds[kind].outages, contractors[who]
        if rule is None:
            continue
        row["loses_work"], row["down_until_s"] = rule.running == "lost", 0.0
        if rule.at_hours is None:
            row["goes_down"] = motion.BY_CHANCE
            row["mean_up_h"], row["mean_repair_h"] = rule.mean_up_h, rule.mean_repair_h
        else:
            row["goes_down"], row["first_outage"] = motion.LISTED, len(listed)
            listed += [(3600 * begin_h, 3600 * end_h) for begin_h, end_h in rule.at_hours]
            row["stop_outage"] = len(listed)
    made = filled(motion.Outage, len(listed))
    if listed:
        made["from_s"], made["until_s"] = np.array(listed).T
    return made
