"""Advice: the policies are found, played on the same tasks and luck, and what they rest on is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from coalesce_sim.advice.advice import A_DAY, DAYS_A_MONTH, Advice
from coalesce_sim.advice.assumptions import Weight, weights
from coalesce_sim.advice.field import BY_LENGTH, BY_TYPE, HIRED, basics, learning, played
from coalesce_sim.advice.plays import Plays
from coalesce_sim.advice.routing import by_length, hired_a_type, survey, worker_a_type
from coalesce_sim.advice.turning import Turn, levers, turns
from coalesce_sim.advice.workers import contractors
from coalesce_sim.advice.worth import moves, worths
from coalesce_sim.experiments.cores import AskedCore
from coalesce_sim.experiments.parallel import refuse_unguarded_script
from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario

LOOKED_FOR = 2
"""On so many replications, others than those that are told, the static routings are looked for."""

Tell = Callable[[float], None]


def advise(
    scenario: Scenario,
    *,
    seed: int | None = None,
    replications: int | None = None,
    jobs: int = 1,
    core: AskedCore = "auto",
    extrapolate: bool = False,
    progress: Tell = lambda _: None,
) -> Advice:
    """Say which tasks should go to whom, what that saves against how it is done now, and how sure that is.

    Played are today's routing where the tasks are logged, all at home, the best static routings, by type and
    by length of prompts, and policies that learn, all on the same tasks and luck; then what would turn the
    advice, how good workers would have to be at what they are not known to do, and what was assumed.
    `seed` and `replications` default to the scenario's; `jobs` and `core` are as in `coalesce_sim.run`.
    Of less than a day of tasks nothing is told by the month unless `extrapolate` asks for it. `progress` is
    told the share that is done.

    Raises `ScenarioError` where contractors are not listed one by one, or there is nobody to choose from.

    >>> import coalesce_sim
    >>> task = {"type": "chat", "prompt_tokens": 900, "output_tokens": 100}
    >>> market = {
    ...     "extends": "logged",
    ...     "title": "Six chats on one card, or at two sellers",
    ...     "clock": {"start": "2026-11-02T00:00:00", "days": 1},
    ...     "workload": {
    ...         "arrivals": {"kind": "listed", "gap_s": 60, "tasks": [task] * 6},
    ...         "types": {"chat": {"max_latency_min": 1, "expected_output_tokens": 100}},
    ...     },
    ...     "clients": {"count": 1, "slots": 1, "hardware": "rtx_4090"},
    ...     "contractors": [
    ...         {"name": "north", "reliability": 1, "input_usd_per_mtok": 0.2, "output_usd_per_mtok": 0.2},
    ...         {"name": "south", "reliability": 1, "input_usd_per_mtok": 0.1, "output_usd_per_mtok": 0.1},
    ...     ],
    ...     "policy": {"kind": "cheapest"},
    ... }
    >>> advice = coalesce_sim.advise(coalesce_sim.load(market), replications=1)
    >>> [(job.type, job.worker) for job in advice.jobs]
    [('chat', 'home')]
    >>> advice.second.label, f"{advice.lead.mean:.4f} USD a month dearer"
    ('topsis', '0.0070 USD a month dearer')
    """
    if not isinstance(scenario, Scenario):
        raise TypeError(f"scenario: must be what coalesce_sim.load() gives (got {scenario!r})")
    seed = scenario.seed if seed is None else seed
    count = scenario.replications if replications is None else replications
    if count < 1 or jobs < 1:
        raise ValueError(f"replications and jobs must be >= 1 (got {count}, {jobs})")
    refuse_unguarded_script()
    contractors(scenario)
    with Plays(seed=seed, jobs=jobs, core=core) as plays:
        return perform(scenario, plays, count, extrapolate=extrapolate, progress=progress)


def perform(
    scenario: Scenario,
    plays: Plays,
    count: int,
    *,
    extrapolate: bool = False,
    progress: Tell = lambda _: None,
) -> Advice:
    """Play what an advice takes."""
    apart = range(count, count + LOOKED_FOR)
    found = survey(scenario, plays, apart)
    if not found.options:
        message = "nobody is known to be able to do any task, neither at home nor for hire"
        raise ScenarioError([Problem("", None, "contractors", message)])
    progress(0.1)
    plan = worker_a_type(scenario, plays, apart, found)
    progress(0.2)
    finer = by_length(scenario, plays, apart, found, plan)
    progress(0.3)
    tasks = tasks_of(scenario)
    field = basics(scenario, logged=tasks is not None and tasks.logged is not None) | {BY_TYPE: plan.routes()}
    if finer != plan:
        field[BY_LENGTH] = finer.routes()
    hired = hired_a_type(found)
    if hired is not None and hired not in (plan, finer):
        field[HIRED] = hired.routes()
    contestants = played(scenario, field | learning(scenario), plays, count)
    progress(0.6)
    standing = Advice(
        scenario=scenario,
        seed=plays.seed,
        field=contestants,
        turns=(),
        worths=(),
        weights=(),
        months=_months(scenario, extrapolate=extrapolate),
        core=plays.core([each.market(scenario) for each in (plan, finer)], count),
    )
    tried = _turns(standing, plays, count)
    progress(0.8)
    moved = list(moves(scenario, finer, found, standing.baseline, standing.best))
    worth = worths(scenario, finer, moved, plays, count)
    progress(0.95)
    weighed = _weights(standing, plays, count)
    progress(1.0)
    return replace(standing, turns=tried, worths=worth, weights=weighed)


def _turns(standing: Advice, plays: Plays, count: int) -> list[Turn]:
    """What would turn the advice; nothing where there is no other one."""
    best, second = standing.best, standing.second
    if second is None:
        return []
    workers, types = best.plays[0].workers, list(standing.scenario.workload.types)
    more = best.shares - second.shares
    first, other = int(more.sum(axis=1).argmax()), int(more.sum(axis=1).argmin())
    kind = types[int(more[first].argmax())]
    tried = levers(standing.scenario, workers[first], workers[other], kind)
    mine, theirs = (standing.at_market_costs(each).settings for each in (best, second))
    return turns(standing.scenario, mine, theirs, list(tried), plays, count)


def _weights(standing: Advice, plays: Plays, count: int) -> list[Weight]:
    """What the saving hangs on, reckoned against the market's own costs of today's routing: those change with
    the assumptions as well."""
    best, baseline = standing.best, standing.at_market_costs(standing.baseline)
    if best.label in (baseline.label, standing.baseline.label):
        return []
    return weights(standing.scenario, best.settings, baseline.settings, plays, count)


def _months(scenario: Scenario, *, extrapolate: bool) -> float | None:
    """How many replications make a month of the log's mean day; None of less than a day, unless asked for."""
    days = scenario.clock.days
    return DAYS_A_MONTH / days if days >= A_DAY or extrapolate else None
