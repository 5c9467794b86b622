"""Running a model with some of its channels set to zero, and leaving it as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from reportgen.models.passes.calls import call_name, layer_path
from reportgen.models.passes.capture import predict
from reportgen.models.passes.compiled import CompiledModel
from reportgen.models.passes.replacing import replacing
from reportgen.models.weights.kernels import common_data_format, data_format


def predict_masked(
    model: Any, batches: Iterable[Any], *, layers: Mapping[str, Any], silenced: Mapping[str, tuple[int, ...]]
) -> np.ndarray:
    """Return the model's first output with the given channels set to zero, (N, ...) float32.

    Args:
        model: a `keras.Model`, or one that is called like it.
        batches: (n, *input_shape) float32 each, or the structure of arrays that a model with several inputs takes.
        layers: all of them, by path.
        silenced: channels by the name of the call whose output they are of.

    Raises:
        ForwardError: a layer failed.
    """
    model = model.fresh() if isinstance(model, CompiledModel) else model
    parts = []
    for batch in batches:
        with masking(layers, silenced):
            parts.append(predict(model, [batch]))
    return np.concatenate(parts)


@contextmanager
def masking(layers: Mapping[str, Any], silenced: Mapping[str, tuple[int, ...]]) -> Iterator[None]:
    """Set channels of these calls' outputs to zero for the length of one forward pass; then leave the layers as they were.

    Args:
        layers: all of them, by path.
        silenced: channels by the name of the call, see `call_name`.
    """
    common = common_data_format(layers.values())
    masked = {path: layers[path] for path in dict.fromkeys(map(layer_path, silenced))}
    with replacing(masked, "call", lambda path, call: _masked(call, path, silenced, data_format(layers[path], common))):
        yield


def _masked(call: Any, path: str, silenced: Mapping[str, tuple[int, ...]], layout: str) -> Any:
    calls = 0

    def call_and_mask(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        output = call(*args, **kwargs)
        channels = silenced.get(call_name(path, calls), ())
        return _without(output, channels, layout) if channels else output

    return call_and_mask


def _without(output: Any, channels: tuple[int, ...], layout: str) -> Any:
    import tensorflow as tf

    axis = 1 if layout == "channels_first" and len(output.shape) > 2 else len(output.shape) - 1
    shape = [1] * len(output.shape)
    shape[axis] = output.shape[axis]
    keep = np.ones(output.shape[axis], bool)
    keep[list(channels)] = False
    return tf.where(keep.reshape(shape), output, tf.zeros_like(output))  # a product would keep NaN
