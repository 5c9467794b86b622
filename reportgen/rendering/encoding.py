"""From pixels and figures to PNG, SVG and data URIs: the only base64 of the project."""

from __future__ import annotations

import base64
import io
import json
import string
import struct
import warnings
import zlib
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
from markupsafe import Markup

from reportgen.rendering.svg import lean_svg
from reportgen.results import ImageGrid, Palette, Panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOUR_MAPS = {Palette.SEQUENTIAL: "viridis", Palette.DIVERGING: "RdBu_r", Palette.GREY: "gray"}
"""viridis and RdBu are safe for colour-blind readers. Source: https://matplotlib.org/stable/users/explain/colors/colormaps.html"""

LEVELS = 127
"""Colours of a grid: odd, so that a diverging scale has zero in the middle. A step is 0.8 % of the range, finer than an eye
tells apart; twice as many would make the page a tenth larger."""

_EMPTY = 0  # the palette's first entry, transparent, for missing values
BEYOND_COLOUR = (224, 190, 140)
"""Sand: neither a grey nor a colour of a map."""
GROUND_COLOUR = (219, 227, 234)
"""Around panels and between them, so that a white patch has an edge."""
_UNTOUCHED = {*string.ascii_letters, *string.digits, *"!$'()*+,-./:;=?@_~", "%"}
"""Characters that stay as they are in the address of a drawing, which stands in double quotes; each % is encoded before them."""
_SVG: Any = {"svg.hashsalt": "reportgen", "svg.fonttype": "none", "font.sans-serif": ["DejaVu Sans", "sans-serif"]}


def data_uri(content: bytes, media_type: str) -> str:
    """Return a data URI of this content."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def svg_uri(svg: str) -> Markup:
    """Return the address of a drawing, for an attribute in double quotes. Not base64, which its pictures are already."""
    quoted = svg.replace("%", "%25")
    for character in sorted(set(svg) - _UNTOUCHED):  # few: `quote` looks at each character of megabytes
        quoted = quoted.replace(character, quote(character))
    return Markup(f"data:image/svg+xml,{quoted}")  # no & or " is left


def tile_png(grid: ImageGrid, index: int = 0) -> bytes:
    """Return one tile of a grid as a PNG of one pixel for each value: indexed through its colour map, or RGB for palette COLOUR.

    What is not finite is transparent; what needs no transparency has none.

    Args:
        grid: the grid.
        index: number of the tile.
    """
    if grid.palette is Palette.COLOUR:
        finite = np.isfinite(grid.images[index]).all(axis=-1, keepdims=True)
        colours = byte_levels(grid)[index]
        opaque = np.where(finite, np.uint8(255), np.uint8(0))
        return png_bytes(colours if finite.all() else np.concatenate([colours, opaque], axis=-1))
    levels = levels_of(grid)[index]
    table = np.array([(255, 255, 255), *lookup_table(grid.palette).tolist()], np.uint8)
    empty = bool((levels == _EMPTY).any())
    if grid.palette is Palette.GREY and not empty:
        return png_bytes(table[levels, 0])
    return png_bytes(levels, palette=table, transparent=empty)


@lru_cache
def lookup_table(palette: Palette) -> np.ndarray:
    """Return the palette's colours, (127, 3) uint8, from the lowest value to the highest; matplotlib's, which a table spares."""
    tables = json.loads(files("reportgen.rendering").joinpath("colours.json").read_text("ascii"))
    return np.frombuffer(bytes.fromhex(tables[COLOUR_MAPS[palette]]), np.uint8).reshape(LEVELS, 3)


def levels_of(grid: ImageGrid | Panel) -> np.ndarray:
    """Return which colour of its map each value has, from 1, and 0 for what is not finite; uint8 of the images' shape."""
    low, high = grid.value_range
    finite = np.isfinite(grid.images)
    scaled = (np.where(finite, grid.images, low).astype(np.float64) - low) / (high - low)
    levels = 1 + np.round(np.clip(scaled, 0, 1) * (LEVELS - 1)).astype(np.uint8)
    return np.where(finite, levels, np.uint8(_EMPTY))


def byte_levels(grid: ImageGrid | Panel) -> np.ndarray:
    """Return values as shares of 255 of their scale, uint8 of the images' shape; what is not finite is 0."""
    low, high = grid.value_range
    known = np.where(np.isfinite(grid.images), grid.images, low).astype(np.float64)
    scaled = np.clip((known - low) / (high - low), 0, 1)
    return np.asarray(np.round(scaled * 255).astype(np.uint8))


def sample_pixels(panel: Panel | ImageGrid) -> np.ndarray:
    """Return the pictures of samples as they are drawn: (N, H, W) or (N, H, W, 3) uint8; signals as shares of their scale.

    What is not finite, beyond the edge of a picture, is black; of a signal it stays NaN.
    """
    if panel.palette is Palette.LINES:
        low, high = panel.value_range
        return np.asarray((panel.images.astype(np.float64) - low) / (high - low))
    return byte_levels(panel)


def figure_svg(figure: Figure) -> bytes:
    """Return a matplotlib figure as SVG of few bytes that is the same in every run: no ids, no date, no software's name."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context(_SVG), warnings.catch_warnings():
        # texts stay texts, shown in the reader's own fonts: it does not matter that matplotlib's has no Hangul to measure them
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return lean_svg(buffer.getvalue())


_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INDEXED = 3
_SMALL = 4_000  # bytes of a picture that is compressed in no time
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by samples of a pixel: grey, grey with alpha, RGB, RGBA


def png_bytes(pixels: np.ndarray, *, palette: np.ndarray | None = None, transparent: bool = False) -> bytes:
    """Return a PNG of eight bits for each sample.

    Args:
        pixels: (H, W), or (H, W, C) with C of 1 (grey), 2 (grey with alpha), 3 (RGB) or 4 (RGBA); uint8.
        palette: (K, 3) uint8, the colours of pixels (H, W) that are indices; those after the last one used are left out.
        transparent: whether the palette's first colour is transparent, or black of grey pixels without alpha.

    Source: https://www.w3.org/TR/png-3/
    """
    height, width = pixels.shape[:2]
    depth = pixels.shape[2] if pixels.ndim == 3 else 1
    colour_type = _COLOUR_TYPES[depth] if palette is None else _INDEXED
    chunks = [_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0))]
    if palette is not None:
        chunks.append(_chunk(b"PLTE", palette[: int(pixels.max(initial=0)) + 1].tobytes()))
    if transparent:
        chunks.append(_chunk(b"tRNS", b"\0" if palette is not None else b"\0\0"))
    chunks += [_chunk(b"IDAT", _compressed(pixels.reshape(height, width * depth), depth)), _chunk(b"IEND", b"")]
    return _SIGNATURE + b"".join(chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _compressed(rows: np.ndarray, depth: int) -> bytes:
    """Return the shortest of three compressed forms.

    Smooth pictures are shortest filtered, flat tiles unfiltered. Filtered noise is shortest without a search for repetitions,
    which costs next to nothing.
    """
    plain, filtered = _plain_and_filtered(rows, depth)
    forms = ((plain, zlib.Z_FILTERED), (filtered, zlib.Z_FILTERED), (filtered, zlib.Z_RLE))
    return min((_deflated(content, strategy) for content, strategy in forms), key=len)


def _deflated(content: bytes, strategy: int) -> bytes:
    # a large picture's three forms take half the time by level 6, and are one byte in 500 longer
    compressor = zlib.compressobj(8 if len(content) <= _SMALL else 6, zlib.DEFLATED, 15, 8, strategy)
    return compressor.compress(content) + compressor.flush()


def _plain_and_filtered(rows: np.ndarray, depth: int) -> tuple[bytes, bytes]:
    """Return the rows unfiltered, and each by the filter with the smallest sum of magnitudes; its number stands before each row.

    Source: https://www.w3.org/TR/png-3/#9Filters and 12.7, filter selection
    """
    padded = np.zeros((1 + rows.shape[0], depth + rows.shape[1]), np.uint8)  # np.pad takes as long as the filters
    padded[1:, depth:] = rows
    left, above, corner = padded[1:, :-depth], padded[:-1, depth:], padded[:-1, :-depth]
    mean = (left.astype(np.uint16) + above) >> 1
    predicted: tuple[np.ndarray | int, ...] = (0, left, above, mean.astype(np.uint8), _paeth(left, above, corner))
    numbered = np.empty((len(predicted), len(rows), 1 + rows.shape[1]), np.uint8)
    numbered[..., 0] = np.arange(len(predicted))[:, None]
    differences = numbered[..., 1:]
    for difference, each in zip(differences, predicted, strict=True):
        np.subtract(rows, each, out=difference)  # modulo 256
    sums = np.abs(differences.view(np.int8)).view(np.uint8).sum(axis=2, dtype=np.int64)
    best = sums.argmin(axis=0)
    chosen: np.ndarray = numbered[best, np.arange(len(rows))]
    return numbered[0].tobytes(), chosen.tobytes()


def _paeth(left: np.ndarray, above: np.ndarray, corner: np.ndarray) -> np.ndarray:
    across, down = (each.astype(np.int16) - corner for each in (above, left))
    from_left, from_above, from_corner = np.abs(across), np.abs(down), np.abs(across + down)
    nearest = (from_left <= from_above) & (from_left <= from_corner)
    return np.where(nearest, left, np.where(from_above <= from_corner, above, corner))
