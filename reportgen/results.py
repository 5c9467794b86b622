"""The result model: what analyses produce and what rendering draws. Standard library and numpy only.

Everything here is a frozen dataclass. Figures are never stored: a plottable holds numbers, and `rendering` draws them.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


class Severity(enum.IntEnum):
    """How much a finding matters to whoever must decide about the model."""

    NOTE = 1
    WARNING = 2
    PROBLEM = 3

    @property
    def label(self) -> str:
        """The word shown on the page: 'note', 'warning' or 'problem'."""
        return self.name.lower()


@dataclass(frozen=True)
class Finding:
    """One observation with the number behind it and the threshold that made it one.

    Attributes:
        code: the rule, such as 'silent-channels'.
        severity: how much it matters.
        subject: what it is about: a layer's path, or 'samples'.
        message: observation, number and threshold in one sentence.
        evidence: the numbers, by name.
        threshold: the limit that the rule compares with.
        source: where rule and threshold come from.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    evidence: Mapping[str, float]
    threshold: float
    source: str


@dataclass(frozen=True)
class Inconclusive:
    """A rule on a rate that these samples cannot decide: its threshold lies within the rate's interval.

    Attributes:
        code: the rule.
        subject: what it is about: a layer's path, or 'samples'.
        message: the rate, its interval and the threshold in one sentence, without the full stop.
        samples_needed: about how many samples would decide it; None where no number would.
        remedy: what would decide it where it is no matter of samples, one sentence; '' elsewhere.
    """

    code: str
    subject: str
    message: str
    samples_needed: int | None
    remedy: str = ""


@dataclass(frozen=True)
class RuleInForce:
    """One rule as this report applied it.

    Attributes:
        code: of the rule.
        threshold: that findings were compared with.
        severity: of its findings, unless the analysis has a reason for another.
        unit: what the threshold is a number of.
        off: whether its findings are left out.
        set_by: 'default', or the name of the file that set the rule.
    """

    code: str
    threshold: float
    severity: Severity
    unit: str
    off: bool = False
    set_by: str = "default"


@dataclass(frozen=True)
class Histogram:
    """Counts of several sets of values on shared bins.

    Attributes:
        edges: (B + 1,) float64, ascending, equally far apart.
        counts: by name of the set, (B,) int64 each; values outside the edges do not occur.
        value_label: what the horizontal axis shows, with its unit if it has one.
    """

    edges: np.ndarray
    counts: Mapping[str, np.ndarray]
    value_label: str = "weight"


class Palette(str, enum.Enum):
    """How an `ImageGrid`'s values become colours."""

    SEQUENTIAL = "sequential"
    DIVERGING = "diverging"
    GREY = "grey"
    COLOUR = "colour"


@dataclass(frozen=True)
class ImageGrid:
    """Small images of one kind on one scale.

    Attributes:
        images: (N, H, W) float32, or (N, H, W, 3) with palette COLOUR.
        labels: N short names, such as the channel's index.
        value_range: the values of the first and the last colour; values beyond are clipped.
        total: how many images there are in all; N of them are here.
        palette: SEQUENTIAL for maps, DIVERGING (zero in the middle) for kernels, GREY and COLOUR for samples.
        columns: images in a row.
        maxima: (N,) float, each tile's largest value before any reduction in size; NaN where it has no number.
        of_weights: whether they show the model alone, so that a redacted report keeps them; samples and what was computed of
            them do not.
    """

    images: np.ndarray
    labels: tuple[str, ...]
    value_range: tuple[float, float]
    total: int
    palette: Palette
    columns: int
    maxima: np.ndarray
    of_weights: bool = False

    @property
    def lowest(self) -> float:
        """Smallest finite value; NaN where there is none. What is not finite is drawn empty, as between slices."""
        return self._of_finite(np.min)

    @property
    def highest(self) -> float:
        """Largest finite value; NaN where there is none."""
        return self._of_finite(np.max)

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
        axis_range: of both axes where they share one; the diagonal, y = x, is drawn then. None takes what the points need.
    """

    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray
    x_label: str
    y_label: str
    axis_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Matrix:
    """Counts of pairs: what a sample is against what was said of it.

    Attributes:
        counts: (K, K) int64; the row is the label, the column the prediction.
        names: of the K classes.
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
        palette: of their colours.
    """

    images: np.ndarray
    value_range: tuple[float, float]
    palette: Palette


@dataclass(frozen=True)
class PanelGrid:
    """Tiles of several pictures side by side, each enlarged without smoothing to the largest one's size.

    Attributes:
        panels: from left to right, N pictures each.
        labels: N short names.
        columns: tiles in a row.
        total: how many tiles there could be; N of them are here.
    """

    panels: tuple[Panel, ...]
    labels: tuple[str, ...]
    columns: int
    total: int


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
        threshold: that a reader compares them with.
    """

    values: np.ndarray
    threshold: float


Plottable = Histogram | ImageGrid | Curve | Matrix | PanelGrid | NullBands | Strip


@dataclass(frozen=True)
class LayerSummary:
    """One call of one layer. None stands for what cannot be known without running the model.

    Attributes:
        path: the layer's name, prefixed by the models around it: 'backbone/block1_conv1'.
        class_name: such as 'Conv2D'.
        output_shape: without the batch axis; None for a size that is free.
        parameters: number of weights, in this layer alone.
        trainable: whether training changes them.
        kernel_size: (height, width) of a convolution or pooling window.
        strides: as many as `kernel_size`.
        receptive_field: input pixels along each axis that one output value can depend on.
        multiply_adds: for one sample.
        input_shape: of its first input, without the batch axis.
    """

    path: str
    class_name: str
    output_shape: tuple[int | None, ...] | None
    parameters: int
    trainable: bool
    kernel_size: tuple[int, ...] | None = None
    strides: tuple[int, ...] | None = None
    receptive_field: tuple[int, ...] | None = None
    multiply_adds: int | None = None
    input_shape: tuple[int | None, ...] | None = None


@dataclass(frozen=True)
class ModelSummary:
    """The model in a few numbers.

    Attributes:
        name: as the model calls itself.
        kind: 'Sequential', 'Functional' or the class of a subclassed model.
        input_shape: of one sample; None for a size that is free, or None when the model was never built.
        output_shape: of one prediction.
        parameters: number of weights.
        trainable_parameters: of these, how many training changes.
        layers: number of layers, nested ones counted, inputs not.
    """

    name: str
    kind: str
    input_shape: tuple[int | None, ...] | None
    output_shape: tuple[int | None, ...] | None
    parameters: int
    trainable_parameters: int
    layers: int


@dataclass(frozen=True)
class SamplesSummary:
    """Which samples the report shows and what was done to them.

    Attributes:
        source: file or data set name, never a path.
        total: how many the source holds.
        evaluated: how many were run through the model.
        shown: indices of the chosen ones in the source.
        selection: the rule that chose them, as given to --select.
        shape: of one sample as stored.
        dtype: as stored.
        stored_range: smallest and largest finite stored value among those evaluated; NaN when none is finite.
        input_range: the same after scaling, as the model received them.
        labelled: whether labels came along.
        steps: what was done to the samples, one sentence each.
        sha256: of the evaluated samples, in hexadecimal; '' where it is not known.
        sha256_of: what that is of, without a full stop.
        labels_sha256: over the same and then their labels; None without labels.
        unused_labels: why labels that were given are not compared with predictions, one sentence; '' where they are.
    """

    source: str
    total: int
    evaluated: int
    shown: tuple[int, ...]
    selection: str
    shape: tuple[int, ...]
    dtype: str
    stored_range: tuple[float, float]
    input_range: tuple[float, float]
    labelled: bool
    steps: tuple[str, ...]
    sha256: str = ""
    sha256_of: str = ""
    labels_sha256: str | None = None
    unused_labels: str = ""


@dataclass(frozen=True)
class Provenance:
    """Where the report comes from and how to make it again. No path, user or host name.

    Attributes:
        file_name: of the model, without its folder; None for a model in memory.
        file_size: in bytes.
        sha256: of the file, or of the weights of a model in memory, in hexadecimal.
        format: such as 'Keras v3 archive (.keras)'.
        keras_version: that saved the model, where the file says so.
        rewrites: what had to be changed to read an older file, one sentence each.
        custom_code: what of the file or of the user's modules was run, one sentence each.
        not_run: why only the weights were read, one line; '' for a model that can be run.
        versions: of the packages that made the report, by name.
        date: day of the report in UTC, ISO 8601.
        seed: of everything drawn at random.
        options: as given or defaulted, by name.
        command: that makes the same report again.
        title: of the page.
        note: what the reviewer should know, as given by --note.
        redaction: what a redacted report leaves out, one sentence; '' for a full one.
    """

    file_name: str | None
    file_size: int | None
    sha256: str
    format: str
    keras_version: str | None
    rewrites: tuple[str, ...]
    versions: Mapping[str, str]
    date: str
    seed: int
    options: Mapping[str, Any]
    command: str
    title: str
    note: str = ""
    not_run: str = ""
    custom_code: tuple[str, ...] = ()
    redaction: str = ""


@dataclass(frozen=True)
class Section:
    """What one analysis found.

    Attributes:
        name: the analysis' module, which is also the stem of its template and the section's id.
        title: its heading.
        result: the analysis' own dataclass, made of plottables and plain numbers.
        findings: what it says about the model, most severe first.
        inconclusive: rules that these samples cannot decide.
        package: that brought the analysis and, in its folder templates/, the template; empty for reportgen's own.
    """

    name: str
    title: str
    result: Any
    findings: tuple[Finding, ...] = ()
    inconclusive: tuple[Inconclusive, ...] = ()
    package: str = ""


@dataclass(frozen=True)
class SkippedSection:
    """An analysis that could not run, with the reason and the option that would enable it."""

    name: str
    title: str
    reason: str
    findings: tuple[Finding, ...] = ()
    inconclusive: tuple[Inconclusive, ...] = ()


@dataclass(frozen=True)
class Report:
    """Everything that the page and the JSON show."""

    provenance: Provenance
    model: ModelSummary
    samples: SamplesSummary | None
    sections: tuple[Section | SkippedSection, ...] = field(default=())
    rules: tuple[RuleInForce, ...] = ()

    @property
    def language(self) -> str:
        """Code of the page's language, as given by --lang."""
        return str(self.provenance.options.get("lang", "en"))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, most severe first, otherwise in the order of the sections."""
        return most_severe_first(finding for section in self.sections for finding in section.findings)

    @property
    def inconclusive(self) -> tuple[Inconclusive, ...]:
        """All rules that the samples cannot decide, in the order of the sections."""
        return tuple(one for section in self.sections for one in section.inconclusive)

    def failing(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of at least this severity, most severe first."""
        return tuple(finding for finding in self.findings if finding.severity >= severity)


def most_severe_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by falling severity; equals keep their order."""
    return tuple(sorted(findings, key=lambda finding: -finding.severity))
