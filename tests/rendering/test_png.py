"""PNG of few bytes, read back by Pillow."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from reportgen.rendering.png import png_bytes

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
