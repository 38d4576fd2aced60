"""What a study of attacks says, in sentences: which defence makes which attack pointless, at which price."""

from __future__ import annotations

from coalesce_sim.attacks.results import DRAWN, AttackStudy, Place
from coalesce_sim.experiments.attacks.written import NONE
from coalesce_sim.metrics import METRICS
from coalesce_sim.numbers import level_text, number
from coalesce_sim.report.attacks.names import names
from coalesce_sim.statistics.contrasts import Contrast
from coalesce_sim.statistics.intervals import Estimate


def findings(study: AttackStudy, policy: str) -> list[str]:
    """The answer for each attack, where direct and market harm differ in sign, and where curves bend."""
    told = []
    for attack in study.asked.attacks:
        told += [answer(study, policy, attack.label), _signs(study, policy, attack.label)]
    told += [_bend(study, place, name) for place in study.curves if place[0] == policy for name in DRAWN]
    return [f"{sentence}." for sentence in told if sentence]


def is_pointless(study: AttackStudy, place: Place) -> bool:
    """Whether a defence is shown to take from what an attack gains, and leaves no gain that is shown."""
    return _above(study.removed[place]) and not _above(study.contrasts["attack_gain_usd"][place])


def answer(study: AttackStudy, policy: str, attack: str) -> str:
    """Which defence makes an attack pointless with a policy, what it leaves, and at which price."""
    gains, called = study.contrasts["attack_gain_usd"], names(study)
    gain, name = gains[policy, attack, NONE], called[attack]
    places = [(policy, attack, each.label) for each in study.asked.defences if each.label != NONE]
    if gain.difference.ci95 is None:
        return f"{name} earns {_usd(gain.difference)} in the one replication played"
    if not _above(gain):
        shown = "loses by itself" if gain.shown else "is not shown to pay"
        lured = [called[place[2]] for place in places if _above(gains[place])]
        but = f"; but it pays under {', '.join(lured)}" if lured else ""
        return f"{name} {shown}: {_tested(gain)} against behaving{but}"
    if not places:
        return f"{name} earns {_tested(gain)} more than behaving"
    enough = [place for place in places if is_pointless(study, place)]
    if not enough:
        best = min(places, key=lambda place: gains[place].difference.mean or 0.0)
        under, left = called[best[2]], _tested(gains[best])
        return f"No defence tried makes {name} pointless: under {under}, the best, it still earns {left}"
    cheapest = min(enough, key=lambda place: study.defence_costs[policy, place[2]].difference.mean or 0.0)
    left, price = _tested(gains[cheapest]), _priced(study, policy, cheapest[2])
    others = [
        f"{called[place[2]]} ({_priced(study, policy, place[2])})" for place in enough if place != cheapest
    ]
    also = f"; so {'does' if len(others) == 1 else 'do'} {' and '.join(others)}" if others else ""
    whole = _tested(gain)
    return f"{called[cheapest[2]]} makes {name} pointless: of {whole} it leaves {left}; {price}{also}"


def headline(study: AttackStudy) -> str:
    """Of the attack that gains most, where any is shown to, what becomes of it; for the title of a figure."""
    gains, called = study.contrasts["attack_gain_usd"], names(study)
    paying = [place for place, gain in gains.items() if place[2] == NONE and _above(gain)]
    if not paying:
        return "No attack is shown to pay in the market as stated"
    most = max(paying, key=lambda place: gains[place].difference.mean or 0.0)
    policy, attack, _ = most
    told = f"{called[attack]} earns {number(gains[most].difference.mean)} USD with {policy}"
    places = [place for place in study.removed if place[:2] == (policy, attack)]
    if not places:
        return told
    enough = [called[place[2]] for place in places if is_pointless(study, place)]
    return f"{told}; pointless under {', '.join(enough)}" if enough else f"{told}; no defence tried ends that"


def bent(study: AttackStudy) -> str:
    """What figures of curves say: the first bend that is shown, or what there is at the last level."""
    for place in study.curves:
        for name in reversed(DRAWN):
            if told := _bend(study, place, name):
                return told
    place, along = next(iter(study.curves.items()))
    harm, gain = (along[-1].estimates[name] for name in reversed(DRAWN))
    at = level_text(along[-1].cell.level)
    return f"{names(study)[place[1]]} at {at} harms the market by {_usd(harm)} and gains {_usd(gain)}"


def _bend(study: AttackStudy, place: Place, metric: str) -> str:
    """Where a curve bends, if that is shown."""
    found, varied = study.bends[place, metric], study.asked.varied
    if found is None or varied is None:
        return ""
    called, of = names(study), METRICS[metric].label.lower()
    under = "" if place[2] == NONE else f" under {called[place[2]]}"
    way = "rises faster" if found.change > 0 else "rises more slowly"
    ends = f"[{number(found.at_ci95[0], 2)}, {number(found.at_ci95[1], 2)}]"
    field = "a share" if varied.of_share else f"{varied.path} ="
    return f"{called[place[1]]}{under}: {of} {way} from {field} of {number(found.at, 2)} {ends} on"


def _signs(study: AttackStudy, policy: str, attack: str) -> str:
    """Where direct and market harm are both shown, with different signs."""
    told = []
    for defence in study.asked.defences:
        direct, market = (
            study.contrasts[name][policy, attack, defence.label]
            for name in ("direct_harm_usd", "market_harm_usd")
        )
        one, other = direct.difference.mean or 0.0, market.difference.mean or 0.0
        if not (direct.shown and market.shown) or one * other >= 0:
            continue
        under = "" if defence.label == NONE else f"under {names(study)[defence.label]} "
        first = f"{under}manipulated contracts cost their clients {number(abs(one))} USD "
        first += "more" if one > 0 else "less"
        told.append(f"{first}, yet all tasks {number(abs(other))} USD {'less' if other < 0 else 'more'}")
    return f"{names(study)[attack]}: {'; '.join(told)}: direct and market harm differ in sign" if told else ""


def _priced(study: AttackStudy, policy: str, defence: str) -> str:
    """What a defence costs the honest: their market, and its sellers."""
    cost, sellers = study.defence_costs[policy, defence], study.sellers_costs[policy, defence]
    if cost.shown:
        told = f"an honest market saves {_size(cost)} points {'less' if _above(cost) else 'more'}"
    else:
        points = f"{number(cost.difference.mean, 2)}{_ends(cost)} points"
        told = f"an honest market is not shown to save less ({points})"
    if not sellers.shown:
        return told
    return f"{told}, its sellers earn {_size(sellers)} USD {'less' if _above(sellers) else 'more'}"


def _size(value: Contrast) -> str:
    """How large a difference is that is shown, without its sign."""
    ends = value.ci_holm
    if ends is not None and not _above(value):
        ends = -ends[1], -ends[0]
    return f"{number(abs(value.difference.mean or 0.0), 2)}{_interval(ends)}"


def _above(tested: Contrast) -> bool:
    return tested.shown and (tested.difference.mean or 0.0) > 0


def _usd(value: Estimate) -> str:
    ends = value.ci95
    return f"{number(value.mean, 2)}{_interval(ends)} USD"


def _tested(value: Contrast) -> str:
    """With the interval that leaves out 0 where a difference is shown."""
    return f"{number(value.difference.mean, 2)}{_ends(value)} USD"


def _ends(value: Contrast) -> str:
    return _interval(value.ci_holm)


def _interval(ends: tuple[float, float] | None) -> str:
    if ends is None or ends[0] == ends[1]:
        return ""
    return f" [{number(ends[0], 2)}, {number(ends[1], 2)}]"
