"""Replications of which more than luck is uncertain: what they meet, what intervals cover, and why."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim import Scenario
from coalesce_sim.experiments.uncertainty import pairs_of, twins_of
from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.report.comparison.findings import findings
from coalesce_sim.statistics.components import Split, split_of
from coalesce_sim.statistics.intervals import estimate
from tests.market.trading import contractor, market

PRICE = "contractors[0].price_usd"
DRAWN = f"input.{PRICE}"
NORMAL = {"normal": {"mean": 0.05, "sd": 0.01}}


def scenario(**changes: Any) -> Scenario:
    """Ten tasks, and a contractor whose price is uncertain."""
    ann = contractor("ann", price_usd={"uncertain": NORMAL}, **changes)
    return coalesce_sim.load(market([600.0 * k for k in range(10)], ann, contractor("bob", price_usd=0.08)))


def test_what_was_drawn_stands_in_the_results_and_is_what_was_paid() -> None:
    result = coalesce_sim.run(scenario(), replications=5)
    for each in result.replications:
        assert each["realised_usd"] == pytest.approx(10 * min(each[DRAWN], 0.08))
    told = result.summary["uncertainty"]
    assert told["covers"] == ["luck", "inputs"]
    assert told["drawn"] == {DRAWN: [each[DRAWN] for each in result.replications]}
    assert result.summary["metrics"][DRAWN]["n"] == 5


def test_both_cores_play_the_same_draws() -> None:
    plain = coalesce_sim.stage(scenario(), replication=2, core="simpy")
    compiled = coalesce_sim.stage(scenario(), replication=2, core="compiled")
    assert compiled.market.core == "compiled"
    assert plain.play() == compiled.play()


def test_policies_meet_the_same_draws() -> None:
    found = coalesce_sim.compare(scenario(), ["cheapest", "always_local"], replications=3)
    drawn = found.runs.pivot(index="replication", columns="policy", values=DRAWN)
    assert (drawn.nunique(axis=1) == 1).all()
    assert drawn["cheapest"].tolist() == [
        coalesce_sim.stage(scenario(), replication=n).scenario.drawn_inputs[PRICE] for n in range(3)
    ]
    told = findings(found)
    assert any("cover luck and the inputs" in line for line in told)
    assert any("better measurements of the inputs would narrow it most" in line for line in told)


def test_more_replications_do_not_average_out_what_is_uncertain() -> None:
    found = coalesce_sim.run(scenario(), replications=12).estimates["realised_usd"]
    assert found.split is not None
    assert found.split.inputs == pytest.approx(0.1**2, rel=0.7)  # ten tasks at a price of 0.05 ± 0.01
    assert found.half_width is not None
    assert found.half_width > 1.5 * 0.1
    certain = coalesce_sim.run(coalesce_sim.load(scenario().resolved(), [f"{PRICE}=0.05"]), replications=2)
    assert certain.estimates["realised_usd"].split is None
    assert "uncertainty" not in certain.summary


def test_twins_draw_one_thing_anew_and_nobody_else_draws_it() -> None:
    stated = scenario()
    luck, inputs = np.array_split(np.array(twins_of(stated, 1, 30), dtype=object), 2)
    mine = [coalesce_sim.stage(stated, replication=n).scenario.drawn_inputs[PRICE] for n in range(10)]
    assert [each[0].drawn_inputs[PRICE] for each in luck] == mine
    assert not {each[2] for each in luck} & set(range(30))
    assert [each[2] for each in inputs] == list(range(10))
    assert not {each[0].drawn_inputs[PRICE] for each in inputs} & set(mine)
    assert [pairs_of(n) for n in (1, 2, 10, 39, 400, 4000)] == [0, 2, 10, 10, 100, 250]


def logged(folder: Path, blocks: str, tasks: int = 60) -> dict[str, Any]:
    """Four days' log of jobs of a client, three to a session."""
    rows = "".join(f"{5600 * k},{k // 3},{k}\n" for k in range(tasks))
    (folder / "log.csv").write_text(f"arrival_s,session,value_usd\n{rows}", encoding="utf-8")
    columns = {name: name for name in ("arrival_s", "session", "value_usd")}
    arrivals = {"kind": "csv", "path": str(folder / "log.csv"), "type": "job", "columns": columns}
    data = market([0.0], contractor("ann"), uncertainty={"log": {"blocks": blocks}})
    return data | {
        "clock": data["clock"] | {"days": 4},
        "workload": data["workload"] | {"arrivals": arrivals},
    }


@pytest.mark.parametrize("blocks", ["session", "hour", "day"])
def test_each_replication_plays_its_own_sample_of_the_log(blocks: str, tmp_path: Path) -> None:
    stated, values = coalesce_sim.load(logged(tmp_path, blocks)), []
    for replication in range(2):
        staged = coalesce_sim.stage(stated, replication=replication)
        table = tasks_of(staged.scenario)
        assert table is not None
        assert staged.play()["tasks"] == len(table.arrival_s)
        assert set(table.given["value_usd"].tolist()) <= set(map(float, range(60)))
        values.append(table.given["value_usd"].tolist())
    assert values[0] != values[1]
    drawn_log = coalesce_sim.stage(stated).scenario.workload.arrivals
    assert drawn_log != coalesce_sim.stage(stated, replication=1).scenario.workload.arrivals
    luck, log = np.array_split(np.array(twins_of(stated, 1, 2), dtype=object), 2)
    assert luck[0][0].workload.arrivals == drawn_log
    assert log[0][0].workload.arrivals != drawn_log


def test_a_log_that_cannot_be_resampled_is_told_when_it_is_loaded(tmp_path: Path) -> None:
    data = logged(tmp_path, "day", tasks=20) | {"clock": {"start": datetime(2026, 6, 1), "days": 1.5}}
    with pytest.raises(coalesce_sim.ScenarioError, match="needs two whole days at least"):
        coalesce_sim.load(data)
    both = logged(tmp_path, "hour")
    both["workload"]["arrivals"]["resample"] = {"blocks": "hour", "number": 1}
    with pytest.raises(coalesce_sim.ScenarioError, match="one sample, where uncertainty"):
        coalesce_sim.load(both)


def split(inputs: float, luck: float, *, chaos: bool = False, n: int = 4000) -> Split:
    """That of a sum of two normal variates; with `chaos` another input makes for other luck."""
    rng = np.random.default_rng(5)
    i, u, other_i, other_u, another_u = rng.normal(size=(5, n))
    values = inputs * i + luck * u
    twins = {
        "luck": inputs * i + luck * other_u,
        "inputs": inputs * other_i + luck * (another_u if chaos else u),
    }
    found = split_of(values, twins)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_the_split_is_that_of_a_sum() -> None:
    found = split(2.0, 1.0)
    assert found.luck == pytest.approx(1.0, rel=0.3)
    assert found.inputs == pytest.approx(4.0, rel=0.1)
    assert found.log is None
    assert found.of_interval["inputs"] > 0.99
    assert not found.hidden
    assert split(0.0, 1.0).inputs == 0
    assert Split.of_dict(found.as_dict()) == found


def test_what_inputs_do_only_by_setting_off_another_course_is_luck() -> None:
    found = split(0.0, 1.0, chaos=True)
    assert found.hidden
    assert found.inputs is not None
    assert found.inputs < 0.05
    assert split(1.0, 1.0, chaos=True).inputs == pytest.approx(1.0, rel=0.1)


def test_the_interval_is_that_of_the_source_where_luck_is_nothing() -> None:
    values, others = np.random.default_rng(3).normal(size=(2, 12))
    found = estimate(values.tolist(), twins={"inputs": others})
    assert found.split is not None
    assert found.error == pytest.approx(
        np.sqrt(values.var(ddof=1) / 12 + ((values - others) ** 2).mean() / 2)
    )
    alone = estimate(values.tolist())
    assert alone.error == pytest.approx(values.std(ddof=1) / np.sqrt(12))
    assert found.half_width is not None
    assert alone.half_width is not None
    assert found.half_width > 2 * alone.half_width
