"""One forward pass that records the outputs of every wanted layer, without rewiring the model.

`keras.Model(model.inputs, layer.output)` raises on nested and on subclassed models. Instead each wanted layer's `call`
is wrapped for the length of an eager pass, which works for all of them alike. What a layer puts out becomes numbers batch
by batch, so that memory stays that of one batch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from reportgen.errors import ForwardError
from reportgen.models.graphs import array_at
from reportgen.models.passes.compiled import CompiledModel, CompiledPass
from reportgen.models.passes.recorder import Activations, Recorder
from reportgen.models.passes.reduced import Reduced, ReducedPass
from reportgen.models.passes.wrapping import recording

_BATCH_VALUES = 300_000_000
"""Largest number of float32 values that a batch's pass keeps: 1.2 GB, all outputs of ResNet50 for 8 pictures of 224 px."""

LARGEST_BATCH = 128
"""Samples at most that are run at once, however few values the model keeps for each."""

WORTH_TRACING = 8
"""Batches of the size of the first that must follow it for a graph of the pass to be made: that costs some batches' time."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def batch_size(kept_values: int) -> int:
    """Return how many samples to run at once, 1 to 128.

    Args:
        kept_values: number of values that a pass keeps for one sample: those of all layers' outputs together.
    """
    return max(1, min(LARGEST_BATCH, _BATCH_VALUES // max(kept_values, 1)))


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
    samples: int = 0,
    beside: str = "",
) -> Activations:
    """Run the model over all batches once and return what the layers put out.

    Where many batches follow the first, they are run as a graph that reduces each output to its channels' statistics.

    Args:
        model: a `keras.Model`; called with training=False, its weights are not touched.
        batches: (n, *input_shape) float32 each, or the structure of arrays that a model with several inputs takes.
        layers: the layers to watch, by path.
        keep: names of the calls whose outputs are kept whole.
        keep_samples: number of samples, the first ones, for which these are kept.
        output: index of the output that predictions are read from.
        compiled: whether the pass is compiled by XLA.
        keep_activations: whether, of a call that a separate activation follows, the output of that one is kept in its place.
        samples: number of samples in all batches; 0 where it is not known.
        beside: name of one more call whose outputs are kept for these samples, see `Activations.beside`.

    Raises:
        ForwardError: a layer failed.
        MemoryError: the memory does not suffice for a batch.
    """
    forward = ForwardPass(
        model,
        layers=layers,
        keep=keep,
        keep_samples=keep_samples,
        output=output,
        compiled=compiled,
        keep_activations=keep_activations,
        samples=samples,
        beside=beside,
    )
    for batch in batches:
        forward.run(batch)
    return forward.finish()


class ForwardPass:
    """A pass batch by batch, see `run_forward`; batches that only add to the channels' statistics may be reduced elsewhere."""

    def __init__(
        self,
        model: Any,
        *,
        layers: Mapping[str, Any],
        keep: frozenset[str],
        keep_samples: int,
        output: int = 0,
        compiled: bool = False,
        keep_activations: bool = False,
        samples: int = 0,
        beside: str = "",
    ) -> None:
        self._model, self._layers, self._output, self._left = model, layers, output, samples
        self._recorder = Recorder(
            layers, keep, keep_samples, keep_activations=keep_activations, beside=beside, samples=samples
        )
        self._outputs: list[np.ndarray] = []
        self._compiled = CompiledPass(model, layers) if compiled else None
        self._reduced: ReducedPass | None = None

    @property
    def is_reduced(self) -> bool:
        """Whether what follows only adds to the statistics of channels."""
        return self._reduced is not None

    def run(self, batch: Any) -> None:
        """Run the model on a batch and record what its layers put out.

        Raises:
            ForwardError, MemoryError: see `run_forward`.
        """
        size, recorder = _size(batch), self._recorder
        found = self.reduce(batch, seen=recorder.seen_after) if self._reduced is not None else None
        if found is not None:
            self.take(size, found)
            return
        self._left -= size
        recorder.begin(size)
        with run_failures_named():
            if self._compiled is not None:
                returned = self._compiled.run(batch, recorder.on_output, on_input=recorder.on_input)
            else:
                with recording(self._layers, recorder.on_output, on_input=recorder.on_input):
                    returned = self._model(batch, training=False)
        recorder.end(returned)
        self._outputs.append(array_at(returned, self._output))
        is_worth = self._left >= WORTH_TRACING * size and recorder.has_kept_all
        if self._reduced is None and self._compiled is None and is_worth:
            self._reduced = ReducedPass(self._model, self._layers, recorder)

    def reduce(self, batch: Any, *, seen: int) -> Reduced | None:
        """Return what a batch adds to a pass that is reduced, and record nothing; None where it must be run here.

        Args:
            batch: a batch.
            seen: number of samples of the pass before it.
        """
        if self._reduced is None:
            return None
        with run_failures_named():
            return self._reduced.compute(batch, seen=seen, output=self._output)

    def take(self, size: int, found: Reduced) -> None:
        """Record what a batch of so many samples added, after all batches before it."""
        self._left -= size
        self._recorder.begin(size)
        for name, more in found.additions:
            self._recorder.take(name, more)
        self._outputs.append(found.output)

    def finish(self) -> Activations:
        """Return everything recorded."""
        return self._recorder.finish(np.concatenate(self._outputs))


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
        MemoryError: the memory does not suffice for a single sample.
    """
    model = CompiledModel(model) if compiled else model
    return np.concatenate([_answers(model, batch, output) for batch in batches])


def _answers(model: Any, batch: Any, output: int) -> np.ndarray:
    """Return an output for one batch, run in halves where the memory does not suffice for it."""
    import keras

    try:
        with run_failures_named():
            returned = model(batch, training=False)
        return array_at(returned, output)
    except MemoryError:
        half = _size(batch) // 2
        if not half:
            raise
    halves = (
        keras.tree.map_structure(lambda values, part=part: values[part], batch)
        for part in (slice(half), slice(half, None))
    )
    return np.concatenate([_answers(model, part, output) for part in halves])


@contextmanager
def run_failures_named() -> Iterator[None]:
    """Raise ForwardError in the place of whatever a layer's call raises, and MemoryError where there is too little memory."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        raise MemoryError(_first_sentence(str(error))) from error
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
