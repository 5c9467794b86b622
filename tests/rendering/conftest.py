"""A report built by hand: rendering is tested from numbers alone, without TensorFlow."""

import math
from dataclasses import replace

import numpy as np
import pytest

from reportgen.analyses.architecture import ArchitectureResult
from reportgen.analyses.batch_normalization.results import BatchNormalizationResult, NormalizationAudit
from reportgen.analyses.channel_activity.results import ChannelActivityResult, LayerActivity, MaskedRun
from reportgen.analyses.feature_maps import FeatureMapsResult, LayerMaps, SampleMaps
from reportgen.analyses.filter_grids.results import FilterGrid, FilterGridsResult, FilterStrength
from reportgen.analyses.learned.results import LearnedKernel, LearnedResult
from reportgen.analyses.prediction_quality.results import PredictionQualityResult, WorstSample
from reportgen.analyses.preprocessing_check.results import PreprocessingCheckResult, VariantAccuracy
from reportgen.analyses.sample_predictions.results import ClassProbability, SamplePredictionsResult, ShownSample
from reportgen.analyses.weight_histograms.results import KernelWeights, WeightHistogramsResult, WeightStatistics
from reportgen.measures.classification import classification_quality
from reportgen.measures.intervals import measure
from reportgen.models.weights import STATISTICS, ChanceAlone, NullComparison, NullDraws
from reportgen.results.findings import (
    Finding,
    Inconclusive,
    LayerSummary,
    ModelSummary,
    Provenance,
    SamplesSummary,
    Severity,
)
from reportgen.results.plottables import Histogram, ImageGrid, NullBands, Palette, Strip
from reportgen.results.report import Report, Section, SkippedSection

MODEL = ModelSummary("tiny", "Sequential", (2, 2, 1), (2,), 30, 20, 2)
LAYER = LayerSummary("conv", "Conv2D", (2, 2, 2), 20, True, (3, 3), (1, 1), (3, 3), 72)
HEAD = LayerSummary("head", "Dense", (2,), 10, False, multiply_adds=None)
SAMPLES = SamplesSummary(
    "tiny.npz, array x", 5, 5, (3,), "3", (2, 2, 1), "uint8", (0.0, 255.0), (0.0, 1.0), True, ("Divided by 255.",)
)
PROVENANCE = Provenance(
    file_name="tiny.keras",
    file_size=1234,
    sha256="ab" * 32,
    format="Keras v3 archive (.keras)",
    keras_version="3.15.1",
    rewrites=("A list was unwrapped.",),
    versions={"reportgen": "0.1.0", "keras": "3.15.1", "tensorflow": "2.21.0"},
    date="2026-01-02",
    seed=7,
    options={"seed": 7, "select": None, "samples": "tiny.npz"},
    command="reportgen build tiny.keras --samples tiny.npz",
    title="A tiny model",
    note="Looks fine.",
)
FINDING = Finding(
    code="silent-channels",
    severity=Severity.WARNING,
    subject="conv",
    message="1 of 2 channels never fired on 5 samples (50%, limit 10%)",
    evidence={"silent": 1, "share": 0.5},
    threshold=0.1,
    source="Hu et al.",
)

OPEN = Inconclusive("no-better-than-majority", "accuracy", "accuracy is 80.0%; the limit lies within", 30)


def tiles(values: list, palette: Palette, limits: tuple[float, float]) -> ImageGrid:
    """Return a grid of these tiles, all of them shown."""
    images = np.array(values, np.float32)
    labels = tuple(str(index) for index in range(len(images)))
    maxima = images.reshape(len(images), -1).max(axis=1).astype(np.float64)
    return ImageGrid(images, labels, limits, len(images), palette, min(len(images), 8), maxima)


def _weights() -> KernelWeights:
    statistics = WeightStatistics(18, 0.5, 0.25, -1.0, 1.0, 0.0)
    counts = {"trained": np.array([2, 16]), "untrained": np.array([9, 9])}
    histogram = Histogram(np.array([-1.0, 0.0, 1.0]), counts)
    return KernelWeights("conv", True, "GlorotUniform", histogram, statistics, statistics, 0, 0.4)


def _filters() -> FilterGridsResult:
    grid = tiles([[[1, -1], [0, 0.5]], [[0, 0], [0, 0]]], Palette.DIVERGING, (-1, 1))
    weights = Histogram(np.array([-1.0, 0.0, 1.0]), {"trained": np.array([3, 5]), "untrained": np.array([4, 4])})
    fresh = Histogram(np.linspace(-1, 1, 11), {"untrained": np.arange(10)})
    filters = FilterGrid("conv", (2, 2), 1, grid, grid, None, (0, 0), np.array([1.5, 0.0]), 0, "window", weights, fresh)
    none = (np.empty(0), np.empty(0), np.empty(0))
    strength = FilterStrength("conv", 2, 4, 0.75, 0.0, (1,), False, (), np.array([1.5, 0.0]), none)
    return FilterGridsResult((filters,), (strength,), 7, weak_share=0.001, duplicate_cosine=0.99)


def _maps() -> FeatureMapsResult:
    grid = tiles([[[0, 1], [2, 3]], [[0, 0], [0, 0]]], Palette.SEQUENTIAL, (0, 3))
    maps = SampleMaps(name="x[3]", index=3, label="cat", grid=grid, silent=(1,))
    layer = LayerMaps("conv", (2, 2), (0, 1), 2, True, 1, (0.0, 3.0), 3.0, 0, (maps,), "map")
    return FeatureMapsResult((layer,), False)


def _quality_of(classes: int) -> PredictionQualityResult:
    """Return predictions of five samples of so many classes, the last of them wrong."""
    labels = np.arange(5) % classes
    values = np.full((5, classes), 0.1 / (classes - 1))
    values[np.arange(5), (labels + np.array([0, 0, 0, 0, 1])) % classes] = 0.9
    names = tuple(f"class {index}" for index in range(classes))
    worst = WorstSample(4, "x[4]", "class 4", "class 0", 0.9, 0.1, False)
    picture = tiles([[[0, 255], [128, 0]]], Palette.GREY, (0, 255))
    return PredictionQualityResult(
        rule="The outputs are scores.",
        evaluated=5,
        total=5,
        classification=classification_quality(values, labels, names, sure=0.99, seed=0),
        regression=None,
        worst=(worst,),
        confidently=1,
        pictures=picture,
    )


def _preprocessing() -> PreprocessingCheckResult:
    variant = VariantAccuracy("0 to 255", measure(2, 5), 0, 2, 0.5)
    return PreprocessingCheckResult(5, 5, measure(4, 5), (variant,), ("0 to 1",), ("Not inverted.",))


def _learned() -> LearnedResult:
    value = np.array([0.25, 1.5, 2.0, 1.25, 0.0, np.nan])
    distance = np.array([12.0, -3.0, 0.0, np.inf, -20000.0, np.nan])
    comparison = NullComparison(18, value, value / 2, value / 8, value * 10, distance, "", None)
    conv = LearnedKernel(
        label="conv",
        kind="convolution",
        initializer="GlorotUniform",
        weights=18,
        comparison=comparison,
        operator_norm=2.5,
        operator_norm_reason="",
    )
    nothing = replace(comparison, distance=value * np.nan, reason="none")
    head = replace(
        conv, label="head", kind="dense", initializer=None, weights=10, comparison=nothing, operator_norm=None
    )
    alone = ChanceAlone((), NullDraws(np.full(20, 5.0), tested=5), math.inf)
    bands = NullBands(("conv",), STATISTICS, distance[None], 7.5)
    return LearnedResult(kernels=(conv, head), bands=bands, redraws=20, seed=7, alone=alone).at(0.05)


def _activity() -> ChannelActivityResult:
    strip = Strip(np.array([2.0, 0.0]), 0.025)
    layer = LayerActivity("conv", None, "relu", "rectified", 2, (1,), (), (1, 1, 1), (), (), 0.5, strip)
    return ChannelActivityResult((layer,), MaskedRun(1, 0, 5, 0.0, 0.75, 0.5), 5)


def _normalization() -> BatchNormalizationResult:
    strip = Strip(np.array([1.5, 0.25]), 1.0)
    audits = (
        NormalizationAudit("norm", 2, False, (1,), 0.5, (0,), 0.875, 1.5, 0.5, 1.0, 2.0, strip),
        NormalizationAudit("other", 2, True, (), None),
    )
    return BatchNormalizationResult(audits, 5, "")


@pytest.fixture
def report() -> Report:
    """Return a report with every section, one finding and one skip."""
    picture = tiles([[[0, 255], [128, 0]]], Palette.GREY, (0, 255))
    top = (ClassProbability("cat", 0.75), ClassProbability("dog", 0.25))
    shown = ShownSample(3, "x[3]", picture, "cat", top, True, None)
    sections = (
        Section("architecture", "Architecture", ArchitectureResult(MODEL, (LAYER, HEAD), 72, 1, LAYER)),
        Section("weight_histograms", "Weights", WeightHistogramsResult(_weights(), (), 7)),
        Section("filter_grids", "Filters", _filters()),
        Section("sample_predictions", "Samples", SamplePredictionsResult(SAMPLES, (shown,), "", 1, None)),
        Section("prediction_quality", "Prediction quality", _quality_of(2), (), (OPEN,)),
        Section("preprocessing_check", "Preprocessing", _preprocessing()),
        Section("feature_maps", "Feature maps", _maps()),
        Section("learned", "Learned or not", _learned()),
        Section("channel_activity", "Channel activity", _activity(), (FINDING,)),
        Section("batch_normalization", "Batch normalisation", _normalization()),
        SkippedSection("attribution", "Where it looks", "No samples were given."),
    )
    return Report(PROVENANCE, MODEL, SAMPLES, sections)


@pytest.fixture
def retitled(report: Report):
    """Return a function that gives the report another title."""
    return lambda title: replace(report, provenance=replace(report.provenance, title=title))


@pytest.fixture
def predictions_of():
    """Return a function that gives predictions of so many classes."""
    return _quality_of
