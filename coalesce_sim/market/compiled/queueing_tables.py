"""What the kernel of the published trade with queues reads and writes of its own (`rows` says how)."""

from __future__ import annotations

from coalesce_sim.market.compiled import published_tables as published


class Task(published.Task):
    """A task; `block` is the number of its block, `home_factor` its luck with what work at home costs."""

    block: int
    complexity: float
    prompt_tokens: float
    cached_tokens: float
    expected_tokens: float
    true_tokens: float
    second_of_day: float
    home_factor: float


class Contractor(published.Contractor):
    """A contractor: how long it takes for a token, and prices for tokens without condition."""

    prefill_s: float
    decode_s: float
    input_usd: float
    cached_usd: float
    output_usd: float
    request_usd: float


class Rules(published.Rules):
    """The scenario's: whether prices are per token, whether networks or queues take time; whether the delay
    at home is part of the estimate and, where slots there are finite, what a task adds to that of the next
    one; whether somebody else decides, and is told of outcomes."""

    by_token: bool
    waits: bool
    expects_delay: bool
    asks: bool
    looks_further: bool
    late_usd_per_min: float


class Job:
    """A task on its way: whose slot it needs, the time that the network still takes, how long the work is
    expected and really going to take, and what is due for it; `next` follows among those who ask for a slot.
    Its row among those who wait has its own number."""

    serial: int
    next: int
    granted: bool
    task: int
    worker: int
    network_s: float
    expected_s: float
    service_s: float
    expected_end_s: float
    charge_usd: float
    at_work: bool
