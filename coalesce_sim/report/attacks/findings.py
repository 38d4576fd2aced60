"""What a study of attacks says, in sentences: which defence makes which attack pointless, at which price."""

from __future__ import annotations

from coalesce_sim.attacks.results import AttackStudy, Place
from coalesce_sim.experiments.attacks.written import NONE
from coalesce_sim.numbers import number
from coalesce_sim.statistics.contrasts import Contrast
from coalesce_sim.statistics.intervals import Estimate


def findings(study: AttackStudy, policy: str) -> list[str]:
    """A sentence for each attack, and one where direct and market harm differ in sign."""
    told = []
    for attack in study.asked.attacks:
        told += [_answer(study, policy, attack.label), _signs(study, policy, attack.label)]
    return [f"{sentence}." for sentence in told if sentence]


def pointless(study: AttackStudy, place: Place) -> bool:
    """Whether a defence is shown to take from what an attack gains, and leaves no gain that is shown."""
    gain, removed = study.contrasts["attack_gain_usd"][place], study.removed[place]
    less = removed.shown and (removed.difference.mean or 0) > 0
    return less and not _above(gain)


def _answer(study: AttackStudy, policy: str, attack: str) -> str:
    gains = study.contrasts["attack_gain_usd"]
    gain = gains[policy, attack, NONE]
    if gain.difference.ci95 is None:
        return f"{attack} earns {_usd(gain.difference)} in the one replication played"
    if not _above(gain):
        loses = gain.shown and (gain.difference.mean or 0) < 0
        shown = "loses by itself" if loses else "is not shown to pay"
        return f"{attack} {shown}: {_usd(gain.difference)} against behaving"
    defences = [each.label for each in study.asked.defences if each.label != NONE]
    if not defences:
        return f"{attack} earns {_usd(gain.difference)} more than behaving"
    places = [(policy, attack, each) for each in defences]
    enough = [place for place in places if pointless(study, place)]
    if not enough:
        best = min(places, key=lambda place: gains[place].difference.mean or 0)
        earns = _usd(gains[best].difference)
        return f"No defence tried makes {attack} pointless: under {best[2]}, the best, it still earns {earns}"
    cheapest = min(enough, key=lambda place: study.defence_costs[policy, place[2]].difference.mean or 0)
    left, price = gains[cheapest], study.defence_costs[policy, cheapest[2]]
    also = [place[2] for place in enough if place != cheapest]
    others = f"; so do {', '.join(also)}" if also else ""
    return (
        f"{cheapest[2]} makes {attack} pointless: of {_usd(gain.difference)} it leaves "
        f"{_usd(left.difference)}, and {_priced(price)}{others}"
    )


def _signs(study: AttackStudy, policy: str, attack: str) -> str:
    """Where direct and market harm are both shown, with different signs."""
    direct = study.contrasts["direct_harm_usd"][policy, attack, NONE]
    market = study.contrasts["market_harm_usd"][policy, attack, NONE]
    one, other = direct.difference.mean or 0.0, market.difference.mean or 0.0
    if not (direct.shown and market.shown) or one * other >= 0:
        return ""
    verb = "costs its victims" if one > 0 else "saves its victims"
    whole = "less" if other < 0 else "more"
    return (
        f"{attack} {verb} {number(abs(one))} USD directly, and yet all tasks together cost "
        f"{number(abs(other))} USD {whole}: the two harms differ in sign"
    )


def _priced(cost: Contrast) -> str:
    """What a defence costs the honest market."""
    points = f"{number(cost.difference.mean, 2)} {_ends(cost.difference, 2)} points of cost reduction"
    if not cost.shown:
        return f"is not shown to cost the honest market anything: {points}"
    if (cost.difference.mean or 0) < 0:
        return f"even gives the honest market {points.replace('-', '')}"
    return f"costs the honest market {points}"


def _above(gain: Contrast) -> bool:
    return gain.shown and (gain.difference.mean or 0) > 0


def _usd(value: Estimate) -> str:
    return f"{number(value.mean, 2)} {_ends(value, 2)} USD".replace("  ", " ")


def _ends(value: Estimate, decimals: int) -> str:
    if value.ci95 is None:
        return ""
    return f"[{number(value.ci95[0], decimals)}, {number(value.ci95[1], decimals)}]"
