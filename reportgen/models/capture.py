"""One forward pass that records the outputs of every wanted layer, without rewiring the model.

`keras.Model(model.inputs, layer.output)` raises on nested and on subclassed models. Instead each wanted layer's `call`
is wrapped for the length of an eager pass, which works for all of them alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reportgen.errors import ForwardError
from reportgen.models.kernels import common_data_format, data_format, is_convolution

_BATCH_VALUES = 32_000_000
"""Largest number of float32 values of one layer's output in a batch: 128 MB."""

_MAX_BATCH = 256
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Activations:
    """What one forward pass recorded. Filled batch by batch.

    Attributes:
        order: names of the watched calls in the order of the first batch: the layer's path; from a shared layer's
            second call on with ' (call 2)'.
        kept: by name, the outputs of the samples to keep, (n, ..., channels) float32, channels last.
        maxima: by name, the largest value of every channel over all samples and positions, (channels,) float32.
        outputs: the model's first output for every sample, (N, ...) float32.
    """

    order: tuple[str, ...] = ()
    kept: dict[str, np.ndarray] = field(default_factory=dict)
    maxima: dict[str, np.ndarray] = field(default_factory=dict)
    outputs: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))


@contextmanager
def recording(layers: Mapping[str, Any], on_output: Callable[[str, Any], None]) -> Iterator[None]:
    """Call `on_output(path, output)` after every call of these layers; then leave the layers as they were.

    Args:
        layers: by path.
        on_output: receives the path and the eager tensor. Whatever it or the model raises, the layers are restored.
    """
    replaced: list[tuple[Any, Any]] = []
    try:
        for path, layer in layers.items():
            wrapped = _wrapped(layer.call, path, on_output)
            replaced.append((layer, vars(layer).get("call")))
            vars(layer)["call"] = wrapped
        yield
    finally:
        for layer, before in replaced:
            if before is None:
                del vars(layer)["call"]
            else:
                vars(layer)["call"] = before


def _wrapped(call: Callable[..., Any], path: str, on_output: Callable[[str, Any], None]) -> Callable[..., Any]:
    def call_and_record(*args: Any, **kwargs: Any) -> Any:
        output = call(*args, **kwargs)
        on_output(path, output)
        return output

    return call_and_record


def watched_layers(layers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the layers worth recording: every convolution, and every layer that ends in a rectifier."""
    return {path: layer for path, layer in layers.items() if is_convolution(layer) or is_rectifier(layer)}


def is_rectifier(layer: Any) -> bool:
    """Return whether a layer's last step is ReLU or ReLU6, so that a channel without positive values says nothing."""
    if type(layer).__name__ == "ReLU":
        return not float(layer.negative_slope) and not float(layer.threshold)
    return getattr(getattr(layer, "activation", None), "__name__", None) in ("relu", "relu6")


def batch_size(largest_output: int) -> int:
    """Return how many samples to run at once, 1 to 256.

    Args:
        largest_output: number of values of the model's largest layer output, for one sample.
    """
    return max(1, min(_MAX_BATCH, _BATCH_VALUES // max(largest_output, 1)))


def run_forward(
    model: Any, batches: Iterable[np.ndarray], *, layers: Mapping[str, Any], keep: frozenset[str], keep_samples: int
) -> Activations:
    """Run the model over all batches once and return what the layers put out.

    Args:
        model: a `keras.Model`; called with training=False, its weights are not touched.
        batches: (n, *input_shape) float32 each.
        layers: to watch, by path.
        keep: names of the calls whose outputs are kept whole.
        keep_samples: they are kept for this many of the first samples.

    Raises:
        ForwardError: a layer failed.
    """
    recorder = _Recorder(layers, keep, keep_samples)
    outputs = []
    with recording(layers, recorder.on_output):
        for batch in batches:
            recorder.begin(len(batch))
            outputs.append(_output_of(model, batch))
    activations = recorder.activations
    activations.order = tuple(activations.maxima)
    activations.kept = {name: np.concatenate(parts) for name, parts in recorder.parts.items()}
    activations.outputs = np.concatenate(outputs)
    return activations


def predict(model: Any, batches: Iterable[np.ndarray]) -> np.ndarray:
    """Return the model's first output for every sample, (N, ...) float32."""
    return np.concatenate([_output_of(model, batch) for batch in batches])


def _output_of(model: Any, batch: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    try:
        return _first(model(batch, training=False))
    except (
        tf.errors.OpError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        # what a layer's call may raise has no narrower base: it is anybody's code
        raise ForwardError(f"{type(error).__name__}: {_first_sentence(str(error))}") from error


def _first_sentence(message: str) -> str:
    """Return what a message of Keras or TensorFlow says first, on one line of at most 200 characters."""
    plain = _COLOUR.sub("", message).split("Arguments received by")[0]
    return " ".join(plain.split())[:200]


class _Recorder:
    """Turns the outputs of one pass into `Activations`, batch by batch."""

    def __init__(self, layers: Mapping[str, Any], keep: frozenset[str], keep_samples: int) -> None:
        self.activations = Activations()
        self.parts: dict[str, list[np.ndarray]] = {}
        self._layers = layers
        self._data_format = common_data_format(layers.values())
        self._keep = keep
        self._left = keep_samples
        self._batch = 0
        self._calls: dict[str, int] = {}

    def begin(self, samples: int) -> None:
        """Note that a batch of so many samples follows."""
        self._left -= self._batch
        self._batch = samples
        self._calls.clear()

    def on_output(self, path: str, output: Any) -> None:
        """Record one output of a layer."""
        self._calls[path] = number = self._calls.get(path, 0) + 1
        name = path if number == 1 else f"{path} (call {number})"
        values = _first(output)
        if values.ndim > 2 and data_format(self._layers[path], self._data_format) == "channels_first":
            values = np.moveaxis(values, 1, -1)
        largest = values.max(axis=tuple(range(values.ndim - 1)))
        known = self.activations.maxima.get(name)
        self.activations.maxima[name] = largest if known is None else np.maximum(known, largest)
        if name in self._keep and self._left > 0:
            self.parts.setdefault(name, []).append(values[: self._left].copy())


def _first(output: Any) -> np.ndarray:
    """Return a model's or layer's first output as float32, whether it has one, a list or a dict of them."""
    while isinstance(output, dict | list | tuple):
        output = next(iter(output.values())) if isinstance(output, dict) else output[0]
    return np.asarray(output, dtype=np.float32)
