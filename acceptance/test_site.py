"""The terminal sessions that README and the pages show: each prints what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.sessions import PAGES, lacks_records, missing_line, play, shown_anew


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_sessions_in_a_page_print_what_is_shown(page: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")
    if lacks_records(text):
        pytest.skip("the recorded runs are not beside this checkout")
    for session, printed in play(text, tmp_path):
        line = missing_line(session.shown, printed)
        assert line is None, f"$ {session.command}\nnot as shown: {line}\n\n{printed}"


PRINTED = (
    "mine: Ten\n10 tasks in 3.2 s (9 tasks/s)\n\n  tasks      420  22\n  explored   9.9   1\n\nWritten\n"
)


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        (PRINTED.replace("3.2 s (9 tasks/s)", "…"), None),
        ("…\n tasks 420 22\n…\n", None),
        ("mine: Ten\n…\nWritten\n", None),
        ("…\n tasks 421 22\n…\n", "tasks 421 22"),
        ("…\n explored 9.9 1\n tasks 420 22\n…\n", "explored 9.9 1"),
        ("mine: Ten\n", "10 tasks in …"),
        (" tasks 420 22\n…\n", "tasks 420 22"),
        ("", "mine: Ten"),
    ],
)
def test_what_is_shown_is_all_that_is_printed_but_for_cuts(shown: str, missing: str | None) -> None:
    assert missing_line(shown, PRINTED) == missing


def test_a_page_is_brought_up_to_date_and_stays_cut() -> None:
    now = PRINTED.replace("  explored   9.9   1", "  explored  10.1   2\n  hired       50   3")
    shown = "…\n tasks 420 22\n explored 9.9 1\n…\nWritten\n"
    anew = shown_anew(shown, now)
    assert anew == "…\n  tasks      420  22\n  explored  10.1   2\n…\nWritten\n"
    assert missing_line(anew, now) is None
    assert shown_anew("…\nWritten to a\n", now) == "…\nWritten\n"
    assert shown_anew(PRINTED, now) == now.replace("3.2 s (9 tasks/s)", "…")
