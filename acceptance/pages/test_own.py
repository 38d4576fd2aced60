"""The page Your own all the way to a routing, which plays for some seconds."""

from __future__ import annotations

import json

import pytest

from coalesce_sim.lab.laboratory import Lab
from tests.lab.own_page import asked, click, errors, headings, log, opened_page, texts, uploaded


def test_a_log_becomes_a_routing_step_by_step(lab: Lab, tmp_path_factory: pytest.TempPathFactory):
    page = uploaded(log(tmp_path_factory.mktemp("logs")))
    page = click(click(page, "Import"), "Calibrate")
    assert headings(page)[-1] == "4 Advise"
    page.number_input(key="own replications").set_value(1)
    page = click(page, "Advise")
    assert errors(page) == []
    (advice,) = (lab.keep / "advice").iterdir()
    facts = json.loads((advice / "advice.json").read_text())
    assert facts["findings"][0] in texts(page)
    assert {"litellm.yaml", "routing.json", "jobs.csv"} <= {each.name for each in advice.iterdir()}
    assert facts["provenance"]["command"] in [each.value for each in page.code]
    # a reload finds every step done, without anything being played again
    again = opened_page(**asked(page))
    assert facts["provenance"]["command"] in [each.value for each in again.code]
    calibrated = next((lab.keep / "calibrations").iterdir()) / "calibrated.yaml"
    (link,) = {each.proto.url for each in again.get("link_button")}
    assert link.endswith(str(calibrated.relative_to(lab.start)).replace("/", "%2F"))
