"""Quantiles of Beta distributions, one by one: the same bits in Python and compiled.

So they are made of + − × ÷, √ and logarithms and exponentials of the standard library's `math`, and no
function here that is compiled too calls another one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.luck import normal

_LARGE: Final = 8.0
"""From here on Stirling's series, cut off where it is, is good to the last bit or two."""

_CLOSE: Final = 1e-4
"""Share of `p` that the last step may make up for: what is left after it is of the order of its cube."""

_SMALL: Final = 1e-14
"""Share of the incomplete Beta function at which its continued fraction ends."""

_MOST: Final = 10_000
"""Terms and steps at most; some ten and three are usual."""

APART: Final = 1e-6
"""Share by which a quantile has to be below another to be left out; quantiles are good to far less."""


def quantile(p: float, a: float, b: float) -> float:
    """Where Beta(`a`, `b`) has probability `p`, within (0, 1), below it; `a` and `b` are at least 1.

    Good to about one part in 10¹⁰. Halley's steps for the logarithm of the probability, from the normal
    approximation of Carter (1947; Abramowitz and Stegun 26.5.22), with the continued fraction of DLMF
    8.17.22.
    """
    if a == 1.0 and b == 1.0:
        return p
    mirrored = p > 0.5
    if mirrored:
        p, a, b = 1.0 - p, b, a
    # −ln B(a, b), by Stirling's series
    total, log_scale = a + b, 0.0
    for which in range(3):
        z, product = total if which == 0 else a if which == 1 else b, 1.0
        while z < _LARGE:
            product *= z
            z += 1.0
        w = 1.0 / (z * z)
        series = (((1 / 1188 - 691 / 360360 * w) * w - 1 / 1680) * w + 1 / 1260) * w
        series = ((series - 1 / 360) * w + 1 / 12) / z
        log_gamma = (z - 0.5) * math.log(z) - z + 0.9189385332046727 + series - math.log(product)
        log_scale += log_gamma if which == 0 else -log_gamma
    # where to begin
    depth = math.sqrt(-2.0 * math.log(p))
    deviate = depth - (2.30753 + depth * 0.27061) / (1.0 + depth * (0.99229 + depth * 0.04481))
    of_a, of_b = 1.0 / (2.0 * a - 1.0), 1.0 / (2.0 * b - 1.0)
    mean, curve = 2.0 / (of_a + of_b), (deviate * deviate - 3.0) / 6.0
    w = deviate * math.sqrt(mean + curve) / mean
    w -= (of_b - of_a) * (curve + 5.0 / 6.0 - 2.0 / (3.0 * mean))
    x = a / (a + b * math.exp(min(2.0 * w, 600.0)))
    for _ in range(_MOST):
        # the probability below x, or above it
        front = math.exp(log_scale + a * math.log(x) + b * math.log(1.0 - x))
        beyond = x * (total + 2.0) > a + 1.0
        c, d, u = (b, a, 1.0 - x) if beyond else (a, b, x)
        above, below = 1.0, 1.0 / (1.0 - total * u / (c + 1.0))
        part = front * below / c
        for m in range(1, _MOST):
            term = m * (d - m) * u / ((c + 2 * m - 1.0) * (c + 2 * m))
            above, below = 1.0 + term / above, 1.0 / (1.0 + term * below)
            part *= above * below
            term = -(c + m) * (total + m) * u / ((c + 2 * m) * (c + 2 * m + 1.0))
            above, below = 1.0 + term / above, 1.0 / (1.0 + term * below)
            part *= above * below
            if abs(above * below - 1.0) < _SMALL:
                break
        reached = 1.0 - part if beyond else part
        if reached <= 0.0:
            x = 0.5 * (x + a / total)
            continue
        # a step, in the logarithms of both
        slope = front / ((1.0 - x) * reached)
        missed = math.log(reached / p)
        off = missed / slope
        bend = a - slope - (b - 1.0) * x / (1.0 - x)
        off /= 1.0 - 0.5 * max(-1.0, min(1.0, off * bend))
        x = min(x * math.exp(-max(-2.0, min(2.0, off))), 0.5 * (x + 1.0))
        if abs(missed) < _CLOSE:
            break
    return 1.0 - x if mirrored else x


def is_below(x: float, deviate: float, a: float, b: float) -> bool:
    """Whether a quantile is certainly below `x`, which costs less than to work it out.

    `deviate` is the standard normal quantile of the same probability, and x within (0, 1). A Beta(a, b) is at
    least x with a probability of ``Φ(−r)`` at most, r the signed root of the deviance of n = a + b − 1 trials
    with the shares a/n and x. Source: Zubkov and Serov (2013), Theory of Probability and its Applications 57,
    for whole a and b; that it holds between them is tested.
    """
    trials = a + b - 1.0
    share = a / trials
    deviance = a * math.log(share / x)
    if b > 1.0:
        deviance += (b - 1.0) * math.log((b - 1.0) / trials / (1.0 - x))
    root = math.sqrt(2.0 * max(deviance, 0.0))
    return (root if x > share else -root) > deviate


def likely(deviate: float, a: float, b: float) -> float:
    """About where the quantile of that standard normal one is, at once."""
    total = a + b
    return a / total + deviate * math.sqrt(a * b / (total * total * (total + 1.0)))


def greatest(p: Sequence[float], a: Sequence[float], b: Sequence[float]) -> FloatArray:
    """The quantiles that may be the greatest of these, or equal to it but for rounding; −∞ for the others."""
    rules = list(zip(map(normal, p), a, b, strict=True))
    guesses = [likely(*each) for each in rules]
    first = guesses.index(max(guesses))
    quantiles, most = np.full(len(p), -np.inf), quantile(p[first], a[first], b[first])
    quantiles[first] = most
    for place, each in enumerate(rules):
        if place != first and not is_below(most * (1 - APART), *each):
            quantiles[place] = quantile(p[place], a[place], b[place])
            most = max(most, quantiles[place])
    return quantiles
