"""The parts of what a task costs: every charge that comes about belongs to one of them.

They fall into three groups: cash, which is paid to somebody or used up; delay, what waiting is worth; losses,
what bad work, leaks and charged risk come to. No part is what the others leave of the total.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Group = Literal["cash", "delay", "losses"]

GROUPS: Final[tuple[Group, ...]] = ("cash", "delay", "losses")
"""In the order in which they are told."""


class CostPart(NamedTuple):
    """A part by the names of its column in ``decisions.parquet`` and of its metric, a label, its group, and a
    definition that follows "Σ"."""

    column: str
    metric: str
    label: str
    group: Group
    definition: str


(
    HOME_COMPUTE,
    HOME_MEMORY,
    HOME_ENERGY,
    HOME_DEPRECIATION,
    HOME_BILL,
    OPPORTUNITY,
    PRICE,
    COMMUNICATION,
    VERIFICATION,
    INTEGRATION,
    RISK,
    LATENCY_PENALTY,
    LATENESS,
    SEARCH,
    COORDINATION,
    LOSS,
    LEAK,
) = range(17)
"""Places of the parts in `COST_PARTS`, and rows in arrays of them."""

RUNNING: Final = slice(HOME_COMPUTE, HOME_DEPRECIATION + 1)
"""What the hardware at home costs while it works."""

HOME: Final = slice(HOME_COMPUTE, OPPORTUNITY + 1)
"""What work at home is charged when it is done."""

CONTRACT: Final = slice(PRICE, INTEGRATION + 1)
"""What a contract is charged: its price and its fees."""

AT_HOME: Final = (*range(HOME.start, HOME.stop), INTEGRATION, LATENESS, COORDINATION, LOSS)
"""What may come about where all tasks stay at home."""


def _part(name: str, label: str, group: Group, definition: str, metric: str | None = None) -> CostPart:
    return CostPart(name, metric or name, label, group, definition)


COST_PARTS: Final = (
    _part("home_compute_usd", "Home: compute", "cash", "compute of work that was done at home (eq. 2)"),
    _part("home_memory_usd", "Home: memory", "cash", "memory of work that was done at home (eq. 3)"),
    _part("home_energy_usd", "Home: energy", "cash", "energy of work that was done at home (eq. 4)"),
    _part(
        "home_depreciation_usd",
        "Home: depreciation",
        "cash",
        "depreciation or rent of the hardware for work that was done at home (eq. 6)",
    ),
    _part(
        "home_bill_usd",
        "Home: bills",
        "cash",
        "bills of the clients' own agents",
    ),
    _part(
        "opportunity_usd",
        "Opportunity cost",
        "delay",
        "opportunity cost of work at home (eq. 5), charged on the basis `estimate` only",
    ),
    _part(
        "price_usd",
        "Contractor pay",
        "cash",
        "what contractors were paid",
        "paid_to_contractors_usd",
    ),
    _part("communication_usd", "Communication", "cash", "moving data to contractors and results back"),
    _part("verification_usd", "Verification", "cash", "verifying what contractors delivered"),
    _part(
        "integration_usd",
        "Integration",
        "cash",
        "taking in what contractors delivered, and putting the steps of composite tasks together",
    ),
    _part(
        "risk_usd",
        "Charged risk",
        "losses",
        "value at risk with contractors (eq. 9), charged on the basis `estimate` only",
    ),
    _part(
        "latency_penalty_usd",
        "Latency penalty",
        "delay",
        "lateness expected of contractors × its price, charged on the basis `estimate` only",
    ),
    _part(
        "lateness_usd",
        "Cost of lateness",
        "delay",
        "time beyond the target × its price; 0 unless `realised.basis` is `physical`",
    ),
    _part("search_usd", "Cost of search", "cash", "messages to find contractors; where these cost something"),
    _part(
        "coordination_usd",
        "Cost of coordination",
        "cash",
        "coordinating the steps of split tasks; where tasks may be split",
    ),
    _part("loss_usd", "Loss by bad work", "losses", "what bad work came to, beyond the work itself"),
    _part(
        "leak_usd",
        "Loss by leaks",
        "losses",
        "leaked data, what insurance paid left out; where there are security incidents",
    ),
)

IN_GROUP: Final = {
    group: [place for place, part in enumerate(COST_PARTS) if part.group == group] for group in GROUPS
}
"""The places of the parts that each group is made of."""
