"""How the page of every study ends: what was asked, what is odd, the scenario, where it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from coalesce_sim.lab.results.studies.files import Study
from coalesce_sim.metrics import describe
from coalesce_sim.report.html.closing import ending, observed_checks, scenario_checks
from coalesce_sim.report.html.page import Facts, Section


def closing_sections(
    study: Study, asked: Mapping[str, str], metrics: Iterable[str] | None = None
) -> list[Section]:
    """These sections; empty entries of what was `asked` are left out, the glossary is of the `metrics`."""
    origin = study.origin
    scenarios = {study.name: origin["scenario"]}
    checks = [
        *observed_checks(study.facts.get("observed", ())),
        *scenario_checks(scenarios, {study.name: origin.get("origins", {})}),
    ]
    told = None if metrics is None else map(describe, metrics)
    return [
        Section("asked", "What was asked", [Facts({name: text for name, text in asked.items() if text})]),
        *ending(checks, scenarios, origin, told),
    ]
