"""The scenario of a log: what is known of its market, with the source of every number beside it, and nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from coalesce_sim.logs.importing import Reading
from coalesce_sim.logs.listings import Seller
from coalesce_sim.logs.tables import REQUESTS
from coalesce_sim.numbers import plural
from coalesce_sim.scenario.tariff import PRICES, TokenPrices


def market_text(reading: Reading, command: str) -> str:
    """The scenario as YAML, with comments."""
    return "\n".join(_lines(reading, command)) + "\n"


def _lines(reading: Reading, command: str) -> Iterator[str]:
    tasks, calls = reading.tasks, reading.calls
    files = ", ".join(each.name for each in reading.files)
    yield f"# Made by `{_one_line(command)}`. Numbers are the log's, as their comments say;"
    yield "# what the log does not say is as in the profile `logged`, or left open: see import.json."
    yield "extends: logged"
    title = f"{plural(len(tasks), 'task')} of a log of {reading.request.source.tool}"
    yield f"title: {_text(title)}"
    yield ""
    yield f"# From the first task to the last one: {plural(len(calls), 'call')} of {_one_line(files)}. All hours are UTC."
    yield f"clock: {{start: {reading.start.isoformat().replace('+00:00', 'Z')}, days: {reading.days:.6f}}}"
    yield ""
    yield from _workload(reading)
    yield ""
    yield from _clients(reading)
    yield ""
    yield from _contractors(reading)


def _workload(reading: Reading) -> Iterator[str]:
    tasks = reading.tasks
    of_task = reading.types.of_row[tasks.first]
    yield "workload:"
    yield "  # Lengths, bills and times are those of each task; `value_usd` is the mean bill of its type: the least"
    yield "  # that it is worth, by what was paid for it."
    yield f"  arrivals: {{kind: table, path: {REQUESTS}}}"
    yield f"  # By {_by(reading.type_by)}. Target: 95 % of the logged tasks were done in it. Answer: the mean of those that"
    yield "  # came to good."
    yield "  types:"
    for place, name in enumerate(reading.types.names):
        theirs = of_task == place
        if not theirs.any():
            continue
        p95_min = float(np.quantile(tasks.seconds[theirs], 0.95)) / 60
        well = theirs & tasks.good
        answer = float(tasks.output[well].mean()) if well.any() else float(tasks.output[theirs].mean())
        told = f"{plural(int(theirs.sum()), 'task')}, {int(well.sum()):,} good"
        facts = f"max_latency_min: {_number(max(p95_min, 1e-6))}, expected_output_tokens: {_number(answer)}"
        yield f"    {_text(name)}: {{{facts}}}  # {told}"


def _by(name: str) -> str:
    return {"model": "the model that was asked for", "": "nothing"}.get(name, name)


def _clients(reading: Reading) -> Iterator[str]:
    home = [each for each in reading.sellers.sellers if each.at_home]
    yield "clients:"
    yield f"  # {_by(reading.group_by).capitalize()}: how many users of each are in the log."
    yield "  groups:"
    for name, count in zip(reading.groups.names, reading.clients.counts, strict=True):
        if count:
            yield f"    {_text(name)}: {{count: {count}}}"
    if not home:
        yield "  slots: 0  # nobody works at home in this log (--home MODEL=HARDWARE says otherwise)"
        return
    yield "  box: home"
    yield "  # Share of calls at home that did not fail, by type; whether answers were right is not in the log."
    yield "  outcomes:"
    rows, failed = sum(each.rows for each in home), sum(each.failed for each in home)
    for place, name in enumerate(reading.types.names):
        if not (reading.types.of_row == place).any():
            continue
        counts = [each.outcomes[name] for each in home if name in each.outcomes]
        if counts:
            done, well = sum(count for count, _ in counts), sum(count for _, count in counts)
            yield f"    {_text(name)}: {{success: {_number(well / done)}}}  # {done:,} calls"
        else:
            yield f"    {_text(name)}: {{success: {_number(1 - failed / rows)}}}  # none at home: as all types together"
    yield ""
    yield from _box(reading, home[0])


def _box(reading: Reading, home: Seller) -> Iterator[str]:
    profile = reading.request.home[1] if reading.request.home else ""
    slots = max(1, reading.slots)
    facts = [f"profile: {profile}", f"batch: {slots}"]
    yield "boxes:"
    yield "  home:"
    yield f"    slots: {slots}  # most calls of {home.model} at work at once in the log"
    speeds = home.speeds
    yield "    hardware:"
    yield f"      profile: {profile}  # as --home says"
    yield f"      batch: {slots}  # each slot costs so large a part of the card's hour"
    if speeds is not None:
        yield f"      # {speeds.told}, under the load that there was"
        if speeds.prefill_tokens_per_s is not None:
            yield f"      prefill_tokens_per_s: {_number(speeds.prefill_tokens_per_s)}"
        if speeds.decode_tokens_per_s is not None:
            yield f"      decode_tokens_per_s: {_number(speeds.decode_tokens_per_s)}"
    del facts


def _contractors(reading: Reading) -> Iterator[str]:
    yield "# Who answered in the log, and who else the price file lists. `success` is the share of calls that did not"
    yield "# fail, by type; of types on which a model is not known from the log it makes no offer."
    yield "contractors:"
    there = [each for each in reading.sellers.sellers if not each.at_home and each.prices is not None]
    by_model = {each.model: each for each in there}
    for each in (*there, *reading.extra):
        yield from _contractor(each, by_model.get(each.model))


def _contractor(seller: Seller, alike: Seller | None) -> Iterator[str]:
    told = f"{seller.rows:,} calls, {seller.failed:,} of them failed" if seller.rows else "not in the log"
    yield f"  - name: {_text(seller.name)}  # {told}"
    yield f"    type: {_text(seller.model)}"
    assert seller.prices is not None
    yield f"    # Prices: {_one_line(seller.priced_from)}"
    yield from (f"    {line}" for line in _prices(seller.prices))
    speeds = seller.speeds
    if speeds is not None:
        yield f"    # Times: {speeds.told}"
    elif alike is not None and alike.speeds is not None:
        speeds = alike.speeds
        yield f"    # Times: not in the log; those of the same model at {alike.provider}"
    else:
        yield "    # Times: not in the log, so that work takes none: state prefill_tokens_per_s and decode_tokens_per_s"
    if speeds is not None:
        yield f"    network_ms: {_number(speeds.network_ms)}"
        if speeds.prefill_tokens_per_s is not None:
            yield f"    prefill_tokens_per_s: {_number(speeds.prefill_tokens_per_s)}"
        if speeds.decode_tokens_per_s is not None:
            yield f"    decode_tokens_per_s: {_number(speeds.decode_tokens_per_s)}"
    done = sum(count for count, _ in seller.outcomes.values())
    well = sum(count for _, count in seller.outcomes.values())
    if done:
        yield f"    reliability: {_number(well / done)}  # {well:,} of {done:,} calls" + (
            "" if seller.rows else " of the same model"
        )
        outcomes = ", ".join(
            f"{_text(name)}: {{success: {_number(good / count)}}}"
            for name, (count, good) in seller.outcomes.items()
        )
        yield f"    outcomes: {{{outcomes}}}"
    else:
        yield "    reliability: 1  # what it claims; nothing is known of it"
        yield "    outcomes: {}  # how good it is at any type is not in the log: state it, and it makes offers"


def _prices(prices: TokenPrices) -> Iterator[str]:
    for name in PRICES:
        value = getattr(prices, name)
        if value is not None and not (name == "request_usd" and value == 0):
            yield f"{name}: {_number(value)}"
    if prices.conditional_prices:
        stated = [each.model_dump(exclude_none=True) for each in prices.conditional_prices]
        yield f"conditional_prices: {json.dumps(stated)}"


def _text(text: str) -> str:
    """A text as YAML has it, quoted where it must be."""
    plain = text.replace("_", "").replace("-", "").replace("/", "").replace(".", "").replace(" ", "")
    safe = plain.isalnum() and text[0].isalpha() and text.strip() == text and plain.isascii()
    words = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
    return text if safe and text.lower() not in words else json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _number(value: Any) -> str:
    """A number as YAML has it, to six digits."""
    number = float(value)
    if number == 0 or not math.isfinite(number):
        return "0"
    text = f"{number:.6g}"
    return f"{number:.10f}".rstrip("0") if "e-" in text and number > 1e-9 else text.replace("e+", "e+")
