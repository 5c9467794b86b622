"""Where gradients are taken in a functional model, read off its graph: nothing is run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from reportgen.keras_internals import graph_of
from reportgen.messages import Message, say
from reportgen.models.gradients.target import GradientTarget, squashes, unsquashed_rule
from reportgen.models.graphs import (
    CallGraph,
    GraphTensor,
    OneOutput,
    call_graph,
    call_number,
    common_data_format,
    data_format,
    leading_to,
)
from reportgen.models.passes import LiveModel, SampleInputs
from reportgen.models.weights import is_convolution

_UNCHANGED = frozenset({"Flatten", "Reshape", "Dropout", "Identity"})
"""Layers that leave every value what it is."""

_PLAIN_OPERATIONS = frozenset(
    {"Add", "Subtract", "Multiply", "Concatenate", "Reshape", "Mean", "Relu", "Softmax", "Sigmoid"}
)
"""Operations that are no layers and have a gradient."""

_OWN_CODE = frozenset({"Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"})


def graph_target(live: LiveModel, inputs: SampleInputs, outputs: np.ndarray) -> GradientTarget | None:
    """Return where gradients are taken, as `find_target` finds it, or None where the graph does not tell.

    It tells of functional models with one input whose sizes are known, of Keras' own layers alone from the features on.

    Args:
        live: the model.
        inputs: the samples.
        outputs: what the model answered to a few of them, (n, ...).
    """
    model, index = (live.model.model, live.model.index) if isinstance(live.model, OneOutput) else (live.model, 0)
    graph = None if inputs.several else call_graph(model)
    if graph is None or (len(graph.outputs) > 1 and model is live.model):
        return None
    output = graph.outputs[index]
    features = _features(graph, output, live.layers)
    logits = _logits(output, outputs)
    if features is None or logits is None:
        return None
    calls = graph.calls
    convolution, explained, size = features
    call, inside, rule = logits
    leading = {id(one) for one in leading_to(output)}
    behind = [one for one in graph.behind(explained) if id(one) in leading]
    if not all(map(_is_plain, behind)):
        return None
    alone = not any(is_convolution(one.operation) for one in behind)
    return GradientTarget(
        features=explained.name,
        path=explained.path,
        convolution=convolution.name,
        size=size,
        logits=call.name if call else None,
        logits_path=call.path if call else None,
        inside=inside,
        rule=rule,
        rest=tuple(one.path for one in calls[calls.index(explained) + 1 :]),
        head_alone=alone,
        head=_head(explained, graph_of(model).outputs[index], call) if alone else None,
    )


def explained_call(model: Any, layers: Mapping[str, Any], index: int) -> str:
    """Return the name of the call whose maps will be explained, so that a pass can keep them; '' where the graph does not tell.

    Args:
        model: the `keras.Model`.
        layers: its layers by path.
        index: number of the output that predictions are read from.
    """
    graph = call_graph(model)
    found = _features(graph, graph.outputs[index], layers) if graph is not None else None
    return found[1].name if found else ""


def _head(features: GraphTensor, output: Any, logits: GraphTensor | None) -> Any:
    """Return the function from the features to the output; None where they are of different graphs, or a layer is shared."""
    import keras

    if logits is not None and call_number(logits.name) > 1:
        return None  # its calls are counted from the features on
    try:
        return keras.Function([features.symbol], output)
    except ValueError:  # the features are inside a nested model
        return None


def _features(
    graph: CallGraph, output: GraphTensor, layers: Mapping[str, Any]
) -> tuple[GraphTensor, GraphTensor, tuple[int, ...]] | None:
    """Return the last convolution that the output depends on, what is explained behind it, and the size of a map."""
    calls = graph.calls
    formats = common_data_format(layers.values())
    sizes = [_size(call, formats) for call in calls]
    if any(None in size for size in sizes):
        return None
    leading = {id(tensor) for tensor in leading_to(output)}
    for place in reversed(range(len(calls))):
        if not is_convolution(calls[place].operation) or int(np.prod(sizes[place] or 1)) <= 1:
            continue
        others = (at for at in range(place, len(sizes)) if sizes[at] != sizes[place])
        alike = calls[place : next(others, len(sizes))]
        explained = [call for call in alike if id(call) in leading]
        if explained:
            return calls[place], explained[-1], sizes[place]
    return None


def _size(call: GraphTensor, formats: str) -> tuple[Any, ...]:
    if len(call.shape) < 2:
        return ()
    return call.shape[1:] if data_format(call.operation, formats) == "channels_first" else call.shape[:-1]


def _logits(output: GraphTensor, outputs: np.ndarray) -> tuple[GraphTensor | None, bool, Message] | None:
    """Return the call that gives the logits, whether inside, and what is explained in words; None where that is not known."""
    last = output
    while type(last.operation).__name__ in _UNCHANGED and last.given:
        last = last.given[0]
    kind = type(last.operation).__name__.lower()
    activation = squashes(last.operation)
    if not _is_plain(last) or last.operation is None or (activation and not last.name):
        return None
    sizes = [size or 0 for size in last.shape]
    alone = sizes != [] and math.prod(sizes) == sizes[-1] > ("softmax" in (kind, activation))
    if activation:
        said = say("the logits ({layer} before its {activation})", layer=last.name, activation=activation)
        return (last, True, said) if alone else None
    if kind in ("softmax", "sigmoid"):
        before = last.given[0]
        said = say("the logits (the output of {layer} before the {activation})", layer=before.name, activation=kind)
        return (before, False, said) if alone and before.name else None
    return None, False, unsquashed_rule(outputs)


def _is_plain(call: GraphTensor) -> bool:
    """Return whether a call is one of Keras' own layers, or an operation with a gradient."""
    kind = type(call.operation)
    if not call.name:
        return kind.__name__ in _PLAIN_OPERATIONS
    return kind.__module__.startswith("keras.") and kind.__name__ not in _OWN_CODE
