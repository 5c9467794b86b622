"""Models in the wrappers of the Model Optimization Toolkit, which are taken off."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from reportgen.reading import LoadedModel, WeightsOnly, read_model

FIXTURES = Path(__file__).parent.parent / "fixtures"


def live(name: str) -> Any:
    read = read_model(FIXTURES / name)
    assert isinstance(read, LoadedModel), read.message
    return read


def kernels(model: keras.Model) -> list[np.ndarray]:
    return [np.asarray(layer.kernel) for layer in model.layers if hasattr(layer, "kernel")]


@pytest.mark.parametrize("extension", ["h5", "keras"])
def test_a_pruned_model_computes_what_it_did_in_its_wrappers(extension: str) -> None:
    read = live(f"pruned-2.15.1.{extension}")
    arrays = np.load(FIXTURES / "pruned-2.15.1.npz")
    np.testing.assert_allclose(read.model(arrays["x0"]), arrays["y0"], atol=1e-5)
    assert read.rewrites[0].startswith("The pruning wrapper was removed: prune_low_magnitude_conv2d, ")
    assert all(0.3 < np.mean(kernel == 0) < 0.7 for kernel in kernels(read.model))


def test_a_quantised_model_has_its_kernels_and_says_that_it_does_not_round() -> None:
    read = live("quantised-2.15.1.h5")
    arrays = np.load(FIXTURES / "quantised-2.15.1.npz")
    stored = [arrays[name] for name in sorted(arrays, key=lambda name: int(name[1:])) if name.startswith("k")]
    for ours, theirs in zip(kernels(read.model), stored, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert [layer.activation.__name__ for layer in read.model.layers if hasattr(layer, "kernel")] == [
        "linear",
        "relu",
        "softmax",
    ]
    assert read.rewrites[0].startswith(
        "Quantisation-aware rounding was left out, so outputs differ slightly: quantize_layer, quant_conv2d"
    )


def test_a_quantised_archive_whose_weights_lie_elsewhere_is_reported_by_its_weights() -> None:
    read = read_model(FIXTURES / "quantised-2.15.1.keras")
    assert isinstance(read, WeightsOnly)
    assert "the weights do not fit the architecture" in read.message
