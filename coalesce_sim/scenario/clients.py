"""What a user writes about those who have tasks: all alike, or in groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
from pydantic import Field, ModelWrapValidatorHandler, PrivateAttr, model_validator

from coalesce_sim.arrays import IntArray
from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.batching import BatchCurve, with_places
from coalesce_sim.scenario.believed import OwnHardware
from coalesce_sim.scenario.boxes import Box
from coalesce_sim.scenario.distributions import NonNegative, Positive, Share
from coalesce_sim.scenario.draws import NonNegativeDistribution
from coalesce_sim.scenario.moving import Moving
from coalesce_sim.scenario.policy import PolicySettings
from coalesce_sim.scenario.pool import Slots, TypeOutcome, refuse_beside_box
from coalesce_sim.scenario.problems import Steps, dotted
from coalesce_sim.scenario.quality import Success

MOST_CLIENTS = 1_000_000

OF_BOX = ("slots", "hardware", "batch_curve", "slot_usd_per_h")
"""What is true of a home by the box that it is on."""

GroupName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_\-]*$", max_length=60)]
"""What may stand in the brackets of ``cost_reduction[research]``."""


class ClientGroup(Model):
    """Some of the clients, alike among themselves. What is left out is as `clients` says for all groups."""

    count: Annotated[int, Field(gt=0, le=MOST_CLIENTS)]
    """How many clients the group has; they are numbered on from those of the groups above it."""
    share: Share | None = None
    """Share of all tasks that come to the group: each task's group is drawn by these shares, and within it
    the task is dealt as `workload.dealing` says. Groups without one share the rest by how many clients they
    have; where none has one, tasks are dealt among all clients. Refused where clients bring their own tasks
    (`per`)."""
    types: Annotated[dict[str, NonNegative], Field(min_length=1)] | None = None
    """Of which of `workload.types` the group's tasks are, each with its share relative to the others; left
    out, as those types say. No effect where arrivals say the types themselves."""
    value_usd: NonNegativeDistribution | Moving | None = None
    """USD that good work on the group's tasks is worth, drawn by the same luck; left out, as
    `workload.attributes` say. No effect on tasks that state theirs."""
    max_latency_min: Annotated[dict[str, Positive], Field(min_length=1)] | None = None
    """Minutes in which the group's tasks are to be done, by type; of types that are not named as those types
    say."""
    slots: Slots | None = None
    """Tasks that each client of the group can work on at once."""
    hardware: OwnHardware | None = None
    """What each slot of the group's clients works on."""
    batch_curve: BatchCurve | None = None
    """How the pace of writing on the machine of each client of the group hangs on the jobs there, in place of
    `slots`."""
    box: str | None = None
    """One of `boxes` that all clients of the group share, in place of `slots` and `hardware`."""
    slot_usd_per_h: Positive | Moving | None = None
    """USD for each hour that a slot of the group's clients is at work, all told but for memory; left out, as
    for all, unless the group has hardware of its own."""
    price_usd: NonNegative | Moving | None = None
    """USD that a task at home is expected to cost the group's clients beyond hardware."""
    success: Success | Moving | None = None
    """True probability that work at home is good, for the group's clients."""
    outcomes: dict[str, TypeOutcome] | None = None
    """Success, true bills and times of work at home by task type, for the group's clients."""
    policy: PolicySettings | None = None
    """Who decides for the group's clients, and is asked about and told of their tasks alone; left out, the
    scenario's `policy`, which all such groups share. A comparison puts its policies in the scenario's
    place."""
    budget_usd_per_day: NonNegative | Moving | None = None
    """USD that the group's clients together may commit to contractors between two midnights of the clock;
    what exceeds the rest is not offered to them. A contract commits the price agreed on. What it is paid
    beyond that is committed when it ends, and what it is not paid comes back then if that is the same day.
    Left out, there is no limit; needs a market that learns."""

    @model_validator(mode="wrap")
    @classmethod
    def _slots_of_a_curve(cls, data: Any, validated: ModelWrapValidatorHandler[Self]) -> Self:
        return with_places(data, validated)

    @model_validator(mode="after")
    def _on_one_machine(self) -> Self:
        if self.box is not None:
            refuse_beside_box(self, "hardware", "slot_usd_per_h")
        return self


class Home(NamedTuple):
    """What is true of the homes of some clients."""

    slots: Slots
    hardware: OwnHardware
    batch_curve: BatchCurve | None
    slot_usd_per_h: float | Moving | None
    price_usd: float | Moving
    success: float | Moving
    outcomes: dict[str, TypeOutcome] | None


@dataclass(frozen=True, slots=True)
class Population:
    """Consecutive clients that are alike: a group, or, without a name, all there are.

    `first` is the number of the first of them, `stated` what the group states itself, `home` what each has,
    and `box` where they are if they share one.
    """

    name: str | None
    first: int
    count: int
    stated: ClientGroup | None
    home: Home
    box: str | None


class Clients(Model):
    """Those who have tasks, all alike or in groups, each with GPUs of its own behind one first-come queue."""

    count: Annotated[int, Field(gt=0, le=MOST_CLIENTS)] | None = None
    """How many clients share the tasks, as `workload.dealing` says. Either this or `groups` is stated."""
    groups: Annotated[dict[GroupName, ClientGroup], Field(min_length=1)] | None = None
    """Clients that differ, by the name of their group, in place of `count`. What a group leaves out is as the
    other fields here say; results are told by group, too."""
    slots: Slots = "unlimited"
    """Tasks that each client can work on at once; what waits is done first come, first served. Without limit
    nothing waits; with 0 there is no GPU, and what stays at home is not done (needs `contracts`)."""
    hardware: OwnHardware | None = None
    """What each slot works on: times and prices all work at home. Must be stated, here or by every group,
    where there is no `box`."""
    batch_curve: BatchCurve | None = None
    """How the pace of writing on each client's machine hangs on the jobs there, in place of `slots` and of
    the hardware's `decode_tokens_per_s`: the machine serves all its jobs at once, and what it costs in an
    hour is shared by them. Estimates go by the jobs of the moment. Needs a market that learns, and work in
    tokens."""
    position_bias: Share = 0.0
    """Share of the hires in which a client takes the eligible offer that came first in place of the one that
    was chosen: of those who answer soonest by their `network_ms` the one listed first. Needs `contracts`; no
    effect on prices that are fixed, as by auctions."""
    box: str | None = None
    """One of `boxes` that clients share, in place of `slots` and `hardware`. Left out, each has slots of its
    own."""
    slot_usd_per_h: Positive | Moving | None = None
    """USD for each hour that a slot is at work at home, all told but for memory, in place of what follows
    from the `hardware`: a rent, so to say. One that moves is read when the task arrives. With a `batch_curve`
    it is that of the whole machine."""
    price_usd: NonNegative | Moving = 0.0
    """USD that a task at home is expected to cost beyond hardware and, where records are replayed, the list
    price of the own agent. No effect but on estimates in a market that learns."""
    success: Success | Moving = 1.0
    """True probability that work at home is good; below 1 it needs `contracts`. No effect where there are
    `outcomes` or `records`."""
    outcomes: dict[str, TypeOutcome] | None = None
    """Success, true bills and times of work at home by task type; must name all types but those that are
    always done in steps, and needs `contracts`. No effect where records are replayed."""

    _boxes: dict[str, Box] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _slots_of_a_curve(cls, data: Any, validated: ModelWrapValidatorHandler[Self]) -> Self:
        return with_places(data, validated)

    @model_validator(mode="after")
    def _on_one_machine(self) -> Self:
        if self.box is not None:
            refuse_beside_box(self, "hardware", "slot_usd_per_h")
        for name, group in (self.groups or {}).items():
            if group.slot_usd_per_h is not None and self._box_of(group) is not None:
                raise ValueError(f"groups.{name}.slot_usd_per_h: the box stands in its place; leave it out")
        return self

    @model_validator(mode="after")
    def _counted_once(self) -> Self:
        if self.groups is None and self.count is None:
            raise ValueError("count: missing")
        if self.groups is not None and self.count is not None:
            raise ValueError(f"count: must not stand beside groups, which have counts (got {self.count})")
        if self.total > MOST_CLIENTS:
            raise ValueError(f"groups: must not have more than {MOST_CLIENTS:,} clients (got {self.total:,})")
        return self

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        stated = [group.share for group in (self.groups or {}).values()]
        total = math.fsum(share for share in stated if share is not None)
        if total > 1 + 1e-9:
            raise ValueError(f"groups: their shares must not be more than 1 together (got {total:g})")
        if stated and None not in stated and total < 1 - 1e-9:
            raise ValueError(f"groups: their shares must be 1 together, since all are stated (got {total:g})")
        if None in stated and total > 1 - 1e-9:
            raise ValueError("groups: their shares leave nothing for the groups without one (got 1)")
        return self

    @model_validator(mode="after")
    def _all_have_hardware(self) -> Self:
        def lacks(group: ClientGroup) -> bool:
            if group.hardware is not None or group.box is not None:
                return False
            return self.box is None or group.slots is not None

        lacking = self.box is None if self.groups is None else any(map(lacks, self.groups.values()))
        if self.hardware is None and lacking:
            raise ValueError("hardware: missing")
        return self

    def among(self, boxes: dict[str, Box]) -> None:
        """Learn of the boxes that there are, those that clients name among them."""
        self._boxes = boxes
        self.__dict__.pop("populations", None)

    def __copy__(self) -> Self:
        """Without what was derived of the fields: `model_copy` changes those of its copy."""
        copied = super().__copy__()
        copied.__dict__.pop("populations", None)
        return copied

    @property
    def total(self) -> int:
        """How many clients there are."""
        if self.groups is None:
            return self.count or 0
        return sum(group.count for group in self.groups.values())

    @property
    def total_slots(self) -> int | None:
        """Slots of all clients together, None if any has unlimited ones; those of a box count once."""
        total, boxes = 0, set[str]()
        for each in self.populations:
            if each.home.slots == "unlimited":
                return None
            machines = each.count if each.box is None else each.box not in boxes
            total += machines * each.home.slots
            boxes.update(() if each.box is None else (each.box,))
        return total

    @cached_property
    def populations(self) -> tuple[Population, ...]:
        """The groups in their order; all clients as one where there are none."""
        if self.groups is None:
            return (Population(None, 0, self.total, None, self._home_of(None), self.box),)
        found, first = [], 0
        for name, group in self.groups.items():
            box = self._box_of(group)
            found.append(Population(name, first, group.count, group, self._home_of(group), box))
            first += group.count
        return tuple(found)

    @property
    def machine_of(self) -> IntArray:
        """Which clients share a queue: for each the number of the first client that does."""
        first_on: dict[str, int] = {}
        machines = np.arange(self.total)
        for each in self.populations:
            if each.box is not None:
                machines[each.first : each.first + each.count] = first_on.setdefault(each.box, each.first)
        return machines

    @property
    def shares(self) -> list[float] | None:
        """The share of all tasks that comes to each group; None where tasks are dealt among all clients, as
        where no group has a share, or each that of its clients."""
        groups = list((self.groups or {}).values())
        stated = [group.share for group in groups]
        others = sum(group.count for group in groups if group.share is None)
        rest = max(0.0, 1 - math.fsum(share for share in stated if share is not None))
        shares = [
            rest * group.count / others if share is None else share
            for group, share in zip(groups, stated, strict=True)
        ]
        alike = [group.count / self.total for group in groups]
        differs = any(abs(share - other) > 1e-12 for share, other in zip(shares, alike, strict=True))
        return shares if differs else None

    @property
    def homes(self) -> list[Home]:
        """The homes that differ, in the order of the groups. Clients whose homes are alike share what they
        know of their own agent."""
        found: list[Home] = []
        for population in self.populations:
            if population.home not in found:
                found.append(population.home)
        return found

    @property
    def group_of(self) -> IntArray:
        """The place of each client's group, one entry a client."""
        return self._spread([*range(len(self.populations))])

    @property
    def home_of(self) -> IntArray:
        """The home of each client, by its place in `homes` counted from their end: -1 is the last one."""
        homes = self.homes
        return self._spread([homes.index(each.home) - len(homes) for each in self.populations])

    def asked_alike(self) -> Self:
        """The same clients, for all of whom the scenario's policy decides."""
        if self.groups is None:
            return self
        groups = {name: group.model_copy(update={"policy": None}) for name, group in self.groups.items()}
        return self.model_copy(update={"groups": groups})

    @property
    def asked_by_policy(self) -> list[bool]:
        """For which clients the scenario's policy decides, one entry a client."""
        own = [each.stated is not None and each.stated.policy is not None for each in self.populations]
        return [not own[group] for group in self.group_of.tolist()]

    @property
    def group_names(self) -> tuple[str, ...]:
        """The name of the group of each client; nothing where there are no groups."""
        names = list(self.groups or ())
        return tuple(names[group] for group in self.group_of.tolist()) if names else ()

    def all_have(self, slots: Slots) -> bool:
        """Whether so many slots are what every client has."""
        return all(home.slots == slots for home in self.homes)

    def of(self, client: int) -> Population:
        """The clients that a client is one of."""
        return next(each for each in self.populations if client < each.first + each.count)

    def steps_of(self, population: Population, field: str) -> Steps:
        """The way to where it is stated what a field is of a population."""
        if population.box is not None and field in OF_BOX:
            return "boxes", population.box, field
        if population.stated is None or getattr(population.stated, field) is None:
            return "clients", field
        return "clients", "groups", population.name or "", field

    def place_of(self, population: Population, field: str) -> str:
        """Where in a scenario it is stated what a field is of a population."""
        return dotted(self.steps_of(population, field))

    def _spread(self, of_populations: list[int]) -> IntArray:
        counts = [each.count for each in self.populations]
        return np.repeat(np.array(of_populations, dtype=np.int64), counts)

    def _box_of(self, group: ClientGroup | None) -> str | None:
        """The box that clients are on: their own, or that of all unless they have slots or hardware."""
        own = None if group is None else (group.box, group.slots, group.batch_curve, group.hardware)
        if group is None or own == (None, None, None, None):
            return self.box
        return group.box

    def _home_of(self, group: ClientGroup | None) -> Home:
        box = self._box_of(group)
        own_hardware = group is not None and group.hardware is not None
        own_places = group is not None and (group.slots is not None or group.batch_curve is not None)

        def of(field: str) -> object:
            if box is not None and field in OF_BOX:
                return getattr(self._boxes[box], field)
            own = None if group is None else getattr(group, field)
            inherits = own is None and not (own_places and field in ("slots", "batch_curve"))
            inherits = inherits and not (own_hardware and field == "slot_usd_per_h")
            return getattr(self, field) if inherits else own

        return Home(*(of(field) for field in Home._fields))  # type: ignore[arg-type]  # as validated
