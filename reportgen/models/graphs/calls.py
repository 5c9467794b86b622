"""The calls of a model's layers, in their order as far as it is known without running the model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.keras_internals import graph_inputs, graph_of, inner_layers, nodes_in_order, own_weights
from reportgen.models.graphs.arithmetic import (
    ReceptiveField,
    Shape,
    merged_field,
    multiply_adds,
    receptive_field,
    spatial_axes,
    window_of,
)
from reportgen.models.graphs.arranged import arranged_input
from reportgen.models.graphs.layers import named_layers
from reportgen.models.weights import layer_kernels
from reportgen.results import LayerSummary


@dataclass(frozen=True)
class LayerTensor:
    """What is known of one tensor: its shape without the batch axis, and what its values depend on."""

    shape: Shape | None
    field: ReceptiveField | None


def layer_calls(model: Any, *, sample_shape: Shape | None = None) -> tuple[LayerSummary, ...]:
    """Return one entry for each call of each layer, in the order in which the model makes them.

    A shared layer has an entry for each of its calls. In a subclassed model the order of calls is not known beforehand:
    its layers are listed as Keras tracks them, without shapes. So are the layers inside wrappers and other layers.

    Args:
        model: a `keras.Model`, built or not.
        sample_shape: one sample's, to tell what sizes the outputs have where those of the only input are free.
    """
    layers = named_layers(model)
    inputs = [input_tensor(tensor.shape) for tensor in graph_inputs(model)]
    if sample_shape is not None and len(inputs) == 1:
        inputs = [input_tensor((None, *sample_shape))]
    if not inputs:
        return tuple(summarise_call(layer, path) for path, layer in layers.items())
    calls: list[LayerSummary] = []
    paths = {id(layer): path for path, layer in layers.items()}
    _follow(model, inputs, _Followed(paths, *_picture(model, layers, inputs)), calls)
    return tuple(calls)


@dataclass(frozen=True)
class _Followed:
    """What is the same for all calls of a model: paths of layers by id, the size of the picture, and what only arranges it."""

    paths: Mapping[int, str]
    whole: Shape | None
    arranging: frozenset[int]


def _picture(model: Any, layers: Mapping[str, Any], inputs: list[LayerTensor]) -> tuple[Shape | None, frozenset[int]]:
    """Return the spatial size of a model's only input as its first convolution sees it, and the operations that turn it so."""
    if len(inputs) > 1 or not inputs[0].shape:
        return None, frozenset()
    arranged = arranged_input(model, layers, shape=inputs[0].shape)
    return arranged.arrangement.shape_of(inputs[0].shape)[:-1], arranged.operations


def input_tensor(shape: Any) -> LayerTensor:
    """Return what is known of an input of this shape, batch axis first."""
    sizes = tuple(shape[1:])
    rank = max(len(sizes) - 1, 0)
    return LayerTensor(sizes, ReceptiveField((1,) * rank, (1.0,) * rank))


def whole_input_size(inputs: list[LayerTensor], data_format: str) -> Shape | None:
    """Return the spatial size of a model's only input; None with several."""
    if len(inputs) > 1 or not inputs[0].shape:
        return None
    return spatial_axes(inputs[0].shape, data_format=data_format)


def _follow(model: Any, inputs: list[LayerTensor], followed: _Followed, calls: list[LayerSummary]) -> list[LayerTensor]:
    """Append the calls that a functional model makes on these inputs; return what is known of its outputs."""
    graph = graph_of(model)
    known = {id(symbol): tensor for symbol, tensor in zip(graph.inputs, inputs, strict=True)}
    for node in nodes_in_order(graph):
        if node.is_input or any(id(symbol) not in known for symbol in node.input_tensors):
            continue
        before = [known[id(symbol)] for symbol in node.input_tensors]
        for symbol, tensor in zip(node.outputs, _call(node, before, followed, calls), strict=True):
            known[id(symbol)] = tensor
    return [known.get(id(symbol), LayerTensor(None, None)) for symbol in graph.outputs]


def _call(node: Any, before: list[LayerTensor], followed: _Followed, calls: list[LayerSummary]) -> list[LayerTensor]:
    layer, paths, whole = node.operation, followed.paths, followed.whole
    if graph_inputs(layer) and len(graph_inputs(layer)) == len(before):
        return _follow(layer, before, followed, calls)
    shapes = _output_shapes(node, before)
    field = merged_field([tensor.field for tensor in before])
    if id(layer) in followed.arranging and whole is not None:
        field = ReceptiveField((1,) * len(whole), (1.0,) * len(whole))
    else:
        field = receptive_field(layer, field, whole, from_shape=before[0].shape if before else None, to_shape=shapes[0])
    path = paths.get(id(layer), layer.name)
    calls.append(summarise_call(layer, path, before=before, after=shapes[0], field=field, whole=whole))
    # what a wrapper, an attention layer or a subclassed model holds
    by_id = {id(inner): inner for inner in inner_layers(layer)}
    calls.extend(summarise_call(by_id[key], path) for key, path in paths.items() if key in by_id)
    return [LayerTensor(shape, field) for shape in shapes]


def _output_shapes(node: Any, before: list[LayerTensor]) -> list[Shape | None]:
    """Return the recorded shapes; where a nested model has free sizes, its layer is asked again with those given."""
    recorded = [tuple(symbol.shape[1:]) for symbol in node.outputs]
    known = [(None, *tensor.shape) for tensor in before if tensor.shape is not None and None not in tensor.shape]
    if len(recorded) == 1 and None in recorded[0] and len(known) == len(before):
        try:
            return [tuple(node.operation.compute_output_shape(known[0] if len(known) == 1 else known)[1:])]
        except (AttributeError, NotImplementedError, TypeError, ValueError):
            pass  # an operation that cannot say: its recorded shape stands
    return list(recorded)


def summarise_call(
    layer: Any,
    path: str,
    *,
    before: Sequence[LayerTensor] = (),
    after: Shape | None = None,
    field: ReceptiveField | None = None,
    whole: Shape | None = None,
) -> LayerSummary:
    """Return one row of the architecture.

    Args:
        layer: the layer that was called.
        path: the layer's path.
        before: the layer's inputs; none where they are not known.
        after: shape of the layer's output, without the batch axis.
        field: receptive field of its output.
        whole: the model's spatial input size, which no receptive field is said to exceed.
    """
    window = _as_tuple(window_of(layer))
    cost = None
    if after is not None and before and before[0].shape is not None:
        kernels = {kernel.name: kernel.shape for kernel in layer_kernels({path: layer})}
        cost = multiply_adds(layer, kernels, before[0].shape, after)
    return LayerSummary(
        path=path,
        class_name=type(layer).__name__,
        output_shape=after,
        parameters=sum(math.prod(weight.shape) for weight in own_weights(layer)),
        trainable=bool(getattr(layer, "trainable", False)),
        kernel_size=window,
        strides=_as_tuple(getattr(layer, "strides", None)) if window else None,
        receptive_field=_within(field, whole),
        multiply_adds=cost,
        input_shape=before[0].shape if before else None,
    )


def _within(field: ReceptiveField | None, whole: Shape | None) -> tuple[int, ...] | None:
    """Return the size of a field, along each axis the whole input at the most; what lies beyond is padding."""
    if field is None or not field.size:
        return None
    sizes = whole if whole is not None and len(whole) == len(field.size) else (None,) * len(field.size)
    return tuple(size if most is None else min(size, most) for size, most in zip(field.size, sizes, strict=True))


def _as_tuple(value: Any) -> tuple[int, ...] | None:
    if value is None:
        return None
    return tuple(int(v) for v in value) if isinstance(value, tuple | list) else (int(value),)  # an old config's number


@dataclass(frozen=True)
class RecordedCalls:
    """What one pass of one sample showed.

    Attributes:
        calls: the calls in the order in which they began.
        output: what the model returned, for one sample.
    """

    calls: tuple[LayerSummary, ...]
    output: Any


def complete_calls(calls: Sequence[LayerSummary], recorded: Sequence[LayerSummary]) -> tuple[LayerSummary, ...]:
    """Fill the rows of a graph, where they have no shape, from a recorded pass.

    Args:
        calls: the graph's calls in order; some without a shape of their output.
        recorded: the pass's calls in order.
    """
    by_path: dict[str, list[LayerSummary]] = {}
    for row in recorded:
        by_path.setdefault(row.path, []).append(row)
    rows = []
    for call in calls:
        others = by_path.get(call.path)
        shown = others.pop(0) if others else call
        rows.append(shown if call.output_shape is None else call)
    return tuple(rows)


def list_recorded_calls(calls: Sequence[LayerSummary], recorded: Sequence[LayerSummary]) -> tuple[LayerSummary, ...]:
    """List the recorded calls, and then the layers that the pass did not call.

    Args:
        calls: one for each layer, as Keras tracks them.
        recorded: the pass's calls in order.
    """
    called = {row.path for row in recorded}
    return (*recorded, *(call for call in calls if call.path not in called))
