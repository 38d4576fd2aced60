"""What a scenario's own data contradict is told before it is played, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

import coalesce_sim
from coalesce_sim.experiments.diagnosis.contradictions import contradictions
from coalesce_sim.experiments.diagnosis.finding import Finding
from coalesce_sim.experiments.diagnosis.growing import queues_that_grow_somewhere
from coalesce_sim.experiments.diagnosis.inherited import decisive, inherited_note
from coalesce_sim.experiments.diagnosis.unused.everywhere import without_effect
from coalesce_sim.experiments.queues import LEAST, Growth, Judged, QueueWatch, growing, growth_of
from coalesce_sim.optimisation.question import question
from coalesce_sim.optimisation.request import SearchRequest
from coalesce_sim.scenario.schema import Scenario
from tests.markets import queueing

SCENARIO = """\
extends: azure_code_like
title: A log of a gateway
replications: 1
clock: {days: 0.01}
workload:
  arrivals:
    kind: csv
    path: log.csv
    columns: {arrival_s: time, prompt_tokens: prompt, output_tokens: answer}
    type: code_completion
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def log(*answers: int, start: str = "2026-03-02T09:00:0", settings: str = "") -> str:
    """A scenario with requests a second apart; its path."""
    rows = [f"{start}{second},100,{tokens}" for second, tokens in enumerate(answers)]
    Path("log.csv").write_text("\n".join(["time,prompt,answer", *rows]))
    Path("mine.yaml").write_text(SCENARIO + settings)
    return "mine.yaml"


def found(scenario: Scenario) -> dict[str, Finding]:
    return {each.code: each for each in contradictions(scenario)}


def test_answers_that_are_longer_than_expected_are_told_with_the_file_that_says_so():
    told = found(coalesce_sim.load(log(500, 512, 524)))["expected_tokens"]
    assert "expected_output_tokens is 28 (azure_code.yaml:" in told.sentence
    assert "answers in log.csv have 512 tokens" in told.sentence
    assert told.settings == ("workload.attributes.expected_output_tokens=512",)
    assert "expected_tokens" not in found(coalesce_sim.load("mine.yaml", list(told.settings)))


def test_the_clock_can_be_taken_from_the_log_and_is_told_where_it_is_not():
    told = found(coalesce_sim.load(log(28)))["clock"]
    assert (told.severity, told.settings) == ("note", ("workload.arrivals.start=log",))
    assert "2023-11-16T18:17:03 (azure_code.yaml:" in told.sentence
    assert "but log.csv begins at 2026-03-02T09:00:00" in told.sentence
    scenario = coalesce_sim.load("mine.yaml", list(told.settings))
    assert scenario.clock.start.isoformat() == "2026-03-02T09:00:00"
    assert "clock" not in found(scenario)
    assert coalesce_sim.load(scenario.resolved()) == scenario


def test_hours_of_prices_go_by_the_clock_of_the_log():
    """The seller is free from 9 to 10, when the requests were; the profile's clock starts in the evening."""
    morning = "{from_hour_utc: 9, until_hour_utc: 10, input_usd_per_mtok: 0, output_usd_per_mtok: 0}"
    seller = (
        "contractors:\n  - {name: a, type: seller, reliability: 1, input_usd_per_mtok: 10, "
        f"conditional_prices: [{morning}]}}\npolicy: {{kind: always_outsource}}\n"
    )
    scenario = coalesce_sim.load(log(28, 28, settings=seller))
    assert found(scenario)["clock"].severity == "problem"
    for start, paid_usd in (("null", 0.002), ("log", 0)):
        played = coalesce_sim.stage(
            coalesce_sim.load("mine.yaml", [f"workload.arrivals.start={start}"])
        ).play()
        assert played["paid_to_contractors_usd"] == pytest.approx(paid_usd)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("workload.arrivals.columns.arrival_s=null", "needs a column for arrival_s, of timestamps"),
        ("workload.arrivals.columns={arrival_s: prompt}", "needs timestamps in the column 'prompt'"),
        ("workload.arrivals.start=file", "must be 'log' (got 'file')"),
    ],
)
def test_the_clock_of_a_log_without_timestamps_is_refused(override: str, message: str):
    path = log(28, settings="    start: log\n")
    with pytest.raises(coalesce_sim.ScenarioError, match=r"workload\.arrivals\.start") as caught:
        coalesce_sim.load(path, [override])
    assert message in str(caught.value)


def test_a_target_that_work_at_home_exceeds_is_told():
    told = found(coalesce_sim.load(log(28, 640, 640)))
    assert "target_out_of_reach" not in told  # a third could be in time
    told = found(coalesce_sim.load(log(640, 640, 640)))
    assert (
        "makes 2.00 s, but work at home takes 5.01 s at the median: all"
        in told["target_out_of_reach"].sentence
    )


def test_of_drawn_tasks_only_what_none_can_meet_is_told():
    # 1 minute for an ordinary task, and none has less than half of an ordinary one's work
    easy = {"uniform": {"low": 0.5, "high": 2}}
    for target_min, is_told in ((0.5, False), (0.49, True)):
        market = queueing({"kind": "renewal", "gap_s": 300})
        market["workload"]["types"]["job"]["max_latency_min"] = target_min
        market["workload"]["attributes"]["complexity"] = easy
        assert ("target_out_of_reach" in found(coalesce_sim.load(market))) is is_told


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({}, True),
        ({"reliability": 1}, False),
        ({"success": 1}, True),
        ({"success": 0.9}, False),
    ],
)
def test_risk_is_told_where_nothing_can_fail(changes: dict[str, float], is_told: bool):
    market = queueing({"kind": "renewal", "gap_s": 300})
    market["contractors"][0] |= {"reliability": 0.8} | changes
    if "success" in changes:
        market["contracts"] = {}
    assert ("risk_for_nothing" in found(coalesce_sim.load(market))) is is_told


def test_risk_that_is_charged_as_estimated_is_a_note_to_those_who_extend_the_paper():
    Path("mine.yaml").write_text("extends: dur_03\ntitle: mine\n")
    note = found(coalesce_sim.load("mine.yaml"))["risk_for_nothing"]
    assert note.severity == "note"
    assert "contractors.types.*.reliability is down to 0.743" in note.sentence
    assert "risk_for_nothing" not in found(coalesce_sim.load("dur_03"))


def test_inherited_settings_are_named_and_the_one_that_decides_is_told_with_its_effect():
    scenario = coalesce_sim.load(log(*[600] * 9, settings="policy: {kind: cheapest}\n"))
    note = inherited_note(scenario)
    assert note is not None
    assert "cost_model.late_usd_per_min=0.06" in note
    assert "expected_output_tokens=28, " in note
    assert "policy.kind" not in note
    assert note.endswith("workload.types.code_completion.max_latency_min=0.0333333 (azure_code.yaml)")
    rate = coalesce_sim.stage(scenario).play()["outsourcing_rate"]
    told = [each.settings for each in decisive(scenario, 1, rate, 9)]
    assert told == [("workload.attributes.expected_output_tokens=600",)]


def test_an_inherited_target_that_decides_is_told_with_its_effect():
    """Half a minute late costs 50 USD at home, where work costs 6; the contractor is in time, for 40."""
    base = queueing({"kind": "renewal", "gap_s": 3600, "limit": 4}, policy={"kind": "cheapest"})
    base["workload"]["types"]["job"]["max_latency_min"] = 0.5
    base["cost_model"]["late_usd_per_min"] = 0
    base["contractors"][0] |= {"price_usd": 40, "latency_min": 0.1}
    Path("base.yaml").write_text(yaml.safe_dump(base))
    own = "policy: {kind: cheapest}\ncost_model: {late_usd_per_min: 100, internal: {opportunity: none}}\n"
    own += "skills: {threshold: 0.5}\n"
    Path("mine.yaml").write_text(f"extends: base.yaml\ntitle: mine\n{own}")
    target = "workload.types.job.max_latency_min"
    scenario = coalesce_sim.load("mine.yaml")
    assert (
        inherited_note(scenario) == f"inherited, and may decide what is outsourced: {target}=0.5 (base.yaml)"
    )
    assert [each.settings for each in decisive(scenario, 1, 100.0, 4)] == [(f"{target}=1e6",)]
    assert inherited_note(coalesce_sim.load("mine.yaml", [f"{target}=0.5"])) is None
    free = coalesce_sim.load("mine.yaml", ["cost_model.late_usd_per_min=0"])
    assert inherited_note(free) is None


def test_of_settings_without_effect_those_are_named_that_the_user_wrote():
    extending = {"extends": "market", "policy": {"kind": "always_local"}}
    Path("mine.yaml").write_text(yaml.safe_dump(extending))
    assert without_effect(coalesce_sim.load("mine.yaml")) == []
    own = "cost_model.external.critical_factor=3"
    (told,) = without_effect(coalesce_sim.load("mine.yaml", [own]))
    assert told.startswith("without effect here: cost_model.external.critical_factor (")
    assert ";" not in told
    asked = SearchRequest("mine.yaml", ["clients.slots=1,2"], maximise="cost_reduction", overrides=[own])
    assert without_effect(question(asked).own) == [told]


def test_of_a_bundled_scenario_nothing_is_inherited_unseen():
    assert inherited_note(coalesce_sim.load("market_day")) is None
    assert inherited_note(coalesce_sim.load("market_day", ["policy.epsilon=0"])) is None


def waits(gap_s: float, work_s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Arrivals, waits and work of a queue with one slot (Lindley's recursion)."""
    wait_s = np.zeros(len(work_s))
    for task in range(1, len(work_s)):
        wait_s[task] = max(0.0, wait_s[task - 1] + work_s[task - 1] - gap_s)
    return gap_s * np.arange(len(work_s)), wait_s, work_s


def test_a_queue_grows_where_more_comes_than_is_done_and_not_otherwise():
    work_s = np.random.default_rng(1).exponential(1.0, 2000)
    assert growth_of(*waits(1.1, work_s)) is None
    assert growth_of(*waits(0.5, work_s[:290])) is None  # too few
    grown = growth_of(*waits(0.7, work_s))
    assert grown is not None
    assert grown.load == pytest.approx(1 / 0.7, rel=0.05)
    even = growth_of(*waits(0.5, np.ones(400)))
    assert even is not None
    assert (even.load, even.last_wait_s) == pytest.approx((2, 0.5 * (399 - 19.5)))


def test_one_jump_is_no_growth():
    """All in the middle at once: the wait is longer at the end than at the beginning."""
    wait_s = np.repeat([0.0, 50.0], 200)
    assert growth_of(np.arange(400.0), wait_s, np.ones(400)) is None


def test_what_most_replications_show_is_told():
    grown = Growth(1.5, 100.0)
    assert growing({"": [grown, None]}) == []
    (told,) = growing({"": [grown, Growth(2.5, 300.0), None]})
    assert (told.growing, told.judged, told.load, told.last_wait_s) == (2, 3, 2.0, 200.0)


def test_queues_are_read_from_the_table_of_decisions_by_worker():
    """At home and at one contractor twice as much comes as is done; at the other nothing waits, and what was
    tried twice counts for nobody."""
    tasks, watch = 400, QueueWatch(queues=True)
    arrival_s, wait_s, work_s = waits(0.5, np.ones(tasks))
    columns = {"arrival_s": arrival_s, "decided_s": arrival_s, "attempts": np.ones(tasks, dtype=np.int32)}
    for replication in range(2):
        number = np.full(tasks, replication, dtype=np.int32)
        for worker, attempts, ahead_s in ((None, 1, wait_s), ("a", 1, wait_s), ("b", 1, 0), ("c", 2, wait_s)):
            columns |= {"started_s": arrival_s + ahead_s, "finished_s": arrival_s + ahead_s + work_s}
            columns |= {"replication": number, "attempts": np.full(tasks, attempts, dtype=np.int32)}
            names = pa.array([worker] * tasks, pa.string()).dictionary_encode()
            watch.add(pa.table(columns | {"contractor": names}))
    assert {worker: len(seen) for worker, seen in watch.judged().items()} == {"": 2, "a": 2, "b": 2}
    assert [(each.worker, each.growing) for each in growing(watch.judged())] == [("", 2), ("a", 2)]


def test_a_sweep_tells_at_which_points_queues_grow():
    """Twice as much comes as one slot does, and home alone has only one."""
    tasks = {"kind": "renewal", "gap_s": 30, "limit": LEAST}
    market = queueing(tasks, policy={"kind": "always_local"})
    market["contractors"][0]["slots"] = "unlimited"
    slots = {"clients.slots": [1, "unlimited"]}
    swept = coalesce_sim.sweep({"name": "s", "base": market, "factors": slots}, replications=1, jobs=1)
    (told,) = coalesce_sim.open_results(swept.folder).observed
    assert told.sentence.startswith(
        "queues grow to the end of the run at 1 of 2 design points (clients.slots)"
    )
    assert list(told.evidence) == ["clients.slots=1"]
    assert told.evidence["clients.slots=1"]["home"]["load"] == pytest.approx(2, rel=0.01)


def test_where_queues_grow_the_longest_waits_come_first_and_many_are_counted():
    judged: dict[str, Judged] = {
        f"p{each}": {"": [Growth(2.0, 10.0 * each)], "a": [Growth(2.0, 5.0)]} for each in range(1, 6)
    }
    (told,) = queues_that_grow_somewhere(judged | {"idle": {"": [None]}}, "with {} policies", "their.slots")
    assert told.sentence.endswith(
        "with 5 of 6 policies (clients.slots, their.slots); mean wait of the last tenth of tasks: "
        "50.0 s at home, 5.00 s at a (p5); 40.0 s at home, 5.00 s at a (p4); 30.0 s at home, 5.00 s at a (p3)"
        " and 2 more"
    )
    assert list(told.evidence) == ["p5", "p4", "p3", "p2", "p1"]
