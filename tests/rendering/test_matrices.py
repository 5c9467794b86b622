"""Matrices of many classes as one picture."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from reportgen.rendering.encoding import lookup_table
from reportgen.rendering.matrices import matrix_svg
from reportgen.results.plottables import Matrix, Palette


def drawn(counts: np.ndarray) -> tuple[str, int, int]:
    return matrix_svg(Matrix(counts, tuple(map(str, range(len(counts))))), "share", ("0%", "100%"))


def test_a_cell_has_the_colour_of_its_share_of_the_row_and_an_empty_row_none() -> None:
    svg, _, _ = drawn(np.array([[3, 1], [0, 0]]))
    picture, ramp = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(one))).convert("RGB"))
        for one in re.findall(r"base64,([^']*)'", svg)
    )
    viridis = lookup_table(Palette.SEQUENTIAL)
    assert picture[0].tolist() == [viridis[94].tolist(), viridis[32].tolist()]  # 0.75 and 0.25 of 126 steps
    assert picture[1].tolist() == [[43, 49, 56]] * 2
    assert ramp[0, [0, -1]].tolist() == viridis[[0, -1]].tolist()
    assert [word in svg for word in (">share<", ">0%<", ">100%<")] == [True] * 3


@pytest.mark.parametrize(
    ("classes", "side", "step"), [(13, 312, 1), (20, 440, 2), (100, 400, 10), (500, 440, 50), (1000, 440, 100)]
)
def test_classes_are_numbered_on_both_axes_and_the_picture_keeps_within_440_pixels(
    classes: int, side: int, step: int
) -> None:
    svg, width, height = drawn(np.eye(classes, dtype=np.int64))
    assert f"<image width='{side}' height='{side}'" in svg
    assert (width, height) == (side + 46, side + 66)
    numbers = re.findall(r"text-anchor='(middle|end)'>(\d+)</text>", svg)
    assert [int(one) for anchor, one in numbers if anchor == "middle"] == list(range(0, classes, step))
    assert [int(one) for anchor, one in numbers if anchor == "end"] == list(range(0, classes, step))
