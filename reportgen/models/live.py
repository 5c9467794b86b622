"""The running model, as analyses see it that must run it more than the one pass that serves all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LiveModel:
    """A model that can be run on the evaluated samples.

    Attributes:
        model: the `keras.Model`; whoever changes anything about it must undo that, also after an error.
        layers: by path, as `named_layers` returns them.
        batch: how many samples to run at once.
    """

    model: Any
    layers: Mapping[str, Any]
    batch: int
