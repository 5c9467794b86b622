"""The filters that changed most, of both models side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import Skip
from reportgen.comparison.weights import WeightPair
from reportgen.measures.tiles import KERNEL_PERCENTILE, percentile_end
from reportgen.messages import say
from reportgen.results import Kept, Palette, Panel, PanelGrid, redactable

MOST_KERNELS, MOST_FILTERS = 6, 8


@redactable
@dataclass(frozen=True)
class ChangedFilters:
    """The filters of a kernel that changed most.

    Attributes:
        label: the kernel.
        window: height and width of a filter.
        filters: their numbers in the base, the largest change first.
        places: their numbers in the new model.
        channels: the input channel of each that is drawn, on which it changed most.
        changes: norm of each filter's difference as a share of the root mean square norm of both.
        total: number of filters that the kernel has.
        panels: the filter of the base, that of the new model and their difference, on one scale, zero in the middle.
    """

    label: Kept[str]
    window: tuple[int, ...]
    filters: tuple[int, ...]
    places: tuple[int, ...]
    channels: tuple[int, ...]
    changes: tuple[float, ...]
    total: int
    panels: PanelGrid


@redactable
@dataclass(frozen=True)
class FilterChangesResult:
    """Filters of both models side by side.

    Attributes:
        kernels: the kernels over a window that changed most, in the order of the model.
    """

    kernels: tuple[ChangedFilters, ...]


def filter_changes(pair: WeightPair, order: tuple[str, ...]) -> FilterChangesResult | Skip:
    """Return the most changed filters; a skip where no kernel over a window changed.

    Args:
        pair: the models.
        order: labels of the kernels that changed, the most changed first.
    """
    common = pair.kernels
    windows = [label for label in order if _is_drawn(common[label][1].kind, common[label][1].shape)][:MOST_KERNELS]
    drawn = {label: _changed(pair, label) for label in windows}
    kernels = tuple(drawn[label] for label in common if label in drawn)
    return FilterChangesResult(kernels) if kernels else Skip(say("No filter over a window of an image differs."))


def _is_drawn(kind: str, shape: tuple[int, ...]) -> bool:
    return kind != "dense" and len(shape) == 4 and max(shape[:2]) > 1


def _changed(pair: WeightPair, label: str) -> ChangedFilters:
    kernel = pair.kernels[label][1]
    base, new = (np.nan_to_num(kernel.by_filter(values)) for values in pair.values(label))
    apart = new - base
    squares = [np.square(each.astype(np.float64)) for each in (base, new, apart)]
    norms = [np.sqrt(each.sum(axis=(1, 2, 3))) for each in squares]
    scale = np.sqrt((norms[0] ** 2 + norms[1] ** 2) / 2)
    changes = np.where(scale > 0, norms[2] / np.where(scale > 0, scale, 1), 0.0)
    chosen = np.argsort(-changes, kind="stable")[:MOST_FILTERS]
    channels = squares[2][chosen].sum(axis=(1, 2)).argmax(axis=1)
    tiles = [each[chosen, :, :, channels].astype(np.float32) for each in (base, new, apart)]
    end = percentile_end(KERNEL_PERCENTILE, *tiles)
    places = pair.orders.outputs.get(kernel.path)
    return ChangedFilters(
        label=label,
        window=kernel.shape[:2],
        filters=tuple(chosen.tolist()),
        places=tuple((chosen if places is None else places[chosen]).tolist()),
        channels=tuple(channels.tolist()),
        changes=tuple(changes[chosen].tolist()),
        total=len(base),
        panels=PanelGrid(
            panels=tuple(Panel(each, (-end, end), Palette.DIVERGING) for each in tiles),
            labels=tuple(str(number) for number in chosen.tolist()),
            columns=min(len(chosen), 4),
            total=len(base),
            of_weights=True,
        ),
    )
