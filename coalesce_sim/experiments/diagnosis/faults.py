"""What broke in the market, and what it did to the run."""

from __future__ import annotations

from collections.abc import Iterator

from coalesce_sim.experiments.diagnosis.evidence import MANY, Evidence
from coalesce_sim.experiments.diagnosis.finding import Finding, of_contractors, percent
from coalesce_sim.scenario.schema import Scenario


def found(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    """No capacity, contractors that never deliver, a client without GPU, a registry that was down."""
    yield from _capacity(scenario, evidence)
    yield from _failing(scenario, evidence)
    yield from _no_gpu(scenario, evidence)
    yield from _outage(evidence)


def _capacity(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    contracts = evidence.contracts
    if contracts.without_slots < contracts.contractors:
        return
    rejected = contracts.ends["full"]
    sentence = f"Zero capacity: no contractor has a slot. {rejected:,} contracts were submitted and rejected."
    yield Finding(
        "zero_capacity", "problem", sentence, {"rejected": rejected}, (of_contractors(scenario, "slots"),)
    )


def _failing(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    contracts = evidence.contracts
    total = sum(contracts.ends.values())
    if total == contracts.ends["full"]:
        return
    failed = sorted(
        ((count, reason) for reason, count in contracts.ends.items() if reason != "accepted"), reverse=True
    )
    numbers = {
        **contracts.ends,
        "wasted_usd": contracts.wasted_usd,
        "always_failed_rate": percent(contracts.always_failed, contracts.ever_hired),
    }
    settings = (
        of_contractors(scenario, "success"),
        of_contractors(scenario, "unreachable_rate"),
        "contracts.timeout_factor",
    )
    how = ", ".join(f"{count:,} {reason}" for count, reason in failed)
    if not contracts.ends["accepted"]:
        sentence = (
            f"All contractors fail: none of {total:,} contracts came to anything ({how}); "
            f"{contracts.wasted_usd:,.2f} USD were paid for them."
        )
        yield Finding("contractors_all_fail", "problem", sentence, numbers, settings)
    elif contracts.always_failed:
        sentence = (
            f"{percent(contracts.always_failed, contracts.ever_hired):.0f} % of the contractors that were "
            f"hired never delivered, in {MANY} contracts or more each. Of {total:,} contracts in all "
            f"{contracts.ends['accepted']:,} were accepted, {how}."
        )
        yield Finding("contractors_fail", "note", sentence, numbers, settings)


def _no_gpu(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    if not scenario.clients.all_have(0):
        return
    tasks = evidence.tasks
    sentence = (
        f"Clients have no GPU (clients.slots is 0): {percent(tasks.undone, tasks.tasks):.0f} % of "
        f"{tasks.tasks:,} tasks ended without good work, at a loss of {tasks.loss_usd:,.2f} USD."
    )
    numbers = {"undone": tasks.undone, "loss_usd": tasks.loss_usd}
    yield Finding("no_gpu", "problem", sentence, numbers, ("clients.slots=1",))


def _outage(evidence: Evidence) -> Iterator[Finding]:
    registry, choices = evidence.registry, evidence.choices
    if not registry.unanswered:
        return
    down = percent(registry.hired_down, registry.decisions_down)
    decisions_up = choices.decisions - registry.decisions_down
    up = percent(choices.hired - registry.hired_down, decisions_up) if decisions_up else 0.0
    against = f"against {up:.0f} % while it was up" if decisions_up else "and it was never up"
    sentence = (
        f"The registry was down for {registry.unanswered:,} of {registry.queries:,} queries "
        f"({percent(registry.unanswered, registry.queries):.0f} %): {down:.0f} % of decisions were for a "
        f"contractor then, {against}."
    )
    numbers = {
        "queries": registry.queries,
        "unanswered": registry.unanswered,
        "hired_rate_down": down,
        "hired_rate_up": up,
    }
    yield Finding(
        "registry_outage", "problem", sentence, numbers, ("discovery.fallback=cached", "discovery.kind")
    )
