"""A model's inputs and outputs by name: which input is the picture, which output gives the predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.keras_internals import graph_of, history_of, input_structure, output_structure
from reportgen.models.graphs.arithmetic import Shape
from reportgen.models.graphs.head import UNKNOWN, Head, ending

_CLASS_SCORES = ("softmax", "sigmoid", "hard_sigmoid")


@dataclass(frozen=True)
class ModelInput:
    """One input of a model.

    Attributes:
        name: of its input layer, or the key under which the model takes it.
        shape: of one sample; None for a free size.
    """

    name: str
    shape: Shape


@dataclass(frozen=True)
class ChosenOutput:
    """The output that predictions are read from.

    Attributes:
        index: among all outputs, in the order of `keras.tree.flatten`.
        name: of it.
        count: of all outputs.
        shape: of one prediction, or None where it is not known yet.
        head: how it ends.
    """

    index: int = 0
    name: str = ""
    count: int = 1
    shape: Shape | None = None
    head: Head = UNKNOWN


UNKNOWN_OUTPUT = ChosenOutput()
"""Of a model that was never built, or never run and without a graph."""


@dataclass(frozen=True)
class OneOutput:
    """A model that is called as if the chosen output were its only one.

    Attributes:
        model: the `keras.Model`.
        index: as in `ChosenOutput`.
    """

    model: Any
    index: int

    def __call__(self, inputs: Any, *, training: bool = False) -> Any:
        """Return the chosen output for a batch."""
        return output_at(self.model(inputs, training=training), self.index)


def model_inputs(model: Any) -> tuple[ModelInput, ...]:
    """Return the inputs of a Sequential or functional model, in order; none for a subclassed or unbuilt one."""
    graph = graph_of(model)
    if graph is None:
        return ()
    return tuple(ModelInput(name, tuple(leaf.shape[1:])) for name, leaf in _named_leaves(input_structure(graph)))


def pack_inputs(model: Any, arrays: Mapping[str, Any]) -> Any:
    """Return arrays by input name as the model wants them: alone, in a list, or in a dictionary.

    Args:
        model: a `keras.Model`; one without a graph receives the dictionary.
        arrays: (n, *shape) of each input, by name. Where one is a tensor, such as one that gradients are taken by, the others
            become tensors too, since a call takes no mixture.
    """
    import keras
    import tensorflow as tf

    if any(map(tf.is_tensor, arrays.values())):
        arrays = {name: tf.convert_to_tensor(array) for name, array in arrays.items()}
    graph = graph_of(model)
    if graph is None:
        return dict(arrays)
    names = {id(leaf): name for name, leaf in _named_leaves(input_structure(graph))}
    return keras.tree.map_structure(lambda leaf: arrays[names[id(leaf)]], input_structure(graph))


def pictured(shapes: Mapping[str, Sequence[int | None]]) -> str:
    """Return the input that is shown as a picture: the first of three axes or more, else of two, else the first.

    Args:
        shapes: of one sample of each input, by name; at least one.
    """
    return next(name for axes in (3, 2, 0) for name, shape in shapes.items() if len(shape) >= axes)


def choose_output(model: Any) -> ChosenOutput:
    """Return the first output of a model with a graph whose shape gives class scores, or else its first output.

    Class scores are two values or more for each sample, or a single one behind a sigmoid.
    """
    graph = graph_of(model)
    if graph is None:
        return UNKNOWN_OUTPUT
    named = _named_leaves(output_structure(graph))
    return _first_scores([(name, tuple(leaf.shape[1:]), ending(leaf)) for name, leaf in named])


def choose_recorded(output: Any) -> ChosenOutput:
    """Return the same for what a model without a graph returned.

    Args:
        output: a tensor (n, ...), or a list or dictionary of them.
    """
    return _first_scores([(name, tuple(leaf.shape[1:]), UNKNOWN) for name, leaf in _named_leaves(output)])


def choose_named(outputs: Sequence[tuple[str, Shape]]) -> ChosenOutput:
    """Return the same for outputs of which names and shapes of one prediction are known.

    Args:
        outputs: at least one, in the order of `keras.tree.flatten`.
    """
    return _first_scores([(name, shape, UNKNOWN) for name, shape in outputs])


def _first_scores(outputs: list[tuple[str, Shape, Head]]) -> ChosenOutput:
    scores = (
        index
        for index, (_, shape, head) in enumerate(outputs)
        if len(shape) == 1 and (shape[0] != 1 or head.activation in _CLASS_SCORES)
    )
    chosen = next(scores, 0)
    name, shape, head = outputs[chosen]
    return ChosenOutput(chosen, name, len(outputs), shape, head)


def _named_leaves(structure: Any) -> list[tuple[str, Any]]:
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
        index: as in `ChosenOutput`.
    """
    import keras

    return keras.tree.flatten(output)[index]


def array_at(output: Any, index: int) -> np.ndarray:
    """Return one tensor of what a model returned as float32."""
    return np.asarray(output_at(output, index), dtype=np.float32)
