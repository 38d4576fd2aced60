"""The contractors of a run, as a structure of arrays."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.economics.external import linear_risk
from coalesce_sim.economics.tariff import bill_usd, input_usd_per_mtok, tariff_of
from coalesce_sim.market.cast import everyone
from coalesce_sim.market.roster import Roster
from coalesce_sim.policies.protocol import Tasks
from coalesce_sim.scenario.batching import BatchCurve
from coalesce_sim.scenario.moving import extremes
from coalesce_sim.scenario.pool import TypeOutcome
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.tariff import PRICES
from coalesce_sim.skills.compatibility import Claims
from coalesce_sim.streams import Streams


class Pool:
    """What is stated of all contractors at the start; one entry a contractor.

    `identities` say who each is to luck, `seeming` who it is to those who cannot know that two names are one
    contractor, `owner` whose it is, and the `roster` who is active when. `cast` are those who follow a
    strategy, None where nobody does.

    Public are names, types, `skills`, listed prices (those by tokens are the `tariff`), `slots` (None if
    unlimited; those at the start, where `most_slots` may be more), `boxes`, those that they share, and how
    fast a contractor works: `latency_s`, `network_s`, the seconds a token or a FLOP, 0 where no speed is
    known, or where `curves` say how long a token takes to write among so many jobs; for prices by demand
    `demand` and `available`.

    Claimed, and believed where work is not rated, are `reliability` and `performance`; from the former follow
    `security_risk` and `quality_risk` where they are not stated.

    True, and seen by clients only in what comes of it, are `success`, `outcomes` (but for its times, and for
    which types it has any: those are public), `unreachable_rate`, `queue_limit` and a contractor's own cost:
    `own_usd_per_s` is what a slot costs it while at work, 0 where nothing tells, `own_cost_share` the
    stated share of the price, NaN where none is.
    """

    def __init__(self, scenario: Scenario, streams: Streams) -> None:
        self.roster, self.cast = roster, _ = everyone(scenario, streams)
        self.names, self.types = roster.names, roster.types
        self.identities, self.owner = roster.identities, roster.owner
        self.seeming = self.identities if self.cast is None else self.cast.seeming(roster)
        self.skills = roster.each([tuple(kind.skills) for kind in roster.kinds])
        self.performance = roster.stated("performance")
        limits = [kind.slots if isinstance(kind.slots, int) else None for kind in roster.kinds]
        self.slots: tuple[int | None, ...] = roster.each(limits)
        numbers = [moving.get("slots") for moving in roster.moving]
        self.most_slots: tuple[int | None, ...] = roster.each(
            [
                limit if number is None else int(extremes(number)[1])
                for limit, number in zip(limits, numbers, strict=True)
            ]
        )
        self.boxes: tuple[str | None, ...] = roster.stated("box")
        self.base_price_usd = roster.column("price_usd")
        self.tariff = tariff_of(roster.kinds, roster.kind, roster.price_factor)
        moving_prices = any(name in numbers for numbers in roster.moving for name in PRICES)
        self.charges_by_token = self.tariff.charges or moving_prices
        self._start_s = scenario.clock.start_second_of_day
        self.latency_s = 60 * roster.column("latency_min")
        self.network_s = roster.column("network_ms") / 1000
        self.prefill_s_per_token = _pace(_stated_or_of_hardware("prefill_tokens_per_s", roster))
        self.curves: tuple[BatchCurve | None, ...] = roster.stated("batch_curve")
        self.decode_s_per_token = _pace(_stated_or_of_hardware("decode_tokens_per_s", roster))
        if any(self.curves):
            self.decode_s_per_token[[curve is not None for curve in self.curves]] = 0.0
        machines = [kind.hardware for kind in roster.kinds]
        self.s_per_flop = _pace(
            roster.spread([None if each is None else each.slot_flop_s for each in machines])
        )
        usd_per_s = [0.0 if each is None else each.slot_usd_per_h / 3600 for each in machines]
        self.own_usd_per_s = _override(roster.spread(usd_per_s), roster.column("slot_usd_per_h") / 3600)
        self.own_cost_share = roster.column("own_cost_share")
        self.reliability = roster.column("reliability")
        external = scenario.cost_model.external
        self.security_risk = _override(
            linear_risk(external.security_risk, self.reliability), roster.column("security_risk")
        )
        self.quality_risk = _override(
            linear_risk(external.quality_risk, self.reliability), roster.column("quality_risk")
        )
        self.outcomes: tuple[dict[str, TypeOutcome] | None, ...] = roster.stated("outcomes")
        self.success = _override(self.reliability, roster.column("success"))
        self.unreachable_rate = roster.column("unreachable_rate")
        self.queue_limit: tuple[int | None, ...] = roster.stated("queue_limit")
        self.demand = roster.column("demand")
        self.available = roster.column("available_capacity")

    def tokens_s(
        self, prompt_tokens: FloatArray, output_tokens: FloatArray, ids: IntArray | None = None
    ) -> FloatArray:
        """Latency, prefill and decoding at all contractors, or at those named, (tasks, contractors)."""
        latency_s, prefill_s, decode_s = self.latency_s, self.prefill_s_per_token, self.decode_s_per_token
        if ids is not None:
            latency_s, prefill_s, decode_s = latency_s[ids], prefill_s[ids], decode_s[ids]
        return latency_s + prompt_tokens[:, None] * prefill_s + output_tokens[:, None] * decode_s

    def tokens_usd(
        self, tasks: Tasks, rows: slice, output_tokens: FloatArray, ids: IntArray | None = None
    ) -> FloatArray:
        """What the rows of the tasks cost by tokens for answers of the given lengths, at all contractors or
        at those named, (rows, contractors)."""
        return bill_usd(
            self.tariff if ids is None else self.tariff.of(ids),
            tasks.prompt_tokens[rows],
            tasks.cached_tokens[rows],
            output_tokens,
            self.second_of_day(tasks.arrival_s[rows]),
        )

    def input_usd_per_mtok(self, at_s: FloatArray) -> FloatArray:
        """What a million tokens in short prompts cost at those times of the run, (times, contractors)."""
        return input_usd_per_mtok(self.tariff, self.second_of_day(at_s))

    def second_of_day(self, at_s: FloatArray) -> FloatArray:
        """When in the day, in UTC, times of the run are."""
        return (self._start_s + at_s) % 86_400

    def own_usd(
        self, service_s: FloatArray, price_usd: FloatArray, ids: IntArray | None = None
    ) -> FloatArray:
        """What work costs all contractors, or those named, themselves, (…, contractors); NaN where that is
        not stated."""
        usd_per_s, share = self.own_usd_per_s, self.own_cost_share
        if ids is not None:
            usd_per_s, share = usd_per_s[ids], share[ids]
        own_usd = usd_per_s * service_s
        stated_usd: FloatArray = share * price_usd
        return np.where(own_usd > 0, own_usd, stated_usd)

    @property
    def claims(self) -> Claims:
        """What they are called and say they can do."""
        sources = self.roster.sources
        names = self.names if sources is None else tuple(self.names[place] for place in sources.tolist())
        return Claims(names, self.types, self.skills, self.performance)

    @property
    def total_slots(self) -> int | None:
        """Slots of all contractors together, None if any has unlimited ones, or not always as many; those of
        a box count once."""
        if None in self.slots or any("slots" in numbers for numbers in self.roster.moving):
            return None
        boxes = {box: slots for box, slots in zip(self.boxes, self.slots, strict=True) if box is not None}
        own = [slots for box, slots in zip(self.boxes, self.slots, strict=True) if box is None]
        return sum(slots for slots in (*own, *boxes.values()) if slots is not None)

    def __len__(self) -> int:
        return len(self.names)


def _pace(rates_per_s: FloatArray) -> FloatArray:
    """Seconds a token or a FLOP; 0 where no rate is stated."""
    return np.where(np.isnan(rates_per_s), 0.0, 1 / rates_per_s)


def _stated_or_of_hardware(field: str, roster: Roster) -> FloatArray:
    """A rate, as it is stated or as the hardware has it; NaN where neither says."""
    machines = roster.spread([getattr(kind.hardware, field, None) for kind in roster.kinds])
    return _override(machines, roster.column(field))


def _override(derived: FloatArray, stated: FloatArray) -> FloatArray:
    return np.where(np.isnan(stated), derived, stated)
