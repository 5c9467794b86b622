"""How large the pictures of a page may be, decided from shapes before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PAGE_BYTES = 2_000_000
"""Bytes that a page is planned for by default."""
CHOSEN_BYTES = 5_000_000
"""Bytes where --layers chose what is shown."""
LARGEST_BYTES = 15_000_000
"""Bytes over which a page is not made at all, unless the user allows more."""

SIDES = (96, 48, 32, 24)
"""Most pixels of a map along an axis, in the order in which they are tried: larger maps are drawn as means of blocks."""
_FEWEST_TILES = 8
_PICTURE = 3_600  # of a picture of tiles without its tiles: colours, scale, folding
_FRAME = 900  # of another sample's maps in the picture of a layer: its scale, and where its rows break
_TILE = 44  # of a tile's label, bar and fold
_PIXEL = 0.95  # of a value in 32 shades, compressed, in base64: noise has 5 bits
_WEIGHT = 1.25  # in 127 shades
_SMALL_WEIGHT = 6.0  # of a window that is drawn enlarged, so that gaps stay narrow
_ENLARGED = 6  # positions along an axis of such a window at the most
_COLOUR_PIXEL = 4.1  # of noise in three bytes
_LAYER, _KERNEL, _SHOWN, _PAGE = (
    250,
    1_200,
    7_000,
    300_000,
)  # of a call and a kernel mostly in the JSON, as tables are cut; of a shown layer; and all else
_SAMPLE = 60_000  # of a shown sample's pictures: itself at three sizes and its attribution
_PATCHES = 0.1  # of the budget for the patches of what filters respond to; half as much again for the story's
MOST_INPUTS = 256
"""Input channels that a filter of one position is drawn with: those with the largest norm."""


@dataclass(frozen=True)
class ShownLayer:
    """The shapes of a layer that is shown.

    Attributes:
        name: its path.
        size: spatial sizes of its output; empty where it has none.
        channels: number of channels of its output.
        window: sizes of its kernel's window; empty without a kernel.
        inputs: input channels of a filter.
    """

    name: str
    size: tuple[int, ...]
    channels: int
    window: tuple[int, ...] = ()
    inputs: int = 0


@dataclass(frozen=True)
class PagePlan:
    """What the pictures may take.

    Attributes:
        budget: bytes that the page is planned for.
        side: most pixels of a map along an axis.
        tiles: most maps or kernels of a layer.
        samples: samples whose maps are drawn.
        patch_pixels: pixels of all patches of what filters respond to.
        size: bytes that the page has at the most by this plan.
        cut: whether something is smaller or fewer than without a plan.
    """

    budget: int = PAGE_BYTES
    side: int = SIDES[0]
    tiles: int = 64
    samples: int = 20
    patch_pixels: int = int(_PATCHES * PAGE_BYTES / _COLOUR_PIXEL)
    size: int = 0
    cut: bool = False

    @property
    def fits(self) -> bool:
        """Whether the page keeps within what it is planned for."""
        return self.size <= self.budget


def plan_page(
    layers: Sequence[ShownLayer], *, calls: int, kernels: int, samples: int, tiles: int, budget: int
) -> PagePlan:
    """Return the largest pictures with which the page keeps within its budget, or the smallest where none does.

    Maps shrink by whole factors first, then fewer channels of each layer are shown, then the maps of fewer samples.

    Args:
        layers: the layers that are shown.
        calls: number of all layers' calls.
        kernels: number of all kernels.
        samples: number of samples that are shown.
        tiles: most maps or kernels of a layer that were asked for.
        budget: bytes.
    """
    patches = int(_PATCHES * budget / _COLOUR_PIXEL)
    rest: float = _PAGE + _LAYER * calls + _SHOWN * len(layers) + _KERNEL * kernels + _SAMPLE * samples
    rest += 1.5 * _PATCHES * budget if samples else 0
    last = (SIDES[0], tiles, samples, 0)
    for side, shown, drawn in _steps(tiles, samples):
        maps = sum(_maps(layer, side, shown, drawn) for layer in layers)
        last = (side, shown, drawn, math.ceil(rest + maps + sum(_kernels(layer, shown) for layer in layers)))
        if last[3] <= budget:
            break
    side, shown, drawn, size = last
    return PagePlan(budget, side, shown, drawn, patches, size, (side, shown, drawn) != (SIDES[0], tiles, samples))


def _steps(tiles: int, samples: int) -> Iterator[tuple[int, int, int]]:
    """Yield sides, tiles and samples in the order in which they are tried."""
    for side in SIDES:
        yield side, tiles, samples
    while tiles > _FEWEST_TILES:
        tiles = max(tiles // 2, _FEWEST_TILES)
        yield SIDES[-1], tiles, samples
    while samples > 1:
        samples //= 2
        yield SIDES[-1], tiles, samples


def drawn_size(size: tuple[int, ...], side: int) -> tuple[int, int]:
    """Return height and width at which a map is drawn: of three sizes the central slices side by side."""
    if len(size) == 1:
        return 1, size[0]
    height, width = size if len(size) == 2 else (max(size[0], size[1]), 2 * size[2] + size[1] + 2)
    factor = max(1, math.ceil(max(height, width) / side))
    return math.ceil(height / factor), math.ceil(width / factor)


def _maps(layer: ShownLayer, side: int, tiles: int, samples: int) -> float:
    if not layer.size or not samples:
        return 0
    shown = min(layer.channels, tiles)
    height, width = drawn_size(layer.size, side)
    return _PICTURE + samples * (_FRAME + shown * (_TILE + _PIXEL * height * width))


def _kernels(layer: ShownLayer, tiles: int) -> float:
    if not layer.window:
        return 0
    shown = min(layer.channels, tiles)
    positions = math.prod(layer.window)
    if positions == 1:
        return 2 * (_PICTURE + shown * (_TILE + _WEIGHT * min(layer.inputs, MOST_INPUTS)))
    each = positions * (_SMALL_WEIGHT if max(layer.window) <= _ENLARGED else _WEIGHT)
    if layer.inputs == 3 and len(layer.window) == 2:  # in colour too
        each *= 4
    return 2 * (_PICTURE + shown * (_TILE + each))
