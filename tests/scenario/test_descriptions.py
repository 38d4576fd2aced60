"""Every field says what it means, wherever a schema shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from coalesce_sim.scenario.json_schema import json_schema
from coalesce_sim.sweeps.specification import Specification


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """Model, field and description of all fields, in a JSON Schema, of a model and of all inside it."""
    models = {schema["title"]: schema, **schema["$defs"]}
    for model, told in models.items():
        for each in (told, *told.get("anyOf", ())):
            for name, field in each.get("properties", {}).items():
                yield model, name, field.get("description")


def words(text: str) -> set[str]:
    """The words of a text or name, without endings: ``price_usd`` and ``PriceList`` are two each."""
    split = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", text).lower())
    return {re.sub(r"(ies|es|ed|ing|s|y|e)$", "", word) or word for word in split}


STOP_WORDS = words(
    "a all an and are as at be by each for from has have how if in is it its many much no not of on one or "
    "so than that the their them there these they this those to what when where which who with"
)


def says_more(model: str, name: str, description: str) -> bool:
    """Whether two words or more are left without those of field and model, and those that say nothing."""
    return len(words(description) - words(name) - words(model) - STOP_WORDS) > 1


@pytest.fixture(scope="module")
def scenario() -> dict[str, Any]:
    return json_schema()


@pytest.fixture(scope="module")
def sweep() -> dict[str, Any]:
    return Specification.model_json_schema()


@pytest.mark.parametrize("of", ["scenario", "sweep"])
def test_every_field_is_described_by_more_than_its_name(of: str, request: pytest.FixtureRequest):
    schema: dict[str, Any] = request.getfixturevalue(of)
    found = list(fields(schema))
    assert {model for model, _, _ in found} == {schema["title"], *schema["$defs"]}
    bare = [f"{model}.{name}" for model, name, text in found if not text]
    assert not bare
    hollow = [
        f"{model}.{name}: {text}" for model, name, text in found if not says_more(model, name, text or "")
    ]
    assert not hollow


@pytest.mark.parametrize(
    ("model", "name", "description"),
    [
        ("ContractorFacts", "price_usd", "The price of the contractor."),
        ("Clock", "days", "How many days the clock has."),
        ("ContractRules", "recovery", "How a contract is recovered from."),
    ],
)
def test_a_description_that_repeats_the_name_would_be_found(model: str, name: str, description: str):
    assert not says_more(model, name, description)


def test_a_field_that_refers_to_another_model_keeps_its_own_description(scenario: dict[str, Any]):
    clock, policy = scenario["properties"]["clock"], scenario["properties"]["policy"]
    assert clock["$ref"] == "#/$defs/Clock"
    assert clock["description"] != scenario["$defs"]["Clock"]["description"]
    assert {"$ref": "#/$defs/Topsis"} in policy["anyOf"]
    assert policy["description"].startswith("Who decides")
    hardware = scenario["$defs"]["Hardware"]["anyOf"][1]["properties"]
    assert "GPU" in hardware["profile"]["description"]


def test_an_inherited_field_is_described_as_in_its_base_unless_it_is_stated_anew(scenario: dict[str, Any]):
    models = scenario["$defs"]
    prior = {name: models[name]["properties"]["prior_weight"]["description"] for name in ("Ucb1", "Thompson")}
    assert prior["Ucb1"] == prior["Thompson"]
    assert prior["Ucb1"] != models["ThompsonGaussian"]["properties"]["prior_weight"]["description"]


def test_a_kind_is_described_by_what_it_stands_for(scenario: dict[str, Any]):
    models = scenario["$defs"]
    assert models["Greedy"]["properties"]["kind"]["description"] == (
        "The lowest cost by what happened so far among home and the eligible offers; no exploration."
    )
