"""The life of contracts in states, times and money, worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import simpy

import coalesce_sim
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.ended import EndedContracts
from coalesce_sim.market.contracts.states import FINAL_STATES
from coalesce_sim.market.first_come import Queue
from tests.market.trading import HOME, HOME_USD, LATE_USD_PER_S, VALUE_USD, contractor, market, play, run_of

FEES: dict[str, Any] = {
    "attributes": {"data_gb": 0.8, "output_gb": 0.2},
    "external": {
        "communication_usd_per_gb": 0.1,
        "communication_fixed_usd": 0.05,
        "integration_usd": 0.4,
    },
}
COMMUNICATION_USD, VERIFICATION_USD, INTEGRATION_USD = 0.15, 0.3, 0.4
HARDWARE = {"tdp_w": 0, "memory_gb": 10, "purchase_usd": 0, "lifetime_h": 1, "electricity_usd_per_kwh": 0}
CHECKED = {"usd": VERIFICATION_USD, "minutes": 0.5}
GIVE_UP = {"then": "give_up"}


def test_a_contract_takes_its_steps_one_after_the_other_and_is_authorised_once_a_client() -> None:
    rules = {
        "handshake_ms": 2000,
        "authorisation_s": 7,
        "transfer_mb_per_s": 100,
        "input_required_rate": 1,
        "input_reply_s": 40,
        "security": {
            "key_exchange_ms": 500,
            "encryption_share": 0.25,
            "enclave_share": 0.2,
            "audit_share": 0.05,
        },
        "verification": {"automated": CHECKED},
    }
    tasks = [
        {"type": "job", "arrival_s": 1000.0 * k, "client": client} for k, client in enumerate((0, 0, 1, 0, 1))
    ]
    a, b = contractor("a", network_ms=1000), contractor("b", network_ms=1000)
    result, _ = play(market(tasks, a, b, clients={"count": 2}, contracts=rules, **FEES), *"aaaba")
    contracts = result.contracts
    assert contracts["auth_required"].tolist() == [True, False, True, True, False]
    assert contracts["input_required"].all()
    assert (contracts["state"] == "completed").all()
    # Handshake 2, keys 0.5, network 1; authorisation 7; 1000 MB at 100/1.25 MB/s.
    ready_s = 3.5 + 7 * contracts["auth_required"] + 12.5
    assert contracts["working_s"].to_numpy() == pytest.approx(contracts["submitted_s"] + ready_s)
    # Work 60·1.25, the reply 40, verification 30.
    assert contracts["ended_s"].to_numpy() == pytest.approx(contracts["working_s"] + 75 + 40 + 30)
    decisions = result.decisions
    assert decisions["started_s"].to_numpy() == pytest.approx(contracts["working_s"].to_numpy())
    assert decisions["finished_s"].to_numpy() == pytest.approx(contracts["ended_s"].to_numpy())
    # What nobody can know is not quoted: the reply, and that a client is new.
    assert decisions["estimated_s"].to_numpy() == pytest.approx(3.5 + 12.5 + 75 + 30)
    realised_usd = 1 + COMMUNICATION_USD + VERIFICATION_USD + INTEGRATION_USD
    assert decisions["realised_usd"].to_numpy() == pytest.approx(realised_usd)


def test_a_quote_goes_by_what_is_expected_and_work_and_bill_by_what_is_written() -> None:
    """Answers of 100 tokens are expected and 50 written, at 10 a second and 0.01 USD each."""
    a = contractor(
        "a",
        latency_min=0,
        slots=1,
        prefill_tokens_per_s=100,
        decode_tokens_per_s=10,
        input_usd_per_mtok=1000,
        output_usd_per_mtok=10_000,
    )
    scenario = market(
        [0, 1],
        a,
        attributes={"prompt_tokens": 200, "output_tokens": 50, "expected_output_tokens": 100},
        external={"pricing": {"kind": "load", "slope": 0.5}},
        realised={"external_time_factor": 2},
        contracts={"security": {"enclave_share": 0.5}, "recovery": GIVE_UP},
    )
    result, _ = play(scenario, "a", "a")
    contracts, decisions = result.contracts, result.decisions
    # Quoted are 2 s and 10 s, half as long again, and the queue; worked are 2 s and 5 s, × 1.5 × 2.
    assert decisions["estimated_s"].tolist() == pytest.approx([18, 18 + 17])
    assert contracts["working_s"].tolist() == pytest.approx([0, 21])
    assert contracts["ended_s"].tolist() == pytest.approx([21, 42])
    # Listed are 1 USD a task, 0.2 for the prompt and 1 for the answer; behind another job half as much again.
    assert contracts["agreed_usd"].tolist() == pytest.approx([2.2, 3.3])
    assert contracts["paid_usd"].tolist() == pytest.approx([1.7, 2.55])
    assert decisions["realised_usd"].tolist() == pytest.approx([1.7, 2.55])


@pytest.mark.parametrize("pricing", [{"kind": "flat"}, {"kind": "bargained"}])
def test_a_price_for_the_task_is_the_same_however_much_is_written(pricing: dict[str, Any]) -> None:
    a = contractor("a", output_usd_per_mtok=1000, own_cost_share=0.5, decode_tokens_per_s=100)
    scenario = market(
        [0],
        a,
        attributes={"output_tokens": 9000, "expected_output_tokens": 100},
        external={"pricing": pricing},
        cost_model={"late_usd_per_min": 0},
        clients={"price_usd": 3},
    )
    result, _ = play(scenario, "a")
    (contract,) = result.contracts.to_dict("records")
    assert contract["ended_s"] == 150
    assert contract["paid_usd"] == contract["agreed_usd"] > 0


@pytest.mark.parametrize(
    ("contracts", "basis"),
    [({"contracts": {}}, "physical"), ({}, "physical"), ({}, "estimate")],
    ids=["contracts", "published", "published, charged by estimates"],
)
def test_the_same_machine_takes_as_long_for_a_task_at_a_contractor_as_at_home(
    contracts: dict[str, Any], basis: str
) -> None:
    machine = {"peak_flop_s": 1e12, "decode_tokens_per_s": 30, "prefill_tokens_per_s": 900}
    scenario = market(
        [600.0 * k for k in range(20)],
        contractor("a", latency_min=0, hardware=HARDWARE | machine),
        attributes={
            "prompt_tokens": {"exponential": {"mean": 5000}},
            "output_tokens": {"exponential": {"mean": 900}},
            "expected_output_tokens": 900,
        },
        types={"job": {"local_min": None, "base_flop": 0}},
        clients={"hardware": HARDWARE | machine},
        realised={"basis": basis},
    )
    scenario["cost_model"]["internal"]["work"] = "tokens"
    del scenario["contracts"]
    scenario |= contracts
    worked_s = {}
    for policy in ("always_local", "always_outsource"):
        decisions = run_of(scenario | {"policy": {"kind": policy}}).decisions
        worked_s[policy] = (decisions["finished_s"] - decisions["started_s"]).to_numpy()
    assert worked_s["always_outsource"] == pytest.approx(worked_s["always_local"])
    assert np.ptp(worked_s["always_local"]) > 10


ENDS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, str], float, float]] = {
    # contracts, contractor: state and reason, what was paid, what fees came on top
    "completed": ({}, {}, ("completed", ""), 1.0, COMMUNICATION_USD + VERIFICATION_USD + INTEGRATION_USD),
    "bad, not found": (
        {"verification": {"automated": CHECKED | {"sensitivity": 0}}},
        {"success": 0},
        ("completed", ""),
        1.0,
        COMMUNICATION_USD + VERIFICATION_USD + INTEGRATION_USD,
    ),
    "found bad": ({}, {"success": 0}, ("completed", "found bad"), 0.25, COMMUNICATION_USD + VERIFICATION_USD),
    "false alarm": (
        {"verification": {"automated": CHECKED | {"specificity": 0}}},
        {},
        ("completed", "found bad"),
        0.25,
        COMMUNICATION_USD + VERIFICATION_USD,
    ),
    "failed": ({"failed_share": 1}, {"success": 0}, ("failed", "broke off"), 0.25, COMMUNICATION_USD),
    "timed out": ({"timeout_factor": 0.5}, {}, ("canceled", "timed out"), 0.0, COMMUNICATION_USD),
    "unreachable": ({}, {"unreachable_rate": 1}, ("canceled", "unreachable"), 0.0, 0.0),
    "rejected": ({}, {"slots": 0}, ("rejected", "full"), 0.0, 0.0),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("rework_usd", [None, 4.0], ids=["the task's value is lost", "rework_usd is lost"])
def test_what_is_paid_in_each_end_of_a_contract(end: str, rework_usd: float | None) -> None:
    rules, facts, (state, reason), paid_usd, fees_usd = ENDS[end]
    rules = {"due_on_failure": 0.25, "recovery": GIVE_UP, "verification": {"automated": CHECKED}} | rules
    if rework_usd is not None:
        rules["rework_usd"] = rework_usd
    result, script = play(market([0], contractor("a", **facts), contracts=rules, **FEES), "a")
    contract, task = result.contracts.fillna({"reason": ""}).iloc[0], result.decisions.iloc[0]
    assert (contract["state"], contract["reason"]) == (state, reason)
    assert contract["paid_usd"] == pytest.approx(paid_usd)
    assert contract["fees_usd"] == pytest.approx(fees_usd)
    accepted = end in ("completed", "bad, not found")
    good = end == "completed"
    loss_usd = 0.0 if good else VALUE_USD if rework_usd is None else rework_usd
    assert contract["accepted"] == accepted
    assert task["outcome"] == ("completed" if good else "failed")
    assert task["loss_usd"] == pytest.approx(loss_usd)
    assert task["price_usd"] == pytest.approx(paid_usd)
    assert task["realised_usd"] == pytest.approx(paid_usd + fees_usd + loss_usd)
    # The client takes bad work that it did not find for good, and its policy with it.
    assert script.told == ([] if end == "rejected" else [(0, "a", accepted)])
    if script.outcomes:
        known_usd = paid_usd + fees_usd + (0.0 if accepted else loss_usd)
        assert script.outcomes[0].realised_usd == pytest.approx(known_usd)
        assert script.outcomes[0].price_usd == pytest.approx(paid_usd)


def test_a_contract_that_cannot_be_reached_is_given_up_after_the_timeout() -> None:
    rules = {"connect_timeout_s": 25, "handshake_ms": 1000}
    result, script = play(market([10], contractor("a", unreachable_rate=1), contracts=rules), "a")
    (contract,) = result.contracts.to_dict("records")
    assert (contract["submitted_s"], contract["ended_s"]) == (10, 35)
    assert np.isnan(contract["working_s"])
    assert result.decisions["finished_s"].tolist() == [95], "home took over at 35"
    assert result.decisions["choice"].tolist() == ["local"]
    assert script.told == [(0, "a", False), (0, HOME, True)]


def test_a_contract_that_breaks_off_does_so_while_at_work_and_frees_its_slot() -> None:
    facts = {"success": 0, "slots": 1}
    rules = {"failed_share": 1, "recovery": GIVE_UP}
    result, _ = play(market([0, 0, 0], contractor("a", **facts), contracts=rules), "a", "a", "a")
    contracts = result.contracts
    worked_s = contracts["ended_s"] - contracts["working_s"]
    assert ((worked_s > 0) & (worked_s < 60)).all()
    assert contracts["working_s"].tolist() == [0, *contracts["ended_s"].tolist()[:2]]


TRANSFER = {"transfer_mb_per_s": 5}
AT_THE_DEADLINE: dict[str, tuple[float, dict[str, Any], dict[str, Any], float, float | None, float]] = {
    # timeout_factor, contracts, contractor: when it is canceled, when work began, the fees; work takes 60 s
    "looking for a contractor for 40 s, 100 quoted": (0.3, {}, {}, 30, None, 0),
    "shaking hands for 100 s, 160 quoted": (0.5, {"handshake_ms": 1e5}, {}, 80, None, 0),
    "on the network for 100 s, 160 quoted": (0.5, {}, {"network_ms": 1e5}, 80, None, 0),
    "not answered for 500 s": (0.5, {"connect_timeout_s": 500}, {"unreachable_rate": 1}, 30, None, 0),
    "authorised in 400 s": (1, {"authorisation_s": 400}, {}, 60, None, 0),
    "sending for 200 s, 260 quoted": (0.5, TRANSFER, {}, 130, None, COMMUNICATION_USD),
    "asking for 900 s": (2, {"input_required_rate": 1, "input_reply_s": 900}, {}, 120, 0, COMMUNICATION_USD),
    "at work": (0.9, {}, {}, 54, 0, COMMUNICATION_USD),
    "breaking off too late": (0.001, {"failed_share": 1}, {"success": 0}, 0.06, 0, COMMUNICATION_USD),
}


@pytest.mark.parametrize("where", AT_THE_DEADLINE)
def test_a_contract_is_canceled_at_its_deadline_wherever_it_is(where: str) -> None:
    factor, rules, facts, ended_s, working_s, fees_usd = AT_THE_DEADLINE[where]
    rules = {"timeout_factor": factor, "recovery": GIVE_UP, "verification": {"automated": {"usd": 1}}} | rules
    sections = {"discovery": {"kind": "registry", "latency_ms": 4e4}} if "looking" in where else {}
    result, script = play(market([0], contractor("a", **facts), contracts=rules, **FEES, **sections), "a")
    (contract,) = result.contracts.to_dict("records")
    assert (contract["state"], contract["reason"]) == ("canceled", "timed out")
    assert contract["ended_s"] == pytest.approx(ended_s)
    assert contract["working_s"] == pytest.approx(np.nan if working_s is None else working_s, nan_ok=True)
    assert (contract["paid_usd"], contract["fees_usd"]) == (0, pytest.approx(fees_usd))
    assert result.decisions["finished_s"].tolist() == [contract["ended_s"]]
    assert script.told == [(0, "a", False)]


def test_who_gives_up_while_data_are_sent_leaves_its_place_to_the_next() -> None:
    """200 s of sending are quoted with 60 s of work, and canceled at 130 s; the place is free again then."""
    rules = {"timeout_factor": 0.5, "recovery": GIVE_UP} | TRANSFER
    a = contractor("a", slots=1, queue_limit=0)
    result, _ = play(market([0, 129, 131], a, contracts=rules), "a", "a", "a")
    contracts = result.contracts.sort_values("task")
    assert contracts["state"].tolist() == ["canceled", "rejected", "canceled"]
    assert contracts["ended_s"].tolist() == [130, 129, 261]


def test_what_is_delivered_in_time_is_checked_in_peace() -> None:
    rules = {"timeout_factor": 0.5, "verification": {"automated": CHECKED | {"minutes": 10}}}
    result, _ = play(market([0], contractor("a"), contracts=rules), "a")
    (contract,) = result.contracts.to_dict("records")
    assert (contract["state"], contract["accepted"], contract["ended_s"]) == ("completed", True, 660)


def test_what_takes_as_long_as_quoted_is_in_time_at_any_time_of_the_day() -> None:
    """A third of a second of handshake, 7 ms of network, 13 ms of sending, a tenth of enclave and work: sums
    that no binary number holds, of which some come out later than the deadline by the last bit."""
    rules = {
        "timeout_factor": 1,
        "handshake_ms": 1000 / 3,
        "transfer_mb_per_s": 77e3,
        "security": {"enclave_share": 0.1},
        "recovery": GIVE_UP,
    }
    arrivals = [100 * k + k / 7 for k in range(40)]
    a = contractor("a", network_ms=7)
    contracts = play(market(arrivals, a, contracts=rules), *["a"] * 40)[0].contracts
    assert (contracts["state"] == "completed").all()


LONG_AND_SHORT: dict[str, Any] = {
    "outcomes": {"long": {"success": 1, "latency_min": 100}, "short": {"success": 1, "latency_min": 1}}
}


def test_who_times_out_leaves_the_queue_or_frees_the_slot() -> None:
    """Work takes 1.9 times as long as thought: a long job, until 190 min, is expected to end at 100."""
    arrivals = [(0, "long"), (150, "short"), (189.5, "short"), (195, "short")]
    tasks = [{"type": kind, "arrival_s": 60.0 * minute} for minute, kind in arrivals]
    scenario = market(
        tasks,
        contractor("a", slots=1, **LONG_AND_SHORT),
        types={"long": {}, "short": {}},
        realised={"external_time_factor": 1.9},
        contracts={"timeout_factor": 2},
    )
    result, _ = play(scenario, "a", "a", "a", "a")
    contracts = result.contracts.sort_values("task")
    assert contracts["state"].tolist() == ["completed", "canceled", "canceled", "completed"]
    assert contracts["reason"].fillna("").tolist() == ["", "timed out", "timed out", ""]
    # The second never gets the slot; the third gets it at 190 and cannot be done by 191.5.
    begun_min = (contracts["working_s"] / 60).tolist()
    assert begun_min == pytest.approx([0, float("nan"), 190, 195], nan_ok=True)
    assert (contracts["ended_s"] / 60).tolist() == pytest.approx([190, 152, 191.5, 196.9])
    assert result.decisions["choice"].tolist() == ["contractor", "local", "local", "contractor"]
    assert (result.decisions["finished_s"] / 60).tolist() == pytest.approx([190, 153, 192.5, 196.9])


def test_who_leaves_a_queue_gives_up_its_own_place() -> None:
    queue = Queue(simpy.Environment(), slots=2)
    for _ in range(2):
        queue.join(0.0, 1.0, 1.0)
        queue.begin(0.0, 1.0)
    places = [queue.join(0.0, expected_s, expected_s) for expected_s in (5.0, 3.0, 4.0, 5.0)]
    queue.leave(places[-1])
    queue.end(1.0, 1.0)
    queue.end(1.0, 1.0)
    # The two slots go to the five seconds that came first and the three; the four begin after three of them,
    # and who joins now after five.
    assert queue.expected_wait_s(1.0, 1.0) == 5.0


def test_contracts_are_told_with_their_block_too() -> None:
    class Both(coalesce_sim.Observer):
        def __init__(self) -> None:
            self.one_by_one: list[tuple[int, float, str]] = []
            self.together: list[tuple[int, float, str]] = []

        def contract_ended(self, contract: Contract) -> None:
            self.one_by_one.append((contract.task, contract.paid_usd, contract.state))

        def contracts(self, rows: EndedContracts) -> None:
            states = [FINAL_STATES[state] for state in rows.state.tolist()]
            self.together += zip(rows.task.tolist(), rows.paid_usd.tolist(), states, strict=True)

    observer = Both()
    scenario = coalesce_sim.load("market_day", ["workload.arrivals.limit=200"])
    coalesce_sim.stage(scenario, observer=observer).play()
    assert observer.one_by_one
    assert observer.one_by_one == observer.together


def test_a_client_waits_so_many_times_the_quoted_time_and_that_includes_the_queue() -> None:
    a = contractor("a", slots=1)
    result, _ = play(market([0, 1, 2], a, contracts={"timeout_factor": 1.0}), "a", "a", "a")
    assert result.decisions["estimated_s"].tolist() == [60, 119, 178]
    assert result.contracts["state"].tolist() == ["completed"] * 3
    assert result.contracts["ended_s"].tolist() == [60, 120, 180]


@pytest.mark.parametrize(("slots", "limit", "taken"), [(1, 0, 1), (1, 1, 2), (2, 0, 2), (2, 3, 5), (0, 9, 0)])
def test_a_contractor_takes_as_many_as_it_has_slots_and_places_in_the_queue(
    slots: int, limit: int, taken: int
) -> None:
    a = contractor("a", slots=slots, queue_limit=limit)
    result, _ = play(market([0] * 6, a), *["a"] * 6)
    contracts = result.contracts.sort_values("task")
    assert contracts["state"].tolist() == ["completed"] * taken + ["rejected"] * (6 - taken)
    begun_s = [60.0 * (k // max(1, slots)) for k in range(taken)]
    assert contracts["working_s"].dropna().tolist() == begun_s


def test_work_whose_data_are_on_their_way_has_its_place_in_the_queue() -> None:
    rules = {"transfer_mb_per_s": 10}
    result, _ = play(
        market([0, 50, 90], contractor("a", slots=1, queue_limit=0), contracts=rules), "a", "a", "a"
    )
    states = result.contracts.sort_values("task")["state"].tolist()
    assert states == ["completed", "rejected", "rejected"]


def test_a_place_in_the_queue_is_free_again_when_the_work_is_done() -> None:
    """Two places, one at work and one in the queue; data are on their way for 100 s, work takes 60."""
    taken: dict[float, tuple[float, float]] = {
        0: (100, 160),
        50: (160, 220),
        165: (265, 325),
        230: (330, 390),
    }
    taken |= {1000: (1100, 1160), 1000.5: (1160, 1220)}
    refused = {
        60: "two are coming",
        110: "one at work, one coming",
        155: "one at work, one in the queue",
        170: "one at work, one coming",
        240: "two are coming",
        1001: "two are coming",
    }
    scenario = market(
        sorted([*taken, *refused]),
        contractor("a", slots=1, queue_limit=1),
        contracts={"transfer_mb_per_s": 10},
    )
    result, _ = play(scenario, *["a"] * 12)
    contracts = result.contracts.set_index("submitted_s").sort_index()
    done = contracts[contracts["state"] == "completed"]
    assert dict(zip(done.index, zip(done["working_s"], done["ended_s"], strict=True), strict=True)) == taken
    assert contracts.index[contracts["state"] == "rejected"].tolist() == list(refused)


def test_finding_a_contractor_takes_its_time_before_every_contract() -> None:
    scenario = market(
        [0],
        contractor("a", success=0, network_ms=500),
        contractor("b", unreachable_rate=1),
        contractor("c"),
        discovery={"kind": "registry", "latency_ms": 3000},
        contracts={"handshake_ms": 1000, "connect_timeout_s": 10, "recovery": {"retries": 2}},
    )
    result, _ = play(scenario, "a", "b", "c")
    contracts = result.contracts
    assert contracts["working_s"].tolist() == pytest.approx([4.5, float("nan"), 81.5], nan_ok=True)
    assert contracts["ended_s"].tolist() == pytest.approx([64.5, 77.5, 141.5])
    assert result.decisions["estimated_s"].tolist() == pytest.approx([64.5])


def test_lateness_is_charged_once_however_often_the_task_was_tried() -> None:
    slow = {"latency_min": 4, "success": 0}
    scenario = market(
        [100],
        contractor("a", **slow),
        contractor("b", **slow),
        contracts={"due_on_failure": 0.5, "recovery": {"retries": 1}},
    )
    result, script = play(scenario, "a", "b")
    (task,) = result.decisions.to_dict("records")
    assert task["turnaround_s"] == 240 + 240 + 60
    assert task["attempts"] == 3
    assert task["realised_usd"] == pytest.approx(0.5 + 0.5 + HOME_USD + 240 * LATE_USD_PER_S)
    # No single attempt was late; each that failed cost, beside its share of the price, the work at home.
    assert [each.realised_usd for each in script.outcomes] == pytest.approx([0.6, 0.6, 0.1])
    assert result.estimates["lateness_usd"].mean == pytest.approx(2.4)
    assert result.estimates["attempts_per_task"].mean == 3


def test_opportunity_is_expected_but_only_delay_is_charged() -> None:
    """Three jobs of 10 min on one GPU; the third is 15 min late, and charged for that alone."""
    model = {"work": "flop", "execution_time_unit": "second", "flop_reference_gb": 1, "opportunity": "queue"}
    scenario = market(
        [0, 0, 0],
        contractor("a"),
        types={"job": {"local_min": 10, "max_latency_min": 15}},
        clients={"slots": 1},
        cost_model=dict(market([], contractor("a"))["cost_model"], internal=model),
    )
    result, script = play(scenario)
    decisions = result.decisions
    assert (decisions["turnaround_s"] / 60).tolist() == [10, 20, 30]
    late_usd = np.array([0, 300, 900]) * LATE_USD_PER_S
    assert decisions["realised_usd"].to_numpy() == pytest.approx(HOME_USD + late_usd)
    assert [each.realised_usd for each in script.outcomes] == pytest.approx(HOME_USD + late_usd)
    # Each is expected to cost its own lateness and, with no gap before the next, that of one more behind it.
    opportunity_usd = decisions["internal_opportunity_usd"].to_numpy()
    assert opportunity_usd == pytest.approx(np.array([0 + 300, 300 + 600, 900 + 600]) * LATE_USD_PER_S)
    assert decisions["realised_usd"].sum() == result.estimates["all_local_usd"].mean


def test_work_that_came_to_nothing_is_tried_elsewhere_and_never_twice_at_the_same() -> None:
    bad = {"success": 0}
    names = ["a", "b", "c", "d"]
    scenario = market(
        [0, 500],
        *(contractor(name, **bad) for name in names),
        contracts={"recovery": {"retries": 2}, "failed_share": 0},
    )
    result, script = play(scenario, "c", "a", "d", "b", HOME)
    assert script.offered == [
        (0, names),
        (0, ["a", "b", "d"]),
        (0, ["b", "d"]),
        (1, names),
        (1, ["a", "c", "d"]),
    ]
    assert script.told == [
        (0, "c", False),
        (0, "a", False),
        (0, "d", False),
        (0, HOME, True),
        (1, "b", False),
        (1, HOME, True),
    ]
    assert result.decisions["attempts"].tolist() == [4, 2]
    assert result.decisions["outcome"].tolist() == ["completed"] * 2
    assert result.contracts["attempt"].tolist() == [0, 1, 2, 0]


def test_what_an_offer_quotes_is_work_overhead_and_waiting() -> None:
    """Handshake 2 s, 1 GB at 100 MB/s 10 s, check 30 s; the work is 60 s, and another task is before it."""
    rules = {"handshake_ms": 2000, "transfer_mb_per_s": 100, "verification": {"automated": CHECKED}}
    one = contractor("one", slots=1)
    scenario = market([0, 20], one, contracts=rules, policy={"kind": "always_outsource"})
    first, second = run_of(scenario, offers=True).offers.to_dict("records")
    for offer in (first, second):
        assert (offer["working_s"], offer["overhead_s"]) == (60, 42)
    assert (first["waiting_s"], first["latency_s"]) == (0, 102)
    # The first is at work from 12 s to 72 s; the second would reach the queue at 32 s.
    assert (second["waiting_s"], second["latency_s"]) == (40, 142)


def test_who_runs_out_of_retries_gives_up_where_that_is_the_rule() -> None:
    scenario = market(
        [0],
        contractor("a", success=0),
        contractor("b", success=0),
        contracts={"recovery": {"retries": 1, "then": "give_up"}},
    )
    result, script = play(scenario, "a", "b")
    (task,) = result.decisions.to_dict("records")
    assert (task["outcome"], task["attempts"], task["loss_usd"]) == ("failed", 2, VALUE_USD)
    assert task["finished_s"] == 120
    assert script.told == [(0, "a", False), (0, "b", False)]
    # With a retry left, a failure costs what home would; with none, the loss.
    assert [each.realised_usd for each in script.outcomes] == pytest.approx([HOME_USD, VALUE_USD])
    assert result.estimates["success_rate"].mean == 0
    assert result.estimates["loss_usd"].mean == VALUE_USD


def test_dear_tasks_are_verified_by_hand() -> None:
    tasks = [{"type": "job", "arrival_s": 0.0, "value_usd": value} for value in (4.99, 5.0)]
    check = {
        "automated": {"usd": 0.1, "sensitivity": 0.0},
        "manual": {"usd": 2.0, "minutes": 3.0, "sensitivity": 1.0},
        "manual_from_value_usd": 5.0,
    }
    rules = {"verification": check, "recovery": GIVE_UP}
    result, _ = play(market(tasks, contractor("a", success=0), contracts=rules), "a", "a")
    contracts = result.contracts.sort_values("task")
    assert contracts["accepted"].tolist() == [True, False]
    assert contracts["fees_usd"].tolist() == pytest.approx([0.1, 2.0])
    assert contracts["ended_s"].tolist() == [60, 240]


def test_bills_follow_use_where_they_are_stated_and_not_where_a_price_was_agreed_on() -> None:
    outcomes = {"job": {"success": 1, "bill_usd": 3.0}}
    bad = {"job": {"success": 0, "bill_usd": 3.0, "failed_bill_usd": 2.0}}
    rules = {"due_on_failure": 1, "recovery": GIVE_UP}
    scenario = market(
        [0, 0], contractor("a", outcomes=outcomes), contractor("b", outcomes=bad), contracts=rules
    )
    result, _ = play(scenario, "a", "b")
    assert result.contracts["agreed_usd"].tolist() == [1, 1]
    assert result.contracts["paid_usd"].tolist() == [3, 2]
    scenario["policy"] = {"kind": "vickrey"}
    scenario["clients"]["price_usd"] = 20
    contracts = run_of(scenario).contracts
    assert contracts["paid_usd"].equals(contracts["agreed_usd"])


def test_a_contractor_with_outcomes_makes_no_offer_on_other_types() -> None:
    tasks = [{"type": kind, "arrival_s": 0.0} for kind in ("long", "other", "short")]
    scenario = market(
        tasks,
        contractor("a", **LONG_AND_SHORT),
        contractor("b"),
        types={"long": {}, "short": {}, "other": {}},
    )
    _, script = play(scenario)
    assert sorted(script.offered) == [(0, ["a", "b"]), (1, ["b"]), (2, ["a", "b"])]
