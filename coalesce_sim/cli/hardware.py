"""``coalesce-sim hardware``: the GPUs that scenarios can name, with figures and sources."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from coalesce_sim.cli.contract import console, json_option, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from coalesce_sim.scenario.catalogue import Figure, Profile, ServingPoint

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
_OF_SPEEDS = "FLOP/s: tensor cores, FP16, dense. Tokens read and written a second: one stream, Llama 3 8B Q4."


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
        _print_overview(out, chosen)
        from coalesce_sim.report.layout import print_wrapped

        print_wrapped(out, _OF_SPEEDS)
        print_wrapped(out, "* has a note. Notes, sources and speeds in batches: coalesce-sim hardware NAME")
        return
    profile = chosen[name]
    click.echo(f"{name}: {profile.name}, {profile.basis} unless you say otherwise")
    assumed = {"lifetime_h": known.lifetime_h, "electricity_usd_per_kwh": known.electricity_usd_per_kwh}
    _print_figures(out, {**profile.figures, **(assumed if profile.purchase_usd else {})})
    if points:
        click.echo(f"Serving in batches ({known.sources['serving']}):")
        _print_serving(out, points)


def _print_overview(out: Console, profiles: dict[str, Profile]) -> None:
    from coalesce_sim.report.layout import Column, print_columns

    figures = [
        Column(label, [_cell(field, profile.figures.get(field)) for profile in profiles.values()])
        for field, label in _COLUMNS.items()
    ]
    basis = Column("basis", [profile.basis for profile in profiles.values()], figures=False)
    print_columns(out, [Column("", list(profiles), figures=False)], [*figures, basis])


def _cell(field: str, figure: Figure | None) -> str:
    if figure is None:
        return _number(None)
    value = figure.value / 1e12 if field == "peak_flop_s" else figure.value
    return _number(value) + ("*" if figure.note else "")


def _print_figures(out: Console, figures: dict[str, Figure]) -> None:
    """Each with its source and note below it."""
    from coalesce_sim.report.layout import print_wrapped

    for field, figure in figures.items():
        note = f" ({figure.note})" if figure.note else ""
        print_wrapped(out, f"  {field} {figure.value:g}: {figure.source}{note}", hang="    ")


def _print_serving(out: Console, points: list[ServingPoint]) -> None:
    from coalesce_sim.report.layout import Column, print_columns

    columns = {
        "gpus": [str(each.gpus) for each in points],
        "batch": [str(each.batch) for each in points],
        "tok/s": [_number(each.output_tokens_per_s) for each in points],
        "J/token": [_number(each.j_per_token) for each in points],
        "ms/token": [_number(each.median_itl_ms) for each in points],
    }
    models = Column("model", [each.model for each in points], figures=False)
    print_columns(out, [models], [Column(label, cells) for label, cells in columns.items()])


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.10g}"
