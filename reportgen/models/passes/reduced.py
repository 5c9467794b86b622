"""Batches after the first, run as a graph in which each output is looked at where it lies: none leaves it whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.models.graphs import CallNames, array_at, call_name, first_tensor
from reportgen.models.passes.recorder import Addition, Place, Recorder
from reportgen.models.passes.wrapping import recording
from reportgen.models.startup import TENSORFLOW, backend


@dataclass(frozen=True)
class Reduced:
    """What one batch adds to a pass; it can be sent between processes.

    Attributes:
        output: the output that predictions are read from, (n, ...) float32.
        additions: what calls add, each with its name.
    """

    output: np.ndarray
    additions: Sequence[tuple[str, Addition]]


class ReducedPass:
    """Runs a model under `tf.function` and returns what its layers received and put out, reduced as the recorder does it.

    The graph shows numpy each output where it lies in memory: reductions of TensorFlow's own take three times as long.
    Batches that it cannot run are left to the caller: of another size than the first, with values that are not finite, or
    of a model that cannot be traced.

    Args:
        model: a `keras.Model`.
        layers: the layers to watch, by path.
        recorder: has seen at least one batch, and keeps nothing whole of those to come.
    """

    def __init__(self, model: Any, layers: Mapping[str, Any], recorder: Recorder) -> None:
        self._model, self._layers, self._recorder = model, layers, recorder
        self._function: Any = None
        self._shapes: Any = None
        self._place = Place(0, np.empty(0, np.int64))
        self._found: list[tuple[str, Addition]] = []

    def compute(self, batch: Any, *, seen: int, output: int) -> Reduced | None:
        """Return what a batch adds to what is recorded; None where it was left to the caller.

        Args:
            batch: as the model takes it.
            seen: number of samples of the pass before it.
            output: index of the output that predictions are read from.
        """
        import keras
        import tensorflow as tf

        if backend() != TENSORFLOW:
            return None
        given = keras.tree.map_structure(tf.convert_to_tensor, batch)
        shapes = [leaf.shape for leaf in keras.tree.flatten(given)]
        self._found, self._place = [], self._recorder.place(seen, shapes[0][0])
        if self._function is None:
            self._shapes, self._function = shapes, self._traced(given)
        if self._function is _UNTRACEABLE or shapes != self._shapes:
            return None
        returned, finite, _ = self._function(given)
        if not finite or not all(added.is_finite for _, added in self._found):
            return None
        return Reduced(array_at(returned, output), self._found)

    def _traced(self, given: Any) -> Any:
        import tensorflow as tf

        function = tf.function(self._forward, autograph=False)
        try:
            function.get_concrete_function(given)
        except Exception:  # noqa: BLE001 - anybody's code, which may need values: eagerly it has them
            return _UNTRACEABLE
        return function

    def _forward(self, batch: Any) -> Any:
        import tensorflow as tf

        begun = CallNames()
        names: dict[str, str] = {}
        finite, shown = [tf.constant(True)], [tf.constant(True)]
        judged: dict[int, Any] = {}  # tensors whose statistics tell what is not finite

        def on_input(path: str, given: Any) -> None:
            names[path] = name = begun.next(path)
            tensor = first_tensor(given)
            if tensor is None:
                return
            if self._recorder.is_moving(path):
                shown.append(self._shown(name, tensor, lambda values: self._recorder.received(path, values)))
            elif tensor.dtype.is_floating and id(tensor) not in judged:
                # a graph's joined convolution and ReLU turns NaN into zero
                finite.append(tf.math.is_finite(tf.reduce_sum(tensor)))

        def on_output(path: str, output: Any) -> None:
            name = names.get(path, call_name(path, 1))
            if self._recorder.is_looked_at(name):
                tensor = first_tensor(output)
                shown.append(
                    self._shown(name, tensor, lambda values: self._recorder.given(name, path, values, self._place))
                )
                if self._recorder.judges(name):
                    judged[id(tensor)] = tensor

        with recording(self._layers, on_output, on_input=on_input):
            returned = self._model(batch, training=False)
        return returned, tf.reduce_all(tf.stack(finite)), shown

    def _shown(self, name: str, tensor: Any, look: Callable[[np.ndarray], Addition]) -> Any:
        """Return a tensor that is there when a call's values have been looked at; none may be in a loop of the graph."""
        import tensorflow as tf

        def called(values: np.ndarray) -> np.bool_:
            self._found.append((name, look(values)))
            return np.True_

        return tf.numpy_function(called, [tf.cast(tensor, tf.float32)], tf.bool)


_UNTRACEABLE = object()
