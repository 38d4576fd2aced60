"""The documentation: tables complete and right, examples that run, commands and links that exist."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import Any, get_args

import click
import numpy as np
import pytest
import yaml
from pydantic import BaseModel

import coalesce_sim
from coalesce_sim.cards.assumptions import AssumptionFile
from coalesce_sim.cli import cli
from coalesce_sim.logs.answers import read_answers
from coalesce_sim.luck import Draws, Luck
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
from coalesce_sim.scenario.document import read_document, read_plain
from coalesce_sim.scenario.policy import Custom, PolicySettings, Topsis
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.uncertain_numbers import with_uncertainty
from coalesce_sim.scenario.validation import validate
from coalesce_sim.sensitivity.study import prepare_study
from coalesce_sim.sweeps.request import Request
from coalesce_sim.sweeps.specification import read_specification

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = {str(path.relative_to(ROOT).with_suffix("")): path.read_text("utf-8") for path in FILES}
POLICIES = PAGES["docs/reference/policies"]
SMALL = ["clock.days=0.001", "replications=1"]


def blocks(page: str, language: str) -> list[str]:
    """All code of a language in a page."""
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], re.DOTALL | re.MULTILINE)
    return found


def test_every_section_of_a_scenario_has_one_in_the_reference() -> None:
    path = ROOT / "docs/_ext/fields.py"
    spec = importlib.util.spec_from_file_location("fields", path)
    assert spec is not None
    assert spec.loader is not None
    fields = importlib.util.module_from_spec(spec)
    sys.modules["fields"] = fields  # dataclasses look their module up there
    spec.loader.exec_module(fields)
    told = fields.fields_markdown(Scenario, "scenario")
    models = Scenario.model_json_schema()["$defs"]
    missing = [
        name
        for name in models
        if models[name].get("properties") and f"(scenario-{name.lower()})=" not in told
    ]
    assert missing == []


def examples(language: str, *pages: str) -> list[Any]:
    """All code of a language in some pages, or in all, as test parameters."""
    return [
        pytest.param(code, id=f"{Path(page).name}-{number}")
        for page in pages or PAGES
        for number, code in enumerate(blocks(page, language))
    ]


def commands(page: str) -> list[list[str]]:
    """The arguments of each call of the program that a page shows."""
    text = "".join(blocks(page, "bash")) + "".join(blocks(page, "console"))
    lines = [line.strip().removeprefix("$ ") for line in text.replace("\\\n", " ").splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("coalesce-sim ")]


def files_shown() -> dict[str, str]:
    """The files that pages show whole, under the name that stands in their first line."""
    shown = [code for page in PAGES for code in blocks(page, "yaml")]
    named = [(re.match(r"# (\S+\.yaml)\n", code), code) for code in shown]
    return {match[1]: code for match, code in named if match}


def names(text: str) -> list[str]:
    """What stands in a text as code; whole blocks of it are left out."""
    found: list[str] = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return found


def rows(page: str, start: str, stop: str) -> dict[str, list[str]]:
    """By the code in the first cell, the cells of the table rows between two places of a page."""
    section = page.partition(start)[2].partition(stop)[0]
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


KINDS = rows(POLICIES, "## All kinds", "### Queues and ties")
TIES = rows(POLICIES, "### Queues and ties", "### TOPSIS")
TOPSIS = rows(POLICIES, "### TOPSIS", "## What a policy sees")


def test_every_kind_of_policy_is_in_the_table() -> None:
    assert sorted(KINDS) == sorted(settings_by_kind())
    assert f"one of {len(KINDS)} policies" in POLICIES
    assert sorted(", ".join(TIES).split(", ")) == sorted(KINDS), "what each does with queues and with ties"


@pytest.mark.parametrize(("kind", "model"), settings_by_kind().items())
def test_parameters_and_defaults_are_those_of_the_model(kind: str, model: type[BaseModel]) -> None:
    if model is Topsis:
        told: dict[str, Any] = {}
        for row in TOPSIS.values():
            values = row[1].split(", ")
            told |= dict(zip(names(row[0]), map(stated, values), strict=True))
    else:
        told = {name: stated(value) for name, value in re.findall(r"`([\w.]+)` ([^ ]+)", KINDS[kind][2])}
    assert told == defaults(model)


@pytest.mark.parametrize("kind", KINDS)
def test_randomness_and_view_are_those_of_the_policy(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def luck(_: Luck, purpose: str) -> Draws:
        asked.append(purpose)
        return Draws(0, np.arange(30, dtype=np.uint64))

    monkeypatch.setattr(Luck, "__call__", luck)
    hired = "hybrid_cloud_0"
    required: dict[str, Any] = {"fixed": {"contractor": hired}, "routes": {"rules": [{"to": hired}]}}
    required["as_logged"] = {"costs": "modelled"}
    policy = create(settings_by_kind()[kind].model_validate({"kind": kind, **required.get(kind, {})}))
    scenario = coalesce_sim.load("dur_01", ["clock.days=0.1"])
    coalesce_sim.stage(scenario, policy=lambda: policy).play()
    _, _, _, random, view, _ = KINDS[kind]
    assert random == ("yes" if asked else "no")
    assert view == policy.view_type.__name__


def test_all_that_a_policy_meets_is_told() -> None:
    public = {name for view in (View, OracleView, SealedBids) for name in dir(view) if name[0] != "_"}
    met = public | set(Tasks.__dataclass_fields__) | set(Outcome.__dataclass_fields__)
    met |= set(Decision.__dataclass_fields__) | set(Surroundings.__dataclass_fields__)
    told = set(re.findall(r"\w+", " ".join(names(POLICIES))))
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


@pytest.mark.parametrize(
    "table", ["decisions", "contracts", "sellers", "ratings", "estimation_error", "timeline"]
)
def test_every_column_of_a_learning_run_is_told(small_run: coalesce_sim.RunResult, table: str) -> None:
    page = PAGES["docs/reference/results"]
    section = page.partition(f"**`{table}.parquet`**")[2].partition("\n**`")[0].partition("\n#")[0]
    assert set(getattr(small_run, table).columns) - {"replication"} <= set(names(section))


SENSITIVITY = "docs/how-to/sensitivity"


@pytest.mark.parametrize("text", examples("yaml", *(page for page in PAGES if page != SENSITIVITY)))
def test_every_scenario_and_sweep_in_the_pages_is_valid(text: str, tmp_path: Path) -> None:
    content = yaml.safe_load(text)
    for name, shown in files_shown().items():
        (tmp_path / name).write_text(shown, encoding="utf-8")
    if "factors" in content:
        read_specification(Request({"name": "shown", **content}))
    elif "defaults" in content:
        validate(read_plain(content), AssumptionFile)
    elif "tasks" in content:
        read_answers(content)
    else:
        base = content.get("extends", "market")
        base = tmp_path / base if base in files_shown() else base
        document = with_uncertainty(read_document(content | {"extends": str(base)}))
        document.data.setdefault("name", "shown")
        validate(document, Scenario)  # not loaded: some name files of the reader's own


@pytest.mark.parametrize("text", examples("yaml", SENSITIVITY))
def test_every_sweep_whose_sensitivity_is_asked_is_valid(text: str) -> None:
    prepare_study(
        Request({"name": "shown", **yaml.safe_load(text)}), method="morris", metric="cost_reduction"
    )


RUN = (
    "docs/how-to/learning_market",
    "docs/how-to/write_a_policy",
    "docs/reference/policies",
    "docs/reference/python",
)


@pytest.mark.parametrize("text", examples("python", *RUN))
def test_every_program_in_the_pages_runs(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Played small: a policy is given a few tasks, a program that loads markets gets small ones."""
    load, run = coalesce_sim.load, coalesce_sim.run

    def load_small(source: Any, overrides: Any = ()) -> Any:
        return load(source, [*overrides, *SMALL])

    monkeypatch.setattr(coalesce_sim, "load", load_small)
    monkeypatch.setattr(coalesce_sim, "run", partial(run, replications=1, jobs=1))
    defined: dict[str, Any] = {}
    exec(compile(re.sub(r", (seed=\d, )?replications=\d+(, jobs=2)?", "", text), "page", "exec"), defined)
    own = [each for each in defined.values() if isinstance(each, type) and issubclass(each, Policy)]
    for policy in own:
        if policy is not Policy:
            result = run(load("market", SMALL), policy=policy)
            assert result.replications[0]["outsourcing_rate"] > 0


@pytest.mark.parametrize("text", examples("python"))
def test_every_program_in_the_pages_can_be_compiled(text: str) -> None:
    compile(text, "page", "exec")


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_every_command_in_the_pages_has_the_options_shown(page: str) -> None:
    for shown in commands(page):
        is_command = shown[0] in cli.list_commands(click.Context(cli))
        name, arguments = (shown[0], shown[1:]) if is_command else ("run", shown)
        command = cli.get_command(click.Context(cli), name)
        if isinstance(command, click.Group):
            command, arguments = command.get_command(click.Context(command), arguments[0]), arguments[1:]
        assert command is not None
        # Parsed, not converted: files and folders of the reader are not there.
        command.make_parser(click.Context(command)).parse_args(arguments)


@pytest.mark.parametrize("page", PAGES)
def test_links_between_files_lead_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", PAGES[page]):
        assert (folder / target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_no_figure_is_left_to_be_filled_in(page: str) -> None:
    assert not re.search(r"\b(FILL|TODO|TBD)\b", PAGES[page])


def test_the_python_reference_has_every_public_name() -> None:
    told = set(re.findall(r"^\.\. auto\w+:: (\w+)", PAGES["docs/reference/python"], re.MULTILINE))
    assert set(coalesce_sim.__all__) - {"__version__"} <= told


def test_the_page_on_the_compiled_core_has_every_file_once() -> None:
    where = PAGES["docs/background/compiled_core"].partition("\n## Where is what\n")[2].partition("\n## ")[0]
    files, _, happens = where.partition("\n| what happens |")
    first = re.findall(r"^\| (`.*?) \|", files, re.MULTILINE)
    room = ROOT / "coalesce_sim/market/compiled"
    assert sorted(re.findall(r"`(\w+)`", " ".join(first))) == sorted(
        path.stem for path in room.glob("[!_]*.py")
    )
    named = re.findall(r"`(\w+)\.(\w+)", happens)
    assert len(named) > 5
    for file, name in named:
        text = (room / f"{file}.py").read_text("utf-8")
        assert re.search(rf"^(def|class) {name}\b", text, re.MULTILINE), (file, name)
