from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.calling import Call


@pytest.fixture
def schema(call: Call) -> dict[str, Any]:
    called = call("schema")
    assert (called.code, called.err) == (0, "")
    parsed: dict[str, Any] = json.loads(called.out)
    return parsed


def test_every_field_is_there_with_its_type_and_bounds(schema: dict[str, Any]):
    from coalesce_sim.scenario.schema import Scenario

    assert set(schema["properties"]) == {"extends", *Scenario.model_fields}
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Clock"]["properties"]["days"]["exclusiveMinimum"] == 0
    assert schema["$defs"]["Topsis"]["properties"]["memory"]["enum"] == ["shared", "per_client"]
    assert "class" in schema["$defs"]["Custom"]["properties"]


def test_a_file_that_extends_another_need_not_say_anything_else(schema: dict[str, Any]):
    assert "required" not in schema
    extending, complete = schema["anyOf"]
    assert extending == {"required": ["extends"]}
    assert {"title", "clock", "workload", "policy"} <= set(complete["required"])
    assert "name" not in complete["required"]
    needy = {name: each["required"] for name, each in schema["$defs"].items() if "required" in each}
    assert needy == {"Custom": ["class"], "OwnEmbedder": ["class"], "OwnAdversary": ["class", "who"]}


def test_all_references_lead_somewhere(schema: dict[str, Any]):
    def references(value: Any) -> list[str]:
        if isinstance(value, list):
            return [found for item in value for found in references(item)]
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [found for item in value.values() for found in references(item)]
        return []

    found = set(references(schema))
    assert found
    assert found <= {f"#/$defs/{name}" for name in schema["$defs"]}


def test_the_json_option_is_accepted(call: Call, schema: dict[str, Any]):
    assert json.loads(call("schema", "--json").out) == schema


def test_a_sweep_file_has_a_schema_of_its_own(call: Call):
    from coalesce_sim.sweeps.specification import Specification

    schema = json.loads(call("schema", "--sweep").out)
    assert set(schema["properties"]) == set(Specification.model_fields)
    assert schema["required"] == ["factors"]  # the name is the file's, the base may be a factor
