"""What a client expects of doing a task at home, compiled, in the words of `market.contracts.home`."""

from __future__ import annotations

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.agenda import Agenda
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.experience import Experience
from coalesce_sim.market.compiled.market_tables import LATER_TASKS, QUEUE, Course, Rules, Task
from coalesce_sim.market.compiled.motion import Motion, turn
from coalesce_sim.market.compiled.slots import Books, Worker, expected_wait_s, has_slots


@part
def expect_home(
    task: Task,
    experience: Experience,
    motion: Motion,
    arrivals: IntArray,
    home: Worker,
    books: Books,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`Home.expect`, whose `Stay` it leaves in `course`."""
    own, pair = experience.contractors[task.home], experience.pairs[task.type_id, task.home]
    if not has_slots(home):
        course.turnaround_s = course.stay_late_usd = course.stay_own_late_usd = course.stay_plain_usd = 0.0
        course.stay_usd = task.loss_usd
        return
    if own.next_s <= agenda.now_s:
        turn(task.home, own, experience.pairs, home, motion, agenda.now_s)
    turnaround_s = expected_wait_s(home, agenda.now_s, agenda.now_s, books) + task.expected_s
    own_usd = others_usd = 0.0
    if rules.opportunity == LATER_TASKS:
        others_usd = task.later_usd
    elif rules.own_late_usd_per_s != 0:
        own_usd, others_usd = _delay_usd(task, turnaround_s, pair.time_factor, arrivals, home, agenda, rules)
    late_usd = own_usd + others_usd
    plain_usd = task.running_usd + own.price_usd
    expected_loss_usd = (1 - pair.score) * task.loss_usd
    course.turnaround_s, course.stay_late_usd, course.stay_plain_usd = turnaround_s, late_usd, plain_usd
    course.stay_own_late_usd = own_usd
    course.stay_usd = plain_usd * pair.factor + late_usd + expected_loss_usd


@part
def _delay_usd(
    task: Task,
    plain_s: float,
    time_factor: float,
    arrivals: IntArray,
    home: Worker,
    agenda: Agenda,
    rules: Rules,
) -> tuple[float, float]:
    """`Home._delay` in USD: the lateness of the task's own and what it adds to that of the next one."""
    target_s, work_s, turnaround_s = task.max_latency_s, task.expected_s * time_factor, plain_s * time_factor
    wait_s, late_s = turnaround_s - work_s, max(0.0, turnaround_s - target_s)
    more_s = 0.0
    if rules.opportunity == QUEUE and home.limited and home.slots > 0:
        gap_s = agenda.now_s / max(1, arrivals[task.worker - rules.contractors])
        more_s = later_s(wait_s, work_s, target_s, home.slots, gap_s)
    return late_s * rules.late_usd_per_s, more_s * rules.late_usd_per_s


@part
def later_s(wait_s: float, work_s: float, target_s: float, slots: int, gap_s: float) -> float:
    """`economics.internal.next_late_s`."""
    with_s = max(0.0, wait_s + work_s / slots - gap_s) + work_s - target_s
    without_s = max(0.0, wait_s - gap_s) + work_s - target_s
    return max(0.0, with_s) - max(0.0, without_s)
