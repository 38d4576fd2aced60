"""Who bears what: what payment costs clients, contractors and the platform, from the metrics of a market."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from coalesce_sim.scenario.settlement import Settlement
from coalesce_sim.settlement.units import ONE, units_of

PARTIES = ("clients", "contractors", "platform")

Borne = tuple[float, float, float]
"""What it costs each of `PARTIES`, in USD; below 0 where one gains, NaN where no metric tells."""


def borne(settlement: Settlement, play: Mapping[str, float]) -> dict[str, Borne]:
    """What each part of payment cost whom in a replication.

    All fees go to the platform. What clients paid of them is what is left of `frictions_usd` after the other
    parts.
    """
    found = dict(_others(settlement, play))
    others = sum(units_of(each[0]) for each in found.values())
    by_clients = (units_of(play["frictions_usd"]) - others) / ONE
    fees = play.get("fees_usd", 0.0)
    return {"fees": (by_clients, fees - by_clients, -fees), **found}


def _others(settlement: Settlement, play: Mapping[str, float]) -> Iterator[tuple[str, Borne]]:
    """All parts but the fees; what is not stated costs nothing."""
    pay, charge_backs = settlement.pay, settlement.charge_backs
    yield "exchange", (play.get("fx_loss_usd", 0.0), 0.0, 0.0)
    capital = play.get("capital_cost_usd", 0.0)
    yield "capital", (capital, 0.0, 0.0) if pay.borne_by == "client" else (0.0, capital, 0.0)
    if "disputes_usd" in play:
        by_clients, decided_usd = play["disputes_usd"], _decisions_usd(settlement, play)
        yield "disputes", (by_clients, decided_usd - by_clients, -decided_usd)
    if charge_backs is not None:
        back, fees = play["charge_backs_usd"], charge_backs.fee_usd * play["charge_backs"]
        yield "charge-backs", (-back, back + fees, -fees)
    lost, by_clients = play["written_off_usd"], play.get("written_off_by_clients_usd", 0.0)
    yield "write-offs", (by_clients, -lost, lost - by_clients)


def _decisions_usd(settlement: Settlement, play: Mapping[str, float]) -> float:
    """What deciding disputes costs those who lose them; NaN where bills that were cut at a cap count
    among them."""
    escrow = settlement.escrow
    assert escrow is not None
    assert escrow.dispute is not None
    return math.nan if escrow.cap is not None else escrow.dispute.cost_usd * play["disputes"]
