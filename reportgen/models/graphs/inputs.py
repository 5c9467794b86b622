"""What a model takes: its inputs by name, which one is the picture, and whether the model scales it by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.keras_internals import (
    built_shapes,
    graph_inputs,
    graph_of,
    input_structure,
)
from reportgen.models.graphs.arithmetic import (
    Shape,
)
from reportgen.models.graphs.outputs import (
    named_leaves,
)
from reportgen.reading import RuntimeModel
from reportgen.results import LayerSummary

_ARITHMETIC = ("TrueDivide", "Divide", "Multiply", "Subtract")  # operations of a functional model: x / 127.5 - 1


@dataclass(frozen=True)
class ModelInput:
    """One input of a model.

    Attributes:
        name: name of its input layer, or the key under which the model takes it.
        shape: shape of one sample; None for a free size.
    """

    name: str
    shape: Shape


def model_inputs(model: Any) -> tuple[ModelInput, ...]:
    """Return the inputs of a Sequential or functional model, in order; none for a subclassed or unbuilt one.

    Those of a model of another runtime where there are several; a single one needs no name.
    """
    if isinstance(model, RuntimeModel):
        several = model.input_shapes if len(model.input_shapes) > 1 else {}
        return tuple(ModelInput(name, shape) for name, shape in several.items())
    graph = graph_of(model)
    if graph is None:
        return ()
    return tuple(ModelInput(name, tuple(leaf.shape[1:])) for name, leaf in named_leaves(input_structure(graph)))


def pack_inputs(model: Any, arrays: Mapping[str, Any]) -> Any:
    """Return arrays by input name as the model wants them: alone, in a list, or in a dictionary.

    Args:
        model: a `keras.Model`; one without a graph receives the dictionary.
        arrays: (n, *shape) of each input, by name. Where one is a tensor, such as one that gradients are taken by, the others
            become tensors too, since a call takes no mixture.
    """
    import keras

    if any(map(keras.ops.is_tensor, arrays.values())):
        arrays = {name: keras.ops.convert_to_tensor(array) for name, array in arrays.items()}
    graph = graph_of(model)
    if graph is None:
        return dict(arrays)
    names = {id(leaf): name for name, leaf in named_leaves(input_structure(graph))}
    return keras.tree.map_structure(lambda leaf: arrays[names[id(leaf)]], input_structure(graph))


def pictured_input(shapes: Mapping[str, Sequence[int | None]]) -> str:
    """Return the input that is shown as a picture: the first of three axes or more, else of two, else the first.

    Args:
        shapes: shape of one sample of each input, by name; at least one.
    """
    return next(name for axes in (3, 2, 0) for name, shape in shapes.items() if len(shape) >= axes)


def model_input_shape(model: Any) -> Shape | None:
    """Return the shape of one sample of the model's only or first input; None when it was never built."""
    inputs = graph_inputs(model)
    if inputs:
        return tuple(inputs[0].shape[1:])
    shapes = [shape for shape in built_shapes(model).values() if isinstance(shape, tuple | list)]
    return tuple(shapes[0][1:]) if len(shapes) == 1 else None


@dataclass(frozen=True)
class InputRescaling:
    """The first layer that scales the model's input.

    Attributes:
        path: path of the layer or operation.
        expected_range: least and largest input, which it maps to the ends of [0, 1] or [-1, 1], such as (0, 255) for a
            Rescaling(1 / 255); None where the layer does not tell.
    """

    path: str
    expected_range: tuple[float, float] | None


def input_rescaling(calls: Iterable[LayerSummary], layers: Mapping[str, Any]) -> InputRescaling | None:
    """Return the first rescaling step before the first layer with weights of its own, or None.

    Args:
        calls: the calls in order, as `layer_calls` returns them.
        layers: the layers by path, as `named_layers` returns them.
    """
    for call in calls:
        if call.class_name == "Rescaling":
            return InputRescaling(call.path, _expected(layers[call.path]))
        if call.class_name == "Normalization" or call.class_name in _ARITHMETIC:
            return InputRescaling(call.path, None)
        if call.parameters:
            return None
    return None


def _expected(layer: Any) -> tuple[float, float] | None:
    scale, offset = (float(np.ravel(value)[0]) for value in (layer.scale, layer.offset))
    if not scale:
        return None
    lowest = 0.0 if offset == 0 else -1.0
    ends = sorted(((lowest - offset) / scale, (1.0 - offset) / scale))
    return ends[0], ends[1]
