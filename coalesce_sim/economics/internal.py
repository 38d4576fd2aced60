"""What a task costs on the client's own GPU (equations 1 to 6). Pure functions over arrays of tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.scenario.costs import InternalCost, MemoryNeed
from coalesce_sim.scenario.hardware import Hardware

HOURS_PER_UNIT = {"hour": 1.0, "minute": 1 / 60, "second": 1 / 3600}
"""Hours that the hourly rates are charged for a computed second, by the unit in which it is read."""


@dataclass(frozen=True, slots=True)
class RunningCost:
    """What the machine uses up while it works, USD, one entry a task."""

    compute_usd: FloatArray
    memory_usd: FloatArray
    energy_usd: FloatArray
    depreciation_usd: FloatArray

    def __iter__(self) -> Iterator[FloatArray]:
        """The four parts, in their order."""
        return iter((self.compute_usd, self.memory_usd, self.energy_usd, self.depreciation_usd))

    @property
    def total_usd(self) -> FloatArray:
        return self.compute_usd + self.memory_usd + self.energy_usd + self.depreciation_usd


@dataclass(frozen=True, slots=True)
class Machines:
    """Slots that differ, by the names of their figures in `Hardware`, one entry each; NaN for what is not
    stated."""

    slot_flop_s: FloatArray
    prefill_tokens_per_s: FloatArray
    decode_tokens_per_s: FloatArray
    memory_gb: FloatArray
    memory_usd_per_h: FloatArray
    slot_compute_usd_per_h: FloatArray
    slot_energy_usd_per_h: FloatArray
    slot_depreciation_usd_per_h: FloatArray

    @classmethod
    def of(cls, each: Sequence[Hardware], which: IntArray) -> Machines:
        """The figures of these machines, for each task that of the one it runs on."""

        def column(name: str) -> FloatArray:
            figures: list[float | None] = [getattr(machine, name) for machine in each]
            return np.array([np.nan if figure is None else figure for figure in figures])[which]

        return cls(*(column(field.name) for field in fields(cls)))

    def rented(self, usd_per_h: FloatArray) -> Machines:
        """The same, where each slot costs so much in an hour, all told but for memory; NaN where that is
        as it was."""
        own = np.isnan(usd_per_h)
        return replace(
            self,
            slot_compute_usd_per_h=np.where(own, self.slot_compute_usd_per_h, usd_per_h),
            slot_energy_usd_per_h=np.where(own, self.slot_energy_usd_per_h, 0.0),
            slot_depreciation_usd_per_h=np.where(own, self.slot_depreciation_usd_per_h, 0.0),
        )


def flop_execution_s(
    base_flop: FloatArray,
    data_gb: FloatArray,
    complexity: FloatArray,
    hardware: Hardware | Machines,
    reference_gb: float,
) -> FloatArray:
    """Seconds of ``base·(data/reference)·complexity`` FLOP at a slot's ``peak·utilisation`` (eq. 1)."""
    if hardware.slot_flop_s is None:
        raise ValueError("hardware.peak_flop_s: needed to time work in FLOP (got none)")
    flop = base_flop * (data_gb / reference_gb) * complexity
    return flop / hardware.slot_flop_s


def token_execution_s(
    prompt_tokens: FloatArray, output_tokens: FloatArray, hardware: Hardware | Machines
) -> FloatArray:
    """Seconds to read the prompt and write the answer, one request at a time."""
    if hardware.prefill_tokens_per_s is None or hardware.decode_tokens_per_s is None:
        raise ValueError("hardware: prefill_tokens_per_s and decode_tokens_per_s are needed (got none)")
    return prompt_tokens / hardware.prefill_tokens_per_s + output_tokens / hardware.decode_tokens_per_s


def billed_hours(execution_s: FloatArray, unit: str) -> FloatArray:
    """Hours that the hourly rates are charged for, the number of seconds being read in `unit`.

    ``second`` is the physical reading; ``hour`` and ``minute`` are discrepancy D1.
    """
    return execution_s * HOURS_PER_UNIT[unit]


def memory_need_gb(
    need: MemoryNeed, model_size: FloatArray, documents: FloatArray, complexity: FloatArray
) -> FloatArray:
    """GB that the task occupies (eq. 3)."""
    return (
        need.gb_per_model_size * model_size
        + need.gb_per_50k_documents * documents / 50_000
        + need.gb_per_complexity * complexity
    )


def running_cost(hours: FloatArray, memory_gb: FloatArray, hardware: Hardware | Machines) -> RunningCost:
    """Compute, memory, energy and depreciation for `hours` of one slot's work (equations 2 to 4 and 6)."""
    return RunningCost(
        compute_usd=hardware.slot_compute_usd_per_h * hours,
        memory_usd=memory_gb / hardware.memory_gb * hardware.memory_usd_per_h * hours,
        energy_usd=hardware.slot_energy_usd_per_h * hours,
        depreciation_usd=hardware.slot_depreciation_usd_per_h * hours,
    )


def value_rate(value_usd: FloatArray, duration_h: FloatArray) -> FloatArray:
    """USD per hour of tasks; a duration counts as at least 0.1 h."""
    return value_usd / np.maximum(duration_h, 0.1)


def best_value_rate_behind(
    value_usd: FloatArray, duration_h: FloatArray, arrival_s: FloatArray, client: np.ndarray
) -> FloatArray:
    """USD per hour of the best task that still waits behind each task (eq. 5), 0 where none does.

    Behind a task are its client's later tasks of the same arrival time; tasks must be ordered by arrival
    and then by client.
    """
    best = value_rate(value_usd, duration_h)
    same_queue = (arrival_s[1:] == arrival_s[:-1]) & (client[1:] == client[:-1])
    queue = np.cumsum(np.concatenate(([False], ~same_queue)))
    ahead, longest = 1, int(np.bincount(queue).max(initial=0))
    while ahead < longest:  # the best of 1, 2, 4, … tasks in a row of the same queue
        np.maximum(best[:-ahead], best[ahead:], out=best[:-ahead], where=queue[:-ahead] == queue[ahead:])
        ahead *= 2
    return np.append(np.where(same_queue, best[1:], 0.0), np.zeros(min(1, len(best))))


class Delay(NamedTuple):
    """The lateness that a client expects of doing a task at home: its own, and what it adds to that of the
    next one, which is expected in `gap_s`. The last two are None where the next one does not count."""

    wait_s: float
    work_s: float
    target_s: float
    late_s: float
    gap_s: float | None
    next_late_s: float | None


def next_late_s(wait_s: float, work_s: float, target_s: float, *, slots: int, gap_s: float) -> float:
    """By how many seconds a task that waits `wait_s` makes the next one of its client later than it would be.

    The next one is taken to come in `gap_s`, to take as long and to have the same target. It waits for its
    share of this one too, or only for the work that lies before both.
    """
    with_s = max(0.0, wait_s + work_s / slots - gap_s) + work_s - target_s
    without_s = max(0.0, wait_s - gap_s) + work_s - target_s
    return max(0.0, with_s) - max(0.0, without_s)


def execution_s(
    settings: InternalCost,
    hardware: Hardware | Machines,
    *,
    base_flop: FloatArray,
    data_gb: FloatArray,
    complexity: FloatArray,
    prompt_tokens: FloatArray,
    output_tokens: FloatArray,
) -> FloatArray:
    """Seconds of work at home, by FLOP or by tokens as the cost model says."""
    if settings.work == "flop":
        return flop_execution_s(base_flop, data_gb, complexity, hardware, settings.flop_reference_gb)
    return token_execution_s(prompt_tokens, output_tokens, hardware)
