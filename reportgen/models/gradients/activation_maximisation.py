"""Inputs made to excite a channel most: activation maximisation with a Fourier basis and random transformations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.errors import ForwardError
from reportgen.models.gradients.traced import traced
from reportgen.models.graphs import call_number, common_data_format, data_format, first_tensor, layer_path
from reportgen.models.passes import LiveModel, recording, recording_activations
from reportgen.progress import counted_off

MAXIMISATION_STEPS = 64
"""Steps of Adam; the reference takes 512, and pictures of small inputs hardly change after the first dozens."""

_RATE = 0.05  # lucid.optvis.render: Adam, 0.05
_JITTER = 1 / 16  # of the input's size: the reference's 8 + 16 pixels of 128 and more would lose a small input
_START = 0.01  # standard deviation of the first spectrum, as in lucid.optvis.param.spatial
_SCALES = (0.9, 0.95, 1.0, 1.05, 1.1)


@dataclass(frozen=True)
class MaximisedInputs:
    """Inputs as the model receives them, and what their channels answer.

    Attributes:
        images: (n, height, width, channels) float32.
        activations: (n,) float32, means of the channels before their activation.
    """

    images: np.ndarray
    activations: np.ndarray


def maximise_channels(
    live: LiveModel,
    name: str,
    channels: Sequence[int],
    *,
    shape: tuple[int, ...],
    value_range: tuple[float, float],
    seed: int,
    pack: Callable[[Any], Any] = lambda pictures: pictures,
) -> MaximisedInputs:
    """Return one input for each channel, made so that the mean of its map, before its own activation, is as large as can be.

    Args:
        live: the model; its weights are not touched, and no wrapper stays behind.
        name: name of the layer's call.
        channels: channels of the call's output, one input for each.
        shape: shape of one picture, two spatial axes and channels.
        value_range: least and largest value of the inputs.
        seed: seed of the first spectra and of the transformations.
        pack: function that turns pictures into what the model takes, with what its other inputs receive.

    Raises:
        ForwardError: the layer's output has no gradient by the input.

    Source: Olah et al., Feature Visualization, Distill 2017: Fourier basis with energies equalised, and robustness to jitter
    and scaling; constants of github.com/tensorflow/lucid, jitter scaled to the input's size.
    """
    import tensorflow as tf

    height, width, depth = shape
    generator, energies = np.random.default_rng(seed), _energies(height, width)
    spectrum = generator.normal(0, _START, (2, len(channels), depth, *energies.shape)).astype(np.float32)
    moments = [np.zeros_like(spectrum), np.zeros_like(spectrum)]

    def differentiate(spectrum: Any, sizes: Any, offsets: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(spectrum)
            moved = _transformed(_images(spectrum, energies, (height, width), value_range), sizes, offsets)
            loss = -tf.reduce_sum(_means(live, name, channels, moved, pack))
        return tape.gradient(loss, spectrum)

    ascend = traced(differentiate)
    for step in counted_off(range(1, MAXIMISATION_STEPS + 1), MAXIMISATION_STEPS):
        sizes, offsets = _transformation(generator, height, width)
        gradient = ascend(tf.constant(spectrum), tf.constant(sizes), tf.constant(offsets))
        spectrum = _adam(spectrum, gradient, moments, step, name)
    images = _images(tf.constant(spectrum), energies, (height, width), value_range)
    return MaximisedInputs(np.asarray(images), np.asarray(_means(live, name, channels, images, pack)))


def _energies(height: int, width: int) -> np.ndarray:
    """Return the factor of every frequency, which gives all the same energy: 1 / max(frequency, 1 / size)."""
    frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    scale = np.sqrt(height * width)
    return np.asarray(scale / np.maximum(frequencies, 1 / max(height, width)), dtype=np.float32)


def _images(spectrum: Any, energies: np.ndarray, size: tuple[int, int], value_range: tuple[float, float]) -> Any:
    import tensorflow as tf

    scaled = tf.complex(spectrum[0] * energies, spectrum[1] * energies)
    waves = tf.transpose(tf.signal.irfft2d(scaled, fft_length=size), (0, 2, 3, 1)) / 4
    low, high = value_range
    return low + (high - low) * tf.sigmoid(waves)


def _transformation(generator: np.random.Generator, height: int, width: int) -> tuple[list[int], list[int]]:
    """Return a height and width drawn at random to scale padded images to, and the first row and column of what is kept."""
    scale = float(generator.choice(_SCALES))
    sizes = [max(size, round((size + 2 * _reach(size)) * scale)) for size in (height, width)]
    offsets = [int(generator.integers(0, has - size + 1)) for has, size in zip(sizes, (height, width), strict=True)]
    return sizes, offsets


def _reach(size: int) -> int:
    return max(1, round(size * _JITTER))


def _transformed(images: Any, sizes: Any, offsets: Any) -> Any:
    """Return images padded, scaled to these sizes and cut to their own again, from these offsets on."""
    import tensorflow as tf

    count, height, width, depth = images.shape
    reach = [(_reach(size), _reach(size)) for size in (height, width)]
    scaled = tf.image.resize(tf.pad(images, [(0, 0), *reach, (0, 0)], mode="REFLECT"), sizes)
    cut = tf.slice(scaled, tf.concat([[0], offsets, [0]], axis=0), (count, height, width, depth))
    return tf.ensure_shape(cut, images.shape)


def _means(
    live: LiveModel,
    name: str,
    channels: Sequence[int],
    images: Any,
    pack: Callable[[Any], Any],
) -> Any:
    import tensorflow as tf

    path = layer_path(name)
    layer = live.layers[path]
    captured: list[Any] = []
    inputs = pack(images)

    # before the layer's own activation: behind a rectifier there is no gradient from a channel that is silent at first
    if callable(vars(layer).get("activation")):
        with recording_activations({path: layer}, lambda _, values: captured.append(values)):
            live.model(inputs, training=False)
    else:
        with recording({path: layer}, lambda _, output: captured.append(first_tensor(output))):
            live.model(inputs, training=False)
    maps = captured[call_number(name) - 1]
    if data_format(layer, common_data_format(live.layers.values())) == "channels_first":
        maps = tf.transpose(maps, (0, 2, 3, 1))
    means = tf.reduce_mean(tf.cast(maps, tf.float32), axis=(1, 2))
    return tf.gather(means, list(channels), batch_dims=1)


def _adam(values: np.ndarray, tensor: Any, moments: list[np.ndarray], step: int, name: str) -> np.ndarray:
    """Return the values after one step. Source: Kingma and Ba, Adam, arXiv 1412.6980, algorithm 1."""
    if tensor is None:
        raise ForwardError(f"{name} has no gradient by the input")
    gradient = np.asarray(tensor)
    moments[0] = 0.9 * moments[0] + 0.1 * gradient
    moments[1] = 0.999 * moments[1] + 0.001 * gradient**2
    mean, square = moments[0] / (1 - 0.9**step), moments[1] / (1 - 0.999**step)
    return np.asarray(values - _RATE * mean / (np.sqrt(square) + 1e-8), dtype=np.float32)
