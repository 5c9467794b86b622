"""The kernels of a live model's layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from reportgen.keras_internals import dequantised_kernel, own_weights, quantised, stored_values
from reportgen.messages import say
from reportgen.models.weights.moments import WeightMoments, weight_moments

# By class, because Keras marks neither transposition nor depthwise kernels in a layer's attributes.
_TRANSPOSED = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
_DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D")
_IMAGE_KERNEL = (4, 5)  # axes of a kernel over images and volumes


@dataclass(frozen=True)
class LayerKernel:
    """One kernel of one layer.

    Attributes:
        path: the layer's path; a layer with several kernels has them told apart by `name`.
        name: the weight's name, such as 'kernel', 'depthwise_kernel' or 'pointwise_kernel'.
        kind: 'convolution', 'transposed', 'depthwise' or 'dense'.
        groups: number of groups of a grouped convolution, otherwise 1.
        shape: shape of the values, in Keras' axis order.
        initializer: the `keras.initializers.Initializer` that the layer was saved with. None where there is none, or a
            mere function, which cannot be given a seed, and for quantised weights, which no initialiser gives.
        read: returns the values, so that a large model is not held twice.
        dilated: whether there are gaps between the taps of its window.
        quantised: how the values are stored that were turned into numbers again, such as 'int8'; '' for as they are.
    """

    path: str
    name: str
    kind: str
    groups: int
    shape: tuple[int, ...]
    initializer: Any
    read: Callable[[], np.ndarray]
    dilated: bool = False
    quantised: str = ""

    @property
    def label(self) -> str:
        """The path alone for the usual single kernel, otherwise with the weight's name; it tells what was dequantised."""
        label = self.path if self.name == "kernel" else f"{self.path} {self.name}"
        return say("{kernel} (dequantised {stored})", kernel=label, stored=self.quantised) if self.quantised else label

    @property
    def initializer_name(self) -> str | None:
        """The initialiser's class name, such as 'GlorotUniform', or None."""
        return None if self.initializer is None else type(self.initializer).__name__

    @property
    def is_spatial(self) -> bool:
        """Whether it belongs to a convolution, so that it has filters with a height and a width."""
        return self.kind != "dense"

    def values(self) -> np.ndarray:
        """Return the trained values, float32 (float64 where stored so), in Keras' axis order: not to be written to."""
        return self.read()

    @cached_property
    def moments(self) -> WeightMoments:
        """Moments and counts of the trained values, taken once for all that ask."""
        return weight_moments(self.values())

    def by_filter(self, values: np.ndarray) -> np.ndarray:
        """Return values of this kernel's shape as (filters, *window, input_channels).

        A depthwise kernel has one filter for each input channel and multiplier, each on one channel. A dense kernel has
        an empty window: (units, inputs).
        """
        if self.kind == "depthwise":
            flat = values.reshape(*values.shape[:-2], -1)
            return np.moveaxis(flat, -1, 0)[..., None]
        return np.moveaxis(values, -2 if self.kind == "transposed" else -1, 0)


def is_convolution(layer: Any) -> bool:
    """Return whether a layer slides a kernel of weights over its input."""
    return hasattr(layer, "kernel_size") and any(map(is_kernel, own_weights(layer)))


def layer_kernels(layers: dict[str, Any]) -> tuple[LayerKernel, ...]:
    """Return the kernels of these layers, in their order.

    Args:
        layers: the layers by path, as `named_layers` returns them.

    Returns:
        One entry for each weight of rank 2 or more that is called a kernel. Layers without one are left out.
    """
    return tuple(kernel for path, layer in layers.items() for kernel in _kernels_of(path, layer))


def is_kernel(variable: Any) -> bool:
    """Return whether a variable is a kernel: of rank 2 or more, and called so."""
    return str(variable.name).endswith("kernel") and len(variable.shape) >= 2


def _kernels_of(path: str, layer: Any) -> Iterator[LayerKernel]:
    for variable in filter(is_kernel, own_weights(layer)):
        name, whole = str(variable.name), "int" in str(variable.dtype)
        dequantised = dequantised_kernel(layer) if whole else None
        shape, read = dequantised or (tuple(variable.shape), partial(_as_float, variable))
        yield LayerKernel(
            path=path,
            name=name,
            kind=_kind(layer, name, len(shape)),
            groups=int(getattr(layer, "groups", 1) or 1),
            shape=shape,
            initializer=None if whole else _initializer(layer, name),
            read=read,
            dilated=_is_dilated(layer),
            quantised=quantised(layer) or "" if dequantised else "",
        )


def _is_dilated(layer: Any) -> bool:
    rate = getattr(layer, "dilation_rate", 1)
    return any(int(step) > 1 for step in (rate if isinstance(rate, list | tuple) else (rate,)))


def _as_float(variable: Any) -> np.ndarray:
    values = stored_values(variable)
    return values if values.dtype == np.float64 else values.astype(np.float32, copy=False)


def _kind(layer: Any, name: str, rank: int) -> str:
    class_name = type(layer).__name__
    if not hasattr(layer, "kernel_size"):
        # a layer of somebody else that has a kernel with height and width does not say so in Keras' attributes
        own = not type(layer).__module__.startswith("keras.") and not hasattr(layer, "equation")
        return "convolution" if own and rank in _IMAGE_KERNEL else "dense"
    if class_name in _TRANSPOSED:
        return "transposed"
    if class_name in _DEPTHWISE or name == "depthwise_kernel":
        return "depthwise"
    return "convolution"


def _initializer(layer: Any, name: str) -> Any:
    part = "depthwise" if type(layer).__name__ in _DEPTHWISE else name.removesuffix("_kernel")
    found = getattr(layer, f"{part}_initializer", None) or getattr(layer, f"{name}_initializer", None)
    return _on_axes_of(layer, found) if hasattr(found, "get_config") else None


def _on_axes_of(layer: Any, initializer: Any) -> Any:
    """Return the initialiser as EinsumDense uses it: told which of the kernel's axes are inputs and which are outputs.

    Source: keras.layers.EinsumDense.build of Keras 3.15; the saved configuration does not hold the axes, and an older
    Keras has no such setting.
    """
    config = initializer.get_config()
    equation = getattr(layer, "equation", None)
    if equation is None or config.get("input_axes", ()) is not None:
        return initializer
    operands, output = str(equation).replace(" ", "").split("->")
    kernel = operands.split(",")[1]
    axes = {
        "input_axes": [axis for axis, letter in enumerate(kernel) if letter not in output],
        "output_axes": [axis for axis, letter in enumerate(kernel) if letter in output],
    }
    return type(initializer).from_config({**config, **axes})
