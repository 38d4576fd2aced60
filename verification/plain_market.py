"""A task comes to its client, who asks the contractors it knows for offers, does the work itself or hires one
of them, and, when that has ended - accepted, refused, too late or no good - pays, learns from it, and decides
again or bears the loss.

That is the whole market with contracts, played here one task at a time, in plain floats on SimPy, from the
facts of a replication (``coalesce_sim.stage(…).facts()``: what was drawn, nothing that follows from it). Read
`Market` from top to bottom; its methods stand in the order in which a task meets them. The simulator plays
the same market in blocks and arrays, in `coalesce_sim/market`; tests hold it to this page, to nine digits.
Sums are taken in its order: where two things happen at once, the last bit decides.

    begin, divide_or_decide        `ContractTrade.prepare` (coordination, the search), `.split`
    decide                         `ContractTrade.quote`, `Loop._decide`, `.carry_out`
    begin_at_home, work_at_home    `Home.begin`; `Home.work`, `.end`, `.learn`
    hire; carry_out                `Dealing.make`; `Lifecycle.play`
    ended, learn, recover          `Dealing.end`, `.learn`, `.recover`, in the order of `Loop._see_through`
    done, fail, close              `Endings`

Beside it lie `plain_given` (what tasks take and workers ask, before anything happens), `plain_logged` (a log
that is replayed), `plain_queues` and `plain_batches` (slots, and machines that serve all their jobs at once),
`plain_books` (who gives up), `plain_estimates` (what clients know and expect when they decide), `plain_split`
(what they expect of a task as a whole and in its steps), `plain_skills` (who can do what), `plain_knowledge`
(ratings, and how contractors are found) and `plain_policies` (TOPSIS in `plain_topsis`, its kin in
`plain_rankings`). A contractor is paid in `ended`. It may cheat with its work, its prices and its names
(`plain_adversaries`). Luck is worked out where it is compared with what is true: in `carry_out`, `passes` and
`Worker.is_good`.

Refused by name: the published trade, settlement, compliance, and policies that are not in `PLAYED`. Not told:
score and confidence of a policy, and what sums up a run, such as estimation errors and utilisation. Made for
short runs: scores are worked out from all ratings anew. One difference is known. Skills are cut off at 1 (eq.
12) wherever they count; the simulator does not in discovery, with `reputation` and a `performance_weight` of
0.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import simpy

from verification.plain_batches import Machine
from verification.plain_books import Ruin
from verification.plain_estimates import ROUNDING_S, Known, Stay
from verification.plain_given import Contractor, Task, drawn_at, groups_of, tasks_of
from verification.plain_logged import play_log
from verification.plain_policies import POLICIES, Offer, Outcome, Policy, Question
from verification.plain_queues import Queue
from verification.plain_rankings import Vikor, WeightedSum
from verification.plain_split import ways
from verification.plain_topsis import Topsis

Events = Generator[simpy.Event, Any, None]
Row = dict[str, Any]

TIMED_OUT = "canceled", "timed out"
PLAYED: dict[str, type[Policy]] = POLICIES | {"topsis": Topsis, "weighted_sum": WeightedSum, "vikor": Vikor}


class Played(NamedTuple):
    """One row a task, a contract and a rating, by the names of the columns of the simulator's tables."""

    decisions: list[Row]
    contracts: list[Row]
    ratings: list[Row]


def play(facts: dict[str, Any]) -> Played:
    """Play a replication, and before it the same tasks all at home, to have something to compare with.

    Raises ValueError for what is not played here.
    """
    if facts["trade"] != "contracts":
        raise ValueError(f"trade: must be contracts (got {facts['trade']!r})")
    for section in ("settlement", "compliance"):
        if section in facts["settings"]:
            raise ValueError(f"{section}: not played here (got {facts['settings'][section]!r})")
    clients = groups_of(facts["settings"]["clients"])
    shared = policy_of(facts["settings"]["policy"], facts)
    own = {name: policy_of(group["policy"], facts) for name, group in clients if group.get("policy")}
    at_home = Market(facts, [PLAYED["always_local"]({}, {})] * len(clients)).run()
    if facts["settings"]["policy"].get("costs") == "logged":
        played = Played(play_log(facts), [], [])
    else:
        played = Market(facts, [own.get(name, shared) for name, _ in clients]).run()
    for row, other in zip(played.decisions, at_home.decisions, strict=True):
        row["all_local_usd"] = other["realised_usd"]
        row["all_local_s"] = other["turnaround_s"] if other["closes"] else None
    return played


def policy_of(chosen: dict[str, Any], facts: dict[str, Any]) -> Policy:
    """A policy by its settings."""
    if chosen.get("kind") not in PLAYED:
        raise ValueError(f"policy: must be one of {', '.join(PLAYED)} (got {chosen!r})")
    return PLAYED[chosen["kind"]](chosen, facts["luck"])


@dataclass(eq=False)
class Contract:
    """A contract on a task; `row` is what will be told of it, by the names of ``contracts.parquet``.

    `expected_s` is how long the contractor thinks that its work takes, `service_s` how long it really does;
    on a machine that serves all its jobs at once the writing of `tokens` comes on top.
    `sent` says whether data went out, `done_well` whether the work was good as its contractor did it, which
    it may not be any more when somebody tampered with it (`good`).
    """

    task: Task
    offer: Offer
    tried: tuple[Contractor, ...]
    expected_s: float
    service_s: float
    tokens: float
    deadline_s: float
    good: bool
    row: Row
    sent: bool = False
    cheap: bool = False
    done_well: bool = False

    def luck(self, name: str) -> float:
        """The luck of this attempt at the task."""
        return self.offer.contractor.draw(name, self.task, self.row["attempt"])


class Market:
    """One replication; money in USD, times in seconds since its start. `policies` decide for each client."""

    def __init__(self, facts: dict[str, Any], policies: list[Policy]) -> None:
        self.env, self.policies = simpy.Environment(), policies
        self.rules = facts["settings"]["contracts"]
        self.turnover, self.horizon_s = facts["settings"]["turnover"], facts["settings"]["horizon_s"]
        self.integration_usd: float = facts["settings"]["cost_model"]["external"]["integration_usd"]
        self.tasks = tasks_of(facts)
        self.known = Known(facts, self.env)
        self.late_usd_per_s = self.known.late_usd_per_s
        self.authorised: set[tuple[int, Contractor]] = set()
        self.contracts: list[Row] = []
        self.rated: list[Row] = []

    def run(self) -> Played:
        """Play to the end of the last task."""
        exits = (self.turnover or {}).get("exit")
        if exits is not None and exits["in_the_red"] is not None:
            self.env.process(self.look_at_books(exits))
        self.env.process(self.arrivals())
        self.env.run()
        return Played([task.closed_row() for task in self.tasks], self.contracts, self.rated)

    def look_at_books(self, exits: dict[str, Any]) -> Events:
        """Contractors that lose money give up; they finish what they have taken on."""
        ruin, every_s = (
            Ruin(exits["in_the_red"], self.known.contractors, self.known.shared),
            60 * exits["check_min"],
        )
        for look in range(1, int(self.horizon_s / every_s) + 1):
            yield self.env.timeout(max(0.0, look * every_s - self.env.now))
            ruin.look(self.contracts, self.env.now)

    # arrive, quote, decide

    def arrivals(self) -> Events:
        """Tasks come to their clients; steps that wait for others are decided on when those are done."""
        for task in self.tasks:
            while self.env.now < task.arrival_s:
                yield self.env.timeout(task.arrival_s - self.env.now)
            if not task.after and task.whole.undivided in (None, task):
                self.begin(task)

    def begin(self, task: Task) -> None:
        """Decide on a task for the first time; a step is coordinated before."""
        if task.split_s > 0:
            task.left += 1
            self.env.process(self.coordinate(task))
        else:
            self.coordinated(task)
            self.divide_or_decide(task)

    def coordinate(self, step: Task) -> Events:
        """Should the whole fail meanwhile, the step never begins."""
        yield self.env.timeout(step.split_s)
        if not step.whole.ended:
            step.left -= 1
            self.coordinated(step)
            self.decide(step)

    def coordinated(self, task: Task) -> None:
        task.row["coordination_s"] = task.split_s
        self.charge(task, coordination_usd=task.split_usd)

    def divide_or_decide(self, task: Task) -> None:
        """Where the policy may have a task done in its steps, ask that first, and leave out the other way."""
        whole = task.whole
        if task is not whole.undivided:
            self.decide(task)
            return
        found = {each: self.search(each) for each in (task, *whole.steps)}
        one, other = (ways(self.known, task, each, found.__getitem__) for each in ([task], whole.steps))
        split = self.policies[task.client].splits(one, other)
        rest = [task] if split else whole.steps
        for each in (task, *whole.steps):
            each.row["split"] = split
        for each in rest:
            each.row |= {"outcome": "not taken", "decided_s": self.env.now}
            self.finish(each)
        if not split:
            whole.steps = [task]
            self.decide(task, found=found[task])
            return
        for step in whole.steps:
            step.left -= 1
        for step in [step for step in whole.steps if step.left == 0]:
            self.begin(step)

    def search(self, task: Task, *, again: bool = False) -> tuple[list[Contractor], float]:
        """Who is found for a task, and how long that takes; its client pays for the messages."""
        found, search_s, search_usd = self.known.find(task)
        if self.policies[task.client].searches:
            self.charge(task, again=again, search_usd=search_usd)
        return found, search_s

    def decide(
        self,
        task: Task,
        tried: tuple[Contractor, ...] = (),
        found: tuple[list[Contractor], float] | None = None,
    ) -> None:
        """Have the policy decide on a task, again without those who were tried, unless these may try again;
        `found` are contractors that were looked for already."""
        asked_around, search_s = found or self.search(task, again=bool(tried))
        stay = self.known.stay(task)
        now_s = self.env.now
        left_out = () if self.rules["recovery"]["among"] == "all" else tried
        asked = [who for who in asked_around if who.does(task) and who.is_there(now_s)]
        asked = [who for who in asked if who not in left_out]
        quotes = [self.known.quote(task, who, search_s, stay) for who in asked]
        offers = [offer for offer in quotes if offer is not None]
        chosen = self.policies[task.client].decide(Question(task, len(tried), stay.usd, offers))
        task.row["attempts"] = len(tried) + 1
        if not tried:
            self.known.arrived[self.known.machine[task.client]] += 1
            task.row |= {
                "decided_s": self.env.now,
                "internal_usd": stay.usd,
                "internal_opportunity_usd": stay.opportunity_usd,
                **self.known.home_parts_usd(task),
                "estimated_usd": stay.usd if chosen is None else chosen.external_usd,
                "estimated_s": stay.turnaround_s if chosen is None else chosen.latency_s,
            }
        if chosen is None:
            self.begin_at_home(task, stay)
        else:
            self.hire(task, chosen, tried)

    # carry out: at home

    def begin_at_home(self, task: Task, stay: Stay) -> None:
        """Join the client's own queue; without a GPU the task comes to nothing."""
        task.row["contractor"] = None
        if self.known.home_slots(task.client) == 0:
            self.fail(task)
            return
        queue = self.known.homes[task.client]
        expected_s = self.known.home_s(task)
        queue.join(expected_s)
        self.env.process(self.work_at_home(task, stay, queue, expected_s))

    def work_at_home(self, task: Task, stay: Stay, queue: Queue, expected_s: float) -> Events:
        """Queue and work; then charge what it cost, and learn."""
        env, home, decided_s = self.env, self.known.agent(task.client), self.env.now
        if queue.limited:
            request = queue.resource.request()
            yield request
        queue.leave(expected_s)
        queue.working.append(expected_end_s := env.now + expected_s)
        outages = self.known.home_outages[task.client]
        if isinstance(queue, Machine):
            used_s = queue.change()
        if (repair_s := outages.up_s(env.now) - env.now) > 0:
            yield env.timeout(repair_s)
        self.began(task)
        if isinstance(queue, Machine):
            tokens = task.written(really=True) * task.factors["local_time_factor"]
            yield env.process(queue.work(self.known.home_s(task, really=True), tokens))
        else:
            done_s, _ = outages.done_s(env.now, self.known.home_s(task, really=True))
            yield env.timeout(done_s - env.now)
        queue.working.remove(expected_end_s)
        if isinstance(queue, Machine):
            task.share_machine(self.known.hours(queue.change() - used_s))
        if queue.limited:
            queue.resource.release(request)
        good = home.is_good(task)
        bill_usd = home.bill_usd(task, good=good) or 0.0
        spent_usd = task.true_home_usd + bill_usd
        again = task.row["attempts"] > 1
        self.charge(task, again=again, home_bill_usd=bill_usd, **task.true_home_parts_usd)
        self.known.correct(task, home, stay.plain_usd, spent_usd)
        self.known.correct_times(task, home, stay.turnaround_s, env.now - decided_s)
        spent_usd += max(0.0, env.now - decided_s - task.max_latency_s) * self.late_usd_per_s
        if self.known.ratings is not None:
            self.known.own_ratings.rate(0, self.known.agents.index(home), task.type, float(good))
        self.policies[task.client].observe(
            Outcome(task, None, spent_usd + (0.0 if good else task.whole.loss_usd))
        )
        self.done(task, good=good)

    # carry out: by contract

    def hire(self, task: Task, offer: Offer, tried: tuple[Contractor, ...]) -> None:
        """Submit a contract on an offer."""
        who, now_s, patience = offer.contractor, self.env.now, self.rules["timeout_factor"]
        good = who.is_good(task, again=tried.count(who))
        expected_s = offer.work_s * self.known.work_factor
        takes = self.known.work_factor * task.factors["external_time_factor"]
        service_s, tokens = who.work_s(task, 0, really=True) * takes, task.written(really=True) * takes
        deadline_s = math.inf if patience is None else now_s + patience * offer.latency_s
        group, today = self.known.groups[task.client][0], self.known.day(now_s)
        left_usd = self.known.left_usd(task.client)
        if offer.agreed and offer.asked_usd > left_usd:
            offer = replace(offer, asked_usd=left_usd, due_usd=left_usd)
        self.known.committed_usd[group, today] += offer.asked_usd
        row = {
            "task": task.number,
            "attempt": len(tried),
            "client": task.client,
            "contractor": who.name,
            "type": task.type,
            "good": good,
            "agreed_usd": offer.asked_usd,
            "estimated_usd": offer.external_usd,
            "submitted_s": now_s,
            "working_s": None,
            "worked_s": 0.0,
            **dict.fromkeys(("auth_required", "input_required"), False),
            "incident": None,
            "explored": offer.explored,
        }
        contract = Contract(task, offer, (*tried, who), expected_s, service_s, tokens, deadline_s, good, row)
        task.row |= {"contractor": who.name, "explored": task.row["explored"] or offer.explored}
        self.env.process(self.life(contract))

    def life(self, contract: Contract) -> Events:
        """A contract from its submission to its final state in A2A 1.0, and what follows."""
        state, reason = yield from self.carry_out(contract)
        contract.row |= {"state": state, "reason": reason, "ended_s": self.env.now}
        self.ended(contract)

    def carry_out(self, contract: Contract) -> Generator[simpy.Event, Any, tuple[str, str | None]]:
        """Handshake, data, queue, work, verification; how it ended and, where that is badly, why."""
        rules, task, who = self.rules, contract.task, contract.offer.contractor
        down = who.outages.up_s(self.env.now) > self.env.now
        if down or contract.luck("unreachable") < who.stated["unreachable_rate"]:
            in_time = yield from self.lasts(contract, contract.offer.search_s + rules["connect_timeout_s"])
            return ("canceled", "unreachable") if in_time else TIMED_OUT
        incident = who.incident(task, contract.row["attempt"])
        setup_s = contract.offer.search_s + self.known.setup_s + who.network_s
        if rules["authorisation_s"] > 0 and (task.client, who) not in self.authorised:
            self.authorised.add((task.client, who))
            contract.row["auth_required"] = True
            setup_s += rules["authorisation_s"]
        if not (yield from self.lasts(contract, setup_s)):
            return TIMED_OUT
        queue = self.known.queue(who)
        if not queue.takes_in(who.stated["queue_limit"]):
            return "rejected", "full"
        contract.sent = True
        if incident == "leaked":
            contract.row["incident"] = incident
        queue.coming += 1
        in_time = yield from self.lasts(contract, task.transfer_s)
        queue.coming -= 1
        if not in_time:
            return TIMED_OUT
        if contract.luck("question") < rules["input_required_rate"]:
            contract.row["input_required"] = True
            contract.service_s += drawn_at(rules["input_reply_s"], contract.luck("reply"))
        contract.done_well = contract.good = contract.row["good"] = self.works_well(contract)
        breaks_off = not contract.good and contract.luck("fails_openly") < rules["failed_share"]
        if breaks_off:
            contract.service_s *= contract.luck("fails_at")
            contract.tokens *= contract.luck("fails_at")
        ended = yield from self.queue_and_work(contract, queue)
        if ended is not None:
            return ended
        if breaks_off:
            return "failed", "broke off"
        contract.done_well = contract.good = contract.row["good"] = self.works_well(contract)
        if incident is not None:
            contract.row["incident"] = incident
        if incident == "lost":
            return "failed", "lost"
        if incident == "tampered":
            contract.good = contract.row["good"] = False
        if task.check_s > 0:
            yield self.env.timeout(task.check_s)
        return "completed", None

    def works_well(self, contract: Contract) -> bool:
        """Whether the work is good as it is done now: honestly, or as one that cheats does it."""
        who, cheats = contract.offer.contractor, self.known.cheats
        contract.cheap = cheats.cheap(who, contract.task, self.env.now)
        return cheats.is_good(who, contract.task, contract.tried[:-1].count(who), cheap=contract.cheap)

    def lasts(self, contract: Contract, seconds: float) -> Generator[simpy.Event, Any, bool]:
        """A part of a contract lasts so long, at most to its deadline; whether it was over by then."""
        left_s = max(0.0, contract.deadline_s - self.env.now)
        in_time = seconds <= left_s + ROUNDING_S
        if (seconds if in_time else left_s) > 0:
            yield self.env.timeout(seconds if in_time else left_s)
        return in_time

    def queue_and_work(
        self, contract: Contract, queue: Queue
    ) -> Generator[simpy.Event, Any, tuple[str, str] | None]:
        """How it ended where the work was not done: its client lost patience, or an outage the work."""
        env, expected_s = self.env, contract.expected_s
        if queue.limited:
            queue.join(expected_s)
            request = queue.resource.request()
            if not request.triggered and "slots" in contract.offer.contractor.moving:
                env.process(self.slots_change(contract.offer.contractor))
            if request.triggered or contract.deadline_s == math.inf:
                yield request
            else:
                yield request | env.timeout(max(0.0, contract.deadline_s - env.now))
            queue.leave(expected_s)
            if not request.triggered:
                request.cancel()
                return TIMED_OUT
        queue.working.append(expected_end_s := env.now + expected_s)
        if isinstance(queue, Machine):
            used_s = queue.change()
        ended = yield from self.serve(contract, queue)
        queue.working.remove(expected_end_s)
        if isinstance(queue, Machine):
            contract.row["worked_s"] = queue.change() - used_s
        if queue.limited:
            queue.resource.release(request)
        return ended

    def serve(
        self, contract: Contract, queue: Queue | Machine
    ) -> Generator[simpy.Event, Any, tuple[str, str] | None]:
        """Work, once the contractor is up, with the repairs meanwhile."""
        env, who = self.env, contract.offer.contractor
        repair_s = who.outages.up_s(env.now) - env.now
        if repair_s > 0 and not (yield from self.lasts(contract, repair_s)):
            return TIMED_OUT
        contract.row["working_s"] = env.now
        self.began(contract.task)
        if isinstance(queue, Machine):
            return (yield from self.beside_others(contract, queue))
        begun_s, (done_s, lost) = env.now, who.outages.done_s(env.now, contract.service_s)
        in_time = yield from self.lasts(contract, done_s - env.now)
        contract.row["worked_s"] = who.outages.at_work_s(begun_s, env.now)
        if not in_time:
            return TIMED_OUT
        return ("failed", "outage") if lost else None

    def slots_change(self, who: Contractor) -> Events:
        """As long as somebody waits, a contractor's slots change when their time has come."""
        while self.known.queue(who).waiting:
            later = [at_s for at_s in who.changes_s("slots") if at_s > self.env.now]
            if not later:
                return
            yield self.env.timeout(later[0] - self.env.now)

    def beside_others(
        self, contract: Contract, machine: Machine
    ) -> Generator[simpy.Event, Any, tuple[str, str] | None]:
        """How it ended where the work was not done on a machine that serves all its jobs at once."""
        work = self.env.process(machine.work(contract.service_s, contract.tokens))
        patience_s = max(0.0, contract.deadline_s - self.env.now + ROUNDING_S)
        lost_s = contract.offer.contractor.outages.lost_s(self.env.now) - self.env.now
        left_s = min(patience_s, lost_s)
        yield work if left_s == math.inf else work | self.env.timeout(left_s)
        if not work.triggered and lost_s <= patience_s:
            yield self.env.timeout(0)  # what is done as the outage begins is not lost
        if work.triggered:
            return None
        work.interrupt()
        return TIMED_OUT if patience_s < lost_s else ("failed", "outage")

    # end, learn, recover

    def ended(self, contract: Contract) -> None:
        """Verify what was delivered, pay, learn, and go on with the task."""
        task, offer, row = contract.task, contract.offer, contract.row
        delivered = row["state"] == "completed"
        accepted = delivered and self.passes(contract)
        if delivered and not accepted:
            row["reason"] = "found bad"
        bill_usd = None if offer.agreed else offer.contractor.bill_usd(task, good=contract.done_well)
        paid_usd = offer.due_usd if bill_usd is None else bill_usd
        if not offer.agreed:
            honest_usd = offer.honest_usd if bill_usd is None else bill_usd
            paid_usd = self.known.cheats.billed_usd(offer.contractor, paid_usd, honest_usd)
        if not accepted:
            worked = delivered or row["state"] == "failed"
            paid_usd *= self.rules["due_on_failure"] if worked else 0.0
        fees = {
            "communication_usd": task.communication_usd if contract.sent else 0.0,
            "verification_usd": task.check["usd"] if delivered else 0.0,
            "integration_usd": self.integration_usd if accepted else 0.0,
        }
        fees_usd = sum(fees.values())
        leaked_usd = task.leak_usd if row["incident"] == "leaked" else 0.0
        row["leak_usd"] = leaked_usd * self.known.borne_share
        row["insured_usd"] = leaked_usd - row["leak_usd"]
        began = row["working_s"] is not None
        begun_s = row["working_s"] or 0.0
        row["own_usd"] = offer.contractor.spent_usd(row["worked_s"], offer.own_usd if began else 0.0, begun_s)
        if contract.cheap and began:
            cheats, honest_usd = self.known.cheats, row["own_usd"]
            row["own_usd"] = cheats.spent_usd(offer.contractor, task, honest_usd, good=contract.done_well)
        self.charge(task, again=row["attempt"] > 0, price_usd=paid_usd, **fees)
        self.charge(task, leak_usd=row["leak_usd"])
        today, more_usd = self.known.day(self.env.now), paid_usd - row["agreed_usd"]
        if more_usd > 0 or self.known.day(row["submitted_s"]) == today:
            self.known.committed_usd[self.known.groups[task.client][0], today] += more_usd
        self.contracts.append(row | {"accepted": accepted, "paid_usd": paid_usd, "fees_usd": fees_usd})
        if row["state"] != "rejected":
            self.learn(contract, accepted, paid_usd, fees_usd)
        if accepted:
            self.done(task, good=contract.good)
        else:
            self.recover(task, contract.tried)

    def passes(self, contract: Contract) -> bool:
        """Whether a delivery passes the verification, which may err both ways."""
        check, luck = contract.task.check, contract.luck("found")
        return luck < check["specificity"] if contract.good else luck >= check["sensitivity"]

    def learn(self, contract: Contract, accepted: bool, paid_usd: float, fees_usd: float) -> None:
        """Rate the contractor, correct estimates, and tell the policy."""
        task, who, now_s, known = contract.task, contract.offer.contractor, self.env.now, self.known
        if known.ratings is not None:
            score = known.ratings.rate(task.client, who.place, task.type, float(accepted))
            told = {"time_s": now_s, "client": task.client, "contractor": who.name, "type": task.type}
            self.rated.append(told | {"rating": float(accepted), "score_after": score})
        known.cheats.rated(who, float(accepted), now_s)
        took_s = now_s - contract.row["submitted_s"]
        if accepted or paid_usd > 0:
            known.correct(task, who, contract.offer.plain_usd, paid_usd + fees_usd)
        if contract.row["state"] == "completed":
            known.correct_times(task, who, contract.offer.latency_s, took_s)
        spent_usd = paid_usd + fees_usd + max(0.0, took_s - task.max_latency_s) * self.late_usd_per_s
        if not accepted:  # the client reckons with doing it over, or with the loss
            goes_on = known.goes_on(after=len(contract.tried))
            spent_usd += contract.offer.home_usd if goes_on else task.whole.loss_usd
        spent_usd += contract.row["leak_usd"]
        self.policies[task.client].observe(Outcome(task, who, spent_usd))

    def recover(self, task: Task, tried: tuple[Contractor, ...]) -> None:
        """Try another, do it at home, or give up; no more is done for a whole that has failed."""
        if task.whole.ended:
            self.fail(task)
        elif len(tried) <= self.rules["recovery"]["retries"]:
            self.decide(task, tried)
        elif self.rules["recovery"]["then"] == "local" and self.known.home_slots(task.client) > 0:
            task.row["attempts"] = len(tried) + 1
            self.begin_at_home(task, self.known.stay(task))
        else:
            self.fail(task)

    # the end of a task, and of the whole that it is a step of

    def done(self, task: Task, *, good: bool) -> None:
        """The work was taken for good; it may still be bad."""
        whole, ready = task.whole, []
        task.row["outcome"] = "completed" if good else "failed"
        whole.done += 1
        whole.bad |= not good
        if not whole.ended and whole.done == len(whole.steps):
            self.charge(task, integration_usd=0.0 if task is whole.undivided else whole.integration_usd)
            self.close(task)
        elif not whole.ended:
            for other in whole.steps:
                other.left -= other.after.count(task)
            ready = [other for other in whole.steps if task in other.after and other.left == 0]
        self.finish(task)
        for other in ready:
            self.begin(other)

    def fail(self, task: Task) -> None:
        """A task has come to nothing, and with it its whole: steps that wait will never begin."""
        task.row["outcome"] = "failed"
        if not task.whole.ended:
            for other in task.whole.steps:
                if other.left > 0:
                    other.row |= {"outcome": "canceled", "decided_s": self.env.now}
                    self.finish(other)
            task.whole.bad = True
            self.close(task)
        self.finish(task)

    def close(self, task: Task) -> None:
        """The whole ends with this task: charge its lateness and, where it is no good, its loss."""
        whole = task.whole
        whole.ended = task.row["closes"] = True
        late_s = max(0.0, self.env.now - (task.arrival_s + whole.target_s))
        self.charge(task, lateness_usd=late_s * self.late_usd_per_s)
        if whole.bad:
            task.row["outcome"] = "failed"
            self.charge(task, loss_usd=whole.loss_usd)

    def finish(self, task: Task) -> None:
        self.began(task)
        task.row["finished_s"] = self.env.now

    def began(self, task: Task) -> None:
        """Work on a task begins; the first time counts."""
        if task.row["started_s"] is None:
            task.row["started_s"] = self.env.now

    def charge(self, task: Task, *, again: bool = False, **parts_usd: float) -> None:
        """A task costs so much for this and that; `again` where it was tried before."""
        for part, usd in parts_usd.items():
            task.row[part] += usd
        task.row["realised_usd"] += sum(parts_usd.values())
        task.row["retries_usd"] += sum(parts_usd.values()) if again else 0.0
