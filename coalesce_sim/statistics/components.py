"""Where the variance of a figure comes from: luck, the log of tasks, or inputs that are uncertain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from coalesce_sim.arrays import FloatArray

Source = Literal["log", "inputs"]
"""What may differ between a replication and its twin, which has the same luck."""

SOURCES: Final[tuple[Source, ...]] = ("log", "inputs")


@dataclass(frozen=True, slots=True)
class Split:
    """The variance of a figure of single replications, in its unit squared, by where it comes from.

    `log` and `inputs` are what it would vary by if only the log, or only the inputs, were others, all else
    being as it is: what they do together with luck counts as theirs. `luck` is the rest. They are None where
    they are certain. `total` is of `n` replications, the others of as many `pairs` of a replication and its
    twin.
    """

    total: float
    log: float | None
    inputs: float | None
    n: int
    pairs: int

    @property
    def luck(self) -> float:
        """What more replications average out."""
        return max(0.0, self.total - self.stays)

    @property
    def stays(self) -> float:
        """What no number of replications averages out: one log was seen, and inputs were measured once."""
        return (self.log or 0.0) + (self.inputs or 0.0)

    @property
    def error(self) -> float:
        """Standard error of the mean over the replications, as one of what is true."""
        return float(np.sqrt(self.total / self.n + self.stays))

    @property
    def degrees(self) -> float:
        """Degrees of freedom of that error. Source: Satterthwaite (1946), Biometrics Bulletin 2(6)."""
        parts = [(self.total / self.n, self.n - 1)]
        parts += [(part, self.pairs) for part in (self.log, self.inputs) if part]
        squares = sum(part**2 / max(1, degrees) for part, degrees in parts)
        return self.error**4 / squares if squares > 0 else float(self.n - 1)

    @property
    def of_interval(self) -> dict[str, float]:
        """The shares of luck, log and inputs in the variance that the interval of the mean stands for, from 0
        to 1; luck's falls with the number of replications. Empty where nothing varies."""
        parts = {"luck": self.luck / self.n}
        for name, part in (("log", self.log), ("inputs", self.inputs)):
            if part is not None:
                parts[name] = part * (1 + 1 / self.n)
        whole = sum(parts.values())
        return {name: part / whole for name, part in parts.items()} if whole > 0 else {}

    @classmethod
    def of_dict(cls, told: Mapping[str, Any]) -> Split:
        """What `as_dict` made, as it comes out of JSON."""
        return cls(told["total"], told["log"], told["inputs"], told["replications"], told["pairs"])

    def as_dict(self) -> dict[str, Any]:
        """The form in which it appears in JSON."""
        return {
            "total": self.total,
            "luck": self.luck,
            "log": self.log,
            "inputs": self.inputs,
            "replications": self.n,
            "pairs": self.pairs,
            "of_interval": self.of_interval,
        }


def split_of(values: FloatArray, twins: Mapping[Source, FloatArray]) -> Split | None:
    """The split of a figure's variance, from one value a replication and those of twins.

    `twins` has, by source, the figure of twins of the first replications, in their order: played on the same
    luck, with only that source drawn anew. NaN are left out; None with fewer than two values. Of a source of
    which no pair is complete nothing is known, and all variance is taken for its own.

    Source: Jansen (1999), Computer Physics Communications 117, of the variance that a source has to do with;
    that replications do not average out what is uncertain of inputs, Barton, Lam and Song (2022), Input
    uncertainty in stochastic simulation.
    """
    defined = values[~np.isnan(values)]
    if len(defined) < 2:
        return None
    total = float(defined.var(ddof=1))
    found: dict[Source, float] = {}
    pairs = min((len(others) for others in twins.values()), default=0)
    for source, others in twins.items():
        difference = values[: len(others)] - others
        complete = difference[~np.isnan(difference)]
        pairs = min(pairs, len(complete))
        found[source] = float((complete**2).mean()) / 2 if len(complete) else total
    return Split(total, found.get("log"), found.get("inputs"), len(defined), pairs)
