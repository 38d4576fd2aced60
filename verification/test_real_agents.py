"""What is claimed of recorded agents: learning without random exploration, on any half of the tasks.

And that how much it saves is a matter of who works at home.
"""

import csv
import random
from pathlib import Path

import pytest

import coalesce_sim
from coalesce_sim.statistics.intervals import estimate

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
INSTANCES = SHARED / "openhands_instances.csv"
REPLICATIONS = 40

pytestmark = pytest.mark.skipif(not SHARED.parent.exists(), reason="needs the records in ../shared")


def half_of_the_tasks(folder: Path, which: int) -> Path:
    """A random half of the tasks, split by instance: an instance is in one half, whatever the benchmark."""
    with INSTANCES.open(newline="", encoding="utf-8") as handle:
        header, *rows = csv.reader(handle)
    instances = sorted({row[2] for row in rows})
    random.Random(20261122).shuffle(instances)
    kept = set(instances[which::2])
    path = folder / f"half_{which}.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([header, *(row for row in rows if row[2] in kept)])
    return path


def saved(
    policy: str, runs: Path, name: str = "real_agents_240", replications: int = REPLICATIONS, *settings: str
) -> tuple[float, float]:
    """The 95 % interval of what is saved, in percent."""
    scenario = coalesce_sim.load(
        name,
        [
            f"records.path={runs}",
            f"records.models_path={SHARED / 'openhands_models.csv'}",
            f"policy={{kind: {policy}}}",
            *settings,
        ],
    )
    result = coalesce_sim.run(scenario, replications=replications)
    assert not result.decisions.explored.any()
    ci95 = estimate([each["cost_reduction"] for each in result.replications]).ci95
    assert ci95 is not None
    return ci95


@pytest.mark.parametrize("policy", ["optimistic_greedy", "greedy"])
@pytest.mark.parametrize("which", [0, 1])
def test_a_market_learns_without_random_exploration_on_either_half_of_the_tasks(
    policy: str, which: int, tmp_path: Path
) -> None:
    assert saved(policy, half_of_the_tasks(tmp_path, which))[0] > 30


def test_it_goes_on_learning() -> None:
    assert saved("optimistic_greedy", INSTANCES, "real_agents_2000", 10)[0] > 40


def test_it_saves_on_other_tasks_of_the_kind_too() -> None:
    """Where each replication draws its own sample of the instances, the interval is of other files too."""
    one_file = saved("greedy", INSTANCES)
    scenario = coalesce_sim.load(
        "real_agents_240",
        [
            f"records.path={INSTANCES}",
            f"records.models_path={SHARED / 'openhands_models.csv'}",
            "policy={kind: greedy}",
            "uncertainty={log: {blocks: instance}}",
        ],
    )
    other_files = coalesce_sim.run(scenario, replications=REPLICATIONS).estimates["cost_reduction"].ci95
    assert other_files is not None
    assert 10 < other_files[0] < one_file[0]
    assert other_files[1] > one_file[1]


@pytest.mark.parametrize(
    ("own_agent", "least", "most"), [("claude-sonnet-4-5", 5, 30), ("MiniMax-M3", -100, -20)]
)
def test_that_it_saves_so_much_hangs_on_who_works_at_home(own_agent: str, least: float, most: float) -> None:
    """A task costs 2.62 and 1.45 USD at home, not 3.46 as above; hiring comes to about 2 USD."""
    low, high = saved("greedy", INSTANCES, "real_agents_240", 20, f"records.own_agent={own_agent}")
    assert least < low
    assert high < most
