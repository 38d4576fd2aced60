"""Requests to sellers: files of both, and by a second reckoning what the first seller is to be paid."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from typing import Any

from acceptance.fuzzing import bases
from acceptance.fuzzing.reader import Cells, Content, Due, number

_TASKS = ("at", "prompt", "cached", "answer")
PRICES = ("input_usd_per_mtok", "cache_read_usd_per_mtok", "output_usd_per_mtok", "request_usd")
CONDITION = ("above_prompt_tokens", "from_hour_utc", "until_hour_utc")
_LISTED = ("provider", "model", *PRICES, *CONDITION)
_START_H = 9


def requests(rng: random.Random) -> tuple[dict[str, Content], Any, Due]:
    """Requests sent to the first of two sellers at list prices."""
    arrivals = sorted(
        rng.choice((0, 1, 2.5, 60, round(rng.uniform(0, 90), 3))) for _ in range(rng.randrange(1, 8))
    )
    stamps = rng.random() < 0.3
    tasks = [
        [f"2026-03-02T09:{at // 60:02.0f}:{at % 60:06.3f}" if stamps else f"{at:g}", *_tokens(rng)]
        for at in arrivals
    ]
    south = ["south", "m", "0.02", "", f"{rng.uniform(0, 5):.3g}", *[""] * 4]
    scenario = bases.short("azure_code_like")
    scenario["clock"]["start"] = f"2026-03-02T{_START_H:02}:00:00"
    scenario["workload"]["arrivals"] = {
        "kind": "csv",
        "path": "tasks.csv",
        "columns": {
            "arrival_s": "at",
            "prompt_tokens": "prompt",
            "cached_tokens": "cached",
            "output_tokens": "answer",
        },
        "type": "code_completion",
    }
    scenario["workload"]["attributes"] = {"expected_output_tokens": 28}
    scenario["contractors"] = {
        "price_file": "prices.csv",
        "price_date": "2026-11-22",
        "sellers": {"north": "m", "south": "m"},
        "template": {"slots": 16, "prefill_tokens_per_s": 7760, "decode_tokens_per_s": 87, "reliability": 1},
    }
    scenario["policy"] = {"kind": "fixed", "contractor": "north"}
    files = {"tasks.csv": (_TASKS, tasks), "prices.csv": (_LISTED, [*_north(rng), south])}
    return files, scenario, _due_usd


def _tokens(rng: random.Random) -> list[str]:
    """Tokens of a prompt, those of it that are cached, and those of the answer."""
    prompt = rng.randrange(1, 5000)
    return [str(prompt), str(rng.choice((0, 0, prompt, rng.randrange(prompt)))), str(rng.randrange(800))]


def _north(rng: random.Random) -> list[list[str]]:
    """Its own prices and, in half of the files, what it charges at some minutes and for long prompts."""
    own = [f"{rng.uniform(0, 5):.3g}", rng.choice(("", "0.1")), "1.5", rng.choice(("", "0", "0.002"))]
    conditions: list[list[str]] = []
    if rng.random() < 0.25:
        conditions.append(["", *rng.choice((("9", "9.01"), ("9.01", "10"), ("22", "9.02"), ("9.5", "8")))])
    if rng.random() < 0.4:
        conditions += [[above, "", ""] for above in rng.choice((("1000",), ("0", "2500"), ("10", "20")))]
    rows = [["north", "m", *own, "", "", ""]]
    for condition in conditions:
        instead = [rng.choice(("", f"{rng.uniform(0, 9):.3g}")) for _ in PRICES]
        instead[rng.randrange(len(PRICES))] = f"{rng.uniform(0, 9):.3g}"
        rows.append(["north", "m", *instead, *condition])
    return rows


def _due_usd(files: Mapping[str, Cells]) -> list[float] | None:
    """What is to be paid for each request; None where the files leave that open."""
    sold = [row for row in files["prices.csv"] if (row["provider"], row["model"]) == ("north", "m")]
    own = [row for row in sold if not any(row.get(name) for name in CONDITION)]
    own = [row for row in own if row["input_usd_per_mtok"] and row["output_usd_per_mtok"]]
    if len(own) != 1 or any(math.isnan(value) for row in sold for value in _numbers(row)):
        return None
    first_s = _first_s(files["tasks.csv"])
    due = []
    for task in files["tasks.csv"]:
        second = 3600 * _START_H + (_seconds(task["at"]) - first_s)
        instead = [row for row in sold if row not in own and _holds(row, number(task["prompt"]), second)]
        due.append(_bill_usd(own[0], instead[-1] if instead else {}, task))
    return due


def _numbers(row: Mapping[str, str]) -> Iterator[float]:
    return (number(row[name]) for name in (*PRICES, *CONDITION) if row.get(name))


def _seconds(text: str) -> float:
    """Seconds of an arrival: as stated, or of the day of a timestamp, written with a T or a space."""
    hour, colon, rest = text.replace(" ", "T").partition("T")[2].partition(":")
    if not colon:
        return number(text)
    minute, _, second = rest.partition(":")
    return 3600 * number(hour) + 60 * number(minute) + number(second or "0")


def _first_s(tasks: Cells) -> float:
    """From when arrivals count: timestamps from the earliest, seconds from the start."""
    return min(_seconds(task["at"]) for task in tasks) if ":" in tasks[0]["at"] else 0.0


def _holds(row: Mapping[str, str], prompt: float, second: float) -> bool:
    above, begin, end = (row.get(name, "") for name in CONDITION)
    if not (above or begin):
        return False
    if above and not prompt > number(above):
        return False
    if not begin:
        return True
    hour, first, last = second / 3600, number(begin), number(end)
    return first <= hour < last if first < last else hour >= first or hour < last


def _bill_usd(own: Mapping[str, str], instead: Mapping[str, str], task: Mapping[str, str]) -> float:
    """By the prices that hold; cached tokens cost as others do where no price is stated for them."""
    stated = [instead.get(name) or own.get(name) or "" for name in PRICES]
    in_usd, out_usd = number(stated[0]), number(stated[2])
    cached_usd = number(stated[1]) if stated[1] else in_usd
    prompt, cached, answer = (number(task[name]) for name in ("prompt", "cached", "answer"))
    by_tokens_usd = ((prompt - cached) * in_usd + cached * cached_usd + answer * out_usd) / 1e6
    return by_tokens_usd + (number(stated[3]) if stated[3] else 0.0)
