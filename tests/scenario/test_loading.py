"""Loading at the edges: whatever is asked for, there is a scenario or a refusal with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim import ScenarioError
from coalesce_sim.scenario.document import read_document

TINY = "is smaller than any real amount: must be at least 1e-30"


@pytest.mark.parametrize("number", ["-0.0", "-0e5", "-.0"])
def test_there_is_no_negative_zero(number: str) -> None:
    document = read_document({"extends": "azure_code_like"}, [f"clients.price_usd={number}"])
    assert str(document.data["clients"]["price_usd"]) == "0.0"
    assert str(read_document({"name": float(number)}).data["name"]) == "0.0"


class _Shy:
    def __repr__(self) -> str:
        raise RuntimeError("not for you")


def _holding_itself() -> dict[str, Any]:
    data: dict[str, Any] = {}
    data["workload"] = data
    return data


@pytest.mark.parametrize(
    ("source", "overrides", "message"),
    [
        (5, (), "a scenario is a file, a name or a mapping (got 5)"),
        ("dur_02", "seed=3", "overrides: must be a list of texts such as 'clock.days=1' (got 'seed=3')"),
        ("dur_02", [3], "--set: must be text (got 3)"),
        (_holding_itself(), (), "<scenario>: nests deeper than 100 levels"),
        ({"name": "a\udc80"}, (), "<scenario>: name: half a character stands in the text (got '\\udc80')"),
        (
            {"extends": "dur_02", "seed": _Shy()},
            (),
            "<scenario>: seed: must be a whole number (got a value of type _Shy that cannot be shown: "
            "not for you)",
        ),
        (
            {"extends": "a\0/b.yaml"},
            (),
            r"<scenario>: extends: a\x00/b.yaml: cannot be read: embedded null byte",
        ),
        (
            {"extends": "dur_02", "clock": {"days": 5e-324}},
            (),
            f"<scenario>: clock.days: {TINY} (got 5e-324)",
        ),
        (
            {"extends": "dur_02", "clients": {"price_usd": 1e-31}},
            (),
            f"<scenario>: clients.price_usd: {TINY} (got 1e-31)",
        ),
        (
            {
                "extends": "dur_02",
                "workload": {"attributes": {"value_usd": {"normal": {"mean": 1e308, "sd": 1}}}},
            },
            (),
            "<scenario>: workload.attributes.value_usd.normal.mean: must be <= 1e+30 (got 1e+308)",
        ),
    ],
)
def test_loading_raises_nothing_but_scenario_errors(source: Any, overrides: Any, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load(source, overrides)
    assert str(caught.value) == message


def test_a_clock_of_less_than_a_moment_has_one_hour() -> None:
    scenario = coalesce_sim.load("azure_code_like", ["clock.days=1e-11", "replications=1"])
    assert scenario.clock.hours == 1
    assert coalesce_sim.run(scenario).replications[0]["tasks"] == 0


def test_a_long_chain_of_scenarios_is_read_once_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for k in range(100):
        parent = f"{k - 1}.yaml" if k else "azure_code_like"
        Path(f"{k}.yaml").write_text(f"extends: {parent}\nseed: {k}\n")
    looked_up: list[Path] = []
    resolve = Path.resolve

    def counted(path: Path) -> Path:
        looked_up.append(path)
        return resolve(path)

    monkeypatch.setattr(Path, "resolve", counted)
    assert coalesce_sim.load("99.yaml").seed == 99
    assert len(looked_up) < 200
