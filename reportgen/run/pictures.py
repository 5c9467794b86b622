"""Evaluated samples as pictures that stand side by side, each with its number."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.measures.tiles import columns_for, pictures_of
from reportgen.results import ImageGrid
from reportgen.run.evaluation import EvaluatedSamples

_PIXELS = 56 * 56


def side_by_side(
    samples: EvaluatedSamples, positions: Sequence[int], *, pixels: int = _PIXELS, total: int | None = None
) -> ImageGrid | None:
    """Return the pictures of some evaluated samples; None without any, and for what is no picture.

    Args:
        samples: the evaluated samples.
        positions: those to show, in this order.
        pixels: most pixels that one picture may have.
        total: number of samples that these stand for; None for themselves alone.
    """
    drawn = pictures_of(samples.read(positions), pixels=pixels) if positions else None
    if drawn is None:
        return None
    numbers = tuple(str(samples.index(position)) for position in positions)
    count = len(positions)
    return ImageGrid(
        drawn.values,
        numbers,
        drawn.value_range,
        count if total is None else total,
        drawn.palette,
        columns_for(count),
        drawn.maxima,
    )
