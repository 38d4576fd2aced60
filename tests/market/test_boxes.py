"""Machines that several agents share: one queue for the work of all who are on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import coalesce_sim
from coalesce_sim import RunResult
from coalesce_sim.experiments.cores import choose_core
from coalesce_sim.experiments.diagnosis.warnings import notes_of
from coalesce_sim.market.compiled.coverage import CoreError
from coalesce_sim.scenario.problems import ScenarioError
from tests.market.trading import contractor, market
from verification.both_cores import assert_same_on_both_cores, assert_told_the_same_by_both_cores
from verification.plain_and_simulator import differences


def on_a_box(slots: int, *workers: dict[str, Any], tasks: list[tuple[float, int]], **own: Any) -> RunResult:
    """Clients 0 and 1 share a box on which a task takes 60 s; `tasks` are when and whose."""
    listed = [{"type": "job", "arrival_s": at_s, "client": client} for at_s, client in tasks]
    fields = market(listed, *(workers or (contractor("a", price_usd=50.0),)), **own)
    box = {"slots": slots, "hardware": fields["clients"]["hardware"]}
    fields |= {"boxes": {"lab": box}, "clients": {"count": 2, "box": "lab"}}
    scenario = coalesce_sim.load(fields)
    assert differences(scenario) == []
    if not any("box" in each for each in workers):
        assert_same_on_both_cores(scenario)
    return coalesce_sim.run(scenario, replications=1)


def test_agents_on_a_box_wait_for_each_other() -> None:
    run = on_a_box(1, tasks=[(0, 0), (0, 1), (10, 0), (200, 1)])
    assert run.decisions["started_s"].tolist() == [0, 60, 120, 200]
    (metrics,) = run.replications
    assert metrics["home_utilisation"] == pytest.approx(100 * 240 / 260)  # one slot, not two


def test_what_a_contractor_takes_on_fills_the_slots_that_its_box_has_idle() -> None:
    """Client 1 can only hire; a is on the box of client 0, whose own work and a's take turns in one slot.
    What a does takes a second more, for its FLOP."""
    hires = {"count": 1, "success": 0.0, "slots": 0}
    fields = market([], contractor("a", box="lab"), policy={"kind": "cheapest"})
    box = {"slots": 1, "hardware": fields["clients"]["hardware"]}
    groups = {"makes": {"count": 1, "box": "lab", "policy": {"kind": "always_local"}}, "hires": hires}
    fields |= {"boxes": {"lab": box}, "clients": {"hardware": box["hardware"], "groups": groups}}
    tasks = [(0, 0), (10, 1), (20, 0), (300, 1)]
    fields["workload"]["arrivals"]["tasks"] = [
        {"type": "job", "arrival_s": at_s, "client": client} for at_s, client in tasks
    ]
    scenario = coalesce_sim.load(fields)
    run = coalesce_sim.run(scenario, replications=1)
    assert run.decisions["contractor"].isna().tolist() == [True, False, True, False]
    assert run.decisions["started_s"].tolist() == [0, 60, 121, 300]
    assert run.decisions["estimated_s"].tolist() == [60, 111, 161, 61]
    (metrics,) = run.replications
    assert metrics["home_utilisation[makes]"] == pytest.approx(100 * 242 / 361)
    assert "contractor_utilisation" not in metrics
    assert differences(scenario) == []


@pytest.mark.parametrize("who", ["client", "contractor"])
def test_a_box_with_one_agent_is_one_of_its_own(who: str) -> None:
    own = coalesce_sim.load("market_day", ["workload.arrivals.limit=40", "clients.count=1"]).resolved()
    mine = own["clients"] if who == "client" else own["contractors"]["types"]["frontier"]
    if who == "contractor":
        own["contractors"] |= {"count": 1, "types": {"frontier": mine}}
    machine = {"slots": mine["slots"], "hardware": mine["hardware"]}
    shared = {name: value for name, value in mine.items() if name not in machine} | {"box": "lab"}
    boxed = own | {"boxes": {"lab": machine}}
    if who == "client":
        boxed["clients"] = shared
    else:
        boxed["contractors"] = own["contractors"] | {"types": {"frontier": shared}}
    one, two = (
        coalesce_sim.run(coalesce_sim.load(each), replications=1, core="simpy") for each in (own, boxed)
    )
    pd.testing.assert_frame_equal(one.decisions, two.decisions, check_exact=True)
    pd.testing.assert_frame_equal(one.contracts, two.contracts, check_exact=True)
    assert two.replications[0] == pytest.approx(one.replications[0], rel=0, abs=0, nan_ok=True)
    assert len(two.contracts)


def test_bad_boxes_are_refused_where_they_stand_and_idle_ones_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"

    def refused(text: str, base: str = "market_day") -> list[str]:
        path.write_text(f"extends: {base}\n{text}")
        with pytest.raises(ScenarioError) as error:
            coalesce_sim.load(path)
        return [str(each).split("mine.yaml:")[1] for each in error.value.problems]

    lab = "boxes: {lab: {slots: 2, hardware: rtx_4090}}\n"
    contractors = "contractors: {types: {edge: {box: lap}}}\n"
    assert refused(f"{lab}{contractors}clients:\n  groups: {{a: {{count: 2, box: labb}}}}\n") == [
        "3: contractors.types.edge.box: there is no box of that name (got 'lap'); did you mean 'lab'?",
        "5: clients.groups.a.box: there is no box of that name (got 'labb'); did you mean 'lab'?",
    ]
    assert refused(f"{lab}clients: {{box: lab, slots: 3}}\n") == [
        "3: clients.slots: the box stands in its place; leave it out (got 3)"
    ]
    curve = "batch_curve: {base_ms_per_token: 7, per_job_ms: 1, max_jobs: 4}"
    edge = "contractors: {types: {edge: {box: lab, decode_tokens_per_s: 40}}}\n"
    assert refused(f"boxes: {{lab: {{hardware: rtx_4090, {curve}}}}}\n{edge}") == [
        "3: contractors.types.edge.decode_tokens_per_s: its box's batch_curve stands in its place (got 40.0)"
    ]
    assert refused(lab, "dur_02")[0].startswith("2: boxes: need a market with contracts: state contracts")
    path.write_text(f"extends: market_day\n{lab}")
    assert "boxes.lab (nobody is on it)" in " ".join(notes_of(coalesce_sim.load(path)))
    path.write_text(f"extends: market_day\n{lab}clients: {{box: lab}}\n")
    scenario = coalesce_sim.load(path)
    assert scenario.clients.homes[0].slots == 2
    assert coalesce_sim.load(scenario.resolved()).clients.homes == scenario.clients.homes
    assert choose_core("compiled", [scenario], runs=1).core == "compiled"
    path.write_text(f"extends: market_day\n{lab}contractors: {{types: {{edge: {{box: lab}}}}}}\n")
    with pytest.raises(CoreError, match="does not play boxes that contractors are on"):
        choose_core("compiled", [coalesce_sim.load(path)], runs=1)


def test_what_hardware_does_on_a_box_hangs_on_who_is_on_it() -> None:
    """Contractors are timed by tokens on a box where clients are timed by FLOP; memory is the clients'."""

    def told(clients: bool, contractors: bool) -> str:
        fields = coalesce_sim.load("market_day").resolved()
        fields["cost_model"]["internal"] |= {"work": "flop", "memory": {"gb_per_complexity": 1}}
        machine: dict[str, Any] = {
            "peak_flop_s": 1e12,
            "prefill_tokens_per_s": 100,
            "decode_tokens_per_s": 10,
            "tdp_w": 0,
        }
        machine |= {"memory_gb": 8, "basis": "rented", "rent_usd_per_h": 1, "memory_usd_per_h": 0.1}
        fields["boxes"] = {"lab": {"slots": 2, "hardware": machine}}
        fields["clients"]["hardware"] |= {"peak_flop_s": 1e12}
        for each in (fields["clients"],) * clients + (fields["contractors"]["types"]["edge"],) * contractors:
            del each["slots"], each["hardware"]
            each["box"] = "lab"
        return " ".join(notes_of(coalesce_sim.load(fields)))

    speed, memory = "boxes.lab.hardware.decode_tokens_per_s", "boxes.lab.hardware.memory_usd_per_h"
    assert speed in told(True, False)
    assert speed not in told(True, True) + told(False, True)
    assert memory not in told(True, True)
    assert memory in told(False, True)


def test_a_box_at_home_is_one_machine_on_the_compiled_core_too() -> None:
    """Two slots that six clients of a group share, of a market with much else."""
    groups = {"few": {"count": 6, "box": "lab"}, "more": {"count": 14}}
    changes = [
        "workload.arrivals.limit=40",
        "cost_model.internal.opportunity=queue",
        "policy={kind: greedy}",
    ]
    fields = {"extends": "market_day", "boxes": {"lab": {"slots": 2, "hardware": "rtx_4090"}}}
    scenario = coalesce_sim.load(fields | {"clients": {"groups": groups}}, changes)
    assert_same_on_both_cores(scenario)
    assert_told_the_same_by_both_cores(scenario)
    played = coalesce_sim.run(scenario, replications=1, core="compiled").replications[0]
    assert 0 < played["home_utilisation[few]"] <= 100
