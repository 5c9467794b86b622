"""Tiles of several pictures side by side as pixels: indices of one table of colours, or colours where a panel has its own."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reportgen.rendering.encoding import BEYOND_COLOUR, GROUND_COLOUR, LEVELS, byte_levels, levels_of, lookup_table
from reportgen.results import Palette, Panel, PanelGrid

GAP = 3
"""CSS pixels of the ground between two panels of a tile."""


@dataclass(frozen=True)
class PanelTiles:
    """The tiles of a grid of panels.

    Attributes:
        pixels: (N, H, W) uint8, indices of `table`; (N, H, W, 3) where there is none.
        table: (K, 3) uint8, of which the first colour is the ground's; None for tiles with a panel in colour.
        scale: the panel whose colours need a scale; None for pictures alone.
        unit: CSS pixels that a pixel takes.
    """

    pixels: np.ndarray
    table: np.ndarray | None
    scale: Panel | None
    unit: float


def panel_tiles(grid: PanelGrid, width: int) -> PanelTiles:
    """Return the tiles of a grid, every panel enlarged without smoothing to one size.

    Args:
        grid: the grid.
        width: CSS pixels that a tile should take at most; the largest panel is enlarged by the whole multiple that keeps within.
    """
    sizes = [panel.images.shape[1:3] for panel in grid.panels]
    high, wide = max(size[0] for size in sizes), max(size[1] for size in sizes)
    count = len(grid.panels)
    multiple = max(1, (width - GAP * (count - 1)) // count // wide)
    repeat = max(1, round(multiple / GAP))  # pixels about as wide as the gap, so that it is one of them
    unit = multiple / repeat
    size = (high * repeat, wide * repeat)
    palettes = [palette for palette in dict.fromkeys(each.palette for each in grid.panels) if palette != Palette.COLOUR]
    table = np.vstack([[GROUND_COLOUR], *map(lookup_table, palettes), [BEYOND_COLOUR]]).astype(np.uint8)
    coloured = any(panel.palette is Palette.COLOUR for panel in grid.panels)
    parts: list[np.ndarray] = []
    for panel in grid.panels:
        if panel.palette is Palette.COLOUR:
            beyond = ~np.isfinite(panel.images).all(axis=-1, keepdims=True)
            pictures = np.where(beyond, np.array(BEYOND_COLOUR, np.uint8), byte_levels(panel))
        else:
            levels = levels_of(panel)
            missing = len(table) - 1 if panel.palette is Palette.GREY else 0
            indices = np.where(levels == 0, missing, levels + LEVELS * palettes.index(panel.palette))
            pictures = table[indices] if coloured else indices.astype(np.uint8)
        pictures = _enlarged(pictures, size)
        gap = np.zeros((*pictures.shape[:2], math.ceil(GAP / unit - 0.5) or 1, *pictures.shape[3:]), np.uint8)
        gap[:] = table[0] if coloured else 0
        parts += [gap, pictures] if parts else [pictures]
    computed = [panel for panel in grid.panels if panel.palette not in (Palette.GREY, Palette.COLOUR)]
    tiles, scale = np.concatenate(parts, axis=2), computed[0] if computed else None
    return PanelTiles(tiles, None if coloured else table, scale, unit)


def _enlarged(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    height, width = images.shape[1:3]
    return images[:, np.arange(size[0]) * height // size[0]][:, :, np.arange(size[1]) * width // size[1]]
