"""Kernels that Keras stores as whole numbers, as the values that they stand for."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import reportgen
from reportgen.keras_internals import dequantised_kernel, quantised
from reportgen.models.weights import layer_kernels

GENERATOR = np.random.default_rng(5)


def dense(mode: str) -> tuple[Any, np.ndarray]:
    """Return a quantised layer and its kernel before."""
    layer = layers.Dense(5, name="dense")
    layer.build((None, 7))
    kernel = GENERATOR.uniform(-1, 1, (7, 5)).astype(np.float32)
    kernel[0] = 1  # the largest magnitude of every output, which the scale brings to 127 or 7
    layer.kernel.assign(kernel)
    layer.quantize(mode)
    return layer, kernel


def test_an_int8_kernel_is_read_as_whole_numbers_over_their_scale() -> None:
    layer, kernel = dense("int8")
    found = dequantised_kernel(layer)
    assert found is not None
    shape, read = found
    assert shape == (7, 5)
    np.testing.assert_allclose(read(), np.round(kernel * 127) / 127, atol=1e-6)


def test_an_int4_kernel_is_unpacked() -> None:
    layer, kernel = dense("int4")
    assert tuple(layer._kernel.shape) == (7, 3)
    found = dequantised_kernel(layer)
    assert found is not None
    assert found[0] == (7, 5)
    np.testing.assert_allclose(found[1](), kernel, atol=0.08)  # half of a fifteenth of the range, and the zero point's


@pytest.mark.parametrize("mode", ["int8", "int4"])
@pytest.mark.parametrize(
    ("equation", "output", "inputs", "limit"),
    [("abc,cde->abde", (None, 3, 5), (None, 4, 6), 0.06), ("abde,dec->abc", (None, 4), (None, 4, 3, 5), 0.06)],
)
def test_a_quantised_einsum_kernel_has_its_own_axes_again(
    mode: str, equation: str, output: Any, inputs: Any, limit: float
) -> None:
    layer = layers.EinsumDense(equation, output_shape=output)
    layer.build((None, *inputs[1:]))
    kernel = layer.kernel.numpy()
    layer.quantize(mode)
    found = dequantised_kernel(layer)
    assert found is not None
    assert found[0] == kernel.shape
    assert np.abs(found[1]() - kernel).max() < limit


def test_other_layers_are_not_dequantised() -> None:
    layer = layers.Dense(2)
    layer.build((None, 3))
    assert quantised(layer) is None
    assert dequantised_kernel(layer) is None
    layer.quantize("float8")
    assert quantised(layer) == "float8"
    assert dequantised_kernel(layer) is None


def test_the_label_tells_that_a_kernel_was_dequantised() -> None:
    layer, _ = dense("int8")
    (kernel,) = layer_kernels({"dense": layer})
    assert kernel.label == "dense (dequantised int8)"
    assert kernel.initializer is None
    assert kernel.values().max() == pytest.approx(1, rel=1e-6)


def test_a_model_with_float8_layers_gets_a_report_without_gradients() -> None:
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3, activation="softmax")]
    )
    model.quantize("float8")
    report = reportgen.build_report(model, np.zeros((4, 6, 6, 1), np.float32), labels=[0, 1, 2, 0])
    skipped = {section.name: section.reason for section in report.sections if hasattr(section, "reason")}
    assert skipped["attribution"] == ("This section needs gradients, which Keras cannot compute through float8 layers.")
    assert report.samples is not None
    assert report.samples.evaluated == 4
