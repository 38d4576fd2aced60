"""Warnings before a run and after it, on stderr: stdout is for results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from coalesce_sim.experiments.queues import Judged
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
            click.echo(f"{word}: {sentence}", err=True)


def print_observed(scenario: Scenario, queues: Judged) -> None:
    """Say what is known only now that it was played: whose queues grew to the end."""
    from coalesce_sim.experiments.diagnosis.growing import queues_that_grow

    for finding in queues_that_grow(scenario, queues):
        click.echo(f"warning: {finding.sentence}", err=True)
