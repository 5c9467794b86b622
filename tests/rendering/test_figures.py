"""Plottables as drawings."""

import numpy as np
import pytest

from reportgen.rendering.figures import (
    draw_curve,
    draw_lines,
    histogram_outline,
    null_bands_drawing,
    strip_outline,
    strip_threshold,
)
from reportgen.results.plottables import Curve, Histogram, Lines, NullBands, Strip


def test_the_words_in_a_picture_are_said_in_the_language_of_the_page():
    x = np.array([0.0, 1.0])
    axes = draw_curve(Curve(x, x, x, x, "confidence", "accuracy"), said=str.upper).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("CONFIDENCE", "ACCURACY")


def test_a_curve_shows_its_points_with_their_bounds_over_the_diagonal():
    x, y = np.array([0.3, 0.9]), np.array([0.5, 0.8])
    axes = draw_curve(Curve(x, y, y - 0.1, y + 0.1, "confidence", "accuracy", (0.0, 1.0))).axes[0]
    diagonal, points = axes.lines
    assert (list(diagonal.get_xdata()), list(diagonal.get_ydata())) == ([0, 1], [0, 1])
    assert (points.get_xdata().tolist(), points.get_ydata().tolist()) == (x.tolist(), y.tolist())
    bounds = [path.vertices.tolist() for path in axes.collections[0].get_paths()]
    np.testing.assert_allclose(bounds, [[[0.3, 0.4], [0.3, 0.6]], [[0.9, 0.7], [0.9, 0.9]]])
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 1), (0, 1))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("confidence", "accuracy")


def test_a_curve_without_a_shared_range_has_no_diagonal():
    x = np.array([1.0, 2.0])
    assert len(draw_curve(Curve(x, x, x, x, "a", "b")).axes[0].lines) == 1


def test_series_are_told_apart_by_stroke_and_colour_and_a_marked_place_by_an_upright_line():
    x, gap = np.array([1.0, 2.0, 3.0]), np.array([1.0, np.inf, 2.0])
    lines = Lines(x, {"training": gap, "validation": x}, "epoch", "loss", marked=2.0)
    axes = draw_lines(lines, said=str.upper).axes[0]
    mark, first, second = axes.lines
    assert list(mark.get_xdata()) == [2.0, 2.0]
    assert np.isnan(first.get_ydata()[1])
    assert (first.get_linestyle(), second.get_linestyle()) == ("-", "--")
    assert first.get_color() != second.get_color()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["TRAINING", "VALIDATION"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("EPOCH", "LOSS")


def test_a_single_series_of_one_point_needs_neither_legend_nor_mark():
    axes = draw_lines(Lines(np.array([1.0]), {"training": np.array([0.5])}, "epoch", "loss", marked=1.0)).axes[0]
    assert (len(axes.lines), axes.get_legend()) == (1, None)


def drawing(*distances: float, name: str = "conv") -> dict:
    return null_bands_drawing(NullBands((name,), tuple("abcd")[: len(distances)], np.array([distances]), 7.5))


def test_marks_within_and_beyond_the_band_are_two_paths_and_missing_ones_none() -> None:
    found = drawing(7.5, -7.51, np.nan)
    assert (found["within"].count("M"), found["beyond"].count("M")) == (1, 1)
    assert found["lanes"].count("M") == found["bands"].count("M") == 3


def test_zero_is_in_the_middle_and_whatever_is_beyond_ends_at_the_lane() -> None:
    # four characters take 38 units, so that the first lane reaches from 38 to 134; a mark is 3 wide
    assert drawing(0.0)["within"] == "M84.5 25h3v12h-3z"
    assert drawing(1e9)["beyond"] == drawing(np.inf)["beyond"] == "M130.5 25h3v12h-3z"
    assert drawing(-np.inf)["beyond"] == "M38.5 25h3v12h-3z"


def test_the_first_lane_has_its_ends_and_the_middle_as_a_scale() -> None:
    assert drawing(0.0, 1.0)["ticks"] == [(38, "start", "−10⁴"), (86, "middle", ""), (134, "end", "10⁴")]


def test_long_names_keep_their_end() -> None:
    assert drawing(0.0, name="a" * 30 + "/conv")["labels"] == [(35, "…" + "a" * 20 + "/conv")]
    assert drawing(0.0)["labels"] == [(35, "conv")]


def test_size_fits_rows_and_columns() -> None:
    found = null_bands_drawing(NullBands(("x", "y"), ("a", "b", "c"), np.zeros((2, 3)), 7.5))
    # one character takes 18 units; under the rows there is room for the scale
    assert (found["width"], found["height"]) == (18 + 3 * 106, 22 + 2 * 18 + 18)
    assert found["headers"][1] == (18 + 106 + 48, "b")


def test_a_strip_is_a_bar_for_each_value() -> None:
    strip = Strip(np.array([2.0, 1.0, 0.0]), 0.5)
    assert strip_outline(strip, 30, 10) == "M0 10v-10h10v5h10v5h10z"
    assert strip_threshold(strip, 30, 10) == "M0 7.5H30"
    assert strip_threshold(Strip(np.array([0.5]), 1.0), 30, 10) == ""


def test_a_strip_of_zeros_and_one_of_many_values_can_be_drawn() -> None:
    assert strip_outline(Strip(np.zeros(2), 0.5), 20, 10) == "M0 10h20z"
    # 120 bars of one unit each; those whose heights are the same half unit, of 57 from 28 to 0, are one
    assert strip_outline(Strip(np.linspace(1, 0, 1000), 0.5)).count("h") == 57


@pytest.mark.parametrize("values", [[3.0, 1.0]])
def test_values_are_drawn_in_their_order(values: list[float]) -> None:
    assert strip_outline(Strip(np.array(values), 1.0), 2, 3) == "M0 3v-3h1v2h1v1z"


def test_an_outline_is_scaled_to_the_tallest_bin_of_all_sets() -> None:
    histogram = Histogram(np.array([0, 1, 2]), {"trained": np.array([1, 4]), "untrained": np.array([2, 0])})
    assert histogram_outline(histogram, "trained", 10, 8) == "M0 8v-2h5v-6h5v8z"
    assert histogram_outline(histogram, "untrained", 10, 8) == "M0 8v-4h5v4h5z"


def test_bins_of_an_outline_are_added_up_until_a_bar_is_three_units_wide() -> None:
    histogram = Histogram(np.arange(6.0), {"trained": np.array([1, 0, 2, 2, 3])})
    assert histogram_outline(histogram, "trained", 9, 4) == "M0 4v-1h3v-3h3v1h3v3z"
    assert histogram_outline(histogram, "trained", 15, 3) == "M0 3v-1h3v1h3v-2h6v-1h3v3z"
