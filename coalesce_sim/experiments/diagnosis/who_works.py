"""Who can get work at all, and whether tasks come together: known before anything is played."""

from __future__ import annotations

import math

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.inputs.recordings import read_recordings
from coalesce_sim.inputs.tasktable import TaskTable, tasks_of
from coalesce_sim.market.arrivals import Arrivals, dealer_of
from coalesce_sim.scenario.draws import may_draw_zero
from coalesce_sim.scenario.pool import DrawnPool, PriceList, RecordedPool
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.workload import DemandDriven, Recorded, Renewal


def idle_clients(scenario: Scenario) -> IntArray:
    """The clients to whom no task can come."""
    busy = np.zeros(scenario.clients.total, dtype=bool)
    table, shares = tasks_of(scenario), scenario.clients.shares
    if scenario.workload.arrivals_per_client:
        busy[:] = True
    elif table is not None:
        busy[_clients_of(scenario, table)] = True
        if scenario.workload.dealing == "random":
            busy |= np.isin(scenario.clients.group_of, table.group[table.client < 0])
            busy |= ((table.client < 0) & (table.group < 0)).any()
    elif shares is not None:
        first_only = scenario.workload.dealing == "round_robin_by_arrival" and not _at_once(scenario)
        for each, share in zip(scenario.clients.populations, shares, strict=True):
            busy[each.first : each.first + (1 if first_only else each.count)] = share > 0
    elif scenario.workload.dealing == "random":
        busy[:] = True
    elif scenario.workload.dealing == "round_robin_by_arrival" and not _at_once(scenario):
        busy[0] = True
    else:
        busy[: int(min(len(busy), _most_tasks(scenario)))] = True
    return np.flatnonzero(~busy)


def come_together(scenario: Scenario) -> bool:
    """Whether two tasks of one client, or two steps of a task, can arrive at one instant."""
    for kind in scenario.workload.types.values():
        if (kind.in_steps or kind.may_split) and len(kind.steps or {}) > 1:
            return True
    table = tasks_of(scenario)
    if table is None:
        return _at_once(scenario)
    together = table.arrival_s[1:] == table.arrival_s[:-1]
    if scenario.workload.dealing == "random" and (table.client < 0).any():
        return bool(together.any())
    client = _clients_of(scenario, table)
    order = np.lexsort((client, table.arrival_s))
    return bool(((np.diff(table.arrival_s[order]) == 0) & (np.diff(client[order]) == 0)).any())


def pool_size(scenario: Scenario) -> float:
    """How many contractors there can be; infinite where others enter."""
    if scenario.turnover is not None and scenario.turnover.entry is not None:
        return math.inf
    match scenario.contractors:
        case DrawnPool(count=count):
            return count
        case PriceList(sellers=sellers):
            return len(sellers)
        case RecordedPool():
            assert scenario.records is not None
            return len(read_recordings(scenario.records).contractors)
        case listed:
            return len(listed)


def _clients_of(scenario: Scenario, table: TaskTable) -> IntArray:
    """Who gets the explicit tasks; of those that are dealt at random, somebody."""
    dealer = dealer_of(scenario.workload, scenario.clients, np.random.default_rng(0))
    return dealer.deal(Arrivals(table.arrival_s, table))


def _at_once(scenario: Scenario) -> bool:
    """Whether tasks that are not explicit can come at one instant."""
    match scenario.workload.arrivals:
        case DemandDriven():
            return True
        case Renewal(gap_s=gap_s, limit=limit) | Recorded(gap_s=gap_s, limit=limit):
            return limit != 1 and may_draw_zero(gap_s)
        case _:
            return False


def _most_tasks(scenario: Scenario) -> float:
    """How many tasks there can be at most that are not explicit."""
    match scenario.workload.arrivals:
        case Renewal(limit=limit):
            return math.inf if limit is None else limit
        case Recorded(limit=limit, drawing=drawing):
            assert scenario.records is not None
            recorded = len(read_recordings(scenario.records).type_id)
            most = recorded if limit is None else limit
            return min(most, recorded) if drawing == "each_once" else most
        case _:
            return math.inf
