"""The paper's game-theoretic step (eq. 14) as bargaining over a price. Pure functions, shapes broadcast."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray


def bargained_price_usd(
    contractor_usd: FloatArray,
    internal_usd: FloatArray | float,
    surcharges_usd: FloatArray,
    client_weight: float,
) -> FloatArray:
    """The price that client and contractor agree on; infinite where there is none, and no offer is made.

    They share the surplus ``internal − surcharges − contractor's own cost``, what hiring saves over home
    before the contractor is paid. The client keeps the share w, `client_weight`; the price is the
    contractor's cost and the rest, ``contractor + (1 − w)·surplus``. A negative surplus leaves nothing to
    agree on. Costs must be finite.

    That price maximises the Nash product ``(internal − surcharges − price)^w·(price − contractor)^(1 − w)``.
    Sources: Nash (1950), Econometrica 18(2); with weights, Harsanyi and Selten (1972), Management Science
    18(5).
    """
    surplus_usd = internal_usd - surcharges_usd - contractor_usd
    return np.where(surplus_usd >= 0, contractor_usd + (1 - client_weight) * surplus_usd, np.inf)
