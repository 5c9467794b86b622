"""Which kernels have no scale of their own, since a normalisation behind them takes it away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reportgen.keras_internals import graph_of, is_graph, nodes_in_order
from reportgen.models.graphs.layers import activation_of
from reportgen.results import LayerSummary

_NORMALISATION = re.compile(
    r"(?!Spectral)\w+Norm(alization)?(V\d)?"
)  # 'Normalization' alone is a step of preprocessing
_SCALED_ALIKE = re.compile(
    r"((Spatial|Gaussian)?Dropout|ZeroPadding|Cropping|UpSampling|(Global)?(Max|Average)Pooling)([123]D)?"
    r"|Flatten|Reshape|Permute|RepeatVector|Identity|Relu|LeakyReLU|PReLU|ReLU"
)
_ACTIVATIONS = ("linear", "relu", "leaky_relu", "prelu")
"""What gives c times as much for c times the input, c positive."""


def normalised_kernels(model: Any, layers: Mapping[str, Any], calls: Sequence[LayerSummary]) -> dict[str, str]:
    """Return the path of the normalisation behind each layer whose scale it takes away: c times its weights change nothing.

    Between the two may stand what gives c times as much for c times the input, such as ReLU, pooling and dropout. Where a
    layer's output goes to several others, all of them must end so. Of a model without a graph the order of the calls tells.

    Args:
        model: the `keras.Model`.
        layers: live layers by path.
        calls: the calls of the layers, in order.
    """
    paths = {id(layer): path for path, layer in layers.items()}
    graphs = [graph for layer in _graphs(model) if (graph := graph_of(layer)) is not None]
    found: dict[str, str] = {}
    for graph in graphs:
        found |= _of_graph(graph, paths)
    return found if graphs else normalised_in_order(calls)


def normalised_in_order(calls: Sequence[LayerSummary]) -> dict[str, str]:
    """Return what `normalised_kernels` does where nothing but the order and the classes of the calls is known.

    Args:
        calls: the calls of the layers, in order.
    """
    found = {}
    for place, call in enumerate(calls):
        for behind in calls[place + 1 :]:
            if _NORMALISATION.fullmatch(behind.class_name):
                found[call.path] = behind.path
            if not _SCALED_ALIKE.fullmatch(behind.class_name) and behind.class_name != "Activation":
                break
    return found


def _graphs(model: Any) -> Iterator[Any]:
    yield model
    for layer in getattr(model, "layers", ()):
        if is_graph(layer):
            yield from _graphs(layer)


def _of_graph(graph: Any, paths: Mapping[int, str]) -> dict[str, str]:
    consumers: dict[int, list[Any]] = {}
    nodes = [node for node in nodes_in_order(graph) if not node.is_input]
    for node in nodes:
        for symbol in node.input_tensors:
            consumers.setdefault(id(symbol), []).append(node.operation)
    after: dict[int, list[Any]] = {}
    for node in nodes:
        after.setdefault(id(node.operation), []).extend(node.outputs)
    outputs = {id(symbol) for symbol in graph.outputs}

    def behind(operation: Any) -> Any:
        """Return the normalisation that all that follows an operation ends in, or None."""
        symbols = after[id(operation)]
        if any(id(symbol) in outputs or id(symbol) not in consumers for symbol in symbols):
            return None
        ends = [passed(one) for symbol in symbols for one in consumers[id(symbol)]]
        return None if None in ends else ends[0]

    def passed(operation: Any) -> Any:
        if _is_normalisation(operation):
            return operation
        return behind(operation) if _scales_alike(operation) else None

    found = {}
    for layer in {id(node.operation): node.operation for node in nodes}.values():
        end = behind(layer) if id(layer) in paths and _activation_scales(layer) else None
        if id(end) in paths:
            found[paths[id(layer)]] = paths[id(end)]
    return found


def _is_normalisation(layer: Any) -> bool:
    return bool(_NORMALISATION.fullmatch(type(layer).__name__))


def _scales_alike(layer: Any) -> bool:
    kind = type(layer).__name__
    if kind == "ReLU":
        # one with a ceiling or a threshold does not give twice as much for twice the input
        return layer.max_value is None and not float(layer.threshold)
    return (kind == "Activation" and _activation_scales(layer)) or bool(_SCALED_ALIKE.fullmatch(kind))


def _activation_scales(layer: Any) -> bool:
    name = getattr(getattr(layer, "activation", None), "__name__", "linear")
    return name in _ACTIVATIONS and activation_of(layer) in _ACTIVATIONS and not hasattr(layer, "cell")
