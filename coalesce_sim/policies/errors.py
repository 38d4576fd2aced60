"""What can be wrong with a policy."""

from __future__ import annotations

from coalesce_sim.errors import CoalesceError


class PolicyError(CoalesceError, ValueError):
    """Raised where a user's policy cannot be imported or constructed, raises, or decides the impossible.

    That is anything but a `Decision`, an offer that is not there, or a price that cannot be. The text is one
    line; of what the policy itself raised, `trace` says where in its code, as Python tells it.
    """

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message, trace)
        self.trace = trace

    def __str__(self) -> str:
        return str(self.args[0])
