"""What a policy of one's own could tell the cores apart by: what it is shown, asked and refused."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.policies.protocol import OracleView, SealedBids, View
from coalesce_sim.policies.registry import create

pytest.importorskip("numba")

CORES: tuple[Core, ...] = ("simpy", "compiled")
SHOWN = (
    *(
        "task",
        "type_id",
        "client",
        "now_s",
        "contractors",
        "ids",
        "internal_usd",
        "price_usd",
        "external_usd",
    ),
    *("latency_s", "reliability", "security", "skill", "eligible", "whole", "split"),
)


def as_seen(value: object) -> object:
    """All that a program can tell by: of arrays how they lie, for BLAS adds up in another order what lies
    apart, and whether they can be written to; of numbers the type, for numpy's divide by 0."""
    if isinstance(value, np.ndarray):
        lies = value.strides if value.size > 1 else None
        return value.dtype, value.shape, lies, value.flags.writeable, value.tobytes()
    return type(value), repr(value)


class _Notes(coalesce_sim.Policy):
    """Decides by draws, at prices of all kinds of numbers, and notes all that it is shown and told."""

    told: ClassVar[list[Any]] = []

    def note(self, view):
        kinds: Any = type(view).__mro__[:-2]
        names = [each for kind in kinds for each in kind.__slots__]
        self.told.append([as_seen(getattr(view, each)) for each in (*SHOWN, *names)])

    def splits(self, view):
        self.note(view)
        return view.draw("split") < 0.5

    def decide(self, view):
        self.note(view)
        if not view.contractors or view.draw("home") < 0.2:
            return coalesce_sim.Decision(coalesce_sim.LOCAL, score=0.3, price_usd=7.0)
        offer, kind = (
            int(view.draw(name) * count) for name, count in (("offer", view.contractors), ("kind", 5))
        )
        price_usd = (None, None, 0, np.float64(1.25), 0.5 * float(view.price_usd[offer]))[kind]
        return coalesce_sim.Decision(offer, kind == 1, score=kind, price_usd=price_usd)

    def observe(self, outcome):
        self.told.append([as_seen(each) for each in dataclasses.astuple(outcome)])


@pytest.mark.parametrize("view_type", [View, SealedBids, OracleView])
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("market_day", ["workload.arrivals.limit=120"]),
        ("market_day", ["workload.arrivals.limit=120", "cost_model.external.pricing={kind: bargained}"]),
        ("experiments_splitting", ["workload.arrivals.limit=20", "reputation={}"]),
        ("dur_02", ["clock.days=1"]),
        ("dur_02", ["clock.days=1", "clients.slots=1", "contractors.types.gpu_specialist.slots=1"]),
    ],
)
def test_nothing_that_a_policy_is_shown_or_told_tells_the_cores_apart(name, changes, view_type):
    scenario, told = coalesce_sim.load(name, changes), []
    for core in CORES:
        own: Any = type("Notes", (_Notes,), {"view_type": view_type, "told": []})
        result = coalesce_sim.run(scenario, replications=1, core=core, policy=own)
        told.append(own.told)
    assert result.summary["core"] == {"played": "compiled"}
    assert len(told[0]) == len(told[1]) > 60
    for of_simpy, of_compiled in zip(*told, strict=True):
        assert of_simpy == of_compiled


class _Wavers(coalesce_sim.Policy):
    """Says something else each time that it is asked whether clients search."""

    asked = 0

    @property
    def searches(self):
        self.asked += 1
        return self.asked % 2 == 1

    def decide(self, view):
        return coalesce_sim.Decision(0 if view.contractors else coalesce_sim.LOCAL)


@pytest.mark.parametrize("kind", ["registry", "broadcast"])
def test_a_policy_is_asked_once_whether_clients_search(kind):
    changes = ["workload.arrivals.limit=40", f"discovery={{kind: {kind}, k: 5, message_usd: 0.25}}"]
    scenario = coalesce_sim.load("market_day", changes)
    simpy, compiled = (
        coalesce_sim.run(scenario, replications=1, core=core, policy=_Wavers) for core in CORES
    )
    assert (simpy.decisions["search_usd"] > 0).all()
    assert simpy.decisions.equals(compiled.decisions)


def _home_at_times(policy):
    """A policy that ships, one of whose objects is changed as in a notebook."""
    ships = policy.decide
    policy.decide = lambda view: ships(view) if view.task % 2 else coalesce_sim.Decision(coalesce_sim.LOCAL)
    return policy


@pytest.mark.parametrize("kind", ["cheapest", "greedy", "topsis", "oracle"])
@pytest.mark.parametrize(
    ("name", "short"), [("market_day", "workload.arrivals.limit=60"), ("dur_02", "clock.days=1")]
)
def test_a_policy_that_ships_is_asked_in_python_where_it_was_changed(name, short, kind):
    scenario = coalesce_sim.load(name, [short, f"policy={{kind: {kind}}}"])
    simpy, compiled = (
        coalesce_sim.run(
            scenario, replications=1, core=core, policy=lambda: _home_at_times(create(scenario.policy))
        )
        for core in CORES
    )
    assert (simpy.decisions["choice"][::2] == "local").all()
    assert simpy.decisions.equals(compiled.decisions)


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(
    ("decision", "message"),
    [
        ({"score": 10**400}, "score must be a number"),
        ({"confidence": np.complex128(1)}, "confidence must be a number"),
        ({"price_usd": 10**400}, "price_usd must be >= 0 and finite"),
    ],
)
def test_numbers_that_no_column_holds_are_refused(core, decision, message):
    own: Any = type(
        "Odd", (coalesce_sim.Policy,), {"decide": lambda *_: coalesce_sim.Decision(0, **decision)}
    )
    scenario = coalesce_sim.load("dur_02", ["clock.days=0.2"])
    with pytest.raises(coalesce_sim.PolicyError, match=rf"Odd: task 0, .*: decision.{message} \(got "):
        coalesce_sim.run(scenario, replications=1, core=core, policy=own)


def test_a_comparison_of_nothing_but_ones_own_policies_finds_its_core(monkeypatch):
    monkeypatch.setattr("coalesce_sim.experiments.contenders.MOST_CONTRACTORS", 3)  # no yardsticks
    scenario = coalesce_sim.load("dur_02", ["clock.days=0.2"])
    simpy, compiled = (coalesce_sim.compare(scenario, [_Notes], replications=1, core=core) for core in CORES)
    assert compiled.summary["core"] == {"played": "compiled"}
    assert simpy.runs_table().equals(compiled.runs_table())
