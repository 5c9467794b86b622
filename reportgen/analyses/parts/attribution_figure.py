"""Samples beside what their attribution maps mark."""

from __future__ import annotations

import numpy as np

from reportgen.measures.tiles import Pictures
from reportgen.plottables import Palette, Panel, PanelGrid

COLUMNS = 5


def attribution_figure(maps: np.ndarray, pictures: Pictures, labels: tuple[str, ...], *, total: int) -> PanelGrid:
    """Return each sample, grey, beside the positive part of its map, all maps on one scale.

    Args:
        maps: (N, H, W) float32 of the first N samples.
        pictures: of at least N samples.
        labels: of the N tiles.
        total: number of chosen samples.
    """
    positive = np.maximum(maps, 0)
    top = float(positive.max(initial=0, where=np.isfinite(positive))) or 1.0
    grey = pictures.values.mean(axis=-1) if pictures.palette is Palette.COLOUR else pictures.values
    return PanelGrid(
        panels=(
            Panel(grey[: len(labels)], pictures.value_range, Palette.GREY),
            Panel(positive, (0.0, top), Palette.SEQUENTIAL),
        ),
        labels=labels,
        columns=min(COLUMNS, len(labels)),
        total=total,
    )
