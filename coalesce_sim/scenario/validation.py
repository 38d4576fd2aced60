"""From plain data to a pydantic model, with each refusal in our words and at the line it is about.

pydantic locates an error by the way through the *schema*, which holds branches and tags of unions besides
the steps through the data. So the schema is walked alongside: that tells steps from labels, which names are
legal at a place, and which errors are about one and the same union.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, SchemaValidator, core_schema

from coalesce_sim.scenario.document import Document
from coalesce_sim.scenario.moving import Moving
from coalesce_sim.scenario.problems import Refusals, ScenarioError, Steps, closest, shown

M = TypeVar("M", bound=BaseModel)

# What a value of the wrong type should have been, by pydantic's type of error.
_WANTED = {
    "bool_type": "true or false",
    "date_type": "a date such as 2025-06-01",
    "datetime_type": "a date and time such as 2025-06-01T08:00:00",
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_attributes_type": "a mapping",
    "model_type": "a mapping",
    "none_required": "null",
    "string_type": "text",
    "tuple_type": "a list",
}
_BOUNDS = {
    "finite_number": "must be finite",
    "greater_than": "must be > {gt}",
    "greater_than_equal": "must be >= {ge}",
    "less_than": "must be < {lt}",
    "less_than_equal": "must be <= {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "string_too_long": "must have a length of at most {max_length}",
    "string_too_short": "must have a length of at least {min_length}",
    "too_long": "must have a length of at most {max_length} (got {actual_length})",
    "too_short": "must have a length of at least {min_length} (got {actual_length})",
}
_LISTED_NAMES = 12


def validate(document: Document, model: type[M]) -> M:
    """The document as an instance of `model`, which is strict and forbids extra fields.

    Raises ScenarioError with all problems, sorted by file and line. What a validator of the model says in a
    ValueError is shown as it is, and at the field it begins with, if any (``weights.cost: missing, but …``).
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        schema = _Schema(model)
        findings = [
            finding
            for details in error.errors(include_url=False)
            for finding in _findings(details, schema.place(details["loc"], document.data))
        ]
    problems = []
    for finding in _of_best_branches(findings):
        problems.append(document.problem(finding.path, finding.message))
    raise ScenarioError(sorted(problems, key=lambda problem: (problem.file, problem.line or 0)))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an error is: the steps through the data, the schema there, and the branches of unions on the way.

    A branch is the path of the union and the branch's label. `siblings` are the fields that the mapping
    around the place may have.
    """

    path: Steps
    schema: Any
    branches: tuple[tuple[Steps, str], ...]
    siblings: Sequence[str]


class _Schema:
    """The schema of a model, to be walked along pydantic's error locations."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._root: Any = TypeAdapter(model).core_schema
        self._definitions: list[Any] = self._root.get("definitions", [])
        self._by_ref = {definition["ref"]: definition for definition in self._definitions}
        self._labels: dict[int, str] = {}

    def place(self, location: Sequence[str | int], data: Any) -> _Place:
        """The place of an error. Labels in its location, such as a union's branch or tag, are no steps."""
        schema = self._bare(self._root)
        path: Steps = ()
        branches: list[tuple[Steps, str]] = []
        siblings: Sequence[str] = ()
        for part in location:
            if part == "[key]":
                continue
            if schema["type"] == "union":
                branches.append((path, str(part)))
                schema = self._bare(self._branch(schema, str(part)))
            elif schema["type"] == "tagged-union":
                schema = self._bare(schema["choices"].get(part))
            elif schema["type"] != "any" or _is_step(data, path, part):
                siblings = _names(schema)
                schema = self._bare(_child(schema, part))
                path = (*path, part)
        return _Place(path, schema, tuple(branches), siblings)

    def _bare(self, schema: Any) -> Any:
        """The schema without what is wrapped around it; where there is none, that of any value."""
        while schema is not None:
            if schema["type"] == "definition-ref":
                schema = self._by_ref[schema["schema_ref"]]
            elif "schema" in schema:
                schema = schema["schema"]
            else:
                return schema
        return core_schema.any_schema()

    def _branch(self, union: Any, label: str) -> Any:
        for choice in union["choices"]:
            schema, name = choice if isinstance(choice, tuple) else (choice, None)
            if label == (name or self._label(schema)):
                return schema
        return None

    def _label(self, schema: Any) -> str:
        """What pydantic calls a branch of a union in the location of an error."""
        if id(schema) not in self._labels:
            whole = core_schema.definitions_schema(schema, self._definitions)
            self._labels[id(schema)] = SchemaValidator(whole).title
        return self._labels[id(schema)]


def _names(schema: Any) -> list[str]:
    """The fields of a model as users write them, by alias where there is one."""
    fields = schema["fields"] if schema["type"] == "model-fields" else {}
    return [field.get("validation_alias", name) for name, field in fields.items()]


def _child(schema: Any, step: str | int) -> Any:
    match schema:
        case {"type": "model-fields", "fields": fields}:
            field_schemas: dict[str | int, Any] = dict(zip(_names(schema), fields.values(), strict=True))
            return field_schemas.get(step)
        case {"type": "dict", "values_schema": values}:
            return values
        case {"type": "tuple", "items_schema": items} if isinstance(step, int):
            return items[min(step, len(items) - 1)]
        case {"type": "list" | "set" | "frozenset", "items_schema": item}:
            return item
    return None


def _is_step(data: Any, path: Steps, part: str | int) -> bool:
    for step in path:
        data = data[step]
    return part in data if isinstance(data, Mapping) else isinstance(data, list) and isinstance(part, int)


@dataclass(frozen=True, slots=True)
class _Finding:
    """What to say about an error, and the signs that another branch of a union was meant.

    `wanted` says what was expected where the type is wrong altogether; `misfit` is set where a field is
    missing, or unknown and like no other.
    """

    path: Steps
    branches: tuple[tuple[Steps, str], ...]
    message: str
    got: str = ""
    wanted: str | None = None
    misfit: bool = False


def _of_best_branches(findings: Iterable[_Finding], level: int = 0) -> list[_Finding]:
    """The findings, but of each union only those of the branch that fits the data best."""
    kept: list[_Finding] = []
    unions: dict[Steps, dict[str, list[_Finding]]] = {}
    for finding in findings:
        if len(finding.branches) <= level:
            kept.append(finding)
        else:
            path, label = finding.branches[level]
            unions.setdefault(path, {}).setdefault(label, []).append(finding)
    for path, by_label in unions.items():
        branches = [_of_best_branches(branch, level + 1) for branch in by_label.values()]
        right_type = [branch for branch in branches if not any(f.wanted and f.path == path for f in branch)]
        if right_type:
            kept += min(right_type, key=partial(_distance, path))
        else:
            kept.append(_no_branch_fits([branch[0] for branch in branches]))
    return kept


def _distance(union: Steps, branch: Sequence[_Finding]) -> tuple[int, int]:
    """How badly a branch fits: by the fields of the union's own mapping first, then by what is in them."""
    return sum(finding.misfit and finding.path[:-1] == union for finding in branch), len(branch)


def _no_branch_fits(findings: Sequence[_Finding]) -> _Finding:
    wanted = list(dict.fromkeys(finding.wanted for finding in findings if finding.wanted))
    either = " or ".join(filter(None, (", ".join(wanted[:-1]), wanted[-1])))
    return replace(findings[0], message=f"must be {either} (got {findings[0].got})", wanted=either)


def _findings(details: ErrorDetails, place: _Place) -> list[_Finding]:
    """What one error of pydantic's says: several things, where a validator has refused so many."""
    error = details.get("ctx", {}).get("error")
    if not isinstance(error, Refusals):
        return [_finding(details, place)]
    return [
        _objection(_Finding(place.path, place.branches, ""), details["input"], message, place.schema)
        for message in error.messages
    ]


def _finding(details: ErrorDetails, place: _Place) -> _Finding:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    finding = _Finding(place.path, place.branches, "", shown(value))
    if kind == "missing":
        return replace(finding, message="missing", misfit=True)
    if kind == "extra_forbidden":
        return _unknown_field(finding, place.siblings)
    if kind in ("union_tag_invalid", "union_tag_not_found") and place.schema["type"] == "tagged-union":
        return _wrong_tag(finding, value, context.get("tag"), place.schema)
    if kind in ("value_error", "assertion_error"):
        return _objection(finding, value, str(context["error"]), place.schema)
    if kind == "literal_error":
        known = place.schema.get("expected", [])
        wanted = f"one of {_listed(known)}" if len(known) > 1 else _listed(known)
        message = f"must be {wanted} (got {shown(value)}){_hint(value, known)}"
        return replace(finding, message=message, wanted=wanted)
    message = _broken_rule(kind, context, details["msg"])
    if details["loc"][-1:] == ("[key]",):
        message = f"key {message}"
    if isinstance(value, Mapping) and len(value) == 1 and value.keys() <= Moving.model_fields.keys():
        message = f"cannot move with time: {message}"
    got = "" if "(got" in message else f" (got {shown(value)})"
    return replace(finding, message=message + got, wanted=_WANTED.get(kind))


def _broken_rule(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind in _WANTED:
        return f"must be {_WANTED[kind]}"
    if kind in _BOUNDS:
        numbers = {name: f"{x:.12g}" if isinstance(x, float) else x for name, x in context.items()}
        return _BOUNDS[kind].format(**numbers)
    return message.replace("Input should ", "must ")


def _unknown_field(finding: _Finding, known: Sequence[str]) -> _Finding:
    hint = _hint(finding.path[-1], known)
    rest = ", …" if len(known) > _LISTED_NAMES else ""
    listed = f"; known here: {', '.join(known[:_LISTED_NAMES])}{rest}" if known else ""
    return replace(finding, message=f"unknown field{hint or listed}", misfit=not hint)


def _wrong_tag(finding: _Finding, value: Any, tag: Any, union: Any) -> _Finding:
    """A mapping that does not say which alternative of a tagged union it is, or names one that there is not.

    The tag is the value of a field, or the name of one where the scenario's model reads it from there.
    """
    known, discriminator = [str(choice) for choice in union["choices"]], union["discriminator"]
    if not isinstance(value, Mapping):
        return replace(finding, message=f"must be a mapping (got {shown(value)})", wanted="a mapping")
    if tag is None and isinstance(discriminator, str):
        path = (*finding.path, discriminator)
        return replace(finding, path=path, message=f"missing; must be one of {_listed(known)}", misfit=True)
    if tag is None:
        return replace(finding, message=f"must name one of {_listed(known)} (got {shown(value)})")
    for field, item in value.items():
        if shown(item).strip("'").lower() == tag.lower():
            message = f"must be one of {_listed(known)} (got {shown(item)}){_hint(tag, known)}"
            return replace(finding, path=(*finding.path, field), message=message)
    return _unknown_field(replace(finding, path=(*finding.path, tag)), known)


def _objection(finding: _Finding, value: Any, message: str, schema: Any) -> _Finding:
    """What a validator of the model raised, at the field its message begins with, if any."""
    if leading := re.match(r"([\w.\[\]]*[\w\]]): ", message):
        steps = _steps_of(leading[1], value)
        if steps and (steps[0] in _names(schema) or _is_step(value, (), steps[0])):
            return replace(finding, path=finding.path + steps, message=message[leading.end() :])
    got = "" if "(got" in message or isinstance(value, Mapping) else f" (got {shown(value)})"
    return replace(finding, message=message + got)


def _steps_of(text: str, value: Any) -> Steps:
    """The steps of a dotted path; a key of the data may have dots and brackets itself."""
    steps: Steps = ()
    while isinstance(value, Mapping):
        found = [key for key in value if isinstance(key, str) and re.match(re.escape(key) + r"(?!\w)", text)]
        if not found:
            break
        key = max(found, key=len)
        steps, value, text = (*steps, key), value[key], text[len(key) :].removeprefix(".")
    return (*steps, *(int(i) if i else name for i, name in re.findall(r"\[(\d+)\]|(\w+)", text)))


def _hint(word: object, known: Iterable[object]) -> str:
    match = closest(word, [str(name) for name in known])
    return "" if match is None else f"; did you mean {match!r}?"


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(shown, values))
