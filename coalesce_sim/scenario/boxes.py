"""What a user writes about machines that several agents share."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.batching import BatchCurve, with_places
from coalesce_sim.scenario.believed import OwnHardware
from coalesce_sim.scenario.distributions import Positive
from coalesce_sim.scenario.moving import Moving
from coalesce_sim.scenario.outages import Outages
from coalesce_sim.scenario.pool import Slots


class Box(Model):
    """A machine that several agents share: clients, whose own work is done there, and contractors.

    There is one first-come queue, for the work of all who are on it: what a contractor takes on waits with
    the clients' own tasks, and fills slots that they leave idle.
    """

    slots: Slots = "unlimited"
    """Tasks that the box can work on at once, whoever's they are; others wait, first come, first served."""
    batch_curve: BatchCurve | None = None
    """How the pace of writing hangs on all the jobs on the box, in place of `slots` and of the hardware's
    `decode_tokens_per_s`."""
    hardware: OwnHardware
    """What each slot works on: times and prices all work on the box; beliefs about it are those of its
    clients."""
    slot_usd_per_h: Positive | Moving | None = None
    """USD for each hour that a slot is at work, all told but for memory, in place of what follows from the
    `hardware`; with a `batch_curve` it is that of the whole box."""
    outages: Outages | None = None
    """When the box is down, and with it all who are on it; left out, never. Clients' own work on it always
    waits for the repair."""

    @model_validator(mode="wrap")
    @classmethod
    def _slots_of_a_curve(cls, data: Any, validated: ModelWrapValidatorHandler[Self]) -> Self:
        return with_places(data, validated)


BoxName = Annotated[str, Field(min_length=1, max_length=60)]
