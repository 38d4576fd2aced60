"""What a market asks for, by what its scenario states: the questions that settings without effect hang on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Literal

from coalesce_sim.experiments.diagnosis.unused.levels import Chain, chains_of, level_by
from coalesce_sim.inputs.recordings import read_recordings
from coalesce_sim.inputs.sellers import listed_prices
from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.scenario.costs import BargainedPrice, DemandPrice, FlatPrice, LoadPrice, TokenPrice
from coalesce_sim.scenario.hardware import Hardware
from coalesce_sim.scenario.learners import LinUcb
from coalesce_sim.scenario.mechanisms import PostedPrice, ScoreAuction, Vickrey
from coalesce_sim.scenario.moving import Moving, extremes
from coalesce_sim.scenario.policy import Custom
from coalesce_sim.scenario.pool import ContractorFacts, DrawnPool, PriceList, RecordedPool
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.security import Averted, Overhead
from coalesce_sim.scenario.skills import Hashing, OwnEmbedder, TfIdf
from coalesce_sim.scenario.tariff import ConditionalPrices, TokenPrices
from coalesce_sim.scenario.workload import LEVELS, Csv, Level, Listed, Series, Table

UNREAD = "nobody reads texts"


def in_tasks(scenario: Scenario) -> set[str]:
    """The attributes that any explicit task states."""
    match scenario.workload.arrivals:
        case Table():
            return set(() if (table := tasks_of(scenario)) is None else table.given)
        case Listed(tasks=tasks):
            return {name for task in tasks for name, value in task if value is not None}
        case Csv(columns=columns):
            return set(columns)
        case Series(parts=parts):
            return {name for part in parts for name in part.attributes}
        case _:
            return set()


class Asked:
    """What the market of a scenario asks for. A policy of the user's own may ask for anything."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.learns, self.replays = scenario.learning, scenario.records is not None
        self.policies = [each for _, each in scenario.policies]
        self.custom = any(isinstance(each, Custom) for each in self.policies)
        self.contractors: list[ContractorFacts] = [facts for _, facts in scenario.facts]
        self.types = scenario.workload.types

    @property
    def offered(self) -> list[list[str]]:
        """The skills of everybody who states some, each once."""
        stated = [facts.skills for facts in self.contractors]
        pool = self.scenario.contractors
        claims = pool.claims.values() if isinstance(pool, RecordedPool) else ()
        return [*stated, *(claim.skills for claim in claims if claim.skills is not None)]

    @property
    def task_prices(self) -> bool:
        """Whether a price for the task counts."""
        return not (self.replays or isinstance(self.scenario.cost_model.external.pricing, TokenPrice))

    @property
    def token_prices(self) -> bool:
        """Whether prices by the token count."""
        pricing = self.scenario.cost_model.external.pricing
        return not (self.replays or isinstance(pricing, FlatPrice | DemandPrice))

    @property
    def own_costs(self) -> bool:
        """Whether anybody asks what work costs the contractors themselves, as their books do."""
        bidding = any(isinstance(each, PostedPrice | ScoreAuction | Vickrey) for each in self.policies)
        pricing = self.scenario.cost_model.external.pricing
        return self.learns or self.custom or bidding or isinstance(pricing, BargainedPrice)

    @property
    def load(self) -> bool:
        """Whether prices follow the load of anybody's slots."""
        by_load = isinstance(self.scenario.cost_model.external.pricing, LoadPrice)
        return by_load and any(facts.slots != "unlimited" for facts in self.contractors)

    @cached_property
    def flop_at_home(self) -> bool:
        """Whether FLOP time work at home."""
        works = any(kind.base_flop > 0 for kind in self.types.values())
        return works and self.scenario.cost_model.internal.work == "flop"

    @cached_property
    def flop_at_contractors(self) -> bool:
        """Whether FLOP time work at any contractor."""
        works = any(kind.base_flop > 0 for kind in self.types.values())
        return works and self.learns and not self.replays and any(h.peak_flop_s for h in self.machines)

    @property
    def machines(self) -> Iterator[Hardware]:
        """The hardware of contractors that name some."""
        return (facts.hardware for facts in self.contractors if facts.hardware is not None)

    @property
    def contractor_types(self) -> set[str]:
        """The types by which `skills.embedding` can know contractors."""
        match self.scenario.contractors:
            case DrawnPool(types=types):
                return set(types)
            case list() as listed:
                return {each.type for each in listed}
            case PriceList():
                return {"seller"}
            case _:
                assert self.scenario.records is not None
                return set(read_recordings(self.scenario.records).contractors)

    @cached_property
    def tariffs(self) -> list[TokenPrices | ConditionalPrices]:
        """The prices by tokens that anybody charges, those under a condition too."""
        pool = self.scenario.contractors
        own: Sequence[TokenPrices] = self.contractors
        if isinstance(pool, PriceList):
            own = [each.prices for each in listed_prices(pool)]
        return [*own, *(prices for each in own for prices in each.conditional_prices)]

    @property
    def cached_prices(self) -> bool:
        """Whether anybody states a price for cached tokens."""
        return any(each.cache_read_usd_per_mtok is not None for each in self.tariffs)

    def tokens_at_contractors(self, speed: str, *prices: str) -> bool:
        """Whether tokens count at any contractor: in its prices or their conditions, or in its time."""
        stated = any(getattr(each, name, None) for each in self.tariffs for name in prices)
        priced = self.token_prices and stated
        timed = any(getattr(each, speed) or getattr(each.hardware, speed, None) for each in self.contractors)
        return priced or (timed and not self.replays)

    @property
    def moves(self) -> bool:
        """Whether moving data costs or takes anything."""
        contracts = self.scenario.contracts
        moved = contracts is not None and contracts.transfer_mb_per_s is not None
        return moved or self.scenario.cost_model.external.communication_usd_per_gb > 0

    @cached_property
    def chains(self) -> set[Chain]:
        """Where it is stated how sensitive data are, of all tasks and steps."""
        return chains_of(self.scenario)

    @cached_property
    def levels(self) -> list[Level]:
        """The levels of sensitivity that the data of any task have, from low to high."""
        found = {level_by(chain) for chain in self.chains}
        return [level for level in LEVELS if level in found]

    @property
    def resides(self) -> bool:
        """Whether sensitive data of any client may not go everywhere."""
        rules = self.scenario.compliance
        return rules is not None and not rules.residency.keys().isdisjoint(rules.laws_of_clients)

    @property
    def memory_costs(self) -> bool:
        """Whether any client is charged for memory."""
        return any(home.hardware.memory_usd_per_h > 0 for home in self.scenario.clients.homes)

    def memory(self, need: str) -> bool:
        """Whether memory of the given need is charged."""
        return self.memory_costs and getattr(self.scenario.cost_model.internal.memory, need) > 0

    def has(self, attribute: str) -> bool:
        """Whether any task can have something of an attribute of `Attributes`, or documents."""
        if attribute == "documents":
            drawn = any(kind.documents > 0 for kind in self.types.values())
        else:
            drawn = getattr(self.scenario.workload.attributes, attribute) != 0
            groups = (self.scenario.clients.groups or {}).values()
            drawn |= attribute == "value_usd" and any(group.value_usd not in (None, 0) for group in groups)
        return drawn or attribute in in_tasks(self.scenario)

    @cached_property
    def risk(self) -> bool:
        """Whether any share of a task's value is at risk, bad work in the published trade included."""
        unsure = not self.learns and any(extremes(facts.reliability)[0] < 1 for facts in self.contractors)
        insecure = self.scenario.incidents is None and self._at_risk("security_risk")
        return unsure or insecure or self._at_risk("quality_risk")

    @cached_property
    def incidents(self) -> bool:
        """Whether incidents of security can happen."""
        return self.scenario.incidents is not None and self._at_risk("security_risk")

    @cached_property
    def leak_usd(self) -> dict[Level, float]:
        """What a leak costs at each level of sensitivity, 0 where none can happen."""
        rule = self.scenario.incidents
        if rule is None or not self.incidents or rule.shares.leaked == 0:
            return dict.fromkeys(LEVELS, 0.0)
        return {level: rule.leak_usd.of(level) for level in LEVELS}

    @property
    def leaks(self) -> bool:
        """Whether leaks can happen and cost anything."""
        return any(self.leak_usd[level] > 0 for level in self.levels)

    def averts(self, overhead: Overhead) -> bool:
        """Whether an overhead would avert any incident that can happen."""
        rule = self.scenario.incidents
        return self.incidents and rule is not None and getattr(rule.lowered_by, overhead) != Averted()

    def _at_risk(self, kind: Literal["security_risk", "quality_risk"]) -> bool:
        """Whether any contractor has such a risk, its own or by its reliability."""
        rule = getattr(self.scenario.cost_model.external, kind)
        for facts in self.contractors:
            own: float | Moving | None = getattr(facts, kind)
            derived = rule.base + rule.slope * (1 - max(0.0, extremes(facts.reliability)[0]))
            if (derived if own is None else extremes(own)[1]) > 0:
                return True
        return False

    @property
    def skill(self) -> bool:
        """Whether skill compatibility decides anything."""
        rule = self.scenario.skills
        looks = any(isinstance(each, LinUcb | Custom) for each in self.policies)
        return looks or rule.threshold > 0 or self.scenario.discovery is not None

    @property
    def texts(self) -> bool:
        """Whether what anybody says in words counts."""
        rule = self.scenario.skills
        read = isinstance(rule.embedder, Hashing | TfIdf | OwnEmbedder)
        return read and self.skill and rule.embedding_weight > 0
