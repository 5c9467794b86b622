"""The model on many more samples: traced once, so that each costs what the arithmetic does, and a batch little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.models.graphs import CallNames, array_at, first_tensor, layer_path
from reportgen.models.passes.forward import LARGEST_BATCH, predict, run_failures_named
from reportgen.models.passes.wrapping import recording
from reportgen.models.startup import TENSORFLOW, backend

_WORTH_TRACING, _WORTH_TRACING_SMALL = 32, 512
"""Samples, to be run in all, for which a graph is made: of networks that keep many values, and of those of which the largest
batch may be run. Making it and its first run take what 20 to 30 samples of the former save (MobileNetV2 0.6 s of CPU time for
0.02 a sample, ResNet50 0.85 for 0.04)."""

_SHARE = 4
"""How many times fewer samples run at once than eagerly. A graph frees each layer's output, and small batches stay in a
processor's cache: MobileNetV2 took 13 ms a sample by 4, 14 ms by 18, and eagerly 25 to 39 ms. Networks of which the largest
batch may be run are the fastest so: the demo's took 0.14 ms a sample by 32 and 0.11 by 100."""

_EAGER_SHARE = 2
"""The same without a graph: a batch as large as the first pass may take would decide the peak of a report of fewer samples."""

_REWRITING_OFF = "disable_meta_optimizer"


@dataclass(frozen=True)
class PlannedPass:
    """A pass over so many samples that it is known how.

    Attributes:
        whole: the model.
        traced: whether a graph is to be made of it.
        size: how many samples to give at once, at most.
    """

    whole: RepeatedPass
    traced: bool
    size: int

    def run(self, batches: Iterable[Any]) -> np.ndarray:
        """Return the model's first output for all batches, (n, ...) float32.

        Args:
            batches: each of `size` samples or fewer, as the model takes them.

        Raises:
            ForwardError: a layer failed.
            MemoryError: the memory does not suffice for a single sample.
        """
        return np.concatenate([predict(self.whole.called(batch, traced=self.traced), [batch]) for batch in batches])

    def beside(self, batches: Iterable[Any]) -> np.ndarray | None:
        """Return what the call beside put out for all batches, as the layer gave it; None where no graph is made of the pass.

        Args:
            batches: each of `size` samples or fewer, as the model takes them.

        Raises:
            ForwardError: a layer failed.
        """
        parts = []
        for batch in batches:
            part = self.whole.beside(batch, traced=self.traced)
            if part is None:
                return None
            parts.append(part)
        return np.concatenate(parts)


class RepeatedPass:
    """Runs a model on many samples, the same as `predict` does, as a TensorFlow graph where that pays and it can be traced.

    What is put around layers after the graph was made is not noticed; weights that change are.

    Args:
        model: a `keras.Model`, called with training=False.
        layers: its layers by path.
        batch: how many samples to run at once eagerly.
        traceable: whether to try: not of a model that is compiled already.
        beside: name of a call whose output can be asked for too; '' for none.
        ahead: number of samples that will be run besides those of any call.
    """

    def __init__(
        self, model: Any, layers: Mapping[str, Any], batch: int, *, traceable: bool, beside: str = "", ahead: int = 0
    ) -> None:
        self._model, self._batch, self._beside, self._ahead = model, batch, beside, ahead
        self._few = batch < LARGEST_BATCH
        self._watched = {path: layers[path] for path in [layer_path(beside)] if path in layers}
        self._graph: Callable[[Any], tuple[Any, Any]] | None = None
        self._traceable = traceable and backend() == TENSORFLOW

    def over(self, count: int) -> PlannedPass:
        """Return the pass over so many samples, those included that other passes follow with at once."""
        least = _WORTH_TRACING if self._few else _WORTH_TRACING_SMALL
        traced = self._traceable and (self._graph is not None or count + self._ahead >= least)
        return PlannedPass(
            self, traced, max(1, self._batch // (_SHARE if traced else _EAGER_SHARE)) if self._few else self._batch
        )

    def called(self, batch: Any, *, traced: bool) -> Any:
        """Return the model or, where it is to be traced and can be, what calls its graph."""
        return self._run_graph if self._is_traced(batch, traced) else self._model

    def beside(self, batch: Any, *, traced: bool) -> np.ndarray | None:
        """Return what the call beside put out for a batch, as the layer gave it; None without a graph."""
        if not self._watched or not self._is_traced(batch, traced):
            return None
        assert self._graph is not None
        with run_failures_named():
            return array_at(self._answer(batch)[1], 0)

    def _is_traced(self, batch: Any, wanted: bool) -> bool:
        if wanted and self._traceable and self._graph is None:
            self._trace(batch)
        return self._graph is not None

    def _run_graph(self, batch: Any, *, training: bool) -> Any:
        assert not training
        return self._answer(batch)[0]

    def _answer(self, batch: Any) -> tuple[Any, Any]:
        assert self._graph is not None
        with _graphs_as_traced() if self._few else nullcontext():
            return self._graph(batch)

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


@contextmanager
def _graphs_as_traced() -> Iterator[None]:
    """Run graphs as they were traced, without TensorFlow's rewriting of them before their first run.

    That takes 0.2 s of CPU time for MobileNetV2, 0.3 for ResNet50 and 0.6 for DenseNet121, and spares none of them a hundredth
    of a pass. EfficientNetB0's passes it makes 3 ms cheaper, so that it would pay from 110 on.
    """
    import tensorflow as tf

    options = tf.config.optimizer
    before = options.get_experimental_options().get(_REWRITING_OFF, False)
    options.set_experimental_options({_REWRITING_OFF: True})
    try:
        yield
    finally:
        options.set_experimental_options({_REWRITING_OFF: before})
