"""Kernels of the size of patches, to stand beside them."""

from __future__ import annotations

import numpy as np

from reportgen.models.weights import LayerKernel
from reportgen.results import Palette, Panel


def kernel_tiles(kernel: LayerKernel, channels: tuple[int, ...], size: tuple[int, ...]) -> Panel | None:
    """Return the kernels of some channels, enlarged by a whole factor and centred in a patch's size.

    Of each, the input channel with the largest norm is shown, in a volume its middle slice, along time as a row. None
    where they do not belong to the channels one by one, or have one position, of which nothing but the sign would be seen.
    Values are shares of the kernel's own largest magnitude, so that its pattern is seen beside what fits it.

    Args:
        kernel: the layer's kernel.
        channels: channels of the layer's output.
        size: height and width of a patch.
    """
    filters = kernel.by_filter(kernel.values())
    if filters.ndim not in (3, 4, 5) or len(filters) <= max(channels) or kernel.name != "kernel":
        return None
    if filters[0, ..., 0].size == 1:
        return None
    chosen = filters[list(channels)]
    strongest_input = np.sqrt((chosen.astype(np.float64) ** 2).sum(axis=tuple(range(1, chosen.ndim - 1)))).argmax(
        axis=-1
    )
    tiles = chosen[np.arange(len(chosen)), ..., strongest_input]
    if tiles.ndim == 2:
        tiles = tiles[:, None].repeat(size[0], axis=1).repeat(max(size[1] // tiles.shape[1], 1), axis=2)
    else:
        tiles = tiles[:, tiles.shape[1] // 2] if tiles.ndim == 4 else tiles
        factor = max(1, min(size[0] // tiles.shape[1], size[1] // tiles.shape[2]))
        tiles = tiles.repeat(factor, axis=1).repeat(factor, axis=2)
    margins = [max(wanted - has, 0) for wanted, has in zip(size, tiles.shape[1:], strict=True)]
    widths = [(0, 0), *((margin // 2, margin - margin // 2) for margin in margins)]
    largest = np.nan_to_num(np.abs(tiles)).max(axis=(1, 2), keepdims=True)
    shares = (tiles / np.where(largest > 0, largest, 1)).astype(np.float32)
    return Panel(np.pad(shares, widths, constant_values=np.nan), (-1.0, 1.0), Palette.DIVERGING)
