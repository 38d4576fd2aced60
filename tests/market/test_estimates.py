"""What estimates are made up of, and which charges they are held against, worked out by hand."""

from __future__ import annotations

import pytest

import coalesce_sim
from coalesce_sim.market.observer import DecidedOffers
from tests.market.trading import HOME_USD, VALUE_USD, contractor, market, run_of


class Parts(coalesce_sim.Observer):
    """Keeps what each decision's estimates were made up of."""

    def __init__(self) -> None:
        self.home: list[dict[str, float]] = []
        self.internal_usd: list[float] = []
        self.loss_usd: list[float] = []

    def decided(self, decided: DecidedOffers) -> None:
        breakdown = decided.breakdown()
        self.home.append(breakdown.home)
        self.internal_usd.append(decided.offers.internal_usd[decided.row])
        self.loss_usd += breakdown.parts_usd["expected_loss_usd"].tolist()


def parts_of(scenario: dict[str, object]) -> Parts:
    parts = Parts()
    coalesce_sim.stage(coalesce_sim.load(scenario), observer=parts).play()
    return parts


def test_experience_corrects_charges_at_home_and_not_the_loss() -> None:
    """Work at home costs twice what is expected, and one time in five it is no good."""
    scenario = market(
        [0, 1000, 2000, 3000],
        contractor("a"),
        clients={"success": 0.8},
        realised={"local_cost_factor": 2},
        calibration={"rate": 0.5},
        policy={"kind": "always_local"},
    )
    parts = parts_of(scenario)
    for home, internal_usd in zip(parts.home, parts.internal_usd, strict=True):
        assert home["expected_loss_usd"] == pytest.approx(0.2 * VALUE_USD)
        assert sum(home.values()) == pytest.approx(internal_usd)
    corrections_usd = [home["correction_usd"] for home in parts.home]
    assert corrections_usd[:2] == [0, 0]  # the second outcome shows what the first has taught
    assert 0 < corrections_usd[2] < corrections_usd[3] < HOME_USD


@pytest.mark.parametrize(
    ("recovery", "does_it_over"),
    [
        ({"retries": 0, "then": "give_up"}, False),
        ({"retries": 1, "then": "give_up"}, True),
        ({"retries": 0, "then": "local"}, True),
    ],
    ids=["given up", "tried again", "done at home"],
)
def test_bad_work_is_expected_to_cost_the_loss_only_where_it_is_not_done_over(
    recovery: dict[str, object], does_it_over: bool
) -> None:
    """A contractor that is good one time in two."""
    half = contractor("half", reliability=0.5)
    parts = parts_of(market([0], half, contracts={"recovery": recovery}, policy={"kind": "always_local"}))
    assert parts.loss_usd == pytest.approx([0.5 * (HOME_USD if does_it_over else VALUE_USD)])


def test_who_makes_no_offer_is_told_with_the_reason() -> None:
    """The client finds two of four, one of whom does other work; after a failure the other was tried."""
    job = {"job": {"success": 1}}
    scenario = market(
        [0],
        contractor("fails", success=0.0, price_usd=0.1),
        contractor("writes", outcomes={"text": {"success": 1}}, price_usd=0.2),
        contractor("dear", outcomes=job, price_usd=3.0),
        contractor("dearest", outcomes=job, price_usd=4.0),
        types={"job": {}, "text": {"share": 0}},
        contracts={"recovery": {"retries": 1}},
        discovery={"kind": "registry", "k": 2, "newcomer_share": 0},
        policy={"kind": "always_outsource"},
    )
    offers = run_of(scenario, offers=True).offers
    of_first, of_second = (offers[offers["attempt"] == attempt] for attempt in (0, 1))
    assert of_first["left_out"].astype(object).where(of_first["left_out"].notna(), None).tolist() == [
        None,
        "no offer for this task",
        "not discovered",
        "not discovered",
    ]
    assert of_second["left_out"].tolist()[0] == "tried before"


@pytest.mark.parametrize(("due_on_failure", "charges"), [(0, 0), (0.5, 2)])
def test_estimates_are_held_against_whatever_was_paid(due_on_failure: float, charges: int) -> None:
    """Two contracts whose work is found bad: what is not paid for says nothing of an estimate."""
    rules = {"due_on_failure": due_on_failure, "recovery": {"then": "give_up"}}
    bad = contractor("bad", success=0.0)
    result = run_of(market([0, 1000], bad, contracts=rules, policy={"kind": "always_outsource"}))
    assert result.contracts["reason"].tolist() == ["found bad"] * 2
    assert result.estimation_error["charges"].sum() == charges


@pytest.mark.parametrize(("criticality", "at_risk_usd"), [("medium", VALUE_USD), ("high", 2 * VALUE_USD)])
def test_critical_tasks_put_more_at_risk(criticality: str, at_risk_usd: float) -> None:
    scenario = market(
        [0],
        contractor("a", security_risk=0.1, quality_risk=0.05),
        attributes={"criticality": criticality},
        external={"critical_factor": 2},
        policy={"kind": "always_outsource"},
    )
    offers = run_of(scenario, offers=True).offers
    assert offers["risk_usd"].tolist() == pytest.approx([0.15 * at_risk_usd])
