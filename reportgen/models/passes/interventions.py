"""A model changed for the length of a pass, and then put back: channels set to zero, or kernels drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from reportgen.keras_internals import own_weights, stored_values
from reportgen.models.graphs import CallNames, common_data_format, data_format, layer_path
from reportgen.models.passes.compiled import CompiledModel
from reportgen.models.passes.forward import predict
from reportgen.models.passes.live_model import LiveModel
from reportgen.models.passes.wrapping import replacing
from reportgen.models.weights import LayerKernel, draw_initial


def predict_masked(
    model: Any, batches: Iterable[Any], *, layers: Mapping[str, Any], silenced: Mapping[str, tuple[int, ...]]
) -> np.ndarray:
    """Return the model's first output with the given channels set to zero, (N, ...) float32.

    Args:
        model: a `keras.Model`, or one that is called like it.
        batches: (n, *input_shape) float32 each, or the structure of arrays that a model with several inputs takes.
        layers: all of the model's layers, by path.
        silenced: channels to set to zero, by the name of the call that puts them out.

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
        layers: all of the model's layers, by path.
        silenced: channels to set to zero, by the name of the call, see `call_name`.
    """
    common = common_data_format(layers.values())
    masked = {path: layers[path] for path in dict.fromkeys(map(layer_path, silenced))}
    with replacing(masked, "call", lambda path, call: _masked(call, path, silenced, data_format(layers[path], common))):
        yield


def _masked(call: Any, path: str, silenced: Mapping[str, tuple[int, ...]], layout: str) -> Any:
    names = CallNames()

    def call_and_mask(*args: Any, **kwargs: Any) -> Any:
        output = call(*args, **kwargs)
        channels = silenced.get(names.next(path), ())
        return _without(output, channels, layout) if channels else output

    return call_and_mask


def _without(output: Any, channels: tuple[int, ...], layout: str) -> Any:
    import keras

    axis = 1 if layout == "channels_first" and len(output.shape) > 2 else len(output.shape) - 1
    shape = [1] * len(output.shape)
    shape[axis] = output.shape[axis]
    keep = np.ones(output.shape[axis], bool)
    keep[list(channels)] = False
    return keras.ops.where(keep.reshape(shape), output, keras.ops.zeros_like(output))  # a product would keep NaN


@contextmanager
def randomised_kernels(live: LiveModel, kernels: Sequence[LayerKernel], *, seed: int) -> Iterator[int]:
    """Draw every kernel anew from its own initialiser and yield how many were; then put all back, also after an error.

    Args:
        live: the model.
        kernels: the kernels to draw. Those without an initialiser stay as they are; so do biases and normalisation.
        seed: seed of the draws.

    Source: Adebayo et al., Sanity Checks for Saliency Maps, arXiv 1810.03292: the last step of their cascade, all layers.
    """
    count = 0
    with replacing_weights() as replace:
        for kernel in kernels:
            variable = _variable(live, kernel)
            drawn = None if variable is None else draw_initial(kernel, seed=seed)
            if drawn is not None:
                replace(variable, drawn)
                count += 1
        yield count


@contextmanager
def replacing_weights() -> Iterator[Callable[[Any, np.ndarray], None]]:
    """Yield a function that gives a weight other values; then put all back that it changed, also after an error."""
    before: list[tuple[Any, np.ndarray]] = []

    def replace(variable: Any, values: np.ndarray) -> None:
        before.append((variable, stored_values(variable)))
        variable.assign(values)

    try:
        yield replace
    finally:
        for variable, values in before:
            variable.assign(values)


def _variable(live: LiveModel, kernel: LayerKernel) -> Any:
    weights = own_weights(live.layers[kernel.path]) if kernel.path in live.layers else []
    return next((weight for weight in weights if weight.name == kernel.name), None)
