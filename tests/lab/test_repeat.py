"""How to have again what a page shows, whatever it is called."""

from streamlit.testing.v1 import AppTest


def _page():
    from coalesce_sim.lab.parts.repeat import repeat

    name = "![x](http://elsewhere.example/x.png).yaml"
    repeat(command="coalesce-sim run", query={}, files={name: "seed: 1"}, provenance={}, key="x")


def test_the_name_of_a_file_is_shown_as_it_is_written():
    page = AppTest.from_function(_page).run()
    assert not page.exception
    label = page.expander[0].label
    assert label.replace("\\", "") == "![x](http://elsewhere.example/x.png).yaml that says the same"
    assert "![" not in label
