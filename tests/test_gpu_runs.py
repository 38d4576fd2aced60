"""The prepared measurement on a GPU: its plan and what it says without one. Nothing is measured here."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.gpu_runs import Run, main, plan


@pytest.mark.parametrize("dry", [False, True])
def test_sixty_runs_of_four_sizes_and_three_batches_half_of_them_held_out(dry: bool) -> None:
    runs = plan(dry=dry)
    assert Counter(run.half for run in runs) == {"fit": 30, "held_out": 30}
    assert set(Counter((run.size, run.batch) for run in runs).values()) == {5}
    assert len({run.size for run in runs}) == 4
    assert len({run.batch for run in runs}) == 3
    assert runs == plan(dry=dry)


def test_flop_are_two_a_weight_and_token_and_those_of_attention() -> None:
    run = Run("fit", "one", layers=1, width=10, batch=3, vocabulary=7, prompt_tokens=2, output_tokens=1)
    weights, logits = 12 * 10 * 10, 7 * 10
    assert run.params == weights + 2 * logits
    assert run.read_flop == 3 * (2 * weights * 2 + 2 * logits + 4 * 10 * (1 + 2))
    assert run.write_flop == 3 * (2 * (weights + logits) + 4 * 10 * 3)


def test_without_torch_it_says_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["--out", str(tmp_path / "runs.csv"), "--dry"]) == 2
    assert capsys.readouterr().err.startswith("needs torch")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = tmp_path / "runs.csv"
    there.write_text("mine")
    assert main(["--out", str(there)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert there.read_text() == "mine"
