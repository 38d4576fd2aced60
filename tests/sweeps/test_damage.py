from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random

import pyarrow as pa
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


OTHERS: dict[str, dict[str, object]] = {"seed": {"seed": 2}, "settings": {"set": {"clock.days": 0.2}}}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of the same sweep, of one with another seed and of one with other settings."""
    folder = tmp_path_factory.mktemp("made")
    for name, changes in {"mine": {}, **OTHERS}.items():
        finished(folder / name, **changes)
    return folder


@pytest.fixture
def mine(made: Path, tmp_path: Path) -> Path:
    """A finished sweep, to be damaged."""
    return Path(shutil.copytree(made / "mine", tmp_path / "mine"))


def shard_of(folder: Path) -> Path:
    (shard,) = (folder / "shards-1").glob("*.parquet")
    return shard


def rewritten(path: Path, **changes: object) -> None:
    """Facts changed by somebody who knows how to seal them again."""
    facts, _ = read_sealed(path)
    path.write_text(sealed_text(facts | changes))


def test_no_flipped_bit_passes_unseen(mine: Path):
    digest, random = open_results(mine).digest, Random(3)
    names = ["sweep.json", "outcome.json", *DERIVED, f"shards-1/{shard_of(mine).name}"]
    assert {str(path.relative_to(mine)) for path in mine.rglob("[!.]*") if path.is_file()} == {*names}
    assert told_on_opening(mine, digest) == ""
    for name in names:
        for _ in range(3):
            undo = flip(mine / name, random)
            assert name in told_on_opening(mine, digest)
            undo()
    assert told_on_opening(mine, digest) == ""


@pytest.mark.parametrize("name", ["runs.parquet", "failures.csv", "outcome.json"])
def test_what_was_made_of_rows_is_made_again_with_a_word(mine: Path, name: str):
    before = (mine / name).read_bytes()
    flip(mine / name, Random(1))
    with pytest.warns(ResultsWarning, match=rf"{name}: was damaged and is made again"):
        perform(planned(), Playing(mine))
    open_results(mine)
    if name in DERIVED:
        assert (mine / name).read_bytes() == before
        (mine / name).unlink()
        with pytest.warns(ResultsWarning, match=rf"{name}: was missing and is made again"):
            perform(planned(), Playing(mine))
        assert (mine / name).read_bytes() == before


@pytest.mark.parametrize("other", OTHERS)
def test_rows_of_another_sweep_are_refused_by_the_name_of_their_file(made: Path, mine: Path, other: str):
    shard = shard_of(made / other)
    strange = Path(shutil.copy(shard, mine / "shards-1"))
    with pytest.raises(ResultsError, match=rf"{shard.name}: holds rows of another sweep .*; move it away"):
        open_results(mine)
    with pytest.raises(ResultsError, match=shard.name):
        perform(planned(), Playing(mine))
    strange.unlink()
    open_results(mine)


def test_a_shard_that_was_lost_is_told_until_its_runs_are_played_again(mine: Path):
    shard_of(mine).unlink()
    with pytest.raises(ResultsError, match=r"outcome\.json: the digest of the results was .* lost, added or"):
        open_results(mine)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"shards": "../other"}, r"sweep\.json: shards: must match the pattern .* \(got '\.\./other'\)"),
        ({"shards": "/tmp"}, r"sweep\.json: shards: "),
        ({"seed": "1"}, r"sweep\.json: seed: .*\(got '1'\)"),
        ({"format": 0}, r"sweep\.json: format: "),
        ({"provenance": {"coalesce_sim": "0.1"}}, r"sweep\.json: provenance\.command: "),
        ({"more": 1}, r"sweep\.json: more: "),
        ({"asked": None}, r"sweep\.json: asked: must be a mapping \(got null\)"),
    ],
)
def test_what_a_folder_says_of_its_sweep_is_checked(mine: Path, changes: dict[str, object], told: str):
    rewritten(mine / "sweep.json", **changes)
    with pytest.raises(ResultsError, match=told):
        open_results(mine)
    with pytest.raises(ResultsError, match=told), Store(mine):
        pass


def test_a_sweep_that_is_none_is_told_in_words_of_the_project(mine: Path):
    rewritten(mine / "sweep.json", specification={"name": "x"})
    with pytest.raises(ResultsError, match=r"sweep\.json: specification: factors: missing"):
        open_results(mine)


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


def test_a_folder_of_version_0_3_opens_with_a_line_that_says_it_is_unchecked(mine: Path):
    digest = open_results(mine).digest
    old = as_by_version_0_3(mine)
    with pytest.warns(ResultsWarning, match=r"without digests: its files are not checked") as told:
        assert open_results(old).digest == digest
    assert len(told) == 1


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("seed", r"holds rows of another seed \(2, not 1\)"),
        ("settings", "holds rows of another scenario at point 0"),
    ],
)
@pytest.mark.filterwarnings("ignore::coalesce_sim.ResultsWarning")
def test_not_even_there_are_rows_of_another_seed_or_scenario_taken(
    made: Path, mine: Path, other: str, told: str
):
    shutil.copy(shard_of(made / other), as_by_version_0_3(mine) / "shards-1" / "zzz.parquet")
    with pytest.raises(ResultsError, match=rf"zzz\.parquet: {told}"):
        open_results(mine)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"point": pa.array([0])}, "has no column 'replication'"),
        ({"point": pa.array(["0"])}, "holds string in column 'point', not int64"),
        ({"wall_s": pa.array([1])}, "holds int64 in column 'wall_s', not double"),
        ({"mine": pa.array(["a"])}, "holds string in column 'mine', not double"),
    ],
)
@pytest.mark.filterwarnings("ignore::coalesce_sim.ResultsWarning")
def test_not_even_there_are_tables_of_something_else_taken_for_rows(
    mine: Path, columns: dict[str, pa.Array], told: str
):
    old = as_by_version_0_3(mine)
    if "has no" in told:
        other = pa.table(columns)
    else:
        rows = pq.read_table(old / "shards-1" / "0123456789abcdef.parquet").slice(0, 1)
        kept = rows.drop_columns([name for name in columns if name in rows.column_names])
        other = pa.table({**{name: kept[name] for name in kept.column_names}, **columns})
    pq.write_table(other, old / "shards-1" / "zzz.parquet")
    with pytest.raises(ResultsError, match=rf"zzz\.parquet: {told}; move it away"):
        open_results(mine)


@pytest.mark.filterwarnings("ignore::coalesce_sim.ResultsWarning")
def test_a_column_is_there_once(mine: Path):
    path = as_by_version_0_3(mine) / "shards-1" / "0123456789abcdef.parquet"
    rows = pq.read_table(path)
    pq.write_table(rows.append_column("point", rows["point"]), path)
    with pytest.raises(ResultsError, match="has several columns 'point'"):
        open_results(mine)
