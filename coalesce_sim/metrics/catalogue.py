"""All metrics by name, and those that are found and not listed: of groups, and of uncertain inputs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from coalesce_sim.errors import CoalesceError
from coalesce_sim.metrics.metric import Metric
from coalesce_sim.metrics.of_attacks import OF_ATTACKS
from coalesce_sim.metrics.of_experiments import OF_EXPERIMENTS
from coalesce_sim.metrics.of_markets import OF_MARKETS
from coalesce_sim.metrics.of_settlement import OF_SETTLEMENT
from coalesce_sim.metrics.of_tasks import (
    COST_REDUCTION,
    OF_TASKS,
)


def is_share(name: str) -> bool:
    """Whether the metric of that name, which need not exist, is a share of a whole."""
    return name in METRICS and METRICS[name].share


class UnknownMetric(CoalesceError, ValueError):
    """Raised for a metric that does not exist, or not in these results; the text lists those that do."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(name, tuple(known))

    def __str__(self) -> str:
        name, names = self.args
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        return f"{name}: no such metric{hint} There are: {', '.join(names) or 'none'}"


def describe(name: str, known: Iterable[str] | None = None) -> Metric:
    """The metric of that name; `known` restricts those that there are, such as to those of some results.

    Raises `UnknownMetric` with those that there are and the nearest of them.
    """
    names = METRICS if known is None else [each for each in known if each in METRICS]
    if name not in names:
        raise UnknownMetric(name, names)
    return METRICS[name]


_OF_HOMES: Final = ("home_utilisation", "all_local_success_rate")
_OF_GROUPS: Final = frozenset((*(each.name for each in OF_TASKS), *_OF_HOMES))
"""What is told of each group of clients, too."""


_INPUT: Final = "input."


class _Catalogue(dict[str, Metric]):
    """Metrics by name, in the order in which runs report them.

    Those of a group of clients, as in ``cost_reduction[research]``, and what was drawn of uncertain inputs,
    as in ``input.contractors[0].price_usd``, are found and not listed: what groups and inputs there are is
    the scenario's to say.
    """

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name) or not isinstance(name, str):
            return super().__contains__(name)
        return is_input(name) or _base_and_group(name) is not None

    def __missing__(self, name: str) -> Metric:
        if is_input(name):
            path = name.removeprefix(_INPUT)
            definition = f"What the replication drew for {path}, which is uncertain"
            return Metric(name, f"{path}, as drawn", "", definition, None)
        parts = _base_and_group(name)
        if parts is None:
            raise KeyError(name)
        base, group = self[parts[0]], parts[1]
        return replace(
            base,
            name=name,
            label=f"{base.label}, {group}",
            definition=f"{base.definition}; of the tasks of the clients in the group {group}",
        )


METRICS: Final = _Catalogue(
    (each.name, each) for each in (*OF_TASKS, *OF_MARKETS, *OF_SETTLEMENT, *OF_EXPERIMENTS, *OF_ATTACKS)
)
"""By name, in the order in which runs report them."""


SPLIT: Final = (COST_REDUCTION, "realised_usd")
"""Metrics of which it is told how much of their variance is luck, where more than luck is uncertain."""


def of_group(name: str, group: str) -> str:
    """What a metric is called that tells of one group of clients."""
    return f"{name}[{group}]"


def of_input(path: str) -> str:
    """What is called among the metrics that was drawn of an uncertain number, by the way to its field."""
    return _INPUT + path


def is_input(name: str) -> bool:
    """Whether it is what was drawn of an uncertain number (`of_input`)."""
    return name.startswith(_INPUT)


def in_order(names: Iterable[str]) -> list[str]:
    """Those of the names that are metrics, in the order in which runs report them: those of groups come last,
    in the order in which they are given."""
    given = list(dict.fromkeys(names))
    found = set(given)
    own = [name for name in METRICS if name in found]
    return own + [name for name in given if _base_and_group(name) is not None]


def _base_and_group(name: str) -> tuple[str, str] | None:
    """The metric and the group that a name is made of; None if it is not of a group."""
    base, bracket, group = name.partition("[")
    return (base, group[:-1]) if bracket and group.endswith("]") and base in _OF_GROUPS else None
