"""Measures of outputs that are images or vectors of numbers. Pure: arrays in, numbers with their uncertainty out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reportgen.measures.intervals import CONFIDENCE, mean_margin
from reportgen.measures.skill import FEWEST, Skill, measure_skill
from reportgen.results import Kept, redactable

MOST_DECIBELS = 100.0
"""Peak signal-to-noise ratio of images that are equal, which is infinite. Our choice."""

_QUANTILES = (0.5, 0.95)
_WINDOW = 7
_STABLE = (0.01, 0.03)
_IS_TARGET = 0.99


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
        skill: the share of the squared errors of always giving the mean of the targets (of images the mean image) that are
            avoided, with an interval that holds for all outputs together.
    """

    name: Kept[str]
    bias: float
    mean_absolute: float
    root_mean_square: float
    explained: float
    quantiles: dict[str, float]
    skill: Skill


@redactable
@dataclass(frozen=True)
class MeanOfSamples:
    """The mean of a number over samples, with Student's 95 % interval; -inf and inf under `FEWEST` samples."""

    value: float
    low: float
    high: float

    @property
    def bounded(self) -> bool:
        """Whether there are samples enough for an interval."""
        return math.isfinite(self.low)


@redactable
@dataclass(frozen=True)
class ImageQuality:
    """How far images are from what they should be.

    Attributes:
        root_mean_square: root mean square error of all values.
        baseline: that of always giving the mean image of the targets.
        peak: the range of the targets that the signal-to-noise ratio and the similarity go by.
        psnr: peak signal-to-noise ratio in decibels, mean over samples, each at most `MOST_DECIBELS`.
        ssim: structural similarity, mean over samples, at most 1; None of volumes, and where images are smaller than its window.
        skill: share of the squared errors of always giving the mean image that are avoided.
        from_input: share of the squared errors of giving back the input that are avoided; None where the input has another
            shape than the output, or is the target itself.
    """

    root_mean_square: float
    baseline: float
    peak: float
    psnr: MeanOfSamples
    ssim: MeanOfSamples | None
    skill: Skill
    from_input: Skill | None


def output_errors(outputs: np.ndarray, targets: np.ndarray) -> tuple[OutputErrors, ...]:
    """Return the errors of each output, or of each channel of images.

    Args:
        outputs, targets: (N, M) numbers, or (N, [D,] H, W, M).
    """
    confidence = 1 - (1 - CONFIDENCE) / outputs.shape[-1]
    found = []
    for number in range(outputs.shape[-1]):
        said, wanted = (values[..., number].astype(np.float64) for values in (outputs, targets))
        errors = said - wanted
        squares, spread = errors**2, float(((wanted - wanted.mean()) ** 2).sum())
        found.append(
            OutputErrors(
                name=str(number),
                bias=float(errors.mean()),
                mean_absolute=float(np.abs(errors).mean()),
                root_mean_square=float(np.sqrt(squares.mean())),
                explained=1 - float(squares.sum()) / spread if spread else math.nan,
                quantiles={f"{share:g}": float(np.quantile(np.abs(errors), share)) for share in _QUANTILES},
                skill=measure_skill(
                    of_each_sample(squares), of_each_sample((wanted - wanted.mean(axis=0)) ** 2), confidence=confidence
                ),
            )
        )
    return tuple(found)


def of_each_sample(values: np.ndarray) -> np.ndarray:
    """Return the mean of each sample's values, (N,) float64, of (N, ...)."""
    return np.asarray(values.reshape(len(values), -1).mean(axis=1, dtype=np.float64))


def squared_errors(said: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the mean squared error of each sample, (N,) float64, of arrays (N, ...)."""
    return np.array(
        [((one.astype(np.float64) - other) ** 2).mean() for one, other in zip(said, wanted, strict=True)], np.float64
    )


def image_quality(outputs: np.ndarray, targets: np.ndarray, input_errors: np.ndarray | None) -> ImageQuality:
    """Return the quality of images.

    Args:
        outputs, targets: (N, [D,] H, W, C) float.
        input_errors: (N,) mean squared error of giving back the input; None where it has another shape.

    Source: Wang et al. 2004, IEEE Transactions on Image Processing 13, 600 (structural similarity); Huynh-Thu and Ghanbari 2008,
    Electronics Letters 44, 800 (peak signal-to-noise ratio).
    """
    losses = squared_errors(outputs, targets)
    mean = targets.mean(axis=0, dtype=np.float64)
    constant = np.array([((one - mean) ** 2).mean() for one in targets])
    spread = float(targets.var(dtype=np.float64))
    peak = peak_of(targets)
    is_target = input_errors is not None and input_errors.mean() <= (1 - _IS_TARGET) * spread
    similar = similarities(outputs, targets, peak)
    return ImageQuality(
        root_mean_square=math.sqrt(losses.mean()),
        baseline=math.sqrt(constant.mean()),
        peak=peak,
        psnr=mean_of_samples(decibels(losses, peak)),
        ssim=None if similar is None else mean_of_samples(similar),
        skill=measure_skill(losses, constant),
        from_input=None if input_errors is None or is_target else measure_skill(losses, input_errors),
    )


def peak_of(targets: np.ndarray) -> float:
    """Return the range of images' values: 1 where all are in [0, 1], 2 in [-1, 1], 255 in [0, 255], else as measured."""
    low, high = float(targets.min()), float(targets.max())
    if low >= 0 and high <= 1:
        return 1.0
    if low >= -1 and high <= 1:
        return 2.0
    return 255.0 if low >= 0 and high <= 255 else high - low


def decibels(losses: np.ndarray, peak: float) -> np.ndarray:
    """Return the peak signal-to-noise ratio of each sample in decibels, of its mean squared error; at most `MOST_DECIBELS`.

    Example:
        >>> decibels(np.array([0.01]), 1.0).round(6).tolist()
        [20.0]
    """
    least = peak**2 / 10 ** (MOST_DECIBELS / 10)
    return np.asarray(10 * np.log10(peak**2 / np.maximum(losses, least)))


def similarities(outputs: np.ndarray, targets: np.ndarray, peak: float) -> np.ndarray | None:
    """Return the structural similarity of each sample, (N,) float64; None of volumes, and where a side has fewer than 7 pixels.

    Windows of 7 x 7 pixels of equal weight, those within the image, covariances with N - 1; mean over windows and channels, as
    scikit-image's `structural_similarity` by default.
    """
    if outputs.ndim != 4 or min(outputs.shape[1:3]) < _WINDOW:
        return None
    return np.array([_similarity(one, other, peak) for one, other in zip(outputs, targets, strict=True)])


def _similarity(one: np.ndarray, other: np.ndarray, peak: float) -> float:
    said, wanted = (image.astype(np.float64) for image in (one, other))
    steady, varied = ((factor * peak) ** 2 for factor in _STABLE)
    means = [_window_means(values) for values in (said, wanted, said * said, wanted * wanted, said * wanted)]
    unbiased = _WINDOW**2 / (_WINDOW**2 - 1)
    squares = means[0] ** 2 + means[1] ** 2
    variances = unbiased * (means[2] + means[3] - squares)
    covariance = unbiased * (means[4] - means[0] * means[1])
    similar = (2 * means[0] * means[1] + steady) * (2 * covariance + varied)
    return float((similar / ((squares + steady) * (variances + varied))).mean())


def _window_means(image: np.ndarray) -> np.ndarray:
    """Return the means of all 7 x 7 windows within an image (height, width, channels)."""
    for axis in (0, 1):
        image = np.lib.stride_tricks.sliding_window_view(image, _WINDOW, axis=axis).mean(axis=-1)
    return image


def mean_of_samples(values: np.ndarray, *, confidence: float = CONFIDENCE) -> MeanOfSamples:
    """Return the mean of (N,) values with Student's interval."""
    mean, count = float(values.mean()), len(values)
    if count < FEWEST:
        return MeanOfSamples(mean, -math.inf, math.inf)
    half = mean_margin(float(values.std(ddof=1)), count, confidence=confidence)
    return MeanOfSamples(mean, mean - half, mean + half)
