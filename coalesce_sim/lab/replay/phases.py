"""When a job came to its worker, began and left it, and how it ended: from what observers are told."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.lab.replay.columns import (
    AUDITED,
    BROKEN_OFF,
    CAUGHT,
    DUES_MET,
    FOUND,
    HONEST,
    KEPT_THE_PRICE,
    LOST,
    MISCALLED,
    MISSED,
    NO_RULE,
    NOT_PAID,
    NOT_REACHED,
    PRICED,
    SHIRKED,
    SLANDERED,
    STAKE_LOST,
    SUBSTITUTED,
    TIMED_OUT,
    TURNED_AWAY,
    WELL,
)
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.reasons import (
    BROKE_OFF,
    FOUND_BAD,
    FULL,
    OUTAGE,
    UNPAID,
    UNREACHABLE,
    WORK_LOST,
)
from coalesce_sim.market.contracts.reasons import TIMED_OUT as NOT_IN_TIME
from coalesce_sim.market.contracts.states import COMPLETED

_ROUNDING_S = 1e-6

_OUTCOME_OF: Final = {
    UNREACHABLE: NOT_REACHED,
    NOT_IN_TIME: TIMED_OUT,
    FULL: TURNED_AWAY,
    BROKE_OFF: BROKEN_OFF,
    WORK_LOST: LOST,
    OUTAGE: LOST,
    UNPAID: NOT_PAID,
}
"""By the reason of a contract that came to nothing; what was delivered depends on what it was worth."""


class Course(NamedTuple):
    """When a job was asked for, came to its worker, began, left it and ended, in seconds of the run."""

    asked_s: float
    came_s: float
    began_s: float
    left_s: float
    ended_s: float


def course_of(contract: Contract, setup_s: float, network_s: float, authorisation_s: float) -> Course:
    """The times of a contract that has ended.

    It comes to its contractor when it has been found and agreed on (`setup_s`, `network_s` and, where it had
    to be authorised, `authorisation_s`) and its data are there; one that is turned away, or not reached,
    never does. It is at work until the client begins to check it.
    """
    layout, row, ended_s = contract.opened.layout, contract.row, contract.ended_s
    ahead_s = contract.search_s + setup_s + network_s + float(layout.transfer_s[row])
    if contract.auth_required:
        ahead_s += authorisation_s
    came_s = contract.submitted_s + ahead_s
    if not contract.sent or came_s > ended_s + _ROUNDING_S:
        came_s = ended_s
    began_s = ended_s if math.isnan(contract.working_s) else contract.working_s
    left_s = ended_s - float(layout.check_s[row]) if contract.state == COMPLETED else ended_s
    return Course(contract.submitted_s, min(came_s, began_s), began_s, max(began_s, left_s), ended_s)


def outcome_of(contract: Contract) -> int:
    """How a contract ended, by its place in `OUTCOMES`."""
    if contract.reason == FOUND_BAD:
        return MISCALLED if contract.good else FOUND
    if contract.reason:
        return _OUTCOME_OF[contract.reason]
    return WELL if contract.good else MISSED


def deed_of(contract: Contract) -> int:
    """What anybody did otherwise than the honest, by its place in `DEEDS`: of several things the first."""
    if not contract.manipulated:
        return HONEST
    if contract.effort is not None and not math.isnan(contract.working_s):
        return SHIRKED if contract.effort.like is None else SUBSTITUTED
    if contract.passed and not contract.reported:
        return SLANDERED
    if contract.billed_usd > 0 and contract.paid_usd == 0 and contract.waived_usd == 0:
        return KEPT_THE_PRICE
    return PRICED


def defence_of(contract: Contract, stake_usd: float) -> int:
    """What the market's rules did, by its place in `DEFENCES`: of several things the gravest."""
    if contract.slashed or (stake_usd > 0 and contract.reason in (FOUND_BAD, BROKE_OFF)):
        return STAKE_LOST
    if contract.audited:
        return AUDITED if contract.passed else CAUGHT
    return DUES_MET if contract.waived_usd > 0 else NO_RULE


def begun_s(came_s: float, left_before_s: FloatArray, slots: int | None) -> float:
    """When work begins that comes to a first-come queue with so many slots, None for unlimited.

    `left_before_s` is when those leave their slots who came before: work begins when all but `slots` − 1 of
    them have.
    """
    if slots is None or len(left_before_s) < slots:
        return came_s
    return max(came_s, float(np.partition(left_before_s, -slots)[-slots]))
