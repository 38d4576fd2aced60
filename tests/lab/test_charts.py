"""Charts, tables and answers of the report, drawn on a page of the lab."""

import pytest
from streamlit.testing.v1 import AppTest

from coalesce_sim.lab.parts.drawn_lines import Choice, caption_of, lines_of, points_of
from coalesce_sim.lab.parts.figure import figure_of
from coalesce_sim.lab.parts.tables import html_table
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.results.filters import kept, where_of
from coalesce_sim.report.html.charts import MOST_LINES, Axis, Chart, Quantity
from coalesce_sim.report.html.page import Cell, Column, Table
from coalesce_sim.report.look import HUES

HOSTILE = "<img src=x onerror=alert(1)> [a](javascript:b) <script>c</script>"


def chart(axes: list[Axis], mean: list[float | None], codes: list[list[int]], **more) -> Chart:
    """A chart of two quantities, the second ten times the first."""
    n: list[float | None] = [4.0] * len(mean)

    def figures(factor: float) -> dict[str, list[float | None]]:
        means = [None if each is None else factor * each for each in mean]
        low = [None if each is None else each - 1 for each in means]
        high = [None if each is None else each + 2 for each in means]
        return {"mean": means, "low": low, "high": high, "n": n}

    asked = {"x": 0, "by": 1 if len(axes) > 1 else None, "start": [0] * len(axes), "turns": True, **more}
    return Chart(
        name="it",
        quantities=[Quantity("one", "Cost reduction", "%"), Quantity("two", "Cost", "USD")],
        axes=axes,
        codes=codes,
        figures=[figures(1.0), figures(10.0)],
        describes="Means; bands are 95 % intervals.",
        **asked,
    )


EPSILON = Axis("exploration rate ε", ("0", "0.1", "0.2"), (0.0, 0.1, 0.2), ("policy.epsilon",))
POLICY = Axis("policy", ("topsis", "oracle"), None, ("policy",))
COUNT = Axis("contractors", ("10", "1000"), (10.0, 1000.0), ("contractors.count",))


@pytest.fixture
def grid() -> Chart:
    """Every ε with both policies and both numbers of contractors: the mean says which point it is."""
    points = [(e, p, c) for e in range(3) for p in range(2) for c in range(2)]
    codes = [list(each) for each in zip(*points, strict=True)]
    return chart([EPSILON, POLICY, COUNT], [100 * e + 10 * p + c for e, p, c in points], codes)


def test_lines_are_the_points_at_the_levels_held(grid):
    lines, left = lines_of(grid, Choice.settled(grid, 0, 0, 1, {2: 1}))
    assert left == 0
    assert {line.name: [point.mean for point in line.points] for line in lines} == {
        "topsis": [1.0, 101.0, 201.0],
        "oracle": [11.0, 111.0, 211.0],
    }


def test_an_axis_has_no_line_for_each_of_its_own_levels(grid):
    choice = Choice.settled(grid, 0, 1, 1, {})
    assert choice.by != choice.x
    assert {axis for axis, _ in choice.held} == {0, 1, 2} - {choice.x, choice.by}


def test_a_point_without_a_mean_is_left_out():
    drawn = chart([EPSILON], [1.0, None, 3.0], [[0, 1, 2]])
    (line,), _ = lines_of(drawn, Choice.first(drawn))
    assert [point.level for point in line.points] == [0, 2]


def test_more_lines_than_can_be_told_apart_are_thinned_and_it_is_said():
    many = Axis("seed", tuple(map(str, range(20))), tuple(map(float, range(20))))
    codes = [[0, 1] * 20, [line for line in range(20) for _ in range(2)]]
    drawn = chart([EPSILON, many], [1.0] * 40, codes)
    choice = Choice.first(drawn)
    lines, left = lines_of(drawn, choice)
    assert (len(lines), left) == (MOST_LINES, 12)
    assert [lines[0].name, lines[-1].name] == ["0", "19"]
    assert "12 more are in the results" in caption_of(drawn, choice, left)


def test_curves_have_bands_and_the_hover_says_mean_interval_and_n(grid):
    figure = figure_of(grid, Choice.first(grid))
    curves = [trace for trace in figure.data if trace.hoverinfo == "text"]
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert (len(curves), len(bands)) == (2, 2)
    assert list(curves[0].x) == [0.0, 0.1, 0.2]
    assert curves[0].line.color == HUES[0]
    assert curves[1].line.dash != "solid"  # a yardstick
    assert curves[0].hovertext[1].split("<br>") == [
        "policy: topsis",
        "exploration rate ε: 0.1",
        "100 %",
        "95 % interval 99.0 to 102",
        "n = 4",
    ]
    assert figure.layout.yaxis.title.text == "Cost reduction (%)"


def test_another_quantity_is_another_figure(grid):
    figure = figure_of(grid, Choice.first(grid, 1))
    assert figure.layout.yaxis.title.text == "Cost (USD)"
    assert max(figure.data[1].y) == 2000.0


def test_an_axis_over_powers_of_ten_is_logarithmic():
    wide = Axis("contractors", ("10", "100", "10000"), (10.0, 100.0, 10_000.0))
    drawn = chart([wide], [1.0, 2.0, 3.0], [[0, 1, 2]])
    assert figure_of(drawn, Choice.first(drawn)).layout.xaxis.type == "log"


def test_names_are_rows_with_the_first_on_top():
    drawn = chart([POLICY], [5.0, 7.0], [[0, 1]])
    figure = figure_of(drawn, Choice.first(drawn))
    assert list(figure.layout.yaxis.ticktext) == ["topsis", "oracle"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    assert list(figure.data[0].error_x.array) == [2.0]
    assert figure.data[0].marker.color != figure.data[1].marker.color  # the yardstick is grey


def test_dark_pages_have_no_black_line():
    many = Axis("seed", tuple(map(str, range(8))), tuple(map(float, range(8))))
    drawn = chart([EPSILON, many], [1.0] * 16, [[0, 1] * 8, [line for line in range(8) for _ in range(2)]])
    colours = {
        dark: {trace.line.color for trace in figure_of(drawn, Choice.first(drawn), dark=dark).data}
        for dark in (True, False)
    }
    assert "#000000" in colours[False]
    assert "#000000" not in colours[True]


def test_names_are_shown_as_they_are_written():
    drawn = chart([Axis("policy", (HOSTILE, "b"), None)], [5.0, 7.0], [[0, 1]])
    figure = figure_of(drawn, Choice.first(drawn))
    assert "<img" not in figure.data[0].hovertext[0]
    assert "<script" not in " ".join(figure.layout.yaxis.ticktext)
    table = html_table(Table(HOSTILE, [Column(HOSTILE)], [[Cell(HOSTILE)]], HOSTILE))
    assert "<img" not in table
    assert "<script" not in table


def test_a_table_says_how_it_is_sorted_and_what_numbers_are():
    rows = [[Cell("topsis"), Cell("12 ± 3 %", 12.0)]]
    table = html_table(
        Table("Policies", [Column("Policy", numeric=False), Column("Saved")], rows, "", (1, "descending"))
    )
    assert '<th scope="col" class="number" aria-sort="descending">' in table
    assert 'data-key="12.0">12\u00a0±\u00a03\u00a0%</td>' in table


def test_the_points_behind_a_figure_are_those_drawn(grid):
    choice = Choice.first(grid)
    points = points_of(grid, choice, lines_of(grid, choice)[0])
    assert len(points) == 6
    assert points["Cost reduction (%)"].max() == 210.0
    assert set(points["policy"]) == {"topsis", "oracle"}


def test_a_filter_leaves_the_points_of_its_levels(grid):
    left = kept(grid, {0: [2, 1], 2: [1]})
    assert left.axes[0].levels == ("0.1", "0.2")
    assert left.axes[2].levels == ("1000",)
    assert left.figures[0]["mean"] == [101.0, 111.0, 201.0, 211.0]
    assert where_of(grid, {0: [2, 1], 2: [1]}) == {
        "policy.epsilon": ["0.1", "0.2"],
        "contractors.count": ["1000"],
    }
    assert kept(grid, {}) is grid


def _page():
    from coalesce_sim.lab.parts.charts import chart as shown
    from tests.lab import test_charts as this

    points = [(e, p) for e in range(3) for p in range(2)]
    codes = [list(each) for each in zip(*points, strict=True)]
    shown(this.chart([this.EPSILON, this.POLICY], [10.0 * e + p for e, p in points], codes), key="it")


def test_the_reader_chooses_what_is_drawn():
    page = AppTest.from_function(_page).run(timeout=30)
    assert [each.label for each in page.selectbox] == ["Show", "Along", "A line for each"]
    caption = page.caption[0].value
    assert plain("Cost reduction (%) against exploration rate ε") in caption
    page.selectbox(key="it.show").set_value(1).run(timeout=30)
    page.selectbox(key="it.along").set_value(1).run(timeout=30)
    assert not page.exception
    assert page.caption[0].value.startswith(plain("Cost (USD)"))
    assert page.selectbox(key="it.lines").value == 0  # no line for each level of its own axis
