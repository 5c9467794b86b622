"""The layers of a live network by path: their data format, and the activation that each ends in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reportgen.keras_internals import (
    direct_layers,
    graph_of,
    inner_layers,
    is_graph,
    is_of_keras,
    is_told_to_train,
    nodes_in_order,
    own_weights,
)
from reportgen.models.weights import (
    is_convolution,
)

RECTIFIERS = ("relu", "relu6")
"""Activations that are zero for all that is negative, so that a channel without positive values says nothing."""

ACTIVATION_ENDS = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
"""The values between which an activation lies, where its slope vanishes. Source: keras.activations of Keras 3.15."""

_BY_CLASS = {"LeakyReLU": "leaky_relu", "PReLU": "prelu", "ELU": "elu", "ReLU": "relu"}
_COMPETING = ("softmax", "log_softmax", "sparsemax")  # channels share a sum: none can be judged by itself


def named_layers(model: Any) -> dict[str, Any]:
    """Return every layer of a model by its path, nested ones included, in the order in which Keras tracks them.

    Sequential and functional models are listed through their layers alone; whatever else holds layers (wrappers,
    attention, subclassed models) comes before them. Input layers are left out. Equal names in one model are told apart
    by '#2', '#3'.

    Args:
        model: a built `keras.Model`.
    """
    found: dict[str, Any] = {}
    for path, layer in _walk(model, "", set()):
        unique, number = path, 2
        while unique in found:
            unique, number = f"{path}#{number}", number + 1
        found[unique] = layer
    return found


def _walk(parent: Any, prefix: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    for layer in direct_layers(parent):
        if id(layer) in seen or type(layer).__name__ == "InputLayer":
            continue
        seen.add(id(layer))
        path = f"{prefix}{layer.name}"
        if not is_graph(layer):
            yield path, layer
        yield from _walk(layer, f"{path}/", seen)


def data_format(layer: Any, default: str = "channels_last") -> str:
    """Return 'channels_last' or 'channels_first', whichever a layer's output has; `default` where it does not say."""
    return str(getattr(layer, "data_format", None) or default)


def common_data_format(layers: Iterable[Any]) -> str:
    """Return the data format of the first of these layers that has one: that of the model around them."""
    return next((data_format(layer) for layer in layers if getattr(layer, "data_format", None)), "channels_last")


def activation_of(layer: Any) -> str:
    """Return the activation that a layer ends in, as Keras names it; 'linear' for none, softmax and what is not known.

    A ReLU with a slope or threshold of its own is 'leaky_relu'. Recurrent layers count as linear: their activation is
    inside the recurrence.
    """
    kind = type(layer).__name__
    if kind == "ReLU" and (float(layer.negative_slope) or float(layer.threshold)):
        return "leaky_relu"
    if kind in _BY_CLASS:
        return _BY_CLASS[kind]
    if hasattr(layer, "cell"):
        return "linear"
    name = getattr(getattr(layer, "activation", None), "__name__", None) or "linear"
    return "linear" if name in _COMPETING else str(name)


def is_rectifier(layer: Any) -> bool:
    """Return whether a layer's last step is ReLU or ReLU6, so that a channel without positive values says nothing."""
    return activation_of(layer) in RECTIFIERS


def is_normalization(layer: Any) -> bool:
    """Return whether a layer is a batch normalisation that keeps statistics, also one of an older Keras' class."""
    return hasattr(layer, "moving_mean") and hasattr(layer, "moving_variance")


def watched_layers(layers: dict[str, Any]) -> dict[str, Any]:
    """Return the layers worth recording, by path: convolutions, activations, and batch normalisations.

    What is within a recurrent layer is called once for each step and is part of that layer.
    """
    recurrent = tuple(f"{path}/" for path, layer in layers.items() if hasattr(layer, "cell"))
    return {
        path: layer
        for path, layer in layers.items()
        if (is_convolution(layer) or is_normalization(layer) or activation_of(layer) != "linear")
        and not path.startswith(recurrent)
    }


def may_be_random(model: Any) -> bool:
    """Return whether a model may answer the same inputs in different ways when it is not trained.

    It may not where it is a graph of Keras' own layers, none of which is told to train in every call: whatever they draw
    at random they draw in training.

    Args:
        model: a built `keras.Model`.
    """
    graph = graph_of(model)
    if graph is None or not type(model).__module__.startswith("keras."):
        return True
    nodes = [node for node in nodes_in_order(graph) if not node.is_input]
    parts = [part for node in nodes for part in (node.operation, *inner_layers(node.operation))]
    return (
        any(map(is_told_to_train, nodes))
        or not all(map(is_of_keras, parts))
        or any(may_be_random(part) for part in parts if is_graph(part))
    )


def holds_kernel(layer: Any) -> bool:
    """Return whether a layer has a kernel of its own, rather than applying an activation to another's output."""
    return any(str(weight.name).endswith("kernel") for weight in own_weights(layer))
