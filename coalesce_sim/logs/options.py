"""What the options of an import mean, for whoever asks for them."""

from __future__ import annotations

from typing import Final

HELP: Final = {
    "home": "The model that you run yourself, and on what.",
    "prices": "CSV file of prices that the log does not tell, and of sellers who are not in it.",
    "price_date": "Day of listed prices; by default the log's first.",
    "type_by": "What tells types of task apart: tag, model, agent, team or user.",
    "group_by": "What tells groups of clients apart: the same.",
    "keep_names": "Call teams, agents and users as the log does.",
    "sessions": "Whether each call of a session is a task, or a session is one in steps.",
    "columns": "Which column of the log holds a field; repeatable.",
    "zone": "Time zone of times that state none.",
    "retry_within": "Seconds after a failed call in which the next like it is the same task.",
    "out": "Folder to put the market in.",
}
"""By option, one sentence."""
