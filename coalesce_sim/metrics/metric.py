"""What a metric is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a replication; `unit` is empty for counts and indices.

    `definition` has Σ for sums over all tasks of the replication. `better` is None where a change is neither
    good nor bad by itself.
    """

    name: str
    label: str
    unit: str
    definition: str
    better: Direction | None

    @property
    def axis(self) -> str:
        """The label with its unit, for the axis of a figure."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def share(self) -> bool:
        """Whether it is a share of a whole, between 0 and 100 %: its definition begins so."""
        return self.unit == "%" and self.definition.startswith("Share of ")
