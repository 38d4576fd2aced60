"""Outsourcing under 10 % although there are contractors: how low it is, and what stands in the way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from coalesce_sim.experiments.diagnosis.evidence import Evidence
from coalesce_sim.experiments.diagnosis.finding import Finding, epsilon_of, of_contractors, percent
from coalesce_sim.experiments.diagnosis.reach import by_skill, reach_of
from coalesce_sim.scenario.policy import AlwaysLocal, Topsis
from coalesce_sim.scenario.schema import Scenario

LOW = 10.0
"""Percent of tasks outsourced below which the paper calls the rate a symptom."""

BY_DECISION = 1.0
"""Percent of decisions for a contractor, exploration left out, below which only exploration outsources."""

MATTERS = 10.0
"""Percent of the decisions for home from which what stood in their way counts as a cause."""


def found(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    """The rate, if it is low, and its causes; else task types that nobody can ever do."""
    tasks, choices = evidence.tasks, evidence.choices
    if not tasks.decided:
        yield Finding("no_tasks", "problem", "No task arrived.", settings=("workload.arrivals", "clock.days"))
        return
    rate = percent(tasks.outsourced, tasks.decided)
    by_decision = choices.decided_rate
    explores = bool(epsilon_of(scenario))
    if rate >= LOW and not (explores and by_decision < BY_DECISION):
        yield from _types_out_of_reach(scenario, evidence)
        return
    numbers = {
        "outsourcing_rate": rate,
        "decided_rate": by_decision,
        "decisions": choices.decisions,
        "offers_per_decision": choices.offers / choices.decisions,
        "eligible_per_decision": choices.eligible / choices.decisions,
    }
    how = f"Only {rate:.1f} % of tasks are outsourced" if rate < LOW else "Only exploration outsources"
    sentence = (
        f"{how}: {by_decision:.1f} % of {choices.decisions:,} decisions were for a contractor without "
        f"exploring and {percent(choices.explored, choices.decisions):.1f} % explored. Offers for "
        f"a task: {choices.offers / choices.decisions:.3g} on average, "
        f"{choices.eligible / choices.decisions:.3g} of them eligible."
    )
    yield Finding("outsourcing_low", "problem", sentence, numbers)
    for cause in (
        _policy,
        _contracts,
        _nobody,
        _threshold,
        _score,
        _confidence,
        _cheaper,
        _budget,
        _price,
        _exploration,
    ):
        yield from cause(scenario, evidence)


def _policy(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    if all(isinstance(each, AlwaysLocal) for _, each in scenario.policies):
        sentence = "The policy is always_local: it never outsources."
        yield _cause("policy", sentence, {}, "policy.kind=topsis")
        return
    choices = evidence.choices
    declined = choices.declined - choices.none_cheaper_home
    share = percent(declined, choices.home)
    if not isinstance(scenario.policy, Topsis) and share >= MATTERS:
        sentence = (
            f"In {share:.0f} % of the decisions for home an eligible offer was estimated to cost less: the "
            "policy went by what it has learned, or by a rule of its own, instead."
        )
        yield _cause("policy", sentence, {"declined_though_cheaper": declined}, "policy")


_CAUSED_BY = {
    "unreachable": "unreachable_rate",
    "full": "slots",
    "broke off": "success",
    "lost": "security_risk",
    "outage": "outages",
    "found bad": "success",
}
"""The fact of a contractor behind each way in which a contract fails; a timeout is the client's doing."""


def _contracts(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    choices, ends = evidence.choices, evidence.contracts.ends
    hired = percent(choices.hired, choices.decisions)
    failed = {reason: count for reason, count in ends.items() if reason != "accepted"}
    total = sum(ends.values())
    if hired < LOW or not percent(sum(failed.values()), total) >= 50:
        return
    reasons = sorted(failed, key=lambda reason: -failed[reason])
    parts = ", ".join(f"{percent(failed[reason], total):.0f} % {reason}" for reason in reasons)
    sentence = (
        f"{hired:.0f} % of decisions are for a contractor, but of {total:,} contracts most come to nothing: "
        f"{parts}. Their tasks end at home or undone."
    )
    fact = _CAUSED_BY.get(reasons[0])
    setting = "contracts.timeout_factor" if fact is None else of_contractors(scenario, fact)
    yield _cause("contracts_fail", sentence, {"hired_rate": hired, **failed}, setting)


def _nobody(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    choices, registry = evidence.choices, evidence.registry
    share = percent(choices.nobody_offers, choices.home)
    if not share >= MATTERS:
        return
    numbers = {"nobody_offers": choices.nobody_offers, "home": choices.home}
    sentence = f"In {share:.0f} % of the decisions for home nobody made an offer"
    beyond = percent(choices.beyond_budget, choices.nobody_offers)
    forbidden = percent(choices.not_allowed, choices.nobody_offers)
    empty = percent(choices.nobody_there, choices.nobody_offers)
    if beyond >= 50:
        sentence += (
            f": in {beyond:.0f} % of these all asked for more than a group's budget had left that day."
        )
        numbers["beyond_budget"] = choices.beyond_budget
        groups = (scenario.clients.groups or {}).items()
        limited = (name for name, group in groups if group.budget_usd_per_day is not None)
        settings = [f"clients.groups.{name}.budget_usd_per_day" for name in limited]
        yield _cause("nobody_offers", sentence, numbers, *settings)
    elif forbidden >= 50:
        sentence += f": in {forbidden:.0f} % of these rules forbade the offers that were left."
        numbers["not_allowed"] = choices.not_allowed
        yield _cause("nobody_offers", sentence, numbers, "compliance")
    elif empty >= 50:
        sentence += f": in {empty:.0f} % of these no contractor was in the market."
        numbers["nobody_there"] = choices.nobody_there
        moves = [of_contractors(scenario, "enter_h"), of_contractors(scenario, "leave_h")]
        drawn = ["turnover.entry.per_day", "turnover.exit"]
        listed = isinstance(scenario.contractors, list)
        settings = [*moves * listed, *drawn * (scenario.turnover is not None)]
        yield _cause("nobody_offers", sentence, numbers, *settings)
    elif registry.unanswered:
        sentence += (
            f": the registry was down for {percent(registry.unanswered, registry.queries):.0f} % of queries."
        )
        numbers |= {"queries": registry.queries, "unanswered": registry.unanswered}
        yield _cause("nobody_offers", sentence, numbers, "discovery.outages=[]", "discovery.fallback=cached")
    elif registry.empty:
        sentence += (
            f": discovery found nobody in {percent(registry.empty, registry.queries):.0f} % of queries."
        )
        yield _cause("nobody_offers", sentence, numbers, "discovery.kind=registry", "discovery.k")
    else:
        pricing = scenario.cost_model.external.pricing.kind
        sentence += (
            ": bargaining leaves the contractor nothing where home is cheaper."
            if pricing == "bargained"
            else ": no contractor states outcomes for these types, or all were tried."
        )
        yield _cause("nobody_offers", sentence, numbers, "contractors", "cost_model.external.pricing")


def _threshold(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    choices, contracts = evidence.choices, evidence.contracts
    share = percent(choices.nobody_eligible, choices.home)
    if not share >= MATTERS:
        return
    threshold = scenario.skills.threshold
    seen = _blocked_types(scenario, evidence)
    sentence = (
        f"In {share:.0f} % of the decisions for home no offer reached skills.threshold {threshold:g}"
        f"{': ' * bool(seen)}{', '.join(by_skill(seen, 'best seen'))}. "
        f"{percent(contracts.ever_eligible, contracts.contractors):.0f} % of contractors were ever eligible."
    )
    reach = reach_of(scenario).never
    never = list(reach)
    if never:
        perfect = "" if scenario.reputation is None else ", not even with a perfect record"
        sentence += f" Nobody ever can be for {' and '.join(by_skill(reach))}{perfect}."
    numbers = {
        "nobody_eligible": choices.nobody_eligible,
        "threshold": threshold,
        "best_skill": seen,
        "ever_eligible_rate": percent(contracts.ever_eligible, contracts.contractors),
        "never_eligible_types": never,
    }
    yield _cause("threshold", sentence, numbers, _lower(min(seen.values(), default=math.nan)))


def _types_out_of_reach(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    types, never, names = evidence.types, reach_of(scenario).never, list(scenario.workload.types)
    blocked = sum(types.nobody_eligible[names.index(name)] for name in never)
    if not blocked:
        return
    share = percent(blocked, types.decisions.sum())
    sentence = (
        f"No contractor can ever pass skills.threshold {scenario.skills.threshold:g} for "
        f"{' and '.join(by_skill(never))}: {share:.0f} % of all decisions."
    )
    numbers = {"best_skill": never, "threshold": scenario.skills.threshold, "share_of_decisions": share}
    yield Finding("threshold_unreachable", "note", sentence, numbers, (_lower(min(never.values())),))


def _blocked_types(scenario: Scenario, evidence: Evidence) -> dict[str, float]:
    """The best skill seen for each type of which at least half of the decisions had no eligible offer."""
    types = evidence.types
    rows = zip(scenario.workload.types, types.decisions, types.nobody_eligible, types.best_skill, strict=True)
    return {name: float(best) for name, decisions, blocked, best in rows if 0 < decisions <= 2 * blocked}


def _lower(skill: float) -> str:
    """The threshold that such a skill would pass."""
    return "skills.threshold" if math.isnan(skill) else f"skills.threshold={math.floor(100 * skill) / 100:g}"


def _score(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    choices, scores, rules = evidence.choices, evidence.scores, scenario.policy
    share = percent(choices.low_score, choices.home)
    if not isinstance(rules, Topsis) or not share >= MATTERS:
        return
    sentence = (
        f"In {share:.0f} % of the decisions for home the best TOPSIS score was not above "
        f"{rules.outsource_above_score:g} (mean best score {scores.score / scores.scored:.2f}); in "
        f"{percent(choices.low_both, choices.home):.0f} % the confidence was too low as well."
    )
    numbers = {
        "low_score": choices.low_score,
        "low_both": choices.low_both,
        "mean_best_score": scores.score / scores.scored,
    }
    yield _cause("score", sentence, numbers, "policy.outsource_above_score", "policy.weights")


def _confidence(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    choices, rules = evidence.choices, scenario.policy
    share = percent(choices.low_confidence, choices.home)
    if not isinstance(rules, Topsis) or not share >= MATTERS:
        return
    warming_up = percent(choices.warming_up, choices.low_confidence)
    sentence = (
        f"In {share:.0f} % of the decisions for home the score was good enough but the confidence not above "
        f"{rules.outsource_above_confidence:g}; in {warming_up:.0f} % of these the decision memory held "
        f"fewer than {rules.confidence.warm_up} decisions and said {rules.confidence.initial:g}."
    )
    numbers = {"low_confidence": choices.low_confidence, "warming_up": choices.warming_up}
    per_client = rules.memory == "per_client" and warming_up >= 50
    settings = ("policy.memory=shared",) if per_client else ("policy.outsource_above_confidence",)
    yield _cause("confidence", sentence, numbers, *settings, "policy.confidence")


def _cheaper(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    choices, rules = evidence.choices, scenario.policy
    share = percent(choices.not_cheaper, choices.home)
    if not isinstance(rules, Topsis) or not share >= MATTERS:
        return
    sentence = (
        f"In {share:.0f} % of the decisions for home score and confidence were good enough, but the best "
        f"offer was not estimated to cost less than home by {rules.only_if_cheaper_percent:g} %."
    )
    numbers = {"not_cheaper": choices.not_cheaper, "home": choices.home}
    settings = ("policy.only_if_cheaper_percent", of_contractors(scenario, "price_usd"))
    yield _cause("not_cheaper", sentence, numbers, *settings)


def _budget(_: Scenario, evidence: Evidence) -> Iterator[Finding]:
    choices = evidence.choices
    share = percent(choices.over_budget, choices.home)
    if not share >= MATTERS:
        return
    sentence = (
        f"In {share:.0f} % of the decisions for home every eligible offer was above the task's budget, which "
        "policy.within_budget makes a limit."
    )
    numbers = {"over_budget": choices.over_budget, "home": choices.home}
    settings = ("policy.within_budget=false", "workload.attributes.budget_share")
    yield _cause("over_budget", sentence, numbers, *settings)


def _price(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    choices = evidence.choices
    share = percent(choices.none_cheaper_home, choices.home)
    if not share >= 50:
        return
    sentence = (
        f"In {share:.0f} % of the decisions for home no eligible offer was estimated to cost less than "
        "home: if the estimates are right, it is right to stay there"
    )
    rules = scenario.policy
    blind = isinstance(rules, Topsis) and rules.only_if_cheaper_percent is None
    sentence += ", though TOPSIS does not ask." if blind else "."
    settings = (of_contractors(scenario, "price_usd"), "cost_model.external")
    yield _cause(
        "price", sentence, {"none_cheaper": choices.none_cheaper_home, "home": choices.home}, *settings
    )


def _exploration(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    contracts, rules = evidence.contracts, scenario.policy
    if epsilon_of(scenario) != 0:
        return
    never = 100 - percent(contracts.ever_hired, contracts.contractors)
    sentence = f"Exploration is off (ε = 0): {never:.0f} % of contractors were never hired"
    if scenario.reputation is not None and scenario.reputation.start == "cold":
        sentence += ", and ratings start cold: who is never hired is never rated, and keeps its first score"
    if isinstance(rules, Topsis) and evidence.choices.warming_up:
        sentence += ", and no task goes out while decision memories fill"
    yield _cause(
        "exploration_off", f"{sentence}.", {"epsilon": 0.0, "never_hired_rate": never}, "policy.epsilon=0.1"
    )


def _cause(why: str, sentence: str, numbers: dict[str, Any], *settings: str) -> Finding:
    return Finding(f"outsourcing_low.{why}", "problem", sentence, numbers, settings)
