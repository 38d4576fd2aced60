"""The yardsticks and users' own policies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim import LOCAL, Decision, Policy, View
from coalesce_sim.luck import Luck
from coalesce_sim.policies.protocol import Offers
from coalesce_sim.policies.registry import PolicyError, create
from coalesce_sim.scenario.policy import Custom
from tests.policies import by_hand


def decisions_of(policy: str) -> coalesce_sim.RunResult:
    return coalesce_sim.run(coalesce_sim.load("dur_02", [f"policy.kind={policy}"]), replications=3)


def test_always_local_saves_exactly_nothing() -> None:
    result = decisions_of("always_local")
    decisions = result.decisions
    assert (decisions["choice"] == "local").all()
    assert (decisions["realised_usd"] == decisions["all_local_usd"]).all()
    assert result.summary["metrics"]["cost_reduction"]["mean"] == 0


def test_cheapest_never_chooses_a_dearer_estimate_than_home() -> None:
    decisions = decisions_of("cheapest").decisions
    away = decisions["choice"] == "contractor"
    assert (decisions["estimated_usd"] <= decisions["internal_usd"]).all()
    assert away.any()
    assert (~away).any()


def test_random_uses_every_eligible_contractor_about_equally_often() -> None:
    scenario = coalesce_sim.load("dur_05", ["policy.kind=random", "skills.threshold=0"])
    counts = coalesce_sim.run(scenario, replications=1).decisions["contractor"].value_counts()
    assert len(counts) == 30
    expected = counts.sum() / 30
    chi_squared = ((counts - expected) ** 2 / expected).sum()
    assert chi_squared < 58.3  # the 99.9 % point with 29 degrees of freedom


def test_the_oracle_is_never_beaten_where_decisions_do_not_interact() -> None:
    """With fixed prices a task's cost depends on its own choice alone: the oracle is best task by task."""
    fixed = ["cost_model.external.pricing={kind: flat}", "skills.threshold=0"]
    oracle = coalesce_sim.run(coalesce_sim.load("dur_02", ["policy.kind=oracle", *fixed]), replications=2)
    assert (oracle.decisions["realised_usd"] <= oracle.decisions["all_local_usd"]).all()
    for other in ("cheapest", "random", "topsis"):
        result = coalesce_sim.run(
            coalesce_sim.load("dur_02", [f"policy.kind={other}", *fixed]), replications=2
        )
        ours, theirs = oracle.decisions["realised_usd"], result.decisions["realised_usd"]
        assert (ours <= theirs + 1e-9).all()
        assert ours.sum() < theirs.sum()


def test_only_the_oracle_is_given_the_truth() -> None:
    seen: list[type] = []

    class Curious(Policy):
        def decide(self, view: View) -> Decision:
            seen.append(type(view))
            assert not hasattr(view, "realised_internal_usd")
            with pytest.raises(ValueError, match="read-only"):
                view.external_usd[0] = 0
            with pytest.raises(ValueError, match="read-only"):
                view.reliability[0] = 1
            with pytest.raises(ValueError, match="read-only"):
                view.offers.tasks.value_usd[0] = 1e9
            return Decision(LOCAL)

    coalesce_sim.run(coalesce_sim.load("dur_01"), replications=1, policy=Curious)
    assert set(seen) == {View}


def test_five_lines_of_python_make_a_policy() -> None:
    class Thrifty(Policy):
        def decide(self, view: View) -> Decision:
            best = int(view.external_usd.argmin())
            return Decision(best if view.external_usd[best] < 0.5 * view.internal_usd else LOCAL)

    decisions = coalesce_sim.run(coalesce_sim.load("dur_02"), replications=2, policy=Thrifty).decisions
    away = decisions[decisions["choice"] == "contractor"]
    assert len(away)
    assert (away["estimated_usd"] < 0.5 * away["internal_usd"]).all()


def test_a_policy_learns_of_every_outcome_in_the_order_in_which_work_ends() -> None:
    told: list[coalesce_sim.Outcome] = []

    class Watchful(Policy):
        def decide(self, view: View) -> Decision:
            return Decision(int(view.latency_s.argmin()))

        def observe(self, outcome: coalesce_sim.Outcome) -> None:
            told.append(outcome)

    decisions = coalesce_sim.run(coalesce_sim.load("dur_01"), replications=1, policy=Watchful).decisions
    assert len(told) == len(decisions)
    finished = [outcome.finished_s for outcome in told]
    assert finished == sorted(finished)
    assert sorted(o.realised_usd for o in told) == pytest.approx(sorted(decisions["realised_usd"]))


def test_a_custom_policy_from_a_module_takes_its_parameters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "homely.py").write_text(
        "from coalesce_sim import LOCAL, Decision, Policy\n"
        "class Homely(Policy):\n"
        "    def __init__(self, share):\n"
        "        self.share = share\n"
        "    def start(self, surroundings):\n"
        "        self.rng = surroundings.stream('homely')\n"
        "    def decide(self, view):\n"
        "        return Decision(LOCAL if self.rng.random() < self.share else 0)\n"
    )
    monkeypatch.chdir(tmp_path)
    scenario = coalesce_sim.load("dur_05", ["policy={class: 'homely:Homely', share: 0.75}"])
    rate = coalesce_sim.run(scenario, replications=1).summary["metrics"]["outsourcing_rate"]["mean"]
    assert 15 < rate < 35
    with pytest.raises(PolicyError, match="does not take these parameters"):
        create(Custom.model_validate({"class": "homely:Homely", "part": 1}))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module:Policy", "cannot import"),
        ("coalesce_sim.policies.yardsticks:Nobody", "cannot import"),
        ("coalesce_sim.scenario.schema:Scenario", "must be a subclass"),
    ],
)
def test_a_custom_policy_that_cannot_be_had_is_refused(name: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        create(Custom.model_validate({"class": name}))


@pytest.mark.parametrize("index", [-2, 30, 1000])
def test_a_contractor_that_does_not_exist_is_refused(index: int) -> None:
    class Confused(Policy):
        def decide(self, view: View) -> Decision:  # noqa: ARG002
            return Decision(index)

    with pytest.raises(
        PolicyError,
        match=rf"Confused: task 0, replication 0, seed 1: decision.contractor must be .* \(got {index}\)",
    ):
        coalesce_sim.run(coalesce_sim.load("dur_01"), replications=1, policy=Confused)


@pytest.mark.parametrize("price_usd", [-0.01, float("inf"), float("nan"), "12"])
def test_a_price_that_is_none_is_refused(price_usd: Any) -> None:
    class Haggling(Policy):
        def decide(self, view: View) -> Decision:  # noqa: ARG002
            return Decision(0, price_usd=price_usd)

    message = rf"Haggling: task 0, .*: decision.price_usd must be >= 0 and finite \(got {price_usd!r}\)"
    with pytest.raises(PolicyError, match=message):
        coalesce_sim.run(coalesce_sim.load("dur_01"), replications=1, policy=Haggling)


@pytest.mark.parametrize("types", [1, 2, 3])
def test_a_view_has_the_skills_for_its_own_type_of_task(types: int) -> None:
    """One row holds for all types where the offers say no more."""
    skill = np.arange(2.0 * types).reshape(types, 2) / 10
    one = np.ones((3, 2))
    offers = Offers(
        tasks=None,  # type: ignore[arg-type]
        first_task=0,
        first=0,
        client=[0, 0, 0],
        type_id=[0, types - 1, 0],
        internal_usd=[1.0, 1.0, 1.0],
        ids=np.arange(2),
        price_usd=one,
        external_usd=one,
        latency_s=one,
        reliability=one[0],
        security=one[0],
        skill=skill,
        eligible=skill >= 0.3,
        luck=Luck(1, 0, np.arange(2, dtype=np.uint64)),
    )
    assert View(offers, 1).skill.tolist() == skill[types - 1].tolist()
    assert View(offers, 1).eligible.tolist() == (skill[types - 1] >= 0.3).tolist()
    assert View(offers, 2).skill.tolist() == skill[0].tolist()


def test_a_policy_draws_only_from_its_own_streams() -> None:
    class Gambler(Policy):
        def start(self, surroundings: coalesce_sim.policies.protocol.Surroundings) -> None:
            self.rng = surroundings.stream("gambler")

        def decide(self, view: View) -> Decision:
            draws = self.rng.random(view.contractors)
            return Decision(int(np.argmax(draws)))

    once = coalesce_sim.run(coalesce_sim.load("dur_01"), replications=2, policy=Gambler)
    again = coalesce_sim.run(coalesce_sim.load("dur_01"), replications=2, policy=Gambler)
    assert once.decisions.equals(again.decisions)


def test_logit_takes_the_cheapest_where_tastes_hardly_differ_and_home_where_that_leaves_more() -> None:
    price_usd = (3.0, 1.0, 2.0)
    assert by_hand.started("logit", mu_usd=0.001).decide(by_hand.view(0, price_usd)).contractor == 1
    first_only = by_hand.view(0, price_usd, eligible=(True, False, False))
    assert by_hand.started("logit", mu_usd=0.001, a_usd=4).decide(first_only).contractor == 0
    assert by_hand.started("logit", mu_usd=0.001).decide(first_only).contractor == LOCAL
    assert by_hand.started("logit").decide(by_hand.view(0, ())).contractor == LOCAL


def test_a_choice_by_logit_hangs_on_those_it_is_between() -> None:
    """Whoever is not chosen may stay away: the tastes of others are as they were."""
    logit = by_hand.started("logit", mu_usd=5)
    for task in range(200):
        chosen = logit.decide(by_hand.view(task, (1.0, 1.5, 2.0))).contractor
        if chosen != 2:
            fewer = logit.decide(by_hand.view(task, (1.0, 1.5)))
            assert fewer.contractor == chosen
