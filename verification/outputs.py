"""What a checkout puts out, as hashes: what `same_outputs` compares of two of them.

Run as a program with a checkout first on the path, this reads what is to be played and prints what was found.
Only public names of `coalesce_sim` are used, so that all else can move.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

    import coalesce_sim

TABLES = ("decisions", "timeline", "contracts", "ratings", "estimation_error")

DAYS, TASKS = 4, 100
"""What is played of a scenario at most: days where arrivals follow demand, a Sunday first, else tasks."""

POLICIES = (
    "{kind: thompson}",
    "{kind: oracle}",
    "{kind: score_auction}",
    "{kind: cheapest}",
    "{kind: lin_ucb}",
    "{kind: vickrey}",
    "{kind: random}",
    "{kind: topsis, normalisation: vector, weighting: critic, memory: per_client}",
    "{kind: posted_price}",
    "{kind: always_outsource}",
    "{kind: exp3}",
    "{kind: best_fixed}",
    "{kind: budgeted_ucb}",
    "{kind: always_local}",
    "{kind: adaptive_threshold}",
    "{kind: ucb1}",
    "{kind: fixed, contractor: gpu_specialist_4}",
    "{kind: thompson_gaussian}",
    "{kind: epsilon_greedy}",
    "{kind: greedy}",
    "{kind: ucb_v}",
    "{kind: optimistic_greedy}",
)
"""Beside its own policy each scenario plays the next three of these, in turn."""

OWN = "its own policy"

_RECORDS = {"records.path": "openhands_instances.csv", "records.models_path": "openhands_models.csv"}
FILES = {
    "azure_code": {
        "workload.arrivals.path": "AzureLLMInferenceTrace_code.csv",
        "contractors.price_file": "genai_prices_flat_2026-11.csv",
    },
    "real_agents": _RECORDS,
    "real_agents_240": _RECORDS,
    "real_agents_2000": _RECORDS,
}
"""The data files of the scenarios that read some, by the field that names each."""

VARIANTS = {
    "market_day, bargained": (
        "cost_model.external.pricing={kind: bargained}",
        "reputation.by_task_type=true",
    ),
    "market_day, composite": (
        "workload.types.research.steps={a: {type: coding}, b: {type: analysis, after: [a], work: 2}}",
        "workload.types.research.integration_usd=0.1",
    ),
    "market_day, crowded": (
        "workload.arrivals.gap_s={exponential: {mean: 0.5}}",
        "contractors.types.edge.queue_limit=1",
        "contractors.types.frontier.unreachable_rate=0.2",
        "contracts.timeout_factor=2",
        "contracts.recovery={retries: 2, then: give_up}",
        "cost_model.internal.opportunity=expected_delay",
    ),
    "market_day, gossip": (
        "discovery={kind: gossip, k: 8, view_size: 12}",
        "reputation={start: warm, model: {kind: ewma}}",
    ),
    "market_day, outage": (
        "discovery.outages=[{start_h: 0.03, hours: 0.05}]",
        "discovery.fallback=cached",
        "reputation.model={kind: eigentrust, recompute_every: 20}",
        "clients.slots=2",
    ),
    "dur_03, physical": (
        "cost_model.realised.basis=physical",
        "cost_model.internal.opportunity=expected_delay",
        "clients.slots=1",
        "contractors.types.gpu_specialist.slots=1",
        "skills.threshold=0.5",
    ),
}
"""What is set in a bundled scenario, named before the comma, for features that none of them uses."""

SWEEPING = "sweep"
SWEEP = {
    "name": "small",
    "base": "market_day",
    "set": {"workload.arrivals.limit": 60},
    "factors": {"policy.epsilon": [0, 0.3], "contractors.count": [8, 30]},
    "replications": 2,
}


class Play(NamedTuple):
    """A line of the table under one of its policies, and what is set to play that."""

    line: str
    policy: str
    overrides: Sequence[str]


class Found(NamedTuple):
    """The hash of one output, or the text of an error; `way` is how it was played."""

    line: str
    policy: str
    way: str
    output: str
    value: str


def plays_of(names: Sequence[str], data: Path) -> dict[str, list[Play]]:
    """The plays of each scenario and variant; none of one whose files are not in the folder `data`."""
    in_turn = itertools.cycle(POLICIES)
    plays: dict[str, list[Play]] = {}
    for line in (*names, *VARIANTS):
        policies = list(itertools.islice(in_turn, 3))
        files = {field: data / name for field, name in FILES.get(line, {}).items()}
        plays[line] = []
        if all(path.is_file() for path in files.values()):
            fixed = [*(f"{field}={path}" for field, path in files.items()), *VARIANTS.get(line, ())]
            plays[line] = [Play(line, OWN, fixed)]
            plays[line] += [Play(line, policy, [*fixed, f"policy={policy}"]) for policy in policies]
    return plays


def play_all(plays: Sequence[Sequence[Any]], *, core: coalesce_sim.Core, sweep: bool) -> dict[str, Any]:
    """All outputs of the plays in the checkout at hand; what its compiled core does not play SimPy plays."""
    import coalesce_sim

    if not Path(coalesce_sim.__file__).is_relative_to(Path.cwd()):
        raise SystemExit(f"coalesce_sim is that of {coalesce_sim.__file__}, not of {Path.cwd()}")
    found = []
    for jobs in (1, 2):
        way = f"{core}, jobs {jobs}"
        for play in itertools.starmap(Play, plays):
            found += [Found(play.line, play.policy, way, *each) for each in _outputs(play, jobs, core)]
        if sweep:
            found += [Found(SWEEPING, OWN, way, *each) for each in _outputs_of_sweep(jobs)]
    return {"version": coalesce_sim.__version__, "found": found}


def _outputs(play: Play, jobs: int, core: coalesce_sim.Core) -> Iterator[tuple[str, str]]:
    import coalesce_sim

    name = play.line.partition(",")[0]
    try:
        shortened = shortening(coalesce_sim.load(name, play.overrides))
        scenario = coalesce_sim.load(name, [*play.overrides, *shortened])
        try:
            result = coalesce_sim.run(scenario, replications=2, jobs=jobs, core=core)
        except coalesce_sim.CoreError:
            result = coalesce_sim.run(scenario, replications=2, jobs=jobs, core="simpy")
    except Exception as error:  # whatever it is, the other checkout has to say the same
        yield "error", f"{type(error).__name__}: {error}".replace(str(Path.cwd()), "CHECKOUT")
        return
    for table in TABLES:
        try:
            yield table, hash_of_table(getattr(result, table))
        except ValueError as absent:
            yield table, str(absent)
    yield "summary", hash_of_json({name: what for name, what in result.summary.items() if name != "core"})


def shortening(scenario: coalesce_sim.Scenario) -> list[str]:
    """What is set so that a scenario is played as far as `DAYS` and `TASKS` say."""
    arrivals = scenario.workload.arrivals
    if arrivals.kind == "demand_driven":
        return [f"clock.days={min(scenario.clock.days, DAYS)}"]
    if arrivals.kind == "series" or arrivals.kind == "listed":  # these cannot be cut short
        return []
    return [f"workload.arrivals.limit={min(arrivals.limit or TASKS, TASKS)}"]


def _outputs_of_sweep(jobs: int) -> Iterator[tuple[str, str]]:
    import coalesce_sim

    with tempfile.TemporaryDirectory() as folder:
        coalesce_sim.sweep(SWEEP, out=folder, jobs=jobs)
        result = coalesce_sim.open_results(folder)
        yield "digest", result.summary["digest"]
        yield "runs", hash_of_table(result.runs.drop(columns="scenario_sha256"))
        yield "points", hash_of_table(result.points)


def hash_of_table(frame: pd.DataFrame) -> str:
    """SHA-256 of all columns: name, type and values; of categories the codes and the names."""
    sha = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        sha.update(f"{name}:{column.dtype.name}:{len(column)}\n".encode())
        if column.dtype.name == "category":
            sha.update(json.dumps(column.cat.categories.tolist()).encode())
            column = column.cat.codes
        values = column.to_numpy()
        sha.update(json.dumps(values.tolist()).encode() if values.dtype.kind == "O" else values.tobytes())
    return sha.hexdigest()


def hash_of_json(value: Any) -> str:
    """SHA-256 of a value as JSON, in the order that it has."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


if __name__ == "__main__":
    json.dump(play_all(**json.load(sys.stdin)), sys.stdout)
