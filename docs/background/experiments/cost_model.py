"""What `cost_model.md` shows: predicted against measured local runs, and what a wrong belief costs a market.

From the root of a clone::

    python docs/background/experiments/cost_model.py fits       # the tables of fits, as Markdown; a minute
    python docs/background/experiments/cost_model.py markets    # what a wrong belief costs; three minutes
    python docs/background/experiments/cost_model.py draw       # the figure, beside the page
    python docs/background/experiments/cost_model.py measured RUNS.csv   # of benchmarks/gpu_runs.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import coalesce_sim
from coalesce_sim.economics.fitting import HardwareFit
from coalesce_sim.numbers import with_half_width
from coalesce_sim.report.look import (
    BAND,
    BLUE,
    COLOURS,
    GREY,
    NOTE_PT,
    VERMILLION,
    name_axis,
    our_style,
    page,
    save,
)
from coalesce_sim.statistics.intervals import estimate

HERE: Final = Path(__file__).parent
GREEN, ORANGE = COLOURS[2], COLOURS[4]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Work = Mapping[str, Floats]

FLOP_PER_TOKEN: Final = 2 * 8e9
"""Of a dense model of 8 billion parameters."""
PEAK_FLOP_S: Final = 165.2e12
"""Of an RTX 4090 (coalesce-sim hardware rtx_4090)."""
BELIEVED: Final = 0.75
"""The utilisation that the published model assumes."""
REPETITIONS: Final = 500
HELD_OUT: Final = 200


@dataclass(frozen=True)
class Law:
    """How long runs really take: reading, writing, a start, and noise whose share grows with length.

    Speeds are those measured on an RTX 4090, one request at a time; tokens those of the profile `market`.
    `together` is the correlation of the logarithms of read and written tokens; at `context_tokens` before it
    a token takes twice as long.
    """

    prefill_tokens_per_s: float = 6899
    decode_tokens_per_s: float = 128
    start_s: float = 1.0
    noise_at_1_s: float = 0.02
    noise_power: float = 0.4
    spread: float = 0.8
    together: float = 0.0
    context_tokens: float = np.inf

    def runs(self, rng: np.random.Generator, runs: int) -> tuple[Floats, Work]:
        """Seconds of so many runs, and the tokens that they read and wrote."""
        one, other = rng.standard_normal((2, runs))
        prompt = 55_000 * np.exp(self.spread * one)
        mixed = self.together * one + np.sqrt(1 - self.together**2) * other
        output = 3000 * np.exp(self.spread * mixed)
        reading_s = prompt / self.prefill_tokens_per_s * (1 + prompt / 2 / self.context_tokens)
        writing_s = output / self.decode_tokens_per_s * (1 + (prompt + output / 2) / self.context_tokens)
        seconds = self.start_s + reading_s + writing_s
        sd = self.noise_at_1_s * seconds**self.noise_power
        noise = np.exp(sd * rng.standard_normal(runs) - sd**2 / 2)
        return seconds * noise, {"prefill": prompt, "decode": output}


LAWS: Final = {
    "tokens of the market profile": Law(),
    "all tasks alike: output in a fixed ratio to the prompt": Law(together=1.0),
    "besides, a token takes twice as long after 100,000 others": Law(context_tokens=100_000),
}
BELIEF, ONE_RATE, PARTS = "as believed", "P_peak · utilisation", "rates of reading and writing, and a start"
CONTEXT: Final = "the same, and rates of looking back"
MODELS: Final[Mapping[str, tuple[tuple[str, ...], bool]]] = {
    BELIEF: (("flop",), False),
    ONE_RATE: (("flop",), False),
    "P_peak · utilisation, and a start": (("flop",), True),
    "rates of reading and writing": (("prefill", "decode"), False),
    PARTS: (("prefill", "decode"), True),
    CONTEXT: (("prefill", "decode", "prefill_pairs", "decode_pairs"), True),
}
"""The parts that have rates of their own, and whether there is a start."""


def parts_of(work: Work, names: tuple[str, ...]) -> Work:
    """FLOP, all together or by part; pairs of a token and one before it that it looks back at."""
    prompt, output = work["prefill"], work["decode"]
    known = {part: FLOP_PER_TOKEN * tokens for part, tokens in work.items()}
    known["flop"] = known["prefill"] + known["decode"]
    known |= {"prefill_pairs": prompt * prompt / 2, "decode_pairs": output * (prompt + output / 2)}
    return {name: known[name] for name in names}


def fitted(model: str, seconds: Floats, work: Work) -> HardwareFit:
    """A model fitted to runs."""
    names, start = MODELS[model]
    return coalesce_sim.fit_hardware(seconds, parts_of(work, names), start=start, peak_flop_s=PEAK_FLOP_S)


def predicted_s(model: str, fit: HardwareFit | None, work: Work) -> Floats:
    """What a model expects of runs; without a fit, by the utilisation believed."""
    parts = parts_of(work, MODELS[model][0])
    return parts["flop"] / (PEAK_FLOP_S * BELIEVED) if fit is None else fit.predict(parts)


def errors_of(law: Law, model: str, runs: int, repetitions: int = REPETITIONS) -> Floats:
    """The mean error on runs held out, in percent, of each repetition."""
    errors = np.empty(repetitions)
    for repetition in range(repetitions):
        rng = np.random.default_rng([repetition, runs])
        seconds, work = law.runs(rng, runs)
        others_s, others = law.runs(rng, HELD_OUT)
        fit = None if model == BELIEF else fitted(model, seconds, work)
        errors[repetition] = 100 * np.abs(predicted_s(model, fit, others) / others_s - 1).mean()
    return errors


def best_single_rate_error(law: Law) -> float:
    """The least mean error, in percent, of any single rate, on a million runs: by the weighted median."""
    seconds, work = law.runs(np.random.default_rng(0), 1_000_000)
    ratio = parts_of(work, ("flop",))["flop"] / seconds  # the error is |ratio / rate − 1|
    order = np.argsort(ratio)
    weight = ratio[order].cumsum()
    rate = ratio[order][np.searchsorted(weight, weight[-1] / 2)]
    return float(100 * np.abs(ratio / rate - 1).mean())


def told(errors: Floats) -> str:
    """The mean over repetitions, and where 95 % of them lie."""
    low, high = np.quantile(errors, (0.025, 0.975))
    return f"{errors.mean():.1f} ({low:.1f} to {high:.1f})"


@click.group()
def main() -> None:
    """Play, tabulate and draw what the page shows."""


@main.command()
def fits() -> None:
    """Errors on runs held out, by law, model and number of fitted runs; coverage; utilisation by parts."""
    for name, law in LAWS.items():
        click.echo(f"\n{name}; best single rate {best_single_rate_error(law):.1f} %\n")
        click.echo("| model | 20 runs | 50 runs | below 15 % (20, 50) |\n|---|---:|---:|---:|")
        for model in MODELS:
            if law.together == 1 and "prefill" in MODELS[model][0]:
                continue  # read and written tokens are proportional: refused
            if (model == CONTEXT) and law.context_tokens == np.inf:
                continue
            errors = [errors_of(law, model, runs) for runs in (20, 50)]
            below = " / ".join(f"{100 * (each < 15).mean():.0f} %" for each in errors)
            click.echo(f"| {model} | {' | '.join(map(told, errors))} | {below} |")
    click.echo("\n| correlation | one rate | parts and start |\n|---|---:|---:|")
    for together in (-0.5, 0.0, 0.5, 0.8, 0.9, 0.95, 0.99):
        law = replace(Law(), together=together)
        errors = [errors_of(law, model, 50, 300) for model in (ONE_RATE, PARTS)]
        click.echo(f"| {together:g} | {' | '.join(map(told, errors))} |")
    for runs in (20, 50):
        print_fit(runs)


def print_fit(runs: int) -> None:
    """The figures of one fit, and how often intervals hold the truth."""
    law, model = Law(), PARTS
    truth = {part: FLOP_PER_TOKEN * getattr(law, f"{part}_tokens_per_s") for part in ("prefill", "decode")}
    held = dict.fromkeys((*truth, "start"), 0)
    for repetition in range(REPETITIONS):
        fit = fitted(model, *law.runs(np.random.default_rng([repetition, runs]), runs))
        for part, rate in truth.items():
            held[part] += fit.rates[part].ci95[0] <= rate <= fit.rates[part].ci95[1]
        assert fit.start_s is not None
        held["start"] += fit.start_s.ci95[0] <= law.start_s <= fit.start_s.ci95[1]
        if repetition == 0:
            click.echo(f"\n{runs} runs: {fit.utilisation}, {fit.start_s}, {fit.error}")
            click.echo(f"one rate: {fitted(ONE_RATE, *law.runs(np.random.default_rng([0, runs]), runs))}")
    click.echo(f"true { ({part: rate / PEAK_FLOP_S for part, rate in truth.items()}) }, covered {held}")


MARKETS: Final = (
    ("dur_03", "utilisation", 0.75, (0.5, 1.0, 4 / 3), 20, ()),
    ("market_day", "decode_tokens_per_s", 128.0, (0.5, 1.0, 2.0), 10, ("policy={kind: greedy}",)),
    ("market_day", "decode_tokens_per_s", 128.0, (0.5, 1.0, 2.0), 10, ("policy={kind: always_local}",)),
    ("azure_code_like", "decode_tokens_per_s", 128.0, (0.5, 1.0, 2.0), 10, ()),
)
"""Who believes what: the field, what is true, beliefs as shares of it, replications, and changes."""


@main.command()
def markets() -> None:
    """What a wrong belief costs a market, with calibration and without."""
    for name, field, truth, beliefs, replications, changes in MARKETS:
        limit = () if name == "dur_03" else ("workload.arrivals.limit=2000",)
        for calibration in ((), ("calibration=null",)) if name == "market_day" else ((),):
            found = {}
            for share in beliefs:
                belief = () if share == 1 else (f"clients.hardware.believed={{{field}: {truth * share}}}",)
                scenario = coalesce_sim.load(name, [*changes, *limit, *calibration, *belief])
                runs = coalesce_sim.run(scenario, seed=1, replications=replications).replications
                found[share] = pd.DataFrame(runs)
            for share, table in found.items():
                told = "; ".join(row(table, found[1.0]))
                click.echo(f"{name} {' '.join((*changes, *calibration))} {field} · {share:.2f}: {told}")


def row(table: pd.DataFrame, right: pd.DataFrame) -> Iterator[str]:
    """Means with intervals, and differences to who knows."""
    for metric in ("cost_reduction", "outsourcing_rate", "estimation_error", "estimation_error_last"):
        if metric in table:
            each, apart = with_half_width(estimate(table[metric])), estimate(table[metric] - right[metric])
            yield f"{metric} {each} ({with_half_width(apart)})"


@main.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def measured(path: Path) -> None:
    """Fit the half of measured runs that is for it, and predict the other."""
    runs = pd.read_csv(path)
    # All sequences of a batch share one reading of the weights, and one call of each layer, a token written.
    runs["weights_read"] = runs["params"] * runs["output_tokens"]
    runs["layers_called"] = runs["layers"] * (1 + runs["output_tokens"])
    halves = [runs[runs["half"] == half] for half in ("fit", "held_out")]
    for parts in (["flop"], ["read_flop", "write_flop"], ["read_flop", "weights_read", "layers_called"]):
        (seconds, work), held_out = ((rows["seconds"], dict(rows[parts].items())) for rows in halves)
        fit = coalesce_sim.fit_hardware(seconds, work)
        click.echo(f"{', '.join(parts)}: {fit.rates}; held out: {fit.error_on(*held_out)}")


def draw_example(axes: Axes) -> None:
    """Predicted against measured on fifty runs held out, all models fitted to the same fifty others."""
    law, rng = Law(), np.random.default_rng([0, 50])
    seconds, work = law.runs(rng, 50)
    others_s, others = law.runs(rng, 50)
    for model, colour, marker, label in (
        (ONE_RATE, VERMILLION, "s", "one rate: P_peak · utilisation"),
        (PARTS, BLUE, "o", "rates of reading, writing; start"),
    ):
        predicted = predicted_s(model, fitted(model, seconds, work), others)
        error = 100 * np.abs(predicted / others_s - 1).mean()
        axes.plot(others_s, predicted, marker, color=colour, alpha=0.8, label=f"{label}: {error:.0f} %")
    ends = np.array([4, 400])
    axes.plot(ends, ends, color=GREY, linewidth=0.8)
    axes.fill_between(
        ends, 0.85 * ends, 1.15 * ends, color=GREY, alpha=BAND, linewidth=0, label="within 15 %"
    )
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=(4, 900))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("Measured (s a run)")
    axes.set_ylabel("Predicted (s a run)")
    axes.set_title("50 runs held out, fitted to 50 others")
    axes.legend(loc="upper left", handletextpad=0.3)


def draw_errors(axes: Axes) -> None:
    """The error on runs held out by model, for 20 and 50 fitted runs."""
    models = [model for model in MODELS if model != CONTEXT]
    for runs, colour, marker, shift in ((20, ORANGE, "s", -0.13), (50, GREEN, "o", 0.13)):
        for place, model in enumerate(models):
            errors = errors_of(Law(), model, runs)
            low, high = np.quantile(errors, (0.025, 0.975))
            axes.plot([low, high], [place + shift] * 2, color=colour)
            label = f"{runs} runs fitted" if place == 0 else None
            axes.plot(errors.mean(), place + shift, marker, color=colour, label=label)
    name_axis(
        axes, [model.replace(", and", ",\nand").replace("reading and", "reading\nand") for model in models]
    )
    axes.set_xlim(0, 160)
    for level, side in ((15, "right"), (20, "left")):
        axes.axvline(level, color=GREY, linestyle="--", linewidth=0.8)
        shift = -1 if side == "right" else 1
        axes.text(level + shift, 1.5, f"{level} %", color=GREY, fontsize=NOTE_PT, ha=side, va="center")
    axes.set_xlabel("Mean error on runs held out (%)")
    axes.set_title(f"{REPETITIONS:,} repetitions: mean, and where 95 % lie")
    axes.legend(loc="lower right")


@main.command()
def draw() -> None:
    """Draw the figure beside the page."""
    with our_style():
        figure = page(
            "No single P_peak · utilisation comes within 15 % of runs that read and write; two rates do",
            "made-up runs, none measured: 6,899 tokens/s read, 128 written, 1 s to start, noise of 2 % at "
            "1 s and 9 % at 42 s; tokens of the market profile",
            2.9,
        )
        left, right = figure.subplots(1, 2, width_ratios=[1, 1.15])
        draw_example(left)
        draw_errors(right)
        save(figure, HERE / "cost_model.png")


if __name__ == "__main__":
    main()
