"""The best attacker that can be found: its parameters searched, and its gain on a seed of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from coalesce_sim.attacks.asked import policies_of
from coalesce_sim.attacks.effort import Effort
from coalesce_sim.attacks.exploits import GAIN, SEEDS, TOLD, Exploit, Exploits, Hunt, estimate_of
from coalesce_sim.attacks.measured import outcomes
from coalesce_sim.attacks.results import Outcome
from coalesce_sim.attacks.spaces import SPACES, axes_of
from coalesce_sim.experiments.attacks.cells import NOBODY, Cell, cells
from coalesce_sim.experiments.attacks.written import NONE, Attack, Defence, attacks, defences
from coalesce_sim.experiments.cores import AskedCore
from coalesce_sim.optimisation.goals import Goal
from coalesce_sim.optimisation.search import Figures, Point, best, search
from coalesce_sim.optimisation.space import Setting, setting
from coalesce_sim.scenario.policy import PolicySettings
from coalesce_sim.scenario.problems import Problem, ScenarioError, closest
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.sweeps.plays import Plays

Tell = Callable[[float], None]


def families(scenario: Scenario, kinds: Sequence[str]) -> dict[str, Attack]:
    """The attack of each kind whose parameters are searched: the scenario's own of that kind, or by default
    a tenth of the contractors or a fifth of the clients. Raises `ScenarioError` for unknown kinds."""
    problems = []
    found: dict[str, Attack] = {}
    for kind in kinds:
        if kind not in SPACES:
            near = closest(kind, SPACES)
            hint = "" if near is None else f"; did you mean {near!r}?"
            message = f"there is nothing to search{hint} (known: {', '.join(SPACES)})"
            problems.append(Problem(f"--search {kind}", None, "", message))
            continue
        own = [each for each in scenario.adversaries if getattr(each, "kind", None) == kind]
        try:
            found[kind] = Attack(kind, (own[0],)) if own else attacks(scenario, [_default(kind)])[0]
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return found


_CLIENTS = (
    "bad_mouthing",
    "ballot_stuffing",
    "work_ring",
    "slot_blocking",
    "non_payment",
    "false_rejection",
)


def _default(kind: str) -> str:
    return f"{kind}(who.clients=0.2)" if kind in _CLIENTS else f"{kind}(who.share=0.1)"


@dataclass(frozen=True, slots=True)
class Search:
    """What a search is asked for, checked: the attack of each kind whose parameters are searched, and the
    cells that these make under each policy and defence."""

    scenario: Scenario
    policies: Mapping[str, PolicySettings]
    defences: Sequence[Defence]
    families: Mapping[str, Attack]
    cells: Sequence[Cell]


def prepare_search(
    scenario: Scenario,
    kinds: Sequence[str],
    defended: Sequence[str] = (),
    policies: str | Sequence[str] | None = None,
) -> Search:
    """Read what was asked for; with defences stated the market without them is left out. Raises
    `ScenarioError` with what is wrong."""
    by_kind, chosen = families(scenario, kinds), policies_of(scenario, policies)
    stated = [each for each in defences(defended) if not defended or each.label != NONE]
    return Search(scenario, chosen, stated, by_kind, cells(scenario, chosen, list(by_kind.values()), stated))


def hunt(
    asked: Search,
    effort: Effort,
    *,
    seed: int,
    jobs: int = 1,
    core: AskedCore = "auto",
    plays: Path | None = None,
    progress: Tell = lambda _: None,
) -> Exploits:
    """Search each family for the greatest gain against every policy under every defence, and validate the
    best on the next seed."""
    folders = [None, None] if plays is None else [plays / "searched", plays / "validated"]
    found: list[Exploit] = []
    with ExitStack() as stack:
        searched, validated = (
            stack.enter_context(Plays(folder, seed=each % SEEDS, jobs=jobs, core=core))
            for folder, each in zip(folders, (seed, seed + 1), strict=True)
        )
        by_kind, done = asked.families, 0
        total = len(asked.policies) * len(asked.defences) * (len(by_kind) + 1)
        for policy in asked.policies:
            for defence in asked.defences:
                of = {
                    each.attack: each
                    for each in asked.cells
                    if (each.policy, each.defence) == (policy, defence.label)
                }
                hunts = []
                for kind, attack in by_kind.items():
                    hunts.append(_hunted(kind, of[attack.label], effort, searched, validated, seed))
                    done += 1
                    progress(done / total)
                honest = outcomes(validated, [of[NOBODY]], effort.validation_replications)[0]
                found.append(Exploit(policy, defence.label, honest, hunts))
                done += 1
                progress(done / total)
        searched.compact()
        validated.compact()
    return Exploits(asked.scenario, seed, effort, found)


def _hunted(kind: str, base: Cell, effort: Effort, searched: Plays, validated: Plays, seed: int) -> Hunt:
    """The search of one family."""
    axes = axes_of(kind, base.scenario)

    def evaluate(points: Sequence[Point]) -> list[Figures | str]:
        tried = [_cell(base, setting(axes, point)) for point in points]
        playable = [each for each in tried if isinstance(each, Cell)]
        played = iter(outcomes(searched, playable, effort.replications) if playable else ())
        return [each if isinstance(each, str) else _figures(next(played)) for each in tried]

    goal = Goal(GAIN, maximise=True)
    trials = search(goal, (), axes, evaluate, trials=effort.trials if axes else 1, seed=seed)
    chosen = best(trials, goal)
    if chosen is None:
        return Hunt(base.policy, base.defence, kind, trials, {}, None, None)
    cell = _cell(base, chosen.setting)
    assert isinstance(cell, Cell)
    outcome = outcomes(validated, [cell], effort.validation_replications)[0]
    return Hunt(base.policy, base.defence, kind, trials, chosen.setting, chosen.figures[GAIN], outcome)


def _figures(outcome: Outcome) -> Figures:
    return {name: estimate_of(outcome, name) for name in TOLD}


def _cell(base: Cell, chosen: Setting) -> Cell | str:
    """The market with an attack of these parameters, or what is wrong with them."""
    (attack,) = base.scenario.adversaries
    settings = attack.model_dump(mode="json", by_alias=True, exclude_none=True) | chosen
    try:
        changed = type(attack).model_validate(settings)
    except ValueError as error:
        return str(error)
    return base.attacked_by(Attack(base.attack, (changed,)))
