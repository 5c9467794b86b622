"""Measures of masks, predicted and true. Pure: arrays in, numbers with their uncertainty out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.measures.assignment import Reordered, certain_exchanges
from reportgen.measures.classification import MATRIX_CLASSES
from reportgen.measures.intervals import CONFIDENCE
from reportgen.measures.skill import FEWEST, Skill
from reportgen.results import Kept, redactable

_RESAMPLES = 1000


@redactable
@dataclass(frozen=True)
class Bounded:
    """A number with its 95 % interval, whose ends are NaN on a single sample."""

    value: float
    low: float
    high: float


@redactable
@dataclass(frozen=True)
class Overlap:
    """How far predicted and true pixels of one class are the same, or the mean of several classes.

    Attributes:
        name: the class's name; '' for the mean.
        value: intersection over union in [0, 1]; NaN where a class is neither predicted nor true anywhere.
        low, high: its 95 % interval; NaN on a single sample.
        dice: 2 intersection / (predicted + true pixels), in [0, 1]; NaN likewise.
        share: share of the true pixels that have the class, in [0, 1].
        predicted: share of the same pixels that are predicted to have it, in [0, 1].
        samples: number of samples with a true pixel of it; 0 for the mean.
    """

    name: Kept[str]
    value: float
    low: float
    high: float
    dice: float
    share: float
    predicted: float
    samples: int = 0


@redactable
@dataclass(frozen=True)
class SegmentationQuality:
    """Predicted masks against true ones.

    Attributes:
        mean: mean of the classes' overlaps, without those that occur nowhere.
        classes: the overlap of each class; of two with a single output, that of the foreground alone.
        pixels: pixel accuracy, the share of the pixels that have their class, in [0, 1].
        recall: mean over the true classes of the share of their pixels that are found, in [0, 1].
        total_pixels: number of pixels that have a class.
        ignored: share of all pixels that have none and are in no measure, in [0, 1].
        samples: number of masks.
        true_classes: number of classes that some true pixel has.
        majority: name of the most frequent class of the true pixels.
        majority_share: its share of them, in [0, 1].
        baseline_pixels, baseline_recall: pixel accuracy and mean recall of always predicting one mask, see `usual_masks`.
        constant: the predicted class, where all pixels of all samples have the same one; None elsewhere.
        others: number of samples that hold another class than `constant`; 0 without it.
        pixel_skill: share of the wrong pixels of that mask which the model avoids.
        recall_skill: by which share of the way from that mask's mean recall to 1 the model's is better.
        reordered: the classes that labels and masks have in different orders; None where there are none.
    """

    mean: Overlap
    classes: tuple[Overlap, ...]
    pixels: Bounded
    recall: Bounded
    total_pixels: int
    ignored: float
    samples: int
    true_classes: int
    majority: Kept[str]
    majority_share: float
    baseline_pixels: float
    baseline_recall: float
    constant: Kept[str | None]
    others: int
    pixel_skill: Skill
    recall_skill: Skill
    reordered: Reordered | None = None

    @property
    def lowest(self) -> Overlap | None:
        """The class that overlaps least, of several; None of a single one, and where none occurs."""
        known = [one for one in self.classes if math.isfinite(one.value)]
        return min(known, key=lambda one: one.value) if len(known) > 1 else None


@dataclass(frozen=True)
class MaskCounts:
    """Pixels of masks, of each sample or of all samples that were drawn together.

    Attributes:
        both: (R, K) int64, pixels that have the class in both masks.
        true: (R, K) int64, pixels that have it in the true one.
        said: (R, K) int64, pixels that have it in the predicted one.
    """

    both: np.ndarray
    true: np.ndarray
    said: np.ndarray

    @property
    def overlaps(self) -> np.ndarray:
        """Intersection over union, (R, K); NaN where a class is in neither mask."""
        return _ratio(self.both, self.true + self.said - self.both)

    @property
    def pixels(self) -> np.ndarray:
        """Share of the pixels that have their class, (R,)."""
        return _ratio(self.both.sum(axis=1), self.true.sum(axis=1))

    @property
    def recall(self) -> np.ndarray:
        """Mean over the true classes of the share of their pixels that are found, (R,)."""
        return mean_of_known(_ratio(self.both, self.true))

    def of(self, first: int) -> MaskCounts:
        """Return the counts of the classes from `first` on."""
        return MaskCounts(self.both[:, first:], self.true[:, first:], self.said[:, first:])

    def drawn(self, times: np.ndarray) -> MaskCounts:
        """Return the sums over samples, each taken so many times: (R, N) integers."""
        return MaskCounts(times @ self.both, times @ self.true, times @ self.said)


def masks_of(outputs: np.ndarray) -> np.ndarray:
    """Return the predicted class of each pixel, (N, [D,] H, W) int64.

    Args:
        outputs: (N, [D,] H, W, K) scores; with K = 1 the foreground's probability, or its logit where a value is not in [0, 1].
    """
    if outputs.shape[-1] > 1:
        return np.asarray(outputs.argmax(axis=-1))
    limit = 0.5 if outputs.min(initial=0) >= 0 and outputs.max(initial=1) <= 1 else 0.0
    return np.asarray(outputs[..., 0] > limit, dtype=np.int64)


def count_pixels(predicted: np.ndarray, masks: np.ndarray, classes: int) -> tuple[MaskCounts, np.ndarray]:
    """Return how many pixels of each sample have each class, and what most of a class's pixels are predicted to be.

    Args:
        predicted, masks: (N, [D,] H, W) of whole numbers, in [0, K); pixels of negative class in `masks` are left out.
        classes: K.

    Returns:
        The counts of the N samples; (N, K) int64, the class that most true pixels of a class are predicted to have, -1 where
        the sample has none.
    """
    found = []
    for said, true in zip(predicted, masks, strict=True):
        places = (true.astype(np.int64) * classes + said).ravel()
        has_class = true.ravel() >= 0
        pairs = np.bincount(places if has_class.all() else places[has_class], minlength=classes * classes)
        pairs = pairs.reshape(classes, classes)
        known = pairs.sum(axis=1)
        found.append((pairs.diagonal(), known, pairs.sum(axis=0), np.where(known > 0, pairs.argmax(axis=1), -1)))
    both, true, said, mostly = (np.array(each).reshape(-1, classes) for each in zip(*found, strict=True))
    return MaskCounts(both, true, said), mostly


def usual_masks(masks: np.ndarray, classes: int) -> np.ndarray:
    """Return what is predicted of each sample without looking at it, (N, [D,] H, W): the class that a pixel mostly has elsewhere.

    The sample itself does not count, so that few samples do not learn their own masks by heart. Of equals the lowest class.

    Args:
        masks: (N, [D,] H, W) of whole numbers, in [0, K); negative ones have no vote.
        classes: K.
    """
    best = second = np.full(masks.shape[1:], -1)
    of_best = of_second = np.full(masks.shape[1:], -1, np.int64)
    for index in range(classes):
        count = np.zeros(masks.shape[1:], np.int64)
        for mask in masks:
            count += mask == index
        first, next_ = count > of_best, (count <= of_best) & (count > of_second)
        second, of_second = (
            np.where(first, best, np.where(next_, index, second)),
            np.where(first, of_best, np.where(next_, count, of_second)),
        )
        best, of_best = np.where(first, index, best), np.where(first, count, of_best)
    # without its own vote the best class of a pixel falls behind the next one where it was no more than equal to it
    falls = (of_best - 1 < of_second) | ((of_best - 1 == of_second) & (second < best))
    return np.stack([np.where(falls & (mask == best), second, best) for mask in masks])


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """Return the mean along the last axis of the values that are numbers, NaN where none is."""
    known = np.isfinite(values)
    return _ratio(np.where(known, values, 0).sum(axis=-1), known.sum(axis=-1))


def dice_of(overlaps: np.ndarray) -> np.ndarray:
    """Return Dice's coefficient 2 J / (1 + J) of the intersection over union J.

    Source: Dice 1945, Ecology 26, 297.
    """
    return np.asarray(2 * overlaps / (1 + overlaps))


def resamples(count: int, seed: int) -> np.ndarray:
    """Return how often each of `count` samples is drawn in samples drawn with replacement, (1000, count) int64.

    Images are drawn, as pixels of one image depend on one another.

    Source: Efron 1979, Annals of Statistics 7, 1 (bootstrap).
    """
    drawn = np.random.default_rng(seed).integers(0, count, (_RESAMPLES, count))
    return np.stack([np.bincount(rows, minlength=count) for rows in drawn])


def percentile_interval(values: np.ndarray, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the bounds of a number by its values in samples drawn anew; NaN where none is a number."""
    known = values[np.isfinite(values)]
    if not known.size:
        return math.nan, math.nan
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def segmentation_quality(
    outputs: np.ndarray, masks: np.ndarray, names: Sequence[str], *, seed: int
) -> SegmentationQuality:
    """Return the quality of predicted masks.

    Args:
        outputs: (N, [D,] H, W, K) scores, see `masks_of`.
        masks: (N, [D,] H, W) of whole numbers, true classes in [0, max(K, 2)); pixels of negative class are left out.
        names: names of the max(K, 2) classes.
        seed: seed of the resampling.

    Source: Everingham et al., The PASCAL Visual Object Classes Challenge, IJCV 88 (2010) 303, section 4.2: intersection over
    union of the pixels of all images, mean over classes.
    """
    counts, mostly = count_pixels(masks_of(outputs), masks, len(names))
    all_once = np.ones((1, len(masks)), np.int64)
    times = resamples(len(masks), seed)
    total, drawn = counts.drawn(all_once), counts.drawn(times)
    usual, _ = count_pixels(usual_masks(masks, len(names)), masks, len(names))
    constant, constants = usual.drawn(all_once), usual.drawn(times)
    true, said = total.true[0], total.said[0]
    pixels = int(true.sum())
    first = 1 if outputs.shape[-1] == 1 else 0
    overlaps, again = total.of(first).overlaps[0], drawn.of(first).overlaps
    majority, present, predicted = int(true.argmax()), int((true > 0).sum()), np.flatnonzero(said)

    def bounded(value: Any, values: np.ndarray) -> Bounded:
        return Bounded(float(value), *(percentile_interval(values) if len(masks) > 1 else (math.nan, math.nan)))

    def overlap(name: str, value: Bounded, dice: Any, chosen: slice, samples: int) -> Overlap:
        shares = float(true[chosen].sum() / pixels), float(said[chosen].sum() / pixels)
        return Overlap(name, value.value, value.low, value.high, float(dice), *shares, samples)

    classes = tuple(
        overlap(
            names[index],
            bounded(overlaps[index - first], again[:, index - first]),
            dice_of(overlaps[index - first]),
            slice(index, index + 1),
            int((counts.true[:, index] > 0).sum()),
        )
        for index in range(first, len(names))
    )
    mean = bounded(mean_of_known(overlaps), mean_of_known(again))
    return SegmentationQuality(
        mean=overlap("", mean, mean_of_known(dice_of(overlaps)), slice(first, None), 0),
        classes=classes,
        pixels=bounded(total.pixels[0], drawn.pixels),
        recall=bounded(total.recall[0], drawn.recall),
        total_pixels=pixels,
        ignored=1 - pixels / masks.size,
        samples=len(masks),
        true_classes=present,
        majority=names[majority],
        majority_share=float(true[majority] / pixels),
        constant=names[predicted[0]] if len(predicted) == 1 else None,
        others=int((counts.true != counts.said).any(axis=1).sum()) if len(predicted) == 1 else 0,
        baseline_pixels=float(constant.pixels[0]),
        baseline_recall=float(constant.recall[0]),
        pixel_skill=_skill(total.pixels, constant.pixels, drawn.pixels, constants.pixels, len(masks)),
        recall_skill=_skill(total.recall, constant.recall, drawn.recall, constants.recall, len(masks)),
        reordered=_reordered(mostly, names),
    )


def _reordered(mostly: np.ndarray, names: Sequence[str]) -> Reordered | None:
    """Return the classes that are exchanged: each class of each sample counts once, as what most of its pixels are."""
    samples, labels = np.nonzero(mostly >= 0)
    if len(names) > MATRIX_CLASSES:
        return None
    return certain_exchanges(labels, mostly[samples, labels], names.__getitem__, classes=len(names))


def _skill(found: np.ndarray, constant: np.ndarray, again: np.ndarray, constants: np.ndarray, samples: int) -> Skill:
    """Return by which share of the way from a constant answer to 1 a rate is better, of all and of samples drawn anew."""
    (value,), values = _ratio(found - constant, 1 - constant), _ratio(again - constants, 1 - constants)
    low, high = percentile_interval(values) if samples >= FEWEST else (-math.inf, 1.0)
    return Skill(float(value), low, high, samples)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.asarray(above / np.where(below > 0, below, np.nan))
