"""Where the tiles of a grid stand, in image pixels and on the page."""

from __future__ import annotations

import math
from dataclasses import dataclass

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
_STRIP_SCALE = 8


@dataclass(frozen=True)
class GridGeometry:
    """Sizes of a grid; equal geometries share their rules in the page's style.

    Attributes:
        tile_width, tile_height: in image pixels, one for each value.
        columns, rows: number of tiles.
        row_gap: empty image pixels under each row, which hold the labels.
        scale: whole number of CSS pixels for each image pixel.
    """

    tile_width: int
    tile_height: int
    columns: int
    rows: int
    row_gap: int
    scale: int

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
        sizes = (self.tile_width, self.tile_height, self.columns, self.rows, self.scale)
        return "g" + "-".join(map(str, sizes))

    @property
    def label_characters(self) -> int:
        """How many characters fit under a tile; 0 where rows have no labels."""
        pitch = (self.tile_width + TILE_GAP) * self.scale
        return pitch // _LABEL_CHARACTER if self.row_gap * self.scale >= _LABEL_HEIGHT else 0


def panel_size(grid: PanelGrid) -> tuple[int, int]:
    """Return height and width of every panel of a grid, in image pixels: those of the largest."""
    sizes = [panel.images.shape[1:3] for panel in grid.panels]
    return max(height for height, _ in sizes), max(width for _, width in sizes)


def _geometry_of_panels(grid: PanelGrid) -> GridGeometry:
    height, width = panel_size(grid)
    tile = len(grid.panels) * (width + TILE_GAP)
    across = grid.columns * (tile + TILE_GAP) - TILE_GAP
    scale = max(1, min(_MAX_SCALE, _PANELS_WIDTH // tile, _PANELS_ROW // across))
    rows = math.ceil(len(grid.labels) / grid.columns)
    return GridGeometry(tile, height, grid.columns, rows, math.ceil(_LABEL_HEIGHT / scale), scale)


def geometry_of(grid: ImageGrid | PanelGrid) -> GridGeometry:
    """Return the geometry of a grid: whole multiples that bring tiles near 56 CSS pixels and keep rows within 480.

    Tiles of several panels are brought near 224 CSS pixels, and their rows kept within 900.
    """
    if isinstance(grid, PanelGrid):
        return _geometry_of_panels(grid)
    count, height, width = grid.images.shape[:3]
    stacked = grid.columns == 1 and count > 1
    alone = count == 1
    largest = _STRIP_SCALE if stacked else _MAX_SCALE if alone else min(_MAX_SCALE, _TILE_WIDTH // width)
    scale = max(1, min(largest, _ROW_WIDTH // (grid.columns * (width + TILE_GAP) - TILE_GAP)))
    return GridGeometry(
        tile_width=width,
        tile_height=height,
        columns=grid.columns,
        rows=math.ceil(count / grid.columns),
        row_gap=0 if stacked or alone else math.ceil(_LABEL_HEIGHT / scale),
        scale=scale,
    )


def matrix_grid(matrix: Matrix) -> ImageGrid:
    """Return a matrix as a picture of one pixel for each cell, coloured by the cell's share of its row, 0 to 1."""
    rates = matrix.rates[None]
    largest = np.array([np.nanmax(rates) if np.isfinite(rates).any() else np.nan])
    return ImageGrid(rates, ("",), (0.0, 1.0), 1, Palette.SEQUENTIAL, 1, largest)


def label_text(grid: ImageGrid | PanelGrid, values: tuple[str, ...]) -> str:
    """Return the labels as lines of tab-separated text, one line for each row of tiles; '' where they do not fit.

    Args:
        grid: whose labels are shown.
        values: a text for each tile, shown after its label where all of them fit; may be empty.
    """
    room = geometry_of(grid).label_characters - 1
    full = (
        [f"{label} {value}" for label, value in zip(grid.labels, values, strict=True)] if values else list(grid.labels)
    )
    texts = full if max(map(len, full), default=0) <= room else list(grid.labels)
    if max(map(len, texts), default=0) > room:
        return ""
    return "\n".join("\t".join(texts[start : start + grid.columns]) for start in range(0, len(texts), grid.columns))
