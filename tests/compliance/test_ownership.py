"""Who is sanctioned through its owners, and the links that say why."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from coalesce_sim.compliance.ownership import Blocked, Link
from coalesce_sim.scenario.compliance import Party

Links = dict[Party, list[Link]]


def why(blocked: Blocked, party: Party) -> str:
    return blocked.why(party, lambda each: f"worker_{each}" if isinstance(each, int) else each)


def test_half_is_enough_and_less_is_not() -> None:
    links: Links = {1: [Link("state", 0.5)], 2: [Link("state", 0.49)], 3: [Link("other", 1.0)]}
    blocked = Blocked(["state"], links)
    assert [party in blocked for party in (1, 2, 3, "state", "other")] == [True, False, False, True, False]
    assert why(blocked, 1) == "owned 50 % by state, which is sanctioned"
    assert why(blocked, "state") == "sanctioned"


def test_shares_of_several_add_up_whatever_their_rounding() -> None:
    parts = [Link("a", 0.1), Link("b", 0.2), Link("c", 0.2)]
    blocked = Blocked("abc", {7: parts, 8: parts[:2]})
    assert 7 in blocked
    assert 8 not in blocked
    assert why(blocked, 7) == "owned 50 % by sanctioned parties: a 10 %, b 20 %, c 20 %"


def test_ownership_goes_through_others_link_by_link() -> None:
    links: Links = {9: [Link(7, 0.5)], 7: [Link("holding", 0.75)], "holding": [Link("state", 1.0)]}
    assert why(Blocked(["state"], links), 9) == (
        "owned 50 % by worker_7, which is owned 75 % by holding, which is owned 100 % by state, "
        "which is sanctioned"
    )


def test_less_than_half_of_an_owner_counts_for_nothing() -> None:
    """By the rule's own words; the product of shares, 45 %, or the whole chain do not matter."""
    blocked = Blocked(["state"], {1: [Link("holding", 1.0)], "holding": [Link("state", 0.45)]})
    assert "holding" not in blocked
    assert 1 not in blocked


def test_owners_that_are_blocked_themselves_are_explained_once_each() -> None:
    links: Links = {
        3: [Link("a", 0.3), Link("b", 0.3)],
        "a": [Link("state", 0.8)],
        "b": [Link("a", 0.4), Link("c", 0.2)],
    }
    assert why(Blocked(["state", "c"], links), 3) == (
        "owned 60 % by sanctioned parties: a 30 %, b 30 %; a is owned 80 % by state, which is sanctioned; "
        "b is owned 60 % by sanctioned parties: a 40 %, c 20 %"
    )


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_it_is_the_least_set_that_the_rule_allows(data: st.DataObject) -> None:
    """Against the rule asked again and again until nobody is added; owners have lower numbers."""
    many = data.draw(st.integers(1, 7))
    share = st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5])
    links: Links = {
        of: [Link(by, each) for by in range(of) if (each := data.draw(share)) > 0] for of in range(1, many)
    }
    named = data.draw(st.sets(st.integers(0, many - 1)))
    found: set[Party] = {*named}
    for _ in range(many):
        for of, held in links.items():
            if sum(round(100 * link.share) for link in held if link.owner in found) >= 50:
                found.add(of)
    assert {party for party in range(many) if party in Blocked(named, links)} == found
