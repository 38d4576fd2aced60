"""What a user writes about machines that several agents share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.believed import OwnHardware
from coalesce_sim.scenario.pool import Slots


class Box(Model):
    """A machine that several agents share: clients, whose own work is done there, and contractors.

    There is one first-come queue, for the work of all who are on it: what a contractor takes on waits with
    the clients' own tasks, and fills slots that they leave idle.
    """

    slots: Slots = "unlimited"
    """Tasks that the box can work on at once, whoever's they are; others wait, first come, first served."""
    hardware: OwnHardware
    """What each slot works on: times and prices all work on the box; beliefs about it are those of its
    clients."""


BoxName = Annotated[str, Field(min_length=1, max_length=60)]
