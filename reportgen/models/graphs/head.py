"""How a model ends: the activation that its output went through, where the graph tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


def read_head(model: Any) -> Head:
    """Return how a `keras.Model` ends; it is neither run nor changed.

    Followed backwards from the first output, through nested models and steps that change no value.
    """
    graph = getattr(model, "_functional", None) or model
    outputs = getattr(graph, "outputs", None) if hasattr(graph, "_nodes_by_depth") else None
    return ending(outputs[0]) if outputs else UNKNOWN


def ending(tensor: Any) -> Head:
    """Return how one symbolic output of a model ends."""
    while (history := getattr(tensor, "_keras_history", None)) is not None:
        operation, node, position = history
        nested = getattr(operation, "_functional", None) or operation
        if hasattr(nested, "_nodes_by_depth"):
            tensor = nested.outputs[position]
            continue
        kind = type(operation).__name__
        if kind not in _UNCHANGED or not operation._inbound_nodes[node].input_tensors:
            return _activation_of(operation, kind)
        tensor = operation._inbound_nodes[node].input_tensors[0]
    return UNKNOWN


def _activation_of(operation: Any, kind: str) -> Head:
    if kind in _OPERATIONS:
        last = getattr(operation, "axis", -1) in (-1, 1)  # of (batch_size, classes)
        return Head(_OPERATIONS[kind], operation.name) if last else UNKNOWN
    activation = getattr(getattr(operation, "activation", None), "__name__", None)
    return UNKNOWN if activation is None else Head(str(activation), operation.name)
