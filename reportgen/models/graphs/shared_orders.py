"""Which layers share the order of their channels, so that channels can change places without a change of what is computed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reportgen.models.graphs.dependencies import CallGraph, GraphTensor, call_graph
from reportgen.models.graphs.layers import data_format
from reportgen.models.weights import LayerKernel

_UNCHANGED = frozenset(
    {
        *("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "Dropout", "Identity", "ActivityRegularization"),
        *(
            "SpatialDropout1D",
            "SpatialDropout2D",
            "SpatialDropout3D",
            "GaussianNoise",
            "GaussianDropout",
            "AlphaDropout",
        ),
        *("BatchNormalization", "LayerNormalization", "UnitNormalization"),
        *(
            f"{kind}{axes}D"
            for kind in (
                *("MaxPooling", "AveragePooling", "GlobalMaxPooling", "GlobalAveragePooling"),
                *("ZeroPadding", "Cropping", "UpSampling"),
            )
            for axes in (1, 2, 3)
        ),
        *("Relu", "Relu6", "Sigmoid", "Tanh", "Swish", "Silu", "Gelu"),
    }
)
"""Layers and operations that treat all channels alike, so that they pass an order on."""
_MERGING = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
_DEPTHWISE = frozenset({"DepthwiseConv1D", "DepthwiseConv2D"})
_SEPARABLE = frozenset({"SeparableConv1D", "SeparableConv2D"})
_MIXING = _SEPARABLE | {f"Conv{axes}D{kind}" for axes in (1, 2, 3) for kind in ("", "Transpose")} | {"Dense"}


@dataclass(frozen=True)
class Blocks:
    """Equal blocks of channels, one after the other, that an order takes to blocks.

    Attributes:
        count: number of blocks, such as that of a grouped convolution's groups; 1 for channels that may stand anywhere.
        places: the new model's block that stands for each of the base, where that is known.
    """

    count: int = 1
    places: np.ndarray | None = None

    def order(self, channels: int) -> np.ndarray:
        """Return the order in which the blocks stand in their places, each as it is."""
        size = channels // self.count
        places = np.arange(self.count) if self.places is None else self.places
        return np.asarray((places[:, None] * size + np.arange(size)).ravel())


Match = Callable[[LayerKernel, np.ndarray, Blocks], np.ndarray | None]
"""Returns the order of a kernel's filters, given that of its input channels; None for the order as it is."""


@dataclass
class _Group:
    """Tensors whose channels have one order.

    Attributes:
        free: whether the channels may change places: all that receives them can follow. Of one that is put together of others
            they tell by themselves.
        order: for each channel of the base the new model's that stands for it; None as long as it is not known.
        parts: groups that this one is put together of, one after the other.
        repeats: how many values of each position the channels are flattened to; 1 for channels as they are.
        blocks: number of blocks that the order must take to blocks, as groups of a convolution receive them.
        still: whether each of these blocks stays in its place.
        source: the group that a grouped or depthwise convolution receives, whose blocks its own follow; None elsewhere.
    """

    free: bool = True
    order: np.ndarray | None = None
    parts: tuple[_Group, ...] = ()
    repeats: int = 1
    same: _Group | None = None
    sizes: tuple[int, ...] = ()
    blocks: int = 1
    still: bool = False
    source: _Group | None = None

    def root(self) -> _Group:
        """Return the group that stands for all that were found to be the same as this one."""
        return self if self.same is None else self.same.root()

    def hold(self) -> None:
        """Note that the channels cannot change places."""
        group = self.root()
        if group.free:
            group.free = False
            for part in group.parts:
                part.hold()
            if group.source is not None:
                group.source.restrict(group.blocks, still=True)

    def restrict(self, blocks: int, *, still: bool = False) -> None:
        """Note that the order takes so many blocks to blocks; what cannot be told apart so keeps its order."""
        group = self.root()
        if group.parts or group.blocks not in (1, blocks):
            group.hold()
            return
        group.blocks, group.still = blocks, group.still or still
        if still and group.source is not None:
            group.source.restrict(blocks, still=True)

    def settled(self, channels: int) -> np.ndarray:
        """Return the order, which is what it is where nothing is known."""
        group = self.root()
        if len(group.parts) == 1:
            inner = group.parts[0].settled(channels // group.repeats)
            return np.asarray((np.arange(group.repeats)[:, None] * len(inner) + inner).ravel())
        if group.parts:
            starts = np.cumsum([0, *group.sizes[:-1]])
            orders = (part.settled(size) for part, size in zip(group.parts, group.sizes, strict=True))
            return np.concatenate([start + order for start, order in zip(starts, orders, strict=True)])
        return np.arange(channels) if group.order is None else group.order


@dataclass(frozen=True)
class ChannelOrders:
    """The orders of a model's channels, by the path of the layer.

    Attributes:
        inputs: by layer with a kernel, the order of the channels that it receives.
        outputs: by layer, the order of the channels that it gives.
    """

    inputs: Mapping[str, np.ndarray] = field(default_factory=dict)
    outputs: Mapping[str, np.ndarray] = field(default_factory=dict)

    def applied(self, kernel: LayerKernel, values: np.ndarray) -> np.ndarray:
        """Return a kernel's values with its input channels and filters in these orders.

        Args:
            kernel: the kernel.
            values: an array of the kernel's shape.
        """
        inputs, outputs = self.inputs.get(kernel.path), self.outputs.get(kernel.path)
        if kernel.kind == "transposed":
            return _taken(_taken(values, inputs, -1), outputs, -2)
        if kernel.kind == "depthwise" and values.shape[-1] > 1:  # several filters for each channel
            flat = values.reshape(*values.shape[:-2], -1)
            return _taken(flat, outputs, -1).reshape(values.shape)
        values = grouped_inputs(values, inputs, kernel.groups)
        return values if kernel.kind == "depthwise" else _taken(values, outputs, -1)

    def of_channels(self, path: str, values: np.ndarray) -> np.ndarray:
        """Return what a layer keeps or gives of each of its channels, the last axis, in these orders."""
        return _taken(values, self.outputs.get(path), -1)

    def moved(self, path: str) -> int:
        """Return how many channels of a layer's output have another place."""
        order = self.outputs.get(path)
        return 0 if order is None else int((order != np.arange(len(order))).sum())


def _taken(values: np.ndarray, order: np.ndarray | None, axis: int) -> np.ndarray:
    if order is None or values.shape[axis] != len(order) or (order == np.arange(len(order))).all():
        return values
    return np.take(values, order, axis=axis)


def grouped_inputs(values: np.ndarray, received: np.ndarray | None, groups: int) -> np.ndarray:
    """Return a kernel with its input channels, the last axis but one, in an order; each filter of a group has those of its group.

    Args:
        values: (…, input channels of a group, filters).
        received: the order of all input channels, which takes groups to groups; None for the order as it is.
        groups: number of groups.
    """
    if received is None or groups == 1:
        return _taken(values, received, -2)
    channels, filters = values.shape[-2], values.shape[-1] // groups
    parts = list(np.split(values, groups, axis=-1))
    for order in received.reshape(groups, channels):
        place = int(order[0]) // channels  # of the new model's group
        parts[place] = np.take(values[..., place * filters : (place + 1) * filters], order - place * channels, axis=-2)
    return np.concatenate(parts, axis=-1)


def channel_orders(model: Any, kernels: Mapping[str, LayerKernel], match: Match) -> ChannelOrders:
    """Return the orders in which a model's channels stand for those of another one of the same architecture.

    Layer by layer, as their outputs' order is the order of the next one's inputs. Channels that are added to one another share
    their order. What reaches an output of the model, or a layer that tells its channels apart, keeps its own.

    Args:
        model: the model, whose graph tells which layer receives what.
        kernels: the kernels that filters are matched by, by the path of their layer.
        match: finds the order of a kernel's filters.

    Returns:
        No orders for a model without a graph, and for one that calls a layer more than once.
    """
    graph = call_graph(model)
    names = {tensor.name: tensor.path for tensor in graph.tensors if tensor.path} if graph else {}
    if graph is None or len(names) > len(set(names.values())):
        return ChannelOrders()
    groups = _groups(graph, kernels)
    inputs: dict[str, np.ndarray] = {}
    outputs: dict[str, np.ndarray] = {}
    for tensor in graph.tensors:
        if not (tensor.path and tensor.given and tensor.shape and tensor.given[0].shape):
            continue
        group, kernel = groups[id(tensor)].root(), kernels.get(tensor.path)
        if kernel is not None:
            received = groups[id(tensor.given[0])].settled(int(tensor.given[0].shape[-1] or 0))
            inputs[tensor.path] = received
            mixes = type(tensor.operation).__name__ in _MIXING or group.source is not None
            if mixes and group.free and not group.parts and group.order is None:
                blocks = _blocks(group, received)
                found = match(kernel, received, blocks)
                group.order = blocks.order(int(tensor.shape[-1] or 0)) if found is None else found
        outputs[tensor.path] = group.settled(int(tensor.shape[-1] or 0))
    return ChannelOrders(inputs, outputs)


def _blocks(group: _Group, received: np.ndarray) -> Blocks:
    """Return the blocks that the order of a kernel's filters takes to blocks, and where they stand as far as that is known."""
    if group.source is not None:
        size = len(received) // group.blocks
        return Blocks(group.blocks, received[::size] // size)
    return Blocks(group.blocks, np.arange(group.blocks) if group.still else None)


def _groups(graph: CallGraph, kernels: Mapping[str, LayerKernel]) -> dict[int, _Group]:
    """Return the group of each tensor, by its identity."""
    groups: dict[int, _Group] = {}

    def of(tensor: GraphTensor) -> _Group:
        if id(tensor) not in groups:  # an input of the model
            groups[id(tensor)] = _Group(free=False)
        return groups[id(tensor)]

    for tensor in graph.tensors:
        given = [of(one) for one in tensor.given]
        groups[id(tensor)] = _group(tensor, given, tensor.path in kernels)
    for output in graph.outputs:
        of(output).hold()
    return groups


def _group(tensor: GraphTensor, given: list[_Group], has_kernel: bool) -> _Group:
    """Return the group of what a call puts out; one that tells channels apart holds those that it receives."""
    kind = type(tensor.operation).__name__
    last = data_format(tensor.operation) == "channels_last" and getattr(tensor.operation, "axis", -1) in (
        -1,
        len(tensor.shape),
        [len(tensor.shape)],
        [-1],
        None,
    )
    groups, multiplier = (getattr(tensor.operation, name, 1) or 1 for name in ("groups", "depth_multiplier"))
    if last and has_kernel and kind in _MIXING and groups == 1 and (multiplier == 1 or kind not in _SEPARABLE):
        return _Group()
    if last and has_kernel and kind in _DEPTHWISE and multiplier == 1:
        return given[0]
    if last and has_kernel and kind in _MIXING | _DEPTHWISE and kind not in _SEPARABLE:
        if kind in _DEPTHWISE:
            groups = int(tensor.given[0].shape[-1] or 0)  # blocks of one channel, which may stand anywhere
        else:
            given[0].restrict(groups)
        return _Group(blocks=groups, source=given[0])
    if last and kind in _UNCHANGED and len(given) == 1:
        return given[0]
    if kind == "Reshape" and len(given) == 1 and tensor.shape[-1:] == tensor.given[0].shape[-1:]:
        return given[0]
    if kind in _MERGING and given and len({one.shape[-1:] for one in tensor.given}) == 1:
        first = given[0].root()
        for other in given[1:]:
            _tie(first, other.root())
        return first
    if kind == "Concatenate" and last:
        return _Group(parts=tuple(given), sizes=tuple(int(one.shape[-1] or 0) for one in tensor.given))
    if kind == "Flatten" and last and len(given) == 1 and None not in tensor.given[0].shape:
        shape = tensor.given[0].shape
        return _Group(parts=(given[0],), repeats=math.prod(size or 1 for size in shape[:-1]))
    for one in given:
        one.hold()
    return _Group(free=False)


def _tie(first: _Group, other: _Group) -> None:
    """Note that two groups have one order. Those that are put together of others cannot follow."""
    if first is other:
        return
    composed = any(one.parts or one.source is not None or not one.free for one in (first, other))
    if not composed:
        first.restrict(other.blocks, still=other.still)
    if composed or not first.free:
        first.hold()
        other.hold()
    other.same = first
