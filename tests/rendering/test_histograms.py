"""Histograms as SVG."""

import re

import numpy as np
import pytest

from reportgen.rendering.histograms import histogram_svg, ticks
from reportgen.results.plottables import Histogram

EDGES = np.array([-1.0, 0.0, 1.0])
COUNTS = {"trained": np.array([2, 5]), "untrained": np.array([4, 3])}


def drawn(**given: object) -> str:
    return histogram_svg(Histogram(EDGES, COUNTS), width=268, height=128, **given)  # type: ignore[arg-type]


def test_trained_is_filled_blue_and_untrained_an_ochre_outline_on_shared_bins() -> None:
    svg = drawn()
    # 200 by 80 pixels for two bins; 5 counts and the names' line of 16 pixels: 6 counts take 80 pixels
    trained = "M0 80v-26.5h100v-40h100v66.5z"
    untrained = "M0 80v-53.5h100v13.5h100v40z"
    assert f"fill='#2f7fa6' d='{trained}'" in svg
    assert f"fill='none' stroke='#9a6a10' stroke-width='1.5' d='{untrained}'" in svg


def test_axes_have_round_numbers_and_titles() -> None:
    texts = re.findall(r"<text x='([\d.]+)' y='([\d.]+)'>([^<]*)<", drawn())
    assert [text for _, y, text in texts if y == "105"] == ["\N{MINUS SIGN}1", "0", "1"]
    assert [x for x, y, _ in texts if y == "105"] == ["56", "156", "256"]
    assert [text for x, _, text in texts if x == "50"] == ["0", "5"]
    assert texts[-1] == ("156", "122", "weight")
    assert ">count</text>" in drawn()


def test_long_counts_move_the_bars_and_meet_neither_the_title_nor_the_edge() -> None:
    for highest, longest, left in ((9_999, "5,000", 56), (20_000, "20,000", 63), (3_000_000, "2,000,000", 80)):
        svg = histogram_svg(Histogram(EDGES, {"trained": np.array([highest, 1])}), width=268, height=128)
        (x,) = re.findall(rf"<text x='(\d+)' y='[\d.]+'>{longest}<", svg)
        assert int(x) == left - 6
        assert f"translate({left},10)" in svg
        assert int(x) - 7 * sum(map(str.isdigit, longest)) - 3.5 * longest.count(",") >= 16  # beside the title's line


def test_words_and_numbers_are_said_in_the_language_of_the_page() -> None:
    svg = drawn(said=str.upper, digits=lambda text: text.replace("0", "null"))
    for text in (">TRAINED<", ">UNTRAINED<", ">WEIGHT<", ">COUNT<", ">null<"):
        assert text in svg


def test_markup_in_words_is_escaped() -> None:
    svg = histogram_svg(Histogram(EDGES, {"<b>": np.array([1, 1])}, "a & b"), width=268, height=128)
    assert "&lt;b&gt;" in svg
    assert ">a &amp; b<" in svg


def test_a_histogram_of_nothing_has_its_axes() -> None:
    empty = histogram_svg(Histogram(EDGES, {"trained": np.array([0, 0])}), width=268, height=128)
    assert "d='M0 80h200z'" in empty or "d='M0 80" in empty


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (-0.93, 0.61, 4, [-0.5, 0, 0.5]),
        (0, 7, 3, [0, 5]),
        (0, 30, 3, [0, 10, 20, 30]),
        (-1, 1, 4, [-1, -0.5, 0, 0.5, 1]),
        (0, 1e-7, 2, [0, 5e-8, 1e-7]),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, expected: list[float]) -> None:
    assert ticks(low, high, most) == pytest.approx(expected, abs=1e-12)
