"""Work on a client's own GPUs: what is expected of it, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalesce_sim.cost_parts import HOME
from coalesce_sim.economics.internal import HOURS_PER_UNIT, Delay, next_late_s
from coalesce_sim.market.batches import Batch
from coalesce_sim.market.contracts.endings import Endings
from coalesce_sim.market.contracts.knowledge import Expected, Knowledge
from coalesce_sim.market.contracts.open_block import OpenContractBlock
from coalesce_sim.market.contracts.quotes import Stay
from coalesce_sim.market.contracts.results import GroundTruth
from coalesce_sim.market.first_come import Waiting
from coalesce_sim.market.opportunity import Facts, of_delay, of_later_tasks
from coalesce_sim.market.trade import Events, Onward, Venue
from coalesce_sim.policies.protocol import LOCAL, Outcome


@dataclass(slots=True)
class OwnWork:
    """A task being done at home, with what its client expected when it was decided, of the work alone
    `expected_s`, and its place in the queue, None where there is none."""

    opened: OpenContractBlock
    task: int
    stay: Stay
    decided_s: float
    expected_s: float
    place: Waiting | None
    spent_usd: float = 0.0
    good: bool = False


class Home:
    """All clients' own work.

    `own_late_usd_per_s` is what clients reckon with where their own work is late.
    """

    def __init__(self, venue: Venue, knowledge: Knowledge, endings: Endings, truth: GroundTruth) -> None:
        scenario, homes = venue.scenario, venue.scenario.clients.homes
        self._queues, self._knowledge, self._endings = venue.queues, knowledge, endings
        self._listens = venue.listens
        self._home_of: list[int] = scenario.clients.home_of.tolist()
        self._machine_of: list[int] = scenario.clients.machine_of.tolist()
        self._truth, self._finds_out = truth, truth.own_success_moves and knowledge.ratings is None
        self._slots = [home.slots for home in homes]
        self._curves = [home.batch_curve for home in homes]
        self._hours_per_s = HOURS_PER_UNIT[scenario.cost_model.internal.execution_time_unit]
        self._late_usd_per_s = scenario.cost_model.late_usd_per_s
        self._opportunity = scenario.cost_model.internal.opportunity
        reckons = self._opportunity in ("expected_delay", "queue")
        self.own_late_usd_per_s = self._late_usd_per_s if reckons else 0.0

    def exists(self, client: int) -> bool:
        """Whether a client has a GPU."""
        return self._slots[self._home_of[client]] != 0

    def of(self, client: int) -> int:
        """The home of a client, as what is known of homes is kept."""
        return self._home_of[client]

    def expect(self, opened: OpenContractBlock, task: int) -> Stay:
        """The estimate for a task; a client without a GPU can only bear the loss."""
        client = opened.client[task]
        home = self._home_of[client]
        if self._slots[home] == 0:
            return Stay(0.0, 0.0, 0.0, 0.0, opened.layout.loss_usd[task])
        now_s = self._queues.env.now
        if self._finds_out:
            self._find_out(now_s)
        work_s, running_usd = opened.expected_s[task], opened.running_usd[task]
        if self._curves[home] is not None:
            work_s, machine_s = self._among_others(opened, task)
            running_usd *= machine_s * self._hours_per_s
        turnaround_s = self._queues.homes[client].expected_wait_s(now_s, now_s) + work_s
        type_id, known = opened.type_id[task], self._knowledge
        time_factor = float(known.time_factors[type_id, home])
        own_usd, others_usd = self._lateness_usd(opened, task, turnaround_s, work_s, time_factor)
        late_usd = own_usd + others_usd
        plain_usd = running_usd + self._truth.own_price_at(now_s, home)
        expected_loss_usd = (1 - float(known.own[type_id, home])) * opened.layout.loss_usd[task]
        internal_usd = plain_usd * float(known.factors[type_id, home]) + late_usd + expected_loss_usd
        return Stay(turnaround_s, late_usd, own_usd, plain_usd, internal_usd)

    def takes_s(self, opened: OpenContractBlock, task: int) -> float:
        """How long the work on a task is expected to take if it begins now."""
        if self._curves[self._home_of[opened.client[task]]] is None:
            return opened.expected_s[task]
        return self._among_others(opened, task)[0]

    def _among_others(self, opened: OpenContractBlock, task: int) -> tuple[float, float]:
        """The same on a machine that serves all its jobs at once, and the share of its time that it takes."""
        machine = self._queues.homes[opened.client[task]]
        assert isinstance(machine, Batch)
        tokens = float(opened.block.tasks.expected_output_tokens[task])
        takes_s = opened.expected_s[task] + tokens * machine.pace_s
        return takes_s, takes_s / machine.crowd

    def _running_usd(self, opened: OpenContractBlock, task: int) -> list[float]:
        """What running a task now is expected to cost, by its parts."""
        parts_usd = opened.running_parts_usd[:, task]
        if self._curves[self._home_of[opened.client[task]]] is not None:
            parts_usd = parts_usd * (self._among_others(opened, task)[1] * self._hours_per_s)
        parts: list[float] = parts_usd.tolist()
        return parts

    def open(self, opened: OpenContractBlock) -> None:
        """Leave open what it is expected to cost where machines serve all their jobs at once: that hangs on
        the moment (`note`)."""
        if any(self._curves):
            curved = np.array([curve is not None for curve in self._curves])
            shares = curved[np.array(self._home_of)[opened.client]]
            for column in opened.block.home.running:
                column[shares] = 0.0

    def note(self, opened: OpenContractBlock, task: int, stay: Stay) -> None:
        """Enter in the block what was expected of home when a task was first decided."""
        estimate = opened.block.home
        estimate.opportunity_usd[task] = stay.opportunity_usd
        if self._curves[self._home_of[opened.client[task]]] is not None:
            for column, usd in zip(estimate.running, self._running_usd(opened, task), strict=True):
                column[task] = usd

    def _find_out(self, now_s: float) -> None:
        """Clients whose work is not rated know how good their own agent is now."""
        own = self._knowledge.own
        for (type_id, home), _ in np.ndenumerate(own):
            own[type_id, home] = self._truth.own_success_at(now_s, type_id, home)

    def _lateness_usd(
        self, opened: OpenContractBlock, task: int, plain_s: float, work_s: float, time_factor: float
    ) -> tuple[float, float]:
        """What the task's own lateness would cost, and what it would add to that of others."""
        if self._opportunity == "later_tasks":
            return 0.0, float(opened.block.home.opportunity_usd[task])
        if self.own_late_usd_per_s == 0:
            return 0.0, 0.0
        delay = self._delay(opened, task, plain_s, work_s, time_factor)
        return delay.late_s * self._late_usd_per_s, (delay.next_late_s or 0.0) * self._late_usd_per_s

    def _delay(
        self, opened: OpenContractBlock, task: int, plain_s: float, work_s: float, time_factor: float
    ) -> Delay:
        """How late it would be at home, and how much later the next one for it, corrected by experience."""
        work_s, target_s = work_s * time_factor, opened.layout.max_latency_s[task]
        turnaround_s = plain_s * time_factor
        wait_s, late_s = turnaround_s - work_s, max(0.0, turnaround_s - target_s)
        client = opened.client[task]
        slots = self._slots[self._home_of[client]]
        if self._opportunity != "queue" or not isinstance(slots, int):
            return Delay(wait_s, work_s, target_s, late_s, None, None)
        gap_s = self._queues.env.now / max(1, self._queues.arrivals[self._queues.machine_of[client]])
        more_s = next_late_s(wait_s, work_s, target_s, slots=slots, gap_s=gap_s)
        return Delay(wait_s, work_s, target_s, late_s, gap_s, more_s)

    def opportunity(self, opened: OpenContractBlock, task: int) -> Facts:
        """What the opportunity cost of a task is made of."""
        client = opened.client[task]
        if not self.exists(client) or self._opportunity == "none":
            return {"rule": "none"}
        if self._opportunity == "later_tasks":
            return of_later_tasks(opened.block, task)
        factor = float(self._knowledge.time_factors[opened.type_id[task], self._home_of[client]])
        plain_s, home = self.expect(opened, task).turnaround_s, self._queues.homes[client]
        delay = self._delay(opened, task, plain_s, self.takes_s(opened, task), factor)
        return of_delay(self._opportunity, delay, self._late_usd_per_s, home) | {"time_factor": factor}

    def begin(self, opened: OpenContractBlock, task: int, stay: Stay) -> OwnWork | None:
        """Put a task in the client's own queue; without a GPU it comes to nothing at once."""
        opened.records.contractor[task] = LOCAL
        if not self.exists(opened.client[task]):
            self._endings.fail(opened, task)
            return None
        now_s, home = self._queues.env.now, self._queues.homes[opened.client[task]]
        expected_s = self.takes_s(opened, task)
        place = home.join(now_s, expected_s, opened.local_s[task]) if home.limited else None
        return OwnWork(opened, task, stay, now_s, expected_s, place)

    def work(self, attempt: OwnWork) -> Events:
        """Queue and service."""
        opened, task, env = attempt.opened, attempt.task, self._queues.env
        home = self._queues.homes[opened.client[task]]
        if home.limited:
            request = home.resource.request()
            yield request
            expected_end_s = home.begin(env.now, attempt.expected_s, attempt.place)
        uptime = self._queues.outages_at_home(opened.client[task])
        if uptime is not None and (repair_s := uptime.repair_s(env.now)) > 0:
            yield env.timeout(repair_s)
        self._endings.began(opened, task)
        if isinstance(home, Batch):
            yield from self._beside_others(opened, task, home)
        else:
            takes_s = opened.local_s[task]
            yield env.timeout(takes_s if uptime is None else uptime.takes_s(env.now, takes_s))
        if home.limited:
            home.end(env.now, expected_end_s)
            home.resource.release(request)

    def _beside_others(self, opened: OpenContractBlock, task: int, machine: Batch) -> Events:
        """Service on a machine that serves all its jobs at once, at the cost of a share of its time."""
        truth = opened.block.truth
        tokens = float(truth.output_tokens[task] * truth.local_time_factor[task])
        job = machine.take_up(opened.local_s[task], tokens)
        yield job.done
        machine.put_down(job)
        opened.share_machine(task, job.machine_s * self._hours_per_s)

    def end(self, attempt: OwnWork) -> None:
        """Charge what it cost."""
        opened, task = attempt.opened, attempt.task
        attempt.good = opened.results.work(task, LOCAL, self._queues.env.now).honest_good
        attempt.spent_usd = opened.charge_usd[task]
        parts_usd, again = opened.home_parts_usd[:, task], bool(opened.tried[task])
        self._endings.charge_attempt(opened, task, attempt.spent_usd, HOME, parts_usd, again=again)

    def learn(self, attempt: OwnWork) -> Outcome | None:
        """A client knows what its own agent's work is worth, and what it cost."""
        opened, task, stay, now_s = attempt.opened, attempt.task, attempt.stay, self._queues.env.now
        client, type_id = opened.client[task], opened.type_id[task]
        home = self._home_of[client]
        target_s, took_s = opened.layout.max_latency_s[task], now_s - attempt.decided_s
        late_usd = max(0.0, took_s - target_s) * self._late_usd_per_s
        expected = Expected(stay.plain_usd, stay.turnaround_s, target_s, self.own_late_usd_per_s)
        self._knowledge.bill(now_s, home, type_id, expected, attempt.spent_usd, late_usd)
        self._knowledge.took(home, type_id, expected, took_s)
        self._knowledge.rate_own(now_s, home, type_id, good=attempt.good)
        if not self._listens:
            return None
        loss_usd = 0.0 if attempt.good else opened.layout.loss_usd[task]
        return Outcome(
            task=opened.block.first + task,
            client=client,
            type_id=type_id,
            contractor=LOCAL,
            decided_s=attempt.decided_s,
            finished_s=now_s,
            estimated_usd=stay.internal_usd,
            internal_usd=stay.internal_usd,
            price_usd=0.0,
            realised_usd=attempt.spent_usd + late_usd + loss_usd,
            success=attempt.good,
        )

    def recover(self, attempt: OwnWork) -> Onward[OwnWork]:
        """Whatever it was worth, it is not done again."""
        return Onward(self._endings.done(attempt.opened, attempt.task, good=attempt.good))

    def parts(self, opened: OpenContractBlock, task: int) -> dict[str, float]:
        """The parts in USD that make up the estimate at home."""
        stay = self.expect(opened, task)
        client, type_id, known = opened.client[task], opened.type_id[task], self._knowledge
        if not self.exists(client):
            return {"expected_loss_usd": stay.internal_usd}
        home = self._home_of[client]
        compute, memory, energy, depreciation = self._running_usd(opened, task)
        return {
            "compute_usd": compute,
            "memory_usd": memory,
            "energy_usd": energy,
            "opportunity_usd": stay.opportunity_usd,
            "depreciation_usd": depreciation,
            "own_price_usd": self._truth.own_price_at(self._queues.env.now, home),
            "correction_usd": stay.plain_usd * (float(known.factors[type_id, home]) - 1),
            "expected_loss_usd": (1 - float(known.own[type_id, home])) * opened.layout.loss_usd[task],
        }
