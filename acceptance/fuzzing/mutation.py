"""Changes to nested data, by value and by structure, and values made from a JSON Schema."""

from __future__ import annotations

import copy
import random
import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]

NUMBERS: tuple[Any, ...] = (
    *(
        0,
        -0.0,
        1,
        -1,
        2,
        0.5,
        1e-9,
        -1e-9,
        3.3333333333333335,
        0.1 + 0.2,
        1e6,
        1e15,
        2**53 + 1,
        2**63,
        -(2**63),
    ),
    *(5e-324, 1e-310, 1e-300, 1e30, 1.0000000000000002e30, 1e300, 1.7976931348623157e308),
    *(float("nan"), float("inf"), float("-inf")),
)
"""Numbers at the edges of what a field may hold, and beyond."""

STRANGE: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        "",
        " ",
        "x",
        "0",
        "1e3",
        "unlimited",
        "medium",
        "[bold]label[/bold]",
        "a:b",
        "a.b",
        "../x",
    ),
    *("\N{GREEK SMALL LETTER EPSILON}", "\N{FULLWIDTH DIGIT ONE}", "x" * 300, [], {}, [1, 2], {"x": 1}),
    *({"uniform": {"low": 0, "high": 1}}, {"normal": {"mean": 1, "sd": 0.1}}, {"choice": {"values": [1, 2]}}),
)
"""Values of any other type."""


def nodes(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value below the root, with the way to it."""
    if isinstance(tree, Mapping):
        items: Any = tree.items()
    elif isinstance(tree, list):
        items = enumerate(tree)
    else:
        return
    for step, value in items:
        yield (*path, step), value
        yield from nodes(value, (*path, step))


def holder(tree: Any, path: Path) -> Any:
    """The mapping or list in which the value at `path` stands."""
    for step in path[:-1]:
        tree = tree[step]
    return tree


def put(tree: Any, path: Path, value: Any) -> None:
    """Set the value at `path`."""
    holder(tree, path)[path[-1]] = value


def number_near(rng: random.Random, value: float) -> Any:
    """Another number: of the same size, of another, or at an edge."""
    if rng.random() < 0.6:
        near = value * rng.choice((0.5, 0.9, 0.99, 0.1, 0.01, 1.1, 2))
        return int(near) if isinstance(value, int) and abs(near) < 2**63 else near
    return rng.choice(NUMBERS)


def change_value(rng: random.Random, tree: Any) -> None:
    """Another value for one leaf: mostly of its type, sometimes of any."""
    path, value = _any(rng, tree, lambda value: not isinstance(value, Mapping | list))
    if isinstance(value, bool):
        new: Any = not value
    elif isinstance(value, int | float):
        new = number_near(rng, value)
    else:
        words = [each for _, each in nodes(tree) if isinstance(each, str)]
        new = rng.choice(words) if words else "x"
    put(tree, path, rng.choice(STRANGE) if rng.random() < 0.1 else new)


def change_structure(rng: random.Random, tree: Any) -> None:
    """Something is taken away, misspelt, moved, put twice or put where it does not belong."""
    path, value = _any(rng, tree)
    inside, step = holder(tree, path), path[-1]
    match rng.choice(("remove", "misspell", "graft", "swap", "wrap", "shuffle", "repeat")):
        case "remove":
            del inside[step]
        case "misspell" if isinstance(step, str):
            inside[_misspelt(rng, step)] = inside.pop(step)
        case "graft":
            inside[step] = copy.deepcopy(_any(rng, tree)[1])
        case "swap":
            other, there = _any(rng, tree)
            if path[: len(other)] != other and other[: len(path)] != path:
                put(tree, other, value)
                put(tree, path, there)
        case "wrap":
            inside[step] = rng.choice(([value], {"value": value}, str(value)))
        case "shuffle" if isinstance(value, list):
            rng.shuffle(value)
        case "repeat" if isinstance(value, list) and value:
            value.append(copy.deepcopy(rng.choice(value)))
        case _:
            inside[step] = rng.choice(STRANGE)


def _any(rng: random.Random, tree: Any, wanted: Callable[[Any], bool] = lambda _: True) -> tuple[Path, Any]:
    found = [(path, value) for path, value in nodes(tree) if wanted(value)]
    return rng.choice(found)


def _named(place: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What stands under each name of a mapping, whatever the names may be."""
    found = [place.get("additionalProperties"), *place.get("patternProperties", {}).values()]
    return next((each for each in found if isinstance(each, Mapping)), None)


def _misspelt(rng: random.Random, word: str) -> str:
    place = rng.randrange(len(word) + 1)
    return word[:place] + rng.choice(string.ascii_lowercase) + word[place + rng.randrange(2) :]


class Schema:
    """Values that a JSON Schema allows, as a rule, drawn at random; `names` are used as keys and texts."""

    def __init__(self, schema: Mapping[str, Any], rng: random.Random, names: list[str]) -> None:
        self._root = schema
        self._rng = rng
        self._names = names or ["a"]

    def set_something(self, tree: dict[str, Any]) -> None:
        """Give one field that the schema knows, at any depth, a value that it allows."""
        place, inside = self._resolved(self._root), tree
        while True:
            properties = place.get("properties", {})
            if not properties:
                return
            there = [name for name in properties if isinstance(inside.get(name), dict)]
            if there and self._rng.random() < 0.6:
                name = self._rng.choice(there)
                inside, place = inside[name], self._described(properties[name], inside[name])
                more = place.get("additionalProperties")
                if (
                    more := _named(place)
                ) is not None and inside:  # named by the user: one of those that there are
                    name = self._rng.choice(sorted(map(str, inside)))
                    if not isinstance(inside.get(name), dict):
                        return
                    inside, place = inside[name], self._described(more, inside[name])
                continue
            name = self._rng.choice(sorted(properties))
            inside[name] = self.value(properties[name])
            return

    def value(self, place: Mapping[str, Any], depth: int = 0) -> Any:
        """A value for one place of the schema."""
        rng, place = self._rng, self._resolved(place)
        if "anyOf" in place and not place.get("properties"):
            return self.value(rng.choice(place["anyOf"]), depth)
        if "const" in place:
            return place["const"]
        if "enum" in place:
            return rng.choice(place["enum"])
        match place.get("type"):
            case "number" | "integer" as kind:
                return self._number(place, whole=kind == "integer")
            case "boolean":
                return rng.random() < 0.5
            case "string":
                dates = {"date-time": "2026-06-01T08:00:00", "date": "2026-06-01"}
                return dates.get(place.get("format", ""), rng.choice(self._names))
            case "array":
                return [self.value(place.get("items", {}), depth + 1) for _ in range(rng.randrange(1, 4))]
            case "object":
                return self._object(place, depth)
            case _:
                return None

    def _object(self, place: Mapping[str, Any], depth: int) -> dict[str, Any]:
        rng, properties = self._rng, place.get("properties", {})
        if place.get("maxProperties") == 1:
            name = rng.choice(sorted(properties))
            choices = [each for each in properties[name].get("anyOf", []) if each.get("type") != "null"]
            return {name: self.value(rng.choice(choices) if choices else properties[name], depth + 1)}
        if (more := _named(place)) is not None:
            names = rng.sample(self._names, min(len(self._names), rng.randrange(1, 3)))
            return {name: self.value(more, depth + 1) for name in names}
        required = {
            *place.get("required", ()),
            *(name for name, each in properties.items() if "const" in each),
        }
        share = 0.4 / (1 + depth)
        drawn = [name for name in properties if name in required or rng.random() < share]
        return {name: self.value(properties[name], depth + 1) for name in drawn}

    def _number(self, place: Mapping[str, Any], *, whole: bool) -> float:
        rng = self._rng
        low = place.get("minimum", place.get("exclusiveMinimum", 0))
        high = place.get("maximum", place.get("exclusiveMaximum", 1e30))
        if whole:
            return int(rng.choice((low, low + 1, min(high, low + rng.randrange(20)), min(high, 1000))))
        usual = (0.5, 1.0, rng.random(), rng.random(), rng.uniform(0, 10), rng.lognormvariate(0, 3))
        drawn = rng.choice((low, high, *usual, *usual)) if rng.random() < 0.9 else rng.choice(NUMBERS)
        return drawn if drawn != drawn else min(max(drawn, low), high)

    def _described(self, place: Mapping[str, Any], value: Mapping[str, Any]) -> Mapping[str, Any]:
        """The alternative of a place that has most of the fields of a value."""
        place = self._resolved(place)
        if place.get("properties") or "anyOf" not in place:
            return place
        alternatives = [self._described(each, value) for each in place["anyOf"]]
        return max(alternatives, key=lambda each: self._likeness(each, value))

    def _likeness(self, place: Mapping[str, Any], value: Mapping[str, Any]) -> int:
        properties = place.get("properties", {})
        kind = properties.get("kind", {}).get("const")
        return sum(name in properties for name in value) + 100 * (
            kind is not None and kind == value.get("kind")
        )

    def _resolved(self, place: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in place:
            place = self._root["$defs"][place["$ref"].rpartition("/")[2]]
        return place
