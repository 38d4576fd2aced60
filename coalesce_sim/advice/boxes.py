"""What hardware at home costs as it is used, and as it is reserved: idle hours are paid for, too."""

from __future__ import annotations

from coalesce_sim.advice.plays import Played
from coalesce_sim.cost_parts import HOME_COMPUTE, HOME_DEPRECIATION, HOME_MEMORY
from coalesce_sim.scenario.moving import Moving
from coalesce_sim.scenario.routes import HOME
from coalesce_sim.scenario.schema import Scenario

_BY_THE_HOUR = [HOME_COMPUTE, HOME_MEMORY, HOME_DEPRECIATION]
"""The parts of costs that an idle hour has as well: all but energy."""


def reserved_usd(scenario: Scenario) -> float | None:
    """What all slots at home cost in a replication whether or not they work, energy left out; None where
    there are none, or there is no telling: slots without limit or in a number that moves, costs that move."""
    if not scenario.clients.total_slots:
        return None
    usd_per_h, boxes = 0.0, set[str]()
    for each in scenario.clients.populations:
        home = each.home
        if not isinstance(home.slots, int) or home.batch_curve is not None:
            return None
        if isinstance(home.slot_usd_per_h, Moving):
            return None
        machines = each.count if each.box is None else int(each.box not in boxes)
        boxes.update(() if each.box is None else (each.box,))
        slot_usd_per_h = home.slot_usd_per_h
        if slot_usd_per_h is None:
            slot_usd_per_h = home.hardware.slot_usd_per_h - home.hardware.slot_energy_usd_per_h
        usd_per_h += machines * home.slots * slot_usd_per_h
    return 24 * scenario.clock.days * usd_per_h


def as_reserved_usd(played: Played, reserved: float) -> float:
    """What a replication costs where hardware at home is paid for by the hour, used or not, at so much in
    all; without any work at home it need not be kept."""
    used_usd = float(played.parts_usd[_BY_THE_HOUR].sum())
    kept = played.sums["tasks"][played.workers.index(HOME)].any()
    return played.usd - used_usd + (reserved if kept else 0.0)
