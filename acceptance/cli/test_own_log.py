"""A log of one's own on a bundled market: `run` says what it contradicts, and the doctor says the same."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from tests.cli.calling import Call

SCENARIO = """\
extends: azure_code_like
title: A day's log of a gateway
replications: 1
clock: {days: 0.02}
workload:
  arrivals:
    kind: csv
    path: log.csv
    columns: {arrival_s: time, prompt_tokens: prompt, output_tokens: answer}
    type: code_completion
"""
OWN = """\
extends: market
title: Everything at home
clock: {days: 0.003}
policy: {kind: always_local}
cost_model: {external: {critical_factor: 3}}
"""
TOLD = (
    "warning: workload.attributes.expected_output_tokens is 28 (azure_code.yaml:",
    "warning: workload.types.code_completion.max_latency_min (azure_code.yaml:",
    "note: clock.start is 2023-11-16T18:17:03 (azure_code.yaml:",
    "note: inherited, and may decide what is outsourced: ",
)
GROWS = "warning: the queue at home grows to the end of the run: about 200 % of what can be done comes"


@pytest.fixture(autouse=True)
def _log(tmp_path: Path) -> None:
    """Two cards that take 4 s for 512 tokens, and a request every second."""
    rows = (f"2026-03-02T09:{each // 60:02}:{each % 60:02},0,512" for each in range(600))
    (tmp_path / "log.csv").write_text("\n".join(["time,prompt,answer", *rows]))
    (tmp_path / "mine.yaml").write_text(SCENARIO)


def test_what_the_log_contradicts_is_told_in_one_line_each(call: Call) -> None:
    called = call("run", "mine.yaml")
    for line in TOLD:
        assert sum(each.startswith(line) for each in called.err.splitlines()) == 1, called.err
    assert "policy.kind=cheapest" in called.err


def test_a_queue_that_grows_is_told_when_it_was_played(call: Call) -> None:
    called = call("run", "mine.yaml", "--set", "policy.kind=always_local")
    assert any(each.startswith(GROWS) for each in called.err.splitlines()), called.err


def test_compare_sweep_and_their_reports_tell_where_queues_grow(call: Call) -> None:
    compared = call("compare", "mine.yaml", "--policies", "always_local,cheapest", "--out", "c")
    line = (
        "queues grow to the end of the run with 1 of 5 policies (clients.slots); mean wait of the last tenth"
    )
    assert f"warning: {line}" in " ".join(compared.err.split())
    written = json.loads(Path("c/comparison.json").read_text())["observed"]
    assert [list(each["evidence"]) for each in written] == [["always_local"]]
    varied = ("--vary", "policy.kind=always_local", "--vary", "clients.slots=2,unlimited")
    swept = call("sweep", "mine.yaml", *varied, "--out", "s")
    line = "Queues grow to the end of the run at 1 of 2 design points (clients.slots)"
    assert line in " ".join(swept.out.split())
    for folder in ("c", "s"):
        call("report", folder)
        assert (
            Path(folder, "report.html").read_text().count("Warning: queues grow to the end of the run") == 1
        )


def test_sensitivity_and_optimize_tell_where_queues_grow(call: Call) -> None:
    slots, home = "clients.slots=2,4,100", ("--set", "policy.kind=always_local")
    study = ("--vary", slots, *home, "--method", "morris", "--samples", "2", "--metric", "late_rate")
    studied = call("sensitivity", "mine.yaml", *study, "--replications", "1", "--yes", "--out", "k")
    assert "Queues grow to the end of the run at" in " ".join(studied.out.split())
    assert json.loads(Path("k/sensitivity.json").read_text())["observed"]
    search = ("--over", slots, *home, "--trials", "8", "--replications", "1")
    found = call("optimize", "mine.yaml", "--minimize", "late_rate", *search, "--validate-replications", "2")
    told = " ".join(found.err.split())
    assert "warning: queues grow to the end of the run at 1 of 3 settings that were tried (" in told
    assert "warning: queues grow to the end of the run at 1 of 2 validated settings (clients.slots)" in told
    written = json.loads(Path("results/mine-optimize/optimisation.json").read_text())["observed"]
    assert [list(each["evidence"]) for each in written] == [["clients.slots = 2"], ["own settings"]]


def test_reports_say_of_a_scenario_what_the_commands_said_that_played_it(call: Call) -> None:
    Path("own.yaml").write_text(OWN)
    said = call("validate", "own.yaml").err.splitlines()
    notes = [each.removeprefix("note: ") for each in said if each.startswith("note: ")]
    own, inherited = notes
    assert own.startswith("without effect here: cost_model.external.critical_factor (")
    assert ";" not in own
    assert inherited.startswith("inherited, and may decide what is outsourced: ")
    varied = ("--vary", "clients.slots=8,9")
    for command, more in (("run", ()), ("compare", ("--policies", "cheapest")), ("sweep", varied)):
        call(command, "own.yaml", *more, "--replications", "1", "--out", command)
        call("report", command)
        page = html.unescape(Path(command, "report.html").read_text())
        assert re.findall(r"Note on [\w.]+: ([^<]*)\.\s*<", page) == notes


def test_settings_that_agree_with_the_log_are_played_without_a_word(call: Call) -> None:
    agreed = ["workload.attributes.expected_output_tokens=512", "workload.arrivals.start=log"]
    agreed += ["workload.types.code_completion.max_latency_min=1", "clients.slots=8"]
    called = call("run", "mine.yaml", *(word for each in agreed for word in ("--set", each)))
    told = [each for each in called.err.splitlines() if not each.startswith("note: without effect here")]
    assert [each.partition(":")[2][:10] for each in told] == [" inherited"]


def test_the_doctor_has_the_same_list(call: Call) -> None:
    called = call("doctor", "mine.yaml", "--json", "--replications", "1", "--set", "policy.kind=always_local")
    told = json.loads(called.out)
    codes = [each["code"] for each in told["findings"]]
    assert {"expected_tokens", "target_out_of_reach", "queue_grows_home", "clock"} <= set(codes)
    assert any(each.startswith("inherited, and may decide") for each in told["notes"])
