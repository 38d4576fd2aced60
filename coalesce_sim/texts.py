"""What anybody wrote, as it may be shown: nothing in it does anything but stand there."""

from __future__ import annotations

import os
import re

_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters but for tabs and line breaks, and what turns the direction of writing."""

_PATH_BEGINS = r"(?<![\w./\\-])"
"""Not within another one."""


def visible(text: str) -> str:
    """The text with what would command a terminal as Python writes it: ``\\x1b`` for an escape."""
    return _COMMANDS.sub(lambda found: repr(found[0])[1:-1], text)


def seen_from(folder: str, text: str) -> str:
    """The text with paths below an absolute folder as they are written within it; all others stay."""
    within = folder.rstrip(os.sep) + os.sep
    return text if within == os.sep else re.sub(_PATH_BEGINS + re.escape(within), "", text)


def sentence(text: str) -> str:
    """A remark as a sentence of its own; what begins with a name, such as of a file, is left as it is."""
    first = text.partition(" ")[0]
    named = any(each in first.rstrip(":,") for each in "./_")
    return (text if named else f"{text[:1].upper()}{text[1:]}") + ("" if text.endswith(".") else ".")


def on_one_line(text: str) -> str:
    """The text with line breaks, and whatever else cannot be printed, as Python writes them."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
