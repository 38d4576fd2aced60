"""What can be wrong with a policy."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

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


def place_of(name: str, names: Sequence[str], field: str, what: str) -> int:
    """Where a name stands among those there are; `field` is the policy's that states it, `what` the kind of
    thing that it means. Raises `PolicyError` where there is none of that name."""
    if name not in names:
        near = difflib.get_close_matches(name, names)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise PolicyError(f"policy.{field}: no {what} of that name (got {name!r}){hint}")
    return names.index(name)
