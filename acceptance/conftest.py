"""What the acceptance tests share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from selenium import webdriver


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser of the module's own, 1,400 pixels wide."""
    from acceptance.browsing import opened, resize

    with opened(tmp_path_factory.mktemp("profile")) as driver:
        resize(driver, 1400)
        yield driver
