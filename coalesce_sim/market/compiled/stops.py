"""Why a kernel that plays events stops, and how it goes on when it is called again."""

from __future__ import annotations

from typing import Final

GO: Final = 0
OPENED: Final = 1
REPLIED: Final = 2
DECIDED: Final = 3
OBSERVED: Final = 4
STAYS: Final = 5
PREPARED: Final = 6
FOUND: Final = 7
QUOTED: Final = 8
CLOSES: Final = 9
TOLD: Final = 10
"""What comes next: whatever is pending, the next arrival, the attempt `Course.job` from where it stands, the
decision on the task `Course.task`, what follows the end of an attempt, work on that task at home, the look
for contractors for the task `Course.deciding`, what those offer who were found for it, the question to the
policy where that is known, the end of the task `Course.task`, or what a policy is to know of an outcome. It
goes on so when it was told what it had stopped for: one more block, a client's answer, a decision, that a
policy knows of an outcome, that a step may be decided on, who was found, that a task is not split, that who
watches knows of a contract. All but the block, the step and the split it notes itself."""

ENDED: Final = 1
NEXT_BLOCK: Final = 2
MORE_ROOM: Final = 3
REPLY: Final = 4
DECIDE: Final = 5
OBSERVE: Final = 6
FIND: Final = 7
SCORE: Final = 8
PREPARE: Final = 9
COORDINATE: Final = 10
CLOSE: Final = 11
TELL: Final = 12
"""Why it stops: nothing is left; all tasks of the last block have arrived; a table is full; a client has to
answer a question; somebody else decides, wants to be told of an outcome, finds or scores contractors; where
there are composite tasks, a task may be a step that waits for others or is coordinated first, or be split,
coordination goes on, or a task has ended (`composite_kernel`); who watches is told that a contract has
ended."""
