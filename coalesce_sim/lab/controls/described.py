"""The fields of a scenario: what each holds, and what the schema says of it.

The JSON Schema of a scenario is walked beside its content, so that of several alternatives (kinds of a
policy, a number or a distribution) the one is described that stands there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from coalesce_sim.numbers import number
from coalesce_sim.scenario.distributions import MOST
from coalesce_sim.scenario.document import steps_of
from coalesce_sim.scenario.problems import ScenarioError, Steps, dotted
from coalesce_sim.scenario.schema import Scenario

Schema = Mapping[str, Any]

MOST_ITEMS = 100
"""The items of a list whose fields are looked through."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a scenario: the way to it, its value (None where it is left out) and what may stand there.

    `branches` are the schemas of what may; `default` is what holds where it is left out.
    """

    steps: Steps
    value: Any
    description: str
    branches: tuple[Schema, ...]
    default: Any = None

    @property
    def path(self) -> str:
        """The way as ``--set`` takes it."""
        return dotted(self.steps)

    @property
    def holds(self) -> Any:
        """What holds: the value, or what does where it is left out."""
        return self.default if self.value is None else self.value

    @property
    def number(self) -> Schema | None:
        """The schema of a number here, None where none may stand."""
        return next((each for each in self.branches if each.get("type") in ("number", "integer")), None)

    @property
    def whole(self) -> bool:
        """Whether the number must be a whole one."""
        return self.number is not None and self.number["type"] == "integer"

    @property
    def least(self) -> float | None:
        """The least number that the schema allows or, where that is no part of it, what lies just below."""
        found = self.number or {}
        least = found.get("minimum", found.get("exclusiveMinimum"))
        if least is None or least <= -MOST:
            return None
        return float(least) + (self.whole and self.above_least)

    @property
    def most(self) -> float | None:
        """The same at the upper end."""
        found = self.number or {}
        most = found.get("maximum", found.get("exclusiveMaximum"))
        return None if most is None or most >= MOST else float(most)

    @property
    def above_least(self) -> bool:
        """Whether the least number itself is not allowed; of whole numbers `least` is the next one then."""
        return "exclusiveMinimum" in (self.number or {})

    @property
    def below_most(self) -> bool:
        """Whether the greatest number itself is not allowed."""
        return "exclusiveMaximum" in (self.number or {})

    @property
    def words(self) -> tuple[str, ...]:
        """The words that may stand here, where only certain ones may."""
        found: list[str] = []
        for each in self.branches:
            found += each.get("enum", [each["const"]] if "const" in each else [])
        return tuple(found)

    @property
    def flag(self) -> bool:
        """Whether it is true or false."""
        return any(each.get("type") == "boolean" for each in self.branches)

    @property
    def optional(self) -> bool:
        """Whether it may be left out, which means something of its own."""
        return any(each.get("type") == "null" for each in self.branches)

    @property
    def kinds(self) -> dict[str, str]:
        """By the kinds of mapping that may stand here, if they have kinds, what each is."""
        named = ((each, each.get("properties", {}).get("kind", {})) for each in self.branches)
        return {kind["const"]: kind.get("description", "") for _, kind in named if "const" in kind}

    @property
    def type_in_words(self) -> str:
        """What may stand here, as in ``a number from 0 to 1, or left out``."""
        told = list(dict.fromkeys(filter(None, map(self._in_words, self.branches))))
        if self.kinds:
            told = [f"a mapping of the kind {', '.join(self.kinds)}"]
        if self.words:
            told = [f"one of {', '.join(self.words)}" if len(self.words) > 1 else self.words[0], *told]
        return ", or ".join([*told, *(["left out"] if self.optional else [])])

    def _in_words(self, schema: Schema) -> str:
        match schema.get("type"):
            case "number" | "integer" as found:
                what = "a number" if found == "number" else "a whole number"
                return " ".join([what, *self._ends()])
            case "boolean":
                return "true or false"
            case "string" if "enum" not in schema and "const" not in schema:
                return {"date-time": "a date and time", "date": "a date"}.get(
                    schema.get("format", ""), "text"
                )
            case "array":
                return "a list"
            case "object":
                return _MAPPINGS.get(schema.get("title", ""), "a mapping")
        return ""

    def _ends(self) -> Iterator[str]:
        least, most = self.least, self.most
        open_at_an_end = (self.above_least and not self.whole) or self.below_most
        if least is not None and most is not None and not open_at_an_end:
            yield f"from {number(least, 0)} to {number(most, 0)}"
            return
        if least is not None:
            above = self.above_least and not self.whole
            yield f"{'above' if above else 'of at least'} {number(least, 0)}"
        if most is not None:
            yield f"{'below' if self.below_most else 'up to'} {number(most, 0)}"


_TEXTS = {"date-time": "a date and time", "date": "a date"}
_MAPPINGS = {"DistributionSpec": "a distribution", "Moving": "how it moves with time"}


def fields_in(content: Mapping[str, Any]) -> Iterator[Field]:
    """All fields of a scenario's resolved content, those that are left out too, each before what is in it,
    and the kind of a mapping before the rest.

    What no path can name, as of a contractor with a dot in its name, is passed over, and of long lists, such
    as of tasks, what lies beyond the first `MOST_ITEMS`.
    """
    yield from _below(_schema(), content, ())


def field_at(content: Mapping[str, Any], steps: Steps) -> Field | None:
    """The field at the end of a way; None where the schema knows none."""
    schema: Schema | None = _schema()
    value: Any = content
    found: Field | None = None
    for end, step in enumerate(steps, start=1):
        schema = None if schema is None else _fitting(schema, value)
        child = None if schema is None else _child(schema, step)
        if child is None:
            return None
        value = _value(value, step)
        found, schema = _field(child, value, steps[:end]), child
    return found


def defaults_of(field: Field, kind: str) -> dict[str, Any]:
    """What a mapping of that kind holds where nothing but its kind is stated; nulls are left out."""
    for each in field.branches:
        properties = each.get("properties", {})
        if properties.get("kind", {}).get("const") == kind:
            told = {name: one["default"] for name, one in properties.items() if "default" in one}
            return {"kind": kind} | {name: value for name, value in told.items() if value is not None}
    return {"kind": kind}


def required_of(field: Field) -> frozenset[str]:
    """The keys that a mapping here must have all of; none where several kinds may stand."""
    mappings = [each for each in field.branches if each.get("type") == "object"]
    return frozenset(mappings[0].get("required", ())) if len(mappings) == 1 else frozenset()


@lru_cache(maxsize=1)
def _schema() -> Schema:
    return Scenario.model_json_schema()


def _branches(schema: Schema) -> Iterator[Schema]:
    """The alternatives that a schema comes to, without references."""
    if "$ref" in schema:
        yield from _branches(_schema()["$defs"][schema["$ref"].rpartition("/")[2]])
    elif several := schema.get("anyOf", schema.get("oneOf")):
        for each in several:
            yield from _branches(each)
    else:
        yield schema


def _field(schema: Schema, value: Any, steps: Steps) -> Field:
    branches = tuple(_branches(schema))
    described = schema.get("description") or next((each.get("description", "") for each in branches), "")
    return Field(steps, value, described, branches, schema.get("default"))


def _below(schema: Schema, value: Any, steps: Steps) -> Iterator[Field]:
    fitting = _fitting(schema, value)
    if fitting is None:
        return
    keys: list[str | int] = []
    if isinstance(value, Mapping):
        known = fitting.get("properties", {})
        others = (key for key in value if key not in known and _can_be_named(key))
        keys = sorted((*known, *others), key=lambda key: key != "kind")
    elif isinstance(value, list):
        keys = [*range(min(len(value), MOST_ITEMS))]
    for key in keys:
        child = _child(fitting, key)
        if child is not None:
            inner, way = _value(value, key), (*steps, key)
            yield _field(child, inner, way)
            yield from _below(child, inner, way)


def _fitting(schema: Schema, value: Any) -> Schema | None:
    """Of the alternatives, the one that the mapping or list is; None for a value that nothing is in."""
    branches = list(_branches(schema))
    if isinstance(value, list):
        return next((each for each in branches if each.get("type") == "array"), None)
    if not isinstance(value, Mapping):
        return None
    mappings = [each for each in branches if each.get("type") == "object"]
    return next((each for each in mappings if _is(each, value)), None)


def _is(schema: Schema, value: Mapping[str, Any]) -> bool:
    known = schema.get("properties", {})
    constants = ((name, each["const"]) for name, each in known.items() if "const" in each)
    if any(value.get(name) != constant for name, constant in constants):
        return False
    if not all(name in value for name in schema.get("required", ())):
        return False
    closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
    return not closed or value.keys() <= known.keys()


def _child(schema: Schema, step: str | int) -> Schema | None:
    if schema.get("type") == "array":
        items: Schema | None = schema.get("items")
        return items if isinstance(step, int) else None
    known: Mapping[str, Schema] = schema.get("properties", {})
    if step in known:
        return known[str(step)]
    others = schema.get(
        "additionalProperties", next(iter(schema.get("patternProperties", {}).values()), None)
    )
    if others is True:
        return {}
    return others if isinstance(others, Mapping) else None


def _value(value: Any, step: str | int) -> Any:
    if isinstance(value, list):
        return value[step] if isinstance(step, int) and step < len(value) else None
    return value.get(step) if isinstance(value, Mapping) else None


def _can_be_named(key: object) -> bool:
    try:
        return isinstance(key, str) and steps_of(key, key) == (key,)
    except ScenarioError:
        return False
