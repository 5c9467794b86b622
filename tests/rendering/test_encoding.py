"""From pixels and figures to data URIs."""

import io
import struct
import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from reportgen.rendering.encoding import (
    LEVELS,
    data_uri,
    figure_svg,
    lookup_table,
    png_bytes,
    sample_pixels,
    svg_uri,
    tile_png,
)
from reportgen.rendering.figures import draw_curve
from reportgen.results.plottables import Curve, ImageGrid, Palette, Panel


def decoded(grid: ImageGrid, index: int = 0) -> Image.Image:
    return Image.open(io.BytesIO(tile_png(grid, index)))


def grid_of(images: list, palette: Palette, limits: tuple[float, float], columns: int = 8) -> ImageGrid:
    array = np.array(images, np.float32)
    count = len(array)
    return ImageGrid(array, tuple(map(str, range(count))), limits, count, palette, min(columns, count), np.zeros(count))


def test_data_uris_are_base64_of_the_content():
    assert data_uri(b"abc", "image/png") == "data:image/png;base64,YWJj"


def test_one_pixel_stands_for_one_value() -> None:
    grid = grid_of([[[0, 1], [0.5, 1]], [[1, 1], [0, 0]]], Palette.SEQUENTIAL, (0, 1))
    image = decoded(grid)
    assert image.mode == "P"
    assert np.array(image).tolist() == [[1, 127], [64, 127]]
    assert np.array(decoded(grid, 1)).tolist() == [[127, 127], [1, 1]]
    assert "transparency" not in image.info


def test_zero_is_the_middle_of_a_diverging_scale():
    pixels = np.array(decoded(grid_of([[[-2, 0, 2]]], Palette.DIVERGING, (-2, 2))))
    assert pixels[0].tolist() == [1, 64, 127]
    middle = lookup_table(Palette.DIVERGING)[63]
    assert middle.min() > 245


def test_values_beyond_the_scale_have_its_last_colour_and_missing_ones_are_transparent():
    pixels = np.array(decoded(grid_of([[[-9, 9, np.nan, np.inf]]], Palette.SEQUENTIAL, (0, 1))))
    assert pixels[0].tolist() == [1, 127, 0, 0]


def test_colours_are_the_values_themselves():
    tile = [[[0, 0, 0], [1, 0.5, 0]]]
    image = decoded(grid_of([tile], Palette.COLOUR, (0, 1)))
    assert np.array(image).tolist() == [[[0, 0, 0], [255, 128, 0]]]
    missing = decoded(grid_of([[[[0, 0, 0], [np.nan] * 3]]], Palette.COLOUR, (0, 1)))
    assert np.array(missing)[0].tolist() == [[0, 0, 0, 255], [0, 0, 0, 0]]


def test_a_grey_picture_without_gaps_needs_no_palette():
    image = decoded(grid_of([[[0, 127.5, 255]]], Palette.GREY, (0, 255)))
    assert (image.mode, np.array(image).tolist()) == ("L", [[0, 128, 255]])
    assert decoded(grid_of([[[0, np.nan]]], Palette.GREY, (0, 255))).mode == "P"


def test_what_lies_beyond_a_sample_is_black_on_any_scale():
    panel = Panel(np.array([[[-1, 0, np.nan, 3]]]), (-1, 3), Palette.GREY)
    assert sample_pixels(panel).tolist() == [[[0, 64, 0, 255]]]


def test_pictures_without_axes_need_no_matplotlib():
    code = (
        "import sys, numpy as np; from reportgen.rendering.encoding import COLOUR_MAPS, tile_png, lookup_table;"
        "from reportgen.results import ImageGrid, Palette;"
        "pictures = [lookup_table(one).tobytes() for one in COLOUR_MAPS];"
        "pictures += [tile_png(ImageGrid(np.zeros((1, 2, 2)), ('a',), (-1, 1), 1, Palette.DIVERGING, 8, np.zeros(1)))];"
        "sys.exit(bool({'matplotlib', 'PIL', 'jinja2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_lookup_table_is_matplotlibs():
    table = lookup_table(Palette.SEQUENTIAL)
    assert table.shape == (LEVELS, 3)
    assert table[0].tolist() == [68, 1, 84]
    assert table[-1].tolist() == [253, 231, 37]


def curve(x_label: str, y_label: str) -> Curve:
    x = np.array([1.0, 2.0])
    return Curve(x, x, x, x, x_label, y_label)


def test_an_svg_is_the_same_every_time_and_names_no_date_and_no_software():
    first, second = (figure_svg(draw_curve(curve("x", "y"))) for _ in range(2))
    assert first == second
    assert first.startswith(b"<svg")
    assert b"<metadata" not in first
    assert b"matplotlib.org" not in first


def test_a_drawing_is_percent_encoded_and_can_stand_in_double_quotes():
    assert svg_uri("<a b='c'>é\"& 9%<") == "data:image/svg+xml,%3Ca%20b='c'%3E%C3%A9%22%26%209%25%3C"


def test_words_that_the_font_of_the_drawing_lacks_stay_texts_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = figure_svg(draw_curve(curve("확률", "정확도"))).decode()
    assert ">확률</text>" in svg
    assert ">정확도</text>" in svg


GENERATOR = np.random.default_rng(4)
ROWS, COLUMNS = np.mgrid[:40, :50]
SMOOTH = np.round(60 + 30 * np.sin(ROWS / 7) + 30 * np.cos(COLUMNS / 9)).astype(np.uint8)
PICTURES = {
    "noise": GENERATOR.integers(0, 120, (40, 50), np.uint8),
    "smooth": SMOOTH,
    "flat": np.zeros((5, 7), np.uint8),
    "one pixel": np.array([[7]], np.uint8),
    "rgb": np.stack([SMOOTH, SMOOTH[::-1], SMOOTH[:, ::-1]], axis=-1),
    "rgba": GENERATOR.integers(0, 256, (9, 4, 4), np.uint8),
    "grey": SMOOTH[..., None],
}


@pytest.mark.parametrize("name", PICTURES)
def test_pixels_come_back(name: str) -> None:
    pixels = PICTURES[name]
    image = Image.open(io.BytesIO(png_bytes(pixels)))
    assert image.mode == {1: "L", 3: "RGB", 4: "RGBA"}[pixels.shape[2] if pixels.ndim == 3 else 1]
    np.testing.assert_array_equal(np.asarray(image), pixels[..., 0] if name == "grey" else pixels)


@pytest.mark.parametrize("transparent", [False, True])
def test_a_palette_ends_with_the_last_colour_used(transparent: bool) -> None:
    palette = GENERATOR.integers(0, 256, (128, 3), np.uint8)
    content = png_bytes(np.array([[0, 3], [2, 3]], np.uint8), palette=palette, transparent=transparent)
    image = Image.open(io.BytesIO(content))
    assert image.mode == "P"
    np.testing.assert_array_equal(np.asarray(image.convert("RGB")), palette[[[0, 3], [2, 3]]])
    assert image.info.get("transparency") == (0 if transparent else None)
    length = content.index(b"PLTE") - 4
    assert struct.unpack(">I", content[length : length + 4]) == (12,)


@pytest.mark.parametrize("name", PICTURES)
def test_no_picture_is_longer_than_pillows(name: str) -> None:
    pixels = PICTURES[name]
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if name == "grey" else pixels).save(buffer, "PNG", optimize=True)
    assert len(png_bytes(pixels)) <= len(buffer.getvalue())


def test_smooth_pictures_are_filtered() -> None:
    # unfiltered, zlib's best is 1,119 bytes and more
    assert len(png_bytes(PICTURES["smooth"])) < 700
