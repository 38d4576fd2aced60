"""Warnings before a run and after it, on stderr: stdout is for results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from coalesce_sim.experiments.queues import Judged
    from coalesce_sim.scenario.schema import Scenario


def print_warnings(scenario: Scenario) -> None:
    """Say what is odd about a scenario before it is played, a line each; notes are what does no harm."""
    from coalesce_sim.experiments.diagnosis.inherited import inherited_note
    from coalesce_sim.experiments.diagnosis.warnings import notes_of, warnings_of

    for sentence in warnings_of(scenario):
        click.echo(f"warning: {sentence}", err=True)
    inherited = inherited_note(scenario)
    for sentence in (*notes_of(scenario), *([] if inherited is None else [inherited])):
        click.echo(f"note: {sentence}", err=True)


def print_observed(scenario: Scenario, queues: Judged) -> None:
    """Say what is known only now that it was played: whose queues grew to the end."""
    from coalesce_sim.experiments.diagnosis.growing import queues_that_grow

    for finding in queues_that_grow(scenario, queues):
        click.echo(f"warning: {finding.sentence}", err=True)
