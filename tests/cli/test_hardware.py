"""The command that lists the hardware profiles."""

from __future__ import annotations

import json

from coalesce_sim.scenario.catalogue import catalogue
from tests.cli.calling import Call


def test_profiles_are_listed_one_a_line(call: Call):
    called = call("hardware")
    assert (called.code, called.err) == (0, "")
    rows = {cells[0]: cells[1:] for cells in map(str.split, called.out.splitlines()) if cells}
    assert rows["rtx_4090"] == ["24", "165.2*", "1,008", "450", "1,599", "0.29", "6,899", "128", "owned"]
    assert rows["a10g"] == ["24", "70", "600", "150", "–", "1.006*", "–", "–", "rented"]
    assert set(catalogue().profiles) <= set(rows)


def test_one_profile_is_shown_with_its_sources_and_measurements(call: Call):
    shown = call("hardware", "h100_sxm").out
    assert "RunPod secure, 2026-11-09" in shown
    assert "5,147.2" in shown
    told = json.loads(call("hardware", "rtx_5090", "--json").out)
    assert list(told["profiles"]) == ["rtx_5090"]
    assert "unverified" in told["profiles"]["rtx_5090"]["peak_flop_s"]["note"]
    assert told["serving"] == []


def test_a_mistyped_profile_is_wrong_input(call: Call):
    called = call("hardware", "rtx_509")
    assert called.code == 2
    assert "did you mean 'rtx_5090'?" in called.err
