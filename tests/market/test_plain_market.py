"""The plain reference of the market with contracts: what it needs, what it refuses, and that it agrees."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from tests.market.trading import contractor, market
from verification.plain_and_simulator import differences, plain_facts
from verification.plain_market import play

PLAIN = sorted((Path(__file__).resolve().parents[2] / "verification").glob("plain_*.py"))

RUNS = """\
model,benchmark,instance_id,resolved,cost_usd
own,qa,q1,True,0.25
own,qa,q2,False,0.5
own,fix,f1,True,1
dear,qa,q1,True,4
dear,qa,q2,True,0
dear,fix,f1,False,6
cheap,qa,q1,True,0.125
"""
MODELS = """\
model,openness,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,benchmark,avg_runtime_s
own,open_weights,1,5,0.2,qa,60
own,open_weights,1,5,0.2,fix,120
dear,closed,10,50,,qa,30
dear,closed,10,50,,fix,40
cheap,open_weights,0.1,0.2,0.05,qa,10
"""


def imported(file: Path) -> set[str]:
    """The packages that a file imports, modules of `verification` by their whole name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name if name.startswith("verification") else name.partition(".")[0] for name in names}


def test_it_imports_nothing_but_simpy_and_what_comes_with_python() -> None:
    ours = {f"verification.{file.stem}" for file in PLAIN} - {"verification.plain_and_simulator"}
    assert "verification.plain_market" in ours
    for file in PLAIN:
        if f"verification.{file.stem}" in ours:
            assert imported(file) <= sys.stdlib_module_names | {"simpy"} | ours, file.name


def test_queues_retries_timeouts_and_steps() -> None:
    steps = {"one": {"type": "job"}, "two": {"type": "job", "after": ["one"], "work": 0.5}}
    types = {"job": {}, "whole": {"steps": steps, "integration_usd": 0.3}}
    arrivals: list[Any] = [0, {"type": "whole", "arrival_s": 5}, 10, {"type": "whole", "arrival_s": 20}, 30]
    rules = {
        "handshake_ms": 500,
        "timeout_factor": 1.1,
        "failed_share": 0.5,
        "due_on_failure": 0.2,
        "input_required_rate": 0.3,
        "input_reply_s": 40,
        "recovery": {"retries": 1},
        "verification": {"automated": {"usd": 0.1, "minutes": 0.5, "sensitivity": 0.8}},
    }
    fields = market(
        arrivals,
        contractor("a", success=0.5, slots=1, queue_limit=1),
        contractor("b", success=0.6, unreachable_rate=0.3, price_usd=1.2),
        types=types,
        clients={"count": 2, "slots": 1},
        contracts=rules,
        policy={"kind": "random"},
    )
    assert differences(coalesce_sim.load(fields)) == []


def test_tasks_that_may_be_split() -> None:
    """The dear ones are, since steps are done better; they wait for each other, coordination and slots."""
    steps = {"one": {"type": "job"}, "two": {"type": "job"}, "three": {"type": "job", "after": ["one"]}}
    whole = {"steps": steps, "integration_usd": 0.3, "decompose": "policy", "skills": []}
    types = {"job": {}, "whole": whole | {"split_usd": 0.1, "split_s": 20}}
    values_usd = (2, 30, 2, 30, 30, 2)
    tasks = [{"type": "whole", "arrival_s": 40 * k, "value_usd": usd} for k, usd in enumerate(values_usd)]
    poor, sound = {"job": {"success": 0.9}, "whole": {"success": 0.4}}, {"job": {"success": 0.95}}
    fields = market(
        tasks,
        contractor("a", outcomes=poor, slots=1, reliability=0.6),
        contractor("b", outcomes=sound, slots=1, reliability=0.95),
        types=types,
        clients={"count": 2, "slots": 1, "outcomes": poor},
        contracts={"timeout_factor": 3, "recovery": {"retries": 1, "then": "give_up"}},
        discovery={"kind": "registry", "k": 2, "newcomer_share": 0.5, "latency_ms": 300},
    )
    scenario = coalesce_sim.load(fields)
    assert differences(scenario) == []
    assert 0 < coalesce_sim.run(scenario, replications=1).replications[0]["split_rate"] < 100


def test_ratings_of_one_type_of_task_do_not_speak_for_the_other() -> None:
    good_at = {"write": {"write": {"success": 1}, "code": {"success": 0}}}
    good_at["code"] = {"write": {"success": 0}, "code": {"success": 1}}
    tasks = [{"type": ("write", "code")[k % 3 == 0], "arrival_s": 100.0 * k} for k in range(30)]
    fields = market(
        tasks,
        *(contractor(name, outcomes=outcomes) for name, outcomes in good_at.items()),
        types={"write": {}, "code": {}},
        reputation={"by_task_type": True},
        policy={"kind": "always_outsource"},
    )
    assert differences(coalesce_sim.load(fields)) == []


def test_who_is_heard_of_by_gossip() -> None:
    gossip = {"kind": "gossip", "k": 2, "newcomer_share": 0.5, "round_s": 15, "view_size": 3, "fanout": 2}
    fields = market(
        [10 * k for k in range(40)],
        *(contractor(f"c{k}", price_usd=0.5 + 0.1 * k, success=0.2 * k) for k in range(6)),
        clients={"count": 3, "slots": 1},
        discovery=gossip,
        reputation={},
        policy={"kind": "cheapest"},
    )
    assert differences(coalesce_sim.load(fields)) == []


@pytest.mark.parametrize("pricing", [{"kind": "load", "slope": 0.5}, {"kind": "bargained"}])
def test_what_is_learned_and_asked(pricing: dict[str, Any]) -> None:
    fields = market(
        [20 * k for k in range(30)],
        *(contractor(f"c{k}", price_usd=0.5 + 0.1 * k, success=0.2 * k, slots=2) for k in range(5)),
        cost_model={"internal": {"work": "flop", "execution_time_unit": "second", "opportunity": "queue"}},
        clients={"count": 2, "slots": 1, "success": 0.4},
        external={"pricing": pricing},
        reputation={"model": {"kind": "beta", "forgetting": 0.9}, "by_task_type": True},
        calibration={"rate": 0.3},
        discovery={"kind": "registry", "k": 3, "refresh_s": 60},
        policy={"kind": "greedy"},
    )
    assert differences(coalesce_sim.load(fields)) == []


@pytest.mark.parametrize("by_task_type", [False, True])
def test_what_is_forgotten(by_task_type: bool) -> None:
    """Who is no good, of two types of task, falls out of the windows of public record and policy."""
    work = [{"type": "ab"[k % 3 % 2], "arrival_s": 20.0 * k} for k in range(60)]
    fields = market(
        work,
        *(contractor(f"c{k}", price_usd=0.5 + 0.1 * k, success=0.2 * k, slots=1) for k in range(5)),
        clients={"count": 2, "slots": 1, "success": 0.4},
        contracts={"recovery": {"retries": 2, "then": "local"}},
        reputation={"model": {"kind": "sliding_window", "window_ratings": 3}, "by_task_type": by_task_type},
        policy={"kind": "windowed_greedy", "window_tasks": 9, "by_task_type": by_task_type},
        types={"a": {"max_latency_min": 5}, "b": {"max_latency_min": 2}},
    )
    assert differences(coalesce_sim.load(fields)) == []


@pytest.mark.parametrize("more", [{}, {"normalisation": "vector", "weighting": "critic"}])
def test_topsis_with_all_that_it_asks_of_offers(more: dict[str, Any]) -> None:
    policy = {"kind": "topsis", "outsource_above_confidence": 0, "epsilon": 0.3} | more
    policy |= {"only_if_cheaper_percent": 5, "within_budget": True, "explored_too": True}
    policy |= {"drift": {"step": 0.2, "sd": 1}, "memory": "per_client"}
    fields = market(
        [20 * k for k in range(30)],
        *(contractor(f"c{k}", price_usd=0.2 + 0.1 * k, reliability=0.5 + 0.1 * k) for k in range(4)),
        attributes={"budget_share": {"uniform": {"low": 0, "high": 0.1}}, "value_usd": 5},
        clients={"count": 2, "slots": 1, "success": 0.9},
        policy=policy,
    )
    assert differences(coalesce_sim.load(fields)) == []


def recorded(folder: Path, **sections: Any) -> coalesce_sim.Scenario:
    """Eleven tasks, 30 s apart, each a recorded one drawn anew."""
    (folder / "runs.csv").write_text(RUNS)
    (folder / "models.csv").write_text(MODELS)
    rules: dict[str, Any] = {"contracts": {"due_on_failure": 1}, "policy": {"kind": "random"}} | sections
    fields = market([0], **rules)
    fields["records"] = {
        "path": str(folder / "runs.csv"),
        "models_path": str(folder / "models.csv"),
        "benchmarks": ["qa", "fix"],
        "own_agent": "own",
    }
    arrivals = {"kind": "recorded", "gap_s": 30, "limit": 11, "drawing": "with_replacement"}
    types = {name: {"max_latency_min": 1} for name in ("qa", "fix")}
    fields["workload"] |= {"arrivals": arrivals, "types": types}
    fields["contractors"] = {"recorded": {"reliability": 1, "slots": 1}}
    return coalesce_sim.load(fields)


@pytest.mark.parametrize("sections", [{}, {"reputation": {}}], ids=["known", "rated"])
def test_recorded_runs(tmp_path: Path, sections: dict[str, Any]) -> None:
    assert differences(recorded(tmp_path, **sections)) == []


def test_recorded_tasks_are_the_same_in_blocks_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = coalesce_sim.run(recorded(tmp_path), replications=1).decisions
    assert whole["arrival_s"].tolist() == [30 * (k + 1) for k in range(11)]
    monkeypatch.setattr("coalesce_sim.market.workload.BLOCK_TASKS", 5)
    in_pieces = coalesce_sim.run(recorded(tmp_path), replications=1).decisions
    for name in ("arrival_s", "type", "all_local_usd", "outcome"):
        assert in_pieces[name].tolist() == whole[name].tolist()


def test_what_is_not_played_is_refused_by_name() -> None:
    facts = plain_facts(coalesce_sim.load(market([0], contractor("a"))))
    settings = facts["settings"] | {"policy": {"kind": "thompson"}}
    with pytest.raises(ValueError, match=r"policy: must be one of .*cheapest.* .got .*thompson"):
        play(facts | {"settings": settings})
    with pytest.raises(ValueError, match=r"trade: must be contracts .got 'published'"):
        play(facts | {"trade": "published"})
    for section, stated in ("settlement", {}), ("compliance", {"sanctioned": ["a"]}):
        ruled = plain_facts(coalesce_sim.load(market([0], contractor("a"), **{section: stated})))
        with pytest.raises(ValueError, match=f"{section}: not played here"):
            play(ruled)


def test_facts_are_the_same_whoever_decides() -> None:
    fields = market([0, 10], contractor("a", success=0.5), contracts={"recovery": {"retries": 2}})
    facts = [
        plain_facts(coalesce_sim.load(fields | {"policy": {"kind": kind}})) for kind in ("random", "oracle")
    ]
    for each in facts:
        del each["settings"]["policy"]
    assert facts[0] == facts[1]
