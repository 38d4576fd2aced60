"""What sellers really charge: more for long prompts, less at night and for cached tokens, and by request."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import genai_prices
import numpy as np
import pytest

import coalesce_sim
from coalesce_sim import ScenarioError
from coalesce_sim.economics.tariff import bill_usd, tariff_of
from coalesce_sim.experiments.diagnosis.warnings import notes_of
from coalesce_sim.inputs.price_file import read_price_file
from coalesce_sim.inputs.sellers import listed_prices
from coalesce_sim.scenario.pool import ContractorFacts, PriceList
from coalesce_sim.scenario.tariff import ConditionalPrices, TokenPrices
from tests.market.trading import contractor, market
from verification.package_bills import by_the_hour, greatest_difference, listings, tier_starts

DAY = date(2026, 11, 22)

LONG = {"above_prompt_tokens": 1000, "input_usd_per_mtok": 20.0, "output_usd_per_mtok": 200.0}
NIGHT = {"from_hour_utc": 22.0, "until_hour_utc": 6.5, "input_usd_per_mtok": 5.0}
SELLER: dict[str, Any] = {
    "input_usd_per_mtok": 10.0,
    "cache_read_usd_per_mtok": 1.0,
    "output_usd_per_mtok": 100.0,
    "request_usd": 0.01,
    "conditional_prices": [LONG, NIGHT],
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def sellers(price_file: str | None = None, **models: str) -> PriceList:
    return PriceList(
        sellers=models, price_date=DAY, price_file=price_file, template=ContractorFacts(reliability=1.0)
    )


def task(arrival_s: float, prompt: float, cached: float, output: float) -> dict[str, Any]:
    tokens = {"prompt_tokens": prompt, "cached_tokens": cached, "output_tokens": output}
    return {"type": "job", "arrival_s": arrival_s, **tokens}


def by_token(*arrivals: dict[str, Any], seller: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A market in which everything is given to one who charges by tokens, from 21:00 on."""
    fields = market(
        arrivals,
        contractor("only", **seller),
        external={"pricing": {"kind": "per_token"}},
        attributes={"expected_output_tokens": 100},
        policy={"kind": "always_outsource"},
        clock={"start": datetime(2026, 6, 1, 21), "days": 1},
    )
    return fields | changes


def test_listings_with_tiers_hours_or_fees_bill_what_the_package_says() -> None:
    """A sample; `verification/test_prices.py` asks for all."""
    tiered = [pair for pair in listings() if tier_starts(pair[1], DAY)]
    hourly = [pair for pair in listings() if by_the_hour(pair[1])]
    by_request = [pair for pair in listings() if pair[1].id.startswith("sonar-reasoning")]
    assert len(tiered) == 148
    assert len(hourly) == 5
    chosen = [*tiered[::10], *hourly[1:2], *by_request]
    assert max(greatest_difference(provider, model, DAY) for provider, model in chosen) < 1e-12


def test_a_long_request_pays_the_higher_price_for_all_of_it() -> None:
    usage = genai_prices.Usage(input_tokens=300_000, output_tokens=1000)
    charged = genai_prices.calc_price(usage, "claude-sonnet-4-5", provider_id="anthropic")
    assert float(charged.total_price) == 1.8225
    fields = by_token(task(0, 300_000, 0, 1000), seller={})
    fields["workload"]["attributes"] |= {"expected_output_tokens": 1000}
    fields |= {"contractors": sellers(anthropic="claude-sonnet-4-5").model_dump(exclude_none=True)}
    scenario = coalesce_sim.load(fields)
    paid_usd = coalesce_sim.run(scenario, replications=1).decisions["price_usd"]
    assert paid_usd.tolist() == pytest.approx([1.8225], rel=1e-12)
    assert notes_of(scenario) == [
        "contractors.sellers: anthropic also lists cache_write_mtok, cache_write_1h_mtok, "
        "web_searches_kcount, which no task is billed for"
    ]


@pytest.mark.parametrize("trade", ["contracts", "published"])
def test_size_hour_fee_and_cache_are_charged_in_both_trades(trade: str) -> None:
    arrivals = [
        task(0, 1000, 400, 100),
        task(1, 1001, 400, 100),  # long: all of it at the higher price, but for what is left out there
        task(
            3600, 1001, 0, 100
        ),  # at 22:00 the last condition that is met counts, and the long prompt does not
        task(34_200, 500, 500, 100),  # 06:30
    ]
    fields = by_token(*arrivals, seller=SELLER)
    if trade == "published":
        del fields["contracts"]
    paid_usd = coalesce_sim.run(coalesce_sim.load(fields)).decisions["price_usd"]
    by_hand_usd = [
        600e-5 + 400e-6 + 0.01 + 0.01,
        601 * 20e-6 + 400e-6 + 0.02 + 0.01,
        1001 * 5e-6 + 0.01 + 0.01,
        500e-6 + 0.01 + 0.01,
    ]
    assert paid_usd.tolist() == pytest.approx(by_hand_usd, rel=1e-12)


def test_the_mean_price_follows_the_hours() -> None:
    fields = by_token(task(0, 10, 0, 0), seller=SELLER)
    del fields["contracts"]
    price_usd = coalesce_sim.run(coalesce_sim.load(fields)).timeline["mean_price_usd"]
    assert price_usd.tolist() == [10.0, *[5.0] * 9, *[10.0] * 14]  # 21:00; 22:00 to 06:00; from 07:00 on


def test_two_constants_are_charged_to_the_last_bit_as_two_constants() -> None:
    rng = np.random.default_rng(5)
    prices, (prompt, output) = rng.uniform(0, 30, (4, 2)), rng.uniform(0, 1e5, (2, 50))
    fancy = TokenPrices.model_validate(SELLER)
    plain = [TokenPrices(input_usd_per_mtok=into, output_usd_per_mtok=out) for into, out in prices.tolist()]
    usd = bill_usd(
        tariff_of([*plain, fancy], np.arange(1 + len(plain)), np.ones(1 + len(plain))),
        prompt,
        np.zeros(50),
        output,
        np.zeros(50),
    )
    into_usd, out_usd = (prices / 1e6).T
    assert (usd[:, :4] == prompt[:, None] * into_usd + output[:, None] * out_usd).all()


@pytest.mark.parametrize(
    ("provider", "model", "message"),
    [
        (
            "google",
            "gemini-2.5-flash",
            "with input_audio_mtok, cache_audio_read_mtok, which no task can be charged by",
        ),
        (
            "perplexity",
            "sonar-deep-research",
            "with output_reasoning_mtok, output_citation_mtok, which no task can be charged by",
        ),
        (
            "groq",
            "whisper-large-v3",
            "without input_mtok and output_mtok, but with audio_hours, input_audio_hours",
        ),
        ("azure", "ada", "without output_mtok"),
        ("avian", "Meta-Llama-3.1-8B-Instruct", "as deprecated"),
    ],
)
def test_a_listing_that_cannot_bill_a_task_is_refused(provider: str, model: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        listed_prices(sellers(**{provider: model}))
    assert str(caught.value) == (
        f"contractors.sellers.{provider}: genai-prices on 2026-11-22 lists {model!r} {message}"
    )


PRICES = "provider,model,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,"
HEADER = f"{PRICES}request_usd,above_prompt_tokens,from_hour_utc,until_hour_utc\n"


def test_a_price_file_may_state_all_that_the_package_does() -> None:
    Path("prices.csv").write_text(
        HEADER + "anthropic,claude-sonnet-4-5,3,15,.3,,,,\n"
        "anthropic,claude-sonnet-4-5,6,22.5,.6,0,200000,,\n"
        "perplexity,sonar,1,1,,.012,,,\n"
        "deepseek,deepseek-chat,.135,.55,.035,,,,\n"
        "deepseek,deepseek-chat,.27,1.1,.07,0,,.5,16.5\n"
    )
    models = {"anthropic": "claude-sonnet-4-5", "perplexity": "sonar", "deepseek": "deepseek-chat"}
    assert [each.prices for each in listed_prices(sellers("prices.csv", **models))] == [
        each.prices for each in listed_prices(sellers(**models))
    ]


def test_prices_that_a_condition_leaves_empty_are_the_sellers_own() -> None:
    Path("prices.csv").write_text(HEADER + "a,m,1,2,,.5,,,\na,m,,3,,,100,,\n")
    assert read_price_file("prices.csv").prices == {
        ("a", "m"): TokenPrices(
            input_usd_per_mtok=1,
            output_usd_per_mtok=2,
            request_usd=0.5,
            conditional_prices=[ConditionalPrices(above_prompt_tokens=100, output_usd_per_mtok=3)],
        )
    }


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "a,m,1,2,,,,,\na,m,3,4,,,,8,\n",
            "3: until_hour_utc: missing, but the other end of the hours is stated",
        ),
        ("a,m,1,2,,,,,\na,m,3,4,,,,24,8\n", "3: from_hour_utc: must be less than 24 (got 24.0)"),
        ("a,m,1,2,,,,,\na,m,,,,,9,,\n", "3: states no price: needs one of input_usd_per_mtok, "),
        ("a,m,3,4,,,9,,\n", "2: a m: has no row with the prices that hold where no condition is met"),
        (
            "a,m,1,2,,,,,\na,m,3,4,,,9,,\na,m,5,6,,,8,,\n",
            "4: a m: holds wherever line 3 would, so that never does; state longer prompts below",
        ),
    ],
)
def test_rows_of_a_price_file_must_fit_together(rows: str, message: str) -> None:
    Path("prices.csv").write_text(HEADER + rows)
    with pytest.raises(ScenarioError) as caught:
        read_price_file("prices.csv")
    assert str(caught.value).startswith(f"prices.csv:{message}")


def test_two_constants_of_a_seller_with_tiers_are_refused(shared_data: Path) -> None:
    flat = str(shared_data / "genai_prices_flat_2026-11.csv")
    with pytest.raises(
        ScenarioError, match="is tiered, but not what longer prompts cost: state rows with above_"
    ):
        listed_prices(sellers(flat, anthropic="claude-sonnet-4-5"))


def test_columns_of_a_price_file_that_are_not_read_are_told() -> None:
    Path("prices.csv").write_text(
        "provider,model,input_usd_per_mtok,output_usd_per_mtok,image_usd\na,m,1,2,9\n"
    )
    fields = by_token(task(0, 1, 0, 1), seller={})
    fields |= {"contractors": sellers("prices.csv", a="m").model_dump(exclude_none=True)}
    assert notes_of(coalesce_sim.load(fields)) == [
        "contractors.sellers: prices.csv has columns that are not read: image_usd"
    ]


def test_cached_tokens_that_nobody_charges_otherwise_are_told() -> None:
    scenario = coalesce_sim.load(by_token(task(0, 9, 5, 1), seller={"input_usd_per_mtok": 1.0}))
    told = "cached_tokens (no contractor states cache_read_usd_per_mtok: they cost as others do)"
    assert any(told in note for note in notes_of(scenario))
    assert not any(
        told in note for note in notes_of(coalesce_sim.load(by_token(task(0, 9, 5, 1), seller=SELLER)))
    )


@pytest.mark.parametrize(
    ("conditional", "message"),
    [
        ([{"input_usd_per_mtok": 1}], "[0]: needs above_prompt_tokens, or from_hour_utc and until_hour_utc"),
        ([NIGHT | {"until_hour_utc": 22.0}], "[0].until_hour_utc: must differ from from_hour_utc (got 22)"),
        (
            [LONG | {"above_prompt_tokens": 2000}, LONG],
            "[0]: never hold, since conditional_prices[1] hold wherever they would, and come later; "
            "state longer prompts below shorter ones",
        ),
    ],
)
def test_conditions_must_be_able_to_hold(conditional: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load(by_token(task(0, 1, 0, 1), seller={"conditional_prices": conditional}))
    assert str(caught.value) == f"<scenario>: contractors[0].conditional_prices{message}"


@pytest.mark.parametrize(
    ("arrivals", "message"),
    [
        (
            {"kind": "listed", "tasks": [task(0, 9, 9, 0), task(1, 9, 10, 0)]},
            "arrivals.tasks[1].cached_tokens: must not be more than prompt_tokens, 9 (got 10)",
        ),
        (
            {"kind": "listed", "tasks": [{"type": "job", "cached_tokens": 7}]},
            "arrivals: cached_tokens must not be more than prompt_tokens (got 7, where the prompt may have "
            "only 5): task 0, counted from 0",
        ),
        (
            {
                "kind": "series",
                "parts": [
                    {
                        "type": "job",
                        "count": 3,
                        "attributes": {
                            "prompt_tokens": {"start": 4},
                            "cached_tokens": {"start": 2, "step": 2},
                        },
                    }
                ],
            },
            "arrivals.parts[0].attributes.cached_tokens: must not be more than prompt_tokens, 4 (got 6) "
            "for task 3",
        ),
    ],
)
def test_no_more_is_cached_than_the_prompt_has(arrivals: dict[str, Any], message: str) -> None:
    fields = by_token(seller=SELLER)
    fields["workload"] |= {"arrivals": arrivals}
    fields["workload"]["attributes"] |= {"prompt_tokens": {"uniform": {"low": 5, "high": 9}}}
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load(fields)
    assert str(caught.value).removeprefix("<scenario>: ") == f"workload.{message}"


def test_of_drawn_tasks_none_may_have_more_cached_than_prompt() -> None:
    fields = by_token(seller=SELLER)
    fields["workload"] |= {"arrivals": {"kind": "renewal", "gap_s": 60.0}}
    tokens = {"prompt_tokens": {"exponential": {"mean": 9}}, "cached_tokens": 3}
    fields["workload"]["attributes"] |= tokens
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load(fields)
    assert str(caught.value) == (
        "<scenario>: workload.attributes.cached_tokens: must not be more than prompt_tokens "
        "(got 3, where the prompt may have only 0)"
    )


def test_a_task_file_may_say_what_is_cached() -> None:
    Path("tasks.csv").write_text("prompt,cached\n100,60\n80,90\n")
    fields = by_token(seller=SELLER)
    columns = {"prompt_tokens": "prompt", "cached_tokens": "cached"}
    fields["workload"] |= {
        "arrivals": {"kind": "csv", "path": "tasks.csv", "type": "job", "columns": columns}
    }
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load(fields)
    assert str(caught.value) == ("tasks.csv:3: cached: must not be more than prompt_tokens, 80 (got 90)")
    limited = fields["workload"]["arrivals"] | {"limit": 1}
    fields["workload"] |= {"arrivals": limited}
    seller = {"input_usd_per_mtok": 10.0, "cache_read_usd_per_mtok": 1.0}
    fields |= {"contractors": [contractor("only", **seller)]}
    paid_usd = coalesce_sim.run(coalesce_sim.load(fields)).decisions["price_usd"]
    assert paid_usd.tolist() == pytest.approx([40 * 10e-6 + 60e-6], rel=1e-12)


def test_a_drawn_contractor_has_all_prices_times_its_factor() -> None:
    fields = by_token(task(0, 1001, 400, 100), seller={})
    kind = SELLER | {"share": 1, "reliability": 1.0}
    fields |= {"contractors": {"count": 1, "types": {"a": kind}, "price_factor": 3.0}}
    paid_usd = coalesce_sim.run(coalesce_sim.load(fields)).decisions["price_usd"]
    assert paid_usd.tolist() == pytest.approx([3 * (601 * 20e-6 + 400e-6 + 0.02 + 0.01)], rel=1e-12)


def test_a_kind_with_prices_on_conditions_of_which_nobody_is_drawn_changes_no_bill() -> None:
    plain, conditional = TokenPrices(input_usd_per_mtok=10.0), TokenPrices(**SELLER)
    tariffs = [
        tariff_of([plain, other], np.zeros(3, dtype=np.int64), np.ones(3)).of(np.array([0, 2]))
        for other in (plain, conditional)
    ]
    long = np.array([5000.0]), np.zeros(1), np.array([100.0]), np.array([23 * 3600.0])
    bills_usd = [bill_usd(tariff, *long).tolist() for tariff in tariffs]
    assert bills_usd == [[[0.05, 0.05]]] * 2
