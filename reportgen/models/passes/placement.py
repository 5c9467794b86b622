"""Which input pixels one value of a layer's output sees, exactly: followed along the calls of a graph, or else of one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.keras_internals import graph_inputs
from reportgen.models.graphs import (
    ArrangedInput,
    CallNames,
    GraphTensor,
    ReceptiveField,
    Shape,
    arranged_input,
    as_array,
    call_graph,
    first_tensor,
    per_axis,
    receptive_field,
    spatial_axes,
    window_extents,
    window_of,
)
from reportgen.models.passes.compiled import CompiledModel
from reportgen.models.passes.forward import run_failures_named
from reportgen.models.passes.live_model import LiveModel
from reportgen.models.passes.wrapping import replacing

_COPIES = ("Cast", "Identity")  # operations of a trace


@dataclass(frozen=True)
class Placement:
    """Where a value of a layer's output looks: value i at the input pixels start + i * jump to start + i * jump + size.

    The end is excluded. Behind a 3 x 3 convolution with padding 'same', value 0 looks at the pixels from -1 to 2.

    Attributes:
        size, jump: window and step in input pixels, along each spatial axis.
        start: first pixel that value 0 sees; negative where padding stands before the image.
    """

    size: tuple[int, ...]
    jump: tuple[int, ...]
    start: tuple[int, ...]

    def window(self, place: tuple[int, ...]) -> tuple[slice, ...]:
        """Return the pixels that the value at a place sees; a slice may begin below zero or end beyond the image."""
        firsts = (s + i * j for s, i, j in zip(self.start, place, self.jump, strict=True))
        return tuple(slice(first, first + n) for first, n in zip(firsts, self.size, strict=True))


def follow_placements(
    live: LiveModel, inputs: np.ndarray, *, pack: Callable[[Any], Any] = lambda pictures: pictures
) -> dict[str, Placement]:
    """Return the placements of all calls that can be followed from the input, by the call's name.

    Sequential and functional models of one input are not run, as their graph tells. What passes through a step whose
    geometry is not known (a transposed convolution, a reshape, free arithmetic in a call) is left out, and what depends on
    another input too. A window near an edge that was cropped off and padded again holds the cropped pixels.

    Args:
        live: the model; where its graph does not tell, run once on these inputs and left as it was. A compiled one is traced.
        inputs: (n, *shape) float32, of the pictured input.
        pack: function that puts these together with what the model's other inputs receive.

    Raises:
        ForwardError: a layer failed.
    """
    import keras
    import tensorflow as tf

    known = _by_graph(live)
    if known is not None:
        return known
    with run_failures_named():
        if not isinstance(live.model, CompiledModel):
            return _followed(live.model, live, keras.ops.convert_to_tensor(inputs), pack)
        found: dict[str, Placement] = {}
        traced = tf.function(lambda source: found.update(_followed(live.model.model, live, source, pack)))
        traced.get_concrete_function(tf.TensorSpec(inputs.shape, tf.float32))
        return found


def _by_graph(live: LiveModel) -> dict[str, Placement] | None:
    """Return the placements that the graph tells; None where it does not tell every call and size, or has several inputs."""
    graph = call_graph(live.model) if len(graph_inputs(live.model)) == 1 else None
    if graph is None or any(size is None for call in graph.calls for size in call.shape):
        return None
    (picture,) = graph_inputs(live.model)
    arranged = arranged_input(live.model, live.layers)
    whole = _whole(len(arranged.arrangement.shape_of(tuple(picture.shape[1:]))) - 1)
    found: dict[str, Placement] = {}
    for call in graph.calls:
        if id(call.operation) in arranged.operations:
            found[call.name] = whole
            continue
        given = [whole if _is_input(one, arranged) else found.get(one.name) for one in call.given]
        before = _merged(given)
        placed = _placed(live.layers[call.path], before, call.given[0].shape, call.shape) if before else None
        if placed is not None:
            found[call.name] = placed
    return found


def _is_input(tensor: GraphTensor, arranged: ArrangedInput) -> bool:
    return tensor.operation is None or id(tensor.operation) in arranged.operations


def _whole(rank: int) -> Placement:
    """Return where the pixels of an input with so many spatial axes look: each at itself."""
    return Placement((1,) * rank, (1,) * rank, (0,) * rank)


def _followed(model: Any, live: LiveModel, source: Any, pack: Callable[[Any], Any]) -> dict[str, Placement]:
    """Return the placements of all calls of a run on a tensor, or on the placeholder of one."""
    arranged = arranged_input(model, live.layers, shape=tuple(source.shape[1:]))
    rank = len(arranged.arrangement.shape_of(tuple(source.shape[1:]))) - 1
    # tensors are kept with their placements, so that no id is used twice
    known: dict[int, tuple[Any, Placement]] = {id(source): (source, _whole(rank))}
    names = CallNames()
    found: dict[str, Placement] = {}

    def follow(path: str, call: Callable[..., Any]) -> Any:
        def call_and_follow(*args: Any, **kwargs: Any) -> Any:
            output = call(*args, **kwargs)
            name, tensor = names.next(path), first_tensor(output)
            given = (*args, *kwargs.values())[0] if args or kwargs else None
            if _is_cast(given, source, known):
                known[id(given)] = (given, known[id(source)][1])
            before = _before(given, known)
            if id(live.layers[path]) in arranged.operations:
                known[id(tensor)] = (tensor, _whole(rank))
            elif id(tensor) not in known and before is not None:
                shapes = [tuple(int(n) for n in each.shape[1:]) for each in (before[0], tensor)]
                placed = _placed(live.layers[path], before[1], shapes[0], shapes[1])
                if placed is not None:
                    known[id(tensor)] = (tensor, placed)
            if id(tensor) in known:
                found[name] = known[id(tensor)][1]
            return output

        return call_and_follow

    with replacing(live.layers, "call", follow):
        model(pack(source), training=False)
    return found


def _is_cast(given: Any, source: Any, known: dict[int, tuple[Any, Placement]]) -> bool:
    """Return whether this is the input in another precision, as a layer with a policy of its own receives it."""
    import tensorflow as tf

    if id(given) in known or getattr(given, "shape", None) != source.shape:
        return False
    if tf.is_symbolic_tensor(given):
        return given.op.type in _COPIES and given.op.inputs[0].name == source.name
    return np.allclose(as_array(given), as_array(source), rtol=1e-2, atol=1e-2)


def _before(given: Any, known: dict[int, tuple[Any, Placement]]) -> tuple[Any, Placement] | None:
    tensors = list(given) if isinstance(given, list | tuple) else [given]
    placed = _merged([known[id(tensor)][1] if id(tensor) in known else None for tensor in tensors])
    return None if placed is None else (tensors[0], placed)


def _merged(given: Sequence[Placement | None]) -> Placement | None:
    """Return the placement of several tensors together; None where one is not known, or they step in different ways."""
    found = [place for place in given if place is not None]
    if not found or len(found) < len(given) or len({place.jump for place in found}) > 1:
        return None
    starts = tuple(map(min, zip(*(place.start for place in found), strict=True)))
    ends = [[s + n for s, n in zip(place.start, place.size, strict=True)] for place in found]
    size = tuple(max(end) - start for end, start in zip(zip(*ends, strict=True), starts, strict=True))
    return Placement(size, found[0].jump, starts)


def _placed(layer: Any, before: Placement, from_shape: Shape, to_shape: Shape) -> Placement | None:
    """Return the placement after a layer, or None where it is not known."""
    name = type(layer).__name__
    field = ReceptiveField(before.size, tuple(map(float, before.jump)))
    after = receptive_field(layer, field, None, from_shape=from_shape, to_shape=to_shape)
    if after is None or not all(after.jump) or name.endswith("Transpose") or name.startswith(("UpSampling", "Reshape")):
        return None
    rank = len(before.size)
    if len(spatial_axes(to_shape, layer)) != rank:
        return None
    shifts = _shifts(layer, name, spatial_axes(from_shape, layer), spatial_axes(to_shape, layer), rank)
    return Placement(
        size=after.size,
        jump=tuple(int(j) for j in after.jump),
        start=tuple(s - shift * j for s, shift, j in zip(before.start, shifts, before.jump, strict=True)),
    )


def _shifts(layer: Any, name: str, from_size: Shape, to_size: Shape, rank: int) -> tuple[int, ...]:
    """Return how many places stand before the first one along each axis, by padding; negative where some are cut off.

    Source: padding 'same' as in https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2.
    """
    if name.startswith(("ZeroPadding", "Cropping")):
        given = layer.padding if name.startswith("Zero") else layer.cropping
        sides = given if isinstance(given, tuple | list) else (given,) * rank
        firsts = [int(side[0] if isinstance(side, tuple | list) else sides[0]) for side in sides]
        return tuple(first if name.startswith("Zero") else -first for first in firsts[:rank])
    padding = str(getattr(layer, "padding", "valid"))
    if window_of(layer) is None or padding == "valid":
        return (0,) * rank
    strides, extents = per_axis(getattr(layer, "strides", None) or 1, rank), window_extents(layer, rank)
    if padding == "causal":
        return tuple(extent - 1 for extent in extents)
    totals = [
        max((int(after or 0) - 1) * stride + extent - int(before or 0), 0)
        for before, after, stride, extent in zip(from_size, to_size, strides, extents, strict=True)
    ]
    return tuple(total // 2 for total in totals)
