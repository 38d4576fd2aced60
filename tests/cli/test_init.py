"""``coalesce-sim init``: a market of a few answers, asked at the terminal or read from a file."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

import coalesce_sim
from coalesce_sim.advice.workers import known
from tests.cli.calling import Call, contents

ANSWERS = """
tasks:
  support: {per_day: 300, prompt_tokens: 1200, answer_tokens: 300, target_s: 10, value_usd: 0.05}
  code: {per_day: 40, prompt_tokens: 6000, answer_tokens: 900, target_s: 60}
home: {model: llama-3.1-8b, hardware: rtx_4090, slots: 4, success: {support: 0.9}}
sellers:
  openai/gpt-4o-mini: {input_usd_per_mtok: 0.15, output_usd_per_mtok: 0.6, success: {support: 0.93}}
  openai/gpt-5.2:
    input_usd_per_mtok: 1.75
    output_usd_per_mtok: 14
    success: {code: {records: openhands, model: GPT-5.2, benchmark: swe-bench}}
late_usd_per_min: 0.05
"""

BAD = """
tasks:
  support: {per_day: -3, prompt_tokens: 1200, answer_tokens: lots, target: 10}
home: {model: llama, hardware: rtx_4091, slots: 0}
sellers:
  openai/gpt-4o: {success: {support: {records: openhands, model: gpt5}}}
late_usd: 3
"""


def test_a_market_of_answers_can_be_played_and_says_of_every_number_where_it_is_from(call: Call) -> None:
    Path("answers.yaml").write_text(ANSWERS)
    called = call("init", "--answers", "answers.yaml", "--out", "my")
    assert (called.code, called.err) == (0, "")
    assert called.out.endswith("next: coalesce-sim advise my/market.yaml\n")
    told = " ".join(called.out.split())  # at any width
    assert "code is worth 0.231 USD, 10 times what the dearest seller asks for it" in told
    assert "openai/gpt-5.2: how good it is at support is not known: it is given none" in told
    table = pq.read_table("my/requests.parquet")
    code_usd = 10 * (6000 * 1.75 + 900 * 14) / 1e6
    assert sorted(set(table["value_usd"].to_pylist())) == pytest.approx([0.05, code_usd])
    scenario = coalesce_sim.load("my/market.yaml")
    assert scenario.workload.types["support"].max_latency_min == pytest.approx(1 / 6, rel=1e-5)
    workers = ("home", "openai/gpt-4o-mini", "openai/gpt-5.2")
    assert [known(scenario, each, "code") for each in workers] == [False, False, True]
    assert scenario.contractors[1].outcomes["code"].success == 229 / 301  # type: ignore[index]
    played = coalesce_sim.run(scenario, replications=1).replications[0]
    assert played["tasks"] == len(table)
    without_a_word = re.findall(r"^ *(\w+): [\d.]+$", Path("my/market.yaml").read_text(), re.MULTILINE)
    assert set(without_a_word) == {"input_usd_per_mtok", "output_usd_per_mtok"}  # theirs stands above them


def test_the_answers_that_are_kept_make_the_same_market_again(call: Call) -> None:
    Path("prices.csv").write_text(
        "provider,model,input_usd_per_mtok,output_usd_per_mtok\nopenai,GPT-4o,2.5,10\nacme,big,1,2\n"
    )
    answers = yaml.safe_load(ANSWERS) | {"sellers": {"openai/gpt-4o": {}}}
    Path("answers.yaml").write_text(yaml.safe_dump(answers, sort_keys=False))
    assert call("init", "--answers", "answers.yaml", "--prices", "prices.csv", "--out", "far/away").code == 0
    scenario = coalesce_sim.load("far/away/market.yaml")
    sellers = [(each.name, each.input_usd_per_mtok) for each in scenario.contractors]  # type: ignore[union-attr]
    assert sellers == [("openai/gpt-4o", 2.5), ("acme/big", 1)]
    again = call("init", "--answers", "far/away/answers.yaml", "--out", "far/off")
    assert "nobody is known to be good at code" in again.out
    one, other = contents(Path("far/away")), contents(Path("far/off"))
    other["market.yaml"] = other["market.yaml"].replace(b"far/off", b"far/away")
    assert one == other
    refused = call("init", "--answers", "answers.yaml", "--prices", "prices.csv", "--out", "far/away")
    assert (refused.code, contents(Path("far/away"))) == (2, one)
    assert "the folder 'far/away' holds market.yaml" in refused.err


def test_what_is_wrong_with_answers_is_told_with_line_and_field(call: Call) -> None:
    Path("bad.yaml").write_text(BAD)
    called = call("init", "--answers", "bad.yaml", "--out", "my")
    assert (called.code, called.out) == (2, "")
    assert called.err.splitlines() == [
        "bad.yaml:3: tasks.support.per_day: must be > 0 (got -3)",
        "bad.yaml:3: tasks.support.answer_tokens: must be a number (got 'lots')",
        "bad.yaml:3: tasks.support.target_s: missing",
        "bad.yaml:3: tasks.support.target: unknown field; did you mean 'target_s'?",
        "bad.yaml:4: home.hardware: no hardware profile 'rtx_4091'; did you mean 'rtx_4090'? (got "
        "'rtx_4091')",
        "bad.yaml:4: home.slots: must be >= 1 (got 0)",
        "bad.yaml:6: sellers.openai/gpt-4o.success.support.model: nobody has recorded it (got 'gpt5'); did "
        "you mean GPT-5.5 or GPT-5.4 or GPT-5.2?",
        "bad.yaml:7: late_usd: unknown field; did you mean 'late_usd_per_min'?",
    ]
    assert not Path("my").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "output_usd_per_mtok: 0.6, ",
            "",
            "sellers.openai/gpt-4o-mini.output_usd_per_mtok: missing beside the",
        ),
        ("rtx_4090", "h200_sxm", "home.decode_tokens_per_s: missing; no speed of h200_sxm is known"),
        (
            "{support: 0.93}",
            "{suport: 0.93}",
            "success.suport: no such type of task; did you mean 'support'?",
        ),
        (
            "per_day: 300",
            "per_day: 6000000",
            "tasks: must be at most 5,000,000 in all the days (got 6,000,040)",
        ),
        ("openai/gpt-5.2:", "home:", "sellers.home: is what one runs oneself"),
        ("late_usd", "prices: none.csv\nlate_usd", "prices: none.csv: no such file"),
    ],
)
def test_answers_that_do_not_fit_together_are_refused(call: Call, old: str, new: str, message: str) -> None:
    assert old in ANSWERS
    Path("answers.yaml").write_text(ANSWERS.replace(old, new))
    called = call("init", "--answers", "answers.yaml", "--out", "my")
    assert (called.code, Path("my").exists()) == (2, False)
    assert message in called.err


def test_the_questions_lead_to_the_same_answers(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = ["support", "-3", "300", "1200", "300", "10", "0.05", "code", "40", "6000", "900", "60", "", ""]
    typed += ["rtx_4090", "llama-3.1-8b", "4", "0.9", ""]
    typed += ["openai/gpt-4o-mini", "0.15", "0.6", "much", "0.93", "", "", "0.05"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(typed) + "\n"))
    called = call("init", "--out", "my")
    assert (called.code, called.out.count("Error: ")) == (0, 2)
    answers = yaml.safe_load(ANSWERS)
    del answers["sellers"]["openai/gpt-5.2"]
    assert yaml.safe_load(Path("my/answers.yaml").read_text()) == answers
    monkeypatch.setattr("sys.stdin", io.StringIO("support\n"))
    broken_off = call("init", "--out", "other")
    assert (broken_off.code, Path("other").exists()) == (1, False)
