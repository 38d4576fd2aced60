"""What is worked out of calls: attempts, prices, speeds, names of models, groups, and who works at home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.files import FolderError
from coalesce_sim.logs.models import provider_name, same_model
from coalesce_sim.logs.people import MOST, kinds_of, plain
from coalesce_sim.logs.prices import recovered
from coalesce_sim.logs.sources import SOURCES
from coalesce_sim.logs.speeds import at_work
from coalesce_sim.scenario.problems import ScenarioError
from tests.logs.own import read, rows, told, written


def attempts(folder: Path, *calls: tuple[int, str, str, int, str], **options: Any) -> list[tuple[int, bool]]:
    """By task how many attempts there were and whether it ended well; calls are second, session, tag, length,
    status."""
    made = [
        rows(1)[0]
        | {
            "id": f"a{number}",
            "start": f"2026-11-02T09:{second // 60:02}:{second % 60:02}Z",
            "duration_s": 1,
            "session": session,
            "tag": tag,
            "prompt_tokens": length,
            "status": status,
            "usd": 0.01,
        }
        for number, (second, session, tag, length, status) in enumerate(calls)
    ]
    tasks = read(written(folder, made), **options).tasks
    return list(zip(tasks.attempts.tolist(), tasks.good.tolist(), strict=True))


def test_a_failed_call_and_the_next_like_it_are_one_task(tmp_path: Path):
    found = read(
        written(
            tmp_path,
            [
                rows(1)[0] | {"id": "1", "session": "s", "status": "failure", "usd": 0.01, "duration_s": 3},
                rows(1)[0]
                | {"id": "2", "session": "s", "start": "2026-11-02T09:00:05Z", "usd": 0.02, "duration_s": 4},
            ],
        )
    ).tasks
    assert (len(found), found.attempts[0], found.good[0]) == (1, 2, True)
    assert (found.seconds[0], found.usd[0]) == (9.0, pytest.approx(0.03))


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ((5, "s", "ask", 100, "success"), [(2, True)]),
        ((5, "t", "ask", 100, "success"), [(1, False), (1, True)]),
        ((5, "s", "sum", 100, "success"), [(1, False), (1, True)]),
        ((5, "s", "ask", 101, "success"), [(1, False), (1, True)]),
        ((70, "s", "ask", 100, "success"), [(1, False), (1, True)]),
        ((5, "", "ask", 100, "success"), [(1, False), (1, True)]),
        ((5, "s", "ask", 100, "failure"), [(2, False)]),
    ],
)
def test_session_type_length_and_time_out_decide(
    tmp_path: Path, second: Any, expected: list[tuple[int, bool]]
):
    done = (900, "z", "ask", 100, "success")
    assert attempts(tmp_path, (0, "s", "ask", 100, "failure"), second, done) == [*expected, (1, True)]


def test_a_failed_call_of_unknown_length_has_that_of_the_next(tmp_path: Path):
    calls = ((0, "s", "ask", 0, "failure"), (3, "s", "ask", 0, "failure"), (6, "s", "ask", 100, "success"))
    assert attempts(tmp_path, *calls) == [(3, True)]
    assert attempts(tmp_path, *calls, retry_within_s=1) == [(1, False), (1, False), (1, True)]


def test_without_sessions_rows_stay_tasks(tmp_path: Path):
    assert len(attempts(tmp_path, (0, "", "ask", 9, "failure"), (2, "", "ask", 9, "success"))) == 2


def test_prices_are_recovered_to_the_last_digit():
    rng = np.random.default_rng(1)
    prompt, output = rng.integers(100, 9000, 500), rng.integers(1, 900, 500)
    cached = np.where(rng.random(500) < 0.4, prompt // 2, 0)
    usd = (0.27 * (prompt - cached) + 0.07 * cached + 1.1 * output) / 1e6
    found = recovered(prompt, cached, output, usd)
    assert found is not None
    assert (found.input_usd, found.cached_usd, found.output_usd, found.met) == (0.27, 0.07, 1.1, 1.0)
    usd[:40] *= 2  # what is dearer at times does not move what most bills say, and is told
    found = recovered(prompt, cached, output, usd)
    assert found is not None
    assert (found.input_usd, found.cached_usd, found.output_usd) == (0.27, 0.07, 1.1)
    assert "92% of them exactly" in found.told


def test_bills_that_do_not_tell_input_from_output_give_no_prices():
    prompt = np.arange(100, 200)
    assert recovered(prompt, 0 * prompt, 2 * prompt, prompt / 1e6) is None
    assert recovered(prompt[:1], 0 * prompt[:1], prompt[:1], prompt[:1] / 1e6) is None


def test_free_is_a_price():
    tokens = np.array([5, 9])
    found = recovered(tokens, 0 * tokens, tokens, np.zeros(2))
    assert found is not None
    assert (found.input_usd, found.output_usd) == (0, 0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("openai/gpt-4o", "gpt-4o-2024-08-06", True),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b", True),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", "claude-3-5-sonnet-20240620", True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("llama-3.3-70b", "llama-3.3-70b-turbo", False),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022", False),
        ("llama-3.1-8b", "llama3.1:8b", False),
        ("deepseek-r1", "deepseek-r1:free", False),
    ],
)
def test_which_names_are_one_model(one: str, other: str, same: bool):
    assert (same_model(one) == same_model(other)) is same


def test_a_provider_is_as_stated_or_as_the_name_begins():
    assert provider_name("Deep Infra", "x/y") == "deep_infra"
    assert provider_name(None, "acme/big") == "acme"
    assert provider_name(None, "big") == "unknown"


def test_names_of_one_model_at_other_prices_stay_two_sellers(tmp_path: Path):
    made = rows()
    for number, each in enumerate(made[::2]):
        if number % 2:
            each |= {"model": "acme/big-2025-01-01", "usd": 3 * each["usd"]}
    sellers = read(written(tmp_path, made)).sellers
    assert sorted(each.name for each in sellers.sellers) == ["acme/big", "acme/big-2025-01-01", "zeta/small"]
    alike = [
        each | {"model": each["model"] + "-2025-01-01"} if number % 4 == 0 else each
        for number, each in enumerate(rows())
    ]
    sellers = read(written(tmp_path, alike)).sellers
    assert sorted(each.name for each in sellers.sellers) == ["acme/big", "zeta/small"]
    assert any(told.startswith("taken for the same model at acme: ") for told in sellers.told)


def test_the_most_frequent_kinds_are_kept_and_the_rest_is_other():
    codes = np.repeat(np.arange(30), np.arange(30, 0, -1)).astype(np.int32)
    found = kinds_of(codes, [f"t{each}" for each in range(30)], "none", lambda _, value: value)
    assert (len(found.names), found.names[-1], found.merged) == (MOST, "other", 11)
    assert (found.of_row == MOST - 1).sum() == sum(range(1, 12))
    assert plain("Größe: über 9!", "tag") == "Gr_e_ber_9"
    assert plain("9lives", "tag") == "tag_9lives"


def test_too_many_types_are_told(tmp_path: Path):
    made = [each | {"tag": f"job{number}"} for number, each in enumerate(rows())]
    found = read(written(tmp_path, made))
    assert len(found.types.names) == MOST
    assert "52% of calls are of the type other, 21 rarer tags; --type-by tells apart otherwise" in found.notes
    assert read(written(tmp_path, made), type_by="model").types.names == ("big", "small")


def test_groups_are_numbered_unless_names_are_kept(tmp_path: Path):
    made = [
        each | {"team": "blue" if number < 9 else "red", "user": f"u{number % 5}"}
        for number, each in enumerate(rows())
    ]
    path = written(tmp_path, made)
    assert read(path).groups.names == ("team_1", "team_2")
    kept = read(path, keep_names=True)
    assert kept.groups.names == ("blue", "red")
    assert kept.clients.counts == (5, 5)
    assert read(path, group_by="user").groups.names == tuple(f"user_{each}" for each in range(1, 6))


def test_who_works_at_home_is_the_one_without_a_bill(tmp_path: Path):
    made = [each | {"provider": "ollama" if each["model"] == "acme/big" else "zeta"} for each in rows()]
    made[0]["usd"] = 0.5
    found = read(written(tmp_path, made), home="big=rtx_4090")
    assert [each.name for each in found.sellers.sellers if each.at_home] == ["ollama/big"]
    assert told(found) == {"has a bill, but is at home: what the hardware costs counts in its place": 20}
    assert np.isnan(found.tasks.usd).sum() == 20
    made = [
        each | {"model": "big", "provider": ["here", "there"][number % 2]}
        for number, each in enumerate(rows())
    ]
    with pytest.raises(ScenarioError, match="'big' is served by here, there: say which of them is your own"):
        read(written(tmp_path, made), home="big=rtx_4090")
    assert read(written(tmp_path, made), home="there/big=rtx_4090").slots > 0


def test_bills_of_nothing_are_told_and_a_price_file_goes_before_them(tmp_path: Path):
    made = [each | {"usd": 0} if each["model"] == "acme/big" else each for each in rows()]
    path = written(tmp_path, made)
    [(why, count)] = told(read(path)).items()
    assert why.startswith("bills of 0: acme/big is taken for free, unless a price file says otherwise")
    assert count == 20
    (tmp_path / "prices.csv").write_text(
        "provider,model,input_usd_per_mtok,output_usd_per_mtok\nacme,big,2,8\n"
    )
    [big, _] = read(path, prices=str(tmp_path / "prices.csv")).sellers.sellers
    assert big.prices is not None
    assert big.prices.output_usd_per_mtok == 8
    assert big.priced_from == "price file; its 20 bills come to 0.0% of that"
    billed = read(written(tmp_path, rows()), prices=str(tmp_path / "prices.csv"))
    assert not billed.notes
    (tmp_path / "prices.csv").write_text(
        "provider,model,input_usd_per_mtok,output_usd_per_mtok\nacme,big,2,9\n"
    )
    assert read(written(tmp_path, rows()), prices=str(tmp_path / "prices.csv")).notes == [
        "acme/big: output_usd_per_mtok is 9 in the price file and 8 by its bills, which count"
    ]


def test_where_nobody_is_hired_a_price_file_says_who_could_be(tmp_path: Path):
    made = [each | {"model": "big", "provider": "vllm", "usd": 0} for each in rows()]
    path = written(tmp_path, made)
    with pytest.raises(ScenarioError, match="--prices: all calls were answered at home"):
        read(path, home="big=rtx_4090")
    (tmp_path / "prices.csv").write_text(
        "provider,model,input_usd_per_mtok,output_usd_per_mtok\nacme,big-instruct,2,8\n"
    )
    found = read(path, home="big=rtx_4090", prices=str(tmp_path / "prices.csv"))
    assert [each.name for each in found.extra] == ["acme/big"]
    assert found.extra[0].outcomes == found.sellers.sellers[0].outcomes


def test_bills_that_are_missing_are_by_the_price_file(tmp_path: Path):
    made = [{name: cell for name, cell in each.items() if name != "usd"} for each in rows()]
    (tmp_path / "prices.csv").write_text(
        "provider,model,input_usd_per_mtok,output_usd_per_mtok,above_prompt_tokens\n"
        "acme,big,2,8,\nacme,big,4,16,2000\nzeta,small,1,4,\nomega,big,1,1,\n"
    )
    found = read(written(tmp_path, made), prices=str(tmp_path / "prices.csv"))
    expected = sum(
        (2 * each["prompt_tokens"] + 8 * each["output_tokens"]) / 1e6 * (1 + (each["prompt_tokens"] > 2000))
        for each in rows()[::2]
    ) + sum(each["usd"] for each in rows()[1::2])
    assert np.nansum(found.tasks.usd) == pytest.approx(expected)
    assert {why.partition(":")[0]: count for why, count in told(found).items()} == {"no bill in the log": 20}
    [extra] = found.extra
    assert (extra.name, extra.rows, extra.outcomes) == ("omega/big", 0, found.sellers.sellers[0].outcomes)


def test_jobs_at_work_count_those_that_have_begun_and_not_ended():
    start, end = np.array([0, 5, 10, 10, 30]), np.array([10, 20, 12, 11, 31])
    assert at_work(start, end).tolist() == [1, 2, 3, 3, 1]


def test_speeds_are_the_medians_of_the_log(tmp_path: Path):
    made = [
        each
        | {
            "first_s": 0.2 + each["prompt_tokens"] / 5000,
            "duration_s": 0.2 + each["prompt_tokens"] / 5000 + each["output_tokens"] / 40,
        }
        for each in rows()
    ]
    speeds = read(written(tmp_path, made)).sellers.sellers[0].speeds
    assert speeds is not None
    assert speeds.network_ms == pytest.approx(200, rel=1e-3)
    assert speeds.prefill_tokens_per_s == pytest.approx(5000, rel=1e-3)
    assert speeds.decode_tokens_per_s == pytest.approx(40, rel=1e-3)
    whole = [{name: cell for name, cell in each.items() if name != "first_s"} for each in made]
    speeds = read(written(tmp_path, whole)).sellers.sellers[0].speeds
    assert speeds is not None
    assert speeds.prefill_tokens_per_s == pytest.approx(5000, rel=1e-2)
    assert speeds.told.endswith("the log has no first token")


def test_the_reference_names_all_that_is_read():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "logs.md").read_text("utf-8")
    paths = {
        path
        for source in SOURCES.values()
        for release in source.releases
        for options in release.paths.values()
        for path in options
    }
    assert {path for path in paths if f"`{path}`" not in page} == set()


def test_a_folder_with_files_of_somebody_else_is_refused(tmp_path: Path):
    path = written(tmp_path, rows())
    (tmp_path / "my").mkdir()
    (tmp_path / "my" / "runs.csv").write_text("mine\n")
    with pytest.raises(FolderError, match=r"holds runs\.csv, which no import wrote"):
        coalesce_sim.import_log("csv", path, tmp_path / "my")
    assert [each.name for each in (tmp_path / "my").iterdir() if each.name != ".lock"] == ["runs.csv"]
