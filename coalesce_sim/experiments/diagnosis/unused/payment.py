"""Settings of how contracts are paid that do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from coalesce_sim.experiments.diagnosis.unused.market import Asked
from coalesce_sim.experiments.diagnosis.unused.stated import Unused, stated
from coalesce_sim.scenario.settlement import Escrow, Fx, Pay
from coalesce_sim.settlement.units import units_of


def of_payment(asked: Asked) -> Iterator[Unused]:
    """The section `settlement`."""
    settlement, place = asked.scenario.settlement, "settlement"
    if settlement is None:
        return
    if asked.scenario.plays_log:
        yield Unused([place], "the log is played, which says what was paid")
        return
    escrow, fx, charge_backs = settlement.escrow, settlement.fx, settlement.charge_backs
    for index, fee in enumerate(settlement.fee):
        if fee.share == 0 and units_of(fee.fixed_usd) == 0:
            yield Unused([f"{place}.fee[{index}]"], "it takes nothing")
    yield from _of_pay(settlement.pay, in_escrow=escrow is not None)
    if escrow is not None:
        yield from _of_escrow(escrow)
    if fx is not None:
        yield from _of_fx(fx, settlement.currency)
    if charge_backs is not None and charge_backs.rate == 0:
        places = stated(charge_backs, f"{place}.charge_backs", "fee_usd", "written_off_by")
        places.append(f"{place}.charge_backs.days")
        yield Unused(places, "settlement.charge_backs.rate is 0")
    if settlement.failures is not None and settlement.failures.rate == 0:
        places = stated(settlement.failures, f"{place}.failures", "retries")
        yield Unused(places, "settlement.failures.rate is 0")


def _of_pay(pay: Pay, *, in_escrow: bool) -> Iterator[Unused]:
    place = "settlement.pay"
    if pay.every_h is None:
        yield Unused(stated(pay, place, "among"), f"{place}.every_h is left out")
    if pay.capital_rate_per_year == 0:
        yield Unused(stated(pay, place, "borne_by"), f"{place}.capital_rate_per_year is 0")
    elif pay.every_h is None and pay.delay_days == 0 and not in_escrow:
        places = stated(pay, place, "capital_rate_per_year", "borne_by")
        yield Unused(places, "no money waits in escrow or in transit")


def _of_escrow(escrow: Escrow) -> Iterator[Unused]:
    place = "settlement.escrow"
    if escrow.until == "verified":
        yield Unused(stated(escrow, place, "window_days"), f"{place}.until is verified")
    elif escrow.holdback == 0:
        yield Unused(stated(escrow, place, "window_days"), f"{place}.holdback is 0")
    if escrow.dispute is not None and escrow.dispute.share == 0:
        places = [
            *stated(escrow.dispute, f"{place}.dispute", "least_usd", "cost_usd", "wrong"),
            f"{place}.dispute.days",
        ]
        yield Unused(places, f"{place}.dispute.share is 0")


def _of_fx(fx: Fx, own: str) -> Iterator[Unused]:
    place, paid_in = "settlement.fx", set(fx.contractors.values())
    if paid_in == {own}:
        yield Unused([place], f"everybody is paid in {own}")
        return
    nobodys = [each for each in fx.rate if each not in paid_in and each != own]
    yield Unused([f"{place}.rate.{each}" for each in nobodys], "nobody is paid in it")
