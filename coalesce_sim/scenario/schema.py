"""The scenario: everything a run depends on besides the seed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, model_validator

from coalesce_sim.cost_parts import (
    COORDINATION,
    COST_PARTS,
    HOME_BILL,
    LATENCY_PENALTY,
    LEAK,
    OPPORTUNITY,
    RISK,
    SEARCH,
)
from coalesce_sim.scenario.adversarial import objections_to_adversaries
from coalesce_sim.scenario.adversaries import AdversarySettings
from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.boxes import Box, BoxName
from coalesce_sim.scenario.calibration import Calibration
from coalesce_sim.scenario.clients import OF_BOX, ClientGroup, Clients, Population
from coalesce_sim.scenario.compliance import Compliance
from coalesce_sim.scenario.complying import objections_to_compliance
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.costs import BargainedPrice, CostModel, LoadPrice, TokenPrice
from coalesce_sim.scenario.defences import Defences
from coalesce_sim.scenario.discovery import Discovery
from coalesce_sim.scenario.distributions import NonNegative, Positive, no_speck
from coalesce_sim.scenario.moving import Moving, extremes, moving_in, objections
from coalesce_sim.scenario.origins import Origins
from coalesce_sim.scenario.policy import AsLogged, BestFixed, PolicySettings, names_in
from coalesce_sim.scenario.pool import (
    Contractor,
    ContractorDynamics,
    ContractorFacts,
    DrawnPool,
    PriceList,
    RecordedPool,
)
from coalesce_sim.scenario.problems import Refusals, closest
from coalesce_sim.scenario.recordings import RecordedRuns
from coalesce_sim.scenario.reputation import EigenTrustReputation, Reputation
from coalesce_sim.scenario.security import Incidents
from coalesce_sim.scenario.settlement import Settlement
from coalesce_sim.scenario.settling import objections_to_settlement
from coalesce_sim.scenario.skills import Skills
from coalesce_sim.scenario.tariff import PRICES
from coalesce_sim.scenario.turnover import Turnover
from coalesce_sim.scenario.uncertainty import Drawn, Uncertainty, objections_to
from coalesce_sim.scenario.volume import MOST_TRUST_GIB, overflow, trust_gib
from coalesce_sim.scenario.workload import DemandDriven, MarketDemand, Recorded, Workload

MAX_INTERVALS = 10_000_000
MOST_CONTRACTORS = 100_000
NEEDS_LEARNING = "needs a market that learns; state `contracts: {}`, or extend `market`"

F = TypeVar("F", bound=ContractorFacts)
_RECORDED = frozenset(
    ("price_usd", "latency_min", "prefill_tokens_per_s", "decode_tokens_per_s", "success", *PRICES)
)
"""What replayed records tell of workers."""


def _got(number: float | Moving) -> str:
    return f"(got {'one that moves' if isinstance(number, Moving) else f'{number:g}'})"


def _a_date(value: object) -> object:
    """A bare number is no date, though seconds since 1970 could be meant by it."""
    if isinstance(value, int | float):
        raise ValueError(f"must be a date, as in 2025-06-01T08:00:00 (got {value!r})")
    return value


class Clock(Model):
    """When the run starts and for how long tasks arrive."""

    start: Annotated[datetime, BeforeValidator(_a_date), Field(strict=False)]
    """Date and time at which the run begins, as in 2025-06-01T08:00:00; of what is played it decides only in
    which hours `market_demand` is busy and sellers charge other prices."""
    days: Annotated[float, Field(gt=0, le=100_000), AfterValidator(no_speck)]
    """Days of 24 hours in which tasks arrive; fractions are fine. Work under way at the end is played to its
    end."""
    timeline_min: Positive = 60.0
    """Minutes that a row of the recorded timeline stands for; changes nothing of what is played."""

    @model_validator(mode="after")
    def _of_a_size(self) -> Self:
        intervals = self.horizon_s / (60 * self.timeline_min)
        if intervals > MAX_INTERVALS:
            raise ValueError(
                f"timeline_min: makes more than {MAX_INTERVALS:,} intervals (got {self.timeline_min})"
            )
        return self

    @property
    def horizon_s(self) -> float:
        """Seconds during which tasks arrive."""
        return self.days * 86_400.0

    @property
    def start_second_of_day(self) -> float:
        """Seconds from midnight, UTC, to the start."""
        start = self.start.replace(tzinfo=UTC) if self.start.tzinfo is None else self.start.astimezone(UTC)
        return (start - start.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()

    @property
    def start_s_after_midnight(self) -> float:
        """Seconds from midnight, by the clock's own hours, to the start."""
        start = self.start
        return start.hour * 3600.0 + start.minute * 60.0 + start.second + start.microsecond / 1e6

    @property
    def hours(self) -> int:
        """Whole or begun hours up to the horizon, at least one."""
        return max(1, math.ceil(self.days * 24 - 1e-9))


class PublishedValue(Model):
    """A figure somebody printed: mean, and standard deviation over n runs where stated."""

    mean: float
    """What was printed, in the metric's unit."""
    sd: NonNegative | None = None
    """Standard deviation over the runs, in the metric's unit, where it was printed."""
    n: Annotated[int, Field(gt=0)] | None = None
    """How many runs it was printed for, where that was said."""


class Scenario(Model):
    """One market, complete and validated.

    It *learns* where tasks are quoted one by one, by what is known at that moment: with any of `contracts`,
    `reputation`, `discovery`, `calibration` and `records`, with tasks that are or may be done in steps, and
    with prices by ``load`` or bargained for.
    """

    name: str
    """What results are filed under; left out of a file, the file's own name."""
    title: str
    """One line that says what is played, shown above results."""
    description: str = ""
    """As much as you like to say about it, shown in reports; changes nothing of what is played."""
    see_also: str = ""
    """One line on what to play or read besides, shown below results; changes nothing of what is played."""
    seed: Annotated[int, Field(ge=0)] = 1
    """What all random numbers follow from: the same seed plays the same run."""
    replications: Annotated[int, Field(gt=0, le=1_000_000)] = 1
    """How often a run is played, each time on other random numbers, unless the command says otherwise."""
    clock: Clock
    """When the run begins, how long tasks arrive, and how finely its course is recorded."""
    market_demand: MarketDemand | None = None
    """Demand by the hour, which drives arrivals of the kind ``demand_driven`` and `contractor_dynamics`; no
    effect without one of these."""
    workload: Workload
    """When tasks arrive, of which types they are, and what is true of each."""
    clients: Clients
    """Who has tasks, and what they can do at home."""
    boxes: dict[BoxName, Box] | None = None
    """Machines that several agents share, by name; who names one as its `box` is on it. Left out, there are
    none; they need a market that learns."""
    contractors: DrawnPool | PriceList | RecordedPool | Annotated[list[Contractor], Field(min_length=1)]
    """Who can be hired: drawn from types, the sellers of a price list, recorded models, or listed one by one.
    """
    contractor_dynamics: ContractorDynamics | None = None
    """How contractors' demand and capacity, and so prices by ``demand``, move by the hour. Left out, they
    stand still; a market that learns has none."""
    turnover: Turnover | None = None
    """How contractors enter and leave while the market is played. Left out, all are there from the start to
    the end, but for those of a list that say otherwise. Needs a market that learns."""
    records: RecordedRuns | None = None
    """Recorded runs that are replayed, in place of work that is drawn. Left out, there are none."""
    contracts: ContractRules | None = None
    """How contracts may fail, are verified and recovered from. Left out, every contractor delivers good work,
    always."""
    reputation: Reputation | None = None
    """Public scores of contractors by what clients said of their work. Left out, a contractor's word is taken
    for it."""
    discovery: Discovery | None = None
    """How clients find contractors. Left out, everybody knows everybody."""
    adversaries: list[AdversarySettings] = Field(default_factory=list)
    """Who does not behave as others expect, and how; by default nobody. They need `contracts`."""
    defences: Defences = Defences()
    """How the market protects itself besides checks, ratings and contracts; by default it does not. They need
    `contracts`."""
    settlement: Settlement | None = None
    """How contracts are paid: escrow, fees, delays, currencies, charge-backs. Left out, a price jumps from
    client to contractor when work is accepted, and no book is kept. Needs `contracts`."""
    compliance: Compliance | None = None
    """Who may not be hired, by whom and for what. Left out, everybody may be. Needs `contracts`."""
    calibration: Calibration | None = None
    """Whether estimated charges are corrected by what came of the last ones. Left out, they are not."""
    skills: Skills
    """Which contractors are eligible for which types of task (eq. 12)."""
    cost_model: CostModel
    """What work is expected to cost at home and at contractors, and how much of that comes true."""
    policy: PolicySettings
    """Who decides whether a task stays at home or is given to a contractor, and to which."""
    uncertainty: Uncertainty | None = None
    """What of all this is not known for certain, to be drawn once a replication. Left out, everything is as
    it says here."""
    published: dict[str, PublishedValue] = Field(default_factory=dict)
    """Printed figures by metric name, shown beside ours and used for nothing else."""
    paper_metrics: bool = False
    """Whether the paper's own metrics of savings are shown beside the honest ones, as the profile `published`
    says for all that extend it; changes nothing of what is played."""
    _origins: Origins = PrivateAttr(default_factory=Origins)
    _drawn: Drawn = PrivateAttr(default_factory=Drawn)

    @model_validator(mode="after")
    def _boxes_are_there(self) -> Self:
        """Whoever is on a box learns what it is; it stands before what asks for that."""
        named = [("clients", self.clients.box)]
        named += [(f"clients.groups.{name}", each.box) for name, each in (self.clients.groups or {}).items()]
        named += [(place, each.box) for place, each in self._stated_facts]
        refused, boxes = [], self.boxes or {}
        for place, box in named:
            if box is not None and box not in boxes:
                near = closest(box, list(boxes))
                hint = "" if near is None else f"; did you mean {near!r}?"
                refused.append(f"{place}.box: there is no box of that name (got {box!r}){hint}")
        if self.boxes and not self.learning:
            way = "state contracts, which may be empty, or extend market"
            refused.append(f"boxes: need a market with contracts: {way}")
        if refused:
            raise Refusals(refused)
        self.clients.among(boxes)
        return self

    @model_validator(mode="after")
    def _facts_move_as_they_can(self) -> Self:
        refused = list(self._unmovable())
        if refused:
            raise Refusals(refused)
        return self

    def _unmovable(self) -> Iterator[str]:
        """What is wrong with numbers that move, of all of them at once."""
        for place, name, number in self.moving:
            if not self.learning:
                yield (
                    f"{place}.{name}: moves, which needs a market that learns: state contracts: {{}}, or "
                    "extends: market"
                )
            if name.startswith("outcomes.") and place.startswith("clients"):
                yield f"{place}.{name}: cannot move with time; at home only success, of all types, can"
                continue
            if place.startswith("boxes.") and number.walk is not None:
                yield f"{place}.{name}: must not walk, for each on the box would draw a walk of its own"
            if self.records is not None and name in _RECORDED:
                yield f"{place}.{name}: moves, but recorded work tells it (records)"
            for message in objections(name, number, 24 * self.clock.days):
                yield f"{place}.{name}.{message}"
        rules = [(f"boxes.{name}", box.outages) for name, box in (self.boxes or {}).items()]
        for place, outages in (*rules, *((place, each.outages) for place, each in self._stated_facts)):
            for message in () if outages is None else outages.objections(24 * self.clock.days):
                yield f"{place}.outages.{message}"
        at_home = {each.box for each in self.clients.populations}
        for name, box in (self.boxes or {}).items():
            if name in at_home and box.outages is not None and box.outages.running == "lost":
                why = "must be resumes where clients are on the box, who do not give up what they have begun"
                yield f"boxes.{name}.outages.running: {why} (got 'lost')"
        for place, facts in self._stated_facts:
            if facts.outages is not None and facts.box is not None:
                instead = f"boxes.{facts.box}.outages"
                yield f"{place}.outages: the box goes down, and with it all who are on it; state {instead}"
            for name in moving_in(facts).keys() & PRICES if facts.conditional_prices else ():
                yield f"{place}.{name}: moves, which does not go with conditional_prices beside it"

    @model_validator(mode="after")
    def _demand_is_there(self) -> Self:
        if self.market_demand is None:
            if isinstance(self.workload.arrivals, DemandDriven):
                raise ValueError("market_demand: missing, but workload.arrivals is demand_driven")
            if self.contractor_dynamics is not None:
                raise ValueError("market_demand: missing, but contractor_dynamics follows it")
        return self

    @model_validator(mode="after")
    def _can_be_played(self) -> Self:
        if message := overflow(
            self.workload.arrivals, self.market_demand, self.clock.horizon_s, self.clients.total
        ):
            raise ValueError(f"workload.arrivals.{message}")
        return self

    @model_validator(mode="after")
    def _trust_fits_memory(self) -> Self:
        public, pool = self.reputation, self.contractors
        if public is None or not isinstance(public.model, EigenTrustReputation):
            return self
        many = pool.count if isinstance(pool, DrawnPool) else len(self.facts)
        gib = trust_gib(self.clients.total, many, len(self.workload.types) if public.by_task_type else 1)
        if gib > MOST_TRUST_GIB:
            raise ValueError(
                "reputation.model: eigentrust keeps tables of clients by contractors, which would take "
                f"{gib:,.0f} GiB with {self.clients.total:,} and {many:,} (at most {MOST_TRUST_GIB})"
            )
        return self

    @model_validator(mode="after")
    def _hardware_fits_work(self) -> Self:
        work = self.cost_model.internal.work
        workers: list[tuple[str, Box | Clients | ClientGroup | ContractorFacts]] = [("clients", self.clients)]
        workers += [(f"clients.groups.{name}", group) for name, group in (self.clients.groups or {}).items()]
        workers += [(f"boxes.{name}", box) for name, box in (self.boxes or {}).items()]
        workers += self._stated_facts
        for place, worker in workers:
            for field, hint in worker.hardware.lacking(work).items() if worker.hardware else ():
                curve = getattr(worker, "batch_curve", None)
                if place.startswith("clients.groups"):
                    curve = curve or self.clients.batch_curve
                written = field == "decode_tokens_per_s" and curve is not None
                if getattr(worker, field, None) is None and not written:
                    raise ValueError(
                        f"{place}.hardware.{field}: missing, but cost_model.internal.work is {work}{hint}"
                    )
        return self

    @model_validator(mode="after")
    def _wholes_take_work(self) -> Self:
        """A task that may be done as a whole must say how much work that is."""
        if self.cost_model.internal.work != "flop" or self.records is not None:
            return self
        for name, kind in self.workload.types.items():
            done_whole = kind.steps is not None and not kind.in_steps
            if done_whole and "base_flop" not in kind.model_fields_set:
                raise ValueError(
                    f"workload.types.{name}.base_flop: missing, but decompose is {kind.decompose}: the whole "
                    "is done itself"
                )
        return self

    @model_validator(mode="after")
    def _beliefs_can_act(self) -> Self:
        for population in self.clients.populations:
            if population.home.hardware.believed is not None:
                self._beliefs_of(population)
        return self

    def _beliefs_of(self, population: Population) -> None:
        """Refuse what clients believe of their hardware where it can change no estimate."""
        place, home, costs = self.clients.place_of(population, "hardware"), population.home, self.cost_model
        place, hardware = f"{place}.believed", home.hardware
        if home.slot_usd_per_h is not None:
            hardware = hardware.model_copy(update={"basis": "rented"})
        for field, reason in hardware.powerless_beliefs(costs.internal.work):
            raise ValueError(f"{place}.{field}: changes no estimate, for {reason}")
        if home.slots == 0:
            slots = self.clients.place_of(population, "slots")
            raise ValueError(f"{place}: changes no estimate, for {slots} is 0")
        if costs.internal.work == "flop" and not any(each.base_flop for each in self.workload.types.values()):
            raise ValueError(f"{place}: changes no estimate, for base_flop of all workload.types is 0")
        if costs.realised.basis == "estimate" and costs.internal.expects_delay:
            raise ValueError(
                f"{place}: what is expected of queues cannot differ from the truth where it is charged "
                f"(cost_model.realised.basis: estimate, cost_model.internal.opportunity: "
                f"{costs.internal.opportunity})"
            )

    @property
    def origins(self) -> Origins:
        """Where its fields were written; known of what `coalesce_sim.load` read."""
        return self._origins

    @property
    def drawn_inputs(self) -> Mapping[str, float]:
        """What was drawn for it where it is the market of one replication, by the way to each field."""
        return self._drawn.inputs

    def drawn_with(self, inputs: Mapping[str, float]) -> Self:
        """The same scenario, which knows what was drawn for it."""
        told = self.model_copy()
        told._drawn = Drawn(inputs)
        return told

    def written_at(self, origins: Origins) -> Self:
        """The same scenario, which knows where it was written."""
        told = self.model_copy()
        told._origins = origins
        return told

    def resolved(self) -> dict[str, Any]:
        """The scenario after `extends`, overrides and defaults, as JSON; fields that are null are left out.

        ``Scenario.model_validate_json`` of it gives an equal scenario.

        >>> import coalesce_sim
        >>> coalesce_sim.load("dur_02", ["clock.days=1"]).resolved()["clock"]
        {'start': '2025-06-01T08:00:00', 'days': 1.0, 'timeline_min': 60.0}
        """
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def stated(self) -> dict[str, Any]:
        """What is played, as in `resolved`, but for what is uncertain of it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"uncertainty"})

    @property
    def facts(self) -> list[tuple[str, ContractorFacts]]:
        """What is true of contractors, each with its place in the scenario."""
        return [(place, self.on_its_machine(each)) for place, each in self._stated_facts]

    def on_its_machine(self, stated: F) -> F:
        """What is true of a contractor, of whom the box says it that it is on, if it is on one."""
        if stated.box is None or self.boxes is None:
            return stated
        box = self.boxes[stated.box]
        return stated.model_copy(update={name: getattr(box, name) for name in (*OF_BOX, "outages")})

    @property
    def _stated_facts(self) -> list[tuple[str, ContractorFacts]]:
        """What is stated about contractors."""
        match self.contractors:
            case DrawnPool(types=types):
                return [(f"contractors.types.{name}", kind) for name, kind in types.items()]
            case PriceList(template=template):
                return [("contractors.template", template)]
            case RecordedPool(recorded=recorded):
                return [("contractors.recorded", recorded)]
            case listed:
                return [(f"contractors[{index}]", each) for index, each in enumerate(listed)]

    @property
    def changes_at_s(self) -> set[float]:
        """When, in seconds from the start, something changes as is stated: who is there, or a number."""
        listed = self.contractors if isinstance(self.contractors, list) else []
        hours = {hour for each in listed for hour in (each.enter_h, each.leave_h) if hour}
        hours |= {hour for _, _, how in self.moving for hour, _ in how.at_hours or () if hour}
        return {3600 * hour for hour in hours}

    @property
    def moving(self) -> list[tuple[str, str, Moving]]:
        """All numbers that move: the place of the mapping around each, its field, and how it moves."""
        stated: list[tuple[str, Model]] = [("workload.attributes", self.workload.attributes)]
        stated.append(("clients", self.clients))
        stated += [(f"clients.groups.{name}", group) for name, group in (self.clients.groups or {}).items()]
        stated += [(f"boxes.{name}", box) for name, box in (self.boxes or {}).items()]
        stated += self._stated_facts
        return [(place, name, how) for place, each in stated for name, how in moving_in(each).items()]

    @property
    def turns_over(self) -> bool:
        """Whether contractors may enter or leave while the market is played."""
        listed = self.contractors if isinstance(self.contractors, list) else []
        return self.turnover is not None or any(each.moves for each in listed)

    @property
    def policies(self) -> list[tuple[str, PolicySettings]]:
        """Who decides, each with its place in the scenario: `policy`, unless every group has its own, and
        those of groups."""
        groups = (self.clients.groups or {}).items()
        own = [(f"clients.groups.{name}.policy", group.policy) for name, group in groups if group.policy]
        shared = [("policy", self.policy)] if len(own) < max(1, len(groups)) else []
        return [*shared, *own]

    @property
    def plays_log(self) -> bool:
        """Whether its policy is its tasks' log, and no contract is made."""
        return isinstance(self.policy, AsLogged) and self.policy.costs == "logged"

    def policy_of(self, client: int) -> PolicySettings:
        """Who decides for a client."""
        group = self.clients.of(client).stated
        return self.policy if group is None or group.policy is None else group.policy

    def asked_alike(self) -> Self:
        """The same market, in which its one policy decides for all clients."""
        return self.model_copy(update={"clients": self.clients.asked_alike()})

    @property
    def anybody_cheats(self) -> bool:
        """Whether anybody follows a strategy but that of the honest, or of those who are not there."""
        return any(getattr(each, "kind", None) not in ("honest", "absent") for each in self.adversaries)

    @property
    def queues(self) -> bool:
        """Whether anybody's work can wait: some clients or contractors have finite slots."""
        slots = [*(home.slots for home in self.clients.homes), *(stated.slots for _, stated in self.facts)]
        return any(each != "unlimited" for each in slots)

    @property
    def learning(self) -> bool:
        """Whether tasks are quoted one by one, by what the market knows at that moment."""
        pricing = self.cost_model.external.pricing
        sections = (self.contracts, self.reputation, self.discovery, self.calibration, self.records)
        return (
            any(section is not None for section in sections)
            or isinstance(pricing, LoadPrice | BargainedPrice)
            or any(kind.in_steps or kind.may_split for kind in self.workload.types.values())
        )

    @property
    def _learns_by(self) -> str:
        """What makes it learn, the first of several."""
        sections = ("contracts", "reputation", "discovery", "calibration", "records")
        stated = [name for name in sections if getattr(self, name) is not None]
        pricing = self.cost_model.external.pricing
        if not stated and isinstance(pricing, LoadPrice | BargainedPrice):
            return f"cost_model.external.pricing.kind: {pricing.kind}"
        return stated[0] if stated else "workload.types.*.steps"

    @property
    def incidents(self) -> Incidents | None:
        """What leaks, tampering and lost work come to; None where nothing happens."""
        return None if self.contracts is None else self.contracts.security.incidents

    @property
    def message_usd(self) -> float:
        """What a client pays for each message of a search for contractors."""
        return 0.0 if self.discovery is None else self.discovery.message_usd

    @property
    def cost_parts(self) -> tuple[int, ...]:
        """The places in `COST_PARTS` of the parts that a task's cost may have here."""
        physical = self.cost_model.realised.basis == "physical"
        may_be = {
            HOME_BILL: self.learning or self.workload.may_be_logged,
            OPPORTUNITY: not physical,
            RISK: not physical,
            LATENCY_PENALTY: not physical,
            SEARCH: self.message_usd > 0,
            COORDINATION: self.workload.splits,
            LEAK: self.incidents is not None,
        }
        return tuple(part for part in range(len(COST_PARTS)) if may_be.get(part, True))

    @model_validator(mode="after")
    def _failures_have_contracts(self) -> Self:
        """What can go wrong needs the section that says what then."""
        if self.contracts is not None:
            return self
        for population in self.clients.populations:
            place_of, home = partial(self.clients.place_of, population), population.home
            if home.slots == 0:
                raise ValueError(f"{place_of('slots')}: must be > 0 without a section contracts (got 0)")
            if extremes(home.success)[0] < 1 or home.outcomes is not None:
                place = place_of("success" if home.outcomes is None else "outcomes")
                raise ValueError(f"contracts: missing, but {place} needs it: clients may fail")
        if self.workload.failure_correlation > 0:
            raise ValueError("contracts: missing, but workload.failure_correlation needs it")
        if isinstance(self.contractors, DrawnPool) and self.contractors.success_shift != 0:
            raise ValueError("contracts: missing, but contractors.success_shift needs it")
        for place, facts in self.facts:
            if facts.slots == 0:
                raise ValueError(f"{place}.slots: must be > 0 without a section contracts (got 0)")
            for field in ("success", "outcomes", "queue_limit", "outages"):
                if getattr(facts, field) is not None:
                    raise ValueError(f"contracts: missing, but {place}.{field} needs it")
            if extremes(facts.unreachable_rate)[1] > 0:
                raise ValueError(f"contracts: missing, but {place}.unreachable_rate needs it")
        return self

    @model_validator(mode="after")
    def _comings_and_goings_fit(self) -> Self:
        if refused := [*self._moves_of_the_listed(), *self._turnover_that_cannot_be()]:
            raise Refusals(refused)
        return self

    def _moves_of_the_listed(self) -> Iterator[str]:
        hours, pool = self.clock.horizon_s / 3600, self.contractors
        for index, each in enumerate(pool if isinstance(pool, list) else ()):
            for name, at_h in (("enter_h", each.enter_h), ("leave_h", each.leave_h or 0.0)):
                if at_h > 0 and not self.learning:
                    yield f"contractors[{index}].{name}: {NEEDS_LEARNING} (got {at_h:g})"
                elif at_h >= hours:
                    yield (
                        f"contractors[{index}].{name}: must be before the last tasks arrive, at {hours:g} h "
                        f"(got {at_h:g})"
                    )

    def _turnover_that_cannot_be(self) -> Iterator[str]:
        if self.turnover is None:
            return
        if not self.learning:
            yield f"turnover: {NEEDS_LEARNING}"
        pool, entry = self.contractors, self.turnover.entry
        if entry is None:
            return
        if not isinstance(pool, DrawnPool):
            yield "turnover.entry: needs a drawn pool (contractors.types)"
            return
        for name in entry.types or ():
            if name not in pool.types:
                known = ", ".join(pool.types)
                yield f"turnover.entry.types.{name}: unknown type of contractor (known: {known})"
        if pool.count + entry.per_day * self.clock.days > MOST_CONTRACTORS:
            most = f"{MOST_CONTRACTORS:,} contractors in all"
            yield f"turnover.entry.per_day: makes more than {most} (got {entry.per_day:g})"

    @model_validator(mode="after")
    def _curves_can_be_played(self) -> Self:
        """A machine whose pace hangs on who else is at work needs a market that plays that."""
        places = [place for place, facts in self.facts if facts.batch_curve is not None]
        shared = [each for each in self.clients.populations if each.home.batch_curve is not None]
        places += [self.clients.place_of(each, "batch_curve").removesuffix(".batch_curve") for each in shared]
        if refused := [
            *self._cannot_share(places),
            *self._times_beside_curves(),
            *self._no_home_shares(shared),
        ]:
            raise Refusals(dict.fromkeys(refused))
        return self

    def _cannot_share(self, places: list[str]) -> Iterator[str]:
        for place in places:
            if not self.learning:
                yield f"{place}.batch_curve: {NEEDS_LEARNING}"
            if self.records is not None:
                yield f"{place}.batch_curve: has no effect where records say how long work took"

    def _times_beside_curves(self) -> Iterator[str]:
        """Times that are stated of contractors' work, where it hangs on the other jobs."""
        for place, facts in self.facts:
            for name, outcome in (facts.outcomes or {}).items() if facts.batch_curve is not None else ():
                if outcome.latency_min is not None:
                    got = _got(outcome.latency_min)
                    yield f"{place}.outcomes.{name}.latency_min: a time beside batch_curve {got}"
            if facts.batch_curve is not None and (rate := facts.decode_tokens_per_s) is not None:
                yield f"{place}.decode_tokens_per_s: its box's batch_curve stands in its place (got {rate!r})"

    def _no_home_shares(self, shared: list[Population]) -> Iterator[str]:
        """What cannot be where clients' own machines serve all their jobs at once."""
        if not shared:
            return
        internal = self.cost_model.internal
        if internal.work != "tokens":
            place = "cost_model.internal.work"
            yield f"{place}: must be tokens beside a batch_curve at home (got {internal.work!r})"
        if internal.opportunity == "later_tasks":
            yield "cost_model.internal.opportunity: later_tasks has no meaning beside a batch_curve at home"
        for name, kind in self.workload.types.items():
            if kind.local_min is not None:
                place = f"workload.types.{name}.local_min"
                yield f"{place}: a time beside a batch_curve at home (got {kind.local_min:g})"
        for each in shared:
            hardware = self.clients.place_of(each, "hardware")
            if each.home.hardware.memory_usd_per_h > 0:
                yield f"{hardware}.memory_usd_per_h: not beside batch_curve, whose jobs share all costs"
            if each.home.hardware.believed is not None:
                yield f"{hardware}.believed: not beside batch_curve, which clients know"
            for name, outcome in (each.home.outcomes or {}).items():
                if outcome.latency_min is not None:
                    place = self.clients.place_of(each, "outcomes")
                    got = _got(outcome.latency_min)
                    yield f"{place}.{name}.latency_min: a time beside batch_curve {got}"

    @model_validator(mode="after")
    def _outcomes_name_types(self) -> Self:
        groups = (self.clients.groups or {}).items()
        own = [("clients", self.clients.outcomes)]
        own += [(f"clients.groups.{name}", group.outcomes) for name, group in groups]
        for place, outcomes in [*own, *((place, each.outcomes) for place, each in self.facts)]:
            for name in outcomes or {}:
                if name not in self.workload.types:
                    raise ValueError(f"{place}.outcomes.{name}: unknown task type (got {name!r})")
        for place, outcomes in own:
            for name, kind in self.workload.types.items():
                if outcomes is not None and not kind.in_steps and name not in outcomes:
                    raise ValueError(f"{place}.outcomes: missing task type {name!r}")
        return self

    @model_validator(mode="after")
    def _nothing_of_the_other_trade(self) -> Self:
        """Settings of the published trade that a market that learns has others for, or none."""
        if self.learning:
            refused = list(self._unlearned())
            if refused:
                raise Refusals(refused)
        return self

    def _unlearned(self) -> Iterator[str]:
        learns, external, realised = self._learns_by, self.cost_model.external, self.cost_model.realised
        if self.contractor_dynamics is not None:
            yield (
                f"contractor_dynamics: moves prices by the hour, where {learns} quotes them task by task; "
                "state null"
            )
        if realised.basis != "physical":
            basis = realised.basis
            yield f"cost_model.realised.basis: must be physical where {learns} is used (got {basis!r})"
        for field in ("verification_usd", "verification_trusted_usd"):
            if getattr(external, field) > 0:
                yield (
                    f"cost_model.external.{field}: has no effect where {learns} is used: state "
                    f"contracts.verification instead, and 0 here (got {getattr(external, field):g})"
                )
        billed = any(each.outcomes is not None for _, each in self.facts) and self.records is None
        if realised.external_cost_factor != 1 and not billed:
            yield (
                f"cost_model.realised.external_cost_factor: has no effect where {learns} is used and the "
                "price agreed on is paid; state 1, and give contractors outcomes with a bill_usd instead"
            )

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        """Who is pretrusted, and who is always hired, must be there."""
        if self.reputation is not None and isinstance(self.reputation.model, EigenTrustReputation):
            trusted = self.reputation.model.pretrusted_clients
            if trusted is not None and trusted > self.clients.total:
                raise ValueError(
                    "reputation.model.pretrusted_clients: must be at most the number of clients, "
                    f"{self.clients.total} (got {trusted})"
                )
        wanted = [
            (f"{place}.{field}", what, name)
            for place, policy in self.policies
            for field, what, name in names_in(policy)
        ]
        refused = []
        for place, what, name in wanted:
            known = self.names_of(what)
            if known is not None and name not in known:
                near = closest(name, known[:1000])
                hint = "" if near is None else f"; did you mean {near!r}?"
                refused.append(f"{place}: no {what} of that name (got {name!r}){hint}")
        if refused:
            raise Refusals(refused)
        return self

    def names_of(self, what: str) -> list[str] | None:
        """The names of all contractors, task types or groups of clients; None where only records tell."""
        if what == "task type":
            return list(self.workload.types)
        if what == "group of clients":
            return list(self.clients.groups or ())
        match self.contractors:
            case DrawnPool(types=types, count=count):
                return [f"{name}_{number}" for name in types for number in range(count)]
            case PriceList(sellers=sellers):
                return list(sellers)
            case RecordedPool():
                return None
            case listed:
                return [each.name for each in listed]

    @model_validator(mode="after")
    def _adversaries_can_be_played(self) -> Self:
        refused = list(objections_to_adversaries(self))
        if refused:
            raise Refusals(refused)
        return self

    @model_validator(mode="after")
    def _can_be_settled(self) -> Self:
        refused = [*objections_to_settlement(self), *objections_to_compliance(self)]
        if refused:
            raise Refusals(refused)
        return self

    @model_validator(mode="after")
    def _groups_can_be_played(self) -> Self:
        refused = []
        for name, group in (self.clients.groups or {}).items():
            place = f"clients.groups.{name}"
            for field in ("types", "max_latency_min"):
                for kind in getattr(group, field) or ():
                    if kind not in self.workload.types:
                        refused.append(f"{place}.{field}.{kind}: unknown task type (got {kind!r})")
            if group.types is not None and sum(group.types.values()) <= 0:
                refused.append(f"{place}.types: the shares must not all be 0")
            if group.share is not None and self.workload.arrivals_per_client:
                got = f"(got {group.share:g})"
                refused.append(f"{place}.share: must not be stated where arrivals are per client {got}")
            if isinstance(group.policy, BestFixed):
                found = "best_fixed is the best choice for all clients"
                refused.append(f"{place}.policy.kind: {found}; state it as policy (got 'best_fixed')")
            if group.budget_usd_per_day is not None and not self.learning:
                way = "state contracts, which may be empty, or extend market"
                got = _got(group.budget_usd_per_day)
                refused.append(f"{place}.budget_usd_per_day: needs a market with contracts: {way} {got}")
        if refused:
            raise Refusals(refused)
        return self

    @model_validator(mode="after")
    def _records_fit(self) -> Self:
        recorded_tasks = isinstance(self.workload.arrivals, Recorded)
        recorded_pool = isinstance(self.contractors, RecordedPool)
        if self.records is None:
            if recorded_tasks or recorded_pool:
                raise ValueError("records: missing, but tasks or contractors are recorded ones")
            return self
        if not (recorded_tasks and recorded_pool):
            raise ValueError("records: needs recorded tasks (workload.arrivals) and recorded contractors")
        if self.contracts is None:
            raise ValueError("contracts: missing, but recorded work may fail")
        if self.contracts.recovery.among == "all":
            once = "recorded runs are replayed, of which each contractor has one a task"
            raise ValueError(f"contracts.recovery.among: must be untried where {once} (got 'all')")
        for name, kind in self.workload.types.items():
            if kind.in_steps or kind.may_split:
                raise ValueError(f"workload.types.{name}.steps: recorded tasks are not composite")
        if set(self.workload.types) != set(self.records.benchmarks):
            raise ValueError(
                f"workload.types: must be the benchmarks of records, {', '.join(self.records.benchmarks)} "
                f"(got {', '.join(self.workload.types)})"
            )
        return self

    @model_validator(mode="after")
    def _what_is_uncertain_is_there(self) -> Self:
        if self.uncertainty is None:
            return self
        refused = list(objections_to(self.uncertainty, self.stated()))
        if refused:
            raise Refusals(refused)
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        if isinstance(self.contractors, list):
            seen: set[str] = set()
            for index, contractor in enumerate(self.contractors):
                if contractor.name in seen:
                    raise ValueError(f"contractors[{index}].name: used twice (got {contractor.name!r})")
                seen.add(contractor.name)
        return self

    @model_validator(mode="after")
    def _prices_fit(self) -> Self:
        per_token = isinstance(self.cost_model.external.pricing, TokenPrice)
        if isinstance(self.contractors, PriceList) and not per_token:
            kind = self.cost_model.external.pricing.kind
            raise ValueError(
                f"cost_model.external.pricing.kind: must be per_token for a price list (got {kind!r})"
            )
        return self
