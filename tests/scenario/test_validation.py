from __future__ import annotations

import textwrap
from datetime import datetime
from typing import Annotated, Any, Literal, Self

import pytest
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from coalesce_sim.scenario.document import read_document
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.scenario.validation import validate


class Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Normal(Model):
    mean: float
    sd: Annotated[float, Field(ge=0)]


class Uniform(Model):
    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high < self.low:
            raise ValueError(f"high must be >= low (got low {self.low}, high {self.high})")
        return self


class NormalSpec(Model):
    normal: Normal


class UniformSpec(Model):
    uniform: Uniform


Distribution = float | NormalSpec | UniformSpec


class Poisson(Model):
    kind: Literal["poisson"]
    rate_per_h: Annotated[float, Field(gt=0)]


class Trace(Model):
    kind: Literal["trace"]
    file: str


class Contractor(Model):
    name: Annotated[str, Field(min_length=1)]
    price_usd: Annotated[float, Field(gt=0)]
    skills: list[str] = []
    slots: Literal["unlimited"] | Annotated[int, Field(gt=0)] = "unlimited"


class Drawn(Model):
    count: int
    types: dict[Annotated[str, Field(pattern="^[a-z_]+$")], Normal]


class Topsis(Model):
    kind: Literal["topsis"]
    epsilon: Annotated[float, Field(le=1)] = 0.1
    weighting: Literal["fixed", "critic"] = "fixed"


class Custom(Model):
    model_config = ConfigDict(populate_by_name=True)
    class_: str = Field(alias="class")
    options: dict[str, Any] = {}


def _policy(data: Any) -> str | None:
    return "custom" if "class" in data else data.get("kind") if isinstance(data, dict) else None


def _only_key(data: Any) -> str | None:
    return next(iter(data)) if isinstance(data, dict) and len(data) == 1 else None


class Scenario(Model):
    title: str = ""
    start: datetime = datetime(2025, 6, 1)
    days: Annotated[int, Field(gt=0)] = 1
    verbose: bool = False
    arrivals: Annotated[Poisson | Trace, Field(discriminator="kind")] | None = None
    service: Distribution = 1.0
    delay: (
        Annotated[
            Annotated[NormalSpec, Tag("normal")] | Annotated[UniformSpec, Tag("uniform")],
            Discriminator(_only_key),
        ]
        | None
    ) = None
    contractors: Drawn | Annotated[list[Contractor], Field(min_length=1)] | None = None
    policy: (
        Annotated[
            Annotated[Topsis, Tag("topsis")] | Annotated[Custom, Tag("custom")],
            Discriminator(_policy),
        ]
        | None
    ) = None
    shares: list[float] = []
    pair: Annotated[tuple[float, float], Field(strict=False)] = (0, 1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.shares and sum(self.shares) != 1:
            raise ValueError("shares: must sum to 1")
        if isinstance(self.contractors, list):
            for index, contractor in enumerate(self.contractors):
                if contractor.name == "me":
                    raise ValueError(f"contractors[{index}].name: is taken by the client")
        if self.days > 365:
            raise ValueError("is longer than a year: choose fewer days")
        return self


@pytest.fixture
def problems(tmp_path, monkeypatch):
    """The problems of a YAML text in a file a.yaml, as lines."""
    monkeypatch.chdir(tmp_path)

    def check(text: str, *overrides: str) -> list[str]:
        (tmp_path / "a.yaml").write_text(textwrap.dedent(text))
        with pytest.raises(ScenarioError) as caught:
            validate(read_document("a.yaml", overrides), Scenario)
        return str(caught.value).splitlines()

    return check


def test_a_sound_document_becomes_the_model():
    document = read_document(
        {"contractors": [{"name": "A", "price_usd": 3}], "policy": {"class": "m:P"}, "pair": [2, 3]}
    )
    scenario = validate(document, Scenario)
    assert isinstance(scenario, Scenario)
    assert scenario.contractors == [Contractor(name="A", price_usd=3.0)]
    assert scenario.policy == Custom(class_="m:P")
    assert scenario.pair == (2.0, 3.0)


def test_all_problems_of_a_file_by_line(problems):
    text = """\
        titel: x
        days: 0
        contractors:
          - {name: A, price_usd: 3}
          - name: B
            price_usd: -3
            skill: [x]
          - price_usd: abc
        verbose: no
        """
    assert problems(text) == [
        "a.yaml:1: titel: unknown field; did you mean 'title'?",
        "a.yaml:2: days: must be > 0 (got 0)",
        "a.yaml:6: contractors[1].price_usd: must be > 0 (got -3)",
        "a.yaml:7: contractors[1].skill: unknown field; did you mean 'skills'?",
        "a.yaml:8: contractors[2].name: missing",
        "a.yaml:8: contractors[2].price_usd: must be a number (got 'abc')",
        "a.yaml:9: verbose: must be true or false (got 'no')",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("days: 1.5", "days: must be a whole number (got 1.5)"),
        ("days: '3'", "days: must be a whole number (got '3')"),
        ("days: null", "days: must be a whole number (got null)"),
        ("title: true", "title: must be text (got true)"),
        ("start: 8", "start: must be a date and time such as 2025-06-01T08:00:00 (got 8)"),
        ("start: 2025-06-01", "start: must be a date and time such as 2025-06-01T08:00:00 (got 2025-06-01)"),
        ("shares: 1", "shares: must be a list (got 1)"),
        ("shares: [.inf]", "shares[0]: must be finite (got inf)"),
        ("pair: [1, '2']", "pair[1]: must be a number (got '2')"),
        ("pair: [1]", "pair[1]: missing"),
        ("pair: [1, 2, 3]", "pair: must have a length of at most 2 (got 3)"),
        ("policy: {kind: topsis, epsilon: 2}", "policy.epsilon: must be <= 1 (got 2)"),
        (
            "policy: {kind: topsis, weighting: fixd}",
            "policy.weighting: must be one of 'fixed', 'critic' (got 'fixd'); did you mean 'fixed'?",
        ),
        ("policy: {class: 3}", "policy.class: must be text (got 3)"),
        (
            "contractors: [{name: '', price_usd: 1}]",
            "contractors[0].name: must have a length of at least 1 (got '')",
        ),
        ("contractors: []", "contractors: must have a length of at least 1 (got 0)"),
        (
            "contractors: {count: 1, types: {A: {mean: 1, sd: 2}}}",
            "contractors.types.A: key must match the pattern ^[a-z_]+$ (got 'A')",
        ),
        (f"days: {'x' * 100}", f"days: must be a whole number (got '{'x' * 58}…)"),
    ],
)
def test_wrong_values(problems, text, problem):
    assert problems(text) == [f"a.yaml:1: {problem}"]


def test_an_unknown_field_like_no_other_lists_what_is_legal(problems):
    assert problems("policy: {kind: topsis, xyz: 1}") == [
        "a.yaml:1: policy.xyz: unknown field; known here: kind, epsilon, weighting"
    ]
    assert problems("policy: {class: 'm:P', xyz: 1}") == [
        "a.yaml:1: policy.xyz: unknown field; known here: class, options"
    ]


def test_at_most_twelve_legal_names_are_listed():
    class Wide(Model):
        a1: int = 0
        a2: int = 0
        a3: int = 0
        a4: int = 0
        a5: int = 0
        a6: int = 0
        a7: int = 0
        a8: int = 0
        a9: int = 0
        a10: int = 0
        a11: int = 0
        a12: int = 0
        a13: int = 0

    known = "a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, …"
    with pytest.raises(ScenarioError) as caught:
        validate(read_document({"xyz": 1}), Wide)
    assert str(caught.value) == f"<scenario>: xyz: unknown field; known here: {known}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("arrivals: {rate_per_h: 1}", "arrivals.kind: missing; must be one of 'poisson', 'trace'"),
        ("arrivals: 3", "arrivals: must be a mapping (got 3)"),
        (
            "arrivals: {kind: poison, rate_per_h: 1}",
            "arrivals.kind: must be one of 'poisson', 'trace' (got 'poison'); did you mean 'poisson'?",
        ),
        ("arrivals: {kind: 3}", "arrivals.kind: must be one of 'poisson', 'trace' (got 3)"),
        ("arrivals: {kind: poisson}", "arrivals.rate_per_h: missing"),
        (
            "arrivals: {kind: poisson, rate_per_h: 1, poisson: 2}",
            "arrivals.poisson: unknown field; known here: kind, rate_per_h",
        ),
        ("policy: {epsilon: 1}", "policy: must name one of 'topsis', 'custom' (got {'epsilon': 1})"),
        (
            "policy: {kind: topsi}",
            "policy.kind: must be one of 'topsis', 'custom' (got 'topsi'); did you mean 'topsis'?",
        ),
        ("delay: {nomal: {mean: 1, sd: 2}}", "delay.nomal: unknown field; did you mean 'normal'?"),
        ("delay: {xyz: 1}", "delay.xyz: unknown field; known here: normal, uniform"),
        ("delay: {}", "delay: must name one of 'normal', 'uniform' (got {})"),
        ("delay: 3", "delay: must be a mapping (got 3)"),
        ("delay: {normal: {mean: 1, sd: -2}}", "delay.normal.sd: must be >= 0 (got -2)"),
    ],
)
def test_tagged_unions(problems, text, problem):
    assert problems(text) == [f"a.yaml:1: {problem}"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("service: x", ["service: must be a number or a mapping (got 'x')"]),
        ("service: {normal: {mean: 1, sd: -1}}", ["service.normal.sd: must be >= 0 (got -1)"]),
        ("service: {normal: 3}", ["service.normal: must be a mapping (got 3)"]),
        (
            "service: {uniform: {lo: 1, mean: 2, top: 3}}",
            [
                "service.uniform.low: missing",
                "service.uniform.high: missing",
                "service.uniform.lo: unknown field; did you mean 'low'?",
                "service.uniform.mean: unknown field; known here: low, high",
                "service.uniform.top: unknown field; known here: low, high",
            ],
        ),
        (
            "service: {unifrm: {low: 1, high: 2}}",
            ["service.uniform: missing", "service.unifrm: unknown field; did you mean 'uniform'?"],
        ),
        (
            "service: {uniform: {low: 3, high: 2}}",
            ["service.uniform: high must be >= low (got low 3.0, high 2.0)"],
        ),
        ("contractors: 3", ["contractors: must be a mapping or a list (got 3)"]),
        ("contractors: {count: 1}", ["contractors.types: missing"]),
        ("contractors: [3]", ["contractors[0]: must be a mapping (got 3)"]),
        (
            "contractors: [{name: A, price_usd: 1, slots: 0}]",
            ["contractors[0].slots: must be > 0 (got 0)"],
        ),
        (
            "contractors: [{name: A, price_usd: 1, slots: many}]",
            ["contractors[0].slots: must be 'unlimited' or a whole number (got 'many')"],
        ),
    ],
)
def test_of_a_plain_union_the_branch_that_fits_best_speaks(problems, text, lines):
    assert problems(text) == [f"a.yaml:1: {line}" for line in lines]


def test_what_a_validator_says_is_shown_at_the_field_it_names(problems):
    assert problems("days: 2\nshares: [0.5, 0.6]\n") == ["a.yaml:2: shares: must sum to 1"]
    text = "contractors:\n- {name: A, price_usd: 1}\n- price_usd: 1\n  name: me\n"
    assert problems(text) == ["a.yaml:4: contractors[1].name: is taken by the client"]
    assert problems("\ndays: 400\n") == ["a.yaml:2: is longer than a year: choose fewer days"]


def test_problems_are_told_where_the_value_was_written(problems, tmp_path):
    (tmp_path / "base.yaml").write_text("title: x\narrivals:\n  kind: poisson\n  rate_per_h: -1\nshares: y\n")
    text = "extends: base.yaml\n\ndays: -1\narrivals: {kind: poisson}\n"
    assert problems(text, "contractors=[{name: A}]", "titel=z") == [
        "--set contractors: contractors[0].price_usd: missing",
        "--set titel: titel: unknown field; did you mean 'title'?",
        "a.yaml:3: days: must be > 0 (got -1)",
        "base.yaml:4: arrivals.rate_per_h: must be > 0 (got -1)",
        "base.yaml:5: shares: must be a list (got 'y')",
    ]
