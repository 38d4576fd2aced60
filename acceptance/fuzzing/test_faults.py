"""The fuzzing tier's oracle finds what is wrong, and only that."""

from __future__ import annotations

import pytest

from acceptance.fuzzing import faults


@pytest.mark.parametrize("name", faults.FAULTS)
def test_a_fault_that_the_package_itself_does_not_see_is_found(name: str) -> None:
    assert faults.find(name, seed=1) is not None
