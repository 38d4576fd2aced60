"""Errors: all of one base class and of a built-in kind, all public, and whole again in another process."""

from __future__ import annotations

import builtins
import importlib
import pickle
import re
from pathlib import Path

import pytest

import coalesce_sim
from coalesce_sim import (
    ChangedSweep,
    CoalesceError,
    MissingExtra,
    ScenarioError,
    TooManyRuns,
    UnknownMetric,
)
from coalesce_sim.scenario.problems import Problem
from coalesce_sim.sweeps.request import Request
from coalesce_sim.sweeps.running import prepare

PACKAGE = Path(coalesce_sim.__file__).parent
PRIVATE = {
    *("CannotPrint", "Interrupted", "WrongInput", "Refusals", "Meaningless"),
    *("UnknownPlace", "NotFitted", "NotToldApart", "BookFolderError", "CannotServe", "Failed"),
}
"""Of the command line or the lab alone, which of two folders a `FolderError` is about, what a validator tells
pydantic, what is wrong with an answer, and why something is not fitted."""

WARNINGS = {"ResultsWarning"}
"""Told, and no error."""

KINDS = {
    "AdversaryError": ValueError,
    "AmountError": ValueError,
    "ChangedFile": RuntimeError,
    "ConservationError": RuntimeError,
    "CoreError": ValueError,
    "DownloadError": RuntimeError,
    "EngineError": RuntimeError,
    "FolderError": OSError,
    "MissingExtra": ImportError,
    "NoIndices": ValueError,
    "PolicyError": ValueError,
    "ResultsError": ValueError,
    "ChangedSweep": ValueError,
    "ScenarioError": ValueError,
    "TooManyRuns": ValueError,
    "UnknownMetric": ValueError,
    "WriteError": OSError,
}


def defined() -> dict[str, str]:
    """By name, the module of every exception class of the package, found by what its bases are called."""
    classes = {
        name: (
            ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"),
            re.findall(r"\w+", bases),
        )
        for path in PACKAGE.rglob("*.py")
        for name, bases in re.findall(r"^class (\w+)\((.*)\):$", path.read_text("utf-8"), re.MULTILINE)
    }
    errors = {
        name
        for name, kind in vars(builtins).items()
        if isinstance(kind, type) and issubclass(kind, BaseException)
    } | {"ClickException"}
    found: dict[str, str] = {}
    while more := {
        name: module
        for name, (module, bases) in classes.items()
        if name not in found and not (errors | set(found)).isdisjoint(bases)
    }:
        found |= more
    return found


def test_every_error_is_public_or_known_to_be_private() -> None:
    found = defined()
    assert set(found) == {"CoalesceError", *KINDS} | WARNINGS | PRIVATE
    for name in set(found) - PRIVATE:
        assert getattr(coalesce_sim, name) is getattr(importlib.import_module(found[name]), name)
        assert name in coalesce_sim.__all__


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_every_error_is_caught_by_the_base_class_and_by_its_built_in_kind(name: str, kind: type) -> None:
    assert issubclass(getattr(coalesce_sim, name), coalesce_sim.CoalesceError)
    assert issubclass(getattr(coalesce_sim, name), kind)


def with_texts() -> dict[CoalesceError, str]:
    """An error of each class, and how its text begins."""
    large = {"base": "dur_02", "factors": {"policy.epsilon": [0, 0.1]}, "replications": 60_000}
    plan = prepare(Request(large))
    errors: dict[CoalesceError, str] = {
        ScenarioError([Problem("a.yaml", 3, "seed", "must be >= 0")]): "a.yaml:3: seed: must be >= 0",
        UnknownMetric("cost", ["cost_usd"]): "cost: no such metric; did you mean 'cost_usd'?",
        MissingExtra("numba", "fast"): "numba is not installed: pip install 'coalesce-sim[fast]'",
        ChangedSweep(Path("there"), "seed: 1 → 2"): "'there' holds a sweep that was begun otherwise",
        TooManyRuns(plan): "120,000 runs (2 design points): more than 100,000",
    }
    for name in KINDS.keys() - {type(error).__name__ for error in errors}:
        errors[getattr(coalesce_sim, name)(f"{name} it is")] = f"{name} it is"
    return errors


def test_every_error_can_be_told_by_another_process() -> None:
    for error, text in with_texts().items():
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert str(error).startswith(text)
        assert vars(again).keys() == vars(error).keys()
