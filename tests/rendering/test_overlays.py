"""Samples under their maps, and signals as lines."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from reportgen.rendering.encoding import lookup_table
from reportgen.rendering.overlays import (
    ALONG,
    LARGE,
    SIDES,
    STRIP,
    OverlayWords,
    lanes,
    map_colours,
    overlay_svg,
    signal_overlay_svg,
    signal_svg,
)
from reportgen.results.plottables import Palette

PASSED = OverlayWords(title="3: cat & <dog>", ends=("0", "4.00"), stamp="", failed=False)
FAILED = OverlayWords(title="3: cat", ends=("0", "4.00"), stamp="✖ not evidence", failed=True)
PICTURE = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
MAP = np.array([[0.0, 1.0]])


def pictures(svg):
    found = re.findall(r"<image([^>]*)href='data:image/png;base64,([^']*)'", svg)
    return [(looks, np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))) for looks, content in found]


def test_a_sample_keeps_its_colours_and_stands_once_in_the_drawing():
    svg, width, height = overlay_svg(PICTURE, MAP, PASSED)
    (_, sample), (over, values), (_, ramp) = pictures(svg)
    np.testing.assert_array_equal(sample, PICTURE)
    assert svg.count("href='#s'") == 2
    assert values.shape == (1, 2, 4)
    side = SIDES[0]
    assert f"x='{side + 3}' width='{side}' height='{side // 2}'" in over
    assert (width, height) == (2 * side + 3 + 16, side // 2 + 48)
    large = np.zeros((LARGE // 2, LARGE, 3), np.uint8)
    assert overlay_svg(large, MAP, PASSED)[1:] == (2 * SIDES[1] + 3 + 16, SIDES[1] // 2 + 48)
    assert overlay_svg(PICTURE, MAP, PASSED, slices=3)[1] == 2 * 3 * side + 3 + 16
    assert ramp[0, -1].tolist() == pytest.approx(lookup_table(Palette.SEQUENTIAL)[-1], abs=6)
    assert "3: cat &amp; &lt;dog&gt;" in svg
    assert ">0</text>" in svg
    assert ">4.00</text>" in svg


def test_a_map_is_the_more_opaque_the_larger_its_value():
    colours = map_colours(np.array([[0.0, 0.25, 1.0, np.nan]]))
    assert colours[0, :, 3].tolist() == [0, 102, 204, 0]  # 0.8 of 255 at the end, half of it at a quarter
    assert colours[0, 2, :3].tolist() == lookup_table(Palette.SEQUENTIAL)[-1].tolist()


def test_a_map_that_is_not_evidence_is_dimmed_and_crossed_out_and_says_so_in_the_picture():
    passed, failed = (overlay_svg(PICTURE, MAP, words)[0] for words in (PASSED, FAILED))
    assert "✖ not evidence</text>" in failed
    assert (failed.count("opacity='.45'"), passed.count("opacity='.45'")) == (1, 0)
    side = SIDES[0]  # the map's corners
    cross = f"M{side + 3},0l{side},{side // 2}M{side + 3},{side // 2}l{side}-{side // 2}"
    assert (cross in failed, cross in passed) == (True, False)


def test_a_title_that_is_too_long_is_cut():
    words = OverlayWords(title="3: a very long name of a class (labelled another)", ends=(), stamp="", failed=False)
    assert ">3: a very long name of a…</text>" in overlay_svg(PICTURE, MAP, words)[0]


def test_nothing_is_drawn_over_a_sample_without_evidence():
    words = OverlayWords(title="3", ends=(), stamp="∅ no positive evidence", failed=False)
    svg, _, _ = overlay_svg(PICTURE, np.zeros((1, 2)), words)
    assert len(pictures(svg)) == 1
    assert "∅ no positive evidence</text>" in svg


def test_channels_of_a_signal_are_lines_one_under_another():
    drawn = lanes(np.array([[0.0, 1.0, 0.5], [1.0, np.nan, 2.0]]), 100, 28)
    (data,) = re.findall(r" d='([^']*)'", drawn)
    # the first from the foot of its lane to its top and half down; the second a point, a gap and a point, cut at the top
    assert data == "M0 26l50-24l50 12M0 30m100 0"


def test_a_signal_is_drawn_in_lanes_as_high_as_its_channels_allow():
    for channels, height in ((1, 56), (6, 336), (12, 336), (64, 640)):
        svg = signal_svg(np.zeros((channels, 4)))
        assert f"width='480' height='{height}'" in svg
        assert svg.count("h480") == channels  # a flat line each


def test_the_map_of_a_signal_is_a_strip_on_its_axis_of_time():
    svg, width, height = signal_overlay_svg(np.zeros((2, 10)), np.array([[0.0, 0.5, 1.0]]), FAILED)
    (looks, strip), _ = pictures(svg)
    np.testing.assert_array_equal(strip[0], lookup_table(Palette.SEQUENTIAL)[[0, 63, 126]])
    assert f"y='112' width='{ALONG}' height='{STRIP}'" in looks
    assert (width, height) == (ALONG + 16, 2 * 56 + STRIP + 48)
    assert signal_overlay_svg(np.zeros((64, 10)), np.zeros((1, 3)), PASSED)[2] == 64 * 10 + STRIP + 48
