"""Trade in which contracts may come to nothing: quoted one by one, charged by what was delivered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.cost_parts import SEARCH
from coalesce_sim.economics.correction import Effect, ErrorWindow, EstimationError
from coalesce_sim.market.breakdown import Breakdown, left_out
from coalesce_sim.market.contracts.allowed import Ruling, allowed_of
from coalesce_sim.market.contracts.behaviour import HONEST
from coalesce_sim.market.contracts.blocking import Blocking
from coalesce_sim.market.contracts.books import Books
from coalesce_sim.market.contracts.budgets import budgets_of
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.dealing import Dealing
from coalesce_sim.market.contracts.discovery import Discovery
from coalesce_sim.market.contracts.ended import EndedContracts
from coalesce_sim.market.contracts.endings import Endings
from coalesce_sim.market.contracts.foresight import Foresight
from coalesce_sim.market.contracts.home import Home, OwnWork
from coalesce_sim.market.contracts.knowledge import Knowledge
from coalesce_sim.market.contracts.layout import Layouts
from coalesce_sim.market.contracts.open_block import OpenContractBlock
from coalesce_sim.market.contracts.paying import payments_of
from coalesce_sim.market.contracts.quotes import ContractQuote, ContractQuotes
from coalesce_sim.market.contracts.results import GroundTruth, Mishaps
from coalesce_sim.market.contracts.ruin import give_up
from coalesce_sim.market.contracts.safeguards import Safeguards
from coalesce_sim.market.contracts.states import FINAL_STATES
from coalesce_sim.market.contracts.steering import Steering
from coalesce_sim.market.contracts.strategies import Strategies
from coalesce_sim.market.contracts.terms import BID, EXTERNAL, LATENCY
from coalesce_sim.market.contracts.ways import Expectations
from coalesce_sim.market.moving import courses_of, moving_facts
from coalesce_sim.market.records import Records
from coalesce_sim.market.trade import Events, Onward, Preparing, Venue
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import LOCAL, Decision, OracleView, Outcome
from coalesce_sim.reputation.ratings import RatingRows
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.security import INCIDENT_KINDS

ContractAttempt = Contract | OwnWork
"""An attempt at a task: by a contractor, or at home."""


class ContractTrade:
    """Quotes tasks one by one, and sees to the contracts and the work at home that come of it.

    `discovery` is how clients find contractors, None where everybody knows everybody; `books` are the
    contractors', and `expectations` what tasks that may be split are expected to come to. `deserted` counts
    the tasks for which nobody was in the market who offers.
    """

    discovery: Discovery | None = None
    _blocking: Blocking | None = None

    def __init__(self, venue: Venue) -> None:
        scenario, pool = venue.scenario, venue.pool
        rules, defences, cast = scenario.contracts or ContractRules(), scenario.defences, pool.cast
        counts = {"clients": scenario.clients.total, "types": len(scenario.workload.types)}
        strategies = None if cast is None else Strategies(cast.parts, pool, venue.luck, defences, **counts)
        behaviour = HONEST if strategies is None else strategies.behaviour()
        self._rating = behaviour.rating
        self._queues, self._accounts = venue.queues, venue.accounts
        self._cheats = scenario.anybody_cheats
        self._roster, self._contractors = pool.roster, len(pool)
        self._turns_over, self.deserted = scenario.turns_over, 0
        self.truth, mishaps = GroundTruth(scenario, pool, venue.luck), Mishaps(rules, pool, venue.luck)
        known_s = self.truth.type_service_s[:, : len(pool)]
        self.moving = moving_facts(scenario, pool, known_s, self._queues, venue.luck)
        self._knowledge = Knowledge(
            scenario, pool, self.truth.own_success, record_ratings=venue.observer.wants("ratings")
        )
        if scenario.discovery is not None:
            self.discovery = Discovery(
                scenario.discovery, counts["clients"], counts["types"], pool.roster.presence, venue.luck
            )
        self.layouts = Layouts(scenario, rules, pool, self.truth, behaviour.asking, venue.queues.sharing)
        self.payments = payments_of(venue)
        self.books = Books(
            pool,
            venue.accounts.revenue_usd,
            price_factor=self.layouts.price_factor,
            shared=venue.queues.shared_boxes,
            defences=defences,
            rents=courses_of("slot_usd_per_h", pool.roster, scenario.clock, venue.luck),
            payments=self.payments,
        )
        if strategies is not None:
            strategies.begin(scenario.clock.horizon_s, self._knowledge, self.books)
            self._blocking = Blocking(strategies, venue.queues, venue.accounts, scenario.clock.horizon_s)
        safeguards = Safeguards(defences, self.books, len(pool), venue.luck) if defences.any else None
        self._reserve_price, self._tries_again = defences.reserve_price, rules.recovery.among == "all"
        self._steering = Steering(scenario, pool, behaviour.asking, venue.luck)
        leaves = None if scenario.turnover is None else scenario.turnover.exit
        if leaves is not None and leaves.in_the_red is not None:
            looks = {"every_s": 60 * leaves.check_min, "until_s": scenario.clock.horizon_s}
            env, presence = venue.queues.env, pool.roster.presence
            env.process(give_up(env, presence, self.books, leaves.in_the_red, **looks))
        self._incidents, self._bidding = mishaps.incidents, behaviour.bidding
        self._quotes = ContractQuotes(
            venue, rules, self.layouts, self.truth, self._knowledge, self._incidents, self.payments
        )
        self._foresight = Foresight(
            venue, rules, behaviour.conduct, self.layouts, self._quotes, mishaps, safeguards, self.payments
        )
        self._message_usd, self._searches = scenario.message_usd, venue.searches
        self._endings, self.budgets = (endings := Endings(venue)), budgets_of(scenario, venue.luck)
        self._allowed, self._complies = allowed_of(venue), scenario.compliance is not None
        self._home = Home(venue, self._knowledge, endings, self.truth)
        self.expectations = Expectations(venue, rules, self._quotes, self._home, self._knowledge)
        self._dealing = Dealing(
            venue,
            rules,
            behaviour,
            self.layouts,
            self._quotes,
            self._knowledge,
            endings,
            self._home,
            mishaps,
            self.budgets,
            self._allowed,
            self.books,
            safeguards,
            self.payments,
        )

    def know(self, factors: FloatArray, time_factors: FloatArray, own: FloatArray) -> None:
        """Have what clients know from experience be read where what is played elsewhere keeps it."""
        knowledge = self._knowledge
        knowledge.factors, knowledge.time_factors, knowledge.own = factors, time_factors, own

    def open(self, block: Block, records: Records) -> OpenContractBlock:
        """Lay out the block."""
        layout, results = self.layouts.of(block), self.truth.of(block)
        home_of = self.truth.home_of[block.tasks.client]
        known_home_s = self.truth.type_service_s[block.tasks.type_id, home_of]
        opened = OpenContractBlock(block, records, layout, results, known_home_s)
        self._home.open(opened)
        return opened

    def arrive(self, opened: OpenContractBlock, tasks: slice) -> Iterable[slice]:
        """One task after the other, since each changes queues; steps that wait for others come later."""
        waits_for = None if opened.block.wholes is None else opened.block.wholes.waits_for
        for task in range(tasks.start, tasks.stop):
            if waits_for is None or waits_for[task] == 0:
                yield slice(task, task + 1)

    def prepare(self, opened: OpenContractBlock, tasks: slice) -> Preparing | None:
        """Coordinate a step before it is first decided on; then its client looks for contractors."""
        task, wholes = tasks.start, opened.wholes
        if wholes is not None and not opened.tried[task]:
            usd, lasts_s = wholes.coordination(task)
            if lasts_s > 0:
                wholes.hold(task)
                return self._coordinate(opened, task, usd, lasts_s)
            self._endings.coordinated(opened, task, usd, 0.0)
        self._look_for_contractors(opened, task)
        return None

    def _coordinate(self, opened: OpenContractBlock, step: int, usd: float, lasts_s: float) -> Preparing:
        """Coordination takes its time; whether the step then begins."""
        env, wholes = self._queues.env, opened.wholes
        assert wholes is not None
        began_s = env.now
        yield env.timeout(lasts_s)
        if not wholes.resume(step):
            return False
        self._endings.coordinated(opened, step, usd, env.now - began_s)
        self._look_for_contractors(opened, step)
        return True

    def _look_for_contractors(self, opened: OpenContractBlock, task: int) -> None:
        """The client of a task that is to be decided now asks around, also for the steps that it may be split
        into, and pays for the messages; what it finds is kept in the block."""
        self._rating.catch_up(self._queues.env.now)
        if self._turns_over and not opened.tried[task]:
            offering = self._offering(opened, task)
            self.deserted += offering is not None and not offering.any()
        if self.discovery is None:
            return
        now_s, wholes = self._queues.env.now, opened.wholes
        splits = wholes is not None and wholes.may_split(task)
        for each in (task, *(wholes.steps_of(task) if wholes is not None and splits else ())):
            found = opened.found[each] = self.discovery.candidates(
                now_s, opened.client[each], opened.type_id[each], self._merit
            )
            if self._message_usd > 0 and self._searches(opened.client[each]):
                search_usd = found.messages * self._message_usd
                again = bool(opened.tried[each])
                self._endings.charge(opened, each, SEARCH, search_usd, again=again)

    def split(self, opened: OpenContractBlock, task: int) -> Sequence[int]:
        """Do a task in steps: those that may begin now."""
        assert opened.wholes is not None
        opened.records.split[[task, *opened.wholes.steps_of(task)]] = True
        ready = opened.wholes.split(task)
        self._endings.leave_out(opened, (task,))
        return ready

    def quote(self, opened: OpenContractBlock, tasks: slice) -> ContractQuote:
        """The offers on one task, by what is known and queued now; while it may be split, with what is
        expected of both ways."""
        task, wholes = tasks.start, opened.wholes
        quote = self._quote(opened, task)
        if wholes is not None and wholes.may_split(task):
            quote.offers.whole = self.expectations.whole(opened, task, quote)
            quote.offers.split = self.expectations.split(opened, task, lambda step: self._quote(opened, step))
        return quote

    def _quote(self, opened: OpenContractBlock, task: int) -> ContractQuote:
        now_s, search_s = self._queues.env.now, opened.search_s(task)
        ids, stay = self._who_offers(opened, task), self._home.expect(opened, task)
        ids, ruling = self._ruled(opened, task, ids)
        if self.moving is not None:
            moved = self.moving.turn(now_s, ids)
            if len(moved):
                self._quotes.turn(moved)
        ahead_s = search_s + self.layouts.setup_s + opened.layout.transfer_s[task]
        wait_s = self._queues.expected_queues_s(ids, ahead_s)
        if search_s > 0:
            wait_s += search_s
        left_usd = None if self.budgets is None else self.budgets.left_usd(opened.client[task], now_s)
        if self._reserve_price:
            left_usd = stay.internal_usd if left_usd is None else min(left_usd, stay.internal_usd)
        return self._quotes.quote(opened, task, ids, wait_s, stay, now_s, left_usd, ruling)

    def _who_offers(self, opened: OpenContractBlock, task: int) -> IntArray:
        """Those found who offer for the task and, unless they may try again, were not tried before."""
        found, offering = opened.found[task], self._offering(opened, task)
        tried = () if self._tries_again else opened.tried[task]
        ids = self._quotes.everyone if found is None else found.ids
        if offering is not None:
            ids = ids[offering[ids]]
        if tried:
            ids = ids[[who not in tried for who in ids.tolist()]]
        return ids

    def _ruled(self, opened: OpenContractBlock, task: int, ids: IntArray) -> tuple[IntArray, Ruling | None]:
        """Those of whom the client of a task may hire now, and what rules say of the others and of prices."""
        if self._allowed is None:
            return ids, None
        now_s, sensitive = self._queues.env.now, opened.is_sensitive(task)
        return self._allowed.ruled(opened.client[task], ids, now_s, sensitive=sensitive)

    def _offering(self, opened: OpenContractBlock, task: int) -> BoolArray | None:
        """Which contractors are active now and offer for the task; None where all are and do."""
        offered, active = opened.results.offered(task), self._roster.active(self._queues.env.now)
        if offered is None or active is None:
            return active if offered is None else offered
        return offered & active

    def _merit(self) -> FloatArray:
        """What contractors are ranked by where they are discovered now: nobody finds who is not active."""
        merit, active = self._quotes.merit(), self._roster.active(self._queues.env.now)
        return merit if active is None else np.where(active, merit, -np.inf)

    @property
    def dearness(self) -> FloatArray:
        """`ContractQuotes.dearness`."""
        return self._quotes.dearness

    def bids_usd(self, quote: ContractQuote) -> FloatArray:
        """Sealed bids on the one task of a quote, (1, offers)."""
        own_usd: FloatArray = quote.terms[BID]
        return self._bidding.bids_usd(quote.now_s, quote.task, quote.offers.ids, own_usd)[None]

    def oracle_view(self, opened: OpenContractBlock, quote: ContractQuote, task: int) -> OracleView:
        """The view with the realised cost of every choice."""
        return self._foresight.view(opened, quote, task)

    def breakdown(self, opened: OpenContractBlock, quote: ContractQuote, task: int) -> Breakdown:
        """What the estimates for a task are made up of, before it is sent anywhere."""
        parts_usd, facts = self._quotes.parts(opened.layout, quote)
        found = opened.found[task]
        return Breakdown(
            self._home.parts(opened, task),
            self._home.takes_s(opened, task),
            self._home.opportunity(opened, task),
            parts_usd,
            facts,
            self._quotes.performance(quote),
            left_out(
                self._contractors,
                self._roster.active(self._queues.env.now),
                opened.results.offered(task),
                None if found is None else found.ids,
                opened.tried[task],
                quote.offers.ids,
                quote.beyond,
                quote.ruled_out,
            ),
            self._rules_on(opened, quote, task),
        )

    def _rules_on(self, opened: OpenContractBlock, quote: ContractQuote, task: int) -> dict[int, str]:
        """The rules that forbid offers which would have been made, by contractor."""
        if self._allowed is None or quote.ruled_out is None:
            return {}
        client, who = opened.client[task], quote.ruled_out.tolist()
        return self._allowed.why(client, who, quote.now_s, sensitive=opened.is_sensitive(task))

    def carry_out(
        self, opened: OpenContractBlock, quote: ContractQuote, task: int, decision: Decision
    ) -> ContractAttempt | None:
        """Make a contract, or begin at home."""
        decision = self._steering.turned(quote, decision)
        position, records, stay = decision.contractor, opened.records, quote.stay
        if opened.wholes is not None and opened.wholes.may_split(task):
            self._endings.leave_out(opened, opened.wholes.keep(task))
        local, attempt = position == LOCAL, len(opened.tried[task])
        if attempt == 0:
            self._queues.arrivals[self._queues.machine_of[opened.client[task]]] += 1
            records.decided_s[task] = self._queues.env.now
            self._home.note(opened, task, stay)
            records.estimated_usd[task] = stay.internal_usd if local else quote.terms[EXTERNAL, position]
            records.estimated_s[task] = stay.turnaround_s if local else quote.terms[LATENCY, position]
        records.attempts[task] = attempt + 1
        if self._allowed is not None and quote.ruled_out is not None:
            self._allowed.count(len(quote.offers.ids), len(quote.ruled_out))
        if local:
            return self._home.begin(opened, task, stay)
        return self._dealing.make(opened, task, quote, decision)

    def work(self, attempt: ContractAttempt) -> Events:
        """A contract's life, or queue and service at home."""
        return self._home.work(attempt) if isinstance(attempt, OwnWork) else self._dealing.work(attempt)

    def end(self, attempt: ContractAttempt) -> None:
        """Verify, pay and charge."""
        if isinstance(attempt, OwnWork):
            self._home.end(attempt)
        else:
            self._dealing.end(attempt)

    def learn(self, attempt: ContractAttempt) -> Outcome | None:
        """Rate, correct estimates, and tell the policy."""
        return self._home.learn(attempt) if isinstance(attempt, OwnWork) else self._dealing.learn(attempt)

    def recover(self, attempt: ContractAttempt) -> Onward[ContractAttempt]:
        """Close the task, or have it decided again, or done at home."""
        if isinstance(attempt, OwnWork):
            return self._home.recover(attempt)
        return self._dealing.recover(attempt)

    def taken(self) -> tuple[EndedContracts | None, RatingRows | None]:
        """The contracts that have ended and what was rated since the last time; None where nobody watches, or
        there is no public record."""
        return self._dealing.take_contracts(), self._knowledge.take_ratings()

    def close(self, now_s: float) -> None:
        """The market has ended: what is left of payment falls due."""
        for who, usd in enumerate(self.books.withheld_usd(now_s).tolist()):
            if usd > 0:
                self.payments.levy(now_s, who, usd)
        self.payments.close(now_s)

    def figures(self) -> dict[str, float]:
        """How far estimates were off, how contracts ended, how old the clients' knowledge of contractors was.

        The `estimation_error` figures are ``Σ|estimated − charged| / Σ charged`` over all charges, the first
        50 of them and the last.
        """
        figures = self._knowledge.errors_by_time() | self._contract_shares()
        if self._blocking is not None:
            figures |= self._blocking.figures()
        if self._turns_over and self._accounts.tasks_in:
            figures["deserted_tasks"] = 100 * self.deserted / self._accounts.tasks_in
        if self.discovery is not None and self.discovery.queries:
            figures["discovery_age_s"] = self.discovery.mean_age_s
            figures["unanswered_queries"] = 100 * self.discovery.unanswered / self.discovery.queries
            if self.discovery.counts_messages:
                figures["messages_per_query"] = self.discovery.messages / self.discovery.queries
        return figures

    def settlement(self) -> dict[str, float]:
        """How contracts were paid, and how many offers rules forbade, where that is stated."""
        figures = self.payments.figures()
        if self._complies:
            figures["not_allowed_rate"] = 0.0 if self._allowed is None else self._allowed.not_allowed_rate
        return figures

    def _contract_shares(self) -> dict[str, float]:
        """How many contracts have ended and, in percent, how: by final state, and completed but found bad.

        Where contractors go down, how many lost their work by that; where there are incidents, in how many
        what happened, and what insurance paid for leaks; where somebody may cheat, in how many they did, and
        what that cost at once.
        """
        ended = self._accounts.contracts_ended
        contracts = ended.total()
        if contracts == 0:
            return {"contracts": 0.0}
        states = {f"contracts_{state}_rate": 100 * ended[state] / contracts for state in FINAL_STATES}
        found_bad = 100 * self._accounts.found_bad / contracts
        shares = {"contracts": float(contracts), **states, "contracts_found_bad_rate": found_bad}
        if self._queues.outages is not None:
            shares["contracts_outage_rate"] = 100 * self._accounts.lost_to_outages / contracts
        if self._incidents.stated:
            happened = self._accounts.incidents
            shares |= {f"contracts_{kind}_rate": 100 * happened[kind] / contracts for kind in INCIDENT_KINDS}
            shares["insured_usd"] = self._accounts.insured_usd
        if self._cheats:
            shares["manipulated_rate"] = 100 * self._dealing.manipulated / contracts
            shares["direct_harm_usd"] = self._dealing.harm_usd
        return shares

    def mean_price_usd(self, hours: int) -> FloatArray:
        """Prices differ by task here."""
        return np.full(hours, np.nan)

    @property
    def effects(self) -> tuple[Effect, Effect] | None:
        """What calibration did to the error of estimates, at home and at contractors; None without it."""
        return self._knowledge.effects

    @property
    def errors(self) -> EstimationError:
        """How far estimates were off so far."""
        return self._knowledge.errors

    def estimation_errors(self) -> list[ErrorWindow]:
        """How far estimates were off, 50 charges at a time."""
        return self._knowledge.errors.windows()
