"""Who bears what: what payment costs clients, contractors and the platform, from the metrics of a market."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from coalesce_sim.scenario.settlement import Settlement

PARTIES = ("clients", "contractors", "platform")

Borne = tuple[float, float, float]
"""What it costs each of `PARTIES`, in USD; below 0 where one gains, NaN where no metric tells."""


def borne(settlement: Settlement, play: Mapping[str, float]) -> dict[str, Borne]:
    """What each part of payment cost whom in a replication.

    All fees go to the platform. What clients paid of them is what is left of `frictions_usd` after the other
    parts.
    """
    found = dict(_others(settlement, play))
    by_clients = play["frictions_usd"] - math.fsum(each[0] for each in found.values())
    fees = play["fees_usd"]
    return {"fees": (by_clients, fees - by_clients, -fees), **found}


def _others(settlement: Settlement, play: Mapping[str, float]) -> Iterator[tuple[str, Borne]]:
    """All parts that the settlement states, but the fees."""
    pay, escrow, charge_backs = settlement.pay, settlement.escrow, settlement.charge_backs
    if settlement.fx is not None:
        yield "exchange", (play["fx_loss_usd"], 0.0, 0.0)
    if pay.capital_rate_per_year > 0:
        capital = play["capital_cost_usd"]
        yield "capital", (capital, 0.0, 0.0) if pay.borne_by == "client" else (0.0, capital, 0.0)
    if escrow is not None and (escrow.dispute is not None or escrow.cap is not None):
        yield "disputes", (play["disputes_usd"], math.nan, math.nan)
    if charge_backs is not None:
        back, fees = play["charge_backs_usd"], charge_backs.fee_usd * play["charge_backs"]
        yield "charge-backs", (-back, back + fees, -fees)
        lost, by_clients = play["written_off_usd"], play["written_off_by_clients_usd"]
        yield "write-offs", (by_clients, -lost, lost - by_clients)
