"""Why a contract came to nothing, where its final state does not say it all."""

from __future__ import annotations

from typing import Final

UNREACHABLE: Final = "unreachable"
TIMED_OUT: Final = "timed out"
"""Not over by its deadline."""
FULL: Final = "full"
BROKE_OFF: Final = "broke off"
FOUND_BAD: Final = "found bad"
"""Delivered and, as its client says, bad."""
WORK_LOST: Final = "lost"
"""Done, and never arrived."""

OUTAGE: Final = "outage"
"""The contractor went down while it worked, and lost the work."""

UNPAID: Final = "payment failed"
"""The price could not be set aside."""

REASONS: Final = ("", UNREACHABLE, TIMED_OUT, FULL, BROKE_OFF, FOUND_BAD, WORK_LOST, OUTAGE, UNPAID)
"""All there are; none for a contract that was accepted."""
