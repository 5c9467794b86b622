"""Every kind of model with every kind of convolution: what the report shows against a computation layer by layer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from fixed_weights import fix_weights
from keras import layers, ops

import reportgen

WIDTHS = {"conv1d": (12,), "conv3d": (5, 6, 7)}
CONVOLUTIONS: dict[str, Callable[..., Any]] = {
    "conv1d": lambda **given: layers.Conv1D(4, 3, **given),
    "conv2d": lambda **given: layers.Conv2D(4, (3, 2), **given),
    "conv3d": lambda **given: layers.Conv3D(4, (3, 2, 3), **given),
    "depthwise": lambda **given: layers.DepthwiseConv2D(3, depth_multiplier=2, **given),
    "separable": lambda **given: layers.SeparableConv2D(4, 3, **given),
    "transposed": lambda **given: layers.Conv2DTranspose(4, 3, strides=2, **given),
    "grouped": lambda **given: layers.Conv2D(4, 3, groups=2, **given),
}
LAST, FIRST = "channels_last", "channels_first"
SHAPES = ["sequential", "functional", "nested", "subclassed", "shared", "two_inputs", "two_outputs"]
COUNT = 3
CHANNELS = 4


def fixed(model: Any) -> Any:
    return fix_weights(model, seed=11, mean=0, scale=0.4)


def size_of(kind: str) -> tuple[int, ...]:
    return WIDTHS.get(kind, (8, 7))


def samples_of(kind: str, order: str = LAST) -> np.ndarray:
    """Return the samples with channels last, or the same ones with channels first."""
    last = np.random.default_rng(5).normal(size=(COUNT, *size_of(kind), CHANNELS)).astype(np.float32)
    return last if order == LAST else np.ascontiguousarray(np.moveaxis(last, -1, 1))


META = np.random.default_rng(6).normal(size=(COUNT, 2)).astype(np.float32)


@keras.saving.register_keras_serializable("matrix")
class Subclassed(keras.Model):
    """One convolution, a mean, and a dense head."""

    def __init__(self, kind: str, order: str = LAST, **given: Any) -> None:
        super().__init__(**given)
        self.kind, self.order = kind, order
        self.conv, self.scores = parts(kind, order)

    def call(self, inputs: Any) -> Any:
        return self.scores(mean(self.conv(inputs), self.order))

    def get_config(self) -> dict[str, Any]:
        return {"kind": self.kind, "order": self.order, "name": self.name}


def mean(maps: Any, order: str) -> Any:
    axes = range(1, len(maps.shape) - 1) if order == LAST else range(2, len(maps.shape))
    return ops.mean(maps, axis=tuple(axes))


def pool(kind: str, order: str) -> Any:
    pools = {"conv1d": layers.GlobalAveragePooling1D, "conv3d": layers.GlobalAveragePooling3D}
    return pools.get(kind, layers.GlobalAveragePooling2D)(name="pool", data_format=order)


def parts(kind: str, order: str) -> tuple[Any, Any]:
    """Return the convolution and the head."""
    convolution = CONVOLUTIONS[kind](name="conv", activation="relu", data_format=order)
    return convolution, layers.Dense(3, activation="softmax", name="scores")


def build(shape: str, kind: str, order: str = LAST) -> Any:
    """Return a model with fixed weights: a convolution 'conv', a mean over its maps, a head 'scores'."""
    conv, scores = parts(kind, order)
    inputs = keras.Input(samples_of(kind, order).shape[1:], name="image")
    if shape == "sequential":
        return fixed(keras.Sequential([inputs, conv, pool(kind, order), scores]))
    if shape == "subclassed":
        model = Subclassed(kind, order)
        model(inputs)  # builds it without running a kernel, which with channels first may be missing
        return fixed(model)
    if shape == "nested":
        deep = keras.Sequential([keras.Input(inputs.shape[1:]), conv], name="deep")
        middle_inputs = keras.Input(inputs.shape[1:])
        middle = keras.Model(middle_inputs, pool(kind, order)(deep(middle_inputs)), name="middle")
        return fixed(keras.Model(inputs, scores(middle(inputs))))
    if shape == "shared":
        doubled = layers.Rescaling(2.0, name="double")(inputs)
        flat = layers.Flatten(data_format=order)(conv(doubled))
        both = layers.Concatenate()([pool(kind, order)(conv(inputs)), flat])
        return fixed(keras.Model(inputs, scores(both)))
    pooled = pool(kind, order)(conv(inputs))
    if shape == "two_inputs":
        meta = keras.Input((2,), name="meta")
        return fixed(keras.Model([meta, inputs], scores(layers.Concatenate()([pooled, meta]))))
    if shape == "two_outputs":
        return fixed(keras.Model(inputs, [layers.Dense(1, name="age")(pooled), scores(pooled)]))
    return fixed(keras.Model(inputs, scores(pooled)))


def weights_of(model: Any) -> dict[str, np.ndarray]:
    """Return the weights by the last two parts of their path: 'conv/kernel'."""
    return {"/".join(weight.path.split("/")[-2:]): weight.numpy() for weight in model.weights}


def convolved(kind: str, inputs: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """Return the rectified output of the convolution by its definition, in float64."""
    inputs, bias = inputs.astype(np.float64), weights["conv/bias"]
    if kind == "separable":
        deep = slid(inputs, as_full(weights["conv/depthwise_kernel"]))
        found = deep @ weights["conv/pointwise_kernel"][0, 0]
    elif kind == "depthwise":
        found = slid(inputs, as_full(weights["conv/kernel"]))
    elif kind == "grouped":
        halves = np.split(weights["conv/kernel"], 2, axis=-1)
        found = np.concatenate(
            [slid(inputs[..., 2 * half : 2 * half + 2], kernel) for half, kernel in enumerate(halves)], axis=-1
        )
    elif kind == "transposed":
        found = spread(inputs, weights["conv/kernel"], stride=2)
    else:
        found = slid(inputs, weights["conv/kernel"])
    return np.maximum(found + bias, 0)


def slid(inputs: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return the valid convolution of (n, *size, c) with a kernel (*window, c, f)."""
    window = kernel.shape[:-2]
    axes = tuple(range(1, 1 + len(window)))
    windows = np.lib.stride_tricks.sliding_window_view(inputs, window, axis=axes)
    flat = windows.reshape(*windows.shape[: 1 + len(window)], inputs.shape[-1], -1)
    return np.einsum("...cw,wcf->...f", flat, kernel.reshape(-1, *kernel.shape[-2:]))


def as_full(kernel: np.ndarray) -> np.ndarray:
    """Return a depthwise kernel (*window, c, m) as one (*window, c, c * m) with zeros between the channels."""
    *window, channels, multiplier = kernel.shape
    full = np.zeros((*window, channels, channels * multiplier))
    for channel in range(channels):
        full[..., channel, channel * multiplier : (channel + 1) * multiplier] = kernel[..., channel, :]
    return full


def spread(inputs: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """Return the transposed convolution: every input value adds its multiple of the kernel (h, w, f, c)."""
    count, height, width, _ = inputs.shape
    rows, columns = kernel.shape[:2]
    found = np.zeros((count, (height - 1) * stride + rows, (width - 1) * stride + columns, kernel.shape[2]))
    for y in range(height):
        for x in range(width):
            patch = np.einsum("nc,hwfc->nhwf", inputs[:, y, x], kernel)
            found[:, y * stride : y * stride + rows, x * stride : x * stride + columns] += patch
    return found


def expected_scores(shape: str, kind: str, inputs: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """Return the softmax of the head on what the model puts together, in float64."""
    maps = convolved(kind, inputs, weights)
    features = maps.mean(axis=tuple(range(1, maps.ndim - 1)))
    if shape == "shared":
        doubled = convolved(kind, inputs * 2, weights)
        features = np.concatenate([features, doubled.reshape(COUNT, -1)], axis=1)
    if shape == "two_inputs":
        features = np.concatenate([features, META], axis=1)
    logits = features @ weights["scores/kernel"] + weights["scores/bias"]
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def by_filter(name: str, kernel: np.ndarray, kind: str) -> np.ndarray:
    """Return (filters, *window, inputs) of a kernel, by what Keras documents on its axes."""
    if name in ("depthwise_kernel", "kernel") and kind in ("depthwise", "separable"):
        flat = kernel.reshape(*kernel.shape[:-2], -1)
        return np.stack([flat[..., index] for index in range(flat.shape[-1])])[..., None]
    return np.moveaxis(kernel, -2 if kind == "transposed" else -1, 0)


def tiles(images: np.ndarray) -> np.ndarray:
    """Return (n, h, w) pictures of (n, *size): rows of one, or three central slices side by side."""
    if images.ndim == 2:
        return images[:, None]
    if images.ndim == 3:
        return images
    depth, height, width = (length // 2 for length in images.shape[1:])
    planes = [images[:, depth], images[:, :, height], images[:, :, :, width]]
    tall = max(plane.shape[1] for plane in planes)
    gaps = [np.pad(plane, ((0, 0), (0, tall - plane.shape[1]), (0, 1)), constant_values=np.nan) for plane in planes]
    return np.concatenate(gaps, axis=2)[:, :, :-1]


def check(report: Any, shape: str, kind: str, weights: dict[str, np.ndarray]) -> None:
    """Compare every kernel, map and probability that the page shows."""
    shown = {section.name: section.result for section in report.sections if hasattr(section, "result")}
    inputs = samples_of(kind)
    scores = expected_scores(shape, kind, inputs, weights)
    found = np.array([[entry.probability for entry in one.top] for one in shown["sample_predictions"].shown])
    order = [[int(entry.name.removeprefix("class ")) for entry in one.top] for one in shown["sample_predictions"].shown]
    np.testing.assert_allclose(found, np.take_along_axis(scores, np.array(order), axis=1), atol=2e-5)
    check_maps(shown["feature_maps"].layers, [inputs, inputs * 2] if shape == "shared" else [inputs], kind, weights)
    kernels = {
        name.split("/")[1]: value for name, value in weights.items() if name.startswith("conv/") and "kernel" in name
    }
    assert [grid.label.split("/")[-1].replace("conv ", "") for grid in shown["filter_grids"].grids] == (
        ["conv"] if len(kernels) == 1 else list(kernels)
    )
    for grid, (name, kernel) in zip(shown["filter_grids"].grids, kernels.items(), strict=True):
        filters = by_filter(name, kernel, kind)
        np.testing.assert_allclose(grid.norms, np.sqrt((filters**2).sum(axis=tuple(range(1, filters.ndim)))), rtol=1e-5)
        check_tiles(grid, filters)


def check_maps(layers: Any, inputs: list[np.ndarray], kind: str, weights: dict[str, np.ndarray]) -> None:
    """Compare the maps of every call with those of its input; which of two calls Keras makes first is its own choice."""
    assert [maps.name.split("/")[-1] for maps in layers] == ["conv", "conv (call 2)"][: len(inputs)]
    expected = [convolved(kind, given, weights) for given in inputs]
    first = layers[0].samples[0].grid.images
    pictures = [tiles(np.moveaxis(maps[0], -1, 0)) for maps in expected]
    if len(expected) == 2 and np.nanmax(np.abs(first - pictures[0])) > np.nanmax(np.abs(first - pictures[1])):
        expected.reverse()
    for maps, values in zip(layers, expected, strict=True):
        assert (maps.total, maps.reduction) == (values.shape[-1], 1)
        for number, sample in enumerate(maps.samples):
            wanted = tiles(np.moveaxis(values[number], -1, 0)[list(maps.channels)])
            np.testing.assert_allclose(sample.grid.images, wanted, atol=2e-4)


def check_tiles(grid: Any, filters: np.ndarray) -> None:
    """Compare the grid's pictures with the filters: the input channel with the largest norm; without a window all of them."""
    if filters.ndim == 3:
        wanted = np.moveaxis(filters, -1, 1)
    elif set(filters.shape[1:-1]) == {1}:
        wanted = filters[:, 0]
    else:
        norms = np.sqrt((filters.astype(np.float64) ** 2).sum(axis=tuple(range(1, filters.ndim - 1))))
        assert grid.shown_channels == tuple(norms.argmax(axis=1))
        wanted = tiles(np.stack([one[..., channel] for one, channel in zip(filters, grid.shown_channels, strict=True)]))
    np.testing.assert_allclose(grid.trained.images, wanted, atol=1e-6)


def cases() -> list[Any]:
    """Return all of them; those with channels first are compiled."""
    return [
        pytest.param(shape, kind, order, id=f"{shape}-{kind}" if order == LAST else f"{shape}-{kind}-first")
        for order in (LAST, FIRST)
        for shape in SHAPES
        for kind in CONVOLUTIONS
    ]


def suffixes(shape: str, kind: str, order: str) -> tuple[str, ...]:
    """Return the formats to save a case in: both along the diagonals; elsewhere one of them, the other in the other order."""
    if shape == "subclassed":
        return (".keras",)
    row, column = SHAPES.index(shape), list(CONVOLUTIONS).index(kind)
    if (row + (order == FIRST)) % len(CONVOLUTIONS) == column:
        return (".keras", ".h5")
    return ((".keras", ".h5")[(row + column + (order == FIRST)) % 2],)


def given(shape: str, kind: str, order: str) -> Any:
    samples = samples_of(kind, order)
    return {"image": samples, "meta": META} if shape == "two_inputs" else samples


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "kind", "order"), cases())
def test_what_is_shown_equals_a_computation_layer_by_layer(shape: str, kind: str, order: str, tmp_path: Path) -> None:
    model = build(shape, kind, order)
    weights = weights_of(model)
    options: dict[str, Any] = {"select": "0,1,2", "attribution": "none", "redraws": 5}
    check(reportgen.build_report(model, given(shape, kind, order), **options), shape, kind, weights)
    for suffix in suffixes(shape, kind, order):
        model.save(tmp_path / f"model{suffix}")
        modules = (str(Path(__file__)),) if shape == "subclassed" else ()
        saved = reportgen.build_report(
            tmp_path / f"model{suffix}", given(shape, kind, order), custom_objects=modules, **options
        )
        check(saved, shape, kind, weights)


# As `keras.applications` counts them, see keras.io/api/applications; multiply-adds are counted below
APPLICATIONS = {
    "ResNet50": 25_636_712,
    "MobileNetV2": 3_538_984,
    "EfficientNetB0": 5_330_571,
    "DenseNet121": 8_062_504,
    "VGG16": 138_357_544
    - (7 * 7 - 2 * 2) * 512 * 4096,  # at 64 x 64 its first dense layer sees 2 x 2 places, not 7 x 7
    "ConvNeXtTiny": 28_589_128,
}


def counted_multiply_adds(model: Any) -> int:
    """Return window x input channels x output values of every convolution and dense layer, from shapes alone."""
    total = 0
    for layer in model._flatten_layers(include_self=False):
        kernels = [weight for weight in layer.weights if weight.name.endswith("kernel")]
        if not kernels or getattr(layer, "_layers", None):
            continue
        (kernel,) = kernels
        places = int(np.prod(layer.output.shape[1:-1]))
        total += int(np.prod(kernel.shape)) * places
    return total


def move_kernels(model: Any) -> None:
    """Move kernels off their initialiser, one up and one down, so that outputs stay; near it each is drawn 200 times."""
    values, factor = model.get_weights(), 1.5
    for weight in values:
        if weight.ndim > 1:
            weight *= factor
            factor = 1 / factor
    model.set_weights(values)


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_large_networks_are_reported(name: str) -> None:
    """Look at ResNet50 at its own size with 8 samples, for the size of its page, and at the others with small ones.

    A quick look has all that is compared here; the full tests of the maps cost ResNet50 nine seconds and its page 2 kB.
    """
    side, count = (224, 8) if name == "ResNet50" else (64, 2)
    keras.utils.set_random_seed(1)
    model = getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3), classes=1000)
    move_kernels(model)
    # noise is what PNG compresses least
    images = np.random.default_rng(0).integers(0, 256, (count, side, side, 3), np.uint8)
    report = reportgen.build_report(model, images, redraws=5, effort="quick")
    shown = {section.name: section.result for section in report.sections if hasattr(section, "result")}
    assert report.model.parameters == APPLICATIONS[name] == model.count_params()
    assert shown["architecture"].multiply_adds == counted_multiply_adds(model)
    scaled = images if shown["sample_predictions"].rescaled else (images / 255).astype(np.float32)
    expected = np.sort(model(scaled, training=False).numpy(), axis=1)[:, ::-1]
    assert len(shown["sample_predictions"].shown) == count
    for one, row in zip(shown["sample_predictions"].shown, expected, strict=True):
        np.testing.assert_allclose([entry.probability for entry in one.top], row[: len(one.top)], atol=1e-5)
    assert len(report.to_html().encode()) < 2_000_000
