"""In which order of its axes a model's first convolution sees the input: channels may come first, or pixels in a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.keras_internals import graph_inputs, graph_of, input_structure
from reportgen.measures.arrangement import AS_IT_IS, Arrangement, Turn
from reportgen.models.graphs.arithmetic import VALUEWISE, Shape
from reportgen.models.graphs.dependencies import GraphTensor, call_graph
from reportgen.models.graphs.layers import common_data_format, data_format
from reportgen.models.graphs.outputs import named_leaves

_COUNTED_OFF = frozenset({"Reshape", "ExpandDims"})
_PICTURE_AXES = 3


@dataclass(frozen=True)
class ArrangedInput:
    """How a model turns its input before anything else.

    Attributes:
        arrangement: from the input to what the first convolution sees.
        operations: ids of the layers and operations that only do this.
    """

    arrangement: Arrangement = AS_IT_IS
    operations: frozenset[int] = frozenset()


def arranged_input(
    model: Any, layers: Mapping[str, Any], *, name: str = "", shape: Shape | None = None
) -> ArrangedInput:
    """Return how a model's input becomes the picture that its first convolution sees.

    Told by the graph of Sequential and functional models; without one, by the data format of the layers.

    Args:
        model: a `keras.Model`.
        layers: its layers by path.
        name: the input; '' for the only or first one.
        shape: shape of one sample, where the model does not know it.
    """
    graph = call_graph(model)
    inputs = graph_inputs(model)
    if graph is not None and inputs:
        named = dict(named_leaves(input_structure(graph_of(model))))
        source = named.get(name, inputs[0])
        shape = shape if shape is not None else tuple(source.shape[1:])
        found = _followed(graph.tensors, source, shape, common_data_format(layers.values()))
        if found is not None:
            return found
    if shape is None or len(shape) < _PICTURE_AXES or common_data_format(layers.values()) != "channels_first":
        return ArrangedInput()
    return ArrangedInput(Arrangement((_channels_last(shape),)))


def _followed(tensors: tuple[GraphTensor, ...], source: Any, shape: Shape, formats: str) -> ArrangedInput | None:
    """Return what the first layer with a data format sees of an input, followed along the graph; None without one."""
    known: dict[int, tuple[tuple[Turn, ...], frozenset[int], Shape]] = {}
    for tensor in tensors:
        given = tensor.given[0] if len(tensor.given) == 1 else None
        if given is None:
            continue
        before = ((), frozenset[int](), shape) if given.symbol is source else known.get(id(given))
        if before is None:
            continue
        turns, operations, seen = before
        kind = type(tensor.operation).__name__
        if kind in VALUEWISE and len(tensor.shape) == len(seen):
            known[id(tensor)] = before
        elif getattr(tensor.operation, "data_format", None) and kind != "Flatten" and len(seen) > 1:
            if data_format(tensor.operation, formats) == "channels_first" and len(seen) >= _PICTURE_AXES:
                turns = (*turns, _channels_last(seen))
            return ArrangedInput(Arrangement(turns), operations)
        else:
            turn = _turn(tensor, seen)
            if turn is not None:
                known[id(tensor)] = ((*turns, turn), operations | {id(tensor.operation)}, turn.after)
    return None


def _turn(tensor: GraphTensor, before: Shape) -> Turn | None:
    """Return the step of a call that only moves values; None for others, and where axes are merged or cannot be counted."""
    operation, kind = tensor.operation, type(tensor.operation).__name__
    if kind in _COUNTED_OFF:
        free = None in before or None in tensor.shape
        more_axes = len(before) < min(len(tensor.shape), _PICTURE_AXES)
        return Turn(before, tensor.shape, None) if more_axes and not free else None
    numbered = np.empty(range(1, len(before) + 2))  # each axis by its size
    if kind == "Permute":
        axes = (0, *operation.dims)
    elif kind == "Transpose":
        axes = tuple(operation.axes or range(len(before), -1, -1))
    elif kind == "Moveaxis":
        axes = tuple(size - 1 for size in np.moveaxis(numbered, operation.source, operation.destination).shape)
    elif kind == "Swapaxes":
        axes = tuple(size - 1 for size in numbered.swapaxes(operation.axis1, operation.axis2).shape)
    else:
        return None
    moved = tuple(axis % len(axes) - 1 for axis in axes)
    return Turn(before, tuple(before[axis] for axis in moved[1:]), moved[1:]) if moved[0] < 0 else None


def _channels_last(shape: Shape) -> Turn:
    return Turn(shape, (*shape[1:], shape[0]), (*range(1, len(shape)), 0))
