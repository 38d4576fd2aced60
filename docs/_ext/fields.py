"""Markdown for settings models: a table of fields for each model, in the order in which a user meets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel, TypeAdapter

from coalesce_sim.scenario.base import Model

Schema = Mapping[str, Any]

_LIMITS = {
    "exclusiveMinimum": ">\N{NO-BREAK SPACE}{}",
    "minimum": "≥\N{NO-BREAK SPACE}{}",
    "exclusiveMaximum": "<\N{NO-BREAK SPACE}{}",
    "maximum": "≤\N{NO-BREAK SPACE}{}",
    "pattern": "matches `{}`",
}
_WHOLE = "## The whole"
"""Heading of the model that all others are in."""

_MOST_SHOWN = 4
"""Entries of a mapping that stands as a default in a cell."""

_BEYOND = 1e30
"""What amounts lie between, which says no more than that they are finite."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A model and the fields that hold it, the first one first; none for the whole file."""

    model: str
    paths: list[str]


def fields_markdown(model: type[BaseModel], prefix: str, whole: str = "The whole file") -> str:
    """Sections with the docstring, and the fields with meaning, type, default and limits, of a model and all
    inside.

    `whole` is the heading of the model's own. Targets of links are called ``prefix-modelname``, so that two
    such references can stand in one site.
    """
    schema = model.model_json_schema()
    models = {
        model.__name__: schema,
        **{name: _written_out(each) for name, each in schema.get("$defs", {}).items()},
    }
    for known in (model, *_subclasses(Model)):
        if known.__name__ in models:
            _add_made_defaults(known, models[known.__name__])
    places = _places(model.__name__, models)
    told = "\n".join(_section(place, models[place.model], prefix, models) for place in places)
    return told.replace(_WHOLE, f"## {whole}", 1)


def _written_out(schema: dict[str, Any]) -> dict[str, Any]:
    """The mapping, of a model for which a name alone may stand too."""
    mappings = [choice for choice in schema.get("anyOf", ()) if "properties" in choice]
    return mappings[0] if mappings else schema


def _subclasses(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in base.__subclasses__():
        yield each
        yield from _subclasses(each)


def _add_made_defaults(model: type[BaseModel], schema: dict[str, Any]) -> None:
    """Enter the defaults that a function makes, which pydantic leaves out of a schema."""
    for name, field in model.model_fields.items():
        if field.default_factory is not None:
            made = TypeAdapter(Any).dump_python(field.get_default(call_default_factory=True), mode="json")
            schema["properties"][field.alias or name]["default"] = made


def _places(root: str, models: Mapping[str, Schema]) -> list[_Place]:
    """Every model once, a section of the file after the other, each with all that is inside it."""
    found: dict[str, _Place] = {}

    def visit(name: str, path: str) -> None:
        known = name in found
        place = found.setdefault(name, _Place(name, []))
        if path and path not in place.paths:
            place.paths.append(path)
        if known:
            return
        for field_name, field in models[name].get("properties", {}).items():
            for inner, suffix in _inside(field):
                visit(inner, (f"{path}." if path else "") + field_name + suffix)

    visit(root, "")
    return list(found.values())


def _inside(field: Schema, suffix: str = "") -> Iterator[tuple[str, str]]:
    """The models that a field may hold, and what is added to its path for those in lists and mappings."""
    if "$ref" in field:
        yield field["$ref"].rpartition("/")[2], suffix
    for choice in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        yield from _inside(choice, suffix)
    if isinstance(field.get("items"), Mapping):
        yield from _inside(field["items"], f"{suffix}[ ]")
    if (named := _named(field)) is not None:
        yield from _inside(named, f"{suffix}.NAME")


def _named(field: Schema) -> Schema | None:
    """What stands under each name of a mapping, whatever the names may be; None of anything else."""
    for found in (field.get("additionalProperties"), *field.get("patternProperties", {}).values()):
        if isinstance(found, Mapping):
            return found
    return None


def _section(place: _Place, schema: Schema, prefix: str, models: Mapping[str, Schema]) -> str:
    lines = [f"({_target(place.model, prefix)})=", _heading(place, schema), ""]
    if len(place.paths) > 1:
        lines += [_used_by(place.paths), ""]
    lines += [schema.get("description", ""), ""]
    fields = schema.get("properties", {})
    rows = [row for name, field in fields.items() if (row := _row(name, field, schema, prefix, models))]
    if rows:
        lines += ["| field | meaning | type | default | limits |", "|---|---|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _heading(place: _Place, schema: Schema) -> str:
    if not place.paths:
        return _WHOLE
    path, words, label = place.paths[0], _in_words(place.model), _label(place.model, schema)
    if len(place.paths) > 1:
        return f"### {words.capitalize() if label == words else label}"
    if label != words:
        told = f", {label}"
    else:
        told = "" if words.replace(" ", "_") == path.rpartition(".")[2] else f": {words}"
    return f"{'###' if '.' in path else '##'} `{path}`{told}"


def _label(model: str, schema: Schema) -> str:
    """What tells a model from others in its place: its kind, its only field, or else its name."""
    fields = schema.get("properties", {})
    kind = fields.get("kind", {}).get("const")
    if kind:
        return f"kind `{kind}`"
    words = _in_words(model)
    only = words.replace(" ", "_")
    return f"`{only}`" if list(fields) == [only] else words


def _used_by(paths: list[str]) -> str:
    others = len(paths) - 3
    more = f" and {others} more" if others > 0 else ""
    return f"Stands in {', '.join(f'`{path}`' for path in paths[:3])}{more}."


def _row(name: str, field: Schema, owner: Schema, prefix: str, models: Mapping[str, Schema]) -> str:
    if name == "kind" and "const" in field:
        return ""  # the heading says it
    cells = (
        f"`{name}`",
        field["description"],
        _type(field, prefix, models),
        _default(name, field, owner),
        "; ".join(dict.fromkeys(_limits(field))),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(field: Schema, prefix: str, models: Mapping[str, Schema]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{_label(name, models[name]).removeprefix('kind ')}](#{_target(name, prefix)})"
    choices = [*field.get("anyOf", ()), *field.get("oneOf", ())]
    if choices:
        told = [_type(choice, prefix, models) for choice in choices if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(told))
    if "const" in field or "enum" in field:
        return " or ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    match field.get("type"):
        case "array":
            return f"list of {_type(field.get('items', {}), prefix, models)}"
        case "object":
            inner = _named(field)
            return "mapping" if inner is None else f"mapping to {_type(inner, prefix, models)}"
        case "string":
            return "date" if field.get("format") == "date-time" else "text"
        case "boolean":
            return "true or false"
        case None:
            return "anything"
        case other:
            return str(other)


def _default(name: str, field: Schema, owner: Schema) -> str:
    if name in owner.get("required", ()):
        return "required"
    value = field["default"]
    match value:
        case {"kind": kind}:
            return f"`{kind}`"
        case {} if len(value) > _MOST_SHOWN or any(isinstance(each, Mapping) for each in value.values()):
            return "those inside"
        case [{}, *_]:
            return ", ".join(f"`{_flow(each)}`" for each in value)
    return "–" if value is None else f"`{_plain(value)}`"


def _limits(field: Schema) -> Iterator[str]:
    for name, text in _LIMITS.items():
        if name in field and field[name] not in (_BEYOND, -_BEYOND):
            yield text.format(f"{limit:,}" if isinstance(limit := field[name], int) else _plain(limit))
    least, most = field.get("minItems", field.get("minProperties", 0)), field.get("maxItems")
    if least and least == most:
        yield f"{least} entries"
    elif least or field.get("minLength"):
        yield "not empty" if least <= 1 else f"at least {least} entries"
    for choice in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        yield from _limits(choice)
    for inner in (field.get("items"), _named(field)):
        if isinstance(inner, Mapping):
            yield from (f"each {limit}" for limit in _limits(inner))


def _plain(value: object) -> str:
    """A value as one writes it in YAML."""
    match value:
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return f"{int(value)}"
        case "":
            return '""'
        case list() | dict():
            return _flow(value)
    return str(value)


def _flow(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000).strip()


def _target(model: str, prefix: str) -> str:
    return f"{prefix}-{model.lower()}"


def _in_words(model: str) -> str:
    """``ContractorFacts`` as ``contractor facts``."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in model).strip()
    return words.removesuffix(" spec")
