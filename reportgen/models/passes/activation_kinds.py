"""Which activation a layer ends in, and what that says about a channel without variation."""

from __future__ import annotations

from typing import Any

from reportgen.keras_internals import own_weights
from reportgen.models.weights.kernels import is_convolution

RECTIFIERS = ("relu", "relu6")
"""Activations that are zero for all that is negative, so that a channel without positive values says nothing."""

ENDS = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
"""The values between which an activation lies, where its slope vanishes. Source: keras.activations of Keras 3.15."""

_BY_CLASS = {"LeakyReLU": "leaky_relu", "PReLU": "prelu", "ELU": "elu", "ReLU": "relu"}
_COMPETING = ("softmax", "log_softmax", "sparsemax")  # channels share a sum: none can be judged by itself


def activation_of(layer: Any) -> str:
    """Return the activation that a layer ends in, as Keras names it; 'linear' for none, softmax and what is not known.

    A ReLU with a slope or threshold of its own is 'leaky_relu'. Recurrent layers count as linear: their activation is
    inside the recurrence.
    """
    kind = type(layer).__name__
    if kind == "ReLU" and (float(layer.negative_slope) or float(layer.threshold)):
        return "leaky_relu"
    if kind in _BY_CLASS:
        return _BY_CLASS[kind]
    if hasattr(layer, "cell"):
        return "linear"
    name = getattr(getattr(layer, "activation", None), "__name__", None) or "linear"
    return "linear" if name in _COMPETING else str(name)


def is_rectifier(layer: Any) -> bool:
    """Return whether a layer's last step is ReLU or ReLU6, so that a channel without positive values says nothing."""
    return activation_of(layer) in RECTIFIERS


def is_normalization(layer: Any) -> bool:
    """Return whether a layer is a batch normalisation that keeps statistics, also one of an older Keras' class."""
    return hasattr(layer, "moving_mean") and hasattr(layer, "moving_variance")


def watched_layers(layers: dict[str, Any]) -> dict[str, Any]:
    """Return the layers worth recording, by path: convolutions, activations, and batch normalisations."""
    return {
        path: layer
        for path, layer in layers.items()
        if is_convolution(layer) or is_normalization(layer) or activation_of(layer) != "linear"
    }


def holds_kernel(layer: Any) -> bool:
    """Return whether a layer has a kernel of its own, rather than applying an activation to another's output."""
    return any(str(weight.name).endswith("kernel") for weight in own_weights(layer))
