"""Settings of the rules of a market, its cost model and its policy that do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from coalesce_sim.experiments.diagnosis.unused.market import Asked
from coalesce_sim.experiments.diagnosis.unused.stated import Unused, stated
from coalesce_sim.experiments.diagnosis.who_works import come_together, pool_size
from coalesce_sim.scenario.costs import LoadPrice
from coalesce_sim.scenario.discovery import GossipDiscovery, RegistryDiscovery
from coalesce_sim.scenario.learners import CostLearner, EpsilonGreedy, Exp3
from coalesce_sim.scenario.policy import PolicySettings, Topsis
from coalesce_sim.scenario.security import INCIDENT_KINDS, OVERHEADS, Security
from coalesce_sim.scenario.skills import Table
from coalesce_sim.scenario.workload import LEVELS


def of_rules(asked: Asked) -> Iterator[Unused]:
    """Contracts, calibration, reputation, discovery, skills, cost model and policy."""
    yield from _of_contracts(asked)
    yield from _of_reputation(asked)
    yield from _of_discovery(asked)
    yield from _of_skills(asked)
    yield from _of_home_costs(asked)
    yield from _of_external_costs(asked)
    yield from _of_policies(asked)


def _of_contracts(asked: Asked) -> Iterator[Unused]:
    rules = asked.scenario.contracts
    if rules is None:
        return
    if all(facts.unreachable_rate == 0 for facts in asked.contractors):
        places = stated(rules, "contracts", "connect_timeout_s")
        yield Unused(places, "every unreachable_rate is 0")
    if rules.transfer_mb_per_s is None and not asked.averts("encryption"):
        places = stated(rules.security, "contracts.security", "encryption_share")
        yield Unused(places, "contracts.transfer_mb_per_s is left out")
    yield from _of_incidents(asked, rules.security)
    if rules.input_required_rate == 0:
        places = stated(rules, "contracts", "input_reply_s")
        yield Unused(places, "contracts.input_required_rate is 0")
    if rules.recovery.retries == 0:
        places = stated(rules.recovery, "contracts.recovery", "among")
        yield Unused(places, "contracts.recovery.retries is 0")
    if asked.scenario.clients.all_have(0):
        places = stated(rules.recovery, "contracts.recovery", "then")
        yield Unused(places, "clients have no GPU")


def _of_incidents(asked: Asked, security: Security) -> Iterator[Unused]:
    rule, place = security.incidents, "contracts.security.incidents"
    if rule is None:
        return
    if not asked.incidents:
        yield Unused([place], "nobody has a security_risk")
        return
    for overhead in OVERHEADS:
        averts = getattr(rule.lowered_by, overhead)
        where = f"{place}.lowered_by.{overhead}"
        if not security.in_place(overhead):
            yield Unused(stated(averts, where, *INCIDENT_KINDS), f"there is no {overhead}")
        else:
            never = [kind for kind in INCIDENT_KINDS if rule.shares.of(kind) == 0]
            yield Unused(stated(averts, where, *never), "no incident is of that kind")
    others, reason = list(LEVELS), "nothing leaks"
    if rule.shares.leaked > 0:
        others = [level for level in LEVELS if level not in asked.levels]
        reason = f"the data_sensitivity of all tasks is {' or '.join(asked.levels)}"
    yield Unused(stated(rule.leak_usd, f"{place}.leak_usd", *others), reason)
    if not asked.leaks:
        yield Unused(stated(rule, place, "insured_share"), "a leak costs nothing")


def _of_reputation(asked: Asked) -> Iterator[Unused]:
    rule = asked.scenario.reputation
    if rule is None:
        return
    first = ("prior_good", "prior_bad", "initial") if rule.start == "warm" else ("warm_ratings",)
    names = [name for name in first if name in type(rule.model).model_fields]
    yield Unused(stated(rule.model, "reputation.model", *names), f"the start is {rule.start}")
    if not rule.by_task_type:
        yield Unused(stated(rule, "reputation", "pooling"), "reputation.by_task_type is false")


def _of_discovery(asked: Asked) -> Iterator[Unused]:
    rule = asked.scenario.discovery
    if rule is None:
        return
    known = pool_size(asked.scenario)
    if isinstance(rule, GossipDiscovery):
        known = min(known, rule.view_size)
    if rule.k >= known:
        yield Unused(stated(rule, "discovery", "newcomer_share"), "all that are known fit into k")
    if isinstance(rule, RegistryDiscovery) and not rule.outages:
        yield Unused(stated(rule, "discovery", "timeout_ms", "fallback"), "there are no outages")


def _of_skills(asked: Asked) -> Iterator[Unused]:
    rule = asked.scenario.skills
    table = stated(rule, "skills", "performance", "performance_default")
    similarity = stated(rule, "skills", "embedding", "embedding_default")
    if not asked.skill:
        places = stated(rule, "skills", "ontology", "embedder")
        yield Unused([*places, *similarity, *table], "skills do not count")
        return
    if rule.ontological_weight == 0 or not any(kind.skills for kind in asked.types.values()):
        yield Unused(stated(rule, "skills", "ontology"), "no skills that are asked for count")
    if rule.embedding_weight == 0:
        places = [*similarity, *stated(rule, "skills", "embedder")]
        yield Unused(places, "skills.embedding_weight is 0")
    elif not isinstance(rule.embedder, Table):
        yield Unused(similarity, "skills.embedder is not table")
    if asked.scenario.reputation is not None:
        yield Unused(table, "there is reputation")
    elif rule.performance_weight == 0:
        yield Unused(table, "skills.performance_weight is 0")
    for name, entry in rule.performance.items():
        otherwise = stated(entry, f"skills.performance.{name}", "otherwise")
        if entry.skill is None:
            yield Unused(otherwise, "it names no skill")
        elif all(entry.skill in skills for skills in asked.offered):
            yield Unused(otherwise, f"everybody offers {entry.skill}")
    for field in ("embedding", "performance"):
        strangers = [name for name in getattr(rule, field) if name not in asked.types]
        yield Unused([f"skills.{field}.{name}" for name in strangers], "there is no such type of task")
    named = {name for row in rule.embedding.values() for name in row}
    nobody = sorted(named.difference(asked.contractor_types))
    yield Unused([f"skills.embedding.*.{name}" for name in nobody], "there is no such type of contractor")


def _of_home_costs(asked: Asked) -> Iterator[Unused]:
    scenario = asked.scenario
    internal, place = scenario.cost_model.internal, "cost_model.internal"
    if not (asked.flop_at_home or asked.flop_at_contractors):
        places = stated(internal, place, "flop_reference_gb")
        yield Unused(places, "nobody's work is timed in FLOP")
    if not asked.memory_costs:
        names = ("gb_per_model_size", "gb_per_50k_documents", "gb_per_complexity")
        places = stated(internal.memory, f"{place}.memory", *names)
        yield Unused(places, "clients.hardware.memory_usd_per_h is 0")
    else:
        for need, attribute in (("gb_per_50k_documents", "documents"), ("gb_per_model_size", "model_size")):
            if not asked.has(attribute):
                places = stated(internal.memory, f"{place}.memory", need)
                yield Unused(places, f"no task has {attribute}")
    chosen = f"{place}.opportunity={internal.opportunity}"
    if internal.opportunity == "later_tasks" and not come_together(scenario):
        yield Unused([chosen], "no two tasks of a client arrive at one instant")
    elif internal.expects_delay and scenario.clients.all_have(0):
        yield Unused([chosen], "clients have no GPU")
    elif internal.expects_delay and scenario.cost_model.late_usd_per_min == 0:
        yield Unused([chosen], "cost_model.late_usd_per_min is 0")
    elif internal.opportunity == "queue" and scenario.clients.all_have("unlimited"):
        yield Unused([chosen], "beyond expected_delay, since clients.slots are unlimited")


def _of_external_costs(asked: Asked) -> Iterator[Unused]:
    external, place = asked.scenario.cost_model.external, "cost_model.external"
    trusted = stated(external, place, "trusted_above_reliability")
    if asked.learns:
        yield Unused(trusted, "this market learns")
    elif external.verification_usd == external.verification_trusted_usd:
        yield Unused(trusted, "verifying costs the same for all")
    if asked.scenario.workload.attributes.criticality != "high":
        places = stated(external, place, "critical_factor")
        yield Unused(places, "workload.attributes.criticality is not high")
    if not (asked.has("data_gb") or asked.has("output_gb")):
        yield Unused(stated(external, place, "communication_usd_per_gb"), "no task has data")
    for name in ("security_risk", "quality_risk"):
        if all(getattr(facts, name) is not None for facts in asked.contractors):
            yield Unused(stated(external, place, name), "all contractors state their own")
    if isinstance(external.pricing, LoadPrice) and not asked.load:
        names = [f"{place}.pricing.slope"] * (external.pricing.slope > 0)
        names += stated(external.pricing, f"{place}.pricing", "max_load")
        yield Unused(names, "all contractors have unlimited slots")


def _of_policies(asked: Asked) -> Iterator[Unused]:
    places = [place for place, _ in asked.scenario.policies]
    if "policy" not in places:
        yield Unused(["policy.kind"], "every group states its own policy")
    for place, policy in asked.scenario.policies:
        yield from _of_policy(policy, place, asked)


def _of_policy(policy: PolicySettings, place: str, asked: Asked) -> Iterator[Unused]:
    if isinstance(policy, Topsis | EpsilonGreedy) and policy.epsilon == 0:
        names = ["epsilon_half_life_tasks"]
        names += ["explored_score", "explored_confidence"] * isinstance(policy, Topsis)
        yield Unused(stated(policy, place, *names), f"{place}.epsilon is 0")
    if isinstance(policy, CostLearner) and not policy.by_task_type:
        places = stated(policy, place, "pooled_weight")
        yield Unused(places, f"{place}.by_task_type is false")
    if isinstance(policy, Exp3) and policy.gamma is not None:
        yield Unused(stated(policy, place, "horizon_tasks"), f"{place}.gamma is stated")
    if isinstance(policy, Topsis):
        yield from _of_topsis(policy, place, asked)


def _of_topsis(policy: Topsis, own: str, asked: Asked) -> Iterator[Unused]:
    boosts, place = policy.boosts, f"{own}.boosts"
    gated = policy.only_if_cheaper_percent is not None or policy.within_budget
    if policy.explored_too and not (gated and policy.epsilon > 0):
        reason = f"{own}.epsilon is 0" if gated else "nothing is asked of the others"
        yield Unused(stated(policy, own, "explored_too"), reason)
    if "high" not in asked.levels:
        level = asked.scenario.workload.attributes.data_sensitivity
        reason = "workload.attributes.data_sensitivity is not high"
        places = stated(boosts, place, "security_if_sensitive")
        yield Unused(places, "no task has high data_sensitivity" if level == "high" else reason)
    conditions = {"cost": "cost_if_budget_share_below", "latency": "latency_if_max_min_below"}
    for factor, condition in conditions.items():
        if getattr(boosts, condition) == 0:
            yield Unused(stated(boosts, place, factor), f"{place}.{condition} is 0")
        elif getattr(boosts, factor) == 1:
            yield Unused(stated(boosts, place, condition), f"{place}.{factor} is 1")
    if policy.drift.step == 0 or policy.drift.sd == 0:
        names = ("step", "sd", "up_to_score")
        places = stated(policy.drift, f"{own}.drift", *names)
        yield Unused(places, "weights do not drift unless step and sd are above 0")
