"""What a user writes about learning from what estimates came to."""

from __future__ import annotations

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import PositiveShare, Share


class Calibration(Model):
    """Estimates learn from what came of earlier ones (eq. 10), charges from charges and times from times.

    What is learned is kept as two factors for each task type at each contractor and at home: one on charges,
    one on the time until work is done, by which its lateness is estimated. A factor is the sum of what came
    of earlier estimates over the sum of these.
    """

    rate: PositiveShare = 0.2
    """Weight of the first outcome against the estimate itself (the paper's λ, 0.1 to 0.3); with 1 the
    estimate counts for nothing from then on."""
    forgetting: Share = 1.0
    """What each new outcome multiplies the weight of all earlier ones by. 1 forgets nothing, so that factors
    settle; with ``1 − rate`` the newest always weighs `rate`, as in eq. 10, and factors follow chance."""
    proven_only: bool = True
    """Whether a factor is used only as long as it would have brought earlier estimates nearer to what came of
    them. Eq. 10 as printed has no such rule: ``false``, with a `forgetting` of ``1 − rate``."""
