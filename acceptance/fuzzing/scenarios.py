"""Scenarios changed by value and by structure: played, and their books kept again."""

from __future__ import annotations

import contextlib
import io
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

from acceptance.fuzzing import bases, books, cheats, manners, payments
from acceptance.fuzzing.case import Case
from acceptance.fuzzing.mutation import Schema, change_structure, change_value, nodes
from coalesce_sim.cli import main

_POLICIES = (
    "always_local",
    "always_outsource",
    "cheapest",
    "random",
    "greedy",
    "thompson",
    "ucb1",
    "vickrey",
    "oracle",
)


def play(case: Case) -> None:
    """Play a mutated scenario; what was refused leaves nothing, what was played adds up."""
    rng = case.rng
    scenario = mutated(rng)
    bases.write(scenario, case.path("market.yaml"))
    out = case.path("out")
    played = case.run("run", "market.yaml", "--out", "out", "--json", "--jobs", "1")
    done = manners.look(case, played, out=out)
    if done:
        books.audit(out, case.complain)
        told = json.loads((out / "summary.json").read_text(encoding="utf-8"))["metrics"]
        if json.loads(played.stdout)["metrics"] != told:
            case.complain("summary.json has other metrics than stdout")
    if case.shell:
        return
    if rng.random() < 0.2:
        _validate(case, refused=played.refused)
    if done and rng.random() < 0.1:
        _again(case, jobs=rng.choice("12"))
    if done and rng.random() < 0.03:
        manners.look(case, case.run("report", "out"))
        manners.page(case, out / "report.html")
        manners.look(case, case.run("plot", "out", "--json"))


def mutated(rng: random.Random, *, most: int = 4) -> dict[str, Any]:
    """A short bundled scenario with up to `most` changes; one in ten is left as it is but for its policy."""
    scenario = bases.short(rng.choice(bases.names())) if rng.random() < 0.6 else bases.at_random(rng)
    if rng.random() < 0.3:
        scenario["policy"] = {"kind": rng.choice(_POLICIES)}
    if rng.random() < 0.2:
        cheats.let_in(rng, scenario)
    if rng.random() < 0.2:
        payments.settle(rng, scenario)
    scenario["seed"] = rng.randrange(1000)
    if rng.random() < 0.2:
        scenario["replications"] = 2
    if rng.random() < 0.1:
        return scenario
    schema = Schema(_schema(), rng, _names(scenario))
    for _ in range(min(rng.randrange(1, most + 1), rng.randrange(1, most + 1))):
        change = rng.random()
        if change < 0.5:
            schema.set_something(scenario)
        elif change < 0.9:
            change_value(rng, scenario)
        else:
            change_structure(rng, scenario)
    bases.tame(scenario)
    return scenario


def _validate(case: Case, *, refused: bool) -> None:
    """`validate` says beforehand what `run` says."""
    checked = case.run("validate", "market.yaml")
    manners.look(case, checked)
    if checked.refused != refused:
        case.complain(f"`validate` ends with exit code {checked.code}: {checked.stderr.strip()}")


def _again(case: Case, jobs: str) -> None:
    """Played again, and by another number of processes, a market leaves the same bytes."""
    manners.look(case, case.run("run", "market.yaml", "--out", "again", "--quiet", "--jobs", jobs))
    for path in sorted(case.path("out").glob("*.parquet")):
        other = case.path("again") / path.name
        if not other.exists() or path.read_bytes() != other.read_bytes():
            case.complain(f"{path.name} has other bytes when played again with --jobs {jobs}")
    first, second = (_lasting(case.path(name)) for name in ("out", "again"))
    if first != second:
        case.complain("summary.json says something else when played again")


def _lasting(folder: Path) -> Any:
    """What a summary says but for the moment, the folder, and the digest that holds both."""
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    del summary["outputs"], summary["sha256"]
    for name in ("started_utc", "wall_s", "command"):
        del summary["provenance"][name]
    return summary


def _names(scenario: dict[str, Any]) -> list[str]:
    """Words with a meaning in a scenario: its types of tasks and of contractors, its skills."""
    words = {name for path, _ in nodes(scenario) for name in path[-1:] if path[-2:-1] == ("types",)}
    skills = {value for path, value in nodes(scenario) if "skills" in path and isinstance(value, str)}
    return sorted(map(str, words | skills))


@cache
def _schema() -> Any:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        main(["schema"])
    return json.loads(printed.getvalue())
