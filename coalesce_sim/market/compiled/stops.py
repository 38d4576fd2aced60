"""Why a kernel that plays events stops, and how it goes on when it is called again."""

from __future__ import annotations

from typing import Final

GO: Final = 0
OPENED: Final = 1
REPLIED: Final = 2
DECIDED: Final = 3
OBSERVED: Final = 4
STAYS: Final = 5
FOUND: Final = 6
"""What comes next: whatever is pending, the next arrival, the attempt `Course.job` from where it stands, the
decision on the task `Course.task`, what follows the end of an attempt, work on that task at home, or what
those offer who were found for the task `Course.deciding`. It goes on so when it was told what it had stopped
for: one more block, a client's answer, a decision, that a policy knows of an outcome, who was found. All but
the block it notes itself."""

ENDED: Final = 1
NEXT_BLOCK: Final = 2
MORE_ROOM: Final = 3
REPLY: Final = 4
DECIDE: Final = 5
OBSERVE: Final = 6
FIND: Final = 7
SCORE: Final = 8
"""Why it stops: nothing is left; all tasks of the last block have arrived; a table is full; a client has to
answer a question; somebody else decides, wants to be told of an outcome, finds or scores contractors."""
