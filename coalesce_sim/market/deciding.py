"""The policy as the market sees it: asked, checked, and told what came of it."""

from __future__ import annotations

import numpy as np

from coalesce_sim.policies.errors import PolicyError
from coalesce_sim.policies.protocol import LOCAL, Decision, Outcome, Policy, View


class Decider:
    """Asks a policy and refuses answers that are none. `view_type` is what it wants to see."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._name = type(policy).__name__
        self.view_type = policy.view_type
        self.listens = type(policy).observe is not Policy.observe

    @property
    def searches(self) -> bool:
        """Whether the policy has clients ask for contractors."""
        return self._policy.searches

    def decide(self, view: View) -> Decision:
        """The policy's decision. Raises `PolicyError` with the offending value if it is not one."""
        decision = self._policy.decide(view)
        if not isinstance(decision, Decision):
            raise PolicyError(f"{self._name}.decide: must return a Decision (got {decision!r})")
        chosen: object = decision.contractor
        if isinstance(chosen, bool) or not isinstance(chosen, int | np.integer):
            raise PolicyError(f"{self._name}: decision.contractor must be a whole number (got {chosen!r})")
        price_usd: object = decision.price_usd
        if price_usd is not None and not (isinstance(price_usd, int | float) and 0 <= price_usd < np.inf):
            raise PolicyError(f"{self._name}: decision.price_usd must be >= 0 and finite (got {price_usd!r})")
        if not LOCAL <= decision.contractor < view.contractors:
            raise PolicyError(
                f"{self._name}: decision.contractor must be -1 (local) "
                f"to {view.contractors - 1} (got {decision.contractor})"
            )
        return decision

    def splits(self, view: View) -> bool:
        """Whether the policy has a task that may be split done in steps. Raises `PolicyError` where it does
        not say."""
        splits: object = self._policy.splits(view)
        if not isinstance(splits, bool | np.bool_):
            raise PolicyError(f"{self._name}.splits: must return True or False (got {splits!r})")
        return bool(splits)

    def observe(self, outcome: Outcome) -> None:
        """Tell the policy what came of a decision."""
        self._policy.observe(outcome)
