"""One forward pass that records the outputs of every wanted layer, without rewiring the model.

`keras.Model(model.inputs, layer.output)` raises on nested and on subclassed models. Instead each wanted layer's `call`
is wrapped for the length of an eager pass, which works for all of them alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from reportgen.errors import ForwardError
from reportgen.models.recorder import Activations as Activations
from reportgen.models.recorder import Recorder, first_array

_BATCH_VALUES = 32_000_000
"""Largest number of float32 values of one layer's output in a batch: 128 MB."""

_MAX_BATCH = 128
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def recording(
    layers: Mapping[str, Any],
    on_output: Callable[[str, Any], None],
    *,
    on_input: Callable[[str, Any], None] | None = None,
) -> Iterator[None]:
    """Call `on_output(path, output)` after every call of these layers; then leave the layers as they were.

    Args:
        layers: by path.
        on_output: receives the path and the eager tensor. Whatever it or the model raises, the layers are restored.
        on_input: receives the path and the first argument, before the call.
    """
    replaced: list[tuple[Any, Any]] = []
    try:
        for path, layer in layers.items():
            wrapped = _wrapped(layer.call, path, on_output, on_input)
            replaced.append((layer, vars(layer).get("call")))
            vars(layer)["call"] = wrapped
        yield
    finally:
        for layer, before in replaced:
            if before is None:
                del vars(layer)["call"]
            else:
                vars(layer)["call"] = before


def _wrapped(
    call: Callable[..., Any],
    path: str,
    on_output: Callable[[str, Any], None],
    on_input: Callable[[str, Any], None] | None,
) -> Callable[..., Any]:
    def call_and_record(*args: Any, **kwargs: Any) -> Any:
        if on_input is not None:
            on_input(path, args[0] if args else next(iter(kwargs.values()), None))
        output = call(*args, **kwargs)
        on_output(path, output)
        return output

    return call_and_record


def batch_size(largest_output: int) -> int:
    """Return how many samples to run at once, 1 to 128.

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
    recorder = Recorder(layers, keep, keep_samples)
    outputs = []
    with recording(layers, recorder.on_output, on_input=recorder.on_input):
        for batch in batches:
            recorder.begin(len(batch))
            output = _call(model, batch)
            recorder.end(output)
            outputs.append(first_array(output))
    return recorder.finish(np.concatenate(outputs))


def predict(model: Any, batches: Iterable[np.ndarray]) -> np.ndarray:
    """Return the model's first output for every sample, (N, ...) float32."""
    return np.concatenate([first_array(_call(model, batch)) for batch in batches])


def _call(model: Any, batch: np.ndarray) -> Any:
    import tensorflow as tf

    try:
        return model(batch, training=False)
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
