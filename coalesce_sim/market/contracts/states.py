"""The states of a task in A2A 1.0, which are those of a contract here.

A contract is *submitted* or, once its client has been asked to authorise it, *auth-required* until the work
begins, in the queue too; then it is *working*, and it ends in one of the last four. It is never
*input-required*: the reply to a question is added to the work, and `Contract.input_required` says so.
"""

from __future__ import annotations

from typing import Final

SUBMITTED: Final = "submitted"
WORKING: Final = "working"
AUTH_REQUIRED: Final = "auth-required"
COMPLETED: Final = "completed"
FAILED: Final = "failed"
CANCELED: Final = "canceled"
REJECTED: Final = "rejected"

FINAL_STATES: Final = (COMPLETED, FAILED, CANCELED, REJECTED)
