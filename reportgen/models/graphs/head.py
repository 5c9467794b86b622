"""How a model ends: the activation that its output went through, where the graph tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reportgen.keras_internals import graph_of, history_of, nodes_of

_UNCHANGED = frozenset({"Flatten", "Reshape", "Dropout", "Identity", "Squeeze", "ExpandDims"})
"""Layers and operations that leave every value what it is."""

_OPERATIONS = {"Softmax": "softmax", "Sigmoid": "sigmoid", "ReLU": "relu", "Relu": "relu", "LogSoftmax": "log_softmax"}
"""Layers and operations that are an activation by themselves, by class."""


@dataclass(frozen=True)
class Head:
    """The last step of a model's first output.

    Attributes:
        activation: as Keras names it: 'softmax', 'sigmoid', 'linear', 'relu', ...; None where the graph does not tell.
        layer: name of the layer that applies it, or None.
    """

    activation: str | None = None
    layer: str | None = None


UNKNOWN = Head()
"""Of a subclassed model, which has no graph, and of one that ends in a step that is no activation."""


def ending(tensor: Any) -> Head:
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
    return UNKNOWN


def _activation_of(operation: Any, kind: str) -> Head:
    if kind in _OPERATIONS:
        last = getattr(operation, "axis", -1) in (-1, 1)  # of (batch_size, classes)
        return Head(_OPERATIONS[kind], operation.name) if last else UNKNOWN
    activation = getattr(getattr(operation, "activation", None), "__name__", None)
    return UNKNOWN if activation is None else Head(str(activation), operation.name)
