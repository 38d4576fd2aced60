"""The contractors of a run, as a structure of arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.economics.external import linear_risk
from coalesce_sim.economics.tariff import bill_usd, input_usd_per_mtok, tariff_of
from coalesce_sim.inputs.recordings import read_recordings
from coalesce_sim.inputs.sellers import listed_prices
from coalesce_sim.luck import StateArray, identities_of
from coalesce_sim.policies.protocol import Tasks
from coalesce_sim.scenario.distributions import sample
from coalesce_sim.scenario.pool import (
    Contractor,
    ContractorFacts,
    DrawnPool,
    PriceList,
    RecordedPool,
)
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.streams import Streams


class Pool:
    """What is stated of all contractors at the start; one entry a contractor.

    `identities` say who each is to luck.

    Public are names, types, `skills`, listed prices (those by tokens are the `tariff`), `slots` (None if
    unlimited) and how fast a contractor works: `latency_s`, `network_s`, the seconds a token or a FLOP, 0
    where no speed is known; for prices by demand `demand` and `available`.

    Claimed, and believed where work is not rated, are `reliability` and `performance`; from the former follow
    `security_risk` and `quality_risk` where they are not stated.

    True, and seen by clients only in what comes of it, are `success`, `outcomes` (but for its times, and for
    which types it has any: those are public), `unreachable_rate`, `queue_limit` and a contractor's own cost:
    `own_usd_per_s` is what a slot costs it while at work, 0 where no hardware is named, `own_cost_share` the
    stated share of the price, NaN where none is.
    """

    def __init__(self, scenario: Scenario, streams: Streams) -> None:
        contractors = contractors_of(scenario, streams)
        self.names = tuple(each.name for each in contractors)
        self.identities = identities(scenario, self.names)
        self.types = tuple(each.type for each in contractors)
        self.skills = tuple(tuple(each.skills) for each in contractors)
        self.performance = tuple(each.performance for each in contractors)
        self.slots = tuple(None if each.slots == "unlimited" else each.slots for each in contractors)
        self.base_price_usd = _column(each.price_usd for each in contractors)
        self.tariff = tariff_of(contractors)
        self._start_s = scenario.clock.start_second_of_day
        self.latency_s = 60 * _column(each.latency_min for each in contractors)
        self.network_s = _column(each.network_ms for each in contractors) / 1000
        self.prefill_s_per_token = _pace(_stated_or_of_hardware("prefill_tokens_per_s", contractors))
        self.decode_s_per_token = _pace(_stated_or_of_hardware("decode_tokens_per_s", contractors))
        machines = [each.hardware for each in contractors]
        self.s_per_flop = _pace(None if each is None else each.slot_flop_s for each in machines)
        self.own_usd_per_s = _column(0.0 if each is None else each.slot_usd_per_h / 3600 for each in machines)
        unknown = np.full(len(contractors), np.nan)
        self.own_cost_share = _override(unknown, [each.own_cost_share for each in contractors])
        self.reliability = _column(each.reliability for each in contractors)
        external = scenario.cost_model.external
        self.security_risk = _override(
            linear_risk(external.security_risk, self.reliability), [c.security_risk for c in contractors]
        )
        self.quality_risk = _override(
            linear_risk(external.quality_risk, self.reliability), [c.quality_risk for c in contractors]
        )
        self.outcomes = tuple(each.outcomes for each in contractors)
        self.success = _override(self.reliability, [each.success for each in contractors])
        self.unreachable_rate = _column(each.unreachable_rate for each in contractors)
        self.queue_limit = tuple(each.queue_limit for each in contractors)
        self.demand = _column(each.demand for each in contractors)
        self.available = _column(each.available_capacity for each in contractors)

    def tokens_s(self, prompt_tokens: FloatArray, output_tokens: FloatArray) -> FloatArray:
        """Latency, prefill and decoding at every contractor, (tasks, contractors)."""
        return (
            self.latency_s
            + prompt_tokens[:, None] * self.prefill_s_per_token
            + output_tokens[:, None] * self.decode_s_per_token
        )

    def tokens_usd(self, tasks: Tasks, output_tokens: FloatArray, rows: slice = slice(None)) -> FloatArray:
        """What the rows of the tasks cost by tokens at every contractor for answers of the given lengths,
        (rows, contractors)."""
        return bill_usd(
            self.tariff,
            tasks.prompt_tokens[rows],
            tasks.cached_tokens[rows],
            output_tokens,
            self._second_of_day(tasks.arrival_s[rows]),
        )

    def input_usd_per_mtok(self, at_s: FloatArray) -> FloatArray:
        """What a million tokens in short prompts cost at those times of the run, (times, contractors)."""
        return input_usd_per_mtok(self.tariff, self._second_of_day(at_s))

    def _second_of_day(self, at_s: FloatArray) -> FloatArray:
        return (self._start_s + at_s) % 86_400

    def own_usd(self, service_s: FloatArray, price_usd: FloatArray) -> FloatArray:
        """What work costs the contractors themselves, (…, contractors); NaN where that is not stated."""
        own_usd = self.own_usd_per_s * service_s
        stated_usd: FloatArray = self.own_cost_share * price_usd
        return np.where(own_usd > 0, own_usd, stated_usd)

    @property
    def total_slots(self) -> int | None:
        """Slots of all contractors together, None if any has unlimited ones."""
        stated = [slots for slots in self.slots if slots is not None]
        return sum(stated) if len(stated) == len(self.slots) else None

    def __len__(self) -> int:
        return len(self.names)


def contractors_of(scenario: Scenario, streams: Streams) -> list[Contractor]:
    """All contractors of a run with what is true of each: listed, read from files, or drawn."""
    match source := scenario.contractors:
        case DrawnPool():
            return _drawn(source, streams)
        case PriceList():
            return [
                _named(
                    source.template,
                    name=price.provider,
                    type="seller",
                    **price.prices.token_prices(),
                )
                for price in listed_prices(source)
            ]
        case RecordedPool(recorded=facts):
            assert scenario.records is not None
            recordings = read_recordings(scenario.records)
            expected_usd = recordings.expected_bill_usd.tolist()
            return [
                _named(facts, name=name, type=name, price_usd=expected_usd[index])
                for index, name in enumerate(recordings.contractors)
            ]
        case _:
            return source


def identities(scenario: Scenario, names: Sequence[str]) -> StateArray:
    """Who each contractor is, to luck: its number in a drawn pool, else its name."""
    if isinstance(scenario.contractors, DrawnPool):
        return np.arange(len(names), dtype=np.uint64)
    return identities_of(names)


def _named(facts: ContractorFacts, **changes: object) -> Contractor:
    known = {name: getattr(facts, name) for name in ContractorFacts.model_fields}
    return Contractor.model_validate({**known, **changes})


def _drawn(pool: DrawnPool, streams: Streams) -> list[Contractor]:
    n = pool.count
    names = list(pool.types)
    shares = np.array([kind.share for kind in pool.types.values()])
    edges = np.cumsum(shares / shares.sum())
    picked = np.searchsorted(edges, streams("pool.type").random(n), side="right")
    price_factor = sample(pool.price_factor, streams("pool.price"), n)
    latency_factor = sample(pool.latency_factor, streams("pool.latency"), n)
    demand = sample(pool.demand, streams("pool.demand"), n)
    available = sample(pool.available_capacity, streams("pool.capacity"), n)
    shift = sample(pool.success_shift, streams("pool.success"), n)
    contractors = []
    for i, which in enumerate(np.minimum(picked, len(names) - 1)):
        kind = pool.types[names[which]]
        contractors.append(
            _named(
                kind,
                name=f"{names[which]}_{i}",
                type=names[which],
                price_usd=max(pool.min_price_usd, kind.price_usd * float(price_factor[i])),
                **kind.token_prices(float(price_factor[i])),
                latency_min=max(pool.min_latency_min, kind.latency_min * float(latency_factor[i])),
                demand=float(demand[i]),
                available_capacity=float(available[i]),
                success=_shifted(kind, float(shift[i])),
            )
        )
    return contractors


def _shifted(kind: ContractorFacts, shift: float) -> float | None:
    """A drawn contractor's own success rate; its type's, left as stated, where there is no shift."""
    if shift == 0:
        return kind.success
    return min(1.0, max(0.0, (kind.reliability if kind.success is None else kind.success) + shift))


def _column(values: object) -> FloatArray:
    return np.fromiter(values, dtype=float)  # type: ignore[call-overload, no-any-return]


def _pace(rates_per_s: object) -> FloatArray:
    """Seconds a token or a FLOP; 0 where no rate is stated."""
    return _column(0.0 if rate is None else 1 / rate for rate in rates_per_s)  # type: ignore[attr-defined]


def _stated_or_of_hardware(field: str, contractors: Sequence[Contractor]) -> list[float | None]:
    workers = [c if getattr(c, field) is not None else c.hardware for c in contractors]
    return [getattr(worker, field, None) for worker in workers]


def _override(derived: FloatArray, stated: Sequence[float | None]) -> FloatArray:
    return np.array([d if s is None else s for d, s in zip(derived, stated, strict=True)])
