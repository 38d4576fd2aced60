"""What tests of pages without a browser share, wherever they stand."""

from tests.lab.labs import lab, main_module, no_search_for_components

__all__ = ["lab", "main_module", "no_search_for_components"]
