"""Curves and series as SVG."""

import re

import numpy as np

from reportgen.rendering.charts import curve_svg, lines_svg
from reportgen.results.plottables import Curve, Lines

X, Y = np.array([0.25, 0.75]), np.array([0.5, 0.75])
OVER_DIAGONAL = Curve(X, Y, Y - 0.25, Y + 0.25, "confidence", "accuracy", (0.0, 1.0))


def path_of(svg: str, looks: str) -> str:
    """Return the data of the only path that looks so."""
    (found,) = re.findall(rf"<path {looks}[^>]* d='([^']*)'", svg)
    return str(found)


def test_a_curve_shows_its_points_with_their_bounds_over_the_diagonal() -> None:
    svg = curve_svg(OVER_DIAGONAL)
    # the axes reach from (60, 284) to (351, 12): 291 by 272 pixels
    assert path_of(svg, "stroke='#6b7178' stroke-dasharray='4 2'") == "M60 284l291-272"
    assert path_of(svg, "stroke='#9aa1a8' stroke-width='1.5'") == "M132.8 216v-136m145.4 68v-136"
    assert path_of(svg, "stroke='#2f7fa6' stroke-width='2'") == "M132.8 148l145.4-68"
    assert path_of(svg, "stroke='#2f7fa6' stroke-width='6'") == "M132.8,148h0M278.2,80h0"


def test_both_axes_have_round_numbers_and_what_they_show() -> None:
    svg = curve_svg(OVER_DIAGONAL, said=str.upper, digits=lambda text: text.replace(".", ","))
    numbers = ["0", "0,2", "0,4", "0,6", "0,8", "1"]
    assert re.findall(r"<text[^>]*>([^<]*)<", svg) == [*numbers, *numbers, "CONFIDENCE", "ACCURACY"]


def test_a_curve_without_a_shared_range_has_room_around_its_points_and_no_diagonal() -> None:
    svg = curve_svg(Curve(np.array([1.0, 2.0]), Y, Y, Y, "a", "b"))
    assert "stroke-dasharray" not in svg
    # 4 % of the range beyond either end: 1 lies at 0.04 / 1.08 of 291 pixels
    assert path_of(svg, "stroke='#2f7fa6' stroke-width='6'") == "M70.8,273.9h0M340.2,22.1h0"


def test_series_are_told_apart_by_stroke_and_colour_and_a_marked_place_by_an_upright_line() -> None:
    x, gap = np.array([1.0, 2.0, 3.0]), np.array([1.0, np.inf, 2.0])
    svg = lines_svg(Lines(x, {"training": gap, "validation": x}, "epoch", "loss", marked=2.0), said=str.upper)
    assert path_of(svg, "stroke='#9aa1a8' stroke-width='1.5'") == "M205.5 284v-252"
    first, second = (
        re.findall(rf"<path stroke='{colour}' stroke-width='2'([^>]*) d='([^']*)'", svg)
        for colour in ("#2f7fa6", "#9a6a10")
    )
    assert [looks for looks, _ in first] == [" stroke-linejoin='round'", ""]
    assert all("stroke-dasharray='6 3'" in looks for looks, _ in second)
    assert first[0][1].count("m") == 1  # what is not finite is a gap
    assert first[1][1] == "M60,12h24"  # its sample beside its name
    names = re.findall(r"text-anchor='start'>([^<]*)<", svg)
    assert names == ["TRAINING", "VALIDATION"]
    assert re.findall(r"y='301'>([^<]*)<", svg) == ["1", "2", "3"]  # epochs are whole


def test_a_single_series_of_one_point_needs_neither_names_nor_mark() -> None:
    svg = lines_svg(Lines(np.array([1.0]), {"training": np.array([0.5])}, "epoch", "loss", marked=1.0))
    assert "text-anchor='start'" not in svg
    assert "#9aa1a8" not in svg
    assert path_of(svg, "stroke='#2f7fa6' stroke-width='5'") == "M205.5,148h0"


def test_a_long_series_has_no_dots_and_nothing_finite_still_has_its_axes() -> None:
    x = np.arange(31.0)
    assert "stroke-linecap" not in lines_svg(Lines(x, {"loss": x}, "epoch", "loss"))
    empty = lines_svg(Lines(x, {"loss": np.full(31, np.nan)}, "epoch", "loss"))
    assert ">0.5</text>" in empty or ">0.4</text>" in empty


def test_markup_in_words_is_escaped() -> None:
    svg = lines_svg(Lines(X, {"<b>": Y, "c": Y}, "a & b", "<i>"))
    assert all(text in svg for text in (">&lt;b&gt;<", ">a &amp; b<", ">&lt;i&gt;<"))
