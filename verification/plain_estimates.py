"""What clients know, and what they estimate by it when they decide; see `verification/plain_market.py`."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import Any, NamedTuple

import simpy

from verification.plain_adversaries import Cheats
from verification.plain_batches import Machine
from verification.plain_given import (
    HOURS,
    Contractor,
    Outages,
    Task,
    Worker,
    at,
    boxes_of,
    draw,
    groups_of,
    homes_of,
    s_per_token,
)
from verification.plain_knowledge import OWN_RECORD, Broadcast, Gossip, Ratings, Registry
from verification.plain_policies import Offer, exceeds
from verification.plain_queues import Queue
from verification.plain_skills import Nearness

ROUNDING_S = 1e-6
"""By how much a contract may miss its deadline through rounding alone."""


class Stay(NamedTuple):
    """What a client expects of doing a task at home: how long it takes, what it costs in lateness (eq. 5),
    that of others among it, corrected by experience, what will be charged, before correction, and the whole
    estimate."""

    turnaround_s: float
    opportunity_usd: float
    others_late_usd: float
    plain_usd: float
    usd: float


class Learned(NamedTuple):
    """Sums of estimates and of what came of them, by how much their ratio, as it was each time, would have
    brought estimates nearer to what came of them than they were, and the ratio as it is."""

    estimated: float
    actual: float
    nearer_by: float
    factor: float


class Factors:
    """What estimates are multiplied by, for each type of task at each worker (eq. 10): what came of earlier
    ones over what was estimated, by sums; 1 unless that would have brought earlier ones nearer."""

    def __init__(self, rules: dict[str, Any] | None) -> None:
        self.rules = rules
        self.learned: dict[tuple[str, Worker], Learned] = {}

    def of(self, type_: str, who: Worker) -> float:
        learned = self.learned.get((type_, who))
        if self.rules is None or learned is None:
            return 1.0
        return learned.factor if learned.nearer_by > 0 or not self.rules["proven_only"] else 1.0

    def learn(self, type_: str, who: Worker, estimated: float, actual: float) -> None:
        if self.rules is None or ((type_, who) not in self.learned and estimated == 0):
            return
        keep, start = self.rules["forgetting"], (1 / self.rules["rate"] - 1) * estimated
        learned = self.learned.get((type_, who))
        if learned is None:
            estimates, outcomes, nearer_by, factor = start, start, 0.0, 1.0
        else:
            estimates, outcomes, nearer_by = (keep * each for each in learned[:3])
            factor = learned.factor
        estimates, outcomes = estimates + estimated, outcomes + actual
        nearer_by += abs(estimated - actual) - abs(estimated * factor - actual)
        if estimates > 0:
            factor = outcomes / estimates
        self.learned[type_, who] = Learned(estimates, outcomes, nearer_by, factor)


def machine_of(env: simpy.Environment, stated: dict[str, Any], outages: Outages) -> Queue:
    """What works at a home or on a box: slots, or a machine that serves all its jobs at once."""
    if stated["batch_curve"] is not None:
        return Machine(env, stated["batch_curve"], outages)
    return Queue(env, math.inf if stated["slots"] == "unlimited" else stated["slots"])


class Known:
    """What clients know: who is around, who is busy, what their work is worth, how estimates came out."""

    def __init__(self, facts: dict[str, Any], env: simpy.Environment) -> None:
        self.env, self.settings = env, facts["settings"]
        self.rules, costs = self.settings["contracts"], self.settings["cost_model"]
        self.external, self.opportunity = costs["external"], costs["internal"]["opportunity"]
        self.late_usd_per_s: float = costs["late_usd_per_min"] / 60
        security = self.rules["security"]
        self.setup_s: float = (self.rules["handshake_ms"] + security["key_exchange_ms"]) / 1000
        self.work_factor: float = 1 + security["enclave_share"] + security["audit_share"]
        incidents = security["incidents"]
        self.borne_share: float = 1.0 if incidents is None else 1 - incidents["insured_share"]
        everybody = range(len(facts["contractors"]))
        self.contractors = [Contractor(facts, place, lambda: env.now) for place in everybody]
        self.near = Nearness(facts)
        self.homes_stated = homes_of(self.settings)
        self.agents: list[Worker] = []  # those of clients whose homes are alike know of each other's work
        for stated in self.homes_stated:
            if all(agent.written != stated for agent in self.agents):
                self.agents.append(Worker(facts, stated, len(self.contractors), lambda: env.now))
        self.by_use = any(worker.bills_by_use for worker in (*self.contractors, *self.agents))
        cheapest_first = sorted(self.contractors, key=lambda who: float(who.stated["price_usd"]))
        first = [who for who in cheapest_first if who.enter_s <= 0]
        self.rank: dict[Contractor, float] = {who: place for place, who in enumerate(first)}
        for who in cheapest_first:
            if who not in self.rank:  # just behind those of the first who cost no more
                no_dearer = [each for each in first if each.stated["price_usd"] <= who.stated["price_usd"]]
                self.rank[who] = len(no_dearer) - 0.5
        self.first = len(first)

        clients = len(self.homes_stated)
        outages = {
            name: Outages(box["outages"], facts["luck"], name)
            for name, box in (self.settings["boxes"] or {}).items()
        }
        for who in self.contractors:  # the machine that only an agent's names share is the agent's
            if f"outage.{who.stated['box']}" not in facts["luck"]:
                outages[who.stated["box"]] = who.outages
        self.boxes = {
            name: machine_of(env, box, outages[name]) for name, box in (self.settings["boxes"] or {}).items()
        }
        on_boxes = boxes_of(self.settings["clients"])
        always_up = Outages(None, facts["luck"], None)
        self.home_outages = [always_up if box is None else outages[box] for box in on_boxes]
        self.homes = [
            machine_of(env, home, always_up) if box is None else self.boxes[box]
            for home, box in zip(self.homes_stated, on_boxes, strict=True)
        ]
        self.queues = {
            who: self.boxes.get(who.stated["box"]) or self.queue_of(who) for who in self.contractors
        }
        self.machine = [box or client for client, box in enumerate(on_boxes)]
        on_them = Counter([*on_boxes, *(who.stated["box"] for who in self.contractors)])
        self.shared = {box for box, count in on_them.items() if box is not None and count > 1}
        self.arrived: dict[str | int, int] = defaultdict(int)

        types, reputation = list(self.settings["types"]), self.settings["reputation"]
        self.ratings: Ratings | None = None
        if reputation is not None:
            advertised = [who.reliability for who in self.contractors]
            self.ratings = Ratings(reputation, types, clients, advertised)
            self.own_ratings = Ratings(OWN_RECORD, types, 1, [0.0] * len(self.agents))
        self.cheats = Cheats(facts, self.contractors, self.score, lambda who: self.queue(who).jobs)
        rule = self.settings["calibration"]
        self.charge_factors, self.time_factors = Factors(rule), Factors(rule)
        rules, luck = self.settings["discovery"], facts["luck"]
        self.directory: Registry | Gossip | Broadcast | None = None  # everybody knows everybody
        if rules is not None and rules["kind"] != "gossip":
            order = sorted(
                range(len(self.contractors)),
                key=lambda j: draw(luck[rules["kind"]], self.contractors[j].identity, 0, 0),
            )
            central = rules["kind"] == "registry"
            self.directory = Registry(rules, order, types) if central else Broadcast(rules, order)
        elif rules is not None:
            agents = [(luck["gossip of clients"], i) for i in range(clients)]
            agents += [(luck["gossip"], who.identity) for who in self.contractors]
            there = [who.is_there for who in self.contractors]
            self.directory = Gossip(rules, agents, clients, types, there)
        self.groups = groups_of(self.settings["clients"])
        self.after_midnight_s: float = self.settings["start_s_after_midnight"]
        self.committed_usd: dict[tuple[str | None, int], float] = defaultdict(float)  # by group and day
        recorded = facts["recorded"]
        self.own_bill_usd: float = 0.0 if recorded is None else recorded["own_bill_usd"]

    def queue_of(self, who: Contractor) -> Queue:
        """The queue of a contractor that has a machine of its own."""
        if who.curve is None:
            return Queue(self.env, who.slots)
        return Machine(self.env, who.curve, who.outages)

    def agent(self, client: int) -> Worker:
        """A client's own agent."""
        stated = self.homes_stated[client]
        return next(agent for agent in self.agents if agent.written == stated)

    def home_slots(self, client: int) -> float:
        """How many tasks a client can work on at once."""
        slots = self.homes_stated[client]["slots"]
        return math.inf if slots == "unlimited" else float(slots)

    def queue(self, who: Contractor) -> Queue | Machine:
        """A contractor's queue, with the slots that it has now."""
        queue = self.queues[who]
        if isinstance(queue, Queue):
            queue.resize(who.slots)
        return queue

    def day(self, at_s: float) -> int:
        """How many midnights of the clock there have been."""
        return int((self.after_midnight_s + at_s) // 86_400)

    def left_usd(self, client: int) -> float:
        """What a client's group may still commit to contractors today; below 0 after dear bills."""
        name, group = self.groups[client]
        budget_usd = at(group.get("budget_usd_per_day"), self.env.now)
        if budget_usd is None:
            return math.inf
        committed_usd = self.committed_usd[name, self.day(self.env.now)]
        left_usd = float(budget_usd) - committed_usd
        return left_usd if exceeds(committed_usd, budget_usd) else max(0.0, left_usd)

    def find(self, task: Task) -> tuple[list[Contractor], float, float]:
        """Who is found for a task, how long that takes, and what it costs."""
        if self.directory is None:
            return self.contractors, 0.0, 0.0
        places, search_s, messages = self.directory.find(self.env.now, task.client, task.type, self.merit)
        found = [self.contractors[place] for place in places]
        return found, search_s, messages * self.settings["discovery"]["message_usd"]

    def merit(self, type_: str) -> list[float]:
        """What contractors are ranked by where they are discovered: skill, and the cheaper of equals."""
        return [
            self.skill(who, type_) - 1e-6 * self.rank[who] / max(1, self.first)
            if who.is_there(self.env.now)
            else -math.inf
            for who in self.contractors
        ]

    def skill(self, who: Contractor, type_: str) -> float:
        score = None if self.ratings is None else self.ratings.scores[who.place][type_]
        return who.skill(self.near, type_, self.settings["types"][type_]["skills"], score)

    def reliability(self, who: Contractor, type_: str) -> float:
        """Probability of good work: its public score, or what the contractor says of itself."""
        return who.reliability if self.ratings is None else self.ratings.scores[who.place][type_]

    def score(self, who: Contractor) -> float:
        """The public score of a contractor over all types of task."""
        if self.ratings is None:
            return math.nan
        scores = list(self.ratings.scores[who.place].values())
        by_type = self.settings["reputation"]["by_task_type"]
        return sum(scores) / len(scores) if by_type else float(scores[0])

    def good_p(self, who: Contractor, type_: str) -> float:
        """Probability that its work is good, and neither tampered with nor lost: the public record has that
        in it already, what is advertised has not."""
        spoiled_p = who.incident_p["tampered"] + who.incident_p["lost"] if self.ratings is None else 0.0
        return self.reliability(who, type_) * (1 - spoiled_p)

    def other_risk_usd(self, task: Task, who: Contractor) -> float:
        """What is expected to be lost by hiring, bad work left out: value at risk, and leaks."""
        return task.at_risk_usd * who.risk + who.incident_p["leaked"] * self.borne_share * task.leak_usd

    def home_s(self, task: Task, *, really: bool = False) -> float:
        """Time that the work takes at home, as expected or really."""
        stated_s = self.agent(task.client).stated_s(task)
        if stated_s is not None:
            return stated_s
        if really:
            return task.true_home_s
        machine = self.homes[task.client]
        if not isinstance(machine, Machine):
            return task.home_s
        return task.home_s + task.written(really=False) * s_per_token(machine.curve, machine.jobs + 1)

    def home_parts_usd(self, task: Task) -> dict[str, float]:
        """What running a task at home now is expected to cost: of a machine that serves all its jobs at once,
        a share."""
        machine, parts_usd = self.homes[task.client], task.home_parts_usd
        if not isinstance(machine, Machine):
            return parts_usd
        share_s = self.home_s(task) / min(machine.jobs + 1, machine.curve["max_jobs"])
        return {part: usd * self.hours(share_s) for part, usd in parts_usd.items()}

    def hours(self, seconds: float) -> float:
        """Hours that the rates are charged for so many seconds."""
        return seconds * HOURS[self.settings["cost_model"]["internal"]["execution_time_unit"]]

    def stay(self, task: Task) -> Stay:
        """What a client expects of its own agent now; without a GPU it can only bear the loss."""
        loss_usd, agent, slots = task.whole.loss_usd, self.agent(task.client), self.home_slots(task.client)
        if slots == 0:
            return Stay(0.0, 0.0, 0.0, 0.0, loss_usd)
        now_s, work_s = self.env.now, self.home_s(task)
        turnaround_s = self.homes[task.client].expected_wait_s(now_s, now_s) + work_s
        late_usd = others_late_usd = 0.0
        time_factor = self.time_factors.of(task.type, agent)
        corrected_s, work_s = turnaround_s * time_factor, work_s * time_factor
        if self.opportunity == "later_tasks":
            others_late_usd = task.later_usd
        elif self.opportunity in ("expected_delay", "queue"):
            late_usd = max(0.0, corrected_s - task.max_latency_s) * self.late_usd_per_s
        if self.opportunity == "queue" and slots < math.inf:
            # The next task is expected in a gap; it waits for this one too, or only for those before.
            gap_s, wait_s = now_s / max(1, self.arrived[self.machine[task.client]]), corrected_s - work_s
            with_s = max(0.0, wait_s + work_s / slots - gap_s) + work_s - task.max_latency_s
            without_s = max(0.0, wait_s - gap_s) + work_s - task.max_latency_s
            others_late_usd = (max(0.0, with_s) - max(0.0, without_s)) * self.late_usd_per_s
        plain_usd = sum(self.home_parts_usd(task).values()) + (agent.stated["price_usd"] + self.own_bill_usd)
        late_usd += others_late_usd
        usd = plain_usd * self.charge_factors.of(task.type, agent) + late_usd
        usd += (1 - self.own_good_p(task)) * loss_usd
        return Stay(turnaround_s, late_usd, others_late_usd, plain_usd, usd)

    def own_good_p(self, task: Task) -> float:
        """Probability of good work at home, as it is or, where work is rated, by the client's own record."""
        agent = self.agent(task.client)
        if self.ratings is not None:
            return self.own_ratings.scores[self.agents.index(agent)][task.type]
        return agent.success_p(task.type)

    def quote(self, task: Task, who: Contractor, search_s: float, stay: Stay) -> Offer | None:
        """What a contractor offers now; None where bargaining finds no price that suits both, or for more
        than the client may commit."""
        factor, time_factor = self.charge_factors.of(task.type, who), self.time_factors.of(task.type, who)
        queue, pricing = self.queue(who), self.external["pricing"]
        arrival_s = self.env.now + (search_s + self.setup_s + task.transfer_s) + who.network_s
        wait_s = queue.expected_wait_s(self.env.now, arrival_s) + search_s
        overhead_s = who.network_s + (self.setup_s + task.transfer_s + task.check_s)
        jobs = queue.jobs + 1
        work_s = who.work_s(task, jobs)
        latency_s = work_s * self.work_factor + overhead_s + wait_s

        fees_usd = task.communication_usd + task.check["usd"] + self.external["integration_usd"]
        late_usd = max(0.0, latency_s * time_factor - task.max_latency_s) * self.late_usd_per_s
        at_stake_usd = stay.usd if self.goes_on(after=1) else task.whole.loss_usd
        risk_usd = (1 - self.good_p(who, task.type)) * at_stake_usd + self.other_risk_usd(task, who)

        times, own_usd = self.cheats.asked(who, self.env.now), who.own_usd(task, jobs)
        asked_usd, due_usd = (times * who.list_price_usd(task, really=really) for really in (False, True))
        if pricing["kind"] == "load":
            load = queue.jobs / queue.slots if queue.slots > 0 else math.inf
            dearer = 1 + pricing["slope"] * min(load, pricing["max_load"])
            asked_usd, due_usd = asked_usd * dearer, due_usd * dearer
        own_usd = asked_usd if own_usd is None else own_usd
        if pricing["kind"] == "bargained":  # eq. 14: they share what hiring saves over home
            surplus_usd = stay.usd - (fees_usd * factor + late_usd + risk_usd) - own_usd
            if surplus_usd < 0:
                return None
            asked_usd = due_usd = own_usd + (1 - pricing["client_weight"]) * surplus_usd
        if exceeds(asked_usd, self.left_usd(task.client)):
            return None
        plain_usd = asked_usd + fees_usd
        return Offer(
            contractor=who,
            search_s=search_s,
            work_s=work_s,
            latency_s=latency_s,
            asked_usd=asked_usd,
            due_usd=due_usd,
            honest_usd=due_usd / times,
            shown_usd=asked_usd * factor if self.by_use else asked_usd,
            plain_usd=plain_usd,
            external_usd=plain_usd * factor + late_usd + risk_usd,
            home_usd=stay.usd,
            own_usd=own_usd,
            bid_usd=self.cheats.bids(who, self.env.now) * own_usd,
            reliability=self.reliability(who, task.type),
            security=1 - who.unsafe,
            eligible=not exceeds(self.settings["skills"]["threshold"], self.skill(who, task.type)),
        )

    def goes_on(self, *, after: int) -> bool:
        """Whether a task is done over when so many contracts on it have come to nothing."""
        recovery = self.rules["recovery"]
        return bool(after <= recovery["retries"] or recovery["then"] == "local")

    def correct(self, task: Task, who: Worker, estimated_usd: float, charged_usd: float) -> None:
        """Let estimates of charges learn from what was charged."""
        self.charge_factors.learn(task.type, who, estimated_usd, charged_usd)

    def correct_times(self, task: Task, who: Worker, estimated_s: float, took_s: float) -> None:
        """Let estimates of lateness learn from how long work took that came to its end."""
        self.time_factors.learn(task.type, who, estimated_s, took_s)
