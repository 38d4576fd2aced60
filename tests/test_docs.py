"""The pages on the learning market and on policies: tables complete and right, examples that run."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import yaml
from pydantic import BaseModel

import coalesce_sim
from coalesce_sim.policies.protocol import (
    Decision,
    OracleView,
    Outcome,
    Policy,
    SealedBids,
    Surroundings,
    Tasks,
    View,
)
from coalesce_sim.policies.registry import create
from coalesce_sim.scenario.policy import Custom, PolicySettings, Topsis

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {name: (DOCS / f"{name}.md").read_text("utf-8") for name in ("market", "policies")}
SMALL = ["clock.days=0.001", "replications=1"]


def examples(language: str) -> list[Any]:
    """All code of a language, as test parameters."""
    return [
        pytest.param(code, id=f"{page}-{number}")
        for page, text in PAGES.items()
        for number, code in enumerate(re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL))
    ]


def names(text: str) -> list[str]:
    """What stands in a text as code; whole blocks of it are left out."""
    found: list[str] = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return found


def rows(page: str, start: str, stop: str) -> dict[str, list[str]]:
    """By the code in the first cell, the cells of the table rows between two places of a page."""
    section = PAGES[page].partition(start)[2].partition(stop)[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if "|" in line]
    return {", ".join(names(row[0])): row for row in cells if names(row[0])}


def settings_by_kind() -> dict[str, Any]:
    """The settings model of each built-in policy."""
    union = get_args(get_args(PolicySettings)[0])
    tagged = {tag.tag: model for model, tag in map(get_args, union)}
    return {kind: model for kind, model in tagged.items() if model is not Custom}


def defaults(model: type[BaseModel]) -> dict[str, Any]:
    """Default by name; those of a nested model by ``field.name``; what must be stated has none."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            found |= {f"{name}.{inner}": value for inner, value in field.default.model_dump().items()}
        elif not field.is_required():
            found[name] = field.default
    return found


def stated(text: str) -> Any:
    return None if text == "–" else yaml.safe_load(text)


KINDS = rows("policies", "## All kinds", "### TOPSIS")
TOPSIS = rows("policies", "### TOPSIS", "## Write your own")


def test_every_kind_of_policy_is_in_the_table() -> None:
    assert sorted(KINDS) == sorted(settings_by_kind())
    assert f"one of {len(KINDS)} policies" in PAGES["policies"]


@pytest.mark.parametrize(("kind", "model"), settings_by_kind().items())
def test_parameters_and_defaults_are_those_of_the_model(kind: str, model: type[BaseModel]) -> None:
    if model is Topsis:
        told: dict[str, Any] = {}
        for row in TOPSIS.values():
            values = row[1].split(", ")
            told |= dict(zip(names(row[0]), map(stated, values), strict=True))
    else:
        told = {name: stated(value) for name, value in re.findall(r"`(\w+)` ([^ ]+)", KINDS[kind][2])}
    assert told == defaults(model)


@pytest.mark.parametrize("kind", KINDS)
def test_randomness_and_view_are_those_of_the_policy(kind: str) -> None:
    asked: list[str] = []

    def stream(name: str) -> np.random.Generator:
        asked.append(name)
        return np.random.default_rng(0)

    required = {"contractor": "a"} if kind == "fixed" else {}
    policy = create(settings_by_kind()[kind].model_validate({"kind": kind, **required}))
    policy.start(Surroundings(("a", "b"), ("job",), 1, stream))
    _, _, _, random, view, _ = KINDS[kind]
    assert random == ("yes" if asked else "no")
    assert view == policy.view_type.__name__


def test_all_that_a_policy_meets_is_told() -> None:
    public = {name for view in (View, OracleView, SealedBids) for name in dir(view) if name[0] != "_"}
    met = public | set(Tasks.__dataclass_fields__) | set(Outcome.__dataclass_fields__)
    met |= set(Decision.__dataclass_fields__) | set(Surroundings.__dataclass_fields__)
    told = set(re.findall(r"\w+", " ".join(names(PAGES["policies"]))))
    assert met <= told


@pytest.fixture(scope="module")
def small_run() -> coalesce_sim.RunResult:
    """A few tasks of the market, every fifth of them composite."""
    step = {"type": "coding", "work": 0.5}
    whole = {
        "share": 0.25,
        "max_latency_min": 9,
        "steps": {"first": step, "then": step | {"after": ["first"]}},
    }
    scenario = {"extends": "market", "workload": {"types": {"whole": whole}}}
    return coalesce_sim.run(coalesce_sim.load(scenario, SMALL))


@pytest.mark.parametrize("table", ["decisions", "contracts", "ratings", "estimation_error", "timeline"])
def test_every_column_of_a_learning_run_is_told(small_run: coalesce_sim.RunResult, table: str) -> None:
    section = PAGES["market"].partition(f"**`{table}.parquet`**")[2].partition("\n**`")[0].partition("\n#")[0]
    assert set(getattr(small_run, table).columns) - {"replication"} <= set(names(section))


def test_every_metric_of_a_learning_run_is_told(small_run: coalesce_sim.RunResult) -> None:
    told = names(PAGES["market"].partition("## Metrics")[2].partition("## Limits")[0])
    readme = (DOCS.parent / "README.md").read_text("utf-8").partition("## What the figures mean")[2]
    everywhere = set(told) | set(names(readme))
    percentiles = {f"{base}turnaround_p{p}_s" for base in ("", "all_local_") for p in (50, 95, 99)}
    assert set(small_run.replications[0]) - percentiles - {"all_local_late_rate"} <= everywhere


@pytest.mark.parametrize("text", examples("yaml"))
def test_every_scenario_in_the_pages_loads(text: str) -> None:
    coalesce_sim.load({"extends": "market"} | yaml.safe_load(text))


@pytest.mark.parametrize("text", examples("python"))
def test_every_program_in_the_pages_runs(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Played small: a policy is given a few tasks, a program that loads markets gets small ones."""
    load, run = coalesce_sim.load, coalesce_sim.run

    def load_small(source: Any, overrides: Any = ()) -> Any:
        return load(source, [*overrides, *SMALL])

    monkeypatch.setattr(coalesce_sim, "load", load_small)
    monkeypatch.setattr(coalesce_sim, "run", partial(run, replications=1, jobs=1))
    defined: dict[str, Any] = {}
    exec(compile(text.replace(", replications=8, jobs=2", ""), "page", "exec"), defined)
    own = [each for each in defined.values() if isinstance(each, type) and issubclass(each, Policy)]
    for policy in own:
        if policy is not Policy:
            result = run(load("market", SMALL), policy=policy)
            assert result.replications[0]["outsourcing_rate"] > 0
