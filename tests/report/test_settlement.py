"""What people are told of how the money moved: in a terminal, in a report, and by the doctor."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

import coalesce_sim
from coalesce_sim.experiments.diagnosis.doctor import doctor
from coalesce_sim.report.comparison.findings import findings
from coalesce_sim.report.explanation import explain
from coalesce_sim.report.html.page import Table
from coalesce_sim.report.html.settlement import settlement_sections
from coalesce_sim.report.results_folder import Written
from coalesce_sim.report.settlement import print_settlement
from coalesce_sim.report.table import print_run
from coalesce_sim.statistics.intervals import Estimate
from tests.market.trading import contractor, market

FEE = {"kind": "platform", "share": 0.1}


def played(**settlement: object) -> coalesce_sim.RunResult:
    """Two tasks that cost 0.1 USD at home and 1 USD at the only contractor, who gets them."""
    policy = {"kind": "fixed", "contractor": "a"}
    scenario = market([0.0, 600.0], contractor("a"), policy=policy, settlement=settlement)
    return coalesce_sim.run(coalesce_sim.load(scenario), replications=1, jobs=1)


def printed(estimates: dict[str, Estimate], width: int = 80) -> list[str]:
    stream = io.StringIO()
    print_settlement(Console(file=stream, width=width), estimates)
    return [line.strip() for line in stream.getvalue().splitlines()]


def test_net_stands_beside_gross():
    result, stream = played(fee=[FEE]), io.StringIO()
    print_run(Console(file=stream, width=80), Written(result, {}, (Path("x/summary.json"),), wall_s=1.0))
    lines = [line.split() for line in stream.getvalue().splitlines()]
    gross = lines.index(["cost", "reduction", "%,", "honest¹", "-900.0", "–", "–"])
    assert lines[gross + 1] == ["cost", "reduction", "%,", "net", "of", "settlement", "-1,000.0", "–", "–"]


def test_amounts_and_numbers_stand_in_lines_of_what_is_stated():
    rules = {"rate": 1, "days": 60, "fee_usd": 1, "written_off_by": "client"}
    lines = printed(played(fee=[FEE], charge_backs=rules).estimates)
    table = [line.split("  ") for line in lines if line]
    told = {cells[0]: [cell.strip() for cell in cells[1:] if cell] for cells in table}
    assert told["borne by clients"] == ["0.200"]  # 0.2 of fees − 2 that came back + 2 of fees that a owes
    assert told["fees"] == ["0.200"]
    assert told["charge-backs"] == ["2.00", "2.00"]
    assert told["written off"] == told["of which by clients"] == ["2.00"]
    assert "disputes" not in told
    assert any(line.startswith("Half of the contracts are paid within") for line in lines)
    assert printed({}) == []


def test_a_page_has_a_column_a_policy():
    fees = {"topsis": Estimate(2.0, None, None, 1), "random": Estimate(3.0, None, None, 1)}
    (section,) = settlement_sections({who: {"fees_usd": each} for who, each in fees.items()})
    (table,) = section.blocks
    assert isinstance(table, Table)
    assert [cell.text for cell in table.rows[0]] == ["fees, USD", "2.00", "3.00"]
    assert settlement_sections({"topsis": {}}) == []


def test_a_comparison_says_who_saves_most_net():
    fx = {"contractors": {"b": "EUR"}, "rate": {"EUR": 1.1}, "spread_bp": 1000}
    both = [contractor("a"), contractor("b", price_usd=0.98)]
    scenario = coalesce_sim.load(market([0.0, 600.0], *both, settlement={"fx": fx}))
    policies = ["fixed(contractor=a)", "fixed(contractor=b)"]
    told = findings(coalesce_sim.compare(scenario, policies, replications=1, jobs=1))
    assert told[0].startswith("No policy saves: fixed(contractor=b)")
    assert told[1] == (
        "Net of settlement fixed(contractor=a) saves -900.0 %, fixed(contractor=b) -978.0 %."  # 1 − 1.1 · 9.8
    )


def test_the_doctor_takes_expected_fees_for_no_bias():
    plain, with_fees = (
        doctor(
            coalesce_sim.load(
                market(
                    [0.0, 600.0],
                    contractor("a"),
                    policy={"kind": "fixed", "contractor": "a"},
                    settlement={"fee": [{"kind": "card", "share": share}]},
                )
            ),
            replications=1,
        ).figures["estimates_contractors"]
        for share in (0.0, 0.9)
    )
    assert with_fees == pytest.approx(plain)


def test_a_payment_that_failed_is_told_as_such():
    failures = {"failures": {"rate": 1, "retries": 0}}
    scenario = market(
        [0.0], contractor("a"), policy={"kind": "fixed", "contractor": "a"}, settlement=failures
    )
    contract = explain(coalesce_sim.load(scenario), 1, 0, 0).contract
    assert contract is not None
    assert contract["verdict"].startswith("Rejected after 0 s: the payment of its price failed. Paid 0 USD")
