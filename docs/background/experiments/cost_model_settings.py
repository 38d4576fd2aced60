"""What `cost_model.md` shows of measured settings: eq. 1 by FLOP, by tokens, and by the jobs at work.

From the root of a clone, with the table of the ML.ENERGY leaderboard (565 measured configurations of vLLM on
H100 and B200; Apache-2.0)::

    python docs/background/experiments/cost_model_settings.py table ../shared/data/mlenergy_llm_configs.csv
    python docs/background/experiments/cost_model_settings.py draw ../shared/data/mlenergy_llm_configs.csv
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import binom

from coalesce_sim.report.look import (
    BLUE,
    COLOURS,
    GREY,
    NOTE_PT,
    VERMILLION,
    our_style,
    page,
    save,
)
from coalesce_sim.scenario.catalogue import catalogue
from coalesce_sim.statistics.relative_fit import fit_relative

HERE: Final = Path(__file__).parent
Floats = np.ndarray[Any, np.dtype[np.float64]]
SETTING: Final = ["model_id", "gpu_model", "num_gpus", "tensor_parallel", "task"]
PROFILES: Final = {"H100": "h100_sxm", "B200": "b200_sxm"}
BELIEVED: Final = 0.75
"""The utilisation that the published model assumes."""
SUBSETS: Final = 40
"""Sets of four points drawn at random of each setting."""
SHOWN: Final = ("meta-llama/Llama-3.1-8B-Instruct", "H100", 1, 1, "lm-arena-chat")


@dataclass(frozen=True)
class Setting:
    """A model served on some GPUs: milliseconds and joules a token by the jobs at work, which rise, and the
    FLOP/s that a token would take at the peak, as jobs · FLOP / peak in milliseconds."""

    name: tuple[Any, ...]
    jobs: Floats
    ms: Floats
    joules: Floats
    peak_ms: Floats


def settings_of(path: Path) -> list[Setting]:
    """All that were measured at six batch sizes at least."""
    table = pd.read_csv(path).sort_values("max_num_seqs")
    found = []
    for name, rows in table.groupby(SETTING):
        if len(rows) < 6:
            continue
        peak = catalogue().profile(PROFILES[str(rows["gpu_model"].iloc[0])]).peak_flop_s.value
        jobs = rows["avg_batch_size"].to_numpy(float)
        flop = 2e9 * rows["activated_params_billions"].to_numpy(float)
        peak_ms = 1000 * jobs * flop / (peak * rows["num_gpus"].to_numpy(float))
        ms = rows["median_itl_ms"].to_numpy(float)
        joules = rows["energy_per_token_joules"].to_numpy(float)
        found.append(Setting(tuple(name), jobs, ms, joules, peak_ms))
    return found


ALONE, SHARED, TOKENS = "FLOP, a run alone", "FLOP, shared by jobs", "tokens, a + b · jobs"
LAWS: Final[dict[str, Callable[[Setting], Floats]]] = {
    ALONE: lambda each: np.ones((len(each.jobs), 1)),
    SHARED: lambda each: each.jobs[:, None],
    TOKENS: lambda each: np.stack([np.ones(len(each.jobs)), each.jobs], axis=1),
}
"""The columns whose figures are fitted: FLOP a token are the same in all runs, so that by FLOP there is one
figure, peak · utilisation, for a token alone or for all jobs at work together."""


def fitted(law: str, each: Setting, chosen: Floats) -> Floats:
    """Milliseconds a token at all batch sizes, fitted at those chosen."""
    columns = LAWS[law](each)
    return np.asarray(columns @ fit_relative(columns[chosen], each.ms[chosen]).figures)


def joules_fitted(each: Setting, chosen: Floats) -> Floats:
    """Joules a token as a + b / jobs."""
    columns = np.stack([np.ones(len(each.jobs)), 1 / each.jobs], axis=1)
    return np.asarray(columns @ fit_relative(columns[chosen], each.joules[chosen]).figures)


def evenly(points: int) -> list[tuple[int, ...]]:
    """Four of so many, from the first to the last."""
    return [tuple(np.linspace(0, points - 1, 4).round().astype(int).tolist())]


def at_random(points: int) -> list[tuple[int, ...]]:
    """Four of so many, several times."""
    every = list(combinations(range(points), 4))
    picked = np.random.default_rng(points).permutation(len(every))[:SUBSETS]
    return [every[place] for place in picked]


def smallest(_: int) -> list[tuple[int, ...]]:
    """The four smallest."""
    return [(0, 1, 2, 3)]


CHOICES: Final = {"evenly spread": evenly, "at random": at_random, "the four smallest": smallest}


def errors(
    each: Setting, sets: list[tuple[int, ...]], predict: Callable[[Setting, Floats], Floats], measured: Floats
) -> float:
    """The mean error at the batch sizes held out, in percent, over sets of chosen ones."""
    found = []
    for chosen in sets:
        rows = np.isin(np.arange(len(each.jobs)), chosen)
        off = np.abs(predict(each, rows)[~rows] / measured[~rows] - 1)
        found.append(100 * off.mean())
    return float(np.mean(found))


def rows_of(settings: list[Setting]) -> Iterator[tuple[str, str, list[float]]]:
    """Law, choice of points, and the error of every setting."""
    for name, choice in CHOICES.items():
        sets = [choice(len(each.jobs)) for each in settings]
        pairs = list(zip(settings, sets, strict=True))
        for law in LAWS:
            yield (
                law,
                name,
                [
                    errors(each, some, lambda one, rows, law=law: fitted(law, one, rows), each.ms)
                    for each, some in pairs
                ],
            )
        joules = [errors(each, some, joules_fitted, each.joules) for each, some in pairs]
        yield "joules, a + b / jobs", name, joules


def ends_of_median(values: list[float]) -> tuple[float, float]:
    """The 95 % interval of the median over settings, by order statistics."""
    ordered, n = sorted(values), len(values)
    low = int(binom.ppf(0.025, n, 0.5))
    return ordered[low - 1], ordered[n - low]


def told(values: list[float]) -> str:
    """The median with its interval, and the share of settings below 15 %."""
    low, high = ends_of_median(values)
    below = 100 * np.mean(np.array(values) < 15)
    return f"{np.median(values):.1f} [{low:.1f}, {high:.1f}]; {below:.0f} %"


@click.group()
def cli() -> None:
    """The cost model on measured settings."""


@cli.command()
@click.argument("path", type=click.Path(path_type=Path))
def table(path: Path) -> None:
    """Errors at batch sizes held out, as Markdown, and the utilisation that is reached."""
    settings = settings_of(path)
    cells: dict[str, list[str]] = {}
    for law, _, values in rows_of(settings):
        cells.setdefault(law, []).append(told(values))
    print(f"{len(settings)} settings\n\n| law | {' | '.join(CHOICES)} |\n|---|{'---:|' * len(CHOICES)}")
    for law, row in cells.items():
        print(f"| {law} | {' | '.join(row)} |")
    believed = [float(np.mean(np.abs(each.peak_ms / BELIEVED / each.ms - 1))) for each in settings]
    print(f"\nbelieved {BELIEVED}: median {100 * np.median(believed):.0f} %")
    reached = np.concatenate([each.peak_ms / each.ms for each in settings])
    print("utilisation reached, percent:", (100 * np.quantile(reached, (0, 0.05, 0.5, 0.95, 1))).round(2))
    each = next(one for one in settings if one.name == SHOWN)
    print("of", SHOWN, (100 * each.peak_ms / each.ms).round(2), each.jobs.round(0))


LOOK: Final = {ALONE: (VERMILLION, "s", "--"), SHARED: (COLOURS[4], "^", "-."), TOKENS: (BLUE, "o", "-")}


def draw_example(axes: Axes, each: Setting) -> None:
    """A setting as measured, and as four points of it say by each law."""
    chosen = np.isin(np.arange(len(each.jobs)), evenly(len(each.jobs))[0])
    for law, (colour, _, style) in LOOK.items():
        axes.plot(each.jobs, fitted(law, each, chosen), style, color=colour, label=law)
    axes.plot(
        each.jobs[chosen], each.ms[chosen], "o", color="black", label="measured, fitted", markersize=4.5
    )
    held = {"fillstyle": "none", "markersize": 4.5}
    axes.plot(each.jobs[~chosen], each.ms[~chosen], "o", color="black", label="measured, held out", **held)
    axes.set(xscale="log", yscale="log", ylim=(1.5, None))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("Jobs at work (mean batch)")
    axes.set_ylabel("Time per token (ms)")
    axes.set_title("Llama 3.1 8B on one H100")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[3:], labels[3:], loc="upper left")


def draw_errors(axes: Axes, settings: list[Setting]) -> None:
    """The errors of all settings in rising order, four points evenly spread."""
    shares = 100 * np.arange(1, len(settings) + 1) / len(settings)
    for law, name, values in rows_of(settings):
        if name != "evenly spread" or law not in LOOK:
            continue
        colour, marker, style = LOOK[law]
        low, high = ends_of_median(values)
        label = f"{law}: {np.median(values):.0f} % [{low:.0f}, {high:.0f}]"
        axes.plot(sorted(values), shares, style, marker=marker, markevery=8, color=colour, label=label)
    axes.axvline(15, color=GREY, linestyle=":", linewidth=1)
    axes.text(14, 97, "15 %", color=GREY, fontsize=NOTE_PT, ha="right", va="top")
    axes.set(xscale="log", ylim=(0, 100), xlim=(0.5, 300))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("Mean error of time per token, held out (%)")
    axes.set_ylabel(f"Settings with at most that error (% of {len(settings)})")
    axes.set_title("All settings, four batch sizes fitted")


@cli.command()
@click.argument("path", type=click.Path(path_type=Path))
def draw(path: Path) -> None:
    """Draw the figure beside the page."""
    settings = settings_of(path)
    with our_style():
        figure = page(
            "On measured settings a line over the jobs at work is off by 5 %; peak · utilisation fits no "
            "batch but one",
            "56 settings of the ML.ENERGY leaderboard (vLLM, H100, B200), four batch sizes fitted, from the "
            "least to the greatest, all others held out; below: median error [95 % interval over settings]",
            3.2,
        )
        left, right = figure.subplots(1, 2)
        draw_example(left, next(each for each in settings if each.name == SHOWN))
        draw_errors(right, settings)
        figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        save(figure, HERE / "cost_model_settings.png")


if __name__ == "__main__":
    cli()
