"""Trees of skills: similarities worked by hand, files of both kinds, and what is refused in them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import coalesce_sim
from coalesce_sim import ScenarioError
from coalesce_sim.experiments.diagnosis.warnings import notes_of
from coalesce_sim.scenario.skills import Ontology
from coalesce_sim.skills.ontology import SkillTree
from tests.market.trading import contractor, market

YAML = """\
any: {}
code: {parent: any, synonyms: [programming, software]}
python:
  parent: code
  synonyms: py
java: {parent: code}
data: {parent: any}
law:
"""
CSV = """\
skill,parent,synonyms
any,,
code,any,programming|software
python,code,py
java,code,
data,any,
law,,
"""
WEIGHTS = {"threshold": 0.5, "ontological_weight": 1, "embedding_weight": 0, "performance_weight": 0}


def scenario(tree: Path, required: list[str], *offered: list[str], **ontology: str) -> coalesce_sim.Scenario:
    """A market in which only skills count."""
    pool = [contractor(f"c{k}", skills=each) for k, each in enumerate(offered)]
    skills = WEIGHTS | {"ontology": {"path": str(tree)} | ontology}
    return coalesce_sim.load(market([0], *pool, types={"job": {"skills": required}}, skills=skills))


def ontological(loaded: coalesce_sim.Scenario) -> list[float]:
    row: list[float] = coalesce_sim.stage(loaded).market.skills.ontological[0].tolist()
    return row


@pytest.mark.parametrize(
    ("measure", "siblings", "cousins", "parent"),
    [
        # python and java share code, at depth 2 of 3; python and data share any, at depth 1.
        ("wu_palmer", 2 * 2 / (3 + 3), 2 * 1 / (3 + 2), 2 * 2 / (3 + 2)),
        ("path", 1 / 3, 1 / 4, 1 / 2),
        # 3 of the 6 skills are code or below it, 5 are any or below it.
        (
            "resnik",
            1 - math.log(3) / math.log(6),
            1 - math.log(5) / math.log(6),
            1 - math.log(3) / math.log(6),
        ),
    ],
)
def test_similarities_are_those_worked_by_hand(
    tmp_path: Path, measure: str, siblings: float, cousins: float, parent: float
) -> None:
    (tmp_path / "tree.yaml").write_text(YAML)
    offered = [["java"], ["data"], ["programming"], ["py"], ["law"], ["data", "java"], []]
    found = ontological(scenario(tmp_path / "tree.yaml", ["python"], *offered, similarity=measure))
    assert found == pytest.approx([siblings, cousins, parent, 1.0, 0.0, max(siblings, cousins), 0.0])


def test_what_is_asked_for_counts_once_and_what_else_is_offered_does_not(tmp_path: Path) -> None:
    (tmp_path / "tree.csv").write_text(CSV)
    found = ontological(
        scenario(tmp_path / "tree.csv", ["python", "law"], ["python"], ["python", "data", "law"])
    )
    assert found == [0.5, 1.0]
    assert ontological(scenario(tmp_path / "tree.csv", [], ["law"])) == [1.0]


def test_both_kinds_of_file_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "tree.yaml").write_text(YAML)
    (tmp_path / "tree.csv").write_text(CSV)
    of_both = [
        ontological(scenario(tmp_path / name, ["python", "data"], ["software"], ["java", "any"]))
        for name in ("tree.yaml", "tree.csv")
    ]
    assert of_both[0] == of_both[1]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("t.yaml", "a: {parent: b}\nb: {parent: a}\n", ":1: a: goes round in a circle: a -> b -> a"),
        ("t.yaml", "a: {parent: a}\n", ":1: a: goes round in a circle: a -> a"),
        (
            "t.yaml",
            "code: {}\npy: {parent: cod}\n",
            ":2: py: unknown parent (got 'cod'); did you mean 'code'",
        ),
        ("t.yaml", "a: {}\nb: {}\nc: {parent: [a, b]}\n", ":3: c.parent: a skill has one parent at most"),
        ("t.yaml", "a: {}\na: {}\n", ":2: a: duplicate key; first at line 1"),
        ("t.yaml", "a: {synonyms: [x]}\nb: {synonyms: [x]}\n", ":2: b: synonym 'x' used twice; first of 'a'"),
        ("t.yaml", "a: {synonyms: [b]}\nb: {}\n", ":1: a: synonym 'b' is a skill of its own, at line 2"),
        ("t.yaml", "a: {synonyms: [x, x]}\n", ":1: a: synonym 'x' used twice"),
        ("t.yaml", "a: {parnt: b}\n", ":1: a.parnt: unknown field; did you mean 'parent'?"),
        ("t.yaml", "a: 3\n", ":1: a: must be a mapping with `parent` and `synonyms` (got 3)"),
        ("t.yaml", "- a\n", "must be a mapping of skills"),
        (
            "t.csv",
            "skill,parent,synonyms\na,,\nb,,\nc,a,\nc,b,\n",
            ":5: c: has two parents: 'a' at line 4",
        ),
        ("t.csv", "skill,parent,synonyms\na,,\na,,\n", ":3: a: stated twice; first at line 2"),
        ("t.csv", "skill,parent\na,\n", ":1: synonyms: no such column"),
        ("t.txt", "a", "must be a .csv, .yaml or .yml file"),
        ("t.csv", None, "no such file"),
    ],
)
def test_what_is_no_tree_is_refused_with_its_line(
    tmp_path: Path, name: str, text: str | None, told: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ScenarioError) as refused:
        scenario(tmp_path / name, [], [])
    assert told in str(refused.value)


def test_a_skill_that_tasks_ask_for_must_be_in_the_tree_and_others_are_told(tmp_path: Path) -> None:
    (tmp_path / "tree.yaml").write_text(YAML)
    with pytest.raises(
        ScenarioError, match=r"workload\.types\.job\.skills: .*no such skill .got 'pythn'.; did you"
    ):
        scenario(tmp_path / "tree.yaml", ["pythn"], ["java"])
    loaded = scenario(tmp_path / "tree.yaml", ["python"], ["cobol"], ["java", "cobol"])
    assert "skills of contractors that the ontology lacks, near to themselves alone: cobol" in notes_of(
        loaded
    )


def test_a_file_is_found_beside_the_one_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "tree.yaml").write_text("code: {}\ntools: {}\nlong context: {}\ndata: {}\nstatistics: {}\n")
    (tmp_path / "own.yaml").write_text("extends: market_day\nskills: {ontology: {path: tree.yaml}}\n")
    with pytest.raises(ScenarioError) as refused:
        coalesce_sim.load(tmp_path / "own.yaml")
    assert {each.path for each in refused.value.problems} == {"workload.types.research.skills"}


def test_a_chain_of_thousands_of_skills_is_no_trouble() -> None:
    chain = [f"s{k}" for k in range(2000)]
    tree = SkillTree(dict(zip(chain, [None, *chain], strict=False)), {}, "path")
    assert tree.similarity("s0", "s1999") == 1 / 2000
    assert Ontology(path="x").similarity == "wu_palmer"
