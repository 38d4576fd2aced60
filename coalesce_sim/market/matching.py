"""How a scenario compares task types with contractors: its ontology read, its texts embedded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.inputs.ontology import Tree, read_ontology
from coalesce_sim.inputs.recordings import read_recordings
from coalesce_sim.inputs.vectors import Named, read_vectors
from coalesce_sim.own_code import NOT_OF_OWN_CODE, OwnCode, imported_subclass, may_import, raised
from coalesce_sim.scenario import skills as settings
from coalesce_sim.scenario.pool import DrawnPool, PriceList, RecordedPool
from coalesce_sim.scenario.problems import Problem, ScenarioError, closest, shown
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.skills.compatibility import Matching, jaccard
from coalesce_sim.skills.embedders import Embedder, Hashing, TfIdf, nearness
from coalesce_sim.skills.ontology import SkillTree

Similarity = Mapping[str, Mapping[str, float]]
"""By task type and, inside, by contractor."""

Texts = Mapping[str, str]
"""By task type, or by contractor."""

Match = Callable[[Sequence[str], Sequence[str]], float]

_CLASS = "skills.embedder.class"
_EMBEDDERS: Mapping[type, type[Embedder]] = {settings.Hashing: Hashing, settings.TfIdf: TfIdf}


def matching_of(scenario: Scenario) -> Matching:
    """How skills and texts are compared; what takes time is worked out once, as long as it stays the same.

    Raises `ScenarioError` with all that is wrong with files, with texts, names and skills that are missing,
    and with an embedder of the user's own. Within `own_code.nothing_imported` that makes no vectors.
    """
    problems: list[Problem] = []
    match: Match = jaccard
    similarity: Similarity = scenario.skills.embedding
    try:
        match = _match(scenario)
    except ScenarioError as error:
        problems += error.problems
    try:
        similarity = _similarity(scenario)
    except ScenarioError as error:
        problems += error.problems
    if problems:
        raise ScenarioError(problems)
    named_by_type = isinstance(scenario.skills.embedder, settings.Table)
    by_type = named_by_type or isinstance(scenario.contractors, DrawnPool)
    return Matching(match, similarity, scenario.skills.embedding_default, by_type)


def skills_without_a_place(scenario: Scenario) -> list[str]:
    """Skills that contractors offer and the ontology, if there is one, lacks: near to themselves alone."""
    if scenario.skills.ontology is None:
        return []
    meant = read_ontology(scenario.skills.ontology).meant
    offered = [skill for _, facts in scenario.facts for skill in facts.skills]
    if isinstance(scenario.contractors, RecordedPool):
        offered += [skill for claim in scenario.contractors.claims.values() for skill in claim.skills or ()]
    return [skill for skill in dict.fromkeys(offered) if skill not in meant]


def own_embedder(scenario: Scenario) -> type[Embedder] | None:
    """The user's own embedder, if the scenario names one. Raises `ScenarioError` where it cannot be had."""
    rules = scenario.skills.embedder
    if not isinstance(rules, settings.OwnEmbedder):
        return None
    found = imported_subclass(rules.class_, Embedder, lambda told, _: _wrong(_CLASS, told))
    if found.embed is Embedder.embed:
        raise _wrong(_CLASS, f"{rules.class_} does not define embed(self, texts)")
    return found


def vectors_of(scenario: Scenario) -> tuple[Named, Named] | None:
    """Vectors of task types and of contractors, where a file or the user's own embedder gives them."""
    rules = scenario.skills.embedder
    if isinstance(rules, settings.Vectors):
        return read_vectors(rules)
    own = own_embedder(scenario)
    if own is None:
        return None
    return _of_texts(scenario, own)


def texts_of(scenario: Scenario) -> tuple[Texts, Texts] | None:
    """What task types and contractors say, where the embedder reads it."""
    rules = scenario.skills.embedder
    return None if isinstance(rules, settings.Table | settings.Vectors) else _texts(scenario)


def _match(scenario: Scenario) -> Match:
    rules = scenario.skills.ontology
    if rules is None:
        return jaccard
    tree = read_ontology(rules)
    unknown = [
        Problem("", None, f"workload.types.{name}.skills", _not_there(skill, rules.path, tree))
        for name, kind in scenario.workload.types.items()
        for skill in kind.skills
        if skill not in tree.meant
    ]
    if unknown:
        raise ScenarioError(unknown)
    return _tree(tuple(tree.parents.items()), tuple(tree.meant.items()), rules.similarity).match


def _not_there(skill: str, path: str, tree: Tree) -> str:
    near = closest(skill, tree.meant)
    return f"{path} has no such skill (got {skill!r})" + (f"; did you mean {near!r}?" if near else "")


@lru_cache(maxsize=4)
def _tree(
    parents: tuple[tuple[str, str | None], ...], meant: tuple[tuple[str, str], ...], measure: str
) -> SkillTree:
    return SkillTree(dict(parents), dict(meant), measure)


def _similarity(scenario: Scenario) -> Similarity:
    rules = scenario.skills.embedder
    if isinstance(rules, settings.Table):
        return scenario.skills.embedding
    if isinstance(rules, settings.OwnEmbedder) and not may_import(rules.class_):
        _texts(scenario)
        return {}
    if isinstance(rules, settings.Vectors):
        tasks, contractors = read_vectors(rules)
        for side, named, wanted in (
            ("task type", tasks, _task_types(scenario)),
            ("contractor", contractors, list(_contractors(scenario))),
        ):
            if missing := [name for name in wanted if name not in named.names]:
                few = ", ".join(map(repr, missing[:6])) + ("" if len(missing) <= 6 else ", …")
                raise _wrong("skills.embedder.path", f"{rules.path} lacks the {side} {few}")
        return _near(tasks, contractors)
    return _near(*_of_texts(scenario, own_embedder(scenario) or _EMBEDDERS[type(rules)]))


def _near(tasks: Named, contractors: Named) -> Similarity:
    table = nearness(tasks.vectors, contractors.vectors).tolist()
    return {
        name: dict(zip(contractors.names, row, strict=True))
        for name, row in zip(tasks.names, table, strict=True)
    }


def _of_texts(scenario: Scenario, embedder: type[Embedder]) -> tuple[Named, Named]:
    rules = scenario.skills.embedder
    parameters = json.dumps(rules.parameters if isinstance(rules, settings.OwnEmbedder) else {})
    tasks, contractors = (tuple(texts.items()) for texts in _texts(scenario))
    return _embedded(embedder, parameters, tasks, contractors)  # type: ignore[arg-type]  # a class can be hashed


@lru_cache(maxsize=4)
def _embedded(
    embedder: Callable[..., Embedder],
    parameters: str,
    tasks: tuple[tuple[str, str], ...],
    contractors: tuple[tuple[str, str], ...],
) -> tuple[Named, Named]:
    """The texts embedded, by the names of task types and of contractors."""
    asking = list(dict.fromkeys(text for _, text in tasks))
    texts = list(dict.fromkeys([*asking, *(text for _, text in contractors)]))
    given = {"asking": len(asking)} if embedder is TfIdf else json.loads(parameters)
    try:
        with OwnCode():
            made = embedder(**given)
    except NOT_OF_OWN_CODE:
        raise
    except TypeError as error:
        raise _wrong("skills.embedder", f"does not take these parameters: {raised(error)}") from error
    except BaseException as error:
        raise _wrong("skills.embedder", f"cannot be made: {raised(error)}") from error
    name = type(made).__name__
    try:
        with OwnCode():
            returned = made.embed(texts)
    except NOT_OF_OWN_CODE:
        raise
    except BaseException as error:
        raise _wrong("skills.embedder", f"{name}.embed raised {raised(error)}") from error
    vectors = _checked(name, returned, len(texts))
    place = {text: k for k, text in enumerate(texts)}
    sides = []
    for what, side in (("task type", tasks), ("contractor", contractors)):
        rows = vectors[[place[text] for _, text in side]]
        for (who, _), row in zip(side, rows, strict=True):
            if not (np.isfinite(row).all() and row.any()):
                message = f"the vector that {name} gives for the {what} {who!r} is all 0, or not finite"
                raise _wrong("skills.embedder", message)
        sides.append(Named(tuple(who for who, _ in side), rows))
    return sides[0], sides[1]


def _checked(name: str, vectors: object, texts: int) -> FloatArray:
    try:
        table: FloatArray = np.array(vectors, dtype=float)
    except (ValueError, TypeError):
        table = np.empty(0)
    if table.ndim != 2 or len(table) != texts or not table.size:
        message = f"{name}.embed: must return {texts} vectors of numbers, one a text (got {shown(vectors)})"
        raise _wrong("skills.embedder", message)
    return table


def _task_types(scenario: Scenario) -> list[str]:
    """The types that are decided on: of tasks that are always done in steps the steps are."""
    return [name for name, kind in scenario.workload.types.items() if not kind.in_steps]


def _contractors(scenario: Scenario) -> dict[str, tuple[str, str]]:
    """By contractor, of a drawn pool by type: where its text is stated, and what it says."""
    match scenario.contractors:
        case DrawnPool(types=types):
            return {name: (f"contractors.types.{name}.text", kind.text) for name, kind in types.items()}
        case PriceList(sellers=sellers, template=template):
            return dict.fromkeys(sellers, ("contractors.template.text", template.text))
        case RecordedPool() as pool:
            assert scenario.records is not None
            names = read_recordings(scenario.records).contractors
            return {name: (f"contractors.claims.{name}.text", pool.facts_of(name).text) for name in names}
        case listed:
            return {each.name: (f"contractors[{k}].text", each.text) for k, each in enumerate(listed)}


def _texts(scenario: Scenario) -> tuple[Texts, Texts]:
    """What task types and contractors say. Raises `ScenarioError` for all who say nothing."""
    types = scenario.workload.types
    tasks = {name: (f"workload.types.{name}.text", types[name].text) for name in _task_types(scenario)}
    contractors, rules = _contractors(scenario), scenario.skills.embedder
    what = rules.class_ if isinstance(rules, settings.OwnEmbedder) else rules.kind
    silent = [
        Problem("", None, place, f"missing, but skills.embedder is {what}")
        for place, text in dict.fromkeys([*tasks.values(), *contractors.values()])
        if not text.strip()
    ]
    if silent:
        raise ScenarioError(silent)
    return _said(tasks), _said(contractors)


def _said(stated: Mapping[str, tuple[str, str]]) -> Texts:
    return {name: text for name, (_, text) in stated.items()}


def _wrong(place: str, message: str) -> ScenarioError:
    return ScenarioError([Problem("", None, place, message)])
