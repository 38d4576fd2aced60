"""What a study of frictions says, in sentences: what survives, what takes most, and what would mend it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from coalesce_sim.frictions.results import GROSS, NET, FrictionStudy
from coalesce_sim.numbers import level_text, number, with_half_width, with_interval
from coalesce_sim.statistics.intervals import Estimate

_MANY = 10.0
"""From here on a ratio is told as a whole number."""


def findings(study: FrictionStudy) -> list[str]:
    """The answer first, then what it comes of."""
    parts = (_hired, _fixed_fees, _lost_cases, _orders, _gains, _rules)
    told = [headline(study), *(sentence for part in parts for sentence in part(study))]
    return [f"{sentence[0].upper()}{sentence[1:]}." for sentence in told]


def headline(study: FrictionStudy) -> str:
    """What survives of what is saved, and what takes most; for the title of a figure, too."""
    gross, net = study.gross, study.net
    took = _most(study)
    if not _above(gross):
        return f"No saving is shown even without friction: {_usd(gross)} a task, {_usd(net)} with all{took}"
    whole = f"Of {_usd(gross)} a task saved"
    if net.ci95 is not None and net.ci95[1] < 0:
        return f"{whole}, nothing survives: {_usd(net)} net{took}"
    if not _above(net):
        return f"{whole}, none is shown to survive: {_usd(net)} net{took}"
    assert net.mean is not None
    assert gross.mean is not None
    percent = 100 * net.mean / gross.mean
    share = f"{number(percent, 0 if percent < 99 else 1)} %"
    return f"{whole}, {_usd(net)} survive ({share}){took}"


def reduction(study: FrictionStudy) -> str:
    """Cost reduction before and after, in percent."""
    gross, net = study.reduction[GROSS], study.reduction[NET]
    return f"Cost reduction {with_interval(gross, 1, ' %')} gross, {with_interval(net, 1, ' %')} net"


def _largest(study: FrictionStudy) -> int | None:
    """The place of the friction or rule that is shown to take most; None where none is."""
    taken = [each.difference.mean or 0.0 for each in study.tested]
    shown = [place for place in range(len(study.steps)) if study.tested[place].shown and taken[place] > 0]
    return max(shown, key=lambda place: taken[place], default=None)


def _most(study: FrictionStudy) -> str:
    """What takes most and, where another friction mends that, what is left of it."""
    place = _largest(study)
    if place is None:
        return ""
    bar, taken = study.bars[place], [each.difference.mean or 0.0 for each in study.tested[: len(study.steps)]]
    of_shown = "" if taken[place] == max(taken) else "of what is shown to take any, "
    told = f"; {of_shown}{bar.label} takes most, {_usd(study.tested[place].difference)}"
    after, together = study.a_task(bar.after_other), study.tested[-1]
    if after is None or not together.shown or (together.difference.mean or 0.0) > 0:
        return told
    other = next(each.label for each in study.bars if each.after_other is not None and each != bar)
    return f"{told}, but {_usd(after)} after {other}"


def _hired(study: FrictionStudy) -> Iterator[str]:
    """How much contractors get to do: whom nobody hires, nobody has to pay."""
    place, last = _largest(study), len(study.steps)
    gross, net = (number(study.outsourced(count), 1) for count in (0, last))
    once = ""
    if place is not None and place + 1 < last:
        once = f", {number(study.outsourced(place + 1), 1)} % once {study.steps[place].label} is on"
    yield f"Contractors get {gross} % of the tasks without friction{once}, {net} % with all"


def _fixed_fees(study: FrictionStudy) -> Iterator[str]:
    """What a fixed amount is beside the contracts that it is taken of, and that netting is the remedy."""
    settlement = study.scenario.settlement
    if settlement is None or not study.price_usd:
        return
    for fee in settlement.fee:
        if fee.fixed_usd > 0:
            ratio, every_h = fee.fixed_usd / study.price_usd, settlement.pay.every_h
            told = f"The fixed {price(fee.fixed_usd)} USD of the {fee.kind} fee is {times(ratio)} the "
            told += f"median contract of {price(study.price_usd)} USD"
            if every_h is None:
                yield f"{told} and is taken of each: netting is the remedy (settlement.pay.every_h)"
            else:
                yield f"{told}: netting every {level_text(every_h)} h takes it once for many contracts"


def _lost_cases(study: FrictionStudy) -> Iterator[str]:
    """What a dispute or a charge-back costs beside the contract that it is about."""
    settlement = study.scenario.settlement
    if settlement is None or not study.price_usd:
        return
    dispute = None if settlement.escrow is None else settlement.escrow.dispute
    if dispute is not None and dispute.cost_usd > 0:
        least = f"; nobody contests less than {price(dispute.least_usd)} USD" if dispute.least_usd > 0 else ""
        yield f"A dispute costs its loser {_beside(dispute.cost_usd, study.price_usd)}{least}"
    charge_backs = settlement.charge_backs
    if charge_backs is not None and charge_backs.fee_usd > 0:
        yield f"A charge-back costs the contractor {_beside(charge_backs.fee_usd, study.price_usd)}"


def _beside(usd: float, price_usd: float) -> str:
    return f"{price(usd)} USD, {times(usd / price_usd)} the median contract"


def times(ratio: float) -> str:
    """``9,400 times`` or, of less than one, ``12 % of``."""
    if ratio < 1:
        return f"{number(100 * ratio, 1)} % of"
    return f"{number(float(f'{ratio:.2g}'), 0 if ratio >= _MANY else 1)} times"


def price(usd: float) -> str:
    """A price of any size without an exponent, to two significant digits or the cent."""
    return f"{usd:,.2f}" if usd >= 0.1 else format(Decimal(f"{usd:.2g}"), "f")


def _orders(study: FrictionStudy) -> Iterator[str]:
    """What the two largest take in either order."""
    two = [bar for bar in study.bars if bar.before_other is not None]
    if len(two) < 2:
        return
    first, second = two
    parts = []
    for bar, other in ((first, second), (second, first)):
        before, after = study.a_task(bar.before_other), study.a_task(bar.after_other)
        assert before is not None
        assert after is not None
        parts.append(f"{bar.label} {_takes(before)} before {other.label} and {_then(before, after)} after it")
    together = study.tested[-1]
    shown = f"{_takes(together.difference)} a task" if together.shown else "is not shown to differ from 0"
    yield f"{'; '.join(parts)}: their interaction {shown}"


def _gains(study: FrictionStudy) -> Iterator[str]:
    """Frictions that give something back, such as netting after fixed fees."""
    for bar, test in zip(study.bars, study.tested, strict=True):
        if bar.kind != "interaction" and test.shown and (test.difference.mean or 0.0) < 0:
            yield f"with {bar.label} clients are given back {_usd(test.difference.negated)} a task"


def _rules(study: FrictionStudy) -> Iterator[str]:
    """What each rule costs."""
    if not study.prices:
        return
    parts = []
    for label, test in study.prices.items():
        told = with_half_width(test.difference)
        parts.append(f"{label} {told}" if test.shown else f"{label} ({told}, not shown)")
    forbidden = f"Rules forbid {number(study.ruled_out, 1)} % of all offers"
    yield f"{forbidden} and cost, in points of cost reduction: {', '.join(parts)}"


def _takes(value: Estimate) -> str:
    return f"gives back {_usd(value.negated)}" if _gives(value) else f"takes {_usd(value)}"


def _then(before: Estimate, after: Estimate) -> str:
    """The second of two such amounts, without the verb where it is the same."""
    return (
        _takes(after) if _gives(before) != _gives(after) else _usd(after.negated if _gives(after) else after)
    )


def _gives(value: Estimate) -> bool:
    return value.mean is not None and value.mean < 0


def _usd(value: Estimate) -> str:
    return f"{with_half_width(value)} USD"


def _above(value: Estimate) -> bool:
    return value.mean is not None and value.mean > 0 and (value.ci95 is None or value.ci95[0] > 0)
