"""Success rates by public records: what stands for a number, where it is from, and what is refused."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim import Scenario, ScenarioError
from coalesce_sim.experiments.diagnosis.warnings import notes_of
from coalesce_sim.scenario.origins import Origins
from coalesce_sim.scenario.quality import Record, recorded
from coalesce_sim.scenario.recordings import KNOWN_FAULTY
from tests.market.trading import contractor, market

GPT = {"records": "openhands", "model": "GPT-5.2"}
PLACE = "contractors[0].outcomes.job.success"


def stating(stated: Any, *overrides: str, **changes: Any) -> Scenario:
    ann = contractor("ann", outcomes={"job": {"success": stated}})
    return coalesce_sim.load(market([0.0, 100.0], ann, **changes), overrides)


def success(scenario: Scenario) -> Any:
    assert isinstance(scenario.contractors, list)
    outcomes = scenario.contractors[0].outcomes
    assert outcomes is not None
    return outcomes["job"].success


def told(scenario: Scenario) -> list[str]:
    return [note for note in notes_of(scenario) if "by records" in note]


def test_the_table_that_ships_is_what_the_records_say(shared_data: Path) -> None:
    counts: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    faulty = {(cell.model, cell.benchmark) for cell in KNOWN_FAULTY}
    with open(shared_data / "openhands_instances.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["resolved"] and (row["model"], row["benchmark"]) not in faulty:
                counts[row["model"]][row["benchmark"]].append(row["resolved"] == "True")
    assert recorded() == {
        model: {name: Record(len(judged), sum(judged)) for name, judged in each.items()}
        for model, each in counts.items()
    }


def test_records_stand_for_the_mean_share_of_runs_that_solved_their_task() -> None:
    shares = (63 / 96, 229 / 301, 13 / 60, 176 / 243)
    assert success(stating(GPT)) == pytest.approx(sum(shares) / 4)
    assert success(stating(GPT | {"benchmark": "commit0"})) == pytest.approx(5 / 9)
    at_home = stating(
        0.5, "clients.success={records: openhands, model: Nemotron-3-Nano, benchmark: swe-bench}"
    )
    assert at_home.clients.success == pytest.approx(109 / 299)
    assert told(at_home) == [
        "clients.success: 0.365 by records: Nemotron-3-Nano solved 109 of 299 in swe-bench (bugs mended in "
        "Python repositories); OpenHands Index of 2026-06-30, MIT licence"
    ]


def test_what_is_left_out_of_a_mean_is_left_out_of_what_is_told() -> None:
    scenario = stating(GPT | {"model": "claude-sonnet-4-6"})
    assert success(scenario) == pytest.approx((224 / 301 + 14 / 60 + 130 / 249) / 3)
    assert "mean over 3 benchmarks" in told(scenario)[0]
    assert "gaia" not in told(scenario)[0]


def test_where_it_is_from_is_kept_with_the_results_and_gone_when_a_number_is_stated() -> None:
    scenario = stating(GPT)
    assert coalesce_sim.load(scenario.resolved()) == scenario
    again = scenario.written_at(Origins.of_told(scenario.origins.told()))
    assert told(again) == told(scenario) != []
    assert told(stating(GPT, f"{PLACE}=0.9")) == []


def test_what_records_say_is_not_drawn_from_what_was_uncertain_before(tmp_path: Path) -> None:
    (tmp_path / "draws.csv").write_text(f"{PLACE}\n0.1\n0.2\n")
    sampled = {"sample": str(tmp_path / "draws.csv")}
    changed = stating(0.5, f"{PLACE}={{records: openhands, model: GPT-5.2}}", uncertainty=sampled)
    assert changed.uncertainty is not None
    assert changed.uncertainty.fixed == [PLACE]


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        (
            GPT | {"model": "openai/gpt-5.3"},
            f"{PLACE}.model: nobody has recorded it (got 'openai/gpt-5.3'); did you mean GPT-5.5",
        ),
        (
            GPT | {"model": "Qwen3-Coder-480B", "benchmark": "commit0"},
            f"{PLACE}.benchmark: in its runs the harness failed (got 'commit0'); there are gaia, swe-bench, ",
        ),
        (GPT | {"records": "swe"}, f"{PLACE}.records: must be 'openhands' (got 'swe')"),
        ({"records": "openhands"}, f"{PLACE}.model: missing"),
        (GPT | {"benchmark": "gaya"}, f"{PLACE}.benchmark: must be one of 'gaia', 'swe-bench', "),
        (GPT | {"path": "runs.csv"}, f"{PLACE}.path: unknown field"),
    ],
)
def test_what_is_not_in_the_records_is_refused(stated: dict[str, str], message: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        stating(stated)
    assert message in str(refused.value)
