"""What can be wrong with a policy."""

from __future__ import annotations

from coalesce_sim.errors import CoalesceError


class PolicyError(CoalesceError, ValueError):
    """Raised where a policy of the user's cannot be imported or constructed, or decides the impossible.

    Such as a contractor that made no offer.
    """
