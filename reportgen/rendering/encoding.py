"""From pixels and figures to data URIs: the only base64 of the project."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from reportgen.rendering.geometry import TILE_GAP, GridGeometry, geometry_of, panel_size
from reportgen.results import ImageGrid, Palette, Panel, PanelGrid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOUR_MAPS = {Palette.SEQUENTIAL: "viridis", Palette.DIVERGING: "RdBu_r", Palette.GREY: "gray"}
"""viridis and RdBu are safe for colour-blind readers. Source: https://matplotlib.org/stable/users/explain/colors/colormaps.html"""

LEVELS = 127
"""Colours of a grid: odd, so that a diverging scale has zero in the middle. A step is 0.8 % of the range, finer than an eye
tells apart; twice as many would make the page a tenth larger."""

_EMPTY = 0  # the palette's first entry, transparent, for gaps and missing values
_BEYOND = 255  # the palette's last entry in a grid of panels, for what lies beyond a sample's edge
BEYOND_COLOUR = (224, 190, 140)
"""Sand: neither a grey nor a colour of a map."""
GROUND_COLOUR = (219, 227, 234)
"""Between panels, so that a white patch has an edge."""
_SVG: Any = {"svg.hashsalt": "reportgen", "svg.fonttype": "none", "font.sans-serif": ["DejaVu Sans", "sans-serif"]}
_PATH_DATA = re.compile(r' d="[^"]*"')
_INDENT = re.compile(r"\n\s*")
_LINE = re.compile(r"([ML]) (\S+) (\S+) ?")
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r"#([\w-]+)")
_DECIMAL = re.compile(r"-?\d+\.\d+")


def data_uri(content: bytes, media_type: str) -> str:
    """Return a data URI of this content."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def grid_png(grid: ImageGrid) -> bytes:
    """Return a PNG with one pixel for each value: indexed through the grid's colour map, or RGB for palette COLOUR.

    Gaps between the tiles, and values that are not finite, are transparent.
    """
    if grid.palette is Palette.COLOUR:
        return _png(Image.fromarray(_mosaic(_colours(grid), geometry_of(grid), 0)))
    image = Image.fromarray(_mosaic(_levels(grid), geometry_of(grid), _EMPTY))
    image.putpalette(np.vstack([[[255, 255, 255]], lookup_table(grid.palette)]).astype(np.uint8).tobytes())
    return _png(image, transparency=_EMPTY)


def panels_png(grid: PanelGrid) -> bytes:
    """Return a PNG of tiles of panels: indexed through up to two colour maps, or RGB where a panel holds colours."""
    palettes = list(dict.fromkeys(panel.palette for panel in grid.panels))
    tables = np.vstack([lookup_table(palette) for palette in palettes if palette is not Palette.COLOUR])
    colours = np.vstack([[GROUND_COLOUR], tables]).astype(np.uint8)
    colours = np.vstack([colours, np.tile(np.array(BEYOND_COLOUR, np.uint8), (_BEYOND + 1 - len(colours), 1))])
    coloured = Palette.COLOUR in palettes
    columns: list[np.ndarray] = []
    for panel in grid.panels:
        if panel.palette is Palette.COLOUR:
            pictures = _panel_colours(panel, panel_size(grid))
        else:
            levels = _panel_levels(panel, panel_size(grid), LEVELS * palettes.index(panel.palette))
            pictures = colours[levels] if coloured else levels
        gap = np.full_like(pictures[:, :, :1], colours[_EMPTY] if coloured else _EMPTY)
        columns += [pictures, gap]
    empty = colours[_EMPTY] if coloured else np.uint8(_EMPTY)
    picture = Image.fromarray(_mosaic(np.concatenate(columns, axis=2), geometry_of(grid), empty))
    if not coloured:
        picture.putpalette(colours.tobytes())
    return _png(picture)


def _enlarged(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    height, width = images.shape[1:3]
    return images[:, np.arange(size[0]) * height // size[0]][:, :, np.arange(size[1]) * width // size[1]]


def _panel_levels(panel: Panel, size: tuple[int, int], offset: int) -> np.ndarray:
    levels = _levels(panel)
    missing = _BEYOND if panel.palette is Palette.GREY else _EMPTY
    return _enlarged(np.where(levels == _EMPTY, missing, levels + offset).astype(np.uint8), size)


def _panel_colours(panel: Panel, size: tuple[int, int]) -> np.ndarray:
    beyond = ~np.isfinite(panel.images).all(axis=-1, keepdims=True)
    return _enlarged(np.where(beyond, np.array(BEYOND_COLOUR, np.uint8), _colours(panel)[..., :3]), size)


def _png(image: Image.Image, transparency: int | None = None) -> bytes:
    buffer = io.BytesIO()
    options = {} if transparency is None else {"transparency": transparency}
    image.save(buffer, "PNG", optimize=True, **options)
    return buffer.getvalue()


@lru_cache
def lookup_table(palette: Palette) -> np.ndarray:
    """Return the palette's colours, (127, 3) uint8, from the lowest value to the highest."""
    from matplotlib import colormaps

    return np.asarray(np.round(colormaps[COLOUR_MAPS[palette]](np.linspace(0, 1, LEVELS))[:, :3] * 255), np.uint8)


def lookup_png(palette: Palette) -> bytes:
    """Return a palette as a PNG of one row, lowest value first, for the bar beside a grid."""
    return _png(Image.fromarray(lookup_table(palette)[None]))


def _levels(grid: ImageGrid | Panel) -> np.ndarray:
    low, high = grid.value_range
    finite = np.isfinite(grid.images)
    scaled = (np.where(finite, grid.images, low).astype(np.float64) - low) / (high - low)
    levels = 1 + np.round(np.clip(scaled, 0, 1) * (LEVELS - 1)).astype(np.uint8)
    return np.where(finite, levels, np.uint8(_EMPTY))


def _colours(grid: ImageGrid | Panel) -> np.ndarray:
    low, high = grid.value_range
    scaled = np.clip((np.nan_to_num(grid.images).astype(np.float64) - low) / (high - low), 0, 1)
    bytes_ = np.round(scaled * 255).astype(np.uint8)
    return np.concatenate([bytes_, np.full((*bytes_.shape[:3], 1), 255, np.uint8)], axis=-1)


def _mosaic(tiles: np.ndarray, geometry: GridGeometry, empty: int | np.ndarray) -> np.ndarray:
    """Return tiles (N, H, W[, C]) uint8 as one picture."""
    picture = np.full((geometry.height, geometry.width, *tiles.shape[3:]), empty, np.uint8)
    height, width = geometry.tile_height, geometry.tile_width
    for index, tile in enumerate(tiles):
        row, column = divmod(index, geometry.columns)
        top, left = row * (height + geometry.row_gap), column * (width + TILE_GAP)
        picture[top : top + height, left : left + width] = tile
    return picture


def figure_svg(figure: Figure) -> bytes:
    """Return a matplotlib figure as SVG that is the same in every run: fixed ids, no date, no software's name."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context(_SVG):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawing = _PATH_DATA.sub(_rounded, buffer.getvalue().decode("utf-8"))
    drawing = _INDENT.sub("\n", drawing[drawing.index("<svg") :])
    used = set(_REFERENCE.findall(drawing))
    return _ID.sub(lambda match: match[0] if match[1] in used else "", drawing).encode("utf-8")


def _rounded(path: re.Match[str]) -> str:
    # A tenth of a point is finer than any screen, and most lines of a histogram are level or upright: written so, they take
    # a third of matplotlib's bytes.
    text = _DECIMAL.sub(lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), " ".join(path[0].split()))
    return " " + _LINE.sub(_shortened(), text)


def _shortened() -> Callable[[re.Match[str]], str]:
    at = ["", ""]

    def shorten(line: re.Match[str]) -> str:
        command, x, y = line.groups()
        before, at[:] = tuple(at), (x, y)
        if command == "L" and before == (x, y):
            return ""
        if command == "L" and before[1] == y:
            return f"H{x}"
        return f"V{y}" if command == "L" and before[0] == x else f"{command}{x} {y}"

    return shorten
