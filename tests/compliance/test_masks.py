"""Masks by law, against the rules asked pair by pair, and under whose law clients are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from coalesce_sim.compliance.masks import Masks
from coalesce_sim.compliance.parties import Parties
from coalesce_sim.scenario.compliance import Compliance
from coalesce_sim.streams import Streams

LAWS = ("DE", "FR", "SG", "US")
NAMES, TYPES = ("a", "b", "c", "d", "e"), ("x", "x", "y", "y", "a")

Rules = dict[str, Any]

law = st.sampled_from(LAWS)
laws_by_law = st.dictionaries(law, st.lists(law, unique=True), max_size=3)
words = st.sampled_from(["x", "y", *NAMES])
stated = st.fixed_dictionaries(
    {
        "jurisdictions": st.fixed_dictionaries(
            {
                "clients": st.dictionaries(law, st.just(1.0), min_size=1),
                "contractors": st.dictionaries(words, law, max_size=4),
            }
        ),
        "sanctioned": st.lists(st.sampled_from(NAMES), max_size=2),
        "embargo": laws_by_law,
        "residency": laws_by_law,
    }
)


def masks(rules: Rules, own: list[str | None], clients: int = 6, seed: int = 1) -> Masks:
    parties = Parties(NAMES, TYPES, own, drawn=False)
    return Masks(Compliance.model_validate(rules), parties, clients, Streams(seed))


@settings(max_examples=40, deadline=None)
@given(stated, st.lists(st.none() | law, min_size=5, max_size=5))
def test_masks_are_the_rules_asked_pair_by_pair(rules: Rules, own: list[str | None]) -> None:
    found = masks(rules, own)
    of = rules["jurisdictions"]["contractors"]
    for client in range(6):
        row = int(found.law_of[client])
        its_law = found.laws[row]
        for place, (name, kind) in enumerate(zip(NAMES, TYPES, strict=True)):
            where = of.get(name, own[place] if kind in NAMES else of.get(kind, own[place]))
            told = ["sanctioned"] * (name in rules["sanctioned"])
            told += [f"embargo: {where} for clients of {its_law}"] * (
                where in rules["embargo"].get(its_law, ())
            )
            closed = bool(told)
            there = rules["residency"].get(its_law)
            abroad = there is not None and where not in there
            assert found.closed[row, place] == closed
            assert found.closed_to_sensitive[row, place] == (closed or abroad)
            assert found.why(client, place, sensitive=False) == told
            assert len(found.why(client, place, sensitive=True)) == len(told) + abroad


def test_a_name_that_is_a_type_of_others_means_the_one_contractor() -> None:
    rules: Rules = {
        "jurisdictions": {"clients": {"US": 1.0}, "contractors": {"a": "SG"}},
        "embargo": {"US": ["SG"]},
    }
    assert masks(rules, [None] * 5).closed.tolist() == [[True, False, False, False, False]]


def test_jurisdictions_of_clients_are_drawn_by_share_client_by_client() -> None:
    rules: Rules = {"jurisdictions": {"clients": {"US": 7.0, "SG": 0.0, "DE": 3.0}}}
    many = 20_000
    found = masks(rules, [None] * 5, many)
    assert found.laws == ["US", "DE"]
    german = np.count_nonzero(found.law_of)
    assert abs(german - 0.3 * many) < 4 * math.sqrt(0.3 * 0.7 * many)
    assert (masks(rules, [None] * 5, 50).law_of == found.law_of[:50]).all()
    assert (masks(rules, [None] * 5, many, seed=2).law_of != found.law_of).any()
