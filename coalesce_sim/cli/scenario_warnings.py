"""Warnings before a run, on stderr: stdout is for results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from coalesce_sim.scenario.schema import Scenario


def print_warnings(scenario: Scenario) -> None:
    """Say what is odd about a scenario before it is played, a line each; notes are what does no harm."""
    from coalesce_sim.experiments.diagnosis.warnings import notes_of, warnings_of

    for sentence in warnings_of(scenario):
        click.echo(f"warning: {sentence}", err=True)
    for sentence in notes_of(scenario):
        click.echo(f"note: {sentence}", err=True)
