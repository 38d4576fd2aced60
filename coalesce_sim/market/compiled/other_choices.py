"""Policies that are compiled apart from the market, each when somebody first plays it.

The market stops where they decide, or are told of an outcome; they find all they need where its tables lie.
"""

from __future__ import annotations

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.building import kernel
from coalesce_sim.market.compiled.foresight import foresee, oracle, tally
from coalesce_sim.market.compiled.learners import choose, observe
from coalesce_sim.market.compiled.market_kernel import DECIDED, OBSERVED
from coalesce_sim.market.compiled.market_memory import (
    arms_at,
    books_at,
    course_at,
    experience_at,
    facts_at,
    learner_at,
    offers_at,
    rules_at,
    tasks_at,
    under_at,
    yardstick_at,
)
from coalesce_sim.market.compiled.published_choices import ORACLE, TALLY


@kernel
def learner_decides(at: IntArray) -> None:
    """Greedy and its kin decide on the task that comes next."""
    tasks, course = tasks_at(at), course_at(at)
    row = course.task - course.first_row_task
    task, played = tasks.stated[row], tasks.played[row]
    course.chosen, course.explored = choose(
        course.task,
        played.tried,
        task.type_id,
        course.stay_usd,
        played,
        learner_at(at),
        arms_at(at),
        offers_at(at),
        course,
    )
    course.goes_on = DECIDED


@kernel
def learner_observes(at: IntArray) -> None:
    """They are told of an outcome."""
    tasks, course = tasks_at(at), course_at(at)
    job = under_at(at).jobs[course.job]
    played = tasks.played[job.task - course.first_row_task]
    observe(
        job.who,
        job.own,
        job.type_id,
        course.success,
        course.realised_usd,
        job.internal_usd,
        played,
        learner_at(at),
        arms_at(at),
    )
    course.goes_on = OBSERVED


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
    course.goes_on = DECIDED
    return home_usd
