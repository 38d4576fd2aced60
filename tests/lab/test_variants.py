"""Settings that are compared: one sweep with a point for each, which is exactly what was asked for."""

from collections.abc import Sequence

import pytest
import yaml

from coalesce_sim.lab.pages.compare.edge import at_edge
from coalesce_sim.lab.setting import Setting
from coalesce_sim.lab.variants import Variant, faults_of, given_in, labelled, plan_of, query_of, sweep_of
from coalesce_sim.sweeps.keys import played_text

pytestmark = pytest.mark.usefixtures("lab")


def variants(*settings: Sequence[str]) -> tuple[Variant, ...]:
    return labelled([("", Setting(source, tuple(changes))) for source, *changes in settings])


CASES = {
    "a number": [["market"], ["market", "policy.epsilon=0.3"]],
    "a number twice": [
        ["market"],
        ["market", "policy.epsilon=0.3"],
        ["market", "policy.epsilon=0.3", "contractors.count=5"],
    ],
    "another policy": [["market", "policy.kind=cheapest"], ["market", "policy.epsilon=0.3"], ["market"]],
    "a whole policy": [["market", "policy={kind: cheapest}"], ["market", "policy.epsilon=0.3"]],
    "every entry": [["dur_01", "contractors.types.*.price_usd=3"], ["dur_01"]],
    "an item of a list": [["azure_code_like"], ["azure_code_like", "contractors[2].slots=3"]],
    "what takes the place of another field": [
        ["two_populations"],
        ["market", "clock.days=1"],
        ["two_populations", "clients.groups=null", "clients.count=9"],
    ],
    "what another one does not state": [["market", "settlement.escrow={}"], ["market"]],
    "two scenarios": [["market"], ["market_viable"]],
}


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_each_point_of_the_sweep_is_its_setting(settings):
    asked = variants(*settings)
    assert not faults_of(asked)
    content = sweep_of(asked, 7, 3)
    plan = plan_of(asked, yaml.safe_load(yaml.safe_dump(content, sort_keys=False)))
    assert len(plan.design) == len(asked)
    assert (plan.seed, plan.replications) == (7, 3)
    for number, each in enumerate(asked):
        point = plan.point(number)
        assert point.seed == 7
        assert played_text(point.scenario, str) == played_text(each.setting.scenario, str)


def test_settings_are_called_by_what_makes_them_differ():
    alike = variants(["market", "clock.days=1"], ["market", "clock.days=1", "policy.epsilon=0.3"])
    assert [each.label for each in alike] == ["as it is", "exploration rate ε = 0.3"]
    assert [each.label for each in variants(["market"], ["market_viable", "clock.days=1"])] == [
        "market",
        "market_viable: length of the run (days) = 1",
    ]


def test_an_address_says_what_was_asked():
    given = [("Mine & [yours]", Setting("market", ("policy.epsilon=0.3",))), ("", Setting("market"))]
    texts = query_of(labelled(given))
    assert [given_in(text) for text in texts] == given


def test_what_stands_in_the_way_is_told():
    (one,) = variants(["market"])
    assert "add another" in faults_of([one]).together[0]
    same = labelled([("A", Setting("market")), ("B", Setting("market", ("policy.epsilon=0.1",)))])
    assert "Settings 1 and 2 are the same market" in faults_of(same).together[0]
    twice = labelled([("A", Setting("market")), ("A", Setting("market", ("policy.epsilon=0.2",)))])
    assert "label 'A'" in faults_of(twice).together[0]
    wrong = variants(["market"], ["market", "policy.epsilon=2"], ["market", "seed=3"], ["/etc/passwd"])
    single = faults_of(wrong).single
    assert sorted(single) == [1, 2, 3]
    assert "policy.epsilon" in str(single[1])
    assert "same for all settings" in str(single[2])
    assert "nor a YAML file below the folder" in str(single[3])


EDGES = {
    "the largest": (
        "contractors.count",
        (5, 10, 20),
        2,
        "= 20 is the largest that was compared: a larger",
    ),
    "the smallest": ("contractors.count", (5, 10, 20), 0, "= 5 is the smallest that was compared: a smaller"),
    "between": ("contractors.count", (5, 10, 20), 1, ""),
    "the least that can be": ("policy.epsilon", (0, 0.1, 0.2), 0, ""),
    "the most that can be": ("policy.epsilon", (0, 0.1, 1), 2, ""),
    "nearly the most": ("policy.epsilon", (0, 0.1, 0.9), 2, "= 0.9 is the largest that was compared"),
    "of two": ("contractors.count", (5, 10), 1, ""),
    "words": ("policy.kind", ("topsis", "greedy", "cheapest"), 0, ""),
}


@pytest.mark.parametrize(("path", "values", "best", "told"), EDGES.values(), ids=EDGES)
def test_a_best_at_the_end_of_what_was_compared_is_called_that(path, values, best, told):
    compared = variants(*([["market", f"{path}={value}"] for value in values]))
    found = at_edge(compared, compared[best].label)
    assert len(found) == bool(told)
    assert told in " ".join(found)


def test_the_scenarios_own_value_counts_and_further_differences_do_not():
    own = variants(["market"], ["market", "policy.epsilon=0.3"], ["market", "policy.epsilon=0.5"])
    assert "= 0.1 is the smallest" in at_edge(own, own[0].label)[0]
    more = variants(["market"], ["market", "policy.epsilon=0.3", "clock.days=1"], ["market", "clock.days=2"])
    assert at_edge(more, more[2].label) == []
