"""Grids of tiles as one picture."""

import base64
import io
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from reportgen.rendering.tiles import Frame, TilePicture, TileWords, tile_picture
from reportgen.results.plottables import ImageGrid, Palette

WORDS = TileWords(scale="weight", own="each by itself", ticks=("0", "1", "4"))
SVG = "{http://www.w3.org/2000/svg}"


def grid_of(
    images: np.ndarray, *, palette: Palette = Palette.SEQUENTIAL, end: float = 4, columns: int = 8, root: bool = False
) -> ImageGrid:
    low = -end if palette is Palette.DIVERGING else 0.0
    names = tuple(map(str, range(len(images))))
    maxima = images.reshape(len(images), -1).max(axis=1)
    return ImageGrid(images.astype(np.float32), names, (low, end), len(images), palette, columns, maxima, root=root)


def drawn(
    images: np.ndarray,
    *,
    aim: int = 84,
    strengths: tuple[float, ...] = (),
    silent: tuple[int, ...] = (),
    **given: Any,
) -> TilePicture:
    return tile_picture(Frame(grid=grid_of(images, **given), words=WORDS, strengths=strengths, silent=silent), aim=aim)


def pictures(picture: TilePicture) -> list[np.ndarray]:
    """Return the PNGs of a picture: its tiles, and the veil where there is one."""
    found = re.findall(r"href='data:image/png;base64,([^']+)'", picture.svg)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(each)))) for each in found]


def texts(picture: TilePicture) -> list[tuple[str | None, str | None]]:
    return [(text.get("x"), text.text) for text in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]


def test_each_tile_has_its_own_contrast_and_a_veil_that_brings_all_onto_one_scale() -> None:
    images = np.zeros((3, 2, 2))
    images[:, 0, 0] = [1, 2, 8]
    tiles, veil = pictures(drawn(images, aim=2, columns=3))
    # two pixels a value, a gap of four and a row of 16 for the labels: shades from 7 to 255
    assert [tiles[0, x] for x in (0, 6, 12)] == [255, 255, 255]
    assert [tiles[1, x] for x in (1, 7, 13)] == [7, 7, 7]
    # 1 of 4, 2 of 4, and beyond the end
    assert veil[..., 1].tolist() == [[191, 128, 0]]
    assert not veil[..., 0].any()


def test_the_root_brings_out_what_is_small() -> None:
    images = np.array([[[4.0, 1.0], [0.25, 0.0]]])
    tiles, veil = pictures(drawn(images, aim=2, columns=1, root=True))
    assert ((tiles[:2, :2].astype(int) - 7) / 248).round(2).tolist() == [[1, 0.52], [0.26, 0]]  # of 32 shades
    assert veil.reshape(-1).tolist() == [0, 0]


def test_zero_is_the_middle_of_kernels() -> None:
    tiles, veil = pictures(drawn(np.array([[[2.0, -2.0], [0, 1]]]), aim=2, palette=Palette.DIVERGING, columns=1))
    assert tiles[:2, :2].tolist() == [[253, 1], [127, 189]]
    assert veil.reshape(-1).tolist() == [127, 128]


def test_what_is_not_finite_is_empty() -> None:
    images = np.array([[[np.nan, 4.0]]])
    data = re.findall(r"href='data:image/png;base64,([^']+)'", drawn(images, aim=2, columns=1).svg)[0]
    alpha = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))[0, :2, 3]
    assert alpha.tolist() == [0, 255]


@pytest.mark.parametrize(
    ("size", "aim", "shown"),
    [
        (28, 84, 84),
        (14, 84, 84),
        (7, 84, 84),
        (3, 48, 48),
        (5, 48, 55),
        (37, 84, 74),
        (56, 84, 84),
        (96, 84, 96),
        (2, 84, 96),
    ],
)
def test_a_value_is_a_whole_multiple_of_a_pixel_where_one_comes_near_the_size(size: int, aim: int, shown: int) -> None:
    picture = drawn(np.ones((1, size, size)), aim=aim, columns=1)
    image = next(ElementTree.fromstring(picture.svg).iter(f"{SVG}image"))
    assert shown + 3 <= float(image.get("width", "0")) <= shown + max(4.5, shown / size)  # with the gap beside it


def test_every_tile_has_its_label_and_silent_ones_a_sign() -> None:
    picture = drawn(np.ones((10, 28, 28)), silent=(9,))
    rows = [text for text in texts(picture) if text[0] and "," in text[0]]
    # a tile every 87 CSS pixels, a character every 7
    assert rows == [("0,87,174,261,348,435,522,609", "01234567"), ("0,87,94,101", "89 ∅")]


def test_bars_are_as_long_as_their_share_of_the_tile() -> None:
    svg = drawn(np.ones((3, 28, 28)), strengths=(1.0, 0.5, 0.0), columns=3).svg
    assert re.findall(r"stroke='#7fb2d9' stroke-width='3' d='([^']+)'", svg) == ["M0,87h84M87,87h42"]


def test_the_scale_and_what_stands_in_its_place_are_inside_the_picture() -> None:
    picture = drawn(np.ones((8, 28, 28)))
    said = [text for _, text in texts(picture)]
    assert said[-5:] == ["weight", "0", "1", "4", "each by itself"]


def test_a_wide_grid_is_folded_and_a_narrow_one_is_not() -> None:
    wide, narrow = drawn(np.ones((32, 28, 28))), drawn(np.ones((4, 28, 28)), columns=4)
    assert (wide.size, wide.folded) == ((709, 458), (361, 866))
    assert (narrow.size, narrow.folded) == ((392, 152), None)  # as wide as its words
    # four rows are set apart, and the second halves of all of them put into the gaps
    windows = re.findall(r"<svg(?: y='([\d.]+)')?><use href='#(\w+)'(?: x='-(\d+)')?(?: y='-(\d+)')?/></svg>", wide.svg)
    assert windows[:2] == [("", "a0", "", ""), ("204", "a0", "", "102")]
    assert windows[4:] == [("", "b", "", ""), ("102", "b", "348", "")]


def test_a_last_row_that_is_short_breaks_into_fewer_parts() -> None:
    picture = drawn(np.ones((10, 28, 28)))
    windows = re.findall(r"<svg(?: y='([\d.]+)')?><use href='#a0'(?: x='-(\d+)')?(?: y='-(\d+)')?/></svg>", picture.svg)
    assert windows == [("", "", ""), ("102", "348", ""), ("204", "", "102")]


def film() -> TilePicture:
    frames = (
        Frame(
            grid=grid_of(np.full((4, 28, 28), number), columns=4),
            words=TileWords(scale=f"sample {number}", own="alone", ticks=("0", "1", "4")),
            strengths=(number / 4,) * 4,
            silent=(3,) * (number == 2),
        )
        for number in (1, 2, 3)
    )
    return tile_picture(*frames, aim=84)


def test_tiles_of_one_row_of_values_are_as_high_as_a_letter() -> None:
    picture = drawn(np.ones((4, 1, 7)), aim=32, columns=4, palette=Palette.DIVERGING)
    *_, wide, high, columns, _, _, _, _ = picture.cells
    assert (wide, high, columns) == (35, 15, 4)
    assert "preserveAspectRatio='none'" in picture.svg


def test_frames_stand_one_above_another_and_share_what_is_the_same() -> None:
    picture = film()
    assert (picture.frames, picture.size) == (3, (392, 155))
    root = ElementTree.fromstring(picture.svg)
    assert (root.get("height"), root.get("viewBox")) == ("465", "0 0 392 465")
    assert re.findall(r"<use href='#a(\d)' x='23' y='(\d+)'/>", picture.svg) == [("0", "8"), ("1", "163"), ("2", "318")]
    assert len(pictures(picture)) == 6  # a mosaic and its veil for each
    # the ground between the tiles once; labels are not the same where a channel is silent in one
    assert picture.svg.count("stroke-dasharray") == 2
    assert picture.svg.count("<use href='#g'/>") == 3
    labels = [text for x, text in texts(picture) if x and "," in x]
    assert labels == ["0123", "0123 ∅", "0123"]


def test_each_frame_has_its_own_words_at_its_scale() -> None:
    said = [text for _, text in texts(film())]
    assert [text for text in said if text and text.startswith("sample")] == ["sample 1", "sample 2", "sample 3"]
    assert (said.count("alone"), said.count("4")) == (1, 1)


def test_strips_stand_one_under_another_with_their_numbers_beside_them() -> None:
    picture = drawn(np.ones((4, 1, 128)), columns=1)
    assert picture.size == (36 + 640 + 16, 96 + 34 + 16)
    # rows of 24 pixels: each has its number, also where letters are larger as the picture is shown smaller
    assert [text for text in texts(picture) if text[0] == "30"] == [("30", str(row)) for row in range(4)]
    assert "text{font-size:21px}" in picture.svg
    many = drawn(np.ones((200, 1, 128)), columns=1)
    assert many.size[1] == 600 + 34 + 16
    assert [label for x, label in texts(many) if x == "30"][:3] == ["0", "8", "16"]


def test_colours_stay_colours_without_a_veil() -> None:
    images = np.zeros((2, 3, 3, 3))
    images[0, 0, 0] = [1, 0, -1]
    grid = ImageGrid(images.astype(np.float32), ("0", "1"), (-1, 1), 2, Palette.COLOUR, 2, np.ones(2))
    (mosaic,) = pictures(tile_picture(Frame(grid=grid, words=WORDS), aim=3))
    assert mosaic[0, 0].tolist() == [255, 128, 0]


def test_markup_in_words_is_escaped() -> None:
    words = TileWords(scale="<b>&", own="</svg>", ticks=("0", "1", "2"))
    picture = tile_picture(Frame(grid=grid_of(np.ones((1, 2, 2))), words=words), aim=84)
    assert ("&lt;b&gt;&amp;" in picture.svg, "&lt;/svg&gt;" in picture.svg) == (True, True)
    ElementTree.fromstring(picture.svg)


def test_two_drawings_are_the_same() -> None:
    images = np.random.default_rng(1).uniform(size=(12, 9, 9))
    assert drawn(images).svg == drawn(images).svg
