"""Vector drawings as path data."""

import numpy as np
import pytest

from reportgen.rendering.vectors import null_bands_drawing, strip_outline, strip_threshold
from reportgen.results import NullBands, Strip


def drawing(*distances: float, name: str = "conv") -> dict:
    return null_bands_drawing(NullBands((name,), tuple("abcd")[: len(distances)], np.array([distances]), 7.5))


def test_marks_within_and_beyond_the_band_are_two_paths_and_missing_ones_none() -> None:
    found = drawing(7.5, -7.51, np.nan)
    assert (found["within"].count("M"), found["beyond"].count("M")) == (1, 1)
    assert found["lanes"].count("M") == found["bands"].count("M") == 3


def test_zero_is_in_the_middle_and_whatever_is_beyond_ends_at_the_lane() -> None:
    # the first lane reaches from 176 to 272; a mark is 3 wide
    assert drawing(0.0)["within"] == "M222.5 25h3v12h-3z"
    assert drawing(1e9)["beyond"] == drawing(np.inf)["beyond"] == "M268.5 25h3v12h-3z"
    assert drawing(-np.inf)["beyond"] == "M176.5 25h3v12h-3z"


def test_long_names_keep_their_end() -> None:
    assert drawing(0.0, name="a" * 30 + "/conv")["labels"] == [(35, "…" + "a" * 20 + "/conv")]
    assert drawing(0.0)["labels"] == [(35, "conv")]


def test_size_fits_rows_and_columns() -> None:
    found = null_bands_drawing(NullBands(("x", "y"), ("a", "b", "c"), np.zeros((2, 3)), 7.5))
    assert (found["width"], found["height"]) == (176 + 3 * 106, 22 + 2 * 18)
    assert found["headers"][1] == (176 + 106 + 48, "b")


def test_a_strip_is_a_bar_for_each_value() -> None:
    strip = Strip(np.array([2.0, 1.0, 0.0]), 0.5)
    assert strip_outline(strip, 30, 10) == "M0 10V0.0H10.0V5.0H20.0V10.0H30.0V10Z"
    assert strip_threshold(strip, 30, 10) == "M0 7.5H30"
    assert strip_threshold(Strip(np.array([0.5]), 1.0), 30, 10) == ""


def test_a_strip_of_zeros_and_one_of_many_values_can_be_drawn() -> None:
    assert strip_outline(Strip(np.zeros(2), 0.5), 20, 10) == "M0 10V10.0H10.0V10.0H20.0V10Z"
    assert strip_outline(Strip(np.linspace(1, 0, 1000), 0.5)).count("H") == 120


@pytest.mark.parametrize("values", [[3.0, 1.0]])
def test_values_are_drawn_in_their_order(values: list[float]) -> None:
    assert strip_outline(Strip(np.array(values), 1.0), 2, 3).startswith("M0 3V0.0H1.0V2.0H2.0")
