"""Trade in which contracts may come to nothing: quoted one by one, settled by what was delivered."""

from __future__ import annotations

from collections.abc import Callable

from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.accounts import Accounts
from coalesce_sim.market.breakdown import Breakdown, left_out
from coalesce_sim.market.contracts.dealing import Deal, Deals
from coalesce_sim.market.contracts.discovery import Discovery
from coalesce_sim.market.contracts.endings import Endings
from coalesce_sim.market.contracts.foresight import Foresight
from coalesce_sim.market.contracts.home import Home
from coalesce_sim.market.contracts.knowledge import Knowledge
from coalesce_sim.market.contracts.lifecycle import Draws, Lifecycle
from coalesce_sim.market.contracts.open_block import Ask, OpenContractBlock, Tell
from coalesce_sim.market.contracts.quotes import ContractQuote, ContractQuotes, Ids
from coalesce_sim.market.contracts.results import GroundTruth
from coalesce_sim.market.contracts.terms import EXTERNAL, LATENCY
from coalesce_sim.market.floor import Floor
from coalesce_sim.market.open_block import OpenBlock
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import LOCAL, Decision, OracleView
from coalesce_sim.scenario.contracts import Contracts
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.skills.compatibility import Compatibility
from coalesce_sim.streams import Streams


class ContractTrade:
    """Quotes tasks and sends them where it was decided.

    `knowledge` is what clients have come to know, `discovery` how they find contractors, None where everybody
    knows everybody. `ask` has the policy decide again, `settled` is told of each task that has ended, `tell`
    what the client knows of each attempt, and `on_contract` of each contract.
    """

    live = True

    def __init__(
        self,
        scenario: Scenario,
        pool: Pool,
        skills: Compatibility,
        floor: Floor,
        knowledge: Knowledge,
        discovery: Discovery | None,
        truth: GroundTruth,
        streams: Streams,
        accounts: Accounts,
        ask: Ask,
        settled: Callable[[OpenBlock], None],
        tell: Tell | None,
        on_contract: Callable[[Deal, float, float], None] | None,
        *,
        explain: bool,
    ) -> None:
        rules = scenario.contracts or Contracts()
        late_usd_per_s = scenario.cost_model.late_usd_per_min / 60
        self._contractors = len(pool)
        self._explain = explain
        self._floor, self._truth, self._discovery = floor, truth, discovery
        self._draws = Draws(rules, streams)
        self._quotes = ContractQuotes(scenario, rules, pool, skills, truth, knowledge, floor.jobs)
        self._settling = Endings(floor, accounts, late_usd_per_s, ask, settled)
        self._home = Home(scenario, floor, knowledge, self._settling, tell, truth.own_price_usd)
        self._foresight = Foresight(scenario, rules, pool, floor, self._quotes)
        self._deals = Deals(
            scenario,
            rules,
            floor,
            self._quotes,
            knowledge,
            accounts,
            self._settling,
            self._home,
            Lifecycle(rules, pool, floor, self._quotes.setup_s),
            ask,
            tell,
            on_contract,
        )

    def home_usd(self, block: Block) -> FloatArray:
        """What the hardware at home costs for every task of a block, before its cost factor."""
        return block.truth.local_running_usd

    def begin_hour(self, hour: int, first: int) -> None:
        """Nothing here moves by the hour."""

    def open(self, block: Block, records: Records, charge_usd: FloatArray) -> OpenContractBlock:
        """Lay out a block that begins now."""
        return OpenContractBlock(block, records, charge_usd, self._truth, self._draws, self._quotes)

    def quote(self, opened: OpenContractBlock, rows: slice, tried: tuple[int, ...] = ()) -> ContractQuote:
        """The offers on one task, by what is known and queued now."""
        task, quotes, now_s = rows.start, self._quotes, self._floor.env.now
        client, type_id = opened.client[task], opened.type_id[task]
        ids, search_s, discovered = self._who_offers(opened, task, tried)
        stay = self._home.expect(opened, task)
        wait_s = self._floor.queues_at_s(ids, search_s + quotes.setup_s + opened.layout.transfer_s[task])
        if search_s > 0:
            wait_s += search_s
        quote = quotes.quote(
            opened.block,
            opened.layout,
            task,
            client,
            type_id,
            ids,
            wait_s,
            stay,
            now_s,
            self._explain,
        )
        quote.discovered, quote.search_s = discovered, search_s
        return quote

    def _who_offers(
        self, opened: OpenContractBlock, task: int, tried: tuple[int, ...]
    ) -> tuple[Ids, float, Ids | None]:
        """Contractors who offer, how long it took to find them, and who was found, None for everybody."""
        ids, search_s, discovered = self._quotes.everyone, 0.0, None
        if self._discovery is not None:
            found = self._discovery.candidates(
                self._floor.env.now, opened.client[task], opened.type_id[task], self._quotes.merit
            )
            ids = discovered = found.ids
            search_s = found.latency_s
        offered = opened.results.offered
        if offered is not None:
            ids = ids[offered[task].take(ids)]
        if tried:
            ids = ids[[who not in tried for who in ids.tolist()]]
        return ids, search_s, discovered

    def carry_out(
        self,
        opened: OpenContractBlock,
        quote: ContractQuote,
        row: int,  # noqa: ARG002
        decision: Decision,
        tried: tuple[int, ...] = (),
    ) -> None:
        """Send a task where it was decided to go."""
        task, position, records, stay = quote.offers.first, decision.contractor, opened.records, quote.stay
        if not tried:
            self._home.arrived(opened.client[task])
            records.decided_s[task] = self._floor.env.now
            opened.block.home.opportunity_usd[task] = stay.opportunity_usd
            local = position == LOCAL
            records.estimated_usd[task] = stay.internal_usd if local else quote.terms[EXTERNAL, position]
            records.estimated_s[task] = stay.turnaround_s if local else quote.terms[LATENCY, position]
        records.attempts[task] = len(tried) + 1
        if position == LOCAL:
            self._home.begin(opened, task, stay)
        else:
            self._deals.make(opened, task, quote, decision, tried)

    def bids_usd(self, quote: ContractQuote, row: int) -> FloatArray:  # noqa: ARG002
        """Sealed bids: every contractor's own cost or, where that is not known, its price."""
        return quote.bids_usd

    def oracle_view(
        self,
        opened: OpenContractBlock,
        quote: ContractQuote,
        row: int,  # noqa: ARG002
        attempt: int,
    ) -> OracleView:
        """The view with the realised cost of every choice."""
        return self._foresight.view(opened, quote, attempt)

    def breakdown(
        self,
        opened: OpenContractBlock,
        quote: ContractQuote,
        row: int,
        tried: tuple[int, ...] = (),
    ) -> Breakdown:
        """What the estimates for a task are made up of, before it is sent anywhere."""
        task = quote.offers.first + row
        parts_usd, facts = self._quotes.parts(opened.layout, quote)
        return Breakdown(
            self._home.parts(opened, task),
            opened.expected_s[task],
            parts_usd,
            facts,
            self._quotes.performance(quote),
            left_out(
                self._contractors, opened.results.offered, task, quote.discovered, tried, quote.offers.ids
            ),
        )
