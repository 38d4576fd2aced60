"""Contractors that go down: who does not answer, who waits, what is lost and what resumes."""

from __future__ import annotations

import math
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim import ScenarioError
from coalesce_sim.luck import Luck, identities_of
from coalesce_sim.market.outages import Breakdowns
from coalesce_sim.market.roster import roster_of
from coalesce_sim.streams import Streams
from tests.market.trading import contractor, market, run_of
from verification.plain_and_simulator import differences

HIRE: dict[str, Any] = {"clients": {"slots": 0}, "policy": {"kind": "always_outsource"}}


def down(*seconds: tuple[float, float], running: str = "lost") -> dict[str, Any]:
    """Listed outages."""
    hours = [[begin / 3600, end / 3600] for begin, end in seconds]
    return {"outages": {"at_hours": hours, "running": running}}


def ends(arrivals: list[float], *contractors: dict[str, Any], **sections: Any) -> list[tuple[Any, ...]]:
    """State, reason, begin and end of each contract, in the order of tasks."""
    contracts = run_of(market(arrivals, *contractors, **HIRE, **sections)).contracts
    rows = contracts.sort_values(["task", "attempt"])[["state", "reason", "working_s", "ended_s"]]
    return [tuple(None if each != each else each for each in row) for row in rows.to_numpy().tolist()]


def test_running_work_is_lost_and_paid_like_work_that_failed() -> None:
    a = contractor("a", slots=1, **down((20, 100)))
    result = run_of(market([0], a, **HIRE, contracts={"due_on_failure": 0.25}))
    (contract,) = result.contracts.to_dict("records")
    assert (contract["state"], contract["reason"], contract["ended_s"]) == ("failed", "outage", 20)
    assert contract["paid_usd"] == 0.25
    assert result.replications[0]["contracts_outage_rate"] == 100


def test_running_work_resumes_when_its_contractor_is_up_again() -> None:
    a = contractor("a", slots=1, **down((20, 100), (130, 140), running="resumes"))
    assert ends([0], a) == [("completed", None, 0, 60 + 80 + 10)]


def test_work_that_ends_as_the_outage_begins_is_done() -> None:
    assert ends([0], contractor("a", **down((60, 100)))) == [("completed", None, 0, 60)]


def test_who_is_given_a_task_while_down_does_not_answer() -> None:
    a = contractor("a", **down((0, 50)))
    got = ends([10, 50], a, contracts={"connect_timeout_s": 5})
    assert got == [("canceled", "unreachable", None, 15), ("completed", None, 50, 110)]


def test_who_waits_for_a_slot_waits_for_the_repair_too() -> None:
    a = contractor("a", slots=1, **down((20, 100)))
    got = ends([0, 5], a)
    assert got == [("failed", "outage", 0, 20), ("completed", None, 100, 160)]


def test_work_whose_data_arrive_while_its_contractor_is_down_begins_with_the_repair() -> None:
    a = contractor("a", network_ms=30_000, **down((20, 100)))
    assert ends([0], a) == [("completed", None, 100, 160)]


def test_a_client_whose_patience_ends_during_the_repair_cancels() -> None:
    a = contractor("a", slots=1, **down((20, 100), running="resumes"))
    got = ends([0, 5], a, contracts={"timeout_factor": 1.2})
    # 72 s for the first, from 0 on; the second is told of a queue of 55 s and would wait (55 + 60) 1.2 s.
    assert got == [("canceled", "timed out", 0, 72), ("canceled", "timed out", 100, 143)]


def test_outages_by_chance_are_their_contractors_own_and_go_on_after_the_clock() -> None:
    rules = {"mean_up_h": 2.0, "mean_repair_h": 0.5}
    a = contractor("a", outages=rules)

    def outages(*others: dict[str, Any]) -> Breakdowns:
        scenario = coalesce_sim.load(market([0], *others, a))
        roster = roster_of(scenario, Streams(scenario.seed, 0))
        return Breakdowns(roster, Luck(scenario.seed, 0, roster.identities))

    draws, alone = Luck(1, 0, identities_of(["a"]))("outage"), outages()
    up_s = 0.0
    for number in range(60):  # some six days, of which the clock is one
        down_s = up_s - 7200 * math.log1p(-draws.draw(0, number, 0))
        assert alone.repaired_s(0, down_s - 1e-6) == down_s - 1e-6
        up_s = down_s - 1800 * math.log1p(-draws.draw(0, number, 1))
        assert alone.repaired_s(0, down_s) == pytest.approx(up_s, abs=1e-6)
    assert up_s > 3 * 86_400
    with_another = outages(contractor("first", outages=rules))
    assert with_another.repaired_s(1, down_s) == alone.repaired_s(0, down_s)
    assert with_another.repaired_s(0, down_s) != alone.repaired_s(0, down_s)


@pytest.mark.parametrize("running", ["lost", "resumes"])
def test_the_plain_market_agrees(running: str) -> None:
    chance = {"mean_up_h": 0.05, "mean_repair_h": 0.02, "running": running}
    pair = [contractor(name, slots=1, outages=chance) for name in "ab"]
    rules = {"timeout_factor": 3, "recovery": {"retries": 1}}
    scenario = market([25.0 * k for k in range(60)], *pair, policy={"kind": "greedy"}, contracts=rules)
    assert differences(coalesce_sim.load(scenario)) == []


def test_what_is_wrong_with_outages_is_told_at_once() -> None:
    crossed = {"at_hours": [[1, 3], [2, 2], [30, 31]]}
    with pytest.raises(ScenarioError) as error:
        coalesce_sim.load(market([0], contractor("a", outages=crossed)))
    told = str(error.value).replace("<scenario>: contractors[0].outages.at_hours", "").splitlines()
    assert told == [
        "[1][0]: must be after hour 3, when the one before ends (got 2)",
        "[1][1]: must be later than hour 2, when it begins (got 2)",
        "[2][0]: must be before the clock ends, at hour 24 (got 30)",
    ]
    for stated, message in (
        ({"mean_up_h": 1}, "mean_repair_h: missing; state mean_up_h and mean_repair_h, or at_hours"),
        ({"running": "lost"}, "mean_up_h: missing; state mean_up_h and mean_repair_h, or at_hours"),
        ({"mean_up_h": 1, "at_hours": [[0, 1]]}, "at_hours: does not go with mean_up_h and mean_repair_h"),
    ):
        with pytest.raises(ScenarioError, match=message):
            coalesce_sim.load(market([0], contractor("a", outages=stated)))
    with pytest.raises(ScenarioError, match=r"contracts: missing, but .*outages needs it"):
        coalesce_sim.load("dur_02", ["contractors.types.cpu_specialist.outages={at_hours: [[0, 1]]}"])


def test_work_that_lasts_for_ever_is_interrupted_by_so_many_outages_and_no_more() -> None:
    """By 20,000 of an hour on average; the sum of their lengths has a standard deviation of 0.7 %."""
    rule = {"mean_up_h": 1, "mean_repair_h": 1, "running": "resumes"}
    work_s = 1e10
    a = contractor("a", slots=1, latency_min=work_s / 60, outages=rule)
    ((state, _, began_s, ended_s),) = ends([0], a)
    assert state == "completed"
    assert ended_s - began_s - work_s == pytest.approx(3600 * 20_000, rel=0.03)


CURVE = {"base_ms_per_token": 10, "per_job_ms": 10, "max_jobs": 3}
"""A token takes 20 ms alone, 30 ms beside another one."""


def beside(*given: tuple[float, float], running: str, **sections: Any) -> Any:
    """Jobs of so many tokens on a machine that serves all at once and is down from 20 to 100 s."""
    tasks: list[Any] = [{"type": "job", "arrival_s": at_s, "output_tokens": tokens} for at_s, tokens in given]
    a = contractor("a", latency_min=0.0, batch_curve=CURVE, **down((20, 100), running=running))
    fields = market(tasks, a, **HIRE, attributes={"expected_output_tokens": 1000}, **sections)
    scenario = coalesce_sim.load(fields)
    assert differences(scenario) == []
    return coalesce_sim.run(scenario, replications=1).contracts.sort_values("task")


def test_all_jobs_of_a_machine_that_serves_them_at_once_are_lost_together() -> None:
    rows = beside((0, 1000), (10, 600), (110, 500), running="lost")
    assert rows["reason"].tolist()[:2] == ["outage", "outage"]
    assert rows["ended_s"].tolist() == pytest.approx([20, 20, 120])
    assert rows["worked_s"].tolist() == pytest.approx([15, 5, 10])


def test_or_pause_and_resume_together() -> None:
    """A writes 500 tokens alone in 10 s, B comes; in 10 s more both write 333, and the rest after the repair:
    A its 167 in 5 s, B 100 in 2 s more."""
    rows = beside((0, 1000), (10, 600), running="resumes")
    assert rows["state"].tolist() == ["completed", "completed"]
    assert rows["ended_s"].tolist() == pytest.approx([105, 107])
    assert rows["worked_s"].tolist() == pytest.approx([10 + 7.5, 7.5 + 2])


def test_a_job_that_is_done_as_the_outage_begins_is_not_lost_and_impatience_comes_first() -> None:
    assert beside((0, 1000), running="lost")["state"].tolist() == ["completed"]
    impatient = beside((0, 5000), running="resumes", contracts={"timeout_factor": 2.0})
    assert impatient[["reason", "ended_s"]].to_numpy().tolist() == [["timed out", pytest.approx(40)]]


def on_a_box(running: str, clients: dict[str, Any], **box: Any) -> Any:
    """Two contractors, and perhaps clients, on a box that is down from 20 to 100 s."""
    fields = market([0, 1, 2, 110], *(contractor(name, box="lab") for name in "ab"))
    hardware = fields["clients"]["hardware"]
    fields["boxes"] = {"lab": {"hardware": hardware} | box | down((20, 100), running=running)}
    fields["clients"] = {"count": 1} | clients | ({} if "box" in clients else {"hardware": hardware})
    fields["policy"] = {"kind": "random"}
    scenario = coalesce_sim.load(fields)
    assert differences(scenario) == []
    return coalesce_sim.run(scenario, replications=1)


def test_who_is_on_a_box_is_down_with_it() -> None:
    rows = on_a_box("lost", {"slots": 0}, slots=2).contracts.sort_values("task")
    # Work takes a second more on the box, for its FLOP; who has no slot yet waits for the repair.
    assert rows["reason"].eq("outage").tolist() == [True, True, False, False]
    assert rows["ended_s"].tolist() == [20, 20, 161, 171]


def test_what_a_client_does_on_a_box_resumes_after_the_repair() -> None:
    rows = on_a_box("resumes", {"box": "lab"}, slots=1).decisions
    assert rows["finished_s"].iloc[0] in (140, 141)
    with pytest.raises(ScenarioError, match=r"boxes\.lab\.outages\.running: must be resumes where clients"):
        on_a_box("lost", {"box": "lab"}, slots=1)


def test_outages_of_a_box_by_chance_are_its_own() -> None:
    chance = {"mean_up_h": 2.0, "mean_repair_h": 0.5}
    fields = market([0], *(contractor(name, box="lab") for name in "ab"))
    fields["boxes"] = {"lab": {"hardware": fields["clients"]["hardware"], "outages": chance}}
    scenario = coalesce_sim.load(fields)
    roster = roster_of(scenario, Streams(scenario.seed, 0))
    luck = Luck(scenario.seed, 0, roster.identities)
    outages = Breakdowns(roster, luck, scenario.boxes)
    down_s = -7200 * math.log1p(-luck("outage.lab").draw(-1, 0, 0))
    up_s = down_s - 1800 * math.log1p(-luck("outage.lab").draw(-1, 0, 1))
    for who in (0, 1, outages.of_box("lab")):
        assert outages.repaired_s(who, down_s) == pytest.approx(up_s)
    with pytest.raises(ScenarioError, match=r"outages: the box goes down, and with it all who are on it"):
        coalesce_sim.load(fields | {"contractors": [contractor("a", box="lab", outages=chance)]})
