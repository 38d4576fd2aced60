"""Tables of which nobody knows at first how long they must be, and the blocks that are open meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Final, Protocol

import numpy as np

from coalesce_sim.market.compiled.rows import Rows, copy_rows, more_of, table
from coalesce_sim.market.open_block import BlockUnderWay

FIRST_ROWS: Final = 256
"""Rows that tables which grow begin with."""

_GROWS_TO: Final = 4
"""Tables of tasks that have become too short are made for so many times the rows that are needed: those that
nobody has touched take no memory, and copying takes time."""


def to_give(row: type) -> Rows:
    """Rows of which each names the `next` one that is unused."""
    made = table(row, FIRST_ROWS)
    made["next"] = np.arange(1, FIRST_ROWS + 1)
    if "serial" in made.dtype.names:
        made["serial"] = -1
    return made


def is_scarce(used: int, kept: Rows) -> bool:
    """Whether a table is more than half full."""
    return bool(2 * used > len(kept) - FIRST_ROWS // 8)


def longer(kept: Rows, used: int) -> Rows:
    """Twice as many rows where more than half are used."""
    return more_of(kept, 2 * len(kept)) if is_scarce(used, kept) else kept


def more_to_give(kept: Rows, course: Rows, first: str) -> Rows:
    """Twice as many rows; the new ones are the first to be used."""
    count = len(kept)
    made = more_of(kept, 2 * count)
    made["next"][count:] = np.arange(count + 1, 2 * count + 1)
    made["next"][-1] = course[first]
    if "serial" in made.dtype.names:
        made["serial"][count:] = -1
    course[first] = count
    return made


class HasTasks(Protocol):
    """Tables of a kernel that plays events: `tasks` are a tuple of tables with a row a task, and `blocks`
    with a row an open block behind them; `course` says which those are."""

    tasks: Any
    course: Rows


class OpenBlocks:
    """The blocks that are open, and where the rows of their tasks lie."""

    def __init__(self, laid: HasTasks) -> None:
        self._laid = laid
        self._open: deque[BlockUnderWay] = deque()

    def add(self, opened: BlockUnderWay) -> slice:
        """Make room for the tasks of one more block: the rows that are theirs."""
        block, course = opened.block, self._laid.course
        self._open.append(opened)
        if len(self._open) == 1:
            course["first_row_task"] = block.first
        first = block.first - int(course["first_row_task"][0])
        if first + len(block) > len(self._laid.tasks.stated):
            first = self._make_room(first, len(block))
        tasks, count = self._laid.tasks, len(self._open)
        if count > len(tasks.blocks):
            self._laid.tasks = tasks = tasks._replace(blocks=more_of(tasks.blocks, 2 * count))
        tasks.blocks[count - 1] = np.zeros((), tasks.blocks.dtype)
        tasks.blocks["left"][count - 1] = len(block)
        course["next_block"] += 1
        course["end_task"] = block.first + len(block)
        return slice(first, first + len(block))

    def of(self, task: int) -> BlockUnderWay:
        """The open block of a task, by its number."""
        for each in reversed(self._open):
            if each.block.first <= task:
                return each
        raise LookupError(f"task {task} is in no block that is open")

    def _make_room(self, first: int, count: int) -> int:
        """Forget the tasks that are over, and make room for so many more; where those begin."""
        *tables, blocks = self._laid.tasks
        oldest = self._open[0].block.first
        over = oldest - int(self._laid.course["first_row_task"][0])
        size = max(len(tables[0]), _GROWS_TO * (first - over + count))
        made = [np.zeros((size, *each.shape[1:]), each.dtype) for each in tables]
        for each, other in zip(tables, made, strict=True):
            copy_rows(each[over:first], other)
        self._laid.tasks = type(self._laid.tasks)(*made, blocks)
        self._laid.course["first_row_task"] = oldest
        return first - over

    def take_over(self) -> Iterator[tuple[BlockUnderWay, slice, Any]]:
        """The blocks that are over now, as the kernel says, the oldest first: each with the rows of its tasks
        and its own row."""
        course, blocks = self._laid.course, self._laid.tasks.blocks
        handed = int(course["handed"][0])
        for place in range(handed):
            opened = self._open.popleft()
            first = opened.block.first - int(course["first_row_task"][0])
            opened.left = 0
            yield opened, slice(first, first + len(opened.block)), blocks[place]
        left = len(self._open)
        blocks[:left] = blocks[handed : handed + left].copy()
        course["first_open_block"] += handed
        course["handed"] = 0
