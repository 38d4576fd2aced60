"""An advice in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from coalesce_sim.advice.advice import Advice
from coalesce_sim.advice.field import AS_LOGGED, MODELLED
from coalesce_sim.numbers import number, with_half_width, with_interval
from coalesce_sim.statistics.intervals import Estimate

_POINTS = 1.0
"""By so much may success differ between market and log without being told."""

_WITHIN = 5.0
"""A market that prices the log's routing so many percent off its bill, at most, is said to agree."""


def period(advice: Advice) -> str:
    """What amounts are told for."""
    if advice.months is not None:
        return "a month"
    return "for the whole log" if AS_LOGGED in advice.by_label else "in all"


def headline(advice: Advice) -> str:
    """The advice in one line."""
    best, base = advice.best, advice.baseline
    if best.label == base.label:
        tried = "succeeds as often" if advice.cheaper else "was tried"
        return f"Nothing that {tried} costs less than {_named(base.label)}"
    saved = advice.saves[best.label]
    name, than, share = (
        _capital(_named(best.label)),
        _named(base.label),
        with_interval(saved["share"], 1, " %"),
    )
    amount = f"{_usd(saved['usd'])} {period(advice)}"
    if _above(saved["usd"]):
        return f"{name} saves {amount} against {than}: {share}"
    least = "costs least of what succeeds as often" if advice.cheaper else "costs least"
    return f"{name} {least}, but is not shown to save against {than}: {amount}, {share}"


def findings(advice: Advice) -> list[str]:
    """What the tables say, the most important first."""
    told = [f"{headline(advice)}.", *_unpaid(advice), *_free(advice), *_unjudged(advice)]
    saved = advice.saves[advice.best.label]
    if advice.best.label != advice.baseline.label:
        told.append(
            f"Of that cash is {_usd(saved['cash'])}, delay {_usd(saved['delay'])}, losses by bad work "
            f"{_usd(saved['losses'])}. {_quality(advice)}"
        )
    told.append(_lead(advice))
    if advice.model_error is not None:
        told += [_model(advice), *_successes(advice)]
    return told


def _unpaid(advice: Advice) -> Iterator[str]:
    """That payment costs more than prices, and what of it is advised without."""
    stated = advice.scenario.settlement
    if stated is not None and not stated.is_plain:
        yield (
            "All figures here are before what settlement costs, such as fees: it comes on top of every "
            "contract. How much of a saving it takes tells coalesce-sim frictions."
        )


def _free(advice: Advice) -> Iterator[str]:
    """How often there is nothing that shares could be of."""
    base = advice.baseline
    free, count = sum(not play.usd for play in base.plays), len(base.plays)
    if free == count:
        yield f"{_capital(_named(base.label))} costs nothing: nothing is told in percent of it."
    elif free:
        of_log = " A log of so few paid calls says little." if base.label == AS_LOGGED else ""
        yield (
            f"In {free:,} of {count:,} replications {_named(base.label)} costs nothing: what is told in "
            f"percent of it is of the others.{of_log}"
        )


def _unjudged(advice: Advice) -> Iterator[str]:
    """What the advice takes for granted of answers: it stands beside the figure, for that may hang on it."""
    moved = [each.move for each in advice.worths if each.move.stated is not None]
    if moved and advice.best.label != advice.baseline.label:
        share = number(100 * advice.best.differs_from(advice.baseline), 0)
        workers = ", ".join(dict.fromkeys(each.worker for each in moved))
        yield (
            f"It gives {share} % of the tasks to others than today ({workers}), by how often their calls "
            "fail: whether their answers are as good no log says. From which success rate that pays stands "
            "below."
        )
    elif any(each.move.stated is None for each in advice.worths):
        yield (
            "Success is that work does not fail: whether answers were right no log says. From which success "
            "rate other workers would pay stands below."
        )


def _quality(advice: Advice) -> str:
    mine, now = (
        advice.service[each.label] for each in (advice.best, advice.at_market_costs(advice.baseline))
    )
    return (
        f"Success {number(now['success_rate'].mean, 2)} → {number(mine['success_rate'].mean, 2)} %, "
        f"95th percentile of the turnaround {number(now['turnaround_p95_s'].mean)} → "
        f"{number(mine['turnaround_p95_s'].mean)} s."
    )


def _lead(advice: Advice) -> str:
    second, lead = advice.second, advice.lead
    if second is None or lead is None:
        besides = ", or succeeds less often" if advice.worse else ""
        told = f"What else was tried gives nine tenths of the tasks to the same{besides}"
        return f"{told}: there is no second advice."
    shown = "" if _above(lead) else "; that is not shown to be a difference"
    return (
        f"The next best that is another advice, {_named(second.label)}, costs {_usd(lead)} more "
        f"{period(advice)}{shown}."
    )


def _model(advice: Advice) -> str:
    error = advice.model_error
    assert error is not None
    if error.mean is None:
        return "The log's bill is nothing: whether the market's own costs agree with it cannot be told."
    told = (
        f"At the market's own costs today's routing comes to {number(abs(error.mean), 1)} % "
        f"{'more' if error.mean > 0 else 'less'} than the log's bill"
    )
    if abs(error.mean) <= _WITHIN:
        return f"{told}: so far the market agrees with the log."
    if error.ci95 is not None and error.ci95[0] <= 0 <= error.ci95[1]:
        return f"{told}; that is not shown to be a difference."
    if advice.best.label == advice.baseline.label:
        return f"{told}: the market does not agree with the log. Calibrate it before you rely on this."
    mine = advice.scale * (advice.by_label[MODELLED].mean_usd - advice.best.mean_usd)
    return (
        f"{told}: against the market's own costs of it the advice would save {number(mine)} USD "
        f"{period(advice)}. Calibrate before you rely on the difference."
    )


def _successes(advice: Advice) -> Iterator[str]:
    """That the market has today's routing succeed otherwise than the log."""
    modelled, logged = advice.by_label[MODELLED].success_rate, advice.by_label[AS_LOGGED].success_rate
    if abs(modelled - logged) > _POINTS:
        yield (
            f"In the market today's routing succeeds in {number(modelled, 1)} % of the tasks, in the log in "
            f"{number(logged, 1)} %: success is compared within the market, but what is saved of losses is "
            "against the log."
        )


def _named(label: str) -> str:
    return {AS_LOGGED: "today's routing"}.get(label, label)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _above(value: Estimate) -> bool:
    return value.mean is not None and value.mean > 0 and (value.ci95 is None or value.ci95[0] > 0)


def _usd(value: Estimate) -> str:
    return f"{with_half_width(value)} USD"
