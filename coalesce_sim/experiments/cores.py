"""Which core plays a run: the same numbers, to the last bit, at another speed."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.market.compiled.coverage import POLICIES, Core, CoreError, plays_events, uncovered
from coalesce_sim.scenario.policy import PolicySettings, Topsis
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.volume import expected_tasks
from coalesce_sim.scenario.workload import DemandDriven, Recorded, Renewal

AskedCore = Literal["auto", "simpy", "compiled"]
"""``auto``: compiled where that covers a run and pays."""

_PAYS_FROM_S = 0.6
"""Where SimPy would take longer, loading compiled code takes less time than it saves."""

_PAYS_TO_COMPILE_FROM_S = 20.0
"""The same where it has to be compiled first."""

_POLICY_COMPILES_S = 2.0
"""What compiling a policy's own kernel takes at most."""

_SIMPY_TASKS_PER_S = {"published_kernel": 32_000.0, "queueing_kernel": 10_000.0, "market_kernel": 7_000.0}
"""What SimPy plays in a second of the markets that each kernel plays."""


@dataclass(frozen=True, slots=True)
class ChosenCore:
    """The core that plays; `because` says what keeps the compiled one from it, if anything does."""

    core: Core
    because: str | None = None

    def as_dict(self) -> dict[str, str]:
        """As in ``summary.json``."""
        return {"played": self.core} | ({} if self.because is None else {"because": self.because})


SIMPY = ChosenCore("simpy")


def choose_core(
    asked: AskedCore,
    scenarios: Sequence[Scenario],
    *,
    runs: int,
    own_policy: bool = False,
    watched: bool = False,
) -> ChosenCore:
    """The core for so many runs of each scenario.

    `own_policy` says whether a policy made in Python plays in place of theirs, `watched` whether every
    decision is told to somebody, for which any policy is asked in Python. Where the compiled core covers some
    of the scenarios only, the others are played by SimPy. Raises `CoreError` where it is asked for and covers
    none.
    """
    if asked not in ("auto", "simpy", "compiled"):
        raise ValueError(f"core: must be auto, simpy or compiled (got {asked!r})")
    if asked == "simpy":
        return SIMPY
    reasons = [uncovered(each) for each in scenarios]
    covered = [each for each, reason in zip(scenarios, reasons, strict=True) if reason is None]
    if not covered:
        reason = f"the compiled core does not play {reasons[0]}"
        if asked == "compiled":
            raise CoreError(f"core: {reason}")
        return ChosenCore("simpy", reason)
    if asked == "auto" and not _pays(runs, covered, own_policy=own_policy, watched=watched):
        return SIMPY
    try:
        importlib.import_module("coalesce_sim.market.compiled.building")
    except ImportError as error:
        if asked == "compiled":
            raise CoreError(f"core: numba cannot be imported: {error}") from error
        return ChosenCore("simpy", f"numba cannot be imported: {error}")
    return ChosenCore("compiled")


def _pays(runs: int, scenarios: Sequence[Scenario], *, own_policy: bool, watched: bool) -> bool:
    """Whether the compiled core is worth loading, or compiling, for so many runs of each.

    Where nobody queues in the published trade it is not for who watches: what is told of a decision takes
    longer than to come to it.
    """
    kernels = [_kernel(each, own_policy=own_policy) for each in scenarios]
    if watched and set(kernels) == {"published_kernel"}:
        return False
    paces = [_SIMPY_TASKS_PER_S[kernel] for kernel in kernels]
    lasts_s = sum(runs * about_tasks(each) / pace for each, pace in zip(scenarios, paces, strict=True))
    if lasts_s < _PAYS_FROM_S or lasts_s >= _PAYS_TO_COMPILE_FROM_S:
        return lasts_s >= _PAYS_TO_COMPILE_FROM_S
    try:
        building = importlib.import_module("coalesce_sim.market.compiled.building")
        choosers = importlib.import_module("coalesce_sim.market.compiled.choosers")
    except ImportError:
        return True  # to be told why
    loops_are_kept = all(map(building.is_kept, set(kernels)))
    if own_policy or watched or not loops_are_kept:
        return loops_are_kept
    stated = zip(scenarios, kernels, strict=True)
    apart = [
        POLICIES.get(type(chosen))
        for each, kernel in stated
        if kernel != "published_kernel" and (chosen := _only_policy(each)) is not None
    ]
    missing = sum(not building.is_kept(each) for each in choosers.kernels_of(filter(None, apart)))
    return lasts_s >= _PAYS_FROM_S + _POLICY_COMPILES_S * missing


def _only_policy(scenario: Scenario) -> PolicySettings | None:
    """The one policy that decides for all clients; None where groups have different ones."""
    policies = scenario.policies
    return policies[0][1] if len(policies) == 1 else None


def _kernel(scenario: Scenario, *, own_policy: bool) -> str:
    """The module of the kernel that plays a scenario."""
    if scenario.learning:
        return "market_kernel"
    chosen = _only_policy(scenario)
    own_policy = own_policy or chosen is None
    rules = chosen if isinstance(chosen, Topsis) else None
    events = plays_events(scenario, None if own_policy else POLICIES.get(type(chosen)), rules)
    return "queueing_kernel" if events else "published_kernel"


def about_tasks(scenario: Scenario) -> float:
    """About how many tasks are played, each step of a composite one counted."""
    arrivals, kinds = scenario.workload.arrivals, scenario.workload.types.values()
    steps = [len(kind.steps or ()) if kind.in_steps or kind.may_split else 1 for kind in kinds]
    shares = [kind.share for kind in kinds]
    each = sum(share * count for share, count in zip(shares, steps, strict=True)) / sum(shares)
    if isinstance(arrivals, DemandDriven | Renewal | Recorded):
        return each * expected_tasks(
            arrivals, scenario.market_demand, scenario.clock.horizon_s, scenario.clients.total
        )
    table = tasks_of(scenario)
    return 0.0 if table is None else each * len(table.arrival_s)
