"""Tiny markets of which not everything is known for certain, or whose log is a sample of itself."""

from __future__ import annotations

from pathlib import Path

from verification.settings_markets import Market, contracts

_DRAWN = "contractors.types.x.price_usd"
_FIXED = "contractors.types.y.price_usd"


def resampled(folder: Path) -> Market:
    """Three days' log in the order of sessions, of which a sample is played."""
    rows = [f"{3600 * hour + 9 * hour},{hour // 2},{'ab'[hour % 3 % 2]}" for hour in range(0, 72, 2)]
    (folder / "days.csv").write_text("\n".join(["t,visit,kind", *rows]) + "\n")
    columns = {"arrival_s": "t", "session": "visit", "type": "kind"}
    log = {"kind": "csv", "path": str(folder / "days.csv"), "columns": columns}
    rule = contracts()
    return rule | {
        "name": "resampled",
        "clock": rule["clock"] | {"days": 3},
        "workload": rule["workload"] | {"arrivals": log | {"resample": {"blocks": "hour", "number": 3}}},
    }


def uncertain(folder: Path) -> Market:
    """The same log drawn anew, a price of its own, and another by a file that has a column too many."""
    rule = resampled(folder)
    (folder / "draws.csv").write_text(f"{_FIXED},cost_model.late_usd_per_min\n0.2,0.7\n0.3,0.9\n")
    (folder / "other_draws.csv").write_text("cost_model.late_usd_per_min\n4\n")
    arrivals = {name: value for name, value in rule["workload"]["arrivals"].items() if name != "resample"}
    return rule | {
        "name": "uncertain",
        "workload": rule["workload"] | {"arrivals": arrivals},
        "uncertainty": {
            "inputs": {_DRAWN: {"uniform": {"low": 0.1, "high": 0.3}}},
            "sample": str(folder / "draws.csv"),
            "fixed": [_FIXED],
            "log": {"blocks": "hour"},
        },
    }
