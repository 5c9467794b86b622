"""What gradients are taken of: which feature maps, and which logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.messages import Message, say

_TOLERANCE = {"float16": 1e-2, "bfloat16": 5e-2}


@dataclass(frozen=True)
class GradientTarget:
    """Where gradients are taken, by the names of calls (see `call_name`).

    Attributes:
        features: the call whose output is explained: the last convolution's, or what its normalisation, activation or
            concatenation made of it at the same height and width.
        path: path of the layer that `features` is a call of.
        convolution: the call of the last convolution itself.
        size: height and width of a map (or one or three sizes).
        logits: the call that gives the logits; None where the model's output is the logits.
        logits_path: path of the layer that `logits` is a call of.
        inside: whether the logits are what that layer computes before its own activation.
        rule: the values that are explained, in words.
        rest: paths of the layers called after the features.
        head_alone: whether the graph shows that a tape behind the features meets Keras' own layers and no convolution, so that
            their gradient can be taken as the model runs.
        head: function from the features to the model's output, a `keras.Function`, where the head is alone in the model's own
            graph; None elsewhere.
    """

    features: str
    path: str
    convolution: str
    size: tuple[int, ...]
    logits: str | None
    logits_path: str | None
    inside: bool
    rule: str
    rest: tuple[str, ...]
    head_alone: bool = False
    head: Any = None


def squashes(layer: Any) -> str:
    """Return 'softmax' or 'sigmoid' where a layer ends in it; '' for others."""
    name = getattr(getattr(layer, "__dict__", {}).get("activation"), "__name__", "")
    return name if name in ("softmax", "sigmoid") else ""


def tolerance_of(outputs: np.ndarray) -> float:
    """Return the largest error of probabilities in the outputs' type."""
    return _TOLERANCE.get(str(outputs.dtype), 1e-5)


def unsquashed_rule(outputs: np.ndarray) -> Message:
    """Return in words what is explained where nothing before a softmax or sigmoid was found."""
    if outputs.min() >= 0 and outputs.max() <= 1 + tolerance_of(outputs):
        return say("the scores (no logits before a softmax or sigmoid were found)")
    return say("the output (no softmax or sigmoid)")
