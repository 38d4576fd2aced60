"""The policies that forget, for worlds that change: each is another one whose `Arms` forget."""

from __future__ import annotations

from coalesce_sim.policies.bandits.arms import Arms
from coalesce_sim.policies.bandits.forgetting import DiscountedArms, WindowedArms
from coalesce_sim.policies.bandits.greedy import Greedy
from coalesce_sim.policies.bandits.thompson import Thompson
from coalesce_sim.policies.bandits.ucb import Ucb1
from coalesce_sim.scenario import learners


class WindowedGreedy(Greedy):
    """As `Greedy`, by the last `window_tasks` = 166 decisions: who is not among them is taken at their word.

    Source: our own; the window is that of `SlidingWindowUcb`.
    """

    def __init__(self, rules: learners.WindowedGreedy) -> None:
        super().__init__(rules)
        self._window = rules.window_tasks

    def _new_arms(self, types: int, contractors: int) -> Arms:
        return WindowedArms(types, contractors, self._window)


class DiscountedUcb(Ucb1):
    """As `Ucb1`, each decision multiplying all earlier ones, in means, n and t, by `discount` = 0.992.

    `exploration` = 2, which is 4·ξ·B² of the source for ξ = ½ and rewards from 0 to B = 1; the default
    discount is its ``1 − ¼·√(changes/tasks)`` for 1,000 tasks and one change.
    Source: Garivier and Moulines (2011), ALT, after Kocsis and Szepesvári (2006).
    """

    def __init__(self, rules: learners.DiscountedUcb) -> None:
        super().__init__(rules)
        self._discount = rules.discount

    def _new_arms(self, types: int, contractors: int) -> Arms:
        return DiscountedArms(types, contractors, self._discount)


class SlidingWindowUcb(Ucb1):
    """As `Ucb1`, by the last `window_tasks` = 166 decisions; an alternative not among them comes first.

    `exploration` = ½, which is ξ·B² of the source for ξ = ½ and rewards from 0 to B = 1; the default window
    is its ``2·√(tasks·ln tasks/changes)`` for 1,000 tasks and one change.
    Source: Garivier and Moulines (2011), ALT.
    """

    def __init__(self, rules: learners.SlidingWindowUcb) -> None:
        super().__init__(rules)
        self._window = rules.window_tasks

    def _new_arms(self, types: int, contractors: int) -> Arms:
        return WindowedArms(types, contractors, self._window)


class DiscountedThompson(Thompson):
    """As `Thompson`, each decision multiplying all earlier ones by `discount` = 0.992, as in `DiscountedUcb`.

    Both sums of the Beta distribution fade, the uniform prior does not.
    Source: Raj and Kalyani (2017), arXiv 1707.09727.
    """

    def __init__(self, rules: learners.DiscountedThompson) -> None:
        super().__init__(rules)
        self._discount = rules.discount

    def _new_arms(self, types: int, contractors: int) -> Arms:
        return DiscountedArms(types, contractors, self._discount)
