"""A report of the layouts that neither the demo nor the deep network has: strips, 16 tiles in a row, 20 classes and samples."""

import numpy as np

from reportgen.analyses.feature_maps import FeatureMapsResult, LayerMaps, SampleMaps
from reportgen.analyses.filter_grids.results import FilterGrid, FilterGridsResult, FilterStrength
from reportgen.analyses.prediction_quality.results import PredictionQualityResult, WorstSample
from reportgen.measures.classification import classification_quality
from reportgen.results.findings import ModelSummary, Provenance, SamplesSummary
from reportgen.results.plottables import Histogram, ImageGrid, Palette
from reportgen.results.report import Report, Section

SAMPLES = 20
CLASSES = 20


def tiles_report() -> Report:
    """Return a report of filters, predictions and feature maps, its channels and classes numbered from 0."""
    provenance = Provenance(
        file_name="tiles.keras",
        file_size=1_234_567,
        sha256="0123456789abcdef" * 4,
        format="Keras v3 archive (.keras)",
        keras_version="3.8.0",
        rewrites=(),
        versions={"reportgen": "0.1.0", "keras": "3.15.1", "tensorflow": "2.21.0"},
        date="2026-01-01",
        seed=0,
        options={},
        command="reportgen build tiles.keras",
        title="Tiles of every layout",
    )
    samples = SamplesSummary(
        "tiles.npz", 100, 100, tuple(range(SAMPLES)), "first", (8, 8, 1), "uint8", (0.0, 255.0), (0.0, 1.0), True, ()
    )
    sections = (
        Section("filter_grids", "Filters", _filters()),
        Section("prediction_quality", "Prediction quality", _quality()),
        Section("feature_maps", "Feature maps", _maps()),
    )
    return Report(provenance, ModelSummary("tiles", "Functional", (8, 8, 1), (CLASSES,), 9, 9, 3), samples, sections)


def _filters() -> FilterGridsResult:
    layouts = {
        "pointwise": ("strip", (1, 1), 16, (24, 1, 16), 1),
        "sequence": ("strip", (5,), 4, (12, 4, 5), 1),
        "many": ("window", (3, 3), 1, (70, 3, 3), 8),
    }
    grids = tuple(
        FilterGrid(
            label=name,
            window=window,
            input_channels=channels,
            trained=_grid(shape, columns, Palette.DIVERGING, seed=1),
            untrained=_grid(shape, columns, Palette.DIVERGING, seed=2),
            colour=None,
            shown_channels=None,
            norms=np.linspace(0.1, 1, shape[0]),
            clipped=0,
            layout=layout,
            histogram=Histogram(np.linspace(-4, 4, 21), {"trained": np.arange(20), "untrained": np.arange(20)[::-1]}),
            fresh=Histogram(np.linspace(-1, 1, 11), {"untrained": np.arange(10)}),
        )
        for name, (layout, window, channels, shape, columns) in layouts.items()
    )
    norms, none = np.linspace(0.5, 1.5, 8), (np.empty(0), np.empty(0), np.empty(0))
    strengths = tuple(FilterStrength(name, 8, 18, 1, 0.5, (), True, (), norms, none) for name in layouts)
    return FilterGridsResult(grids, strengths, 0)


def _quality() -> PredictionQualityResult:
    labels = np.arange(100) % CLASSES
    values = np.random.default_rng(1).dirichlet(np.ones(CLASSES), 100)
    names = tuple(f"class {index}" for index in range(CLASSES))
    worst = tuple(WorstSample(index, "", names[0], names[1], 0.9, 0.1, False) for index in range(8))
    return PredictionQualityResult(
        rule="The outputs are scores.",
        evaluated=100,
        total=100,
        classification=classification_quality(values, labels, names, sure=0.99, seed=0),
        regression=None,
        worst=worst,
        confidently=4,
        pictures=_grid((8, 8, 8), 8, Palette.GREY, seed=3),
    )


def _maps() -> FeatureMapsResult:
    layouts = {"small": ("map", (6, 6), (40, 3, 3), 8), "series": ("strip", (32,), (12, 1, 32), 1)}
    layers = tuple(
        LayerMaps(
            name=name,
            size=size,
            channels=tuple(range(shape[0])),
            total=shape[0],
            rectified=True,
            reduction=1,
            value_range=(0.0, 4.0),
            end=4.0,
            clipped=0,
            samples=tuple(
                SampleMaps(f"x[{sample}]", sample, None, _grid(shape, columns, Palette.SEQUENTIAL, seed=sample), (1,))
                for sample in range(SAMPLES)
            ),
            layout=layout,
        )
        for name, (layout, size, shape, columns) in layouts.items()
    )
    return FeatureMapsResult(layers, own_scale=False)


def _grid(shape: tuple[int, int, int], columns: int, palette: Palette, *, seed: int) -> ImageGrid:
    images = np.abs(np.random.default_rng(seed).normal(size=shape)).astype(np.float32)
    if palette is Palette.SEQUENTIAL:
        images[1] = 0  # the silent one
    labels = tuple(map(str, range(shape[0])))
    low = -4.0 if palette is Palette.DIVERGING else 0.0
    return ImageGrid(images, labels, (low, 4.0), shape[0], palette, columns, images.reshape(shape[0], -1).max(axis=1))
