"""What a user writes about learning from realised costs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coalesce_sim.scenario.base import Model


class Calibration(Model):
    """Cost estimates learn from realised costs (eq. 10): ``Ĉ ← rate·actual + (1 − rate)·Ĉ``.

    What is learned is kept as a factor on the estimates of each task type at each contractor and at home.
    """

    rate: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Weight of the newest realised cost against all earlier ones; 1 goes by the last bill alone. The paper
    takes 0.1 to 0.3."""
