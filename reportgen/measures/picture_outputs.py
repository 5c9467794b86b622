"""Outputs that are images, as pictures beside input, target and error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from reportgen.measures.outputs import squared_errors
from reportgen.measures.segmentation import count_pixels, mean_of_known
from reportgen.measures.tiles import block_means, pictures_of, reduction_for
from reportgen.results import Becomes, Kept, Palette, Panel, PanelGrid, redactable

_PIXELS = 128 * 128
_COLUMNS = 2


@redactable
@dataclass(frozen=True)
class PictureOutputs:
    """Outputs that are images, beside what the model received and should have put out.

    Attributes:
        figure: a tile for each sample; its panels in the order of `parts`.
        parts: what the panels show: 'input', 'output', 'target', 'error'.
        classes: number of classes of the pixels, of which the output is the likeliest; 0 where the output is shown as it is.
        measure: what the tiles' labels tell beside the sample's number: 'overlap', its mean intersection over union; 'error', its
            root mean square error; '' without targets.
        values: that measure of each tile.
        slices: slice of a volume along its first axis that each tile shows; empty for images.
        reduction: factor by which the pictures are smaller than the outputs.
    """

    figure: Annotated[PanelGrid | None, Becomes(None)]
    parts: Kept[tuple[str, ...]]
    classes: int
    measure: Kept[str]
    values: tuple[float, ...]
    reduction: Annotated[int, Becomes(1)]
    slices: tuple[int, ...] = ()

    @property
    def mean(self) -> float:
        """Mean of the values that are numbers: of a mask of which no pixel has a class there is none."""
        return float(mean_of_known(np.array(self.values)))


def are_pictures(outputs: np.ndarray) -> bool:
    """Return whether outputs (N, ...) are images or volumes, with a height and a width over 1."""
    return outputs.ndim in (4, 5) and len(outputs) > 0 and 1 not in outputs.shape[-3:-1]


def of_each_picture(said: np.ndarray, targets: np.ndarray, classes: int) -> np.ndarray:
    """Return the mean intersection over union of each sample, or its root mean square error, (N,) float64.

    Args:
        said, targets: (N, [D,] H, W) int64 in [0, classes), negative in `targets` where a pixel has no class; or
            (N, [D,] H, W, C) float.
        classes: number of classes of the pixels; 0 for images.
    """
    if not classes:
        return np.asarray(np.sqrt(squared_errors(said, targets)))
    counts, _ = count_pixels(said, targets, classes)
    return mean_of_known(counts.overlaps)


def picture_outputs(
    numbers: Sequence[int],
    images: np.ndarray,
    said: np.ndarray,
    targets: np.ndarray | None,
    values: np.ndarray | None,
    *,
    classes: int,
) -> PictureOutputs:
    """Return the outputs of some samples as pictures; of volumes the middle one of the slices in which a pixel is not of class 0.

    Args:
        numbers: numbers of the n samples in the source.
        images: the samples as stored, (n, *shape).
        said: (n, [D,] H, W) int64 in [0, classes), or (n, [D,] H, W, C) float.
        targets: likewise, negative where a pixel has no class; None without.
        values: (n,) from `of_each_picture`; None without targets.
        classes: number of classes of the pixels; 0 for images.
    """
    slices: tuple[int, ...] = ()
    if said.ndim == (4 if classes else 5):
        depth, slices = said.shape[1], _middle_slices(said if targets is None else targets, classes)
        images = _cut(images, [place * images.shape[1] // depth for place in slices]) if images.ndim == 5 else images
        said, targets = _cut(said, slices), None if targets is None else _cut(targets, slices)
    reduction = reduction_for(1, said.shape[1], said.shape[2], _PIXELS)
    panels = {"input": _input(images)}
    ends = (0.0, float(classes - 1)) if classes else _ends(said, targets)
    panels["output"] = _panel(said, ends, reduction, classes)
    if targets is not None:
        panels["target"] = _panel(targets, ends, reduction, classes)
        difference = _wrong(said, targets) if classes else np.abs((said - targets).mean(axis=-1))
        top = 1.0 if classes else float(difference.max()) or 1.0
        panels["error"] = Panel(block_means(difference, reduction), (0.0, top), Palette.SEQUENTIAL)
    shown = {part: panel for part, panel in panels.items() if panel is not None}
    told = () if values is None else tuple(map(float, values))
    labels = (
        tuple(f"{one} ({value:.2g})" for one, value in zip(numbers, told, strict=True))
        if told
        else tuple(map(str, numbers))
    )
    return PictureOutputs(
        figure=PanelGrid(tuple(shown.values()), labels, min(_COLUMNS, len(labels)), len(labels), large=True),
        parts=tuple(shown),
        classes=classes,
        measure="" if values is None else "overlap" if classes else "error",
        values=told,
        reduction=reduction,
        slices=slices,
    )


def _middle_slices(volumes: np.ndarray, classes: int) -> tuple[int, ...]:
    """Return the slice of each volume that is shown, along the first axis: without an object the central one."""
    centre = volumes.shape[1] // 2
    if not classes:
        return (centre,) * len(volumes)
    held = (np.flatnonzero((one > 0).any(axis=(1, 2))) for one in volumes)
    return tuple(int(places[len(places) // 2]) if len(places) else centre for places in held)


def _cut(volumes: np.ndarray, slices: Sequence[int]) -> np.ndarray:
    return np.asarray(volumes[np.arange(len(volumes)), np.asarray(slices)])


def _wrong(said: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return 1 where the class of a pixel is wrong, 0 where it is right, NaN where it has none."""
    return np.where(targets >= 0, said != targets, np.nan)


def _input(images: np.ndarray) -> Panel | None:
    drawn = pictures_of(images, pixels=_PIXELS)
    return None if drawn is None else Panel(drawn.values, drawn.value_range, drawn.palette)


def _ends(outputs: np.ndarray, targets: np.ndarray | None) -> tuple[float, float]:
    """Return the scale that outputs and targets share: 0 to 1 where all lie within, else from the smallest to the largest."""
    finite = np.concatenate([values[np.isfinite(values)] for values in (outputs, targets) if values is not None])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, max(high, low + 1e-6))


def _panel(values: np.ndarray, ends: tuple[float, float], reduction: int, classes: int) -> Panel:
    if classes:
        factor = slice(None, None, reduction)  # the mean of two classes would be a third one
        drawn = values[:, factor, factor].astype(np.float32)
        return Panel(np.where(drawn >= 0, drawn, np.float32(np.nan)), ends, Palette.SEQUENTIAL)
    colour = values.shape[-1] in (3, 4)
    drawn = values[..., :3] if colour else values.mean(axis=-1, dtype=np.float32)
    return Panel(block_means(drawn, reduction), ends, Palette.COLOUR if colour else Palette.GREY)
