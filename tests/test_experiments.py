"""The written-up experiments: what their pages show can be run, and explorations are logged."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pandas as pd
import pytest

import coalesce_sim
from coalesce_sim import bundled
from coalesce_sim.cli import cli
from coalesce_sim.experiments.contenders import contenders
from coalesce_sim.experiments.words import split
from coalesce_sim.scenario.document import read_document
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.validation import validate
from coalesce_sim.sweeps.request import Request
from coalesce_sim.sweeps.specification import read_specification

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "background" / "experiments"
PAGES = sorted(FOLDER.glob("*.md"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def commands(page: Path) -> list[list[str]]:
    lines = "".join(blocks(page, "bash") + blocks(page, "console")).replace("\\\n", " ").splitlines()
    shown = [line.removeprefix("$ ") for line in lines]
    return [shlex.split(line, comments=True)[1:] for line in shown if line.startswith("coalesce-sim ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_command_and_snippet_shown_can_be_run(page: Path) -> None:
    shown = commands(page)
    for name, *arguments in shown:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None, name
        options = command.make_context(name, list(arguments)).params
        # Not loaded: that would need the recorded runs, which are not part of the project.
        if name == "sweep":
            read_specification(Request(options["source"]))
            continue
        document = read_document(options["source"], options["overrides"])
        document.data.setdefault("name", document.name)
        scenario = validate(document, Scenario)
        if options.get("policies"):
            contenders(scenario, split(options["policies"]))
    snippets = blocks(page, "python")
    for snippet in snippets:
        compile(snippet, page.name, "exec")
    assert shown or snippets or page.stem == "README"


def test_every_experiment_scenario_is_written_about_and_every_one_written_about_loads() -> None:
    text = "".join(page.read_text("utf-8") for page in PAGES)
    named = set(re.findall(r"\bexperiments_\w+", text))
    assert named == {name for name in bundled.names() if name.startswith("experiments_")}
    for name in named:
        assert coalesce_sim.load(name).title.startswith("Experiment ")


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def explored(scenario: str, seed: int) -> pd.DataFrame:
    decisions = coalesce_sim.run(coalesce_sim.load(scenario), seed=seed, replications=1).decisions
    assert len(decisions) == 50
    return decisions[decisions["explored"]]


def test_explorations_are_logged_one_by_one_and_differ_between_seeds() -> None:
    one, other = explored("experiments_exploration", 1), explored("experiments_exploration", 2)
    for each in (one, other):
        assert each["task"].is_unique
        assert (each["choice"] == "contractor").all()
        assert each["contractor"].notna().all()
    assert 1 <= len(one) <= 12
    assert list(zip(one["task"], one["contractor"], strict=True)) != list(
        zip(other["task"], other["contractor"], strict=True)
    )
