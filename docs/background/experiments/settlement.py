"""How much of savings survives payment, what frictions and rules take, and what netting mends.

From the root of a clone::

    python docs/background/experiments/settlement.py waterfalls   # scenarios/settlement/study_*.yaml
    python docs/background/experiments/settlement.py netting      # a card, by contract and paid together

What is played lands in results/experiments/settlement/, figures beside this file; tables are printed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import click

import coalesce_sim
from coalesce_sim.numbers import with_half_width
from coalesce_sim.statistics.intervals import estimate

HERE: Final = Path(__file__).parent
FOLDER: Final = Path("results/experiments/settlement")
STUDIES: Final = ("study_market", "study_real_agents", "study_azure")

_CARD: Final = "fee: [{kind: card, share: 0.029, fixed_usd: 0.30}]"
PAID: Final = {
    "by contract": f"{{{_CARD}}}",
    "by pair, daily": f"{{{_CARD}, pay: {{every_h: 24}}}}",
    "by client, daily": f"{{{_CARD}, pay: {{every_h: 24, among: client}}}}",
}
"""How contracts are paid by card, as `settlement` says it."""

MARKETS: Final[dict[str, tuple[list[str], int]]] = {
    "market": ([], 10),
    "real_agents_twin": ([], 50),
    "azure_code_like": (["contracts={}"], 10),
}
"""What is set in each market, and how often it is played."""


@click.group()
def main() -> None:
    """Play what the page says."""


@main.command()
def waterfalls() -> None:
    """Every friction and rule, one after another, in three markets."""
    for name in STUDIES:
        words = ["frictions", f"scenarios/settlement/{name}.yaml", "--out", str(FOLDER / name)]
        subprocess.run([sys.executable, "-m", "coalesce_sim", *words], check=True)
        shutil.copy(FOLDER / name / "waterfall.png", HERE / f"settlement_{name.removeprefix('study_')}.png")


@main.command()
def netting() -> None:
    """The card's fee by how contracts are paid together: what is saved of the all-local cost, net."""
    print(f"| market | free | {' | '.join(PAID)} |\n|---|---|{'---|' * len(PAID)}")
    for name, (sets, replications) in MARKETS.items():
        saved = [_saved(name, [*sets, "settlement={}"], replications)]
        saved += [_saved(name, [*sets, f"settlement={paid}"], replications) for paid in PAID.values()]
        print(f"| `{name}` | {' | '.join(saved)} |", flush=True)


def _saved(name: str, sets: list[str], replications: int) -> str:
    """What is saved and how many tasks contractors get, in percent."""
    played = coalesce_sim.run(coalesce_sim.load(name, sets), replications=replications).replications
    saved, away = (
        estimate([each[metric] for each in played]) for metric in ("cost_reduction_net", "outsourcing_rate")
    )
    return f"{with_half_width(saved)} ({away.mean:.0f} % hired)"


if __name__ == "__main__":
    main()
