from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim import ScenarioError
from coalesce_sim.inputs.sellers import listed_prices
from coalesce_sim.scenario.document import read_document
from coalesce_sim.scenario.pool import ContractorFacts, PriceList

HEADER = "provider,model,input_usd_per_mtok,output_usd_per_mtok\n"


def azure_sellers(**changes: Any) -> PriceList:
    return PriceList.model_validate(read_document("azure_code").data["contractors"] | changes)


def mine(**settings: Any) -> PriceList:
    return PriceList(
        sellers={"groq": "llama"},
        price_date=date(2026, 11, 22),
        price_file="prices.csv",
        template=ContractorFacts(reliability=1.0),
        **settings,
    )


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_package_and_the_price_file_agree_on_every_seller(shared_data: Path) -> None:
    flat = str(shared_data / "genai_prices_flat_2026-11.csv")
    assert listed_prices(azure_sellers()) == listed_prices(azure_sellers(price_file=flat))


def test_the_twin_writes_out_what_the_package_lists() -> None:
    sellers = azure_sellers()
    twin = coalesce_sim.load("azure_code_like").contractors
    assert isinstance(twin, list)
    listed = [
        (each.provider, each.prices.input_usd_per_mtok, each.prices.output_usd_per_mtok)
        for each in listed_prices(sellers)
    ]
    assert [(each.name, each.input_usd_per_mtok, each.output_usd_per_mtok) for each in twin] == listed
    shared = set(ContractorFacts.model_fields) - {"input_usd_per_mtok", "output_usd_per_mtok"}
    for each in twin:
        assert each.model_dump(include=shared) == sellers.template.model_dump(include=shared)


def test_a_price_holds_on_its_date() -> None:
    before = {each.provider: each for each in listed_prices(azure_sellers(price_date=date(2026, 10, 1)))}
    now = {each.provider: each for each in listed_prices(azure_sellers())}
    changed = {name: before[name].prices.input_usd_per_mtok for name in now if before[name] != now[name]}
    assert changed == {"novita": 0.05}


def test_prices_come_in_the_order_of_the_scenario_and_open_rows_are_no_listing() -> None:
    Path("prices.csv").write_text(HEADER + "a,m,1,2\nb,m,,\nc,m,0,0.5\n")
    wanted = mine().model_copy(update={"sellers": {"c": "m", "a": "m"}})
    assert [
        (p.provider, p.prices.input_usd_per_mtok, p.prices.output_usd_per_mtok) for p in listed_prices(wanted)
    ] == [
        ("c", 0.0, 0.5),
        ("a", 1.0, 2.0),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "provider,model,price\n",
            "prices.csv:1: input_usd_per_mtok, output_usd_per_mtok: no such column "
            "(expected: provider, model, input_usd_per_mtok, output_usd_per_mtok; "
            "found: provider, model, price)",
        ),
        (
            HEADER + "groq,llama,0.05,cheap\n",
            "prices.csv:2: output_usd_per_mtok: must be a number (got 'cheap')",
        ),
        (
            HEADER + "groq,llama,-1,0\n",
            "prices.csv:2: input_usd_per_mtok: must be >= 0 (got '-1')",
        ),
        (
            HEADER + "groq,llama,nan,0\n",
            "prices.csv:2: input_usd_per_mtok: must be a number (got 'nan')",
        ),
        (
            HEADER + "groq,llama,0,05,0,08\n",
            "prices.csv:2: must have 4 cells as the header has (got 6: groq,llama,0,05,0,08)",
        ),
        (HEADER + "groq,llama,1,1\ngroq,llama,1,2\n", "prices.csv:3: groq llama is listed twice"),
        (
            HEADER + "groq,llama-3,1,1\n",
            "contractors.sellers.groq: prices.csv has no price for 'llama' from this provider; "
            "did you mean 'llama-3'?",
        ),
        (
            HEADER + "grok,llama,1,1\n",
            "contractors.sellers.groq: prices.csv has no such provider; did you mean 'grok'?",
        ),
        (None, "contractors.price_file: prices.csv: no such file"),
    ],
)
def test_what_is_wrong_with_a_price_file_is_said(text: str | None, message: str) -> None:
    if text is not None:
        Path("prices.csv").write_text(text)
    with pytest.raises(ScenarioError) as caught:
        listed_prices(mine())
    assert str(caught.value) == message


def test_loading_tells_of_tasks_and_sellers_at_once_and_where_they_are_named() -> None:
    Path("mine.yaml").write_text(
        "extends: azure_code\n"
        "contractors:\n"
        "  sellers:\n"
        "    nobody: llama\n"
        "    novita: meta-llama/llama-3.1-8b\n"
        "workload:\n"
        "  arrivals: {path: mine.csv}\n"
    )
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load("mine.yaml")
    tasks, novita, nobody = str(caught.value).splitlines()
    assert tasks == "mine.yaml:7: workload.arrivals.path: mine.csv: no such file"
    source = "genai-prices on 2026-11-22"
    assert nobody.startswith(f"mine.yaml:4: contractors.sellers.nobody: {source} has no such provider")
    assert novita.startswith(
        f"mine.yaml:5: contractors.sellers.novita: {source} has no price for 'meta-llama/llama-3.1-8b' "
        "from this provider; did you mean 'meta-llama/llama-3.1-8b-instruct'"
    )


def test_without_the_package_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices.data_snapshot", None)
    with pytest.raises(ScenarioError) as caught:
        listed_prices(azure_sellers(price_date=date(2001, 1, 1)))  # a date nobody asked for before
    assert str(caught.value) == (
        "contractors.price_file: needs the extra `prices` (pip install genai-prices), or a price_file"
    )
