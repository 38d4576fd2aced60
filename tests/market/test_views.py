"""What a policy is given when it decides, in either trade."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim import LOCAL, Decision, OracleView, Policy, SealedBids, View

ROUNDS = ("dur_02", ["clock.days=1"])
QUEUED = ("azure_code_like", ["workload.arrivals.limit=30"])
CONTRACTS = ("market_day", ["workload.arrivals.limit=40"])
EVERYBODY_KNOWN = ("real_agents_twin", ["workload.arrivals.limit=24"])
MARKETS = pytest.mark.parametrize(
    "market", [ROUNDS, QUEUED, CONTRACTS, EVERYBODY_KNOWN], ids=lambda each: each[0]
)
ARRAYS = ("ids", "price_usd", "external_usd", "latency_s", "reliability", "security", "skill", "eligible")


class Looking(Policy):
    """Keeps what it is shown, and stays at home."""

    seen: ClassVar[list[dict[str, Any]]]

    def start(self, surroundings: coalesce_sim.Surroundings) -> None:
        type(self).seen = []
        self._types = surroundings.type_names

    def decide(self, view: View) -> Decision:
        facts = {name: float(view.fact(name)) for name in ("arrival_s", "max_latency_s")}
        facts["decided_s"] = view.now_s
        of_task = {"task": view.task, "client": view.client, "type": self._types[view.type_id]}
        self.seen.append(of_task | facts | {"internal_usd": view.internal_usd})
        for name in ARRAYS:
            array = getattr(view, name)
            assert array.shape == (view.contractors,)
            assert not array.flags.writeable, name
        self.look_at(view)
        return Decision(LOCAL)

    def look_at(self, view: View) -> None:
        """What there is besides."""


class Foreseeing(Looking):
    """Is told what its choices would cost."""

    view_type = OracleView

    def look_at(self, view: View) -> None:
        assert isinstance(view, OracleView)
        assert view.realised_external_usd.shape == (view.contractors,)
        self.seen[-1]["realised_usd"] = pytest.approx(view.realised_internal_usd)  # where it then stays


class Auctioning(Looking):
    """Is told sealed bids."""

    view_type = SealedBids

    def look_at(self, view: View) -> None:
        assert isinstance(view, SealedBids)
        assert view.bids_usd.shape == (view.contractors,)


@MARKETS
@pytest.mark.parametrize("policy", [Looking, Foreseeing, Auctioning])
def test_every_view_is_of_its_own_task_and_read_only(
    market: tuple[str, list[str]], policy: type[Looking]
) -> None:
    decisions = coalesce_sim.run(coalesce_sim.load(*market), seed=4, replications=1, policy=policy).decisions
    assert len(policy.seen) == len(decisions) > 20
    for name in policy.seen[0]:
        assert [each[name] for each in policy.seen] == decisions[name].tolist(), name


def test_bids_are_those_of_the_task_where_many_are_decided_together() -> None:
    """A contractor that states no cost of its own bids its price."""
    shown: list[tuple[np.ndarray, np.ndarray]] = []

    class Bidding(Looking):
        view_type = SealedBids

        def look_at(self, view: View) -> None:
            assert isinstance(view, SealedBids)
            shown.append((view.bids_usd.copy(), view.price_usd.copy()))

    coalesce_sim.run(coalesce_sim.load(*ROUNDS), seed=4, replications=1, policy=Bidding)
    assert len({tuple(prices) for _, prices in shown}) > 5
    for bids_usd, price_usd in shown:
        assert np.array_equal(bids_usd, price_usd)


def test_the_time_to_a_result_is_work_and_waiting_and_overhead() -> None:
    scenario = coalesce_sim.load("market_day", ["workload.arrivals.limit=60"])
    offers = coalesce_sim.run(scenario, seed=4, replications=1, offers=True).offers.dropna(
        subset=["latency_s"]
    )
    assert (offers["waiting_s"] > -1e-9).all()
    parts_s = offers["working_s"] + offers["waiting_s"] + offers["overhead_s"]
    assert parts_s.to_numpy() == pytest.approx(offers["latency_s"].to_numpy())


def test_how_far_a_market_is_goes_by_time_or_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coalesce_sim.market.workload.BLOCK_TASKS", 10)

    class Course(coalesce_sim.Observer):
        def set_up(self, market: Any) -> None:
            self.market = market
            self.told: list[tuple[float, float, int]] = []

        def block_opened(self, block: Any) -> None:
            begins_s = float(block.tasks.arrival_s[0])
            self.told.append((self.market.share(block), begins_s, block.first))

    by_time = Course()
    coalesce_sim.stage(coalesce_sim.load(*ROUNDS), observer=by_time).play()
    assert len(by_time.told) > 3
    assert all(share == begins_s / 86_400 for share, begins_s, _ in by_time.told)

    by_number = Course()
    coalesce_sim.stage(coalesce_sim.load(*QUEUED), observer=by_number).play()
    assert [share for share, _, _ in by_number.told] == pytest.approx([0, 1 / 3, 2 / 3], abs=1e-3)
    assert [first for _, _, first in by_number.told] == [0, 10, 20]
