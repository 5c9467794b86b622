import io

import numpy as np
from PIL import Image

from reportgen.rendering.encoding import LEVELS, data_uri, figure_svg, grid_png, lookup_png, lookup_table
from reportgen.rendering.figures import draw_histogram
from reportgen.results import Histogram, ImageGrid, Palette


def decoded(grid: ImageGrid) -> Image.Image:
    return Image.open(io.BytesIO(grid_png(grid)))


def grid_of(images: list, palette: Palette, limits: tuple[float, float], columns: int = 8) -> ImageGrid:
    array = np.array(images, np.float32)
    count = len(array)
    return ImageGrid(array, tuple(map(str, range(count))), limits, count, palette, min(columns, count), np.zeros(count))


def test_data_uris_are_base64_of_the_content():
    assert data_uri(b"abc", "image/png") == "data:image/png;base64,YWJj"


def test_one_pixel_stands_for_one_value_with_gaps_between_tiles():
    grid = grid_of([[[0, 1], [0.5, 1]]] * 3, Palette.SEQUENTIAL, (0, 1), columns=2)
    image = decoded(grid)
    pixels = np.array(image)
    assert image.mode == "P"
    assert pixels[:2, :2].tolist() == [[1, 127], [64, 127]]
    assert pixels[:2, 2].tolist() == [0, 0]
    assert pixels[:2, 3:5].tolist() == [[1, 127], [64, 127]]
    assert image.info["transparency"] == 0


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
    assert np.array(image).tolist() == [[[0, 0, 0, 255], [255, 128, 0, 255]]]


def test_the_lookup_table_is_matplotlibs():
    table = lookup_table(Palette.SEQUENTIAL)
    assert table.shape == (LEVELS, 3)
    assert table[0].tolist() == [68, 1, 84]
    assert table[-1].tolist() == [253, 231, 37]
    bar = Image.open(io.BytesIO(lookup_png(Palette.SEQUENTIAL)))
    assert np.array(bar)[0].tolist() == table.tolist()


def test_an_svg_is_the_same_every_time_and_names_no_date_and_no_software():
    histogram = Histogram(np.array([0.0, 1.0, 2.0]), {"trained": np.array([3, 1])})
    first, second = (figure_svg(draw_histogram(histogram)) for _ in range(2))
    assert first == second
    assert first.startswith(b"<svg")
    assert b"<metadata" not in first
    assert b"matplotlib.org" not in first


def test_level_and_upright_lines_of_a_path_are_written_short():
    histogram = Histogram(np.array([0.0, 1.0, 2.0]), {"trained": np.array([3, 1])})
    svg = figure_svg(draw_histogram(histogram)).decode()
    bars = next(line for line in svg.splitlines() if "0b6e99" in line)
    path = bars.split('"')[1]
    assert path.count("H") == 2
    assert path.count("V") == 3
    assert "L" not in path
