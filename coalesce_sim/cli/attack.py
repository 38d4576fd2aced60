"""``coalesce-sim attack``: what an attack earns, whom it costs what, and which defence makes it pointless."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coalesce_sim.attacks.effort import REPLICATIONS, TRIALS, VALIDATION_REPLICATIONS
from coalesce_sim.cli.contract import (
    Output,
    load_ready,
    output_options,
    scenario_argument,
    seed_option,
    set_option,
)
from coalesce_sim.cli.run import default_folder
from coalesce_sim.cli.scenario_warnings import print_averaged, print_warnings
from coalesce_sim.cli.work import (
    core_option,
    cores,
    failures_told,
    jobs_option,
    out_option,
    progress_bar,
    replications_option,
)

if TYPE_CHECKING:
    from coalesce_sim.experiments.cores import AskedCore
    from coalesce_sim.report.attacks.searching import SearchOrigin
    from coalesce_sim.report.attacks.writing import AttackOrigin


@click.command("attack")
@scenario_argument
@click.option(
    "--adversary",
    "adversaries",
    multiple=True,
    metavar="KIND(…)",
    help="An attack to play, as in 'on_off(who.share=0.1, cheat_above=0.8)'; several at once are joined by "
    "+; repeatable. By default the scenario's own adversaries, together.",
)
@click.option(
    "--defence",
    "defences",
    multiple=True,
    metavar="NAME=VALUE",
    help="A defence to try, as in entry_fee=1, 'audit(share=0.3, usd=0.5)' or PATH=VALUE; several at once "
    "are joined by +; repeatable.",
)
@click.option(
    "--policies",
    metavar="A,B,…",
    help="Policies to try them with, as in `compare`; by default the scenario's own.",
)
@click.option(
    "--vary",
    metavar="PATH=LEVELS",
    help="A field of the adversaries to vary besides, as in adversaries[0].who.share=0:0.5:6, or "
    "share=0:0.5:6 where there is one with a share.",
)
@click.option(
    "--break-even",
    "break_even",
    multiple=True,
    metavar="DEFENCE",
    help="A defence (entry_fee, stake, dues or audit) whose level to look for at which each attack gains "
    "nothing; repeatable.",
)
@click.option(
    "--search",
    metavar="KIND,…",
    help="Search the parameters of these kinds of attack for the greatest gain, and validate on a fresh "
    "seed, in place of the matrix.",
)
@click.option(
    "--trials",
    type=click.IntRange(1, 100_000),
    default=TRIALS,
    show_default=True,
    metavar="N",
    help="With --search: settings to try of each kind.",
)
@click.option(
    "--validate-replications",
    "validation_replications",
    type=click.IntRange(2, 1_000_000),
    default=VALIDATION_REPLICATIONS,
    show_default=True,
    metavar="N",
    help="With --search: how often to play the best of each kind on a fresh seed.",
)
@seed_option
@replications_option
@jobs_option
@core_option
@set_option
@out_option("results/NAME-attack")
@output_options
def command(
    source: str,
    adversaries: tuple[str, ...],
    defences: tuple[str, ...],
    policies: str | None,
    vary: str | None,
    break_even: tuple[str, ...],
    search: str | None,
    trials: int,
    validation_replications: int,
    seed: int | None,
    replications: int | None,
    jobs: int | None,
    core: AskedCore,
    overrides: tuple[str, ...],
    out: Path | None,
    output: Output,
) -> None:
    """Play attacks on SCENARIO under each defence, against the same agents behaving and not there.

    Prints for each policy what every attack earns and costs under every defence, with 95 % intervals, and in
    a sentence which defence makes which attack pointless and what it costs an honest market. What was played
    is kept: after an interruption, or with another attack or defence, only what is missing is played. The
    folder of results gets attack.json, runs.parquet (a row a cell and replication), matrix.csv and figures of
    the matrix and of what is varied. With --search it gets exploits.json, trials.csv and frontier.png, what
    policies save where everybody is honest against what the best attacker found takes.
    """
    scenario = load_ready(source, overrides)
    from coalesce_sim.experiments.words import split
    from coalesce_sim.report.attacks.searching import SearchOrigin
    from coalesce_sim.report.attacks.writing import AttackOrigin

    listed = () if policies is None else tuple(split(policies))
    seed = scenario.seed if seed is None else seed
    if out is None:
        folder = default_folder(scenario)
        out = folder.with_name(f"{folder.name}-attack")
    if search is None:
        count = scenario.replications if replications is None else replications
        origin = AttackOrigin(
            source,
            overrides,
            scenario,
            seed,
            count,
            adversaries=adversaries,
            defences=defences,
            policies=listed,
            vary=vary,
            break_even=break_even,
        )
        _play(origin, out, jobs or cores(), core, output)
        return
    if adversaries or vary is not None or break_even:
        raise click.UsageError("--search takes no --adversary, --vary or --break-even")
    searched = SearchOrigin(
        source,
        overrides,
        scenario,
        seed,
        REPLICATIONS if replications is None else replications,
        kinds=tuple(split(search)),
        defences=defences,
        policies=listed,
        trials=trials,
        validation_replications=validation_replications,
    )
    _search(searched, out, jobs or cores(), core, output)


def _play(origin: AttackOrigin, out: Path, jobs: int, core: AskedCore, output: Output) -> None:
    """Play the matrix and what is asked besides."""
    from coalesce_sim.attacks.asked import prepare
    from coalesce_sim.report.attacks.table import print_study
    from coalesce_sim.report.attacks.writing import write_study

    asked = prepare(
        origin.scenario,
        origin.adversaries,
        origin.defences,
        origin.policies,
        origin.vary,
        origin.break_even,
    )
    if not output.quiet:
        print_warnings(origin.scenario)
        print_averaged(origin.scenario)
    with failures_told(), progress_bar(shown=not output.quiet) as progress:
        written = write_study(origin, asked, out, jobs=jobs, core=core, progress=progress)
    output.tell(written.summary, lambda screen: print_study(screen, written))


def _search(origin: SearchOrigin, out: Path, jobs: int, core: AskedCore, output: Output) -> None:
    """Search for the best attackers, and validate them."""
    from coalesce_sim.attacks.searching import prepare_search
    from coalesce_sim.report.attacks.exploits import print_exploits
    from coalesce_sim.report.attacks.searching import write_search

    hunted = prepare_search(origin.scenario, origin.kinds, origin.defences, origin.policies)
    if not output.quiet:
        print_warnings(origin.scenario)
        print_averaged(origin.scenario)
    with failures_told(), progress_bar(shown=not output.quiet) as progress:
        found = write_search(origin, hunted, out, jobs=jobs, core=core, progress=progress)
    output.tell(found.summary, lambda screen: print_exploits(screen, found))
