"""The states of a task in A2A 1.0, which are those of a contract here."""

from __future__ import annotations

from typing import Final

SUBMITTED: Final = "submitted"
WORKING: Final = "working"
INPUT_REQUIRED: Final = "input-required"
AUTH_REQUIRED: Final = "auth-required"
COMPLETED: Final = "completed"
FAILED: Final = "failed"
CANCELED: Final = "canceled"
REJECTED: Final = "rejected"
"""The states of a task in A2A 1.0. A contract passes through *submitted*, perhaps *auth-required*, *working*,
perhaps *input-required*, and ends in one of the last four."""

FINAL_STATES: Final = (COMPLETED, FAILED, CANCELED, REJECTED)
