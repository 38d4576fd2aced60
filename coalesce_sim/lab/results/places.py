"""Which folder an address may ask for: those below the one that the lab was started in, and no other."""

from __future__ import annotations

from pathlib import Path

from coalesce_sim.files import ResultsError


def folder_at(asked: str, start: Path, opened_with: Path | None = None) -> Path:
    """The folder of that path, relative to `start` or absolute.

    Raises `ResultsError`, alike for what is there and what is not, where it lies neither below `start` nor is
    the one that the lab was opened with: a link may ask for anything. Links out of `start` count as what
    they lead to.
    """
    refused = f"{asked}: is not below the folder that the lab was started in"
    try:
        folder = Path(start, asked).resolve()
        within = folder.is_relative_to(start.resolve())
        own = opened_with is not None and folder == Path(start, opened_with).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a NUL character, a name too long, links in a ring
        raise ResultsError(refused) from error
    if not (within or own):
        raise ResultsError(refused)
    return folder if own and not within else Path(start, folder.relative_to(start.resolve()))
