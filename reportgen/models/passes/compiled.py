"""A forward pass compiled by XLA, for models that the eager kernels of a CPU do not run: those with channels first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reportgen.models.graphs import common_data_format
from reportgen.models.passes.wrapping import recording
from reportgen.models.startup import TENSORFLOW, backend


class CompiledPass:
    """Runs a model under `tf.function(jit_compile=True)` and tells what its layers received and put out.

    The wrappers see symbolic tensors while the function is traced. What they saw is returned by the function, and told again
    with the values afterwards, in the same order; a tensor seen twice stays one object.

    Args:
        model: a `keras.Model`.
        layers: the layers to watch, by path; none for the output alone.
    """

    def __init__(self, model: Any, layers: Mapping[str, Any]) -> None:
        self._model, self._layers = model, layers
        self._traces: dict[Any, _Trace] = {}

    def run(
        self, batch: Any, on_output: Callable[[str, Any], None], *, on_input: Callable[[str, Any], None] | None = None
    ) -> Any:
        """Return the model's output for a batch, after telling of every call.

        Args:
            batch: the samples, as the model takes them.
            on_output: function that receives the path and a list of eager tensors.
            on_input: function that receives the path and the first eager tensor of the first argument, or None, before that.
        """
        import keras

        shapes = tuple(tuple(leaf.shape) for leaf in keras.tree.flatten(batch))
        if shapes not in self._traces:
            self._traces[shapes] = _Trace(self._model, self._layers)
        return self._traces[shapes].run(batch, on_output, on_input)


class CompiledModel:
    """A model that is called as one that eager kernels run.

    What is put around its layers after the first call of a batch's shape is not noticed: `fresh` gives one that does.

    Args:
        model: a `keras.Model`, or `OneOutput` of one.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._pass = CompiledPass(model, {})

    def __call__(self, inputs: Any, *, training: bool = False) -> Any:
        """Return the model's output for a batch; training must be False."""
        if training:
            raise ValueError("a compiled model is only called with training=False. Received: True")
        return self._pass.run(inputs, _unheard)

    def fresh(self) -> CompiledModel:
        """Return the same model, not traced yet."""
        return CompiledModel(self.model)


def _unheard(path: str, output: Any) -> None:
    del path, output


class _Trace:
    """The function for batches of one shape: traced for another, its list of calls would be another one too."""

    def __init__(self, model: Any, layers: Mapping[str, Any]) -> None:
        import tensorflow as tf

        self._model, self._layers = model, layers
        self._calls: list[tuple[str, bool, list[int]]] = []
        self._function = tf.function(self._forward, jit_compile=True)

    def run(
        self, batch: Any, on_output: Callable[[str, Any], None], on_input: Callable[[str, Any], None] | None
    ) -> Any:
        """Run a batch, tell what each call received and gave, in their order, and return the outputs."""
        seen, output = self._function(batch)
        for path, received, places in self._calls:
            tensors = [seen[place] for place in places]
            if not received:
                on_output(path, tensors)
            elif on_input is not None:
                on_input(path, tensors[0] if tensors else None)
        return output

    def _forward(self, batch: Any) -> Any:
        import tensorflow as tf

        seen: list[Any] = []
        calls: list[tuple[str, bool, list[int]]] = []

        def note(path: str, structure: Any, received: bool) -> None:
            places = []
            for tensor in filter(tf.is_tensor, tf.nest.flatten(structure)):
                place = next((place for place, known in enumerate(seen) if known is tensor), len(seen))
                seen.extend([tensor] if place == len(seen) else [])
                places.append(place)
            calls.append((path, received, places))

        watched = recording(
            self._layers,
            lambda path, output: note(path, output, False),
            on_input=lambda path, given: note(path, given, True),
        )
        with watched:
            output = self._model(batch, training=False)
        self._calls = calls
        return seen, output


def needs_compiling(model: Any, layers: Mapping[str, Any], batch: Any) -> bool:
    """Return whether only XLA runs this model: it has its channels first, and the eager kernels of a CPU refuse it.

    TensorFlow with oneDNN has such kernels, without it not; so it is tried.

    Args:
        model: a built `keras.Model`.
        layers: the layers by path.
        batch: one sample, as the model takes it.
    """
    import tensorflow as tf

    if backend() != TENSORFLOW or common_data_format(layers.values()) != "channels_first":
        return False
    try:
        model(batch, training=False)
    except (tf.errors.UnimplementedError, tf.errors.InvalidArgumentError):
        return True
    except Exception:  # noqa: BLE001 - any other failure is told by the pass over all samples
        return False
    return False
