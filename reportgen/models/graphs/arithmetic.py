"""Receptive field and cost of single layers, as pure formulas.

Sources: receptive field, Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill
2019, equation 2, with dilation as in their section "Dilated convolution". Multiply-adds, Howard et al., "MobileNets",
arXiv 1704.04861, section 3.1: a convolution costs window x input channels x output values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from reportgen.keras_internals import own_weights
from reportgen.models.graphs.layers import data_format as format_of

Shape = tuple[int | None, ...]
_WHOLE = ("GlobalAveragePooling", "GlobalMaxPooling", "MultiHeadAttention", "Attention", "GroupNormalization")
# Layers, then operations of keras.ops, that make each value from the values at the same place. Random* layers of
# augmentation do nothing at inference, but for RandomCrop.
_UNCHANGED = frozenset((
    "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "BatchNormalization", "LayerNormalization",
    "Normalization", "UnitNormalization", "RMSNormalization", "Rescaling", "Identity", "Flatten",
    "ActivityRegularization", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianNoise",
    "GaussianDropout", "AlphaDropout", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping1D", "Cropping2D",
    "Cropping3D",
    "RandomFlip", "RandomRotation", "RandomZoom", "RandomContrast", "RandomTranslation", "RandomBrightness",
    "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate",
    "Divide", "TrueDivide", "Negative", "Absolute", "Abs", "Square", "Sqrt", "Rsqrt", "Power", "Exp", "Log", "Clip",
    "Cast", "Relu",
    "Relu6", "LeakyRelu", "Elu", "Selu", "Gelu", "Silu", "Sigmoid", "HardSigmoid", "HardSilu", "Softplus",
    "Softsign", "LogSigmoid", "Tanh", "GetItem",
))  # fmt: skip
VALUEWISE = _UNCHANGED - {
    "Flatten", "Concatenate", "GetItem", *(f"{kind}{rank}D" for kind in ("ZeroPadding", "Cropping") for rank in (1, 2, 3)),
}  # fmt: skip
"""Those of them that also leave every value in its place."""

_UPSAMPLING_TAPS = {"nearest": 1, "bilinear": 2}
_LOOKED_UP = ("Embedding", "PReLU")  # their weights are picked or applied value by value, not summed over


@dataclass(frozen=True)
class ReceptiveField:
    """What one value of a tensor can depend on: after two 3 x 3 convolutions, 5 x 5 input pixels.

    Attributes:
        size: input pixels along each spatial axis.
        jump: input pixels between neighbouring values, along each axis; 0 where every value depends on the whole input.
    """

    size: tuple[int, ...]
    jump: tuple[float, ...]


def spatial_axes(shape: Shape, layer: Any = None, *, data_format: str = "channels_last") -> Shape:
    """Return the spatial axes of a shape without the batch axis, in the layer's data format or else the given one."""
    return shape[1:] if format_of(layer, data_format) == "channels_first" else shape[:-1]


def merged_field(fields: list[ReceptiveField | None]) -> ReceptiveField | None:
    """Return the field of a value computed from several tensors: the largest along each axis, None when one is unknown."""
    known = [field for field in fields if field is not None]
    if not known or len(known) < len(fields) or len({len(field.size) for field in known}) > 1:
        return None
    sizes, jumps = ([getattr(field, name) for field in known] for name in ("size", "jump"))
    return ReceptiveField(tuple(map(max, zip(*sizes, strict=True))), tuple(map(max, zip(*jumps, strict=True))))


def receptive_field(
    layer: Any,
    before: ReceptiveField | None,
    whole: Shape | None,
    *,
    from_shape: Shape | None = None,
    to_shape: Shape | None = None,
) -> ReceptiveField | None:
    """Return the receptive field after a layer, or None where it cannot be known.

    Args:
        layer: a `keras.Layer` or operation.
        before: the field of its input.
        whole: the model's spatial input size, for layers that see all of it; None or free axes make these unknown.
        from_shape: shape of its input, without the batch axis.
        to_shape: shape of its output, without the batch axis.
    """
    name = type(layer).__name__
    if before is None or not any(before.jump):  # what depends on the whole input stays so
        return before
    if name == "Dense":  # on more than one axis it works at every place by itself
        return before if from_shape is not None and len(from_shape) > 1 else _all_of(whole)
    if name.startswith(_WHOLE):
        return _all_of(whole)
    if name.startswith("UpSampling"):
        return _upsampled(layer, before)
    if name == "Reshape":
        places = [None if shape is None else spatial_axes(shape) for shape in (from_shape, to_shape)]
        return before if places[1] in (places[0], ()) else None
    if window_of(layer) is None:
        return before if name in _UNCHANGED else None
    rank = len(before.size)
    return _slid(layer, before) if len(per_axis(window_of(layer), rank)) == rank else None


def _all_of(whole: Shape | None) -> ReceptiveField | None:
    if whole is None or None in whole:
        return None
    return ReceptiveField(tuple(int(n or 0) for n in whole), (0.0,) * len(whole))


def _upsampled(layer: Any, before: ReceptiveField) -> ReceptiveField | None:
    taps = _UPSAMPLING_TAPS.get(getattr(layer, "interpolation", "nearest"))
    if taps is None:
        return None
    factors = per_axis(layer.size, len(before.jump))
    return ReceptiveField(
        size=tuple(math.ceil(n + (taps - 1) * j) for n, j in zip(before.size, before.jump, strict=True)),
        jump=tuple(j / f for j, f in zip(before.jump, factors, strict=True)),
    )


def _slid(layer: Any, before: ReceptiveField) -> ReceptiveField:
    rank = len(before.size)
    strides = per_axis(getattr(layer, "strides", None) or 1, rank)
    extents = window_extents(layer, rank)
    if type(layer).__name__.endswith("Transpose"):
        # an output value gathers from every stride-th position of the window
        reach = tuple(math.ceil(extent / stride) for extent, stride in zip(extents, strides, strict=True))
        jump = tuple(j / s for j, s in zip(before.jump, strides, strict=True))
    else:
        reach = extents
        jump = tuple(j * s for j, s in zip(before.jump, strides, strict=True))
    size = tuple(math.ceil(n + (r - 1) * j) for n, r, j in zip(before.size, reach, before.jump, strict=True))
    return ReceptiveField(size, jump)


def window_of(layer: Any) -> Any:
    """Return the size of the window that a layer slides over its input, as the layer keeps it; None without one."""
    return getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)


def window_extents(layer: Any, rank: int) -> tuple[int, ...]:
    """Return how far a layer's window reaches along each axis, gaps included: 5 for 3 taps with a dilation of 2."""
    window, dilation = per_axis(window_of(layer), rank), per_axis(getattr(layer, "dilation_rate", None) or 1, rank)
    return tuple((taps - 1) * step + 1 for taps, step in zip(window, dilation, strict=True))


def per_axis(value: Any, rank: int) -> tuple[int, ...]:
    """Return a setting such as strides for each of `rank` axes; Keras also takes one number for all of them."""
    return tuple(int(v) for v in value) if isinstance(value, tuple | list) else (int(value),) * rank


def multiply_adds(layer: Any, kernel_shapes: dict[str, tuple[int, ...]], before: Shape, after: Shape) -> int | None:
    """Return a layer's multiply-adds for one sample, of its weights alone.

    0 without weights to sum over, None when a size is free or the layer's use of its weights is not known.

    Args:
        layer: a `keras.Layer`.
        kernel_shapes: shapes of its kernels, by weight name.
        before: shape of its input, without the batch axis.
        after: shape of its output, without the batch axis.
    """
    name = type(layer).__name__
    if not kernel_shapes:
        sums = name not in _LOOKED_UP and any(len(weight.shape) > 1 for weight in own_weights(layer))
        return None if sums else 0
    if hasattr(layer, "kernel_size"):
        positions = spatial_axes(before if name.endswith("Transpose") else after, layer)
    elif list(kernel_shapes.values()) == [(*before[-1:], *after[-1:])]:
        positions = after[:-1]
    else:
        return None
    if None in positions:
        return None
    # every weight of a kernel is used once at every position
    return math.prod(int(n or 0) for n in positions) * sum(math.prod(shape) for shape in kernel_shapes.values())
