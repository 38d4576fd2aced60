"""Numbers that are uncertain, as they are written: moved, drawn by their names, validated and told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim import Scenario, ScenarioError
from coalesce_sim.inputs.uncertain import drawn, drawn_inputs
from coalesce_sim.luck import number_of
from coalesce_sim.scenario.distributions import DistributionSpec, drawn_at
from coalesce_sim.scenario.means import mean_of
from tests.market.trading import contractor, market

LOGNORMAL = {"lognormal": {"median": 2.0, "sigma": 0.5}}
PRICE, LATE = "contractors[0].price_usd", "cost_model.late_usd_per_min"


def refused(scenario: dict[str, Any] | str | Path, *overrides: str) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        coalesce_sim.load(scenario, overrides)
    return str(error.value).splitlines()


def uncertain(**changes: Any) -> dict[str, Any]:
    return market([0.0, 100.0], contractor("ann", price_usd={"uncertain": LOGNORMAL}), **changes)


def prices(scenario: Scenario) -> list[float]:
    return [drawn_inputs(scenario, 1, replication)[PRICE] for replication in range(4)]


def test_what_is_uncertain_at_its_place_is_drawn_and_its_mean_is_what_the_scenario_says() -> None:
    scenario = coalesce_sim.load(uncertain())
    assert scenario.uncertainty is not None
    assert list(scenario.uncertainty.inputs) == [PRICE]
    assert scenario.contractors[0].price_usd == pytest.approx(2 * 2.718281828459045**0.125)  # type: ignore[index]
    beside = market([0.0, 100.0], contractor("ann"), uncertainty={"inputs": {PRICE: LOGNORMAL}})
    assert prices(coalesce_sim.load(beside)) == prices(scenario)
    assert len(set(prices(scenario))) == 4


def test_a_resolved_scenario_is_the_same_again() -> None:
    scenario = coalesce_sim.load(uncertain())
    assert coalesce_sim.load(scenario.resolved()) == scenario
    assert Scenario.model_validate(scenario.resolved()) == scenario


def test_a_draw_belongs_to_its_name_and_one_more_moves_no_other() -> None:
    one = coalesce_sim.load(uncertain())
    two = coalesce_sim.load(uncertain(), [f"{LATE}={{uncertain: {{uniform: {{low: 0, high: 1}}}}}}"])
    assert prices(two) == prices(one)
    assert number_of(LATE) != number_of(PRICE)
    assert drawn_inputs(two, 1, 0)[LATE] != drawn_inputs(two, 2, 0)[LATE]


def test_the_market_of_a_replication_is_a_scenario_of_its_own_and_knows_what_was_drawn() -> None:
    scenario = coalesce_sim.load(uncertain())
    played = drawn(scenario, 1, 3)
    assert played.uncertainty is None
    assert played.contractors[0].price_usd == prices(scenario)[3] == played.drawn_inputs[PRICE]  # type: ignore[index]
    assert drawn(played, 1, 3) is played
    assert drawn(scenario, 1, 0, inputs=3) == played


def test_what_is_no_number_or_no_distribution_is_told_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "guess.yaml"
    file.write_text(
        "extends: dur_02\n"
        "title: guess\n"
        "cost_model:\n"
        "  late_usd_per_min:\n"
        "    uncertain: {lognormal: {median: -1, sigma: 0.5}}\n"
        "uncertainty:\n"
        "  inputs:\n"
        "    clients.hardware.tdp: {uniform: {low: 1, high: 2}}\n"
    )
    (told,) = refused(file)
    assert told.endswith(f"guess.yaml:5: {LATE}.uncertain.lognormal.median: must be > 0 (got -1)")
    (told,) = refused(file, f"{LATE}=0.1")
    assert told.endswith(
        "guess.yaml:8: uncertainty.inputs.clients.hardware.tdp: no number stands there: 'tdp' is not in "
        "clients.hardware; did you mean 'tdp_w'?"
    )


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        (
            {"clients.hardware": LOGNORMAL},
            "clients.hardware: must be the way to a number (got that to a mapping)",
        ),
        ({"contractors[3].price_usd": LOGNORMAL}, "there is no item [3] in contractors, which has 1"),
        ({"policy.kind": LOGNORMAL}, "policy is what is asked for, and not uncertain"),
        ({"seed": LOGNORMAL}, "seed is what is asked for, and not uncertain"),
        ({"clients.count": LOGNORMAL}, "clients.count: must be a whole number"),
        ({PRICE: {"normal": {"mean": -1, "sd": 0.1}}}, "must be >= 0 (got -"),
    ],
)
def test_what_cannot_be_drawn_is_refused(inputs: dict[str, Any], told: str) -> None:
    (message,) = refused(market([0.0], contractor("ann")) | {"uncertainty": {"inputs": inputs}})
    assert told in message
    assert message.startswith("<scenario>: uncertainty.inputs.")


def test_a_number_is_uncertain_once() -> None:
    (message,) = refused(uncertain(uncertainty={"inputs": {PRICE: LOGNORMAL}}))
    assert f"{PRICE}: is uncertain twice" in message
    both = {"contractors[0].price_usd": LOGNORMAL, "contractors[00].price_usd": LOGNORMAL}
    (message,) = refused(market([0.0], contractor("ann"), uncertainty={"inputs": both}))
    assert message.endswith("contractors[00].price_usd: is the same field as contractors[0].price_usd")


def test_a_draw_that_cannot_be_names_path_value_and_replication() -> None:
    scenario = coalesce_sim.load(uncertain(), [f"{PRICE}={{uncertain: {{normal: {{mean: 1, sd: 1}}}}}}"])
    replication = next(n for n in range(40) if drawn_inputs(scenario, 1, n)[PRICE] < 0)
    with pytest.raises(ScenarioError) as error:
        coalesce_sim.stage(scenario, replication=replication)
    value = drawn_inputs(scenario, 1, replication)[PRICE]
    assert f"{PRICE}: must be >= 0 (got {value!r}), drawn for replication {replication} of seed 1" in str(
        error.value
    )


def test_whoever_states_a_number_says_what_it_is(tmp_path: Path) -> None:
    fixed = coalesce_sim.load(coalesce_sim.load(uncertain()).resolved(), [f"{PRICE}=3"])
    assert drawn_inputs(fixed, 1, 0) == {}
    assert drawn(fixed, 1, 0).contractors[0].price_usd == 3  # type: ignore[index]
    (tmp_path / "draws.csv").write_text(f"{PRICE},{LATE}\n1,0.1\n2,0.2\n3,0.3\n")
    joint = market([0.0], contractor("ann"), uncertainty={"sample": str(tmp_path / "draws.csv")})
    rows = [drawn_inputs(coalesce_sim.load(joint), 1, n) for n in range(20)]
    assert {row[PRICE] for row in rows} == {1.0, 2.0, 3.0}
    assert all(row[LATE] == pytest.approx(row[PRICE] / 10) for row in rows)
    one_known = coalesce_sim.load(joint, [f"{LATE}=0.7"])
    assert [drawn_inputs(one_known, 1, n) for n in range(20)] == [{PRICE: row[PRICE]} for row in rows]


def test_a_file_of_draws_is_refused_with_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "draws.csv"
    joint = market([0.0], contractor("ann"), uncertainty={"sample": str(file)})
    for text, told in (
        (f"{PRICE}\n1\nmany\n", f"draws.csv:3: {PRICE}: must be a number (got 'many')"),
        ("contractors[0].price\n1\n", "did you mean 'price_usd'?"),
        (f"{PRICE}\n-1\n", f"draws.csv: {PRICE}: must be >= 0 (got -1.0), drawn for replication 0 of seed 1"),
    ):
        file.write_text(text)
        assert told in "\n".join(refused(joint))
    file.write_text(f"{PRICE}\n1\n")
    joint["uncertainty"]["inputs"] = {PRICE: LOGNORMAL}
    (message,) = refused(joint)
    assert message.endswith(f"draws.csv:1: {PRICE}: is the same field as uncertainty.inputs.{PRICE}")


def test_a_log_is_resampled_where_there_is_one() -> None:
    (message,) = refused(market([0.0], contractor("ann"), uncertainty={"log": {"blocks": "hour"}}))
    assert message.endswith("needs a log, which workload.arrivals of the kind listed is not (got 'hour')")
    (message,) = refused(market([0.0], contractor("ann"), uncertainty={"log": {"blocks": "instance"}}))
    assert message.endswith("needs records, whose instances are drawn (got 'instance')")


@pytest.mark.parametrize(
    "told",
    [
        {"normal": {"mean": 1.0, "sd": 2.0, "min": 0.0}},
        {"normal": {"mean": 1.0, "sd": 0.0}},
        {"uniform": {"low": 1.0, "high": 4.0}},
        LOGNORMAL,
        {"exponential": {"mean": 3.0}},
        {"gamma": {"mean": 2.0, "cv": 0.7}},
        {"weibull": {"shape": 1.5, "scale": 2.0}},
        {"choice": {"values": [1.0, 5.0], "weights": [3.0, 1.0]}},
        {"empirical": {"quantiles": [0.0, 1.0, 5.0], "probabilities": [0.0, 0.9, 1.0]}},
        {
            "mixture": {
                "components": [
                    {"exponential": {"mean": 1.0}, "weight": 1},
                    {"uniform": {"low": 2, "high": 4}, "weight": 3},
                ]
            }
        },
    ],
)
def test_means_are_those_of_the_quantiles(told: dict[str, Any]) -> None:
    distribution = DistributionSpec.model_validate(told)
    steps = 4000
    mean = sum(drawn_at(distribution, (k + 0.5) / steps) for k in range(steps)) / steps
    assert mean_of(distribution) == pytest.approx(mean, rel=2e-3)
