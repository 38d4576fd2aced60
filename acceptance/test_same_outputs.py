"""The command that compares two checkouts: what is the same to it, and what it says of what is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.cli.calling import ROOT
from verification.same_outputs import main


def compared(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def lines_of(result: Result) -> dict[str, str]:
    """The table by its first column; the line of counts is left out."""
    told: dict[str, str] = {}
    for line in result.output.splitlines()[:-1]:
        name, words = line.split("  ", 1)
        told[name] = "\n".join(filter(None, (told.get(name), words.strip())))
    return told


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A copy of this checkout in which messages to a contractor cost a tenth of a cent more."""
    for folder in ("coalesce_sim", "scenarios"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    profile = tmp_path / "scenarios" / "profiles" / "published.yaml"
    text = profile.read_text(encoding="utf-8")
    assert "communication_fixed_usd: 0.50" in text
    profile.write_text(text.replace("communication_fixed_usd: 0.50", "communication_fixed_usd: 0.501"))
    return tmp_path


def test_what_differs_is_named_with_scenario_policy_output_and_way_of_playing(other: Path) -> None:
    market, published = "experiments_exploration_market", "real_llm_35"
    result = compared(
        ROOT, other, "--only", market, "--only", published, "--only", "azure_code", "--data", other
    )
    assert result.exit_code == 1, result.output
    lines = lines_of(result)
    assert lines[market].startswith("equal")
    assert lines[published].startswith("DIFFERS")
    assert "decisions" in lines[published]
    assert "summary" in lines[published]
    assert "contracts" not in lines[published]  # there are none
    assert "[simpy, jobs 1; simpy, jobs 2; compiled, jobs 1; compiled, jobs 2]" in lines[published]
    assert lines["azure_code"].startswith("skipped  AzureLLMInferenceTrace_code.csv")
    assert "1 equal, 1 different, 1 skipped" in result.output


def test_a_checkout_is_equal_to_itself(tmp_path: Path) -> None:
    result = compared(ROOT, ROOT, "--only", "experiments_exploration", "--only", "sweep", "--data", tmp_path)
    assert result.exit_code == 0, result.output
    assert lines_of(result) == {"experiments_exploration": "equal", "sweep": "equal"}


def test_what_is_no_checkout_and_no_line_is_refused(tmp_path: Path) -> None:
    for wrong in ((ROOT, tmp_path), (ROOT, tmp_path / "none"), (ROOT, ROOT, "--only", "dur_99")):
        result = compared(*wrong)
        assert result.exit_code == 2, result.output
        assert str(wrong[-1]) in result.output
