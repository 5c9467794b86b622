"""Grouped convolutions by TensorFlow's own kernel, for the length of a report."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reportgen.models.passes.wrapping import replacing
from reportgen.models.startup import TENSORFLOW, backend

_IMAGES = 2


@contextmanager
def grouped_convolutions_run(layers: Mapping[str, Any]) -> Iterator[None]:
    """Run grouped convolutions of images as they are, where Keras compiles each call by XLA; then leave the layers as they were.

    Keras does so on every device, since a CPU without oneDNN has no kernel for them; there it is asked as before. Of ConvNeXtTiny
    the compiling is four fifths of a pass.

    Args:
        layers: the layers by path.
    """
    grouped = (
        {path: layer for path, layer in layers.items() if _is_grouped(layer)}
        if layers and backend() == TENSORFLOW
        else {}
    )
    with replacing(grouped, "convolution_op", lambda path, before: _at_once(layers[path], before)):
        yield


def _is_grouped(layer: Any) -> bool:
    return (
        getattr(layer, "groups", 1) > 1
        and getattr(layer, "rank", None) == _IMAGES
        and layer.data_format == "channels_last"
        and type(layer).__module__.startswith("keras.")
        and hasattr(layer, "convolution_op")
    )


def _at_once(layer: Any, before: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    import tensorflow as tf

    def convolve(inputs: Any, kernel: Any) -> Any:
        if tf.executing_eagerly():
            try:
                output = tf.nn.convolution(
                    inputs, kernel, layer.strides, layer.padding.upper(), dilations=layer.dilation_rate
                )
                if math.prod(output.shape):
                    return output
            except (tf.errors.OpError, ValueError):
                pass  # no kernel for it here, or a size that Keras tells better of
        return before(inputs, kernel)

    return convolve
