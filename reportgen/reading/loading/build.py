"""A live Keras model from a configuration that was made readable, without its weights being allocated yet."""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from reportgen.errors import ModelError
from reportgen.keras_internals import forget_waiting, nodes_of, sharing_scope, start_from_zero
from reportgen.reading.rewriting import HARD_SIGMOID
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import shown

BYTES_OF_A_VALUE = 4


def build_model(config: Mapping[str, Any], objects: Mapping[str, Any] | None = None) -> Any:
    """Return the `keras.Model`; none of its weights has a value until `allocate_weights` is called.

    Args:
        config: the configuration that `make_readable` returned, without obstacles.
        objects: classes and functions that are not Keras', by the names that the configuration has for them.

    Raises:
        Exception: whatever Keras raises where values in the configuration contradict one another.
    """
    if not objects:
        return _built(config, {}, without_values=True)
    try:
        return _built(config, objects, without_values=True)
    except Exception:  # noqa: BLE001 - the user's classes may want to see values when they are built
        forget_waiting()
        return _built(config, objects, without_values=False)


def _built(config: Mapping[str, Any], objects: Mapping[str, Any], *, without_values: bool) -> Any:
    import keras

    scope = keras.StatelessScope(initialize_variables=False) if without_values else nullcontext()
    with (
        keras.saving.custom_object_scope({HARD_SIGMOID: keras2_hard_sigmoid, **objects}),
        sharing_scope(),
        scope,
        _deeper_recursion(limits.LAYERS + 1000),
    ):
        return keras.saving.deserialize_keras_object(copy.deepcopy(dict(config)), safe_mode=True)  # it is used up


@contextmanager
def _deeper_recursion(depth: int) -> Iterator[None]:
    """Allow Keras to follow a chain of layers, which it does by one call in another for each layer."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, depth))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def keras2_hard_sigmoid(x: Any) -> Any:
    """Return min(max(0.2 x + 0.5, 0), 1), which Keras 2 calls hard_sigmoid; that of Keras 3 is relu6(x + 3) / 6.

    Source: `hard_sigmoid` in keras/src/backend.py of Keras 2.15.
    """
    import keras

    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def allocate_weights(model: Any) -> None:
    """Allocate the weights, whose values are read next; they are zero until then.

    Their initialisers are not asked: drawing values that are overwritten takes time, for orthogonal ones the cube of
    the size.
    """
    import keras

    start_from_zero(model)
    with keras.StatelessScope():  # at its end Keras makes up for what was left out
        pass


@contextmanager
def nothing_left_over() -> Iterator[None]:
    """Forget, after an error, the weights that wait for their value: Keras would allocate them at the next occasion."""
    try:
        yield
    except BaseException:
        forget_waiting()
        raise


def check_memory(model: Any, *, name: str, memory_limit: int) -> None:
    """Refuse a model that needs too much memory: its weights and its largest activation for one sample.

    Args:
        model: the `keras.Model` as built, with shapes and without values.
        name: the file's name, for errors.
        memory_limit: the most memory, in bytes.

    Raises:
        ModelError: it needs more.
    """
    weights = sum(math.prod(variable.shape) for variable in model.variables) * BYTES_OF_A_VALUE
    inputs = [(tensor.name, tuple(tensor.shape)) for tensor in getattr(model, "inputs", None) or ()]
    largest, where = 0, ""
    for operation, shape in [*inputs, *output_shapes(model)]:
        size = math.prod(axis or 1 for axis in shape[1:]) * BYTES_OF_A_VALUE
        if size > largest:
            largest, where = size, operation
    if weights + largest > memory_limit:
        detail = f", of which {limits.readable(largest)} for the output of {shown(where)}" if largest > weights else ""
        raise ModelError(limits.over_memory(name, weights + largest, detail, limit=memory_limit))


def output_shapes(model: Any) -> Iterator[tuple[str, tuple[int | None, ...]]]:
    """Yield name and shape, with the batch axis, of every recorded output in the model and the models in it."""
    layers: Any = getattr(model, "operations", None) or getattr(model, "layers", ())
    for layer in layers:
        for node in nodes_of(layer):
            for tensor in node.output_tensors:
                yield layer.name, tuple(tensor.shape)
        if hasattr(layer, "layers"):
            yield from output_shapes(layer)


def finish(model: Any) -> None:
    """Make every layer, however deep, take over the weights that it was given.

    `Normalization` computes with a copy of mean and variance, which Keras renews in the outermost model only, and only
    when it reads a .keras archive.
    """
    for layer in getattr(model, "layers", ()):
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
        finish(layer)
        inner = getattr(layer, "layer", None)  # of a wrapper such as TimeDistributed
        if inner is not None and hasattr(inner, "finalize_state"):
            inner.finalize_state()
