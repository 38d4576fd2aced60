"""``coalesce-sim hardware``: the GPUs that scenarios can name, with figures and sources."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from coalesce_sim.cli.contract import console, json_option, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from coalesce_sim.scenario.catalogue import Figure, Profile

_COLUMNS = {
    "memory_gb": "GB",
    "peak_flop_s": "TFLOP/s",
    "bandwidth_gb_s": "GB/s",
    "tdp_w": "W",
    "purchase_usd": "USD",
    "rent_usd_per_h": "USD/h",
    "prefill_tokens_per_s": "read/s",
    "decode_tokens_per_s": "write/s",
}


@click.command("hardware")
@click.argument("name", required=False)
@json_option
def command(name: str | None, as_json: bool) -> None:
    """List the GPUs that `hardware:` can name in a scenario, or show the one called NAME with its sources."""
    from coalesce_sim.scenario.catalogue import catalogue, serving_points

    known = catalogue()
    try:
        chosen = known.profiles if name is None else {name: known.profile(name)}
    except LookupError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from error
    points = [point for point in serving_points() if point.profile in chosen]
    if as_json:
        assumed = known.model_dump(include={"lifetime_h", "electricity_usd_per_kwh"}, exclude_none=True)
        profiles = {each: profile.model_dump(exclude_none=True) for each, profile in chosen.items()}
        serving = [dataclasses.asdict(point) for point in points]
        source = {"serving_source": known.sources["serving"]}
        print_json({"profiles": profiles, "assumed_if_owned": assumed, "serving": serving, **source})
        return
    out = console()
    if name is None:
        out.print(_overview(chosen))
        click.echo(
            "FLOP/s: tensor cores, FP16, dense. Tokens read and written a second: one stream, Llama 3 8B Q4."
        )
        click.echo("* has a note. Notes, sources and speeds in batches: coalesce-sim hardware NAME")
        return
    profile = chosen[name]
    click.echo(f"{name}: {profile.name}, {profile.basis} unless you say otherwise")
    assumed = {"lifetime_h": known.lifetime_h, "electricity_usd_per_kwh": known.electricity_usd_per_kwh}
    out.print(_figures({**profile.figures, **(assumed if profile.purchase_usd else {})}))
    if points:
        click.echo(f"Serving in batches ({known.sources['serving']}):")
        batches = _table("gpus", "batch", "tok/s", "J/token", "ms/token", first="model")
        for each in points:
            figures = (each.output_tokens_per_s, each.j_per_token, each.median_itl_ms)
            batches.add_row(each.model, str(each.gpus), str(each.batch), *map(_number, figures))
        out.print(batches)


def _overview(profiles: dict[str, Profile]) -> Table:
    table = _table(*_COLUMNS.values(), "basis")
    for name, profile in profiles.items():
        cells = [_cell(field, profile.figures.get(field)) for field in _COLUMNS]
        table.add_row(name, *cells, profile.basis)
    return table


def _cell(field: str, figure: Figure | None) -> str:
    if figure is None:
        return _number(None)
    value = figure.value / 1e12 if field == "peak_flop_s" else figure.value
    return _number(value) + ("*" if figure.note else "")


def _figures(figures: dict[str, Figure]) -> Table:
    table = _table("value", "source and note")
    table.columns[2].justify = "left"
    for field, figure in figures.items():
        note = f" ({figure.note})" if figure.note else ""
        table.add_row(field, f"{figure.value:g}", figure.source + note)
    return table


def _table(*columns: str, first: str = "") -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column(first, no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", overflow="fold")
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.10g}"
