"""Every factor of the estimate at home (eq. 1 to 6), so that it can be worked out again by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from coalesce_sim.economics.internal import billed_hours, execution_s, memory_need_gb
from coalesce_sim.market.workload import Block
from coalesce_sim.scenario.hardware import Hardware
from coalesce_sim.scenario.schema import Scenario

Facts = dict[str, Any]


def factors_at_home(scenario: Scenario, block: Block, task: int) -> Facts:
    """The factors of the estimate for a task, equation by equation, as its client believes them.

    ``time`` (eq. 1) has the work, the speeds, T as `execution_s`, and the hours `billed_h` as which
    `execution_time_unit` reads it; where `local_min` is stated the work takes that, `local_s`, instead.
    ``compute``, ``memory``, ``energy`` and ``depreciation`` (eq. 2 to 4 and 6) have the factors of each
    amount beside it; ``opportunity`` (eq. 5) its rule and, where it goes by later tasks, the rate for each of
    these hours. `batch` slots share `gpus` GPUs. `believed` names what may differ from the truth. Empty where
    its client has no GPU, or one that serves all its jobs at once: there they hang on the moment.
    """
    home = scenario.clients.of(int(block.tasks.client[task])).home
    if home.slots == 0 or home.batch_curve is not None:
        return {}
    own, running = home.hardware, block.home.running
    machine = own.as_believed
    time = _time(scenario, block, task, machine)
    return {
        "believed": [] if own.believed is None else list(own.believed.model_dump(exclude_none=True)),
        "gpus": machine.gpus,
        "batch": machine.batch,
        "time": time,
        "compute": {
            "compute_usd_per_h": machine.compute_usd_per_h,
            "rent_usd_per_h": machine.rent_usd_per_h if machine.basis == "rented" else None,
            "usd": float(running.compute_usd[task]),
        },
        "memory": _memory(scenario, block, task, machine) | {"usd": float(running.memory_usd[task])},
        "energy": _energy(machine) | {"usd": float(running.energy_usd[task])},
        "opportunity": _opportunity(scenario, block, task, time["billed_h"]),
        "depreciation": _depreciation(machine) | {"usd": float(running.depreciation_usd[task])},
    }


def factor_lines(factors: Facts) -> Iterator[str]:
    """The equations with their figures, each a sum or product that a calculator takes."""
    gpus, batch, hours = factors["gpus"], factors["batch"], _f(factors["time"]["billed_h"])
    share = "" if gpus == batch == 1 else f" · {gpus} / {batch}"
    yield from _time_lines(factors["time"], share)
    compute, memory, energy = factors["compute"], factors["memory"], factors["energy"]
    by_hour = _f(compute["compute_usd_per_h"]) + ("" if batch == 1 else f" / {batch}")
    if compute["rent_usd_per_h"] is not None:
        by_hour = f"({by_hour} + {_f(compute['rent_usd_per_h'])}{share})"
    yield f"2  compute = {by_hour} · {hours} = {_f(compute['usd'])} USD"
    need = " + ".join(f"{_f(memory[per])} · {_f(amount)}" for per, amount in _needs(memory))
    yield f"3  memory needed = {need} = {_f(memory['need_gb'])} GB"
    part = f"{_f(memory['need_gb'])} / {_f(memory['memory_gb'])} · {_f(memory['memory_usd_per_h'])}"
    yield f"3  memory = {part} · {hours} = {_f(memory['usd'])} USD"
    if energy["power_w"] is None:
        yield "4  energy: part of the rent"
    else:
        if energy["tdp_w"] is not None:
            drawn = f"{_f(energy['tdp_w'])} · {_f(energy['utilisation'])}"
            yield f"4  power = {drawn} = {_f(energy['power_w'])} W"
        power = f"{_f(energy['power_w'])} / 1000 · {_f(energy['electricity_usd_per_kwh'])}{share}"
        yield f"4  energy = {power} · {hours} = {_f(energy['usd'])} USD"
    opportunity, wear = factors["opportunity"], factors["depreciation"]
    if opportunity["usd_per_h"] is not None:
        total = _f(opportunity["usd"])
        yield f"5  opportunity = {_f(opportunity['usd_per_h'])} · {hours} = {total} USD"
    if wear["purchase_usd"] is None:
        yield "6  depreciation: part of the rent"
    else:
        by_life = f"{_f(wear['purchase_usd'])} / {_f(wear['lifetime_h'])}{share}"
        yield f"6  depreciation = {by_life} · {hours} = {_f(wear['usd'])} USD"
    if factors["believed"]:
        yield f"Believed, and perhaps not so: {', '.join(factors['believed'])}"


def _time_lines(time: Facts, share: str) -> Iterator[str]:
    if time["work"] == "flop":
        work = f"{_f(time['base_flop'])} · {_f(time['data_gb'])} / {_f(time['flop_reference_gb'])}"
        yield f"1  FLOP = {work} · {_f(time['complexity'])} = {_f(time['flop'])}"
        speed = f"({_f(time['peak_flop_s'])} · {_f(time['utilisation'])}{share})"
        yield f"1  T = {_f(time['flop'])} / {speed} = {_f(time['execution_s'])} s"
    else:
        reading = f"{_f(time['prompt_tokens'])} / {_f(time['prefill_tokens_per_s'])}"
        writing = f"{_f(time['expected_output_tokens'])} / {_f(time['decode_tokens_per_s'])}"
        yield f"1  T = {reading} + {writing} = {_f(time['execution_s'])} s"
    unit, seconds = time["execution_time_unit"], _f(time["execution_s"])
    if unit == "hour":
        yield f"1  hours charged = {seconds} h: T is read in hours"
    else:
        read = "" if unit == "second" else ": T is read in minutes"
        per_h = {"second": 3600, "minute": 60}[unit]
        yield f"1  hours charged = {seconds} / {per_h} = {_f(time['billed_h'])} h{read}"
    if time["local_min"] is not None:
        stated = f"60 · {_f(time['local_min'])} · {_f(time['complexity'])}"
        yield f"   time at home = {stated} = {_f(time['local_s'])} s: local_min is stated, T is for costs"


def _f(value: float) -> str:
    """Enough digits to calculate with."""
    return f"{value:.6g}"


def _time(scenario: Scenario, block: Block, task: int, machine: Hardware) -> Facts:
    settings, only, tasks = scenario.cost_model.internal, slice(task, task + 1), block.tasks
    kind = list(scenario.workload.types.values())[tasks.type_id[task]]
    prompt, written = tasks.prompt_tokens[only], tasks.expected_output_tokens[only]
    data_gb, complexity = tasks.data_gb[only], tasks.complexity[only]
    busy_s = execution_s(
        settings,
        machine,
        base_flop=np.array([kind.base_flop]),
        data_gb=data_gb,
        complexity=complexity,
        prompt_tokens=prompt,
        output_tokens=written,
    )
    if settings.work == "flop":
        work: Facts = {
            "base_flop": kind.base_flop,
            "data_gb": float(data_gb[0]),
            "flop_reference_gb": settings.flop_reference_gb,
            "flop": float(block.flop[task]),
            "peak_flop_s": machine.peak_flop_s,
            "utilisation": machine.utilisation,
        }
    else:
        work = {
            "prompt_tokens": float(prompt[0]),
            "expected_output_tokens": float(written[0]),
            "prefill_tokens_per_s": machine.prefill_tokens_per_s,
            "decode_tokens_per_s": machine.decode_tokens_per_s,
        }
    return {
        "work": settings.work,
        **work,
        "execution_s": float(busy_s[0]),
        "execution_time_unit": settings.execution_time_unit,
        "billed_h": float(billed_hours(busy_s, settings.execution_time_unit)[0]),
        "complexity": float(complexity[0]),
        "local_min": kind.local_min,
        "local_s": None if kind.local_min is None else 60 * kind.local_min * float(complexity[0]),
    }


def _memory(scenario: Scenario, block: Block, task: int, machine: Hardware) -> Facts:
    need, only, tasks = scenario.cost_model.internal.memory, slice(task, task + 1), block.tasks
    size, documents, complexity = tasks.model_size[only], tasks.documents[only], tasks.complexity[only]
    return {
        **need.model_dump(),
        "model_size": float(size[0]),
        "documents": float(documents[0]),
        "complexity": float(complexity[0]),
        "need_gb": float(memory_need_gb(need, size, documents, complexity)[0]),
        "memory_gb": machine.memory_gb,
        "memory_usd_per_h": machine.memory_usd_per_h,
    }


def _needs(memory: Facts) -> list[tuple[str, float]]:
    return [
        ("gb_per_model_size", memory["model_size"]),
        ("gb_per_50k_documents", memory["documents"] / 50_000),
        ("gb_per_complexity", memory["complexity"]),
    ]


def _energy(machine: Hardware) -> Facts:
    """Watts of one GPU, and what they follow from where they are not known; None where rented."""
    if machine.basis == "rented":
        return dict.fromkeys(("power_w", "tdp_w", "utilisation", "electricity_usd_per_kwh"))
    derived = machine.power_w is None
    return {
        "power_w": machine.tdp_w * machine.utilisation if machine.power_w is None else machine.power_w,
        "tdp_w": machine.tdp_w if derived else None,
        "utilisation": machine.utilisation if derived else None,
        "electricity_usd_per_kwh": machine.electricity_usd_per_kwh,
    }


def _opportunity(scenario: Scenario, block: Block, task: int, billed_h: float) -> Facts:
    rule, usd = scenario.cost_model.internal.opportunity, float(block.home.opportunity_usd[task])
    if rule != "later_tasks":
        return {"rule": rule, "usd_per_h": None, "usd": None}
    return {"rule": rule, "usd_per_h": usd / billed_h if billed_h > 0 else 0.0, "usd": usd}


def _depreciation(machine: Hardware) -> Facts:
    if machine.basis == "rented":
        return {"purchase_usd": None, "lifetime_h": None}
    return {"purchase_usd": machine.purchase_usd, "lifetime_h": machine.lifetime_h}
