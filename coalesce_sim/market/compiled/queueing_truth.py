"""What every choice would really cost in the published trade where something queues, for policies in Python
that are told."""

from __future__ import annotations

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.building import kernel
from coalesce_sim.market.compiled.policy_memory import course_at, offers_at
from coalesce_sim.market.compiled.queueing_memory import books_at, rules_at, sides_at, tasks_at, under_at
from coalesce_sim.market.compiled.queueing_offers import foresee


@kernel
def foreseen(at: IntArray) -> float:
    """What home would cost; what every offer would is left among them."""
    course, sides, books = course_at(at), sides_at(at), books_at(at)
    task = tasks_at(at).stated[course.task - course.first_row_task]
    home = books.workers[len(sides.contractors) + task.client]
    usd: float = foresee(
        task, home, books, sides, offers_at(at), under_at(at).agenda[0], rules_at(at), course
    )
    return usd
