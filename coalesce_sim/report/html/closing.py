"""What ends every report: the scenario, where the results came from, and what the words mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from coalesce_sim.experiments.diagnosis.inherited import inherited_note
from coalesce_sim.experiments.diagnosis.warnings import notes_of, warnings_of
from coalesce_sim.loading import load
from coalesce_sim.metrics import Metric
from coalesce_sim.numbers import duration
from coalesce_sim.own_code import nothing_imported
from coalesce_sim.report.html.page import Block, Check, Facts, Passage, Section, Source
from coalesce_sim.scenario.origins import Origins
from coalesce_sim.scenario.problems import ScenarioError

_PAPERS = ("cost_reduction_published", "time_savings_published")
_BETTER = {"higher": " Higher is better.", "lower": " Lower is better.", None: ""}


def scenario_section(scenarios: Mapping[str, Mapping[str, Any]]) -> Section:
    """The scenarios in full, by name, as YAML that can be played."""
    blocks: list[Passage | Source] = []
    for name, scenario in scenarios.items():
        told = (scenario.get("title"), scenario.get("description"))
        blocks += [Passage(str(text)) for text in told if text]
        text = yaml.safe_dump(dict(scenario), sort_keys=False, allow_unicode=True, width=100)
        blocks.append(Source(f"{name} in full, with all defaults (YAML)", text))
    return Section("scenario", "Scenario", blocks)


def scenario_checks(
    scenarios: Mapping[str, Mapping[str, Any]], origins: Mapping[str, Mapping[str, Any]]
) -> list[Check]:
    """What is odd about the scenarios, by name, or that nothing is; as the commands say that play them.

    `origins` say where they were written; those of earlier versions are not known.
    """
    checks = [
        check
        for name, scenario in scenarios.items()
        for check in _oddities(name, scenario, Origins.of_told(origins.get(name, {})))
    ]
    return checks or [Check(True, "No warning about the scenario.")]


def observed_checks(observed: Iterable[Mapping[str, Any]]) -> list[Check]:
    """What was known only after it was played, as the results have it."""
    return [Check(False, f"Warning: {each['sentence']}.") for each in observed]


def _oddities(name: str, scenario: Mapping[str, Any], origins: Origins) -> list[Check]:
    try:
        with nothing_imported():  # results may be anybody's
            loaded = load({"name": name, "title": name, **scenario})  # a sweep's bases have neither
            loaded = loaded.written_at(origins)
            warnings, inherited = warnings_of(loaded), inherited_note(loaded)
            notes = notes_of(loaded) + ([] if inherited is None else [inherited])
    except (ScenarioError, OSError) as error:
        return [Check(False, f"{name} could not be checked for warnings on this machine: {error}")]
    return [
        *(Check(False, f"Warning about {name}: {each}.") for each in warnings),
        *(Check(True, f"Note on {name}: {each}.") for each in notes),
    ]


def undefined_checks(undefined: Mapping[str, int], runs: int) -> list[Check]:
    """Which metrics some runs do not have; `undefined` counts those runs by label."""
    some = [f"{label} in {count:,}" for label, count in undefined.items() if 0 < count < runs]
    all_ = [label for label, count in undefined.items() if count == runs]
    told = []
    if some:
        text = f"Undefined in some of the {runs:,} runs, which their means leave out: {'; '.join(some)}."
        told.append(Check(False, text))
    if all_:
        told.append(Check(True, f"Undefined in every run, and so left out: {', '.join(all_)}."))
    return told or [Check(True, "Every metric is defined in every run.")]


def provenance_section(origin: Mapping[str, Any]) -> Section:
    """Where the results came from and how to have them again; what is not recorded is left out."""
    named = {
        "command": "Command",
        "coalesce_sim": "coalesce_sim",
        "started_utc": "Started (UTC)",
        "wall_s": "Wall time",
        "seed": "Seed",
        "digest": "Digest of the runs",
        "python": "Python",
        "platform": "Platform",
    }
    entries = {
        label: _told(name, origin[name]) for name, label in named.items() if origin.get(name) is not None
    }
    packages = origin.get("packages")
    if packages:
        entries["Packages"] = ", ".join(f"{name} {version}" for name, version in packages.items() if version)
    return Section("provenance", "Provenance", [Facts(entries)])


def ending(
    checks: Sequence[Block],
    scenarios: Mapping[str, Mapping[str, Any]],
    origin: Mapping[str, Any],
    metrics: Iterable[Metric] | None = None,
) -> list[Section]:
    """How a page of results ends: what was looked at, the scenarios, where it came from and, where `metrics`
    are told, what they mean."""
    return [
        Section("diagnostics", "Diagnostics", checks),
        scenario_section(scenarios),
        provenance_section(origin),
        *([] if metrics is None else [glossary_section(metrics)]),
    ]


def told_metrics(names: Iterable[str], recorded: Mapping[str, Any]) -> list[str]:
    """The metrics, without the paper's own ones where what was recorded says that nothing is of the paper."""
    paper = recorded.get("paper_metrics", True)
    return [name for name in names if paper or name not in _PAPERS]


def glossary_section(metrics: Iterable[Metric]) -> Section:
    """What every metric means, folded."""
    entries = {each.axis: f"{each.definition}.{_BETTER[each.better]} Column: {each.name}" for each in metrics}
    return Section(
        "metrics",
        "What the metrics mean",
        [Facts(entries, f"All {len(entries)} metrics, as they are defined")],
    )


def _told(name: str, value: Any) -> str:
    return duration(float(value)) if name == "wall_s" else str(value)
