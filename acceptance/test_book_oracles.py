"""The book of a run with every friction, before programs of others: beancount's and x402's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError
from x402.schemas import PaymentRequirements as Theirs

from coalesce_sim.settlement.events import EVENTS
from coalesce_sim.settlement.x402 import PaymentRequirements as Ours

ROOT = Path(__file__).resolve().parents[1]

EVERY_FRICTION = """
extends: market
clock: {days: 0.02}
contracts: {timeout_factor: 1.5}
contractors:
  types:
    edge: {unreachable_rate: 0.3}
adversaries:
  - {kind: withholding, who: {share: 0.5}, share: 0.5}
defences: {entry_fee_usd: 0.5, stake_usd: 0.2, commitment: {usd_per_slot_h: 1}}
settlement:
  escrow:
    holdback: 0.10
    until: window
    window_days: 30
    cap: 0.2
    dispute: {share: 0.1, days: {uniform: {low: 30, high: 90}}, cost_usd: 0.15}
  fee:
    - {kind: card, share: 0.029, fixed_usd: 0.30, payer: client}
    - {kind: network, share: 0.02, payer: contractor}
  pay: {every_h: 24, delay_days: 2, capital_rate_per_year: 0.08}
  fx: {contractors: {open_weights: EUR}, rate: {EUR: 1.10}, volatility_per_year: 0.08, spread_bp: 50}
  charge_backs: {rate: 0.05, days: {uniform: {low: 60, high: 120}}, fee_usd: 1.5}
  failures: {rate: 0.2, retries: 2}
  clients: {funds_usd: {lognormal: {median: 50, sigma: 0.5}}}
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("frictions")
    (folder / "frictions.yaml").write_text(EVERY_FRICTION)
    words = ["run", "frictions.yaml", "--replications", "1", "--no-figures", "--quiet"]
    played = subprocess.run(
        [sys.executable, "-m", "coalesce_sim", *words, "--book", "book", "--payments"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (played.returncode, played.stderr) == (0, "")
    return folder / "book"


def bean_check(text: str, folder: Path) -> tuple[int, str]:
    """The exit code of `bean-check`, which is run and never imported, and what it says."""
    program = shutil.which("bean-check", path=str(Path(sys.executable).parent))
    assert program is not None
    file = folder / "checked.beancount"
    file.write_text(text, encoding="utf-8")
    checked = subprocess.run([program, "--no-cache", str(file)], capture_output=True, text=True, check=False)
    return checked.returncode, checked.stdout + checked.stderr


def test_the_book_has_every_event_and_bean_check_accepts_it(book: Path, tmp_path: Path):
    journal = pq.read_table(book / "journal.parquet")
    assert set(journal["event"].to_pylist()) == set(EVENTS)
    assert set(journal["currency"].to_pylist()) == {"USD", "EUR"}
    text = (book / "book.beancount").read_text(encoding="utf-8")
    assert bean_check(text, tmp_path) == (0, "")


def _a_digit(text: str) -> str:
    """The last digit of the first amount of a capture, which is one unit."""
    begins = text.index("#capture")
    amount = re.compile(r"\d(?= (USD|EUR)$)", re.MULTILINE).search(text, begins)
    assert amount is not None
    return f"{text[: amount.start()]}{(int(amount[0]) + 1) % 10}{text[amount.end() :]}"


def _an_account(text: str) -> str:
    """A capture that comes from another client's escrow."""
    first = re.search(r"Assets:Escrow:(C\d+)", text[text.index("#capture") :])
    assert first is not None
    others = set(re.findall(r"Assets:Escrow:(C\d+)", text)) - {first[1]}
    place = text.index("#capture") + first.start()
    return f"{text[:place]}{text[place:].replace(first[0], f'Assets:Escrow:{min(others)}', 1)}"


def _a_sign(text: str) -> str:
    """A capture that goes the other way."""
    entry = _entry(text, "capture")
    turned = re.sub(r"  (-?)(\d+\.\d+) ", lambda leg: f"  {'' if leg[1] else '-'}{leg[2]} ", entry)
    return text.replace(entry, turned)


def _an_entry(text: str) -> str:
    """A capture that is not there."""
    return text.replace(_entry(text, "capture"), "", 1)


def _a_date(text: str) -> str:
    """The first payment of two days later, with the date of the first day."""
    entry = _entry(text, "pay-out")
    return text.replace(entry, _entry(text, "authorise")[:12] + entry[12:], 1)


def _a_contract(text: str) -> str:
    """A capture that is said to be of another contract."""
    entry = _entry(text, "capture")
    return text.replace(entry, re.sub(r"contract: \d+", "contract: 999999", entry), 1)


def _entry(text: str, tag: str) -> str:
    """The first transaction with a tag, and the empty line before it."""
    begins = text.rindex("\n\n", 0, text.index(f"#{tag}\n"))
    return text[begins : text.index("\n\n", begins + 2)]


FOUND = [_a_digit, _an_account, _a_sign, _an_entry]
NOT_FOUND = [_a_date, _a_contract]


@pytest.mark.parametrize("change", FOUND)
def test_bean_check_finds_what_was_changed(book: Path, tmp_path: Path, change: Callable[[str], str]):
    text = (book / "book.beancount").read_text(encoding="utf-8")
    assert change(text) != text
    code, told = bean_check(change(text), tmp_path)
    assert code == 1
    assert "checked.beancount" in told


@pytest.mark.parametrize("change", NOT_FOUND)
def test_what_bean_check_does_not_find(book: Path, tmp_path: Path, change: Callable[[str], str]):
    """Which day it was, and of what contract, no balance tells: the journal is what is checked for that."""
    text = (book / "book.beancount").read_text(encoding="utf-8")
    assert change(text) != text
    assert bean_check(change(text), tmp_path) == (0, "")


@pytest.mark.parametrize("change", [_an_account, _a_sign, _an_entry])
def test_without_its_balances_a_book_would_hide_that(
    book: Path, tmp_path: Path, change: Callable[[str], str]
):
    text = change((book / "book.beancount").read_text(encoding="utf-8"))
    assert bean_check(re.sub(r"^\S+ balance .*$", "", text, flags=re.MULTILINE), tmp_path) == (0, "")


def test_with_the_usual_tolerance_a_balance_could_be_off_by_a_unit(book: Path, tmp_path: Path):
    """Why the balances of a book are asserted with none."""
    text = (book / "book.beancount").read_text(encoding="utf-8")
    line = re.search(r"^\S+ balance Equity:Opening .*$", text, re.MULTILINE)
    assert line is not None
    near = re.sub(r"\d(?= ~)", lambda digit: str(int(digit[0]) ^ 1), line[0])
    assert bean_check(text.replace(line[0], near), tmp_path)[0] == 1
    assert bean_check(text.replace(line[0], near.replace(" ~ 0", "")), tmp_path) == (0, "")


def test_x402_reads_every_requirement_as_we_do(book: Path):
    lines = (book / "payments.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 100
    for line in lines:
        theirs = Theirs.model_validate_json(line)
        assert json.loads(theirs.model_dump_json(by_alias=True)) == json.loads(line)
        assert Ours.model_validate_json(line).model_dump() == json.loads(line)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "-5"},
        {"amount": "1.5"},
        {"network": "base"},
        {"maxTimeoutSeconds": -1},
        {"asset": "lemons"},
        {"maxAmountRequired": "5"},
    ],
)
def test_ours_refuses_what_theirs_lets_pass(book: Path, change: dict[str, Any]):
    line = (book / "payments.jsonl").read_text(encoding="utf-8").splitlines()[0]
    wrong = json.dumps(json.loads(line) | change)
    Theirs.model_validate_json(wrong)
    with pytest.raises(ValidationError):
        Ours.model_validate_json(wrong)
