"""Tables and texts at any width: every name and figure can be read, and no line is too long."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from coalesce_sim.report.layout import Column, print_columns, print_pairs, print_wrapped

NAMES = ["open_weights_13", "huggingface_sambanova", "topsis(epsilon=0)"]
FIGURES = [["93.3 [89.9, 96.8]", "62.1 [33.1, 91.1]", "0.0"], ["1,757 ± 1,983", "63 ± 31", "–"]]


def screen(width: int) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=width, highlight=False), out


def printed(width: int, names: list[str], columns: int) -> list[str]:
    console, out = screen(width)
    figures = [Column(f"turnaround p{number}, s", FIGURES[number % 2]) for number in range(columns)]
    print_columns(console, [Column("policy", names, figures=False)], figures)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_names_and_figures_are_whole_in_each_part_of_a_table(width: int) -> None:
    lines = printed(width, NAMES, 8)
    assert max(map(len, lines)) <= width
    for name, *figures in zip(NAMES, *FIGURES, strict=True):
        rows = [line for line in lines if name in line]
        parts = sum("policy" in line for line in lines)
        assert len(rows) == parts, f"{name} in each of the parts"
        assert [sum(row.count(figure) for row in rows) for figure in figures] == [4, 4]


def test_a_table_with_room_is_one() -> None:
    assert sum("policy" in line for line in printed(200, NAMES, 6)) == 1


def test_a_name_too_long_is_broken_after_punctuation() -> None:
    long = "cost_model.internal.memory.gb_per_complexity"
    lines = [line.split(" ")[1] for line in printed(60, [long] * 3, 1) if "." in line.split("  ")[0]]
    assert lines == ["cost_model.internal.memory."] * 3


def test_what_belongs_together_is_not_torn_apart() -> None:
    console, out = screen(30)
    print_pairs(console, ["arrived 2026-06-01 08:01:38", "arrival_s 98.96"], "of it: ")
    print_wrapped(console, "The whole of this comes to 12.5 ± 0.1 % of it", hang="  ")
    assert out.getvalue().splitlines() == [
        "of it:",
        "arrived 2026-06-01 08:01:38 ·",
        "arrival_s 98.96",
        "The whole of this comes to",
        "  12.5 ± 0.1 % of it",
    ]
