"""The running model, as analyses see it that must run it more than the one pass that serves all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LiveModel:
    """A model that can be run on the evaluated samples.

    Attributes:
        model: the `keras.Model`, or `OneOutput` or `CompiledModel` of it, called with what `EvaluatedSamples.pack` returns.
            Whoever changes anything about it must undo that, also after an error.
        layers: by path, as `named_layers` returns them.
        batch: how many samples to run at once.
        no_gradients: why no gradients can be taken through it, nor its layers be run one by one; '' where they can.
    """

    model: Any
    layers: Mapping[str, Any]
    batch: int
    no_gradients: str = ""
