"""What can be wrong with a strategy."""

from __future__ import annotations

from coalesce_sim.errors import CoalesceError


class AdversaryError(CoalesceError, ValueError):
    """Raised where a user's strategy cannot be imported or constructed, raises, or answers the impossible.

    The text is one line; of what the strategy itself raised, `trace` says where in its code, as Python tells
    it.
    """

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message, trace)
        self.trace = trace

    def __str__(self) -> str:
        return str(self.args[0])
