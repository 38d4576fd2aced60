"""Lays out what moves of contractors and homes, and when contractors go down, from the same courses."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.economics.external import demand_price_usd
from coalesce_sim.luck import normals
from coalesce_sim.market.compiled import motion
from coalesce_sim.market.compiled.rows import Rows, dtype_of, filled, table
from coalesce_sim.market.contracts.results import GroundTruth
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.courses import Course
from coalesce_sim.market.moving import Column, MovingFacts
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.trade import Venue
from coalesce_sim.scenario.costs import DemandPrice


class _Steps:
    """The steps of all courses, one course behind the other."""

    def __init__(self) -> None:
        self._courses: list[Course] = []
        self._count = 0

    def add(self, course: Course) -> tuple[int, int]:
        """Where the steps of one more course lie: the first, and the one behind the last."""
        first = self._count
        self._courses.append(course)
        self._count += len(course.at_s)
        return first, self._count

    def rows(self) -> Rows:
        """All of them."""
        made = table(motion.Step, self._count)
        if self._courses:
            made["at_s"] = np.concatenate([each.at_s for each in self._courses])
            made["value"] = np.concatenate([each.values for each in self._courses])
        return made


def motion_of(venue: Venue, trade: ContractTrade, contractors: Rows) -> motion.Motion:
    """The tables of what moves; contractors and homes are told where theirs lie."""
    contractors["next_s"] = np.inf
    steps = _Steps()
    moves = _moves(venue, trade, contractors, steps)
    _add_successes(trade.truth, contractors, steps)
    for who, course in venue.queues.slot_courses.items():
        contractors["first_slots"][who], contractors["stop_slots"][who] = steps.add(course)
    return motion.Motion(moves, steps.rows(), _outages(venue, contractors))


def _moves(venue: Venue, trade: ContractTrade, contractors: Rows, steps: _Steps) -> Rows:
    """What moves of each contractor and home, one after the other."""
    found: list[tuple[int, int, int, int]] = []
    moving = [] if trade.moving is None else _of_contractors(venue, trade.moving)
    for who, courses in [*enumerate(moving), *enumerate(_of_homes(venue, trade.truth), len(venue.pool))]:
        contractors["first_move"][who] = len(found)
        for place, course in courses:
            first, stop = steps.add(course)
            found.append((place, first, stop, first))
            contractors["next_s"][who] = 0.0
        contractors["stop_move"][who] = len(found)
    made: Rows = np.array(found, dtype=dtype_of(motion.Move))
    return made


def _of_contractors(venue: Venue, moving: MovingFacts) -> list[list[tuple[int, Course]]]:
    """Which numbers of each contractor move, and how."""
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

    def course_of(column: Column, place: int, who: int) -> Course:
        course = column.course(who)
        if place != motion.PRICE:
            return course
        return course._replace(values=scarcity[who] * course.values)

    return [
        [(place, course_of(column, place, who)) for column, place in columns if column.moves[who]]
        for who in range(len(pool))
    ]


def _of_homes(venue: Venue, truth: GroundTruth) -> list[list[tuple[int, Course]]]:
    """The same of each home; how good its work is its clients know where that is not rated."""
    found: list[list[tuple[int, Course]]] = []
    for home, price in enumerate(truth.own_prices):
        column = home - len(truth.own_prices)
        found.append([] if price is None else [(motion.PRICE, price)])
        if truth.moving is not None and truth.moving.moves[column] and venue.scenario.reputation is None:
            found[home].append((motion.SUCCESS, truth.moving.of(column)))
    return found


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


def _add_successes(truth: GroundTruth, contractors: Rows, steps: _Steps) -> None:
    """What draws have to be below for good work of those whose success moves."""
    if truth.moving is None:
        return
    first_home = len(contractors) - len(truth.own_prices)
    for who in np.flatnonzero(truth.moving.moves).tolist():
        course = truth.moving.of(who if who < first_home else who - len(contractors))
        if truth.failure_correlation > 0:
            course = course._replace(values=normals(course.values))
        contractors["first_success"][who], contractors["stop_success"][who] = steps.add(course)


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
