"""The scenario of a log: what is known of its market, with the source of every number beside it, and nothing
else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from coalesce_sim.logs.commented import comment, number_of, one_line, prices_of, text_of
from coalesce_sim.logs.importing import Reading
from coalesce_sim.logs.listings import Seller
from coalesce_sim.logs.speeds import Speeds
from coalesce_sim.logs.tables import REQUESTS
from coalesce_sim.logs.wholes import Wholes
from coalesce_sim.numbers import plural


def market_text(reading: Reading, command: str) -> str:
    """The scenario as YAML, with comments."""
    return "\n".join(_lines(reading, command)) + "\n"


def _lines(reading: Reading, command: str) -> Iterator[str]:
    tasks, calls = reading.tasks, reading.calls
    yield from comment(
        f"Made by `{one_line(command)}`. Numbers are the log's, as their comments say; what the log does "
        "not say is as in the profile `logged`, or left open: see import.json."
    )
    yield "extends: logged"
    title = f"{plural(len(tasks), 'task')} of a log of {reading.request.source.tool}"
    yield f"title: {text_of(title)}"
    yield ""
    files = one_line(", ".join(each.name for each in reading.files))
    yield from comment(
        f"From the first task to the last: {plural(len(calls), 'call')} of {files}. Hours are UTC."
    )
    yield f"clock: {{start: {reading.start.isoformat().replace('+00:00', 'Z')}, days: {reading.days:.6f}}}"
    yield ""
    yield from _workload(reading)
    yield ""
    yield from _clients(reading)
    yield ""
    yield from _contractors(reading)
    if reading.wholes is not None:
        yield ""
        yield "policy: {kind: cheapest}  # who did each step is not in the table: as_logged cannot be played"


def _workload(reading: Reading) -> Iterator[str]:
    tasks = reading.tasks
    of_task = reading.types.of_row[tasks.first]
    yield "workload:"
    yield from comment(
        "Lengths, bills and times are those of each task; `value_usd` is the mean bill of its type: the "
        "least that it is worth, by what was paid for it.",
        "  ",
    )
    yield f"  arrivals: {{kind: table, path: {REQUESTS}}}"
    yield from comment(
        f"By {_by(reading.type_by)}. Target: 95 % of the logged tasks took no longer. Answer: the mean "
        "length of those that came to good.",
        "  ",
    )
    yield "  types:"
    for place, name in enumerate(reading.types.names):
        theirs = of_task == place
        if not theirs.any():
            continue
        p95_s = float(np.quantile(tasks.seconds[theirs], 0.95))
        well = theirs & tasks.good
        answer = float(tasks.output[well if well.any() else theirs].mean())
        told = f"{plural(int(theirs.sum()), 'task')}, {int(well.sum()):,} good"
        yield f"    {text_of(name)}: {{{_target(p95_s, answer)}}}  # {told}"
    if reading.wholes is not None:
        yield from _composite(reading.wholes)


def _target(p95_s: float, answer: float) -> str:
    minutes = number_of(max(p95_s / 60, 1e-6), 4)
    return f"max_latency_min: {minutes}, expected_output_tokens: {number_of(answer, 4)}"


def _composite(wholes: Wholes) -> Iterator[str]:
    yield from comment(
        "Sessions, by the types of their tasks in order. Parts are the mean shares of the steps' tokens; "
        "targets are the work of 95 % of the sessions without the time between their calls.",
        "    ",
    )
    for each in wholes.types:
        yield f"    {text_of(each.name)}:  # {plural(each.sessions, 'session')}"
        yield f"      max_latency_min: {number_of(max(each.p95_s / 60, 1e-6), 4)}"
        yield f"      expected_output_tokens: {number_of(each.output_tokens, 4)}"
        yield "      steps:"
        for number, (step, work) in enumerate(zip(each.steps, each.work, strict=True), 1):
            after = f", after: [step_{number - 1}]" if number > 1 else ""
            part = number_of(max(work, 1e-6), 4)
            yield f"        step_{number}: {{type: {text_of(step)}, work: {part}{after}}}"


def _by(name: str) -> str:
    return {"model": "the model that was asked for", "": "nothing"}.get(name, name)


def _clients(reading: Reading) -> Iterator[str]:
    home = [each for each in reading.sellers.sellers if each.at_home]
    yield "clients:"
    yield f"  # {_by(reading.group_by).capitalize()}: how many users of each are in the log."
    yield "  groups:"
    for name, count in zip(reading.groups.names, reading.clients.counts, strict=True):
        if count:
            yield f"    {text_of(name)}: {{count: {count}}}"
    if not home:
        yield "  slots: 0  # nobody works at home in this log (--home MODEL=HARDWARE says otherwise)"
        yield "  hardware: rtx_4090  # must be stated, and has no effect: there is no slot"
        return
    yield "  box: home"
    yield "  # Share of calls at home that did not fail, by type; if answers were right is not in the log."
    yield "  # Of a type at 0 nothing is given to home; `advise` says from which rate it would be worth it."
    yield "  outcomes:"
    for place, name in enumerate(reading.types.names):
        if not (reading.types.of_row == place).any():
            continue
        counts = [each.outcomes[name] for each in home if name in each.outcomes]
        if counts:
            done, well = sum(count for count, _ in counts), sum(count for _, count in counts)
            yield f"    {text_of(name)}: {{success: {number_of(well / done)}}}  # {done:,} calls"
        else:
            yield f"    {text_of(name)}: {{success: 0}}  # none at home: how good it would be is not known"
    yield ""
    yield from _box(reading, home[0])


def _box(reading: Reading, home: Seller) -> Iterator[str]:
    slots = max(1, reading.slots)
    yield "boxes:"
    yield "  home:"
    yield f"    slots: {slots}  # most calls of {home.model} at work at once in the log"
    yield "    hardware:"
    if reading.request.home is not None:
        yield f"      profile: {reading.request.home[1]}  # as --home says"
    yield f"      batch: {slots}  # each slot bears this part of what the machine costs in an hour"
    if home.speeds is not None:
        yield f"      # {home.speeds.told}, under the load that there was"
        yield from (f"      {line}" for line in _rates(home.speeds))


def _rates(speeds: Speeds) -> Iterator[str]:
    for name in ("prefill_tokens_per_s", "decode_tokens_per_s"):
        rate = getattr(speeds, name)
        if rate is not None:
            yield f"{name}: {number_of(rate, 4)}"


def _contractors(reading: Reading) -> Iterator[str]:
    yield from comment(
        "Who answered in the log, and who else the price file lists. `success` is the share of calls that "
        "did not fail, by type; of types on which a model is not known from the log it makes no offer."
    )
    there = [each for each in reading.sellers.sellers if not each.at_home and each.prices is not None]
    yield "contractors:"
    by_model = {each.model: each for each in there}
    for each in (*there, *reading.extra):
        yield from _contractor(each, by_model.get(each.model))


def _contractor(seller: Seller, alike: Seller | None) -> Iterator[str]:
    told = f"{seller.rows:,} calls, {seller.failed:,} of them failed" if seller.rows else "not in the log"
    spelt = [one_line(each) for each in seller.models if not seller.name.endswith(each)]
    told += f"; spelt {', '.join(spelt)}" if spelt else ""
    yield f"  - name: {text_of(seller.name)}  # {told}"
    yield f"    type: {text_of(seller.model)}"
    assert seller.prices is not None
    yield f"    # Prices: {one_line(seller.priced_from)}"
    yield from (f"    {line}" for line in prices_of(seller.prices))
    speeds = seller.speeds
    if speeds is not None:
        yield f"    # Times: {speeds.told}"
    elif alike is not None and alike.speeds is not None:
        speeds = alike.speeds
        yield f"    # Times: not in the log; those of the same model at {alike.provider}"
    else:
        yield "    # Times: not in the log, so that work takes none: state prefill_ and decode_tokens_per_s"
    if speeds is not None:
        yield f"    network_ms: {number_of(speeds.network_ms, 4)}"
        yield from (f"    {line}" for line in _rates(speeds))
    done = sum(count for count, _ in seller.outcomes.values())
    well = sum(count for _, count in seller.outcomes.values())
    if done:
        yield f"    reliability: {number_of(well / done)}  # {well:,} of {done:,} calls" + (
            "" if seller.rows else " of the same model"
        )
        outcomes = ", ".join(
            f"{text_of(name)}: {{success: {number_of(good / count)}}}"
            for name, (count, good) in seller.outcomes.items()
        )
        yield f"    outcomes: {{{outcomes}}}"
    else:
        yield "    reliability: 1  # what it claims; nothing is known of it"
        yield "    outcomes: {}  # how good it is at any type is not in the log; state it, and it offers"
