"""What attacks earn and cost under each defence and policy, each priced against its honest twin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from coalesce_sim.attacks.asked import Asked, prepare
from coalesce_sim.attacks.break_evens import break_evens
from coalesce_sim.attacks.measured import outcomes
from coalesce_sim.attacks.results import AttackStudy
from coalesce_sim.experiments.cores import AskedCore
from coalesce_sim.experiments.parallel import refuse_unguarded_script
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.sweeps.plays import Plays

Tell = Callable[[float], None]


def attack(
    scenario: Scenario,
    adversaries: Sequence[str] = (),
    defences: Sequence[str] = (),
    policies: str | Sequence[str] | None = None,
    *,
    vary: str | None = None,
    break_even: Sequence[str] = (),
    seed: int | None = None,
    replications: int | None = None,
    jobs: int = 1,
    core: AskedCore = "auto",
    plays: str | Path | None = None,
    progress: Tell = lambda _: None,
) -> AttackStudy:
    """Play attacks under defences, each against its honest and its absent twin on the same random numbers.

    `adversaries` are texts such as ``on_off(who.share=0.1)``, by default the scenario's own, together;
    `defences` are texts such as ``entry_fee=1``; the market as stated and the one in which nobody cheats are
    played too. `policies` are as in `compare`, by default the scenario's own. `vary` is a field of the
    attacks with levels, as in ``share=0:0.5:6``: what they come to is then told over these too. `break_even`
    are defences whose level is looked for at which each attack gains nothing: ``entry_fee``, ``stake``,
    ``dues``, ``audit``. `seed` and `replications` default to the scenario's. `plays` is a folder to keep
    plays in, and to go on with those that it has; `core` is what plays, to the same bits; `progress` is told
    the share that is done.

    Raises `ScenarioError` with all that is wrong, before anything runs; `FolderError`, and `ResultsError`
    where the folder holds plays of another seed or version.

    >>> import coalesce_sim
    >>> scenario = coalesce_sim.load("market_viable", ["workload.arrivals.limit=30"])
    >>> coalesce_sim.attack(scenario, ["cartel(who.share=0.5)"], ["platform_fee=0.1"], replications=2)
    AttackStudy('market_viable', 2 cells, seed=1, replications=2)
    """
    if not isinstance(scenario, Scenario):
        raise TypeError(f"scenario: must be what coalesce_sim.load() gives (got {scenario!r})")
    seed = scenario.seed if seed is None else seed
    count = scenario.replications if replications is None else replications
    if count < 1 or jobs < 1:
        raise ValueError(f"replications and jobs must be >= 1 (got {count}, {jobs})")
    refuse_unguarded_script()
    asked = prepare(scenario, adversaries, defences, policies, vary, break_even)
    folder = None if plays is None else Path(plays)
    with Plays(folder, seed=seed, jobs=jobs, core=core) as kept:
        return perform(asked, kept, count, progress)


def perform(asked: Asked, plays: Plays, replications: int, progress: Tell = lambda _: None) -> AttackStudy:
    """Play what is missing of a study."""
    share = 0.5 if asked.levers else 1.0
    found = outcomes(plays, asked.cells, replications, lambda done: progress(share * done))
    evens = break_evens(asked, plays, replications, lambda done: progress(share + (1 - share) * done))
    plays.compact()
    core = plays.core([market for cell in asked.cells for market in cell.markets], replications)
    return AttackStudy(asked, plays.seed, replications, found, core, plays.played, plays.tasks, evens)
