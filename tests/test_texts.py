"""What is told of paths."""

import pytest

from coalesce_sim.texts import seen_from


@pytest.mark.parametrize(
    ("folder", "text", "told"),
    [
        ("/data", "cannot write '/data/results/x'", "cannot write 'results/x'"),
        ("/data/", "/data/a and /data/b", "a and b"),
        ("/data", "/mnt/data/x.csv", "/mnt/data/x.csv"),
        ("/data", "https://host/data/x", "https://host/data/x"),
        ("/data", "/database/x", "/database/x"),
        ("/", "/results/lab/x", "/results/lab/x"),
    ],
)
def test_paths_below_a_folder_are_told_as_within_it(folder: str, text: str, told: str):
    assert seen_from(folder, text) == told
