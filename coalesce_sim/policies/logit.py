"""Demand as textbooks on competition have it."""

from __future__ import annotations

import numpy as np

from coalesce_sim.policies.protocol import LOCAL, Decision, Policy, View
from coalesce_sim.scenario import policy as settings


class Logit(Policy):
    """An eligible offer or home, whichever leaves the client most of what the task is worth to it there.

    A part of that is drawn for each of them and each task, Gumbel of scale μ: choices are multinomial logit.
    Source: McFadden (1974), in Frontiers in Econometrics.
    """

    def __init__(self, rules: settings.Logit) -> None:
        self._rules = rules

    def decide(self, view: View) -> Decision:
        rules, eligible = self._rules, np.flatnonzero(view.eligible)
        left_usd = np.append(rules.a_usd - view.price_usd[eligible], rules.a0_usd)
        tastes = -np.log(-np.log(view.draws("logit", np.append(view.ids[eligible], LOCAL))))
        best = int(np.argmax(left_usd + rules.mu_usd * tastes))
        return Decision(int(eligible[best]) if best < len(eligible) else LOCAL)
