"""Which fields are worth a control of their own, section by section, and what they are called there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from coalesce_sim.lab.controls.ways import covers
from coalesce_sim.report.fields import capital, label_of
from coalesce_sim.scenario.document import EVERY, steps_of
from coalesce_sim.scenario.problems import Steps


@dataclass(frozen=True, slots=True)
class Section:
    """Controls that belong together; `told` says what they are about.

    One that calls its `further` controls something is shown at once but for these; others are folded.
    """

    title: str
    told: str
    further: str = ""

    @property
    def open(self) -> bool:
        """Whether it is shown at once."""
        return bool(self.further)


POLICY: Final = Section("Policy", "Who decides, and by what", "Further settings of the policy")
WHO: Final = Section("Who is there", "Contractors and clients", "Further settings of contractors and clients")
TIME: Final = Section("Demand and time", "Tasks, time and delay", "Further settings of tasks and prices")
CONTRACTS: Final = Section("Contracts", "Checks, retries, and what is owed for bad work")
REPUTATION: Final = Section("Reputation and discovery", "What is known of contractors, and who is found")
CHEATS: Final = Section("Cheats and defences", "Who does not behave as expected, and what is done about it")
PAYMENT: Final = Section("Payment", "When money moves, and what moving it costs")
LUCK: Final = Section("Luck", "Seed and replications", "Further settings of luck")

SECTIONS: Final = (POLICY, WHO, TIME, CONTRACTS, REPUTATION, CHEATS, PAYMENT, LUCK)


@dataclass(frozen=True, slots=True)
class Entry:
    """Fields that get a control: those on a way, in which ``*`` is any one step.

    `label` is what they are called, with the step that ``*`` stands for before it; left out, it follows from
    the way. `further` ones are shown on demand, `if_stated` ones only where the scenario states them, and
    those that are `box_only` have no slider.
    """

    section: Section
    way: Steps
    label: str = ""
    further: bool = False
    if_stated: bool = False
    box_only: bool = False

    def owner_at(self, steps: Steps, content: Mapping[str, Any]) -> str:
        """Whose a field of some content is, by the step that ``*`` stands for; empty without one."""
        ends = [end for end, each in enumerate(self.way, start=1) if each == EVERY and end < len(steps)]
        return _name_at(content, steps[: ends[-1]]) if ends else ""

    def label_at(self, steps: Steps, owner: str) -> str:
        """What a field is called, with its unit in brackets."""
        label = self.label or label_of(".".join(str(step) for step in steps[1:] if isinstance(step, str)))
        label = label.removeprefix("model ")
        return f"{owner}: {label}" if owner else capital(label)


def _name_at(content: Any, steps: Steps) -> str:
    """What an entry of a mapping or an item of a list is called."""
    for step in steps:
        content = content[step]
    last = steps[-1]
    if isinstance(last, str):
        return last
    told = content.get("name", content.get("kind"))
    return f"{last + 1}" if told is None else str(told).replace("_", " ")


_DISTRIBUTED: Final = {
    f"workload.arrivals.gap_s{inner}": "mean time between tasks (s)"
    for inner in ("", ".exponential.mean", ".gamma.mean", ".normal.mean", ".lognormal.median")
} | {"workload.arrivals.gap_s.lognormal.median": "median time between tasks (s)"}

_OF_CONTRACTORS: Final[dict[str, str]] = {
    "share": "share",
    "slots": "slots",
    "price_usd": "price (USD)",
    "input_usd_per_mtok": "input (USD/million tokens)",
    "output_usd_per_mtok": "output (USD/million tokens)",
    "latency_min": "time for the work (min)",
    "success": "true probability of good work",
    "reliability": "claimed share of good work",
}


def _entries(section: Section, listed: dict[str, str], further: dict[str, str]) -> Iterator[Entry]:
    for which in (listed, further):
        for path, label in which.items():
            steps = steps_of(path, path)
            yield Entry(section, steps, label, which is further, steps[-1] in _OF_CONTRACTORS)


ENTRIES: Final = (
    *_entries(
        WHO,
        {
            "contractors.count": "contractors",
            "contractors.types.*.share": "share",
            "clients.count": "clients",
            "clients.groups.*.count": "clients",
            "clients.slots": "slots a client",
            "clients.groups.*.slots": "slots a client",
            "clients.groups.*.budget_usd_per_day": "budget (USD/day)",
            "boxes.*.slots": "slots",
            "skills.threshold": "skill threshold θ",
            "turnover.entry.per_day": "entries (contractors/day)",
            "turnover.exit.per_day": "exits of each contractor (1/day)",
        },
        {
            "clients.groups.*.share": "share of tasks",
            "clients.success": "success at home",
            "clients.groups.*.success": "success at home",
            **{
                f"contractors{way}.{name}": label
                for way in (".types.*", ".template", ".recorded", "[*]")
                for name, label in _OF_CONTRACTORS.items()
                if (way, name) != (".types.*", "share")
            },
        },
    ),
    *_entries(
        TIME,
        {
            "market_demand.base": "market demand",
            "workload.arrivals.tasks_per_hour": "tasks an hour for each unit of demand",
            **_DISTRIBUTED,
            "workload.arrivals.pace": "pace of the log (times)",
            "workload.arrivals.limit": "tasks at most",
            "clock.days": "length of the run (days)",
            "cost_model.late_usd_per_min": "price of delay (USD/min)",
        },
        {
            "market_demand.busy_factor": "demand in busy hours (times)",
            "market_demand.noise_sd": "noise of demand (SD)",
            "workload.arrivals.gap_s.gamma.cv": "burstiness of arrivals (SD/mean)",
            "workload.types.*.share": "share of tasks",
            "workload.types.*.max_latency_min": "target (min)",
            "workload.attributes.value_usd": "value of good work (USD)",
            "workload.attributes.value_usd.uniform.low": "least value of good work (USD)",
            "workload.attributes.value_usd.uniform.high": "greatest value of good work (USD)",
            "cost_model.external.pricing.slope": "rise of prices with load (share for each job per slot)",
            "cost_model.external.pricing.load_slope": "rise of prices with demand",
            "cost_model.external.pricing.client_weight": "client's share of the saving",
        },
    ),
    *_entries(
        CONTRACTS,
        {
            "contracts.recovery.retries": "retries",
            "contracts.recovery.then": "after the last retry",
            "contracts.due_on_failure": "share of the price due for bad work",
            "contracts.rework_usd": "loss of a task without good work (USD)",
            "contracts.verification.automated.usd": "cost of the check (USD)",
            "contracts.verification.automated.sensitivity": "bad work found by the check (share)",
            "contracts.verification.automated.specificity": "good work passed by the check (share)",
            "contracts.verification.manual_from_value_usd": "checked by hand from a value of (USD)",
            "contracts.timeout_factor": "deadline (times the quoted time)",
            "calibration.rate": "rate of calibration",
        },
        {},
    ),
    *_entries(
        REPUTATION,
        {
            "reputation.model.kind": "rule of the score",
            "reputation.model.*": "",
            "reputation.start": "start",
            "reputation.by_task_type": "a score for each type of task",
            "reputation.pooling": "",
            "discovery.k": "contractors found by a query",
            "discovery.newcomer_share": "share of newcomers among them",
            "discovery.refresh_s": "time between rankings (s)",
        },
        {},
    ),
    *_entries(
        CHEATS,
        {
            "adversaries[*].who.share": "share of the contractors",
            "adversaries[*].who.join": "contractors that join",
            "adversaries[*].who.clients": "share of the clients",
            "adversaries[*].*": "",
            "defences.*": "",
            "defences.audit.*": "",
            "defences.commitment.*": "",
        },
        {},
    ),
    *_entries(
        PAYMENT,
        {
            "settlement.escrow.*": "",
            "settlement.escrow.dispute.*": "",
            "settlement.fee[*].share": "fee as a share of a payment",
            "settlement.fee[*].fixed_usd": "fixed fee of a payment (USD)",
            "settlement.pay.*": "",
            "settlement.fx.volatility_per_year": "volatility of currencies (1/year)",
            "settlement.fx.spread_bp": "spread on currencies (basis points)",
            "settlement.charge_backs.*": "",
            "settlement.failures.*": "",
            "settlement.funds.*": "",
        },
        {},
    ),
    Entry(LUCK, ("seed",), "seed", box_only=True),
    Entry(LUCK, ("replications",), "replications"),
)

_BY_LENGTH: Final = {
    key: [each for each in ENTRIES if (each.way[0], len(each.way)) == key]
    for key in {(each.way[0], len(each.way)) for each in ENTRIES}
}

_OF_TOPSIS: Final = (
    "kind",
    "epsilon",
    "outsource_above_score",
    "outsource_above_confidence",
    "only_if_cheaper_percent",
    "weights.cost",
    "weights.reliability",
    "weights.latency",
    "weights.security",
)
"""What of the published policy is shown at once; it has twenty settings besides."""


_WRITTEN_DOWN: Final = ("explored_score", "explored_confidence")
"""What is only written down, and decides nothing."""


def entry_for(steps: Steps) -> Entry | None:
    """The entry of a field that is worth a control, those of policies apart. A kind has one only where it is
    listed: with another one most settings would have to be others."""
    among = _BY_LENGTH.get((steps[0], len(steps)), ())
    fitting = (each for each in among if covers(each.way, steps, whole=True))
    return next((each for each in fitting if steps[-1] != "kind" or each.way[-1] == "kind"), None)


def entry_of_policy(place: Steps, kind: str | None, steps: Steps) -> Entry | None:
    """The entry of a setting of a policy, which stands at a place; None of what decides nothing."""
    inner = ".".join(map(str, steps[len(place) :]))
    if inner in _WRITTEN_DOWN:
        return None
    first = inner in _OF_TOPSIS if kind == "topsis" else "." not in inner
    group = f"{place[-2]}: " if len(place) > 1 else ""
    label = label_of(f"policy.{inner}").removeprefix("policy ")
    return Entry(POLICY, steps, f"{group}{label}", further=not first)


def place_in_catalogue(entry: Entry, steps: Steps) -> tuple[int, bool, int, bool]:
    """Where a field stands among all: by section, the further ones last, and the kind of a mapping before
    what is in it."""
    rank = next((rank for rank, each in enumerate(ENTRIES) if each is entry), 0)
    return SECTIONS.index(entry.section), entry.further, rank, steps[-1] != "kind"
