"""One forward pass that records the outputs of every wanted layer, without rewiring the model.

`keras.Model(model.inputs, layer.output)` raises on nested and on subclassed models. Instead each wanted layer's `call`
is wrapped for the length of an eager pass, which works for all of them alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from reportgen.errors import ForwardError
from reportgen.models.graphs.ports import array_at
from reportgen.models.passes.compiled import CompiledModel, CompiledPass
from reportgen.models.passes.recorder import Activations, Recorder
from reportgen.models.passes.recording import recording

_BATCH_VALUES = 32_000_000
"""Largest number of float32 values of one layer's output in a batch: 128 MB."""

_MAX_BATCH = 128
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def batch_size(largest_output: int) -> int:
    """Return how many samples to run at once, 1 to 128.

    Args:
        largest_output: number of values of the model's largest layer output, for one sample.
    """
    return max(1, min(_MAX_BATCH, _BATCH_VALUES // max(largest_output, 1)))


def run_forward(
    model: Any,
    batches: Iterable[Any],
    *,
    layers: Mapping[str, Any],
    keep: frozenset[str],
    keep_samples: int,
    output: int = 0,
    compiled: bool = False,
    keep_activations: bool = False,
) -> Activations:
    """Run the model over all batches once and return what the layers put out.

    Args:
        model: a `keras.Model`; called with training=False, its weights are not touched.
        batches: (n, *input_shape) float32 each, or the structure of arrays that a model with several inputs takes.
        layers: to watch, by path.
        keep: names of the calls whose outputs are kept whole.
        keep_samples: they are kept for this many of the first samples.
        output: index of the output that predictions are read from.
        compiled: whether the pass is compiled by XLA.
        keep_activations: whether, of a call that a separate activation follows, the output of that one is kept in its place.

    Raises:
        ForwardError: a layer failed.
    """
    recorder = Recorder(layers, keep, keep_samples, keep_activations=keep_activations)
    outputs = []
    forward = CompiledPass(model, layers) if compiled else None
    with recording({} if compiled else layers, recorder.on_output, on_input=recorder.on_input):
        for batch in batches:
            recorder.begin(_size(batch))
            with run_failures_named():
                if forward is None:
                    returned = model(batch, training=False)
                else:
                    returned = forward.run(batch, recorder.on_output, on_input=recorder.on_input)
            recorder.end(returned)
            outputs.append(array_at(returned, output))
    return recorder.finish(np.concatenate(outputs))


def _size(batch: Any) -> int:
    while isinstance(batch, dict | list | tuple):
        batch = next(iter(batch.values())) if isinstance(batch, dict) else batch[0]
    return len(batch)


def predict(model: Any, batches: Iterable[Any], *, output: int = 0, compiled: bool = False) -> np.ndarray:
    """Return one of the model's outputs for every sample, the first by default, (N, ...) float32.

    Args:
        model: a `keras.Model`.
        batches: as in `run_forward`.
        output: index of the output.
        compiled: whether the pass is compiled by XLA.

    Raises:
        ForwardError: a layer failed.
    """
    model = CompiledModel(model) if compiled else model
    parts = []
    for batch in batches:
        with run_failures_named():
            returned = model(batch, training=False)
        parts.append(array_at(returned, output))
    return np.concatenate(parts)


@contextmanager
def run_failures_named() -> Iterator[None]:
    """Raise ForwardError in the place of whatever a layer's call raises."""
    import tensorflow as tf

    try:
        yield
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
