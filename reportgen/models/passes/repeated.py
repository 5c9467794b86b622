"""The model on many more samples: traced once, so that each costs what the arithmetic does, and a batch little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from reportgen.models.graphs import CallNames, array_at, first_tensor, layer_path
from reportgen.models.passes.forward import LARGEST_BATCH, predict, run_failures_named
from reportgen.models.passes.wrapping import recording
from reportgen.models.startup import TENSORFLOW, backend

_WORTH_TRACING, _WORTH_TRACING_SMALL = 10, 512
"""Samples, to be run in all, for which a graph is made: of networks that keep many values, and of those of which the largest
batch may be run. Making it takes as long as some 3 to 15 samples of the former (MobileNetV2 0.6 s, DenseNet121 1.9 s)."""

_SHARE = 4
"""How many times fewer samples run at once than eagerly. A graph frees each layer's output, and small batches stay in a
processor's cache: MobileNetV2 took 13 ms a sample by 4, 14 ms by 18, and eagerly 25 to 39 ms. Networks of which the largest
batch may be run are the fastest so: the demo's took 0.14 ms a sample by 32 and 0.11 by 100."""


class RepeatedPass:
    """Runs a model on many samples, the same as `predict` does, as a TensorFlow graph where that pays and it can be traced.

    What is put around layers after the graph was made is not noticed; weights that change are.

    Args:
        model: a `keras.Model`, called with training=False.
        layers: its layers by path.
        batch: how many samples to run at once eagerly.
        traceable: whether to try: not of a model that is compiled already.
        beside: name of a call whose output can be asked for too; '' for none.
    """

    def __init__(self, model: Any, layers: Mapping[str, Any], batch: int, *, traceable: bool, beside: str = "") -> None:
        self._model, self._batch, self._beside = model, batch, beside
        self._watched = {path: layers[path] for path in [layer_path(beside)] if path in layers}
        self._graph: Callable[[Any], Any] | None = None
        self._traceable = traceable and backend() == TENSORFLOW

    def size(self, count: int) -> int:
        """Return how many samples to give at once of so many in all."""
        return max(1, self._batch // _SHARE) if self._batch < LARGEST_BATCH and self._pays(count) else self._batch

    def run(self, batches: Iterable[Any], *, count: int) -> np.ndarray:
        """Return the model's first output for all batches, (count, ...) float32.

        Args:
            batches: each of `size(count)` samples or fewer, as the model takes them.
            count: number of samples in all of them, and in what follows them at once.

        Raises:
            ForwardError: a layer failed.
            MemoryError: the memory does not suffice for a single sample.
        """
        found = []
        for batch in batches:
            self._prepare(batch, count)
            found.append(predict(self._model if self._graph is None else self._run_graph, [batch]))
        return np.concatenate(found)

    def beside(self, batches: Iterable[Any], *, count: int) -> np.ndarray | None:
        """Return what the call beside put out for all batches, as the layer gave it; None where no graph is made of the pass.

        Args:
            batches, count: see `run`.

        Raises:
            ForwardError: a layer failed.
        """
        parts = []
        for batch in batches:
            self._prepare(batch, count)
            if self._graph is None or not self._watched:
                return None
            with run_failures_named():
                parts.append(array_at(self._graph(batch)[1], 0))
        return np.concatenate(parts)

    def _pays(self, count: int) -> bool:
        if not self._traceable:
            return False
        least = _WORTH_TRACING if self._batch < LARGEST_BATCH else _WORTH_TRACING_SMALL
        return self._graph is not None or count >= least

    def _prepare(self, batch: Any, count: int) -> None:
        if self._graph is None and self._pays(count):
            self._trace(batch)

    def _run_graph(self, batch: Any, *, training: bool) -> Any:
        assert self._graph is not None
        assert not training
        return self._graph(batch)[0]

    def _trace(self, batch: Any) -> None:
        import tensorflow as tf

        free = tf.nest.map_structure(lambda leaf: tf.TensorSpec((None, *leaf.shape[1:]), leaf.dtype), batch)
        for signature in ([free], None):  # some layers need to know how many samples there are
            graph = tf.function(self._forward, autograph=False, reduce_retracing=True, input_signature=signature)
            try:
                graph.get_concrete_function(*([] if signature else [batch]))
            except Exception:  # noqa: BLE001 - a layer's call is anybody's code; what fails eagerly too is raised there
                continue
            self._graph = graph
            return
        self._traceable = False

    def _forward(self, values: Any) -> tuple[Any, Any]:
        names = CallNames()
        found: list[Any] = []

        def on_output(path: str, output: Any) -> None:
            if names.next(path) == self._beside:
                found.append(first_tensor(output))

        with recording(self._watched, on_output):
            returned = self._model(values, training=False)
        return returned, found
