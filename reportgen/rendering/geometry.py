"""Where the tiles of a grid stand, in image pixels and on the page."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.results import ImageGrid, Matrix, Palette, PanelGrid

TILE_GAP = 1
"""Empty image pixels beside a tile."""

_LABEL_HEIGHT = 14  # CSS pixels that a line of labels needs under its tiles
_LABEL_CHARACTER = 6  # CSS pixels of one character of a label
_TILE_WIDTH = 56  # CSS pixels that a tile aims at with up to 8 in a row
_ROW_WIDTH = 480  # CSS pixels that a row may take, so that two grids stand side by side
_PANELS_WIDTH = 224  # CSS pixels that a tile of several panels aims at
_PANELS_ROW = 900  # and that a row of them may take
_MAX_SCALE = 16
_ALONE_WIDTH = (
    128  # CSS pixels that the picture of a sample may take; where styles are stripped, nothing else bounds it
)
_COLUMNS = (4, 8, 16)  # that grids beside each other may have
_GAIN = 64  # CSS pixels by which their heights must come nearer for that
_STRIP_SCALE = 8  # at least what a row of a strip aims at,
_STRIPS_HEIGHT = 384  # and more while all of them keep within this
_LANES, _LANE = 336, (10, 56)  # CSS pixels of all channels of a signal that are aimed at, and the bounds of one
SIGNAL_WIDTH = 480
"""CSS pixels of a signal beside others."""
_TICK_DISTANCE = 24  # CSS pixels from one number of an axis to the next, at least

SILENT_SIGN = "\N{EMPTY SET}"
"""Stands for the value of a tile whose channel is silent."""


@dataclass(frozen=True)
class GridGeometry:
    """Sizes of a grid; equal geometries share their rules in the page's style.

    Attributes:
        tile_width, tile_height: a tile's size in image pixels, one for each value.
        columns, rows: number of tiles.
        row_gap: empty image pixels under each row, which hold the labels.
        scale: whole number of CSS pixels for each image pixel.
        pitch: image pixels from one row that has a number to the next; 0 for a grid that is labelled or is one picture.
        step: image pixels from one number of an axis to the next, a multiple of `pitch`.
    """

    tile_width: int
    tile_height: int
    columns: int
    rows: int
    row_gap: int
    scale: int
    pitch: int = 0
    step: int = 0

    @property
    def width(self) -> int:
        """Of the picture, in image pixels."""
        return self.columns * (self.tile_width + TILE_GAP) - TILE_GAP

    @property
    def height(self) -> int:
        """Of the picture, in image pixels, the gap under the last row included."""
        return self.rows * (self.tile_height + self.row_gap)

    @property
    def css_class(self) -> str:
        """Name of the class that carries these sizes."""
        sizes = (self.tile_width, self.tile_height, self.columns, self.rows, self.scale, *[self.step] * bool(self.step))
        return "g" + "-".join(map(str, sizes))

    @property
    def label_characters(self) -> int:
        """How many characters fit under a tile; 0 where rows have no labels."""
        pitch = (self.tile_width + TILE_GAP) * self.scale
        return pitch // _LABEL_CHARACTER if self.row_gap * self.scale >= _LABEL_HEIGHT else 0


def lane_height(channels: int) -> int:
    """Return the CSS pixels that one of so many channels of a signal has: from 10 to 56, and 336 for all where that is enough."""
    return min(max(_LANES // channels, _LANE[0]), _LANE[1])


def panel_size(grid: PanelGrid) -> tuple[int, int]:
    """Return height and width of every panel of a grid, in image pixels: those of the largest."""
    sizes = [panel.images.shape[1:3] for panel in grid.panels]
    return max(height for height, _ in sizes), max(width for _, width in sizes)


def _geometry_of_panels(grid: PanelGrid) -> GridGeometry:
    height, width = panel_size(grid)
    tile = len(grid.panels) * (width + TILE_GAP)
    across = grid.columns * (tile + TILE_GAP) - TILE_GAP
    aim = _PANELS_ROW if grid.large else _PANELS_WIDTH
    scale = max(1, min(_MAX_SCALE, aim // tile, _PANELS_ROW // across))
    rows = math.ceil(len(grid.labels) / grid.columns)
    return GridGeometry(tile, height, grid.columns, rows, math.ceil(_LABEL_HEIGHT / scale), scale)


def geometry_of(grid: ImageGrid | PanelGrid) -> GridGeometry:
    """Return the geometry of a grid: whole multiples that bring tiles near 56 CSS pixels and keep rows within 480.

    Tiles of several panels are brought near 224 CSS pixels, and their rows kept within 900. A sample's picture by itself is
    kept within 128 CSS pixels, strips one above another within a height of 384 unless that makes them thinner than 8.
    """
    if isinstance(grid, PanelGrid):
        return _geometry_of_panels(grid)
    if grid.palette is Palette.LINES:
        return GridGeometry(SIGNAL_WIDTH, lane_height(grid.images.shape[1]) * grid.images.shape[1], 1, 1, 0, 1)
    count, height, width = grid.images.shape[:3]
    stacked = grid.columns == 1 and count > 1
    alone = count == 1
    if stacked:
        largest = min(_MAX_SCALE, max(_STRIP_SCALE, _STRIPS_HEIGHT // (count * height)))
    elif alone:
        of_sample = grid.palette in (Palette.GREY, Palette.COLOUR)
        largest = min(_MAX_SCALE, _ALONE_WIDTH // width) if of_sample else _MAX_SCALE
    else:
        largest = min(_MAX_SCALE, _TILE_WIDTH // width)
    scale = max(1, min(largest, _ROW_WIDTH // (grid.columns * (width + TILE_GAP) - TILE_GAP)))
    return GridGeometry(
        tile_width=width,
        tile_height=height,
        columns=grid.columns,
        rows=math.ceil(count / grid.columns),
        row_gap=0 if stacked or alone else math.ceil(_LABEL_HEIGHT / scale),
        scale=scale,
        pitch=height if stacked else 0,
        step=_tick_step(height, scale) if stacked else 0,
    )


def geometry_of_matrix(matrix: Matrix) -> GridGeometry:
    """Return the geometry of a matrix: one pixel for each cell, and classes numbered on both axes."""
    geometry = geometry_of(matrix_grid(matrix))
    return replace(geometry, pitch=1, step=_tick_step(1, geometry.scale))


def _tick_step(pitch: int, scale: int) -> int:
    """Return how many image pixels lie between two numbers of an axis: 1, 2 or 5 rows, or ten times as many, and so on."""
    decade = 1
    while 5 * decade * pitch * scale < _TICK_DISTANCE:
        decade *= 10
    return pitch * next(digit * decade for digit in (1, 2, 5) if digit * decade * pitch * scale >= _TICK_DISTANCE)


def level(grids: Sequence[ImageGrid]) -> list[ImageGrid]:
    """Return two grids with as many columns as bring their heights near each other, so that none leaves a hole beside the other.

    Columns change only where that gains at least 64 CSS pixels, both still fit side by side and their labels stay as long.
    Any other number of grids is returned as it is.
    """
    if len(grids) != 2 or any(grid.columns == 1 for grid in grids):
        return list(grids)
    others = [(grid, *(replace(grid, columns=n) for n in _COLUMNS if n < len(grid.labels))) for grid in grids]
    room = [geometry_of(grid).label_characters for grid in grids]
    pairs = [
        pair
        for pair in itertools.product(*others)
        if sum(geometry_of(grid).width * geometry_of(grid).scale for grid in pair) <= 2 * _ROW_WIDTH
        and all(geometry_of(grid).label_characters >= least for grid, least in zip(pair, room, strict=True))
    ]
    best = min(pairs, key=_unevenness, default=tuple(grids))
    return list(best if _unevenness(grids) - _unevenness(best) >= _GAIN else grids)


def _unevenness(grids: Sequence[ImageGrid]) -> int:
    first, second = (geometry_of(grid).height * geometry_of(grid).scale for grid in grids)
    return abs(first - second)


def matrix_grid(matrix: Matrix) -> ImageGrid:
    """Return a matrix as a picture of one pixel for each cell, coloured by the cell's share of its row, 0 to 1."""
    rates = matrix.rates[None]
    largest = np.array([np.nanmax(rates) if np.isfinite(rates).any() else np.nan])
    return ImageGrid(rates, ("",), (0.0, 1.0), 1, Palette.SEQUENTIAL, 1, largest)


def axis_texts(grid: ImageGrid, geometry: GridGeometry) -> tuple[str, str]:
    """Return the numbers under a grid's columns, with tabs between them, and beside its rows, one on a line.

    Args:
        grid: tiles one above another, or one that stands for a matrix.
        geometry: the grid's geometry, with a step.
    """
    rows = geometry.height // geometry.pitch
    names = grid.labels if len(grid.labels) == rows else tuple(map(str, range(rows)))
    across = map(str, range(0, geometry.tile_width, geometry.step))
    return "\t".join(across), "\n".join(names[:: geometry.step // geometry.pitch])


def label_text(grid: ImageGrid | PanelGrid, values: tuple[str, ...]) -> str:
    """Return the labels as lines of tab-separated text, one line for each row of tiles; '' where they do not fit.

    Args:
        grid: the grid that has the labels.
        values: a text for each tile, shown after its label where all of them fit; may be empty. Where they do not, the
            sign of a silent channel stays.
    """
    room = geometry_of(grid).label_characters - 1
    labels = list(grid.labels)
    full = [f"{label} {value}" for label, value in zip(labels, values, strict=True)] if values else labels
    signs = [
        label + SILENT_SIGN * (value == SILENT_SIGN) for label, value in zip(labels, values or labels, strict=True)
    ]
    texts = next((each for each in (full, signs, labels) if max(map(len, each), default=0) <= room), None)
    if texts is None:
        return ""
    return "\n".join("\t".join(texts[start : start + grid.columns]) for start in range(0, len(texts), grid.columns))


def fitting(choices: Sequence[Sequence[str]], grid: ImageGrid | PanelGrid) -> tuple[str, ...]:
    """Return the first of several sets of values, one text for each tile, that fits under the tiles beside their labels.

    Args:
        choices: the longest first; the last is returned where none fits.
        grid: the grid that has the tiles.
    """
    room = geometry_of(grid).label_characters - 1
    longest = [max(len(f"{label} {text}") for label, text in zip(grid.labels, texts, strict=True)) for texts in choices]
    return tuple(next((texts for texts, size in zip(choices, longest, strict=True) if size <= room), choices[-1]))
