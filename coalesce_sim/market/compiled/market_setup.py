"""Lays out what the kernel of the market with contracts works on, from the same pool, tasks and luck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.economics.external import complexity_factor, demand_price_usd
from coalesce_sim.inputs.recordings import read_recordings
from coalesce_sim.market.compiled import market_tables as rows
from coalesce_sim.market.compiled.agenda import Agenda, Event
from coalesce_sim.market.compiled.composite import Wholes, parts_of, wholes_of
from coalesce_sim.market.compiled.experience import Experience
from coalesce_sim.market.compiled.finders import enter_discovery, ranking_of
from coalesce_sim.market.compiled.growing import FIRST_ROWS, is_scarce, longer, more_to_give, to_give
from coalesce_sim.market.compiled.market_memory import (
    KINDS,
    Facts,
    Ranking,
    Tasks,
    Told,
    Under,
)
from coalesce_sim.market.compiled.memory import flat, laid_in
from coalesce_sim.market.compiled.motion import Motion
from coalesce_sim.market.compiled.motion_setup import motion_of
from coalesce_sim.market.compiled.policy_memory import Heard, Noted, OfferPolicy
from coalesce_sim.market.compiled.presence import there_at_first
from coalesce_sim.market.compiled.rows import Rows, fill, filled, table
from coalesce_sim.market.compiled.slots import Books, Waiting, Worker
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.trade import Venue
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.reputation.ratings import first_scores, prior_counts
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.costs import BargainedPrice, DemandPrice, FlatPrice, LoadPrice, TokenPrice
from coalesce_sim.scenario.reputation import BetaReputation, EigenTrustReputation, EwmaReputation, Reputation
from coalesce_sim.scenario.schema import Scenario

_OPPORTUNITY: Final = {
    "none": rows.NONE,
    "expected_delay": rows.EXPECTED_DELAY,
    "queue": rows.QUEUE,
    "later_tasks": rows.LATER_TASKS,
}
_PRICING: Final = {
    FlatPrice: rows.FLAT,
    DemandPrice: rows.DEMAND,
    TokenPrice: rows.PER_TOKEN,
    LoadPrice: rows.LOAD,
    BargainedPrice: rows.BARGAINED,
}


@dataclass(slots=True)
class Laid:
    """All tables of one market. Those that fill are replaced by longer ones."""

    tasks: Tasks
    under: Under
    books: Books
    experience: Experience
    facts: Facts
    ranking: Ranking
    offers: rows.Offers
    policy: OfferPolicy
    told: Told
    rules: Rows
    course: Rows
    heard: Rows
    wholes: Wholes
    motion: Motion

    def addresses(self) -> IntArray:
        """Where all tables lie now, for the kernel."""
        asked = (self.course, self.heard, self.offers, self.policy)
        market = (self.tasks, self.under, self.books, self.experience, self.facts, self.ranking)
        others = (self.told, self.rules, self.wholes, self.motion)
        return laid_in(KINDS, flat((*asked, *market, *others)))

    def make_room(self) -> None:
        """Make every table twice as long that is more than half full."""
        course, under, told = self.course[0], self.under, self.told
        jobs, waiting = under.jobs, self.books.waiting
        if is_scarce(course["used_jobs"], jobs):
            jobs = more_to_give(jobs, course, "free_job")
        if is_scarce(course["used_waiting"], waiting):
            waiting = more_to_give(waiting, course, "free_waiting")
        events = int(under.agenda["pending"][0] + course["used_jobs"])
        self.under = under._replace(jobs=jobs, events=longer(under.events, events))
        self.books = self.books._replace(waiting=waiting)
        ended = longer(told.ended, int(course["contracts"]))
        self.told = told._replace(ended=ended, ratings=longer(told.ratings, int(course["ratings"])))
        windows = longer(self.experience.windows, int(course["windows"]))
        self.experience = self.experience._replace(windows=windows)
        if is_scarce(2 * int(course["authorised"]), self.facts.authorised):
            self.facts = self.facts._replace(authorised=_rehashed(self.facts.authorised))


def _rehashed(authorised: IntArray) -> IntArray:
    mask = 2 * len(authorised) - 1
    made = np.full(mask + 1, -1)
    for key in authorised[authorised >= 0].tolist():
        client, contractor = key >> 32, key & (2**32 - 1)
        place = ((client * 73_856_093) ^ (contractor * 19_349_663)) & mask
        while made[place] >= 0:
            place = (place + 1) & mask
        made[place] = key
    return made


def laid_out(
    venue: Venue, trade: ContractTrade, policy: OfferPolicy, *, asks: bool, sees_truth: bool
) -> Laid:
    """The tables of a market before its first task."""
    scenario, pool = venue.scenario, venue.pool
    contracts = scenario.contracts or ContractRules()
    clients = scenario.clients.total
    found = scenario.discovery
    most = len(pool) if found is None else min(found.k, len(pool))
    experience = _experience(venue, trade)
    there = int(there_at_first(pool.roster.presence).sum())
    course = filled(rows.Course, 1, ranked_s=-np.inf, last_rated=-1, found=there, there=there, known=there)
    tried = np.zeros((FIRST_ROWS, contracts.recovery.retries + 1), dtype=np.int64)
    return Laid(
        Tasks(
            table(Noted, FIRST_ROWS),
            table(rows.Task, FIRST_ROWS),
            table(rows.Played, FIRST_ROWS),
            tried,
            table(rows.Open, 4),
        ),
        Under(to_give(rows.Job), table(Event, FIRST_ROWS), table(Agenda, 1)),
        books_of(venue, sees_truth=sees_truth),
        experience,
        Facts(
            conditional_of(venue),
            _recorded(scenario, len(scenario.clients.homes)),
            _checks(contracts),
            np.full(4 * FIRST_ROWS, -1),
            np.zeros(clients, dtype=np.int64),
            _purses(scenario),
            np.zeros(most, dtype=np.int64),
        ),
        ranking_of(venue, experience),
        rows.Offers(
            np.arange(most),
            np.zeros((rows.REALISED + 1, most)),
            np.zeros(most, dtype=np.bool_),
        ),
        policy,
        Told(table(rows.Ended, FIRST_ROWS), table(rows.Rated, FIRST_ROWS)),
        _rules(venue, trade, contracts, asks=asks),
        course,
        table(Heard, 1),
        wholes_of(scenario.workload.types),
        motion_of(venue, trade, experience.contractors),
    )


def books_of(venue: Venue, *, sees_truth: bool) -> Books:
    """The queues of contractors and clients, with nobody in them."""
    pool, clients = venue.pool, venue.scenario.clients
    each = [*pool.slots, *venue.queues.homes.slots]
    slots = np.array([0 if count is None else count for count in each], dtype=np.int64)
    most = slots.copy()
    for who, course in venue.queues.slot_courses.items():
        most[who] = course.values.max()
    limits = [-1 if limit is None else limit for limit in pool.queue_limit]
    workers = filled(
        Worker,
        len(each),
        limited=[count is not None for count in each],
        slots=slots,
        queue_limit=[*limits, *[-1] * clients.total],
        network_s=np.append(pool.network_s, np.zeros(clients.total)),
        first_end=np.cumsum(most) - most,
    )
    return Books(workers, to_give(Waiting), np.zeros((3 if sees_truth else 2, int(most.sum()))))


def _experience(venue: Venue, trade: ContractTrade) -> Experience:
    scenario, pool = venue.scenario, venue.pool
    types, n = len(scenario.workload.types), len(pool)
    truth, skills, public = trade.truth, venue.skills, scenario.reputation
    contractors = _contractors(venue, trade, truth.success_p.shape[1])
    offers = np.ones((types, n), dtype=bool) if truth.offers_type is None else truth.offers_type
    workers = truth.success_p.shape[1]
    pairs = filled(rows.Pair, (types, workers), factor=1.0, time_factor=1.0)
    pairs["offers"][:, :n] = offers
    pairs["work_s"], pairs["ease"] = truth.type_service_s, truth.ease
    pairs["stands_still"] = truth.stated_by_type
    pairs["good_bill_usd"], pairs["bad_bill_usd"] = truth.good_bill_usd, truth.bad_bill_usd
    pairs["skill"][:, :n] = skills.total if public is None else skills.before_performance
    pairs["score"][:, :n], pairs["score"][:, n:] = pool.reliability, truth.own_success
    if public is not None:
        _begin_ratings(public, pool.reliability, contractors[:n], contractors[n:])
        pairs["score"] = contractors["score"]
    learned = filled(rows.Learned, (2, types, workers), learned=1.0)
    return Experience(contractors, pairs, learned, table(rows.Window, FIRST_ROWS), table(rows.Effect, 2))


def _begin_ratings(public: Reputation, advertised: FloatArray, contractors: Rows, homes: Rows) -> None:
    """What the public record says at first, and clients of their own agents."""
    contractors["score"] = first_scores(public, advertised)
    homes["score"], homes["prior_good"], homes["prior"] = 0.5, 1.0, 2.0
    if isinstance(public.model, BetaReputation | EigenTrustReputation):
        good, bad = prior_counts(public.model, public.start == "warm", advertised)
        contractors["prior_good"], contractors["prior"] = good, good + bad
        contractors["score"] = good / (good + bad)


def _contractors(venue: Venue, trade: ContractTrade, workers: int) -> Rows:
    """Contractors and, behind them, homes."""
    pool, pricing, n = venue.pool, venue.scenario.cost_model.external.pricing, len(venue.pool)
    price_usd = pool.base_price_usd
    if isinstance(pricing, DemandPrice):
        price_usd = demand_price_usd(pricing, pool.base_price_usd, pool.demand, pool.available)
    rates = pool.tariff.base
    made = filled(rows.Contractor, workers)
    columns = {
        "latency_s": pool.latency_s,
        "prefill_s": pool.prefill_s_per_token,
        "decode_s": pool.decode_s_per_token,
        "s_per_flop": pool.s_per_flop,
        "own_usd_per_s": pool.own_usd_per_s,
        "own_cost_share": pool.own_cost_share,
        "price_usd": price_usd,
        "input_usd": rates.input_usd_per_token,
        "cached_usd": rates.cache_read_usd_per_token,
        "output_usd": rates.output_usd_per_token,
        "request_usd": rates.request_usd,
        "unreachable_rate": pool.unreachable_rate,
        "risk_rate": pool.security_risk + pool.quality_risk,
        "security": 1 - pool.security_risk,
        "intact": 1.0,
        "dearness": trade.dearness,
        "there": there_at_first(pool.roster.presence),
    }
    for name, values in columns.items():
        made[name][:n] = values
    made["price_usd"][n:] = trade.truth.own_price_usd
    for purpose in ("work", "unreachable", "question", "fails_openly", "fails_at", "found"):
        states = venue.luck(purpose).states
        made[purpose][:n], made[purpose][n:] = states[:n], states[LOCAL]
    return made


def conditional_of(venue: Venue) -> Rows:
    """Prices on conditions, (layers, contractors)."""
    layers = venue.pool.tariff.conditional
    made = table(rows.Conditional, (len(layers), len(venue.pool)))
    for layer, stated in zip(made, layers, strict=True):
        who, rates = stated.contractors, stated.rates
        layer["stated"][who] = True
        layer["above_tokens"][who] = stated.above_prompt_tokens
        layer["from_s"][who], layer["until_s"][who] = stated.from_s, stated.until_s
        layer["input_usd"][who] = rates.input_usd_per_token
        layer["cached_usd"][who] = rates.cache_read_usd_per_token
        layer["output_usd"][who] = rates.output_usd_per_token
        layer["request_usd"][who] = rates.request_usd
    return made


def _purses(scenario: Scenario) -> Rows:
    """The budgets of groups; one without a limit where there are no groups."""
    stated = [each.budget_usd_per_day for each in (scenario.clients.groups or {}).values()] or [None]
    return filled(rows.Purse, len(stated), budget_usd=[np.inf if each is None else each for each in stated])


def _recorded(scenario: Scenario, homes: int) -> rows.Recorded:
    """What was recorded of contractors and, behind them, at every home alike."""
    if scenario.records is None:
        return rows.Recorded(np.zeros((0, 0), dtype=np.bool_), np.zeros((0, 0)))
    recordings = read_recordings(scenario.records)
    whose = [*range(recordings.success.shape[1] - 1), *[LOCAL] * homes]
    return rows.Recorded(recordings.success.take(whose, axis=1), recordings.bill_usd.take(whose, axis=1))


def _checks(contracts: ContractRules) -> Rows:
    rule = contracts.verification
    both = [rule.check(by_hand=by_hand) for by_hand in (False, True)]
    return filled(
        rows.Check,
        2,
        sensitivity=[each.sensitivity for each in both],
        specificity=[each.specificity for each in both],
    )


def _rules(
    venue: Venue,
    trade: ContractTrade,
    contracts: ContractRules,
    *,
    asks: bool,
) -> Rows:
    scenario, truth, layouts = venue.scenario, trade.truth, trade.layouts
    cost_model = scenario.cost_model
    pricing, opportunity = cost_model.external.pricing, cost_model.internal.opportunity
    correction, public = scenario.calibration, scenario.reputation
    rated = public is not None
    shared, late_usd_per_s = truth.failure_correlation, cost_model.late_usd_per_s
    reckons = opportunity in ("expected_delay", "queue")
    made = filled(
        rows.Rules,
        1,
        pricing=_PRICING[type(pricing)],
        price_factor=layouts.price_factor,
        work_factor=layouts.work_factor,
        by_use=truth.bills,
        rated=rated,
        performance_weight=venue.skills.performance_weight if rated else 0.0,
        threshold=scenario.skills.threshold,
        late_usd_per_s=late_usd_per_s,
        integration_usd=cost_model.external.integration_usd,
        recovers=contracts.recovery.goes_on_after(1),
        setup_s=layouts.setup_s,
        authorisation_s=contracts.authorisation_s,
        connect_timeout_s=contracts.connect_timeout_s,
        input_required_rate=contracts.input_required_rate,
        failed_share=contracts.failed_share,
        due_on_failure=contracts.due_on_failure,
        timeout_factor=-1.0 if contracts.timeout_factor is None else contracts.timeout_factor,
        retries=contracts.recovery.retries,
        tries_again=contracts.recovery.among == "all",
        then_local=contracts.recovery.then == "local",
        opportunity=_OPPORTUNITY[opportunity],
        own_late_usd_per_s=late_usd_per_s if reckons else 0.0,
        contractors=len(venue.pool),
        turns_over=scenario.turns_over,
        budgets=trade.budgets is not None,
        after_midnight_s=scenario.clock.start_s_after_midnight,
        correlation=shared,
        own_share=np.sqrt(1 - shared),
        shared_share=np.sqrt(shared),
        difficulty=venue.luck("difficulty").states[LOCAL],
        recorded=scenario.records is not None,
        recompute_every=-1,
        asks=asks,
        listens=venue.listens,
        tells_contracts=venue.observer.wants("contracts"),
        tells_one_by_one=venue.observer.wants("contract_ended"),
        keeps_ratings=rated and venue.observer.wants("ratings"),
        composite=any(kind.in_steps or kind.may_split for kind in scenario.workload.types.values()),
    )
    if isinstance(pricing, LoadPrice):
        made["load_slope"], made["max_load"] = pricing.slope, pricing.max_load
    elif isinstance(pricing, BargainedPrice):
        made["load_slope"] = pricing.client_weight
    if correction is not None:
        made["corrects"], made["rate"] = True, correction.rate
        made["forgetting"], made["proven_only"] = correction.forgetting, correction.proven_only
    if public is not None:
        made["by_type"], made["pooling"] = public.by_task_type, public.pooling
        made["own_pooling"], made["fading"] = Reputation().pooling, 1.0
        if isinstance(public.model, EwmaReputation):
            made["alpha"], made["fading"] = public.model.alpha, 1.0 - public.model.alpha
        elif isinstance(public.model, BetaReputation):
            made["fading"] = public.model.forgetting
        elif isinstance(public.model, EigenTrustReputation):
            made["recompute_every"], made["keeps_ratings"] = public.model.recompute_every, True
    if scenario.discovery is not None:
        enter_discovery(scenario.discovery, made)
    return made


def fill_tasks(
    stated: Rows,
    venue: Venue,
    trade: ContractTrade,
    wholes: Wholes,
    block: Block,
    own_bills_usd: FloatArray,
    number: int,
) -> None:
    """Enter the tasks of a block, the one of that number."""
    scenario, tasks, truth = venue.scenario, block.tasks, block.truth
    pricing, layout = scenario.cost_model.external.pricing, trade.layouts.columns(block)
    homes, home_of = len(scenario.clients.homes), trade.truth.home_of[tasks.client]
    known_home_s = trade.truth.type_service_s[tasks.type_id, home_of]
    group = scenario.clients.group_of[tasks.client]
    contractors, by_hardware = len(venue.pool), np.isnan(known_home_s)
    transfer_s, check_s = layout.transfer_s, layout.check_s
    factor: FloatArray | float = 1.0
    if isinstance(pricing, DemandPrice):
        factor = complexity_factor(pricing, tasks.complexity)
    fill(
        stated,
        block=number,
        part=0 if block.wholes is None else parts_of(block.wholes, wholes),
        home=contractors + homes + home_of,
        worker=contractors + scenario.clients.machine_of[tasks.client],
        purse=group,
        message_usd=_messages_usd(venue)[group],
        arrival_s=tasks.arrival_s,
        due_s=tasks.arrival_s + block.target_s,
        client=tasks.client,
        type_id=tasks.type_id,
        instance=0 if block.instance is None else block.instance,
        prompt_tokens=tasks.prompt_tokens,
        cached_tokens=tasks.cached_tokens,
        expected_tokens=tasks.expected_output_tokens,
        true_tokens=truth.output_tokens,
        second_of_day=venue.pool.second_of_day(tasks.arrival_s),
        complexity_factor=factor,
        flop=block.flop,
        time_factor=truth.external_time_factor,
        cost_factor=truth.external_cost_factor,
        communication_usd=layout.communication_usd,
        check_usd=layout.check_usd,
        check_s=check_s,
        fees_usd=layout.fees_usd,
        transfer_s=transfer_s,
        overhead_s=trade.layouts.setup_s + transfer_s + check_s,
        by_hand=layout.manual,
        at_risk_usd=layout.at_risk_usd,
        loss_usd=layout.loss_usd,
        max_latency_s=layout.max_latency_s,
        complexity=tasks.complexity,
        value_usd=tasks.value_usd,
        budget_usd=tasks.budget_usd,
        sensitive=tasks.sensitive,
        running_usd=block.home.running.total_usd,
        later_usd=block.home.opportunity_usd,
        expected_s=np.where(by_hardware, block.home.work_s, known_home_s),
        local_s=np.where(by_hardware, truth.local_work_s, known_home_s),
        home_usd=truth.local_running.total_usd * truth.local_cost_factor + own_bills_usd,
    )


def _messages_usd(venue: Venue) -> FloatArray:
    """What a message costs the clients of each group: nothing where their policy has them ask nobody."""
    usd, groups = venue.scenario.message_usd, venue.scenario.clients.populations
    return np.array([usd if usd > 0 and venue.searches(each.first) else 0.0 for each in groups])
