"""What the factors of a sweep are called in figures and reports: words with units in place of paths."""

from __future__ import annotations

_LABELS = {
    "policy.kind": "policy",
    "policy.epsilon": "exploration rate ε",
    "policy.epsilon_half_life_tasks": "half-life of exploration (tasks)",
    "policy.outsource_above_score": "score to outsource",
    "policy.outsource_above_confidence": "confidence to outsource",
    "policy.only_if_cheaper_percent": "least advantage in cost (%)",
    "policy.memory": "memory",
    **{
        f"policy.weights.{name}": f"weight of {name}"
        for name in ("cost", "reliability", "latency", "security")
    },
    "cost_model.late_usd_per_min": "price of delay (USD/min)",
    "skills.threshold": "skill threshold",
    "clock.days": "length of the run (days)",
    "clients.count": "clients",
    "clients.slots": "slots a client",
    "clients.hardware.utilisation": "utilisation of clients' hardware",
    "contractors.count": "contractors",
    "contracts.recovery.retries": "retries",
    "contracts.rework_usd": "rework (USD)",
    "records.own_agent": "own agent",
}
_UNITS = {
    "usd": "USD",
    "s": "s",
    "ms": "ms",
    "min": "min",
    "h": "h",
    "days": "days",
    "percent": "%",
    "gb": "GB",
    "flop": "FLOP",
    "w": "W",
}


def label_of(field: str) -> str:
    """What a field of a scenario, by its path, is called; one that has no name has its path, in words."""
    if field in _LABELS:
        return _LABELS[field]
    path, _, divisor = field.replace(".", " ").replace("_", " ").partition(" per ")
    *words, last = path.split(" ")
    if divisor:
        return f"{' '.join(words)} ({_UNITS.get(last, last)}/{divisor})"
    return f"{' '.join(words)} ({_UNITS[last]})" if words and last in _UNITS else " ".join([*words, last])


def axis_of(field: str) -> str:
    """The same with a capital, for the axis of a figure."""
    return capital(label_of(field))


def capital(text: str) -> str:
    """A text that begins as a sentence does."""
    return text[:1].upper() + text[1:]
