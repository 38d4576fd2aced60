"""What is so before anybody decides: the tasks and their steps, the workers, what they take and ask.

Equations are those of the paper (arXiv 2506.01900). All of it follows from the facts alone; see
`verification/plain_market.py` for what happens then.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

from verification.plain_skills import Nearness

Settings = dict[str, Any]

PART_OF_THE_WORK = (
    *("documents", "data_gb", "output_gb", "prompt_tokens", "cached_tokens", "output_tokens"),
    *("expected_output_tokens", "value_usd", "budget_usd"),
)
"""Of these a step has its part; everything else is as in the whole."""

HOURS = {"hour": 1.0, "minute": 1 / 60, "second": 1 / 3600}


AT_HOME = "slots", "batch_curve", "hardware", "slot_usd_per_h", "price_usd", "success", "outcomes"
"""What is true of a client's home."""


def groups_of(clients: Settings) -> list[tuple[str | None, Settings]]:
    """The group of each client, with its name; None where there are none."""
    groups = clients["groups"] or {None: {"count": clients["count"]}}
    return [(name, group) for name, group in groups.items() for _ in range(group["count"])]


def boxes_of(clients: Settings) -> list[str | None]:
    """The box that each client shares: its group's, or that of all unless the group says where it works."""
    names = "box", "slots", "batch_curve", "hardware"
    return [
        clients["box"] if all(group.get(name) is None for name in names) else group["box"]
        for _, group in groups_of(clients)
    ]


def homes_of(settings: Settings) -> list[Settings]:
    """What is true of each client's home: what its group says of it and, of the rest, what is said of all; on
    a box, what that is."""
    clients = settings["clients"]
    homes = []
    for (_, group), box in zip(groups_of(clients), boxes_of(clients), strict=True):
        home = {name: clients[name] if group.get(name) is None else group[name] for name in AT_HOME}
        if group.get("slots") is not None:
            home["batch_curve"] = group["batch_curve"]
        if group.get("hardware") is not None:
            home["slot_usd_per_h"] = group["slot_usd_per_h"]
        homes.append(home if box is None else home | settings["boxes"][box])
    return homes


@dataclass(eq=False)
class Whole:
    """A task as it came, done when all its steps are; most tasks have one step, themselves.

    `undivided` is the task to be done in place of the steps, where the policy is to decide that, and `number`
    that of its first row.
    """

    number: int
    target_s: float
    loss_usd: float
    integration_usd: float
    undivided: Task | None = None
    steps: list[Task] = field(default_factory=list)
    done: int = 0
    bad: bool = False
    ended: bool = False


def tasks_of(facts: dict[str, Any]) -> list[Task]:
    """All tasks in the order of decision, composite ones in their steps."""
    settings, factors = facts["settings"], iter(facts["factors"])
    homes, groups = homes_of(settings), groups_of(settings["clients"])
    rework_usd = settings["contracts"]["rework_usd"]
    tasks: list[Task] = []
    for drawn in facts["tasks"]:
        kind, home = settings["types"][drawn["type"]], homes[drawn["client"]]
        loss_usd = drawn["value_usd"] if rework_usd is None else rework_usd
        steps = {} if kind["decompose"] == "never" else kind["steps"] or {}
        in_steps = kind["integration_usd"], kind["split_usd"], kind["split_s"]
        integration_usd, split_usd, split_s = in_steps if steps else (0.0, 0.0, 0.0)
        latest_min = {name: each["max_latency_min"] for name, each in settings["types"].items()}
        latest_min |= groups[drawn["client"]][1].get("max_latency_min") or {}
        home = home | {"max_latency_min": latest_min}
        whole = Whole(len(tasks), 60 * latest_min[drawn["type"]], loss_usd, integration_usd)
        if not steps or kind["decompose"] == "policy":
            itself = {"type": drawn["type"], "work": 1.0}
            tasks.append(Task(settings, home, len(tasks), whole, drawn, itself, [], next(factors)))
            if steps:
                whole.undivided = tasks[-1]
            else:
                whole.steps.append(tasks[-1])
        by_name: dict[str, Task] = {}
        for name, step in steps.items():
            after = [by_name[other] for other in step["after"]]
            task = by_name[name] = Task(settings, home, len(tasks), whole, drawn, step, after, next(factors))
            task.split_usd, task.split_s = split_usd, split_s
            task.left += whole.undivided is not None  # it waits for the decision, too
            task.row["split"] = whole.undivided is None
            whole.steps.append(task)
            tasks.append(task)
    for task in tasks:
        task.row["group"] = groups[task.client][0]
    if settings["cost_model"]["internal"]["opportunity"] == "later_tasks":
        # The best value per hour that waits meanwhile (eq. 5): the client's later tasks of the same time.
        best_usd_per_h: dict[tuple[int, float], float] = defaultdict(float)
        behind_whole: dict[Whole, float] = {}
        for task in reversed(tasks):
            queue = task.client, task.arrival_s
            behind = behind_whole.setdefault(task.whole, best_usd_per_h[queue])
            if task is not task.whole.undivided:  # whose own steps do not wait for it
                behind = best_usd_per_h[queue]
            task.later_usd = task.row["internal_opportunity_usd"] = behind * task.hours
            rate = task.given["value_usd"] / max(0.1, task.given["duration_h"])
            best_usd_per_h[queue] = max(best_usd_per_h[queue], rate)
    return tasks


PARTS = (
    *("home_compute_usd", "home_memory_usd", "home_energy_usd", "home_depreciation_usd", "home_bill_usd"),
    *("price_usd", "communication_usd", "verification_usd", "integration_usd", "search_usd"),
    *("coordination_usd", "lateness_usd", "loss_usd", "leak_usd"),
)
"""What a task may be charged for."""


class Task:
    """What is decided on: a task, or a step of a composite one.

    `home` is that of its client, and what it says of targets; `factors` lie between what is expected and what
    happens; `row` is what will be told of it, by the names of ``decisions.parquet``.
    """

    def __init__(
        self,
        settings: Settings,
        home: Settings,
        number: int,
        whole: Whole,
        drawn: dict[str, Any],
        step: dict[str, Any],
        after: list[Task],
        factors: dict[str, float],
    ) -> None:
        self.number, self.whole, self.type, self.client = number, whole, step["type"], drawn["client"]
        self.after, self.left = after, len(after)
        self.split_usd = self.split_s = 0.0  # what coordinating it costs and takes, where it is a step
        self.factors, self.recorded = factors, drawn["recorded"]
        self.logged: dict[str, Any] = drawn["logged"]
        expected_tokens = settings["types"][drawn["type"]]["expected_output_tokens"]  # as its whole says
        if expected_tokens is None:
            expected_tokens = settings["attributes"]["expected_output_tokens"]
        given = drawn | {"expected_output_tokens": expected_tokens}
        given |= {name: given[name] * step["work"] for name in PART_OF_THE_WORK}
        self.given, kind = given, settings["types"][self.type]
        self.arrival_s: float = given["arrival_s"]
        self.max_latency_s: float = 60 * home["max_latency_min"][self.type]
        reference_gb = settings["cost_model"]["internal"]["flop_reference_gb"]
        self.flop: float = kind["base_flop"] * (given["data_gb"] / reference_gb) * given["complexity"]

        # What a contract on it takes and costs besides the work: data out and back, and verification.
        rules, external = settings["contracts"], settings["cost_model"]["external"]
        moved_gb = given["data_gb"] + given["output_gb"]
        per_gb_usd, fixed_usd = external["communication_usd_per_gb"], external["communication_fixed_usd"]
        self.communication_usd: float = per_gb_usd * moved_gb + fixed_usd
        self.transfer_s = 0.0
        if rules["transfer_mb_per_s"] is not None:
            pace = rules["transfer_mb_per_s"] / (1 + rules["security"]["encryption_share"])
            self.transfer_s = 1000 * moved_gb / pace
        by_hand_from_usd = rules["verification"]["manual_from_value_usd"]
        by_hand = by_hand_from_usd is not None and given["value_usd"] >= by_hand_from_usd
        self.check: dict[str, float] = rules["verification"]["manual" if by_hand else "automated"]
        self.check_s = 60 * self.check["minutes"]
        incidents, level = rules["security"]["incidents"], sensitivity(settings, drawn, self.type)
        self.leak_usd: float = 0.0 if incidents is None else incidents["leak_usd"][level]
        critical = settings["attributes"]["criticality"] == "high"
        self.sensitive = level == "high"
        self.at_risk_usd: float = (external["critical_factor"] if critical else 1.0) * given["value_usd"]

        # At home: expected and true times, and what the machine uses up meanwhile.
        hardware: Settings = home["hardware"]
        self.curve: Settings | None = home["batch_curve"]
        beliefs: Settings = hardware["believed"] or {}
        believed = hardware | {name: value for name, value in beliefs.items() if value is not None}
        self.home_s, self.hours = self._at_home(settings, believed, given["expected_output_tokens"], 1.0)
        self.true_home_s, hours = self._at_home(
            settings, hardware, given["output_tokens"], factors["local_time_factor"]
        )
        need = settings["cost_model"]["internal"]["memory"]
        memory_gb = (  # eq. 3
            need["gb_per_model_size"] * given["model_size"]
            + need["gb_per_50k_documents"] * given["documents"] / 50_000
            + need["gb_per_complexity"] * given["complexity"]
        )
        memory_usd_per_h = memory_gb / hardware["memory_gb"] * hardware["memory_usd_per_h"]
        rent_usd: float | None = at(home["slot_usd_per_h"], self.arrival_s)
        expected, true = (
            slot_usd_per_h(machine, rent_usd) | {"memory": memory_usd_per_h}
            for machine in (believed, hardware)
        )
        parts = ("compute", "memory", "energy", "depreciation")  # eq. 2 to 4 and 6
        self.home_parts_usd = {f"internal_{part}_usd": expected[part] * self.hours for part in parts}
        self.true_home_usd = sum(true[part] * hours for part in parts) * factors["local_cost_factor"]
        self.true_home_parts_usd = {
            f"home_{part}_usd": true[part] * hours * factors["local_cost_factor"] for part in parts
        }
        unit_h = HOURS[settings["cost_model"]["internal"]["execution_time_unit"]]
        self._of_a_second_usd = {f"home_{part}_usd": true[part] * unit_h for part in parts}
        self._of_a_shared_second_usd = {f"home_{part}_usd": true[part] / 3600 for part in parts}
        self.later_usd = 0.0
        self.row = self._blank_row()

    def written(self, *, really: bool) -> float:
        """Tokens of the answer, as many as everybody expects or as there really are."""
        tokens: float = self.given["output_tokens" if really else "expected_output_tokens"]
        return tokens

    def _at_home(
        self, settings: Settings, hardware: Settings, output_tokens: float, factor: float
    ) -> tuple[float, float]:
        """Time that the work takes (eq. 1), and hours that the rates are charged for."""
        internal = settings["cost_model"]["internal"]
        stated_min = settings["types"][self.type]["local_min"]
        if internal["work"] == "flop":
            busy_s = factor * (self.flop / slot_flop_s(hardware))
        elif self.curve is not None:  # how long it writes hangs on the other jobs, and costs are of an hour
            return factor * (self.given["prompt_tokens"] / hardware["prefill_tokens_per_s"]), 1.0
        else:
            reading_s = self.given["prompt_tokens"] / hardware["prefill_tokens_per_s"]
            busy_s = factor * (reading_s + output_tokens / hardware["decode_tokens_per_s"])
        work_s = busy_s if stated_min is None else factor * (60 * stated_min * self.given["complexity"])
        return work_s, busy_s * HOURS[internal["execution_time_unit"]]

    def logged_home_usd(self, s: float) -> dict[str, float]:
        """What the machine of its client costs for so many seconds, by the names of its parts."""
        each_usd = self._of_a_second_usd if self.curve is None else self._of_a_shared_second_usd
        return {part: usd * s for part, usd in each_usd.items()}

    def share_machine(self, hours: float) -> None:
        """It took so many hours of a machine that served others too."""
        self.true_home_parts_usd = {part: usd * hours for part, usd in self.true_home_parts_usd.items()}
        self.true_home_usd = sum(self.true_home_parts_usd.values())

    def _blank_row(self) -> dict[str, Any]:
        """What is told of a task that is not decided yet."""
        return {
            "task": self.number,
            "whole": self.whole.number,
            "client": self.client,
            "arrival_s": self.arrival_s,
            "type": self.type,
            "contractor": None,
            "explored": False,
            "estimated_usd": None,
            "realised_usd": 0.0,
            **dict.fromkeys(PARTS, 0.0),
            "retries_usd": 0.0,
            "internal_usd": None,
            **(self.home_parts_usd if self.curve is None else dict.fromkeys(self.home_parts_usd, 0.0)),
            "internal_opportunity_usd": 0.0,
            "estimated_s": None,
            "decided_s": self.arrival_s,
            "started_s": None,
            "max_latency_s": self.max_latency_s,
            "attempts": 0,
            "closes": False,
            "split": False,
            "coordination_s": 0.0,
            "outcome": "completed",
        }

    def closed_row(self) -> dict[str, Any]:
        """What is told of it when it has ended."""
        row = self.row
        known_usd = sum(row[part] for part in (*self.home_parts_usd, "internal_opportunity_usd"))
        internal_usd = row["internal_usd"]
        return row | {
            "choice": "local" if row["contractor"] is None else "contractor",
            "turnaround_s": row["finished_s"] - row["arrival_s"],
            "internal_experience_usd": None if internal_usd is None else internal_usd - known_usd,
        }


def sensitivity(settings: Settings, drawn: dict[str, Any], step_type: str) -> str:
    """How sensitive the data of a task, or of a step of it, are: whoever is nearest to it says it."""
    for says_it in (drawn, settings["types"][step_type], settings["types"][drawn["type"]]):
        if says_it["data_sensitivity"] is not None:
            return str(says_it["data_sensitivity"])
    return str(settings["attributes"]["data_sensitivity"])


def s_per_token(curve: dict[str, Any], jobs: int) -> float:
    """Seconds that a token of each of so many jobs takes; no more are at work than the curve allows."""
    at_work = min(jobs, curve["max_jobs"])
    return float((curve["base_ms_per_token"] + curve["per_job_ms"] * at_work) / 1000)


def slot_flop_s(hardware: dict[str, Any]) -> float:
    """FLOP/s of one slot, which is one request of a batch."""
    peak = hardware["peak_flop_s"] * hardware["utilisation"]
    return float(peak * (hardware["gpus"] / hardware["batch"]))


def slot_usd_per_h(hardware: dict[str, Any], stated_usd: float | None = None) -> dict[str, float]:
    """What one slot costs while it works, memory left out: what is stated, or what the hardware says; a rent
    includes energy and wear."""
    if stated_usd is not None:
        return {"compute": stated_usd, "energy": 0.0, "depreciation": 0.0}
    share, power_w = hardware["gpus"] / hardware["batch"], hardware["power_w"]
    if power_w is None:
        power_w = hardware["tdp_w"] * hardware["utilisation"]
    compute_usd = hardware["compute_usd_per_h"] / hardware["batch"]
    if hardware["basis"] == "rented":
        rent_usd = hardware["rent_usd_per_h"] * share
        return {"compute": compute_usd + rent_usd, "energy": 0.0, "depreciation": 0.0}
    return {
        "compute": compute_usd,
        "energy": power_w / 1000 * hardware["electricity_usd_per_kwh"] * share,
        "depreciation": hardware["purchase_usd"] / hardware["lifetime_h"] * share,
    }


def draw(key: int, *numbers: int) -> float:
    """Uniform on (0, 1), by a key and some integers, each of which gives the key for the next: SplitMix64
    (Steele et al. 2014), of which each is the number of a draw."""
    for number in numbers:
        bits = (key + (number + 1) * 0x9E3779B97F4A7C15) % 2**64
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB % 2**64
        key = bits ^ (bits >> 31)
    return ((key >> 12) + 0.5) / 2**52


def drawn_at(distribution: Any, p: float) -> float:
    """The value that a uniform draw stands for; some distributions only."""
    if isinstance(distribution, int | float):
        return distribution
    (kind, of), *_ = ((name, stated) for name, stated in distribution.items() if stated is not None)
    if kind == "exponential":
        return float(-of["mean"] * math.log1p(-p))
    if kind == "uniform":
        return float(of["low"] + p * (of["high"] - of["low"]))
    if kind == "lognormal":
        return float(of["median"] * math.exp(of["sigma"] * NormalDist().inv_cdf(p)))
    raise ValueError(f"input_reply_s: must be a number, exponential, uniform or lognormal (got {kind!r})")


def at(number: Any, now_s: float) -> Any:
    """What is stated, now: of a number that moves the last value whose time has come."""
    if not isinstance(number, dict) or "at_s" not in number:
        return number
    return [value for at_s, value in zip(number["at_s"], number["values"], strict=True) if at_s <= now_s][-1]


class Worker:
    """Whoever may work on a task: a contractor, or the clients' own agent. `place` is its place in lists.

    `clock` says when it is: what is `stated` may move.
    """

    def __init__(
        self, facts: dict[str, Any], stated: dict[str, Any], place: int, clock: Callable[[], float]
    ) -> None:
        self.written, self.place, self.recorded, self.clock = stated, place, facts["recorded"], clock
        sources = facts["sources"]
        self.source = place if sources is None or place >= len(sources) else sources[place]  # whose records
        self.moving = [name for name, number in stated.items() if at(number, 0.0) is not number]
        self.factor = "local_cost_factor" if place == len(facts["contractors"]) else "external_cost_factor"
        self.correlation, self.luck = facts["settings"]["failure_correlation"], facts["luck"]
        self.identity: int = stated.get("identity", -1)
        self.may_fail: bool = facts["work_may_fail"]
        by_use = (each["bill_usd"] is not None for each in self.outcomes.values())
        self.bills_by_use = self.recorded is not None or any(by_use)

    @property
    def stated(self) -> dict[str, Any]:
        """What is stated of it, as it is now."""
        now_s = self.clock()
        return self.written | {name: at(self.written[name], now_s) for name in self.moving}

    @property
    def outcomes(self) -> dict[str, Any]:
        """What is stated by type of task, as it is now."""
        now_s, by_type = self.clock(), self.written["outcomes"] or {}
        return {
            type_: {name: at(number, now_s) for name, number in outcome.items()}
            for type_, outcome in by_type.items()
        }

    @property
    def success(self) -> float:
        """The probability that its work is good, now, where no outcomes are stated."""
        true_p = self.stated["success"]
        if not self.may_fail:
            return 1.0
        return float(self.stated["reliability"] if true_p is None else true_p)

    def changes_s(self, name: str) -> list[float]:
        """When a number of it that moves does so."""
        times_s: list[float] = self.written[name]["at_s"]
        return times_s

    def does(self, task: Task) -> bool:
        """Whether it offers to do such work."""
        if task.recorded is not None:
            return task.recorded["bill_usd"][self.source] is not None
        return self.stated["outcomes"] is None or task.type in self.outcomes

    def success_p(self, type_: str) -> float:
        """The true probability that its work is good."""
        if self.recorded is not None:
            return float(self.recorded["own_success"][type_])
        return float(self.outcomes[type_]["success"] if type_ in self.outcomes else self.success)

    def stated_s(self, task: Task) -> float | None:
        """How long its work takes, where that is known by the type of task."""
        if self.recorded is not None:
            return float(self.recorded["runtime_s"][task.type][self.source])
        minutes = self.outcomes.get(task.type, {}).get("latency_min")
        return None if minutes is None else 60 * minutes

    def good_p(self, task: Task) -> float:
        """Probability that its work on the task is good; 1 or 0 where that was recorded."""
        if task.recorded is not None:
            return float(task.recorded["good"][self.source])
        return self.success_p(task.type)

    def is_good(self, task: Task, p: float | None = None, again: int = 0) -> bool:
        """Whether its work on the task turns out good after it was tried `again` times before, honest work if
        `p` says nothing else; failures may be correlated by a Gaussian copula."""
        p = self.good_p(task) if p is None else p
        shared, luck = self.correlation, self.draw("work", task, again)
        if shared == 0 or task.recorded is not None:
            return luck < p
        if p in (0.0, 1.0):
            return p == 1.0
        quantile, difficulty = NormalDist().inv_cdf, draw(self.luck["difficulty"], -1, task.number, 0)
        unease = math.sqrt(1 - shared) * quantile(luck) + math.sqrt(shared) * quantile(difficulty)
        return unease < quantile(p)

    def draw(self, purpose: str, task: Task, attempt: int = 0) -> float:
        """Its luck with an attempt at a task."""
        return draw(self.luck[purpose], self.identity, task.number, attempt)

    def bill_usd(self, task: Task, *, good: bool) -> float | None:
        """What it bills by use for work that it did well or not; None where the price agreed on is due."""
        if task.recorded is not None:
            return float(task.recorded["bill_usd"][self.source])
        stated = self.outcomes.get(task.type)
        if stated is None or stated["bill_usd"] is None:
            return None
        failed = stated["failed_bill_usd"] is not None and not good
        return float(stated["failed_bill_usd" if failed else "bill_usd"] * task.factors[self.factor])


class Outages:
    """When a contractor, or a box and all who are on it, is down, by a rule; never without one."""

    def __init__(
        self, rule: dict[str, Any] | None, luck: dict[str, int], box: str | None, identity: int = -1
    ) -> None:
        self.rule = rule
        shared = f"outage.{box}"  # the machine of an agent's names goes down as the agent's own
        self.key, self.identity = (luck[shared], -1) if shared in luck else (luck["outage"], identity)

    def downs_s(self) -> Iterator[tuple[float, float]]:
        """When it goes down and is up again, one outage after the other."""
        rule = self.rule
        if rule is None:
            return
        if rule["at_hours"] is not None:
            yield from ((3600 * begin_h, 3600 * end_h) for begin_h, end_h in rule["at_hours"])
            return
        up_s = 0.0
        for number in itertools.count():
            lasts = [draw(self.key, self.identity, number, which) for which in (0, 1)]
            down_s = up_s - 3600 * rule["mean_up_h"] * math.log1p(-lasts[0])
            up_s = down_s - 3600 * rule["mean_repair_h"] * math.log1p(-lasts[1])
            yield down_s, up_s

    def up_s(self, now_s: float) -> float:
        """From when on it is up: now, or when it is repaired."""
        for begin_s, end_s in self.downs_s():
            if now_s < end_s:
                return end_s if begin_s <= now_s else now_s
        return now_s

    def at_work_s(self, begin_s: float, end_s: float) -> float:
        """For how long it is up between two times."""
        lasted_s = end_s - begin_s
        for down_s, up_s in self.downs_s():
            if down_s >= end_s:
                break
            lasted_s -= max(0.0, min(up_s, end_s) - max(down_s, begin_s))
        return lasted_s

    def done_s(self, begin_s: float, service_s: float) -> tuple[float, bool]:
        """When work ends that it begins, and whether it is lost then."""
        lost_s = self.lost_s(begin_s)
        if lost_s < begin_s + service_s:
            return lost_s, True
        return self.ends_s(begin_s, service_s), False

    def ends_s(self, begin_s: float, service_s: float) -> float:
        """When work ends that waits for repairs and loses nothing."""
        for down_s, up_s in self.downs_s():
            if down_s >= begin_s + service_s:
                break
            service_s += max(0.0, up_s - max(down_s, begin_s))
        return begin_s + service_s

    def lost_s(self, now_s: float) -> float:
        """When all work is lost that goes on now."""
        if self.rule is not None and self.rule["running"] == "lost":
            for down_s, _ in self.downs_s():
                if down_s > now_s:
                    return down_s
        return math.inf


INCIDENTS = "leaked", "tampered", "lost"


def price_factor(security: dict[str, Any]) -> float:
    """What security, and an insurance against leaks, multiply all that contractors charge by."""
    shares = [security[f"{name}_usd_share"] for name in ("key_exchange", "encryption", "enclave", "audit")]
    premium = 0.0 if security["incidents"] is None else security["incidents"]["premium_usd_share"]
    return float(1 + sum(shares) + premium)


class Contractor(Worker):
    """One of those who can be hired."""

    def __init__(self, facts: dict[str, Any], place: int, clock: Callable[[], float]) -> None:
        stated = facts["contractors"][place]
        super().__init__(facts, stated, place, clock)
        stated = self.stated  # at the start
        external, machine = facts["settings"]["cost_model"]["external"], stated["hardware"] or {}
        self.pricing, self.rules = external["pricing"], facts["settings"]["skills"]
        self.name: str = stated["name"]
        self.like: str = facts["contractors"][self.source]["name"]
        self.start_s: float = facts["settings"]["start_second_of_day"]
        self.security = facts["settings"]["contracts"]["security"]
        self.dearer = price_factor(self.security)
        self.derived_risks = {  # from what it claimed first
            name: min(1.0, rule["base"] + rule["slope"] * (1 - stated["reliability"]))
            for name, rule in external.items()
            if name in ("security_risk", "quality_risk")
        }
        self.s_per_flop = 1 / slot_flop_s(machine) if machine.get("peak_flop_s") else 0.0
        self.curve: dict[str, Any] | None = stated["batch_curve"]
        self.outages = Outages(stated["outages"], self.luck, stated["box"], self.identity)
        self.enter_s: float = math.inf if stated["enter_s"] is None else stated["enter_s"]
        self.leave_s: float = math.inf if stated["leave_s"] is None else stated["leave_s"]

    def _risk(self, name: str) -> float:
        stated = self.stated[name]
        return float(self.derived_risks[name] if stated is None else stated)

    @property
    def insecure(self) -> float:
        """How insecure it is now."""
        return self._risk("security_risk")

    @property
    def risk(self) -> float:
        """The share of the value at stake that is at risk now, besides bad work (eq. 9)."""
        insecure = self.insecure if self.security["incidents"] is None else 0.0
        return self._risk("quality_risk") + insecure

    @property
    def incident_p(self) -> dict[str, float]:
        """How likely incidents are now."""
        if self.security["incidents"] is None:
            return dict.fromkeys(INCIDENTS, 0.0)
        shares = self.security["incidents"]["shares"]
        total = sum(shares.values())
        return {kind: self.insecure * (shares[kind] / total) * (1 - self.averted(kind)) for kind in INCIDENTS}

    @property
    def unsafe(self) -> float:
        """How likely it is that an incident is not averted, or how insecure it is where none can happen."""
        stated = self.security["incidents"] is not None
        return sum(self.incident_p.values()) if stated else self.insecure

    def usd_per_s(self, at_s: float) -> float:
        """What a slot costs it at work that begins at that time."""
        machine, rent_usd = self.written["hardware"], at(self.written["slot_usd_per_h"], at_s)
        if machine is None and rent_usd is None:
            return 0.0
        return sum(slot_usd_per_h(machine, rent_usd).values()) / 3600

    @property
    def slots(self) -> float:
        """How many jobs it can work on at once now."""
        slots = self.stated["slots"]
        return math.inf if slots == "unlimited" else slots

    @property
    def most_slots(self) -> float:
        """How many jobs it can ever work on at once."""
        slots = self.written["slots"]
        return float(max(slots["values"])) if "slots" in self.moving else self.slots

    @property
    def reliability(self) -> float:
        """The share of good work that it claims now."""
        return float(self.stated["reliability"])

    @property
    def network_s(self) -> float:
        return float(self.stated["network_ms"] / 1000)

    @property
    def s_per_token(self) -> list[float]:
        """Seconds that reading a token takes now, and writing one."""
        stated, machine = self.stated, self.stated["hardware"] or {}
        rates = ("prefill_tokens_per_s", "decode_tokens_per_s")
        speeds = (stated[rate] or machine.get(rate) for rate in rates)
        return [1 / speed if speed else 0.0 for speed in speeds]

    def is_there(self, now_s: float) -> bool:
        """Whether it is in the market."""
        return self.enter_s <= now_s < self.leave_s

    def work_s(self, task: Task, jobs: int, *, really: bool = False) -> float:
        """Time that the work itself takes, as expected or, but for luck, really. Where a machine serves all
        at once: with so many jobs on it; with 0 of them, the writing is left out."""
        stated_s = self.stated_s(task)
        if stated_s is not None:
            return stated_s
        pace_s = self.s_per_token[1]
        if self.curve is not None:
            pace_s = s_per_token(self.curve, jobs) if jobs > 0 else 0.0
        return float(
            60 * self.stated["latency_min"]
            + task.given["prompt_tokens"] * self.s_per_token[0]
            + task.written(really=really) * pace_s
            + task.flop * self.s_per_flop
        )

    def averted(self, kind: str) -> float:
        """The share of such incidents that encryption, enclaves and audits avert, if they are paid for."""
        left = 1.0
        for name, averts in self.security["incidents"]["lowered_by"].items():
            if self.security[f"{name}_share"] > 0 or self.security[f"{name}_usd_share"] > 0:
                left *= 1 - averts[kind]
        return 1 - left

    def incident(self, task: Task, attempt: int) -> str | None:
        """What happens to the data or the work of a contract, if anything does."""
        if self.security["incidents"] is None or self.draw("incident", task, attempt) >= self.insecure:
            return None
        shares, luck = self.security["incidents"]["shares"], self.draw("incident kind", task, attempt)
        up_to = [sum(shares[each] for each in INCIDENTS[: place + 1]) for place in range(len(INCIDENTS))]
        kind = next(kind for kind, end in zip(INCIDENTS, up_to, strict=True) if luck < end / up_to[-1])
        return None if self.draw("incident averted", task, attempt) < self.averted(kind) else kind

    def list_price_usd(self, task: Task, *, really: bool = False) -> float:
        """The price before queues and bargaining, of the answer as expected or as it really is."""
        return self.dearer * self._undear_usd(task, really=really)

    def bill_usd(self, task: Task, *, good: bool) -> float | None:
        bill_usd = super().bill_usd(task, good=good)
        return None if bill_usd is None else self.dearer * bill_usd

    def _undear_usd(self, task: Task, *, really: bool) -> float:
        """The listed price without what security adds to it."""
        stated, rule, given = self.stated, self.pricing, task.given
        if rule["kind"] == "demand":  # eq. 7
            short = stated["demand"] - stated["available_capacity"]
            unit_usd = stated["price_usd"] * max(0.0, 1 + rule["load_slope"] * short)
            return float(unit_usd * max(0.0, 1 + rule["complexity_slope"] * (given["complexity"] - 1)))
        usd = 0.0 if rule["kind"] == "flat" else self.tokens_usd(task, task.written(really=really))
        return float(usd if rule["kind"] == "per_token" else usd + stated["price_usd"])

    def tokens_usd(self, task: Task, output_tokens: float) -> float:
        """What the task costs by tokens, with an answer of that length."""
        prompt, cached = task.given["prompt_tokens"], task.given["cached_tokens"]
        names = ("input_usd_per_mtok", "cache_read_usd_per_mtok", "output_usd_per_mtok", "request_usd")
        charged = {name: self.stated[name] for name in names}
        hour = (self.start_s + task.arrival_s) / 3600 % 24
        for other in reversed(self.stated["conditional_prices"]):
            above, begin, end = (other[n] for n in ("above_prompt_tokens", "from_hour_utc", "until_hour_utc"))
            in_time = begin is None or (begin <= hour < end if begin < end else hour >= begin or hour < end)
            if in_time and (above is None or prompt > above):
                charged |= {name: other[name] for name in names if other[name] is not None}
                break
        input_usd, cached_usd, output_usd, request_usd = charged.values()
        reading_usd = (prompt - cached) * input_usd + cached * (
            input_usd if cached_usd is None else cached_usd
        )
        return float((reading_usd + output_tokens * output_usd) / 1e6 + request_usd)

    def own_usd(self, task: Task, jobs: int) -> float | None:
        """What the work costs the contractor itself, where that is known: its share of the machine among so
        many jobs, where that serves them all at once."""
        share = 1 if self.curve is None else min(jobs, self.curve["max_jobs"])
        machine_usd = self.dearer * self.usd_per_s(self.clock()) * self.work_s(task, jobs) / share
        share = self.stated["own_cost_share"]
        if machine_usd > 0 or share is None:
            return machine_usd or None
        return float(share * self.list_price_usd(task))

    def spent_usd(self, worked_s: float, reckoned_usd: float, begun_s: float) -> float | None:
        """What a job cost the contractor that it began then and worked on for so long, where that is known;
        where no hardware tells, what it had reckoned with."""
        if self.usd_per_s(begun_s) > 0:
            return self.dearer * self.usd_per_s(begun_s) * worked_s
        return None if self.stated["own_cost_share"] is None else reckoned_usd

    def skill(self, near: Nearness, type_: str, required: list[str], score: float | None) -> float:
        """Skill compatibility (eq. 12); `score` is the public one, None where work is not rated."""
        rules = self.rules
        total = (
            rules["ontological_weight"] * near.of_skills(required, self.stated["skills"])
            + rules["embedding_weight"] * near.of_texts(type_, self.like, self.stated["type"])
            + rules["performance_weight"] * (self._performance(type_) if score is None else score)
        )
        return float(min(1.0, total))

    def _performance(self, type_: str) -> float:
        if self.stated["performance"] is not None:
            return float(self.stated["performance"])
        entry = self.rules["performance"].get(type_)
        if entry is None:
            return float(self.rules["performance_default"])
        lacks = entry["skill"] is not None and entry["skill"] not in self.stated["skills"]
        return float(entry["otherwise"] if lacks and entry["otherwise"] is not None else entry["value"])
