"""Tiny markets whose tasks have a log, listed or in a table."""

from __future__ import annotations

from pathlib import Path

from verification.settings_in_changing_markets import groups
from verification.settings_markets import Market

MODELLED = {"kind": "as_logged", "costs": "modelled"}


def logged() -> Market:
    """Groups of clients whose tasks are listed, and say where they went."""
    tasks = [
        {
            "type": "ab"[number % 2],
            "arrival_s": 20.0 * number,
            "group": ("well_off", "others")[number % 3 > 0],
            "session": f"s{number // 4}",
            "prompt_tokens": 900.0 + 100 * number,
            "logged": {
                "to": ("home", "p", "q")[number % 3],
                "usd": 0.2 + 0.01 * number,
                "s": 30.0 + 5 * number,
                "good": number % 5 > 0,
                "attempts": 1 + number % 2,
            },
        }
        for number in range(20)
    ]
    return _of({"kind": "listed", "tasks": tasks}) | {"name": "logged"}


def table(folder: Path) -> Market:
    """The same kind of market, its tasks from a table."""
    head = "arrival_s,type,group,session,prompt_tokens,logged.to,logged.usd,logged.s,logged.good"
    for name, slower in (("log.csv", 1), ("other_log.csv", 2)):
        rows = [
            f"2026-06-01T00:{number // 3:02d}:{20 * (number % 3):02d}Z,{'ab'[number % 2]},well_off,"
            f"{number // 4},{900 + 100 * number},{('home', 'p', 'q')[number % 3]},0.2,{slower * 30},true"
            for number in range(18)
        ]
        (folder / name).write_text("\n".join([head, *rows]) + "\n")
    arrivals = {"kind": "table", "path": str(folder / "log.csv"), "limit": 15, "pace": 1.5}
    sampled = {"resample": {"blocks": "session", "number": 3}}
    return _of(arrivals | sampled) | {"name": "table"}


def _of(arrivals: Market) -> Market:
    rule = groups()
    for each in rule["clients"]["groups"].values():
        each.pop("policy", None)
    types = {
        name: kind | {"expected_output_tokens": 300 + 400 * place}
        for place, (name, kind) in enumerate(rule["workload"]["types"].items())
    }
    workload = rule["workload"] | {"arrivals": arrivals, "types": types}
    return rule | {"workload": workload, "policy": MODELLED}
