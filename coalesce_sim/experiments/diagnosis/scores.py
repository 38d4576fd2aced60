"""TOPSIS scores that tell no contractor from another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from coalesce_sim.experiments.diagnosis.evidence import NEAR_HALF, Evidence
from coalesce_sim.experiments.diagnosis.finding import Finding, of_contractors, percent
from coalesce_sim.policies.mcdm import CRITERIA, normalised
from coalesce_sim.scenario.policy import Topsis
from coalesce_sim.scenario.schema import Scenario

MOST = 90.0
"""Percent of scored decisions near 0.5 from which scores as a whole say nothing."""

ALWAYS = 99.0
"""Percent of decisions in which a criterion is the same for all from which it has no effect."""

_FACTS = {"reliability": "reliability", "latency": "latency_min", "security": "security_risk"}
"""The fact of a contractor that each criterion but cost follows from."""


def found(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    """Scores near 0.5 and why; criteria that never differ."""
    rules, scores = scenario.policy, evidence.scores
    if not isinstance(rules, Topsis) or not scores.scored:
        return
    constant = {
        name: percent(count, scores.several)
        for name, count in zip(CRITERIA, scores.constant.tolist(), strict=True)
    }
    flat = [name for name, share in constant.items() if share >= ALWAYS]
    near = percent(scores.near_half, scores.scored)
    if near >= MOST:
        sentence = (
            f"{near:.0f} % of {scores.scored:,} best TOPSIS scores lie within {NEAR_HALF:g} of 0.5, where "
            f"they tell nobody from another; outsourcing asks for more than {rules.outsource_above_score:g}."
        )
        yield Finding(
            "scores_near_half", "problem", sentence, {"near_half": scores.near_half, "scored": scores.scored}
        )
        yield from _causes(scenario, rules, evidence, constant)
    elif flat:
        weights = dict(zip(CRITERIA, normalised(rules.weights.as_tuple()), strict=True))
        lost = sum(weights[name] for name in flat)
        if rules.weighting == "fixed" and lost > 0:
            sentence = (
                f"All candidates are alike in {' and '.join(flat)} in "
                f"{min(constant[name] for name in flat):.0f} % of the decisions with several: the weight of "
                f"{lost:.2f} there does nothing."
            )
            settings = (*_behind(scenario, flat), "policy.weights")
            yield Finding("criterion_constant", "note", sentence, {"constant": constant}, settings)


def _causes(
    scenario: Scenario, rules: Topsis, evidence: Evidence, constant: dict[str, float]
) -> Iterator[Finding]:
    scores = evidence.scores
    counts = {"single": scores.single, "alike": scores.alike, "torn": scores.torn}
    shares = {name: percent(count, scores.near_half) for name, count in counts.items()}
    numbers = counts | {"constant": constant}
    if shares["single"] >= 10:
        sentence = (
            f"In {shares['single']:.0f} % of these there was one candidate only, which always scores 0.5, "
            f"among {evidence.choices.offers / evidence.choices.decisions:.1f} offers for a task."
        )
        yield _cause("single", sentence, numbers, "skills.threshold", "discovery.k")
    if shares["alike"] >= 10:
        sentence = (
            f"In {shares['alike']:.0f} % no criterion that has a weight differs: "
            f"{', '.join(f'{name} is constant in {share:.0f} %' for name, share in constant.items())}."
        )
        flat = [name for name, share in constant.items() if share >= 50]
        yield _cause("alike", sentence, numbers, *_behind(scenario, flat), "policy.weights")
    if shares["torn"] >= 10:
        pull = 100 * scores.pull / max(float(scores.pull.sum()), np.finfo(float).tiny)
        parts = ", ".join(f"{name} {share:.0f} %" for name, share in zip(CRITERIA, pull, strict=True))
        sentence = (
            f"In {shares['torn']:.0f} % the criteria cancel out: who is best by one is worst by another "
            f"({rules.normalisation} normalisation; share of the pull: {parts})."
        )
        yield _cause(
            "torn", sentence, numbers | {"pull": pull.tolist()}, "policy.weights", "policy.normalisation"
        )


def _behind(scenario: Scenario, criteria: list[str]) -> list[str]:
    """The settings that criteria follow from."""
    return [
        of_contractors(scenario, _FACTS[name]) if name in _FACTS else "cost_model.external"
        for name in criteria
    ]


def _cause(why: str, sentence: str, numbers: dict[str, Any], *settings: str) -> Finding:
    return Finding(f"scores_near_half.{why}", "problem", sentence, numbers, settings)
