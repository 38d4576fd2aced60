"""What can be wrong with a policy."""

from __future__ import annotations

from coalesce_sim.errors import CoalesceError


class PolicyError(CoalesceError, ValueError):
    """Raised where a user's policy cannot be imported or constructed, or decides the impossible.

    That is anything but a `Decision`, an offer that is not there, or a price that cannot be.
    """
