"""Gradients as TensorFlow graphs, in which what nobody asked for is never computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def traced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does the same as a TensorFlow graph, so that its gradients alone are computed.

    Run eagerly, a convolution's gradient computes the filter's too, whoever asked for it. That costs as much again, and the one
    of a strided 1 x 1 convolution on fewer than 16 channels writes past its memory and ends the process:
    https://github.com/uxlfoundation/oneDNN/issues/6035. A graph leaves out what does not lead to its results.

    Args:
        function: takes and returns structures of tensors. It is called once for each shape of its arguments, with symbolic
            ones, and for every call where it cannot be traced, as with a layer that looks at values.
    """
    import tensorflow as tf

    graph = tf.function(function)

    def run(*arguments: Any) -> Any:
        try:
            graph.get_concrete_function(*arguments)
        except Exception:  # noqa: BLE001 - a layer's call is anybody's code; what fails eagerly too is raised there
            return function(*arguments)
        return graph(*arguments)

    return run
