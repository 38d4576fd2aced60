"""What settlement and compliance need, and what does not go together: all at once, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from coalesce_sim.scenario.distributions import highest_draw
from coalesce_sim.scenario.pool import DrawnPool, PriceList, RecordedPool
from coalesce_sim.scenario.problems import Problem, ScenarioError, closest
from coalesce_sim.scenario.settlement import Settlement

if TYPE_CHECKING:
    from coalesce_sim.scenario.schema import Scenario


def settled(scenario: Scenario) -> Scenario:
    """The scenario as a book is kept of it: with `settlement: {}` where it states none.

    Raises `ScenarioError` where it makes no contracts.
    """
    if scenario.contracts is None:
        message = "missing, and a book is of contracts; state contracts: {}, or extend market"
        raise ScenarioError([Problem("", None, "contracts", message)])
    if scenario.plays_log:
        message = "makes no contracts, of which a book could be kept; with costs: modelled it does"
        raise ScenarioError([Problem("", None, "policy", message)])
    return scenario if scenario.settlement else scenario.model_copy(update={"settlement": Settlement()})


def objections_to_settlement(scenario: Scenario) -> Iterator[str]:
    """What is wrong with how contracts are paid."""
    settlement = scenario.settlement
    if settlement is None:
        return
    if scenario.contracts is None:
        yield "settlement: needs contracts to settle: state contracts: {}, or extend market"
        return
    yield from _given_twice(scenario, settlement)
    known = _types_and_names(scenario)
    if known is not None:
        yield from unknown_payees(scenario, known)
    funds = settlement.clients
    if funds is not None and highest_draw(funds.funds_usd) <= 0:
        yield "settlement.clients.funds_usd: nobody can pay for anything (got 0)"


def _given_twice(scenario: Scenario, settlement: Settlement) -> Iterator[str]:
    """Two sections that say what becomes of the same dollar."""
    assert scenario.contracts is not None
    escrow, due = settlement.escrow, scenario.contracts.due_on_failure
    if escrow is not None and escrow.until == "verified" and escrow.holdback < 1 and due > 0:
        yield (
            f"settlement.escrow.holdback: says what work found bad earns, {1 - escrow.holdback:g} of its "
            f"bill, as contracts.due_on_failure does (got {due:g}); state one of them, or until: window"
        )
    theirs = scenario.defences.platform_fee_share
    for index, fee in enumerate(settlement.fee):
        if fee.kind == "platform" and fee.payer == "contractor" and theirs > 0:
            yield (
                f"settlement.fee[{index}]: takes the market's part of what contractors are paid, as "
                f"defences.platform_fee_share does (got {theirs:g}); state one of them"
            )


def unknown_payees(scenario: Scenario, known: Sequence[str]) -> Iterator[str]:
    """Who is paid in another currency and is not there; `known` are the words that mean contractors."""
    fx = None if scenario.settlement is None else scenario.settlement.fx
    for who in () if fx is None else fx.contractors:
        if who not in known:
            near = closest(who, known[:1000])
            hint = "" if near is None else f"; did you mean {near!r}?"
            yield f"settlement.fx.contractors.{who}: no type or name of a contractor (got {who!r}){hint}"


def _types_and_names(scenario: Scenario) -> list[str] | None:
    """The words that mean contractors: types of a drawn pool, whose names differ by replication, names and
    types of a listed one; None where only records tell."""
    match scenario.contractors:
        case DrawnPool(types=types):
            return list(types)
        case PriceList(sellers=sellers):
            return [*sellers, "seller"]
        case RecordedPool():
            return None
        case listed:
            return list(dict.fromkeys([*(each.name for each in listed), *(each.type for each in listed)]))
