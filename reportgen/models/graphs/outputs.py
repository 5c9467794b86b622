"""What a model gives: its outputs by name, which one holds the predictions, and how that one ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.keras_internals import graph_of, history_of, nodes_of, output_structure
from reportgen.models.graphs.arithmetic import Shape
from reportgen.models.startup import TENSORFLOW, backend
from reportgen.results import ModelOutput

_UNCHANGED = frozenset({"Flatten", "Reshape", "Dropout", "Identity", "Squeeze", "ExpandDims"})
"""Layers and operations that leave every value what it is."""

_OPERATIONS = {"Softmax": "softmax", "Sigmoid": "sigmoid", "ReLU": "relu", "Relu": "relu", "LogSoftmax": "log_softmax"}
"""Layers and operations that are an activation by themselves, by class."""

_CLASS_SCORES = ("softmax", "sigmoid", "hard_sigmoid")


@dataclass(frozen=True)
class Head:
    """The last step of a model's first output.

    Attributes:
        activation: as Keras names it: 'softmax', 'sigmoid', 'linear', 'relu', ...; None where the graph does not tell.
        layer: name of the layer that applies it, or None.
    """

    activation: str | None = None
    layer: str | None = None


UNKNOWN_HEAD = Head()
"""How a subclassed model ends, which has no graph, and one whose last step is no activation."""


def head_of(tensor: Any) -> Head:
    """Return how one symbolic output of a model ends, followed back through nested models and steps that change no value."""
    while (history := history_of(tensor)) is not None:
        operation, node, position = history
        if (nested := graph_of(operation)) is not None:
            tensor = nested.outputs[position]
            continue
        kind, inputs = type(operation).__name__, nodes_of(operation)[node].input_tensors
        if kind not in _UNCHANGED or not inputs:
            return _activation_of(operation, kind)
        tensor = inputs[0]
    return UNKNOWN_HEAD


def _activation_of(operation: Any, kind: str) -> Head:
    if kind in _OPERATIONS:
        last = getattr(operation, "axis", -1) in (-1, 1)  # of (batch_size, classes)
        return Head(_OPERATIONS[kind], operation.name) if last else UNKNOWN_HEAD
    activation = getattr(getattr(operation, "activation", None), "__name__", None)
    return UNKNOWN_HEAD if activation is None else Head(str(activation), operation.name)


@dataclass(frozen=True)
class ChosenOutput:
    """The output that predictions are read from.

    Attributes:
        index: among all outputs, in the order of `keras.tree.flatten`.
        name: the output's name.
        count: number of outputs that the model has.
        shape: shape of one prediction, or None where it is not known yet.
        head: how the output ends.
        several: all outputs by name and shape of one prediction, where there are several.
    """

    index: int = 0
    name: str = ""
    count: int = 1
    shape: Shape | None = None
    head: Head = UNKNOWN_HEAD
    several: tuple[ModelOutput, ...] = ()


UNKNOWN_OUTPUT = ChosenOutput()
"""What is known of a model that was never built, or never run and without a graph."""


@dataclass(frozen=True)
class OneOutput:
    """A model that is called as if the chosen output were its only one.

    Attributes:
        model: the `keras.Model`.
        index: the output's index, as in `ChosenOutput`.
    """

    model: Any
    index: int

    def __call__(self, inputs: Any, *, training: bool = False) -> Any:
        """Return the chosen output for a batch."""
        return output_at(self.model(inputs, training=training), self.index)


def choose_output(model: Any) -> ChosenOutput:
    """Return the first output of a model with a graph whose shape gives class scores, or else its first output.

    Class scores are two values or more for each sample, first those behind a softmax or sigmoid, or one behind a sigmoid.
    """
    graph = graph_of(model)
    if graph is None:
        return UNKNOWN_OUTPUT
    named = named_leaves(output_structure(graph))
    return _first_scores([(name, tuple(leaf.shape[1:]), head_of(leaf)) for name, leaf in named])


def choose_recorded_output(output: Any) -> ChosenOutput:
    """Return the first output that gives class scores, or else the first, of what a model without a graph returned.

    Args:
        output: a tensor (n, ...), or a list or dictionary of them.
    """
    return _first_scores([(name, tuple(leaf.shape[1:]), UNKNOWN_HEAD) for name, leaf in named_leaves(output)])


def choose_named_output(outputs: Sequence[tuple[str, Shape]]) -> ChosenOutput:
    """Return the first output that gives class scores, or else the first, of outputs known by name and shape of one prediction.

    Args:
        outputs: names and shapes of at least one, in the order of `keras.tree.flatten`.
    """
    return _first_scores([(name, shape, UNKNOWN_HEAD) for name, shape in outputs])


def _first_scores(outputs: list[tuple[str, Shape, Head]]) -> ChosenOutput:
    scores = [
        index
        for index, (_, shape, head) in enumerate(outputs)
        if len(shape) == 1 and (shape[0] != 1 or head.activation in _CLASS_SCORES)
    ]
    # the four corners of a box are no scores where another output ends in a softmax
    sure = [index for index in scores if outputs[index][1] != (1,) and outputs[index][2].activation in _CLASS_SCORES]
    chosen = next(iter(sure or scores), 0)
    name, shape, head = outputs[chosen]
    several = tuple(ModelOutput(name, shape) for name, shape, _ in outputs) if len(outputs) > 1 else ()
    return ChosenOutput(chosen, name, len(outputs), shape, head, several)


def named_leaves(structure: Any) -> list[tuple[str, Any]]:
    """Return the tensors of a structure by name: their dictionary keys, else the layers that they come from."""
    import keras

    named = []
    for position, (path, leaf) in enumerate(keras.tree.flatten_with_path(structure)):
        key = path[-1] if path and isinstance(path[-1], str) else None
        history = history_of(leaf)
        named.append((str(key or getattr(history and history.operation, "name", None) or position), leaf))
    names = [name for name, _ in named]
    return [
        (name if names.count(name) == 1 else f"{name}#{position + 1}", leaf)
        for position, (name, leaf) in enumerate(named)
    ]


def output_at(output: Any, index: int) -> Any:
    """Return one tensor of what a model returned.

    Args:
        output: a tensor, or a list or dictionary of them.
        index: the output's index, as in `ChosenOutput`.
    """
    import keras

    return keras.tree.flatten(output)[index]


def array_at(output: Any, index: int) -> np.ndarray:
    """Return one tensor of what a model returned as float32."""
    return as_array(output_at(output, index))


def tensors_of(output: Any) -> Iterator[Any]:
    """Yield the tensors of what a layer or model returned: one, or a list or dictionary of them."""
    if isinstance(output, dict | list | tuple):
        for part in output.values() if isinstance(output, dict) else output:
            yield from tensors_of(part)
    elif hasattr(output, "shape"):
        yield output


def first_tensor(output: Any) -> Any:
    """Return the first tensor of what a layer or model returned; None for none."""
    return next(tensors_of(output), None)


def first_array(output: Any) -> np.ndarray:
    """Return a model's or layer's first output as float32."""
    return as_array(first_tensor(output))


def as_array(tensor: Any) -> np.ndarray:
    """Return a tensor's values as float32, not to be written to, whatever Keras runs on.

    TensorFlow's are shown where they are; one of PyTorch has its gradients cut off first.
    """
    import keras

    if backend() == TENSORFLOW:
        import tensorflow as tf

        if isinstance(tensor, tf.Tensor):  # neither sparse nor ragged
            return np.asarray(tensor, dtype=np.float32)
    return np.asarray(keras.ops.convert_to_numpy(tensor), dtype=np.float32)
