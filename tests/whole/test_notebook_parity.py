"""The report shows the arrays that the notebook plotted: its kernels and its feature maps, for the demo's model.

The notebook's way to them is repeated here: `keras.Model(model.inputs[0], layer.output)` on the first sample / 255.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from reportgen.api import build_report


def section(report: Any, name: str) -> Any:
    return next(section.result for section in report.sections if section.name == name)


@pytest.fixture(scope="module")
def sample(demo_samples_path: Path) -> np.ndarray:
    """Return the first sample, (28, 28) uint8."""
    with np.load(demo_samples_path) as stored:
        return stored["x_test"][0]


@pytest.fixture(scope="module")
def notebooks_report(demo_model_path: Path, demo_samples_path: Path) -> Any:
    """Return the report with what the notebook had: the first sample, ten bins, colours from -0.5 to 0.5."""
    return build_report(demo_model_path, demo_samples_path, select="0", bins=10, kernel_range=0.5)


def test_trained_kernels_equal_the_notebooks(demo_model: Any, notebooks_report: Any) -> None:
    notebook = demo_model.layers[0].weights[0].numpy()[:, :, 0]
    first = section(notebooks_report, "filter_grids").grids[0]
    assert len(first.trained.images) == 32
    for index, tile in enumerate(first.trained.images):
        np.testing.assert_allclose(tile, notebook[:, :, index], atol=1e-6)


def test_untrained_kernels_are_drawn_as_an_untrained_layer_draws_them(notebooks_report: Any) -> None:
    untrained = section(notebooks_report, "filter_grids").grids[0].untrained.images
    fresh = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(32, 3, padding="same")])
    limit = np.sqrt(6 / (9 + 9 * 32))
    assert untrained.shape == (32, 3, 3)
    for values in (untrained, fresh.layers[0].weights[0].numpy()):
        assert np.abs(values).max() == pytest.approx(limit, rel=0.05)
        assert np.abs(values).max() <= limit


def test_kernel_range_gives_the_notebooks_colours(notebooks_report: Any) -> None:
    for grid in section(notebooks_report, "filter_grids").grids:
        assert grid.trained.value_range == grid.untrained.value_range == (-0.5, 0.5)


def test_ten_bins_give_the_notebooks_histogram(demo_model: Any, notebooks_report: Any) -> None:
    weights = demo_model.layers[0].weights[0].numpy()
    histogram = section(notebooks_report, "weight_histograms").first.histogram
    assert len(histogram.edges) == 11
    expected = np.histogram(weights, bins=10, range=(histogram.edges[0], histogram.edges[-1]))[0]
    np.testing.assert_array_equal(histogram.counts["trained"], expected)
    assert histogram.counts["untrained"].sum() == weights.size == 288
    assert (
        histogram.counts["trained"].sum() == weights.size - histogram.cut == 282
    )  # the page says how many tails are cut


@pytest.mark.parametrize(("layer", "position", "maps"), [(0, 0, 32), (2, 1, 64)])
def test_feature_maps_equal_the_notebooks(
    demo_model: Any, notebooks_report: Any, sample: np.ndarray, layer: int, position: int, maps: int
) -> None:
    inputs = sample.reshape(1, 28, 28, 1) / 255.0
    notebook = keras.Model(demo_model.inputs[0], demo_model.layers[layer].output).predict(inputs, verbose=0)[0]
    shown = section(notebooks_report, "feature_maps").layers[position].samples[0]
    assert (shown.index, len(shown.grid.images), shown.grid.columns) == (0, maps, 8)
    for index, tile in enumerate(shown.grid.images):
        np.testing.assert_allclose(tile, notebook[:, :, index], atol=1e-6)
    np.testing.assert_allclose(shown.grid.maxima, notebook.max(axis=(0, 1)), atol=1e-6)


def test_sample_is_shown_as_stored(notebooks_report: Any, sample: np.ndarray) -> None:
    (shown,) = section(notebooks_report, "sample_predictions").shown
    np.testing.assert_array_equal(shown.picture.images[0], sample)
    assert shown.picture.value_range == (0, 255)


def test_probabilities_are_the_models(demo_model: Any, notebooks_report: Any, sample: np.ndarray) -> None:
    expected = demo_model.predict(sample.reshape(1, 28, 28, 1) / 255.0, verbose=0)[0]
    (shown,) = section(notebooks_report, "sample_predictions").shown
    best = np.argsort(-expected)[:5]
    assert [entry.name for entry in shown.top] == [f"class {index}" for index in best]
    np.testing.assert_allclose([entry.probability for entry in shown.top], expected[best], atol=1e-6)


def test_default_report_shows_all_filters_and_maps_of_both_convolutions(demo_report: Any) -> None:
    grids = section(demo_report, "filter_grids").grids
    assert [(len(grid.trained.images), grid.trained.total) for grid in grids] == [(32, 32), (64, 64)]
    layers = section(demo_report, "feature_maps").layers
    assert [(layer.channels, layer.reduction) for layer in layers] == [(tuple(range(32)), 1), (tuple(range(64)), 1)]
    assert [layer.rectified for layer in layers] == [True, True]


def test_default_report_shows_one_sample_of_each_class(demo_report: Any, demo_class_names_path: Path) -> None:
    names = demo_class_names_path.read_text().split("\n")[:10]
    shown = section(demo_report, "sample_predictions").shown
    assert [sample.label for sample in shown] == names
    assert all(len(sample.top) == 5 for sample in shown)
    assert (demo_report.samples.total, demo_report.samples.evaluated) == (200, 200)


def test_demo_model_is_a_trained_one(demo_report: Any) -> None:
    kernels = section(demo_report, "learned").kernels
    assert [kernel.learned for kernel in kernels] == [True] * 4
    codes = {finding.code for finding in demo_report.findings}
    assert codes.isdisjoint({"untrained-layer", "non-finite-weights", "weak-filters", "input-range"})
    assert section(demo_report, "sample_predictions").rule == ""
