"""``coalesce-sim cards``: contractors from Agent Cards of A2A, and Agent Cards of contractors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coalesce_sim.cli.contract import (
    json_option,
    load_ready,
    print_json,
    scenario_argument,
    seed_option,
    set_option,
)
from coalesce_sim.cli.work import failures_told
from coalesce_sim.numbers import plural

if TYPE_CHECKING:
    from coalesce_sim.cards.importing import Import


@click.group("cards")
def command() -> None:
    """Make contractors of Agent Cards (A2A 1.0 and 0.3), or Agent Cards of contractors.

    Needs the extra `cards`. Nothing in a card is fetched or executed; what is wrong with any is told, and
    then nothing is written.
    """


@command.command("import")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="The scenario to write, such as pool.yaml.",
)
@click.option(
    "--extends",
    "parent",
    default="market",
    show_default=True,
    metavar="SCENARIO",
    help="What it extends: a file or the name of a bundled scenario.",
)
@click.option(
    "--assume",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="YAML file with what cards do not say: `defaults`, and `contractors` by name.",
)
@json_option
def import_(folder: Path, out: Path, parent: str, assume: Path | None, as_json: bool) -> None:
    """Write a scenario whose contractors are those of the cards in DIR, the files that end in .json.

    Skills are the tags of a card, its text is its descriptions and examples, prices and other terms are those
    of our extension. What a card does not say is listed card by card and left out, and so is a contractor of
    which nobody says a price or a reliability.
    """
    from coalesce_sim.cards.importing import import_cards

    with failures_told():
        imported = import_cards(folder, out, parent, assume)
    if as_json:
        print_json(imported.summary)
    else:
        _tell(imported)


@command.command("export")
@scenario_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Folder to put the cards in, and assume.yaml with what no card says.",
)
@seed_option
@click.option(
    "--replication",
    type=click.IntRange(0, 1_000_000),
    default=0,
    show_default=True,
    metavar="R",
    help="Whose contractors, from 0; no matter where they are not drawn.",
)
@set_option
@json_option
def export(
    source: str, out: Path, seed: int | None, replication: int, overrides: tuple[str, ...], as_json: bool
) -> None:
    """Write an Agent Card (A2A 1.0) for each contractor of SCENARIO.

    A card says what a client may see. The rest, such as hardware, own cost and true success, goes to
    assume.yaml: with it, `cards import` makes the same contractors again. Keep that file to yourself.
    """
    from coalesce_sim.own_code import nothing_imported

    with nothing_imported():  # no card says how anybody decides
        scenario = load_ready(source, overrides)
    from coalesce_sim.cards.exporting import ASSUMPTIONS, export_cards, write_export

    with failures_told():
        exported = export_cards(scenario, scenario.seed if seed is None else seed, replication)
        files = write_export(exported, out)
    unsaid = sorted({name for fields in exported.unsaid.values() for name in fields})
    if as_json:
        print_json({"cards": len(exported.cards), "unsaid": unsaid, "outputs": [str(each) for each in files]})
        return
    click.echo(f"{out}: {plural(len(exported.cards), 'card')}")
    if unsaid:
        click.echo(f"{out / ASSUMPTIONS}: what no card says: {', '.join(unsaid)}")


def _tell(imported: Import) -> None:
    from coalesce_sim.texts import on_one_line

    cards, taken = plural(len(imported.cards), "card"), plural(len(imported.taken), "contractor")
    click.echo(f"{imported.out}: {taken} of {cards}, extends {imported.parent}")
    if imported.passed_over:
        click.echo(f"passed over, since they are not called *.json: {imported.passed_over:,} in the folder")
    for each in imported.cards:
        if each.told:
            click.echo(on_one_line(f"{each.card.file}: {each.card.name}: {each.told}"))
