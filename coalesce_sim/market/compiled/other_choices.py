"""Those who are told what every choice would cost, in a market with contracts, compiled apart from it."""

from __future__ import annotations

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.building import kernel
from coalesce_sim.market.compiled.foresight import foresee, oracle, tally
from coalesce_sim.market.compiled.market_memory import (
    books_at,
    experience_at,
    facts_at,
    rules_at,
    tasks_at,
    under_at,
)
from coalesce_sim.market.compiled.policy_memory import course_at, offers_at, yardstick_at
from coalesce_sim.market.compiled.published_choices import ORACLE, TALLY


@kernel
def truth_decides(at: IntArray) -> float:
    """Those who are told what every choice would cost decide; what home would, whoever decides."""
    tasks, course, experience = tasks_at(at), course_at(at), experience_at(at)
    facts, offers, books, policy = facts_at(at), offers_at(at), books_at(at), yardstick_at(at)
    row = course.task - course.first_row_task
    task = tasks.stated[row]
    home_usd = foresee(
        course.task,
        tasks.played[row].tried,
        task,
        books.workers[len(experience.contractors) - 1 + task.client],
        experience,
        facts.conditional,
        facts.recorded,
        facts.checks,
        books,
        offers,
        under_at(at).agenda[0],
        rules_at(at),
        course,
    )
    if policy.kind == TALLY:
        tally(home_usd, experience.contractors, offers, course)
    elif policy.kind == ORACLE:
        course.chosen = oracle(home_usd, offers, course)
    return home_usd
