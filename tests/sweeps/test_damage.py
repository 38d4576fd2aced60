from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest

from coalesce_sim.errors import ResultsWarning
from coalesce_sim.files import ResultsError, read_sealed, sealed_text
from coalesce_sim.sweeps.request import Playing
from coalesce_sim.sweeps.results import open_results
from coalesce_sim.sweeps.running import perform
from coalesce_sim.sweeps.store import Store
from tests.sweeps.damage import finished, flip, told_on_opening
from tests.sweeps.small import planned

DERIVED = ("runs.parquet", "points.csv", "failures.csv")


def shard_of(folder: Path) -> Path:
    (shard,) = (folder / "shards-1").glob("*.parquet")
    return shard


def rewritten(path: Path, **changes: object) -> None:
    """Facts changed by somebody who knows how to seal them again."""
    facts, _ = read_sealed(path)
    path.write_text(sealed_text(facts | changes))


def test_no_flipped_bit_passes_unseen(tmp_path: Path):
    digest, random = finished(tmp_path).digest, Random(3)
    names = ["sweep.json", "outcome.json", *DERIVED, f"shards-1/{shard_of(tmp_path).name}"]
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("[!.]*") if path.is_file()} == {*names}
    assert told_on_opening(tmp_path, digest) == ""
    for name in names:
        for _ in range(4):
            undo = flip(tmp_path / name, random)
            assert name in told_on_opening(tmp_path, digest)
            undo()
    assert told_on_opening(tmp_path, digest) == ""


@pytest.mark.parametrize("name", ["runs.parquet", "failures.csv", "outcome.json"])
def test_what_was_made_of_rows_is_made_again_with_a_word(tmp_path: Path, name: str):
    finished(tmp_path)
    before = (tmp_path / name).read_bytes()
    flip(tmp_path / name, Random(1))
    with pytest.warns(ResultsWarning, match=rf"{name}: was damaged and is made again"):
        perform(planned(), Playing(tmp_path))
    open_results(tmp_path)
    if name in DERIVED:
        assert (tmp_path / name).read_bytes() == before
        (tmp_path / name).unlink()
        with pytest.warns(ResultsWarning, match=rf"{name}: was missing and is made again"):
            perform(planned(), Playing(tmp_path))
        assert (tmp_path / name).read_bytes() == before


def test_rows_of_another_sweep_are_refused_by_the_name_of_their_file(tmp_path: Path):
    finished(tmp_path / "mine")
    for name, changes in (("seed", {"seed": 2}), ("settings", {"set": {"clock.days": 0.2}})):
        finished(tmp_path / name, **changes)
        shard = shard_of(tmp_path / name)
        strange = shutil.copy(shard, tmp_path / "mine" / "shards-1")
        with pytest.raises(ResultsError, match=rf"{shard.name}: holds rows of another sweep .*; move"):
            open_results(tmp_path / "mine")
        with pytest.raises(ResultsError, match=shard.name):
            perform(planned(), Playing(tmp_path / "mine"))
        Path(strange).unlink()
    open_results(tmp_path / "mine")


def test_a_shard_that_was_lost_is_told_until_its_runs_are_played_again(tmp_path: Path):
    finished(tmp_path)
    shard_of(tmp_path).unlink()
    with pytest.raises(ResultsError, match=r"outcome\.json: the digest of the results was .* lost, added or"):
        open_results(tmp_path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"shards": "../other"}, r"sweep\.json: shards: String should match .*\(got '\.\./other'\)"),
        ({"shards": "/tmp"}, r"sweep\.json: shards: "),
        ({"seed": "1"}, r"sweep\.json: seed: .*\(got '1'\)"),
        ({"format": 0}, r"sweep\.json: format: "),
        ({"provenance": {"coalesce_sim": "0.1"}}, r"sweep\.json: provenance\.command: "),
        ({"more": 1}, r"sweep\.json: more: "),
        ({"asked": None}, r"sweep\.json: asked: "),
    ],
)
def test_what_a_folder_says_of_its_sweep_is_checked(tmp_path: Path, changes: dict[str, object], told: str):
    finished(tmp_path)
    rewritten(tmp_path / "sweep.json", **changes)
    with pytest.raises(ResultsError, match=told):
        open_results(tmp_path)
    with pytest.raises(ResultsError, match=told), Store(tmp_path):
        pass


def as_by_version_0_3(folder: Path) -> Path:
    """The folder as version 0.3 would have left it: without digests, its shards named by chance."""
    facts, _ = read_sealed(folder / "sweep.json")
    (folder / "sweep.json").write_text(json.dumps(facts | {"format": 1}))
    outcome, _ = read_sealed(folder / "outcome.json")
    del outcome["files"]
    (folder / "outcome.json").write_text(json.dumps(outcome))
    rows = pq.read_table(shard_of(folder)).replace_schema_metadata(None)
    shard_of(folder).unlink()
    pq.write_table(rows, folder / "shards-1" / "0123456789abcdef.parquet")
    return folder


def test_a_folder_of_version_0_3_opens_with_a_line_that_says_it_is_unchecked(tmp_path: Path):
    digest = finished(tmp_path / "mine").digest
    old = as_by_version_0_3(tmp_path / "mine")
    with pytest.warns(ResultsWarning, match=r"without digests: its files are not checked") as told:
        assert open_results(old).digest == digest
    assert len(told) == 1


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"seed": 2}, r"holds rows of another seed \(2, not 1\)"),
        ({"set": {"clock.days": 0.2}}, "holds rows of another scenario at point 0"),
    ],
)
@pytest.mark.filterwarnings("ignore::coalesce_sim.ResultsWarning")
def test_not_even_there_are_rows_of_another_seed_or_scenario_taken(
    tmp_path: Path, other: dict[str, object], told: str
):
    finished(tmp_path / "mine")
    finished(tmp_path / "other", **other)
    old, strange = as_by_version_0_3(tmp_path / "mine"), as_by_version_0_3(tmp_path / "other")
    shutil.copy(shard_of(strange), old / "shards-1" / "zzz.parquet")
    with pytest.raises(ResultsError, match=rf"zzz\.parquet: {told}"):
        open_results(old)
