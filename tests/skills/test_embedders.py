"""Texts and vectors: near by cosine, the same in every process, read from files, or refused by name."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import coalesce_sim
from coalesce_sim import ScenarioError
from coalesce_sim.experiments.diagnosis.warnings import notes_of
from coalesce_sim.loading import data_digests
from coalesce_sim.skills.embedders import Hashing, TfIdf, nearness
from coalesce_sim.sweeps.request import Request
from coalesce_sim.sweeps.running import prepare
from tests.market.trading import contractor, market

TEXTS = ("Mends Python code", "Mends code in PYTHON, and tests it", "Law of contracts")


def texts(embedder: dict[str, Any], *offered: str, asked: str = TEXTS[0]) -> dict[str, Any]:
    """A market in which only texts count."""
    pool = [contractor(f"c{k}", text=each) for k, each in enumerate(offered)]
    skills = {"threshold": 0.5, "ontological_weight": 0, "embedding_weight": 1, "performance_weight": 0}
    types = {"job": {"text": asked}}
    return market([0], *pool, types=types, skills=skills | {"embedder": embedder})


def embedding(fields: dict[str, Any]) -> list[float]:
    row: list[float] = coalesce_sim.stage(coalesce_sim.load(fields)).market.skills.embedding[0].tolist()
    return row


@pytest.mark.parametrize("kind", ["hashing", "tfidf"])
def test_who_says_the_same_is_nearer_than_who_says_another_thing(kind: str) -> None:
    same, like, other = embedding(texts({"kind": kind}, *TEXTS))
    assert same == pytest.approx(1)
    assert same > like > other
    assert other == pytest.approx(0.5, abs=0.1)


def test_tf_idf_is_what_the_formula_says() -> None:
    # "a" is in both texts, "b" and "c" in one each; ln(3/2) + 1 is the weight of a word in one of two.
    rare = math.log(3 / 2) + 1
    expected = (1 + 2 / math.sqrt((4 + rare**2) * (1 + rare**2))) / 2
    vectors = TfIdf(1).embed(["A a b", "a, c"])
    assert nearness(vectors[:1], vectors[1:])[0, 0] == pytest.approx(expected)


def test_hashes_are_the_same_in_every_process() -> None:
    # Of one letter there are two features: the word, and the word between its ends.
    expected = np.zeros(256)
    for feature in ("w a", "c <a>"):
        number = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "little")
        expected[number % 256] += 1 if number >= 2**63 else -1
    assert Hashing().embed(["A", "ａ."]).tolist() == [expected.tolist()] * 2


def test_silence_is_refused_by_name_with_all_who_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("extends: market\nskills: {embedder: {kind: tfidf}}\n")
    with pytest.raises(ScenarioError) as refused:
        coalesce_sim.load(tmp_path / "own.yaml")
    told = str(refused.value)
    assert "workload.types.coding.text: missing, but skills.embedder is tfidf" in told
    assert "contractors.types.specialist.text: missing" in told
    assert len(refused.value.problems) == 7
    with pytest.raises(ScenarioError, match=r"contractors\[1\]\.text: missing, but skills.embedder"):
        coalesce_sim.load(texts({"kind": "hashing"}, "something", "  "))
    with pytest.raises(ScenarioError, match="the vector that Hashing gives for the contractor 'c0' is all 0"):
        coalesce_sim.load(texts({"kind": "hashing"}, "…"))


def test_texts_that_nobody_reads_are_told() -> None:
    told = "\n".join(notes_of(coalesce_sim.load(texts({"kind": "table"}, *TEXTS))))
    assert "contractors[*].text" in told
    assert "workload.types.*.text" in told
    unread = texts({"kind": "hashing"}, *TEXTS)
    unread["skills"] |= {"embedding_weight": 0, "performance_weight": 1}
    assert "skills.embedder (skills.embedding_weight is 0)" in "\n".join(notes_of(coalesce_sim.load(unread)))


GOOD: dict[str, Any] = {
    "task_names": ["job"],
    "task_vectors": [[1.0, 0.0]],
    "contractor_names": ["c0", "c1", "c2"],
    "contractor_vectors": [[2.0, 0.0], [0.0, 1.0], [-3.0, 0.0]],
}


def written(path: Path, **changes: Any) -> dict[str, Any]:
    """A scenario with a file of vectors."""
    arrays = {name: np.array(value) for name, value in (GOOD | changes).items() if value is not None}
    if path.suffix == ".npz":
        np.savez(path, **arrays)  # type: ignore[arg-type]
    else:
        rows = [
            {"side": side, "name": name, "vector": vector}
            for side in ("task", "contractor")
            for name, vector in zip(arrays[f"{side}_names"], arrays[f"{side}_vectors"].tolist(), strict=True)
        ]
        pq.write_table(pa.Table.from_pylist(rows), path)
    return texts({"kind": "vectors", "path": str(path)}, "", "", "", asked="")


@pytest.mark.parametrize("name", ["v.npz", "v.parquet"])
def test_vectors_of_ones_own_count_by_their_direction(tmp_path: Path, name: str) -> None:
    assert embedding(written(tmp_path / name)) == [1.0, 0.5, 0.0]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"task_names": ["other"]}, "skills.embedder.path: .*v.npz lacks the task type 'job'"),
        ({"contractor_names": ["c0", "c1", "x"]}, "lacks the contractor 'c2'"),
        ({"task_vectors": [[1.0, math.nan]]}, "v.npz: task job: must be finite .got nan"),
        ({"task_vectors": [[0.0, 0.0]]}, "task job: must not be all 0"),
        (
            {"task_vectors": [[1.0, 0.0, 0.0]]},
            "contractor: must have the 3 dimensions of the task types'",
        ),
        ({"contractor_names": ["c0", "c1", "c1"]}, "contractor c1: stated twice"),
        ({"contractor_vectors": [[1.0, 0.0]]}, "contractor vectors: must be 3 vectors of numbers"),
        ({"task_vectors": None}, "lacks the arrays task_vectors"),
        ({"task_names": [7]}, "task names: must be a list of texts"),
    ],
)
def test_vectors_that_cannot_be_used_are_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        coalesce_sim.load(written(tmp_path / "v.npz", **changes))


def test_files_that_hold_no_vectors_are_refused(tmp_path: Path) -> None:
    for name in ("v.npz", "v.parquet"):
        (tmp_path / name).write_bytes(b"not at all")
        with pytest.raises(ScenarioError, match=f"{name}: cannot be used as"):
            coalesce_sim.load(texts({"kind": "vectors", "path": str(tmp_path / name)}, ""))
    with pytest.raises(ScenarioError, match=r"must be a \.npz or \.parquet file"):
        coalesce_sim.load(texts({"kind": "vectors", "path": "v.csv"}, ""))


def test_the_bytes_of_files_belong_to_what_is_played(tmp_path: Path) -> None:
    fields = written(tmp_path / "v.npz")
    tree = tmp_path / "tree.yaml"
    tree.write_text("code: {}\n")
    fields["skills"] |= {"ontology": {"path": str(tree)}}
    assert set(data_digests(coalesce_sim.load(fields))) == {str(tmp_path / "v.npz"), str(tree)}
    sweep = {"name": "s", "base": fields, "factors": {"skills.threshold": [0.5]}}
    key = prepare(Request(sweep)).point(0).key
    tree.write_text("code: {}\npython: {}\n")
    assert prepare(Request(sweep)).point(0).key != key


OWN = """\
from coalesce_sim import Embedder
class Lengths(Embedder):
    def __init__(self, power=1):
        self.power = power
    def embed(self, texts):
        return [[1.0, (-1) ** len(text) * self.power] for text in texts]
class Silent(Embedder):
    def embed(self, texts):
        return [[0.0] for text in texts]
class Short(Embedder):
    def embed(self, texts):
        return []
class Failing(Embedder):
    def embed(self, texts):
        return 1 / 0
class Empty(Embedder):
    pass
class Stranger:
    pass
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "own_embedder_of_a_test.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    return "own_embedder_of_a_test"


def test_a_class_of_ones_own_embeds_with_its_parameters(own: str) -> None:
    assert embedding(texts({"class": f"{own}:Lengths"}, "ab", "abc", asked="xy")) == pytest.approx([1.0, 0.5])
    steep = embedding(texts({"class": f"{own}:Lengths", "power": 3}, "ab", "abc", asked="xy"))
    assert steep == pytest.approx([1.0, (1 - 0.8) / 2])


@pytest.mark.parametrize(
    ("embedder", "told"),
    [
        ({"class": "OWN:Nowhere"}, "skills.embedder.class: cannot import"),
        ({"class": "OWN:Stranger"}, "must be a subclass of coalesce_sim.Embedder"),
        ({"class": "OWN:Empty"}, "does not define embed"),
        ({"class": "OWN:Lengths", "force": 3}, "does not take these parameters"),
        (
            {"class": "OWN:Silent"},
            "the vector that Silent gives for the task type 'job' is all 0",
        ),
        (
            {"class": "OWN:Failing"},
            "Failing.embed raised ZeroDivisionError: division by zero",
        ),
        ({"class": "OWN:Short"}, "Short.embed: must return 3 vectors of numbers, one a text .got \\[\\]"),
    ],
)
def test_what_is_wrong_with_a_class_of_ones_own_is_told(
    own: str, embedder: dict[str, Any], told: str
) -> None:
    with pytest.raises(ScenarioError, match=told):
        coalesce_sim.load(texts(embedder | {"class": embedder["class"].replace("OWN", own)}, "ab", "abc"))


def test_the_code_of_an_embedder_is_part_of_what_a_sweep_asks(own: str, tmp_path: Path) -> None:
    fields = texts({"class": f"{own}:Lengths"}, "ab", "abc")
    plan = prepare(Request({"name": "s", "base": fields, "factors": {"skills.threshold": [0.5]}}))
    plan.check()
    digest = hashlib.sha256((tmp_path / f"{own}.py").read_bytes()).hexdigest()
    assert f"{own}.py: {digest}" in plan.asked()["files"]


def test_drawn_contractors_are_known_by_their_types_and_composite_tasks_need_no_text() -> None:
    kinds = {
        name: {"share": 1, "reliability": 1, "text": text} for name, text in zip("xyz", TEXTS, strict=True)
    }
    fields = texts({"kind": "hashing"}, asked=TEXTS[0])
    fields["contractors"] = {"count": 12, "types": kinds}
    fields["workload"]["types"]["whole"] = {"max_latency_min": 5, "steps": {"one": {"type": "job"}}}
    fields["discovery"] = {"kind": "registry", "k": 3}
    staged = coalesce_sim.stage(coalesce_sim.load(fields))
    row, types = staged.market.skills.embedding[0], staged.market.pool.types
    assert {kind: row[k] for k, kind in enumerate(types)}["x"] == pytest.approx(1)
    assert len(set(row.tolist())) == len(set(types))
    staged.play()
