"""What commands say of adversaries that are wrong, or go wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.calling import Call

WRONG = """\
extends: market_viable
adversaries:
  - {kind: lowball, who: {share: 0.1}}
  - kind: on_off
    cheat_above: 0.5
    who: {share: 0.1}
"""
MISSING = """\
extends: market_viable
adversaries:
  - {class: 'no_such_module:It', who: {share: 0.1}}
"""
FAILS = """\
from coalesce_sim import Adversary


class Fails(Adversary):
    def bill_usd(self, sight, who, due_usd, honest_usd):
        return self.no_such_thing
"""


def test_places_have_file_and_line(call: Call) -> None:
    Path("cheats.yaml").write_text(WRONG)
    told = call("validate", "cheats.yaml")
    assert told.code == 2
    said = "cheats.yaml:4: adversaries[1].behave_below: must be at most cheat_above, 0.5 (got 0.7)"
    assert said in told.err


def test_code_is_imported_where_that_is_asked_for(call: Call) -> None:
    Path("own.yaml").write_text(MISSING)
    told = call("validate", "own.yaml")
    assert told.code == 0
    assert "not imported, and so not checked: no_such_module:It" in told.err
    told = call("validate", "--import", "own.yaml")
    assert told.code == 2
    assert "own.yaml:3: adversaries[0].class: cannot import (got 'no_such_module:It')" in told.err


@pytest.mark.parametrize("command", ["run", "compare", "explain", "doctor"])
def test_what_a_strategy_raises_ends_a_command_with_its_traceback(command: str, call: Call) -> None:
    name = f"failing_{command}"
    Path(f"{name}.py").write_text(FAILS)
    chosen = f"adversaries=[{{class: '{name}:Fails', who: {{share: 1}}}}]"
    few = ["market_viable", "--set", chosen, "--set", "workload.arrivals.limit=30"]
    few += ["--set", "policy={kind: always_outsource}"]
    more = {
        "run": ["--replications", "1"],
        "compare": ["--policies", "always_outsource", "--replications", "2"],
        "explain": ["--task", "29"],
        "doctor": ["--replications", "1"],
    }
    told = call(command, *few, *more[command])
    assert told.code == 1, told
    assert f"adversaries[0]: {name}:Fails: bill_usd raised AttributeError" in told.err
    assert f'{name}.py", line 6, in bill_usd' in told.err
    assert "Traceback" not in told.err


def test_a_sweep_goes_on_and_tells_which_runs_failed(call: Call) -> None:
    Path("failing_sweep.py").write_text(FAILS)
    chosen = "adversaries=[{class: 'failing_sweep:Fails', who: {share: 1}}]"
    few = ["--set", chosen, "--set", "workload.arrivals.limit=30", "--set", "policy={kind: always_outsource}"]
    told = call(
        "sweep", "market_viable", *few, "--vary", "clock.days=1,2", "--replications", "1", "--out", "s"
    )
    assert told.code == 1
    failures = Path("s", "failures.csv").read_text()
    raised = "AdversaryError: adversaries[0]: failing_sweep:Fails: bill_usd raised AttributeError"
    assert [line.count(raised) for line in failures.splitlines()[1:] if line[:2] in ("0,", "1,")] == [1, 1]
