"""Pictures as a camera, a file or a person may change them: noisier, blurred, moved, darker. Pure: numpy, and Pillow for JPEG."""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reportgen.messages import counted, say

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Corruption:
    """One change of pictures, at one severity.

    Attributes:
        kind: what is changed, such as 'shift'.
        name: the change with its strength, such as 'moved by 4 pixels'.
        level: the strength, in the kind's own unit.
        severity: 1 for the mildest of its kind, up to 3; 0 for flips, which have none.
        apply: from pictures (n, H, W, C) float32 in [0, 1], and a generator, to as many.
    """

    kind: str
    name: str
    level: float
    severity: int
    apply: Change

    def of(self, stored: np.ndarray, ends: tuple[float, float], *, seed: int) -> np.ndarray:
        """Return pictures changed in the scale in which they are stored, in their own dtype.

        Args:
            stored: (n, H, W, C) numbers.
            ends: how black and white are stored, such as 0 and 255.
            seed: seed of what is drawn at random, such as noise.
        """
        low, high = ends
        unit = (stored.astype(np.float32) - low) / (high - low)
        changed = np.clip(self.apply(unit, np.random.default_rng(seed)), 0, 1) * (high - low) + low
        return np.asarray(np.rint(changed) if stored.dtype.kind in "iu" else changed, dtype=stored.dtype)


def corruptions(channels: int) -> tuple[Corruption, ...]:
    """Return every change that pictures of so many channels can have, mild ones first.

    Strengths of noise, blur, brightness, contrast and JPEG are severities 1, 3 and 5 of CIFAR-10-C, which was made for pictures
    of 32 pixels; on larger ones they are milder. Those of the others are our choice.

    Source: Hendrycks and Dietterich 2019, arXiv 1903.12261, with the values of github.com/hendrycks/robustness.
    """
    levels: list[tuple[str, tuple[float, ...], Callable[[float], str], Callable[[float], Change]]] = [
        (
            "shift",
            (1, 2, 4),
            lambda n: counted(int(n), "moved by {n} pixel along both axes", "moved by {n} pixels along both axes"),
            _shift,
        ),
        ("rotation", (5, 10, 15), lambda d: say("turned by {degrees:g} degrees", degrees=d), _rotation),
        ("noise", (0.04, 0.08, 0.1), lambda s: say("noise of {share:.0%} of the range", share=s), _noise),
        ("blur", (0.4, 0.7, 1.0), lambda s: say("blurred with σ of {sigma:g} px", sigma=s), _blur),
        (
            "brightness",
            (0.05, 0.15, 0.3),
            lambda c: say("brighter or darker by {share:.0%} of the range", share=c),
            _brightness,
        ),
        ("contrast", (0.75, 0.4, 0.15), lambda c: say("contrast times {factor:g}", factor=c), _contrast),
        ("jpeg", (80, 58, 40), lambda q: say("JPEG of quality {quality:g}", quality=q), _jpeg),
        ("occlusion", (0.2, 0.35, 0.5), lambda s: say("a grey square of {share:.0%} of the side", share=s), _occlusion),
    ]
    found = [
        Corruption(kind, name(level), level, severity, made(level))
        for kind, strengths, name, made in levels
        if kind != "jpeg" or channels in (1, 3)
        for severity, level in enumerate(strengths, start=1)
    ]
    flips = (
        Corruption("flip", say("left and right exchanged"), 0, 0, lambda pictures, _: pictures[:, :, ::-1]),
        Corruption("flip", say("upside down"), 1, 0, lambda pictures, _: pictures[:, ::-1]),
    )
    return (*sorted(found, key=lambda one: one.severity), *flips)


def _shift(pixels: float) -> Change:
    """Move each picture along both axes, towards one of the corners, drawn at random; the edge is repeated."""
    step = int(pixels)

    def moved(pictures: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        height, width = pictures.shape[1:3]
        padded = np.pad(pictures, ((0, 0), (step, step), (step, step), (0, 0)), mode="edge")
        starts = [(top, left) for top in (0, 2 * step) for left in (0, 2 * step)]
        drawn = generator.integers(0, 4, len(pictures))
        windows = [padded[:, top : top + height, left : left + width] for top, left in starts]
        return np.stack([windows[way][place] for place, way in enumerate(drawn.tolist())])

    return moved


def _rotation(degrees: float) -> Change:
    """Turn each picture about its middle, left or right, drawn at random; bilinear, the edge is repeated."""

    def turned(pictures: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        both = [_turned(pictures, math.radians(angle)) for angle in (-degrees, degrees)]
        drawn = generator.integers(0, 2, len(pictures)).astype(bool)
        return np.where(drawn[:, None, None, None], both[1], both[0])

    return turned


def _turned(pictures: np.ndarray, angle: float) -> np.ndarray:
    height, width = pictures.shape[1:3]
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    middle = (height - 1) / 2, (width - 1) / 2
    down, right = rows - middle[0], columns - middle[1]
    y = np.clip(middle[0] + math.cos(angle) * down - math.sin(angle) * right, 0, height - 1)
    x = np.clip(middle[1] + math.sin(angle) * down + math.cos(angle) * right, 0, width - 1)
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    bottom, end = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    lower, later = (y - top).astype(np.float32)[..., None], (x - left).astype(np.float32)[..., None]
    above = pictures[:, top, left] * (1 - later) + pictures[:, top, end] * later
    below = pictures[:, bottom, left] * (1 - later) + pictures[:, bottom, end] * later
    return np.asarray(above * (1 - lower) + below * lower)


def _noise(sigma: float) -> Change:
    return lambda pictures, generator: pictures + sigma * generator.standard_normal(pictures.shape, dtype=np.float32)


def _blur(sigma: float) -> Change:
    """Blur by a Gaussian of three standard deviations to each side; the edge is repeated."""
    reach = math.ceil(3 * sigma)
    taps = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    taps = (taps / taps.sum()).astype(np.float32)

    def blurred(pictures: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        del generator
        for axis in (1, 2):
            size, ends = pictures.shape[axis], [(0, 0)] * pictures.ndim
            ends[axis] = (reach, reach)
            padded = np.pad(pictures, ends, mode="edge")
            parts = (tap * np.take(padded, range(at, at + size), axis) for at, tap in enumerate(taps))
            pictures = functools.reduce(np.add, parts)
        return pictures

    return blurred


def _brightness(share: float) -> Change:
    """Make each picture brighter or darker, drawn at random."""

    def shifted(pictures: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        signs = generator.choice(np.array([-share, share], np.float32), len(pictures))
        return np.asarray(pictures + signs[:, None, None, None])

    return shifted


def _contrast(factor: float) -> Change:
    """Bring each channel of a picture nearer to its mean."""

    def flatter(pictures: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        del generator
        means = pictures.mean(axis=(1, 2), keepdims=True)
        return np.asarray((pictures - means) * np.float32(factor) + means)

    return flatter


def _jpeg(quality: float) -> Change:
    def compressed(pictures: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        del generator
        bytes_of = np.rint(np.clip(pictures, 0, 1) * 255).astype(np.uint8)
        return np.stack([_through_jpeg(picture, int(quality)) for picture in bytes_of]).astype(np.float32) / 255

    return compressed


def _through_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    from PIL import Image

    memory = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(memory, "JPEG", quality=quality)
    return np.asarray(Image.open(memory)).reshape(picture.shape)


def _occlusion(share: float) -> Change:
    """Lay a square of middle grey over a place that is drawn at random for each picture."""

    def covered(pictures: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        height, width = pictures.shape[1:3]
        side = max(1, round(share * min(height, width)))
        tops = generator.integers(0, height - side + 1, len(pictures)).tolist()
        lefts = generator.integers(0, width - side + 1, len(pictures)).tolist()
        result: np.ndarray = pictures.copy()
        for place, (top, left) in enumerate(zip(tops, lefts, strict=True)):
            result[place, top : top + side, left : left + side] = 0.5
        return result

    return covered


def stored_ends(dtype: str, stored_range: tuple[float, float]) -> tuple[float, float] | None:
    """Return how black and white are stored, as far as the values tell; None for a single value and for what is not finite.

    Bytes have 0 to 255. Floats within 0 to 1, or within -1 to 1, have these; other numbers have their own ends.

    Args:
        dtype: the samples' type.
        stored_range: smallest and largest stored value.
    """
    low, high = stored_range
    if dtype == "uint8":
        return 0.0, 255.0
    for ends in ((0.0, 1.0), (-1.0, 1.0)):
        if ends[0] <= low < high <= ends[1] and high > ends[1] / 16:
            return ends
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None
