"""What can be drawn: frozen dataclasses of numbers, which `rendering` turns into figures. Standard library and numpy only."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Histogram:
    """Counts of several sets of values on shared bins.

    Attributes:
        edges: (B + 1,) float64, ascending, equally far apart.
        counts: the (B,) int64 counts of each set, by its name.
        value_label: what the horizontal axis shows, with its unit if it has one.
        cut: values outside the edges, of all sets together, which are in no bin.
    """

    edges: np.ndarray
    counts: Mapping[str, np.ndarray]
    value_label: str = "weight"
    cut: int = 0


class Palette(str, enum.Enum):
    """How an `ImageGrid`'s values become colours."""

    SEQUENTIAL = "sequential"
    DIVERGING = "diverging"
    GREY = "grey"
    COLOUR = "colour"
    LINES = "lines"


@dataclass(frozen=True)
class ImageGrid:
    """Small images of one kind on one scale.

    Attributes:
        images: (N, H, W) float32, or (N, H, W, 3) with palette COLOUR.
        labels: N short names, such as the channel's index.
        value_range: the values of the first and the last colour; values beyond are clipped.
        total: how many images there are in all; N of them are here.
        palette: SEQUENTIAL for maps, DIVERGING (zero in the middle) for kernels, GREY and COLOUR for samples; LINES for
            signals, each row of which is drawn as a line from left to right.
        columns: images in a row.
        maxima: (N,) float, each tile's largest value before any reduction in size; NaN where it has no number.
        of_weights: whether they show the model alone, so that a redacted report keeps them; samples and what was computed of
            them do not.
        root: whether colours follow the square root of the values, so that small ones are seen beside large ones.
    """

    images: np.ndarray
    labels: tuple[str, ...]
    value_range: tuple[float, float]
    total: int
    palette: Palette
    columns: int
    maxima: np.ndarray
    of_weights: bool = False
    root: bool = False

    @property
    def lowest(self) -> float:
        """Smallest finite value; NaN where there is none. What is not finite is drawn empty, as between slices."""
        return self._of_finite(np.min)

    @property
    def highest(self) -> float:
        """Largest finite value; NaN where there is none."""
        return self._of_finite(np.max)

    @property
    def largest(self) -> float:
        """Largest of the finite maxima, which are of the full pictures; NaN where there is none."""
        finite = self.maxima[np.isfinite(self.maxima)]
        return float(finite.max()) if finite.size else math.nan

    @property
    def mean(self) -> float:
        """Mean of the finite values; NaN where there is none."""
        return self._of_finite(lambda values: np.mean(values, dtype=np.float64))

    def _of_finite(self, measure: Callable[[np.ndarray], Any]) -> float:
        finite = self.images[np.isfinite(self.images)]
        return float(measure(finite)) if finite.size else math.nan


@dataclass(frozen=True)
class Curve:
    """Points with what is uncertain about them, joined in order.

    Attributes:
        x: (P,) float64.
        y: (P,) float64.
        low, high: (P,) float64, bounds of y.
        x_label, y_label: what the axes show, with units if they have some.
        axis_range: the range that both axes share, so that the diagonal, y = x, is drawn; None takes what the points need.
    """

    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray
    x_label: str
    y_label: str
    axis_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Lines:
    """Several series over the same places, such as a loss on training and on validation data by epoch.

    Attributes:
        x: (P,) float64, ascending.
        lines: the (P,) float64 values of each series, by its name; gaps where they are not finite.
        x_label, y_label: what the axes show, with units if they have some.
        marked: a place on the horizontal axis that stands out; None for none.
    """

    x: np.ndarray
    lines: Mapping[str, np.ndarray]
    x_label: str
    y_label: str
    marked: float | None = None


@dataclass(frozen=True)
class Matrix:
    """Counts of pairs: what a sample is against what was said of it.

    Attributes:
        counts: (K, K) int64; the row is the label, the column the prediction.
        names: the K classes' names.
    """

    counts: np.ndarray
    names: tuple[str, ...]

    @property
    def rates(self) -> np.ndarray:
        """Each row as shares of its sum, (K, K) float64; NaN in a row without samples."""
        sums = self.counts.sum(axis=1, keepdims=True).astype(np.float64)
        return np.asarray(self.counts / np.where(sums, sums, np.nan))


@dataclass(frozen=True)
class Panel:
    """Pictures of one kind on one scale, one for each tile of a `PanelGrid`.

    Attributes:
        images: (N, H, W) float32, or (N, H, W, 3) with palette COLOUR. What is not finite is empty; in GREY and COLOUR it
            lies beyond the edge of a sample.
        value_range: the values of the first and the last colour; values beyond are clipped.
        palette: how their values become colours.
    """

    images: np.ndarray
    value_range: tuple[float, float]
    palette: Palette


@dataclass(frozen=True)
class PanelGrid:
    """Tiles of several pictures side by side, each enlarged without smoothing to the largest one's size.

    Attributes:
        panels: the pictures from left to right, N each.
        labels: N short names.
        columns: tiles in a row.
        total: how many tiles there could be; N of them are here.
        large: whether rows are as wide as the page allows, where each tile is worth a look.
        of_weights: whether they show the models alone, so that a redacted page keeps them.
    """

    panels: tuple[Panel, ...]
    labels: tuple[str, ...]
    columns: int
    total: int
    large: bool = False
    of_weights: bool = field(default=False, metadata={"written": False})


@dataclass(frozen=True)
class NullBands:
    """How far statistics stand from what chance gives, one row for each subject and one column for each statistic.

    Attributes:
        rows: R names.
        columns: C names of statistics.
        distances: (R, C) float64, in standard deviations of the null distribution; NaN where there is none.
        limit: distances from minus to plus this are within the band.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    distances: np.ndarray
    limit: float


@dataclass(frozen=True)
class Strip:
    """One value for each channel of a layer, sorted.

    Attributes:
        values: (N,) float64, falling, at least 0.
        threshold: the level that a reader compares them with.
    """

    values: np.ndarray
    threshold: float


@dataclass(frozen=True)
class Scatter:
    """Samples as points of a plane.

    Attributes:
        x, y: (n,) float64.
        groups: (n,) int64, the class of each, an index into `names`.
        names: the classes' names; one that is '' where there are none.
        wrong: (n,) bool, points of samples that are answered wrongly.
        marked: places of the points that have a picture, ascending.
        titles: number, label and, where it is another, answer of each of these.
        pictures: their pictures; None for samples that are none.
    """

    x: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    names: tuple[str, ...]
    wrong: np.ndarray
    marked: tuple[int, ...]
    titles: tuple[tuple[str, str, str], ...]
    pictures: ImageGrid | None


Plottable = Histogram | ImageGrid | Curve | Lines | Matrix | PanelGrid | NullBands | Strip
