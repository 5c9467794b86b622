"""Measures of outputs that are no class scores: masks, images and vectors of numbers. Pure: arrays in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.measures.intervals import CONFIDENCE
from reportgen.results import Kept, redactable

_RESAMPLES = 1000
_QUANTILES = (0.5, 0.95)


@redactable
@dataclass(frozen=True)
class Overlap:
    """The intersection over union of predicted and true pixels, of one class or the mean of several.

    Attributes:
        name: the class's name; '' for the mean.
        value: in [0, 1]; NaN where a class is neither predicted nor true anywhere.
        low, high: its 95 % interval; NaN on a single sample.
        share: share of the true pixels that have the class, in [0, 1].
    """

    name: Kept[str]
    value: float
    low: float
    high: float
    share: float


@redactable
@dataclass(frozen=True)
class SegmentationQuality:
    """Predicted masks against true ones.

    Attributes:
        mean: mean of the classes' overlaps, without those that occur nowhere.
        classes: the overlap of each class; of two with a single output, that of the foreground alone.
        pixels: share of the pixels that have their class, in [0, 1].
        total_pixels: number of pixels.
    """

    mean: Overlap
    classes: tuple[Overlap, ...]
    pixels: float
    total_pixels: int


@redactable
@dataclass(frozen=True)
class OutputErrors:
    """How far one of several outputs, or one channel of an image, is from what it should be, in units of the output.

    Attributes:
        name: number of the output, or of the channel.
        bias: mean of output minus target.
        mean_absolute: mean of the error's magnitude.
        root_mean_square: root mean square of the error.
        explained: share of the targets' variance that the output explains (R squared), at most 1; NaN where they are all equal.
        quantiles: quantiles of the error's magnitude, by probability such as '0.5'.
    """

    name: Kept[str]
    bias: float
    mean_absolute: float
    root_mean_square: float
    explained: float
    quantiles: dict[str, float]


def masks_of(outputs: np.ndarray) -> np.ndarray:
    """Return the predicted class of each pixel, (N, H, W) int64.

    Args:
        outputs: (N, H, W, K) scores; with K = 1 the foreground's probability, or its logit where a value is not in [0, 1].
    """
    if outputs.shape[-1] > 1:
        return np.asarray(outputs.argmax(axis=-1))
    limit = 0.5 if outputs.min(initial=0) >= 0 and outputs.max(initial=1) <= 1 else 0.0
    return np.asarray(outputs[..., 0] > limit, dtype=np.int64)


def overlaps_of(predicted: np.ndarray, masks: np.ndarray, classes: int) -> np.ndarray:
    """Return pixels of each sample and class, (N, K, 3) int64: in both masks, in either, and in the true one.

    Args:
        predicted, masks: (N, H, W) int64, in [0, K).
        classes: K.
    """
    pairs = [
        np.bincount((true * classes + said).ravel(), minlength=classes * classes).reshape(classes, classes)
        for said, true in zip(predicted, masks, strict=True)
    ]
    counts = np.array(pairs).reshape(-1, classes, classes)
    both, true, said = np.diagonal(counts, axis1=1, axis2=2), counts.sum(axis=2), counts.sum(axis=1)
    return np.stack([both, true + said - both, true], axis=2)


def mean_overlap(counts: np.ndarray) -> np.ndarray:
    """Return the mean intersection over union of (..., K, 3) counts over the classes that occur, NaN where none does."""
    known = counts[..., 1] > 0
    ratios = np.where(known, counts[..., 0] / np.maximum(counts[..., 1], 1), 0)
    return np.asarray(ratios.sum(axis=-1) / np.where(known.any(axis=-1), known.sum(axis=-1), np.nan))


def segmentation_quality(
    outputs: np.ndarray, masks: np.ndarray, names: Sequence[str], *, seed: int
) -> SegmentationQuality:
    """Return the quality of predicted masks.

    Args:
        outputs: (N, H, W, K) scores, see `masks_of`.
        masks: (N, H, W) int64, true classes in [0, max(K, 2)).
        names: names of the max(K, 2) classes.
        seed: seed of the resampling.

    Source: Everingham et al., The PASCAL Visual Object Classes Challenge, IJCV 88 (2010) 303, section 4.2: intersection over
    union of the pixels of all images, mean over classes. Efron 1979, Annals of Statistics 7, 1: percentile bootstrap; images
    are drawn, as pixels of one image depend on one another.
    """
    counts = overlaps_of(masks_of(outputs), masks, len(names))
    right = float(counts[..., 0].sum() / counts[..., 2].sum())
    if outputs.shape[-1] == 1:
        counts, names = counts[:, 1:], names[1:]
    drawn = np.random.default_rng(seed).integers(0, len(counts), (_RESAMPLES, len(counts)))
    sums = np.array([counts[rows].sum(axis=0) for rows in drawn])
    total, pixels = counts.sum(axis=0), masks.size

    def overlap(name: str, chosen: slice) -> Overlap:
        resampled = mean_overlap(sums[:, chosen])
        finite = resampled[np.isfinite(resampled)]
        bounds = (float("nan"), float("nan"))
        if len(counts) > 1 and finite.size:
            low, high = np.quantile(finite, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
            bounds = float(low), float(high)
        return Overlap(name, float(mean_overlap(total[chosen])), *bounds, float(total[chosen, 2].sum() / pixels))

    each = tuple(overlap(name, slice(index, index + 1)) for index, name in enumerate(names))
    return SegmentationQuality(overlap("", slice(None)), each, right, pixels)


def output_errors(outputs: np.ndarray, targets: np.ndarray) -> tuple[OutputErrors, ...]:
    """Return the errors of each output, or of each channel of images.

    Args:
        outputs, targets: (N, M) numbers, or (N, H, W, M).
    """
    flat = [values.reshape(-1, values.shape[-1]).astype(np.float64) for values in (outputs, targets)]
    found = []
    for number, (said, wanted) in enumerate(zip(flat[0].T, flat[1].T, strict=True)):
        errors = said - wanted
        spread = float(((wanted - wanted.mean()) ** 2).sum())
        found.append(
            OutputErrors(
                name=str(number),
                bias=float(errors.mean()),
                mean_absolute=float(np.abs(errors).mean()),
                root_mean_square=float(np.sqrt((errors**2).mean())),
                explained=1 - float((errors**2).sum()) / spread if spread else float("nan"),
                quantiles={f"{share:g}": float(np.quantile(np.abs(errors), share)) for share in _QUANTILES},
            )
        )
    return tuple(found)
