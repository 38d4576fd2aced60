"""Warnings before a run and after it, on stderr: stdout is for results."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from coalesce_sim.cli.contract import print_aside

if TYPE_CHECKING:
    from coalesce_sim.experiments.diagnosis.finding import Finding
    from coalesce_sim.scenario.schema import Scenario


def print_warnings(scenario: Scenario) -> None:
    """Say what is odd about a scenario before it is played, a line each; notes are what does no harm."""
    from coalesce_sim.experiments.diagnosis.contradictions import contradictions
    from coalesce_sim.experiments.diagnosis.inherited import inherited_note
    from coalesce_sim.experiments.diagnosis.warnings import oddities, remarks

    found, inherited = contradictions(scenario), inherited_note(scenario)
    warnings = [*oddities(scenario), *(each.sentence for each in found if each.severity == "problem")]
    notes = [*remarks(scenario), *(each.sentence for each in found if each.severity == "note")]
    notes += [] if inherited is None else [inherited]
    for word, sentences in (("warning", warnings), ("note", notes)):
        for sentence in sentences:
            print_aside(f"{word}: {sentence}")


def print_averaged(scenario: Scenario) -> None:
    """Say where intervals do not cover what is uncertain besides luck."""
    from coalesce_sim.experiments.uncertainty import AVERAGED

    if scenario.uncertainty is not None:
        print_aside(f"note: {AVERAGED}")


def print_observed(findings: Iterable[Finding]) -> None:
    """Say what is known only now that it was played."""
    for finding in findings:
        print_aside(f"warning: {finding.sentence}")
