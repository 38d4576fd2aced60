"""The JSON Schema of a scenario file, for editors that complete and check while one types."""

from __future__ import annotations

from typing import Any

from coalesce_sim.scenario.document import UNCERTAIN
from coalesce_sim.scenario.schema import Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Schema of what a user writes, as against the complete scenario it becomes.

    A file may extend another and then leaves out whatever it does not change, at any depth. So no field is
    required where `extends` is given, and none ever below the top, but for the class of a user's own policy
    or embedder. In place of a number may stand how uncertain it is.
    """
    schema = Scenario.model_json_schema()
    needed = [name for name in schema["required"] if name != "name"]  # the loader takes the file's name
    _loosen(schema)
    schema["properties"] = {
        "extends": {
            "type": "string",
            "minLength": 1,
            "description": "A bundled scenario or a path; what is not given here is taken from it.",
        },
        **schema["properties"],
    }
    schema["anyOf"] = [{"required": ["extends"]}, {"required": needed}]
    for one_of_several in ("DistributionSpec", "Moving"):
        schema["$defs"][one_of_several] |= {"minProperties": 1, "maxProperties": 1}
    schema["$defs"]["Component"] |= {"minProperties": 2, "maxProperties": 2}
    _may_be_uncertain(schema)
    return {"$schema": DIALECT, **schema}


def _may_be_uncertain(schema: Any) -> None:
    """Let a distribution that is called uncertain stand in place of each number."""
    if isinstance(schema, list):
        for item in schema:
            _may_be_uncertain(item)
    if not isinstance(schema, dict):
        return
    for value in schema.values():
        _may_be_uncertain(value)
    if schema.get("type") == "number":
        distribution = {"$ref": "#/$defs/DistributionSpec"}
        schema |= {"type": ["number", "object"], "properties": {UNCERTAIN: distribution}}
        schema |= {"minProperties": 1, "additionalProperties": False}


def _loosen(schema: Any) -> None:
    """Drop `required`, and `oneOf`, of which an incomplete value may fit several.

    What allows any other field keeps what it requires, or every misspelt value would fit it.
    """
    if isinstance(schema, list):
        for item in schema:
            _loosen(item)
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("required"), list) and schema.get("additionalProperties") is not True:
        del schema["required"]
    if isinstance(schema.get("oneOf"), list):
        schema["anyOf"] = schema.pop("oneOf")
        schema.pop("discriminator", None)
    for value in schema.values():
        _loosen(value)
