"""One forward pass that records the outputs of every wanted layer, without rewiring the model.

`keras.Model(model.inputs, layer.output)` raises on nested and on subclassed models. Instead each wanted layer's `call`
is wrapped for the length of an eager pass, which works for all of them alike. What a layer puts out becomes numbers batch
by batch, so that memory stays that of one batch.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reportgen.errors import ForwardError
from reportgen.models.graphs import (
    ACTIVATION_ENDS,
    activation_of,
    array_at,
    as_array,
    call_name,
    common_data_format,
    data_format,
    first_array,
    first_tensor,
    holds_kernel,
    is_normalization,
    layer_path,
    tensors_of,
)
from reportgen.models.passes.channel_statistics import (
    ChannelMoments,
    ChannelStatistics,
    channel_moments,
    channel_statistics,
)
from reportgen.models.passes.compiled import CompiledModel, CompiledPass
from reportgen.models.passes.top_positions import TopPositions
from reportgen.models.passes.wrapping import recording
from reportgen.models.weights import is_convolution

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
        layers: the layers to watch, by path.
        keep: names of the calls whose outputs are kept whole.
        keep_samples: number of samples, the first ones, for which these are kept.
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
        batches: batches as `run_forward` takes them.
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


def build_on_sample(model: Any, batch: Any) -> None:
    """Build a model that never was, by running it on one sample.

    A Sequential one is built for batches of any size first: built by a call, it would keep that of the call.

    Args:
        model: a `keras.Model`.
        batch: (1, *input_shape) float32, or the structure of arrays that it takes.
    """
    import keras

    if isinstance(model, keras.Sequential) and hasattr(batch, "shape"):
        model.build((None, *batch.shape[1:]))
    model(batch, training=False)


@dataclass
class Activations:
    """What one forward pass recorded, by the names of calls (see `call_name`).

    Attributes:
        order: names of the watched calls in the order of the first batch.
        kept: outputs for the samples to keep, (n, ..., channels) float32, channels last. Where that is wanted, a call that a
            separate activation follows is left out, and the activation stands here under its own name.
        statistics: statistics of every channel over all samples and positions, for activations and for convolutions that no
            activation follows. The layers that give the model's outputs are left out.
        sources: the call whose output an activation receives, through normalisation or not, by the activation's name.
        moments: mean and variance of every channel that a batch normalisation receives.
        top: where each channel of a kept call answers most, over all samples.
        outputs: the model's first output for every sample, (N, ...) float32.
    """

    order: tuple[str, ...] = ()
    kept: dict[str, np.ndarray] = field(default_factory=dict)
    statistics: dict[str, ChannelStatistics] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    moments: dict[str, ChannelMoments] = field(default_factory=dict)
    top: dict[str, TopPositions] = field(default_factory=dict)
    outputs: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))


class Recorder:
    """Turns the outputs of one pass into `Activations`: `begin`, calls of layers and `end` for each batch, then `finish`.

    The first batch shows which layer receives whose output, by the identity of the tensors, so that no graph is needed. Only
    weak references are held, so that TensorFlow can free what the model no longer needs.
    """

    def __init__(
        self, layers: Mapping[str, Any], keep: frozenset[str], keep_samples: int, *, keep_activations: bool = False
    ) -> None:
        self._found = Activations()
        self._parts: dict[str, list[np.ndarray]] = {}
        self._layers = layers
        self._activation = {path: activation_of(layer) for path, layer in layers.items()}
        self._data_format = common_data_format(layers.values())
        self._keep = keep
        self._keep_activations = keep_activations
        self._kept_for: dict[str, str] = {}
        self._left = keep_samples
        self._batch = 0
        self._calls: dict[str, int] = {}
        self._order: list[str] | None = []
        self._outputs: dict[int, tuple[Any, str]] = {}
        self._received: dict[str, str] = {}
        self._passed_over: frozenset[str] = frozenset()

    def begin(self, samples: int) -> None:
        """Note that a batch of so many samples follows."""
        self._left -= self._batch
        self._batch = samples
        self._calls.clear()

    def on_input(self, path: str, given: Any) -> None:
        """Record what a layer receives, before its output."""
        self._calls[path] = number = self._calls.get(path, 0) + 1
        name = call_name(path, number)
        given = first_tensor(given)
        if self._order is not None:
            self._order.append(name)
            source = self._name_of(given)
            if source is not None:
                self._received[name] = source
        layer = self._layers[path]
        if is_normalization(layer) and given is not None:
            values = as_array(given)
            axis = layer.axis[0] if isinstance(layer.axis, list | tuple) else layer.axis
            _merge(self._found.moments, name, channel_moments(np.moveaxis(values, axis, -1)))

    def on_output(self, path: str, output: Any) -> None:
        """Record what a layer puts out."""
        number = self._calls.get(path, 1)
        name = call_name(path, number)
        if self._order is not None:
            for tensor in tensors_of(output):
                self._outputs[id(tensor)] = (weakref.ref(tensor), name)
        judged = self._is_judged(path) and name not in self._passed_over
        kept = name in self._keep
        instead = self._is_kept_for_another(name)
        if not judged and not kept and not instead:
            return
        values = first_array(output)
        if values.ndim > 2 and data_format(self._layers[path], self._data_format) == "channels_first":
            values = np.moveaxis(values, 1, -1)
        if judged:
            _merge(
                self._found.statistics, name, channel_statistics(values, ACTIVATION_ENDS.get(self._activation[path]))
            )
        if kept and values.ndim > 2:
            self._found.top.setdefault(name, TopPositions()).add(values)
        if (kept or instead) and self._left > 0 and not self._is_replaced(name):
            self._parts.setdefault(name, []).append(values[: self._left].copy())

    def end(self, output: Any) -> None:
        """Note the model's output for the batch; after the first, what need not be looked at is known."""
        if self._order is None:
            return
        self._found.order, self._order = tuple(self._order), None
        heads = {name for tensor in tensors_of(output) if (name := self._name_of(tensor)) is not None}
        self._outputs.clear()
        self._found.sources = {
            name: source for name in self._found.order if self._is_separate(name) and (source := self._source(name))
        }
        behind = {source for head in heads if self._is_separate(head) and (source := self._source(head))}
        self._passed_over = frozenset(heads | behind | self._linear())

    def finish(self, outputs: np.ndarray) -> Activations:
        """Return everything recorded, with the model's outputs for all samples."""
        found = self._found
        for source in self._kept_for.values():  # of the first batch, before its activation was seen
            self._parts.pop(source, None)
        place = {name: index for index, name in enumerate(found.order)}
        names = sorted(self._parts, key=lambda name: place.get(name, len(place)))
        found.kept = {name: np.concatenate(self._parts[name]) for name in names}
        found.statistics = {name: one for name, one in found.statistics.items() if name not in self._passed_over}
        found.outputs = outputs
        return found

    def _is_kept_for_another(self, name: str) -> bool:
        """Return whether a call is the first activation of one to keep, and is kept in its place."""
        if self._order is not None and self._keep_activations and self._is_separate(name) and name not in self._keep:
            source = self._source(name)
            linear = source is not None and self._activation[layer_path(source)] == "linear"
            if source in self._keep and linear and source not in self._kept_for.values():
                self._kept_for[name] = source
        return name in self._kept_for

    def _is_replaced(self, name: str) -> bool:
        return name in self._kept_for.values()

    def _is_judged(self, path: str) -> bool:
        return self._activation[path] != "linear" or is_convolution(self._layers[path])

    def _is_separate(self, name: str) -> bool:
        """Return whether a call applies an activation to what another layer computed."""
        path = layer_path(name)
        return self._activation[path] != "linear" and not holds_kernel(self._layers[path])

    def _linear(self) -> set[str]:
        """Return the convolutions whose output an activation receives: that one is looked at in their place."""
        return {source for source in self._found.sources.values() if self._activation[layer_path(source)] == "linear"}

    def _source(self, name: str) -> str | None:
        """Return the call of a layer with a kernel whose output this one receives, through normalisations; else None."""
        source = self._received.get(name)
        while source is not None and is_normalization(self._layers[layer_path(source)]):
            source = self._received.get(source)
        return source if source is not None and holds_kernel(self._layers[layer_path(source)]) else None

    def _name_of(self, tensor: Any) -> str | None:
        reference, name = self._outputs.get(id(tensor), (None, None))
        return name if reference is not None and reference() is tensor else None


def _merge(known: dict[str, Any], name: str, more: Any) -> None:
    known[name] = known[name].merged(more) if name in known else more
