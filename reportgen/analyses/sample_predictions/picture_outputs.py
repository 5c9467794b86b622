"""Outputs that are images, beside input, target and error."""

from __future__ import annotations

import numpy as np

from reportgen.analyses.sample_predictions.results import PictureOutputs
from reportgen.measures.outputs import masks_of, mean_overlap, overlaps_of
from reportgen.measures.tiles import block_means, pictures_of, reduction_for
from reportgen.models.graphs import Head
from reportgen.results import Palette, Panel, PanelGrid
from reportgen.run import EvaluatedSamples
from reportgen.samples import PictureTargets

_PIXELS = 128 * 128
_COLUMNS = 2


def picture_outputs(samples: EvaluatedSamples, head: Head) -> PictureOutputs | None:
    """Return the outputs of the chosen samples as pictures, the worst first; None where they are no images.

    Args:
        samples: the evaluated samples.
        head: how the model ends: several channels behind a softmax are classes of pixels.
    """
    count = len(samples.names)
    outputs = samples.activations.outputs[:count]
    if outputs.ndim != 4 or not count or 1 in outputs.shape[1:3]:
        return None
    labels = samples.labels.values[:count] if isinstance(samples.labels, PictureTargets) else None
    masked = samples.labels.classes if isinstance(samples.labels, PictureTargets) else 0
    classes = masked or (outputs.shape[-1] if head.activation == "softmax" and outputs.shape[-1] > 1 else 0)
    said = masks_of(samples.activations.outputs)[:count] if classes else outputs
    values = _measured(said, labels, classes)
    order = np.arange(count) if values is None else np.argsort(values if classes else -values, kind="stable")
    reduction = reduction_for(1, outputs.shape[1], outputs.shape[2], _PIXELS)
    panels = {"input": _input(samples, order)}
    ends = (0.0, float(classes - 1)) if classes else _ends(outputs, labels)
    panels["output"] = _panel(said[order], ends, reduction, classes)
    if labels is not None:
        panels["target"] = _panel(labels[order], ends, reduction, classes)
        difference = np.abs((said != labels) if classes else (said - labels).mean(axis=-1))[order]
        top = 1.0 if classes else float(difference.max()) or 1.0
        panels["error"] = Panel(block_means(difference, reduction), (0.0, top), Palette.SEQUENTIAL)
    shown = {part: panel for part, panel in panels.items() if panel is not None}
    numbers = [str(samples.summary.shown[position]) for position in order]
    told = () if values is None else tuple(float(value) for value in values[order])
    names = tuple(f"{one} ({value:.2g})" for one, value in zip(numbers, told, strict=True)) if told else tuple(numbers)
    return PictureOutputs(
        figure=PanelGrid(tuple(shown.values()), names, min(_COLUMNS, count), count),
        parts=tuple(shown),
        classes=classes,
        measure="" if values is None else "overlap" if classes else "error",
        values=told,
        reduction=reduction,
    )


def _measured(said: np.ndarray, labels: np.ndarray | None, classes: int) -> np.ndarray | None:
    """Return the mean intersection over union of each sample, or its root mean square error; None without labels."""
    if labels is None:
        return None
    if classes:
        return mean_overlap(overlaps_of(said, labels, classes))
    return np.asarray(np.sqrt(((said - labels) ** 2).mean(axis=(1, 2, 3))))


def _input(samples: EvaluatedSamples, order: np.ndarray) -> Panel | None:
    drawn = pictures_of(samples.images, pixels=_PIXELS)
    return None if drawn is None else Panel(drawn.values[order], drawn.value_range, drawn.palette)


def _ends(outputs: np.ndarray, labels: np.ndarray | None) -> tuple[float, float]:
    """Return the scale that outputs and targets share: 0 to 1 where all lie within, else from the smallest to the largest."""
    finite = np.concatenate([values[np.isfinite(values)] for values in (outputs, labels) if values is not None])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, max(high, low + 1e-6))


def _panel(values: np.ndarray, ends: tuple[float, float], reduction: int, classes: int) -> Panel:
    if classes:
        factor = slice(None, None, reduction)  # the mean of two classes would be a third one
        return Panel(values[:, factor, factor].astype(np.float32), ends, Palette.SEQUENTIAL)
    colour = values.shape[-1] in (3, 4)
    drawn = values[..., :3] if colour else values.mean(axis=-1, dtype=np.float32)
    return Panel(block_means(drawn, reduction), ends, Palette.COLOUR if colour else Palette.GREY)
