"""Logs as gateways export them, made up, with the truth that they hide: for tests, how-tos and notebooks.

Written from the tools' published schemas; nothing here knows the importer.

python -m acceptance.exports KIND OUT --rows N --seed S [--no-tags] [--no-sessions] [--failures F] …

`KIND` is ``litellm``, ``openrouter``, ``openrouter-records``, ``langfuse``, ``langfuse-ui``, ``otel``,
``otel-old``, ``otel-nested``, ``csv`` or ``csv-semicolon``; the end of `OUT` says the format (``.csv``,
``.json``, ``.jsonl``, ``.parquet``, the first three also with ``.gz``; spans are JSON). The truth is printed
as JSON. From Python:

world = draw(rows=50_000, seed=1)  # calls as arrays; the same for every kind write("litellm", world,
Path("spend.csv")) world.truth("litellm")  # bills, percentiles, counts, prices

A world is a day of three teams whose agents call four models: one at home (vLLM, billed with 0) and three of
API sellers with prices by input, cached and output token. Calls come in sessions; some fail and most of those
are tried again, some of them elsewhere, and who gives a task up ends the session. Each call has a tag; two
gateways write the time in two zones. Columns that no reader should touch (prompts, answers, keys, addresses)
hold the text `private`. The columns of kind ``csv``: ``when`` (epoch ms), ``took_s``, ``tokens_in``,
``tokens_cached``, ``tokens_out``, ``bill``, ``llm``, ``vendor``, ``ok``, ``who``, ``team``, ``kind``,
``chat``.
"""

from acceptance.exports.formats import KINDS, write
from acceptance.exports.world import SELLERS, World, draw

__all__ = ["KINDS", "SELLERS", "World", "draw", "write"]
