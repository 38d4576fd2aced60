"""The one way to set up a replication: whatever is played, watched, explained or compared is staged here."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

from coalesce_sim.experiments.cores import AskedCore, choose_core
from coalesce_sim.experiments.facts import Facts, facts
from coalesce_sim.experiments.hindsight import (
    MOST_PLAYED,
    AllLocal,
    all_local,
    honest_baseline,
    in_closed_form,
)
from coalesce_sim.experiments.steady_state import Series, SteadyTotals
from coalesce_sim.experiments.totals import Totals
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.market.baseline import Baseline, ClosedForm
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.deciders import Make
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import Observer, Observers
from coalesce_sim.market.workload import Block
from coalesce_sim.metrics import COST_REDUCTION_NET, of_input
from coalesce_sim.policies.protocol import Policy
from coalesce_sim.policies.registry import create
from coalesce_sim.policies.yardsticks import BestFixed
from coalesce_sim.scenario.schema import Scenario

PolicyFactory = Callable[[], Policy]
Metrics = dict[str, float]


class Stage:
    """One replication of a scenario, set up and ready to be played, once.

    `market` holds what was drawn for it, such as its contractors (`market.pool`), and `scenario` what was
    drawn of numbers that are uncertain; these are among the metrics (`input.…`). Its cost reduction is
    against the all-local market on the same random numbers, which `play` works out, or plays, first;
    `known` is that market where it was played before. With `steady_state` only tasks after the warm-up count,
    which is found in that series. `make` makes the policies of groups that have their own.

    >>> import coalesce_sim
    >>> scenario = coalesce_sim.load("dur_02", ["clock.days=1"])
    >>> staged = coalesce_sim.stage(scenario, replication=1)
    >>> staged.play() == coalesce_sim.run(scenario, replications=2).replications[1]
    True
    """

    def __init__(
        self,
        scenario: Scenario,
        policy: Policy,
        observer: Observer,
        *,
        seed: int,
        replication: int,
        known: AllLocal | None = None,
        steady_state: Series | None = None,
        core: Core = "simpy",
        make: Make = create,
    ) -> None:
        scenario = drawn(scenario, seed, replication)
        self.scenario, self.seed, self.replication = scenario, seed, replication
        self._policy, self._known, self._core = policy, known, core
        self._totals: Totals | SteadyTotals
        self._totals = Totals(scenario) if steady_state is None else SteadyTotals(scenario, steady_state)
        self._cut = steady_state is not None
        self._course = _Course(self._plays(scenario, policy, known))
        watching = Observers(self._totals, self._course, observer)
        self.market = Market(
            scenario, policy, watching, seed=seed, replication=replication, core=core, make=make
        )
        self._played = False

    def facts(self) -> Facts:
        """What the replication starts from, before anybody decides, as mappings and lists: `trade`,
        `work_may_fail`, `settings`, `contractors`, `tasks`, `factors`, `recorded`, `ontology`, `texts`,
        `vectors`, and `luck`, of which that of each worker, task and attempt is made.

        The function `coalesce_sim.experiments.facts.facts` says what each holds; of the published trade the
        hourly demand and its dynamics are missing. They are the same before the replication is played and
        after it; the policy in `settings` is the scenario's.
        """
        return facts(self.scenario, self.seed, self.replication)

    def play(self, progress: Callable[[float], None] | None = None) -> Metrics:
        """Play the replication to the end of its last task; its metrics by name.

        `progress` is told, now and then, the share of the work that is done. Raises `PolicyError` from
        what the policy raises, and whatever an observer raises: then there are no metrics, and the stage is
        spent. Raises RuntimeError when played again.
        """
        if self._played:
            raise RuntimeError("a stage is played once; stage the replication again to play it again")
        self._played = True
        self._course.begin(progress)
        baseline = self._baseline()
        self._course.last_play(self.market)
        self.market.run(baseline)
        inputs = {of_input(path): value for path, value in self.scenario.drawn_inputs.items()}
        if self._cut:
            return self._totals.metrics() | inputs
        at_home = baseline.figures() if self._known is None and self.scenario.learning else {}
        played = self._totals.metrics() | self.market.figures() | at_home
        settled = self.market.settlement()
        return played | _net(played, settled) | settled | inputs

    @staticmethod
    def _plays(scenario: Scenario, policy: Policy, known: AllLocal | None) -> int:
        """How often the market is played at most, the yardsticks included."""
        if known is not None:
            return 1
        if isinstance(policy, BestFixed):
            return 2 + MOST_PLAYED
        return 1 if in_closed_form(scenario) else 2

    def _baseline(self) -> Baseline:
        """The all-local market; `best_fixed` is told the best choice that it gives in hindsight."""
        replication = self.scenario, self.seed, self.replication
        if isinstance(self._policy, BestFixed):
            found = self._known or all_local(*replication, self._course, self._core)
            self._policy.told(found.best)
            if self._known is None:
                return ClosedForm(self.scenario) if in_closed_form(self.scenario) else found.baseline
        if self._known is None:
            return honest_baseline(*replication, self._course, self._core)
        return copy.deepcopy(self._known.baseline)  # a market uses it up, and others want it too


class _Course(Observer):
    """Tells how far a replication is, whose market may be played some times before for its yardsticks."""

    _market: Market

    def __init__(self, plays: int) -> None:
        self._tell: Callable[[float], None] | None = None
        self._plays, self._begun = plays, 0

    def set_up(self, market: Market) -> None:
        self._market = market
        self._begun += 1

    def begin(self, tell: Callable[[float], None] | None) -> None:
        """From now on what is set up is played."""
        self._tell, self._begun = tell, 0

    def last_play(self, market: Market) -> None:
        """The market that all the others were played for."""
        self._market, self._begun = market, self._plays

    def block_opened(self, block: Block) -> None:
        if self._tell is not None:
            self._tell((self._begun - 1 + self._market.share(block)) / self._plays)


def _net(played: Metrics, settled: Metrics) -> Metrics:
    """What is saved once what settlement cost clients is counted; nothing where there is no settlement."""
    if "frictions_usd" not in settled:
        return {}
    costs_usd, all_local_usd = played["realised_usd"] + settled["frictions_usd"], played["all_local_usd"]
    saved = 100 * (1 - costs_usd / all_local_usd) if all_local_usd > 0 else math.nan
    return {COST_REDUCTION_NET: saved}


def stage(
    scenario: Scenario,
    *,
    seed: int | None = None,
    replication: int = 0,
    policy: PolicyFactory | None = None,
    observer: Observer | None = None,
    core: AskedCore = "auto",
) -> Stage:
    """Set up one replication of a scenario: the same that `run` plays under that number.

    `seed` defaults to the scenario's. `policy` is a `Policy` class, or another function of no arguments that
    gives one, in place of the scenario's policy; its `start` is called here, so each stage needs one of its
    own. `observer` is told what happens. `core` is what plays it, to the same bits (`coalesce_sim.run`).

    >>> import coalesce_sim
    >>> staged = coalesce_sim.stage(coalesce_sim.load("dur_02", ["clock.days=1"]), seed=1)
    >>> len(staged.market.pool.names)
    30
    >>> metrics = staged.play()
    >>> metrics["tasks"], round(metrics["outsourcing_rate"])
    (51.0, 25)
    """
    if not isinstance(scenario, Scenario):
        raise TypeError(f"scenario: must be what coalesce_sim.load() gives (got {scenario!r})")
    watching = Observer() if observer is None else observer
    return Stage(
        scenario,
        create(scenario.policy) if policy is None else policy(),
        watching,
        seed=scenario.seed if seed is None else seed,
        replication=replication,
        core=choose_core(
            core, [scenario], runs=1, own_policy=policy is not None, watched=watching.sees_decisions
        ).core,
    )
