"""The model on many more batches of one size: traced once, so that each costs what the arithmetic does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reportgen.models.graphs import array_at
from reportgen.models.passes.forward import predict, run_failures_named
from reportgen.models.startup import TENSORFLOW, backend


class RepeatedPass:
    """Runs a model on batches of one shape, the same as `predict` does, as a TensorFlow graph where it can be traced.

    What is put around layers after the first batch is not noticed; weights that change are.

    Args:
        model: a `keras.Model`, called with training=False.
        traceable: whether to try: not of a model that is compiled already.
    """

    def __init__(self, model: Any, *, traceable: bool) -> None:
        self._model = model
        self._traced: Callable[[Any], np.ndarray] | None = None
        self._traceable = traceable and backend() == TENSORFLOW

    def run(self, batch: Any) -> np.ndarray:
        """Return the model's first output for a batch, (n, ...) float32.

        Raises:
            ForwardError: a layer failed.
            MemoryError: the memory does not suffice for a single sample.
        """
        if self._traceable and self._traced is None:
            self._trace(batch)
        if self._traced is None:
            return predict(self._model, [batch])
        with run_failures_named():
            return self._traced(batch)

    def _trace(self, batch: Any) -> None:
        import tensorflow as tf

        graph = tf.function(lambda values: self._model(values, training=False), autograph=False, reduce_retracing=True)
        try:
            graph.get_concrete_function(batch)
        except Exception:  # noqa: BLE001 - a layer's call is anybody's code; what fails eagerly too is raised there
            self._traceable = False
            return
        self._traced = lambda values: array_at(graph(values), 0)
