"""Directives whose content is read off the code: settings, field by field, and the metrics."""

from __future__ import annotations

import importlib
from typing import Any, ClassVar

from docutils import nodes
from fields import fields_markdown
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import coalesce_sim
from coalesce_sim.market.compiled.coverage import of_contracts
from coalesce_sim.metrics import METRICS, Metric

_BETTER = {"higher": "more", "lower": "less", None: "–"}


class Fields(SphinxDirective):
    """``{fields} module:Model``: every field of a settings model and of all models inside it."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"prefix": str, "whole": str}

    def run(self) -> list[nodes.Node]:
        module, _, name = self.arguments[0].partition(":")
        model = getattr(importlib.import_module(module), name)
        return self.parse_text_to_nodes(
            fields_markdown(
                model, self.options.get("prefix", name.lower()), self.options.get("whole", "The whole file")
            ),
            allow_section_headings=True,
        )


class Metrics(SphinxDirective):
    """``{metrics}``: the table of all metrics."""

    def run(self) -> list[nodes.Node]:
        lines = ["| metric | unit | definition | better |", "|---|---|---|---|", *map(_row, METRICS.values())]
        return self.parse_text_to_nodes("\n".join(lines))


class Uncovered(SphinxDirective):
    """``{uncovered}``: what the compiled core does not play."""

    def run(self) -> list[nodes.Node]:
        lines = [f"- {each}" for each in of_contracts(coalesce_sim.load("published"))]
        return self.parse_text_to_nodes("\n".join(lines))


def _row(metric: Metric) -> str:
    definition = metric.definition.replace("|", "\\|")
    return f"| `{metric.name}` | {metric.unit} | {definition} | {_BETTER[metric.better]} |"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("fields", Fields)
    app.add_directive("metrics", Metrics)
    app.add_directive("uncovered", Uncovered)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
