"""Fuzzing: cases drawn at random, judged by an oracle that shares no check with the program.

``python -m acceptance.fuzzing --seed 1 --count 1000`` plays cases 0 to 999 on two processes, a tenth of them
through the shell. Each that fails is kept under ``fuzzing-failures/case-N``, with what is wrong in
``complaints.txt``, and ``--case N`` with the same seed plays it again. Exit code 1 if any failed.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import click

from acceptance.fuzzing.cases import KINDS, Settings, Verdict
from acceptance.fuzzing.workers import Workers

_SHOWN = 40


@click.command()
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="What all cases follow from."
)
@click.option(
    "--count", type=click.IntRange(1), default=1000, show_default=True, help="How many cases to play."
)
@click.option(
    "--first", type=click.IntRange(0), default=0, show_default=True, help="The first case's number."
)
@click.option("--case", "single", type=click.IntRange(0), help="Play only the case of that number.")
@click.option("--shell-share", type=click.FloatRange(0, 1), default=0.1, show_default=True)
@click.option("--kind", "kinds", type=click.Choice(list(KINDS)), multiple=True, help="Only these kinds.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True)
@click.option("--limit-s", type=float, default=120.0, show_default=True, help="What a case may take.")
@click.option("--out", type=click.Path(path_type=Path), default="fuzzing-failures", show_default=True)
@click.option("--stop", is_flag=True, help="Stop at the first case that fails.")
def fuzz(
    seed: int,
    count: int,
    first: int,
    single: int | None,
    shell_share: float,
    kinds: tuple[str, ...],
    workers: int,
    limit_s: float,
    out: Path,
    stop: bool,
) -> None:
    """Play random cases and say which the program did not stand."""
    settings = Settings(seed, shell_share, kinds)
    numbers = range(first, first + count) if single is None else range(single, single + 1)
    began_s, verdicts = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="fuzzing-") as scratch:
        playing = Workers(settings, min(workers, len(numbers)), limit_s, Path(scratch), out.absolute())
        try:
            for verdict in playing.play(numbers):
                verdicts.append(verdict)
                if stop and verdict.complaints:
                    break
        finally:
            playing.end()
    failed = _tell(verdicts, time.monotonic() - began_s)
    if failed:
        click.echo(f"kept in {out}/; --case N with the same seed, share and kinds plays one again")
    raise SystemExit(bool(failed))


def _tell(verdicts: Sequence[Verdict], wall_s: float) -> int:
    """Print what was played and each distinct failure once; returns how many cases failed."""
    codes = Counter(code for each in verdicts for code in each.codes)
    for name in KINDS:
        if own := [each.cpu_s for each in verdicts if each.kind == name]:
            click.echo(f"{name}: {len(own):,} cases, {sum(own) / len(own):.3f} s of a core each")
    click.echo(f"exit codes: {', '.join(f'{code}: {n:,}' for code, n in sorted(codes.items()))}")
    failed = [each for each in verdicts if each.complaints]
    click.echo(
        f"{len(verdicts):,} cases in {wall_s:.0f} s, {len(verdicts) / wall_s:.1f} a second; "
        f"{sum(each.cpu_s for each in verdicts):.0f} s of a core; {len(failed):,} failed"
    )
    alike = defaultdict(list)
    for each in failed:
        alike[re.sub(r"`.*?`|'.*?'|[-+]?\d[\d.e+-]*", "…", each.complaints[0])].append(each)
    for group in sorted(alike.values(), key=len, reverse=True)[:_SHOWN]:
        few = ", ".join(str(each.number) for each in sorted(group, key=lambda each: each.number)[:5])
        click.echo(f"{len(group)} × [{group[0].kind}; {few}] {group[0].complaints[0][:600]}")
    return len(failed)


if __name__ == "__main__":
    fuzz()
