"""``coalesce-sim lab``: what keeps it from opening, in one sentence each."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from tests.cli.calling import Call


def test_a_port_in_use_is_told(call: Call):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = call("lab", "--port", str(port))
    assert refused.code == 1
    told = f"Error: port {port} is in use, perhaps by another lab; give another one with --port\n"
    assert refused.err == told


def test_an_address_of_another_machine_is_told(call: Call):
    refused = call("lab", "--host", "192.0.2.1", "--port", "0")
    assert refused.code == 1
    assert refused.err.startswith("Error: cannot listen on '192.0.2.1', port 0: ")
    assert refused.err.count("\n") == 1


def test_a_scenario_that_cannot_be_played_opens_nothing(call: Call, tmp_path: Path):
    (tmp_path / "bad.yaml").write_text("extends: dur_01\npolicy: {epsilon: 2}\n")
    refused = call("lab", str(tmp_path / "bad.yaml"))
    assert refused.code == 2
    assert refused.err.endswith("bad.yaml:2: policy.epsilon: must be <= 1 (got 2)\n")


def test_what_is_neither_scenario_nor_folder_opens_nothing(call: Call):
    refused = call("lab", "dur_3")
    assert refused.code == 2
    assert refused.err == "no bundled scenario 'dur_3'; did you mean 'dur_03', 'dur_05', 'dur_04'?\n"


def test_a_token_that_could_be_guessed_is_refused(call: Call):
    refused = call("lab", "--token", "short")
    assert refused.code == 2
    assert "--token: must have 16 characters at least (got 5)" in refused.err


def test_what_is_missing_is_named(call: Call, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "streamlit", None)
    refused = call("lab", "--port", "0")
    assert refused.code == 2
    assert "streamlit is not installed: pip install 'coalesce-sim[lab]'" in refused.err
