"""Sweeps over fields with good and bad levels: every row there once, and each the run that it says it is."""

from __future__ import annotations

import csv
import json
import math
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from acceptance.fuzzing import bases, manners
from acceptance.fuzzing.case import Case
from acceptance.fuzzing.mutation import NUMBERS, STRANGE

_FACTORS: dict[str, tuple[Any, ...]] = {
    "policy.epsilon": (0, 0.1, 0.5, 1),
    "skills.threshold": (0, 0.5, 0.7, 1),
    "contractors.count": (1, 2, 5),
    "clients.count": (1, 3),
    "clients.slots": (1, 2, "unlimited"),
    "workload.dealing": ("random", "round_robin"),
    "policy": ("topsis", "cheapest", "topsis(epsilon=0)", "greedy"),
    "cost_model.late_usd_per_min": (0, 0.25, 4),
}
_NOT_METRICS = {"point", "replication", "seed", "scenario_sha256", "attempt", "wall_s", "error", "traceback"}


def play(case: Case) -> None:
    """Play a sweep of a few runs, add up its tables, and play one of its runs by itself."""
    rng = case.rng
    bases.write(bases.short(rng.choice(("published", "market", "cold_start"))), case.path("market.yaml"))
    factors: dict[str, Any] = {}
    names = rng.sample(list(_FACTORS), rng.choice((1, 1, 2)))
    if "policy" in names:  # most of which have no epsilon
        names = ["policy", *(name for name in names if not name.startswith("policy"))]
    for name in names:
        factors[name] = rng.sample(_FACTORS[name], rng.randrange(1, 3))
    sound = rng.random() < 0.6
    if not sound and rng.random() < 0.5:
        factors[name] = _odd_levels(rng, name)
    sweep: dict[str, Any] = {"base": "market.yaml", "factors": factors, "replications": rng.choice((1, 1, 2))}
    if not sound and rng.random() < 0.7:
        _spoil(rng, sweep)
    bases.write(sweep, case.path("sweep.yaml"))
    played = case.run("sweep", "sweep.yaml", "--out", "out", "--quiet", "--jobs", "1")
    done = manners.look(case, played)
    if played.refused and case.path("out").exists():
        case.complain(f"refused, but left {sorted(each.name for each in case.path('out').iterdir())}")
    if sound and not done:
        case.complain(f"a sound sweep ends with exit code {played.code}: {played.stderr.strip()[-300:]}")
    if done:
        _tables(case, sweep if sound else None)


def _odd_levels(rng: random.Random, name: str) -> Any:
    """Levels as a mapping, with one among them that is none, or nothing of that kind."""
    good = list(_FACTORS[name])
    return rng.choice(
        (
            {"linspace": [0, 1, rng.choice((1, 2, 3, 0, -1, 2.5))]},
            {"logspace": [rng.choice((0, 0.1, -1)), 1, 2]},
            {"uniform": [0, 1]},
            {"integers": [1, rng.choice((3, 0, 1.5))]},
            {"alternatives": {"[b]one[/b]": good[0], "[i]other[/i]": good[-1]}},
            {"paired": {name: good[:2], "description": ["a", "b"]}},
            [*good[:1], rng.choice(NUMBERS + STRANGE)],
            rng.choice(STRANGE),
        )
    )


def _spoil(rng: random.Random, sweep: dict[str, Any]) -> None:
    """Something in the file is wrong, or only unusual."""
    name, value = rng.choice(
        (
            ("design", {"latin_hypercube": rng.choice((2, 0, -1, "x"))}),
            ("design", {"sobol": rng.choice((2, 3))}),
            ("replications", {"metric": "tasks", "half_width": rng.choice((1, 0, -1)), "cap": 12}),
            ("replications", rng.choice((0, -1, 1.5, "x", None))),
            ("set", {"clock.days": rng.choice((0.01, -1, None)), "policy.epsilon": 0.3}),
            ("base", rng.choice(("nowhere", "sweep.yaml", None))),
            ("title", "[bold]x[/bold]"),
            ("common_random_numbers", rng.choice((False, "x"))),
            ("factors", {}),
            ("unknown", 1),
            ("seed", rng.choice((3, -1, 2**63))),
        )
    )
    sweep[name] = value


def _tables(case: Case, sweep: dict[str, Any] | None) -> None:
    """Rows and points belong together; of a sound `sweep` there is every one."""
    rows = pq.read_table(case.path("out") / "runs.parquet").to_pylist()
    with (case.path("out") / "points.csv").open(newline="", encoding="utf-8") as handle:
        points = list(csv.DictReader(handle))
    keys = [(row["point"], row["replication"]) for row in rows]
    if len(set(keys)) != len(keys):
        case.complain("a run is there twice")
    if sweep is not None:
        wanted = math.prod(len(levels) for levels in sweep["factors"].values())
        right = [(point, run) for point in range(wanted) for run in range(sweep["replications"])]
        if sorted(keys) != right or len(points) != wanted:
            case.complain(f"{len(points)} points and runs {sorted(keys)}, not {right}")
    metrics = {name for row in rows for name in row if name not in _NOT_METRICS} & set(
        points[0] if points else ()
    )
    for point in points:
        own = [row for row in rows if row["point"] == int(point["point"])]
        for name in metrics:
            values = [row[name] for row in own if row[name] is not None]
            if not all(isinstance(value, int | float) and math.isfinite(value) for value in values):
                continue  # a factor's levels, which may be words
            mean = math.fsum(values) / len(values) if values else None
            told = float(point[name]) if point[name] not in ("", None) else None
            if (mean is None) != (told is None) or (
                mean is not None
                and told is not None
                and not math.isclose(mean, told, rel_tol=1e-9, abs_tol=1e-9)
            ):
                case.complain(
                    f"points.csv, point {point['point']}: {name} {point[name]!r}; by the runs {mean}"
                )
    if sweep is not None and rows and not case.shell:
        _alone(case, sweep, case.rng.choice(rows))


def _alone(case: Case, sweep: dict[str, Any], row: dict[str, Any]) -> None:
    """A run of the sweep is the one that `run` plays with the same settings and seed."""
    scalar = {name: row[name] for name in sweep["factors"] if name != "policy"}
    if set(scalar) != set(sweep["factors"]) or row["replication"] != 0:
        return
    words = [word for name, value in scalar.items() for word in ("--set", f"{name}={_text(value)}")]
    alone = case.run(
        "run",
        "market.yaml",
        "--out",
        "alone",
        "--quiet",
        "--jobs",
        "1",
        "--seed",
        str(row["seed"]),
        "--replications",
        "1",
        *words,
    )
    if manners.look(case, alone):
        metrics = _summary(case.path("alone"))
        differing = {
            name: (row[name], metric["mean"])
            for name, metric in metrics.items()
            if name in row and not _same(row[name], metric["mean"])
        }
        if differing:
            case.complain(f"point {row['point']} played alone: {differing}")


def _summary(folder: Path) -> dict[str, Any]:
    metrics: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["metrics"]
    return metrics


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other or (one is not None and math.isnan(one))
    return one == other
