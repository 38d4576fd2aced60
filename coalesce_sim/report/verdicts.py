"""What is said, in a sentence each, of decisions, contracts and how tasks end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.incidents import LEAKED, TAMPERED
from coalesce_sim.market.contracts.reasons import FOUND_BAD, OUTAGE, UNPAID, UNREACHABLE, WORK_LOST
from coalesce_sim.market.contracts.states import CANCELED, COMPLETED, FAILED, REJECTED
from coalesce_sim.numbers import number, plural
from coalesce_sim.policies.protocol import LOCAL, Decision, View
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.policy import Topsis
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.security import INCIDENT_KINDS

Facts = dict[str, Any]

UNDECIDED = "Never begun: another step of its whole came to nothing."


def of_decision(
    scenario: Scenario, decision: Decision, best_first: list[Facts], reasons: Facts, view: View
) -> str:
    """Why the task went where it went, in a sentence."""
    internal_usd = view.internal_usd
    policy = scenario.policy_of(view.client)
    rules = policy if isinstance(policy, Topsis) else None
    at_home = f"Stays at home at an estimated {number(internal_usd)} USD"
    has_gpu = scenario.clients.of(view.client).home.slots != 0
    if not has_gpu:
        at_home = (
            f"Not outsourced and, no client having a slot, given up at a loss of {number(internal_usd)} USD"
        )
    if decision.contractor != LOCAL:
        chosen = next(row for row in best_first if row["chosen"])
        goes = f"Goes to {chosen['contractor']} at an estimated {number(chosen['external_usd'])} USD"
        goes += f", against {number(internal_usd)} USD {'at home' if has_gpu else 'lost'}"
        if rules is None:
            return f"{goes}{', to explore' if decision.explored else ''}."
        if decision.explored:
            return (
                f"{goes}: explored (probability ε = {rules.epsilon:g}), a random one of all "
                f"{len(best_first)} whatever their skills."
            )
        return (
            f"{goes}: its score {decision.score:.3f} is above {rules.outsource_above_score:g} and the "
            f"confidence {decision.confidence:.3f} above {rules.outsource_above_confidence:g}."
        )
    if not best_first:
        return f"{at_home}: nobody offers."
    if not any(row["eligible"] for row in best_first):
        because = "no contractor reaches" if rules is not None else "and no contractor reaches"
        colon = ":" if rules is not None else ","
        return f"{at_home}{colon} {because} the skill threshold {scenario.skills.threshold:g}."
    if rules is None:
        cheapest = min((row for row in best_first if row["eligible"]), key=lambda row: row["external_usd"])
        least = f"{number(cheapest['external_usd'])} USD at {cheapest['contractor']}"
        return f"{at_home}, against {least}, the cheapest that is eligible."
    return f"{at_home}: {_held_back(rules, decision, best_first, reasons, view)}."


def _held_back(rules: Topsis, decision: Decision, best_first: list[Facts], reasons: Facts, view: View) -> str:
    """What kept TOPSIS from hiring although somebody is eligible."""
    budget_usd = float(view.fact("budget_usd"))
    if "not_explored" in reasons:
        picked = next(row for row in best_first if row["contractor"] == reasons["not_explored"])
        over = rules.within_budget and exceeds(picked["price_usd"], budget_usd)
        what = f"asks for {number(picked['price_usd'])} USD, above the budget of {number(budget_usd)} USD"
        return (
            f"{picked['contractor']}, picked at random to explore, "
            f"{what if over else _not_cheaper(rules, picked, view.internal_usd)} (explored_too)"
        )
    best = best_first[0]
    if best["topsis_score"] is None:
        return f"every eligible contractor asks for more than the budget of {number(budget_usd)} USD"
    thresholds = (
        (f"the best score, that of {best['contractor']},", decision.score, rules.outsource_above_score),
        ("the confidence", decision.confidence, rules.outsource_above_confidence),
    )
    short = [
        f"{what} {value:.3f} is not above {least:g}"
        for what, value, least in thresholds
        if not exceeds(value, least)
    ]
    percent = rules.only_if_cheaper_percent
    if percent is not None and not exceeds((1 - percent / 100) * view.internal_usd, best["external_usd"]):
        short.append(f"{best['contractor']} {_not_cheaper(rules, best, view.internal_usd)}")
    return " and ".join(short)


def _not_cheaper(rules: Topsis, row: Facts, internal_usd: float) -> str:
    percent = rules.only_if_cheaper_percent or 0.0
    limit_usd = (1 - percent / 100) * internal_usd
    less = f", home's less {percent:g} %" if percent else ", home's"
    return f"at {number(row['external_usd'])} USD is not below {number(limit_usd)} USD{less}"


def check_of(contract: Contract) -> str | None:
    """Which check the delivery went through, if there was one."""
    if contract.state != COMPLETED:
        return None
    return "by hand" if contract.opened.layout.manual[contract.row] else "automatically"


def of_contract(contract: Contract) -> str:
    """What came of a contract, and what it cost."""
    took = f"after {number(contract.ended_s - contract.submitted_s)} s"
    tampered = ": it was tampered with" if contract.incident == INCIDENT_KINDS[TAMPERED] else ""
    match contract.state, contract.reason:
        case (str(state), reason) if (state, reason) == (CANCELED, UNREACHABLE):
            end = f"Canceled {took}: the contractor could not be reached."
        case (str(state), _) if state == CANCELED:
            end = f"Canceled {took}: not done in time."
        case (str(state), reason) if (state, reason) == (REJECTED, UNPAID):
            end = f"Rejected {took}: the payment of its price failed."
        case (str(state), _) if state == REJECTED:
            end = f"Rejected {took}: the contractor's queue is full."
        case (str(state), reason) if (state, reason) == (FAILED, WORK_LOST):
            end = f"Failed {took}: the work was done and lost before it was delivered."
        case (str(state), reason) if (state, reason) == (FAILED, OUTAGE):
            end = f"Failed {took}: the contractor went down, and the work was lost."
        case (str(state), _) if state == FAILED:
            end = f"Failed {took}, before anything was delivered."
        case (_, reason) if reason == FOUND_BAD:
            truth = "although it is good" if contract.good else f"as it is{tampered}"
            end = f"Delivered {took} and, checked {check_of(contract)}, found bad, {truth}."
        case _:
            truth = "it is good" if contract.good else f"although it is bad{tampered}"
            end = f"Delivered {took}, checked {check_of(contract)} and accepted: {truth}."
    paid = f"Paid {number(contract.paid_usd)} USD, {number(contract.agreed_usd)} USD being agreed on"
    return f"{end} {paid}, and {number(contract.fees_usd)} USD of fees.{_leak(contract)}{_cheat(contract)}"


def _leak(contract: Contract) -> str:
    """What a leak cost, in a sentence; empty where nothing leaked."""
    if contract.incident != INCIDENT_KINDS[LEAKED]:
        return ""
    insured = f", and insurance {number(contract.insured_usd)} USD" if contract.insured_usd else ""
    return f" Its data leaked, which costs the client {number(contract.leak_usd)} USD{insured}."


def _cheat(contract: Contract) -> str:
    """What the same contract would have been, kept honestly, in a sentence; empty where it was."""
    if not contract.manipulated:
        return ""
    work = "good" if contract.honest_good else "bad"
    cost = "costs" if contract.harm_usd >= 0 else "saves"
    usd = number(abs(contract.harm_usd))
    return (
        f" Somebody cheated, which {cost} the client {usd} USD at once; honest work would have been {work}."
    )


def of_ending(attempts: int, where: str | None, failed: int, good: bool, loss_usd: float) -> str:
    """How a task ended, after so many `failed` contracts; `where` is None for one that was given up."""
    if attempts == 0:
        return UNDECIDED
    after = f" after {plural(failed, 'contract')} that came to nothing" if failed else ""
    cost = f", at a loss of {number(loss_usd)} USD" if loss_usd else ""
    if where is None:
        return f"Given up{after}{cost}."
    return f"Ends {'well' if good else 'badly'} {where}{after}{cost}."


def of_split(split: bool, whole_usd: float, split_usd: float) -> str:
    """Whether a task was split, and what was expected."""
    expected = f"its steps are expected to cost {number(split_usd)} USD, the whole {number(whole_usd)} USD"
    return f"{'Split' if split else 'Done as a whole'}: {expected}, each by the cheapest."


def not_taken(*, split: bool) -> str:
    """Why the row of a task that might be split was not done."""
    return f"Not done: the task was done {'in its steps' if split else 'as a whole'}."


def worker(attempts: int, contractor: int, names: Sequence[str]) -> str:
    """Who worked on a task last."""
    if attempts == 0:
        return "nobody"
    return "home" if contractor == LOCAL else names[contractor]
