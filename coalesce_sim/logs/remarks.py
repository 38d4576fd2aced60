"""What became of rows: how many were left out or are doubtful, and where the first of them stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from coalesce_sim.numbers import plural
from coalesce_sim.scenario.problems import shortened


@dataclass(slots=True)
class Remark:
    """Rows of which the same is to be said, and the first of them; `value` is what stands there."""

    rows: int
    file: str
    row: int
    column: str
    value: str

    @property
    def place(self) -> str:
        """Where the first one is: ``spend.csv, row 17, spend (got -0.2)``."""
        got = f" (got {self.value})" if self.value else ""
        return ", ".join(filter(None, (self.file, f"row {self.row:,}", self.column))) + got


@dataclass(slots=True)
class Remarks:
    """Rows left out, by reason, and rows that are kept though something is to be told of them."""

    left_out: dict[str, Remark] = field(default_factory=dict)
    told: dict[str, Remark] = field(default_factory=dict)

    def leave_out(
        self, reason: str, rows: int, file: str, row: int, column: str = "", value: Any = ""
    ) -> None:
        """Count rows that are left out."""
        _count(self.left_out, reason, rows, file, row, column, value)

    def tell(self, reason: str, rows: int, file: str, row: int, column: str = "", value: Any = "") -> None:
        """Count rows that are kept."""
        _count(self.told, reason, rows, file, row, column, value)

    def lines(self) -> list[str]:
        """A line for each reason, those for which rows are left out first."""
        out = [
            f"left out: {plural(each.rows, 'row')}: {why}: {each.place}"
            for why, each in self.left_out.items()
        ]
        return out + [f"{plural(each.rows, 'row')}: {why}: {each.place}" for why, each in self.told.items()]


def _count(
    into: dict[str, Remark], reason: str, rows: int, file: str, row: int, column: str, value: Any
) -> None:
    if not rows:
        return
    if reason in into:
        into[reason].rows += rows
        return
    shown = (
        "" if value in ("", None) else repr(shortened(str(value))) if isinstance(value, str) else f"{value:g}"
    )
    into[reason] = Remark(rows, file, row, column, shown)


def facts(remarks: dict[str, Remark]) -> list[dict[str, Any]]:
    """Ready for JSON."""
    return [
        {
            "why": why,
            "rows": each.rows,
            "first": {"file": each.file, "row": each.row, "column": each.column, "got": each.value},
        }
        for why, each in remarks.items()
    ]
