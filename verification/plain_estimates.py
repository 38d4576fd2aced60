"""What clients know, and what they estimate by it when they decide; see `verification/plain_market.py`."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import simpy

from verification.plain_given import Contractor, Task, Worker, draw
from verification.plain_knowledge import OWN_RECORD, Broadcast, Gossip, Ratings, Registry
from verification.plain_policies import Offer, exceeds
from verification.plain_skills import Nearness

ROUNDING_S = 1e-6
"""By how much a contract may miss its deadline through rounding alone."""


class Queue:
    """Slots behind one first-come queue: a client's GPUs, or a contractor's capacity.

    `waiting` holds how long each job in the queue is expected to take, `waiting_s` all of them, `working`
    when each of those at work is expected to end; `coming` counts those taken in whose data are on their way.
    """

    def __init__(self, env: simpy.Environment, slots: float) -> None:
        self.slots, self.limited = slots, slots < math.inf
        self.resource = simpy.Resource(env, capacity=max(1, slots))  # type: ignore[arg-type]
        self.waiting: list[float] = []
        self.waiting_s = 0.0
        self.working: list[float] = []
        self.coming = 0

    def resize(self, slots: float) -> None:
        """Have so many slots: more are given to those who wait, and running work keeps its own."""
        if slots != self.slots:
            self.slots = slots
            self.resource._capacity = slots
            self.resource._trigger_put(None)

    @property
    def jobs(self) -> int:
        return len(self.waiting) + len(self.working)

    def join(self, expected_s: float) -> None:
        self.waiting.append(expected_s)
        self.waiting_s += expected_s

    def leave(self, expected_s: float) -> None:
        self.waiting.remove(expected_s)
        self.waiting_s = self.waiting_s - expected_s if self.waiting else 0.0

    def takes_in(self, limit: int | None) -> bool:
        """Whether one more job finds a slot, or a place among those that may wait."""
        if not self.limited or self.slots == 0:
            return not self.limited
        return limit is None or self.jobs + self.coming < self.slots + limit

    def expected_wait_s(self, now_s: float, arrival_s: float) -> float:
        """For a job that arrives then: until as many have left as there are before it, as is expected now.

        Where more wait than are at work: until all the work in sight, shared by all slots, is done. Slots
        that are free now are taken by the first in the queue.
        """
        if self.jobs < self.slots or self.slots == 0:
            return 0.0
        turn, free_slots = self.jobs - int(self.slots), max(0, int(self.slots) - len(self.working))
        at_work = self.working + [now_s + expected_s for expected_s in self.waiting[:free_slots]]
        if turn < len(at_work):
            free_s = sorted(at_work)[turn]
        else:
            left_s = sum(end_s - now_s for end_s in self.working if end_s > now_s)
            free_s = now_s + (self.waiting_s + left_s) / self.slots
        return max(0.0, free_s - arrival_s)


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
        self.home = Worker(facts, self.settings["clients"], len(self.contractors), lambda: env.now)
        self.by_use = any(worker.bills_by_use for worker in (*self.contractors, self.home))
        cheapest_first = sorted(self.contractors, key=lambda who: float(who.stated["price_usd"]))
        self.rank = {who: place for place, who in enumerate(cheapest_first)}

        clients, slots = self.settings["clients"]["count"], self.settings["clients"]["slots"]
        self.home_slots: float = math.inf if slots == "unlimited" else slots
        self.homes = [Queue(env, self.home_slots) for _ in range(clients)]
        self._queues = {who: Queue(env, who.slots) for who in self.contractors}
        self.arrived = [0] * clients

        types, reputation = list(self.settings["types"]), self.settings["reputation"]
        self.ratings: Ratings | None = None
        if reputation is not None:
            advertised = [who.reliability for who in self.contractors]
            self.ratings = Ratings(reputation, types, clients, advertised)
            self.own_ratings = Ratings(OWN_RECORD, types, 1, [0.0])
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
            self.directory = Gossip(rules, agents, clients, types)
        recorded = facts["recorded"]
        self.recorded_bill_usd: float = 0.0 if recorded is None else recorded["own_bill_usd"]

    def queue(self, who: Contractor) -> Queue:
        """A contractor's queue, with the slots that it has now."""
        self._queues[who].resize(who.slots)
        return self._queues[who]

    def find(self, task: Task) -> tuple[list[Contractor], float, float]:
        """Who is found for a task, how long that takes, and what it costs."""
        if self.directory is None:
            return self.contractors, 0.0, 0.0
        places, search_s, messages = self.directory.find(self.env.now, task.client, task.type, self.merit)
        found = [self.contractors[place] for place in places]
        return found, search_s, messages * self.settings["discovery"]["message_usd"]

    def merit(self, type_: str) -> list[float]:
        """What contractors are ranked by where they are discovered: skill, and the cheaper of equals."""
        n = len(self.contractors)
        return [self.skill(who, type_) - 1e-6 * self.rank[who] / n for who in self.contractors]

    def skill(self, who: Contractor, type_: str) -> float:
        score = None if self.ratings is None else self.ratings.scores[who.place][type_]
        return who.skill(self.near, type_, self.settings["types"][type_]["skills"], score)

    def reliability(self, who: Contractor, type_: str) -> float:
        """Probability of good work: its public score, or what the contractor says of itself."""
        return who.reliability if self.ratings is None else self.ratings.scores[who.place][type_]

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
        stated_s = self.home.stated_s(task)
        if stated_s is not None:
            return stated_s
        return task.true_home_s if really else task.home_s

    def stay(self, task: Task) -> Stay:
        """What a client expects of its own agent now; without a GPU it can only bear the loss."""
        loss_usd = task.whole.loss_usd
        if self.home_slots == 0:
            return Stay(0.0, 0.0, 0.0, 0.0, loss_usd)
        now_s, work_s = self.env.now, self.home_s(task)
        turnaround_s = self.homes[task.client].expected_wait_s(now_s, now_s) + work_s
        late_usd = others_late_usd = 0.0
        time_factor = self.time_factors.of(task.type, self.home)
        corrected_s, work_s = turnaround_s * time_factor, work_s * time_factor
        if self.opportunity == "later_tasks":
            others_late_usd = task.later_usd
        elif self.opportunity in ("expected_delay", "queue"):
            late_usd = max(0.0, corrected_s - task.max_latency_s) * self.late_usd_per_s
        if self.opportunity == "queue" and self.home_slots < math.inf:
            # The next task is expected in a gap; it waits for this one too, or only for those before.
            gap_s, wait_s = now_s / max(1, self.arrived[task.client]), corrected_s - work_s
            with_s = max(0.0, wait_s + work_s / self.home_slots - gap_s) + work_s - task.max_latency_s
            without_s = max(0.0, wait_s - gap_s) + work_s - task.max_latency_s
            others_late_usd = (max(0.0, with_s) - max(0.0, without_s)) * self.late_usd_per_s
        plain_usd = sum(task.home_parts_usd.values()) + self.home.stated["price_usd"] + self.recorded_bill_usd
        late_usd += others_late_usd
        usd = plain_usd * self.charge_factors.of(task.type, self.home) + late_usd
        usd += (1 - self.own_good_p(task)) * loss_usd
        return Stay(turnaround_s, late_usd, others_late_usd, plain_usd, usd)

    def own_good_p(self, task: Task) -> float:
        """Probability of good work at home, as it is or, where work is rated, by the client's own record."""
        if self.ratings is not None:
            return self.own_ratings.scores[0][task.type]
        return self.home.success_p(task.type)

    def quote(self, task: Task, who: Contractor, search_s: float, stay: Stay) -> Offer | None:
        """What a contractor offers now; None where bargaining finds no price that suits both."""
        factor, time_factor = self.charge_factors.of(task.type, who), self.time_factors.of(task.type, who)
        queue, pricing = self.queue(who), self.external["pricing"]
        arrival_s = self.env.now + (search_s + self.setup_s + task.transfer_s) + who.network_s
        wait_s = queue.expected_wait_s(self.env.now, arrival_s) + search_s
        overhead_s = who.network_s + (self.setup_s + task.transfer_s + task.check_s)
        work_s = who.work_s(task)
        latency_s = work_s * self.work_factor + overhead_s + wait_s

        fees_usd = task.communication_usd + task.check["usd"] + self.external["integration_usd"]
        late_usd = max(0.0, latency_s * time_factor - task.max_latency_s) * self.late_usd_per_s
        at_stake_usd = stay.usd if self.goes_on(after=1) else task.whole.loss_usd
        risk_usd = (1 - self.good_p(who, task.type)) * at_stake_usd + self.other_risk_usd(task, who)

        asked_usd, own_usd = who.list_price_usd(task), who.own_usd(task)
        due_usd = who.list_price_usd(task, really=True)
        if pricing["kind"] == "load":
            load = queue.jobs / queue.slots if queue.slots > 0 else math.inf
            dearer = 1 + pricing["slope"] * min(load, pricing["max_load"])
            asked_usd, due_usd = asked_usd * dearer, due_usd * dearer
        bid_usd = asked_usd if own_usd is None else own_usd
        if pricing["kind"] == "bargained":  # eq. 14: they share what hiring saves over home
            surplus_usd = stay.usd - (fees_usd * factor + late_usd + risk_usd) - bid_usd
            if surplus_usd < 0:
                return None
            asked_usd = due_usd = bid_usd + (1 - pricing["client_weight"]) * surplus_usd
        plain_usd = asked_usd + fees_usd
        return Offer(
            contractor=who,
            search_s=search_s,
            work_s=work_s,
            latency_s=latency_s,
            asked_usd=asked_usd,
            due_usd=due_usd,
            shown_usd=asked_usd * factor if self.by_use else asked_usd,
            plain_usd=plain_usd,
            external_usd=plain_usd * factor + late_usd + risk_usd,
            home_usd=stay.usd,
            bid_usd=bid_usd,
            reliability=self.reliability(who, task.type),
            security=1 - who.insecure,
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
