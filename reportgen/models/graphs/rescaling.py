"""Whether a model scales its input by itself, and what it then expects to receive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.results.findings import LayerSummary

_ARITHMETIC = ("TrueDivide", "Divide", "Multiply", "Subtract")  # operations of a functional model: x / 127.5 - 1


@dataclass(frozen=True)
class InputRescaling:
    """The first layer that scales the model's input.

    Attributes:
        path: of the layer or operation.
        expected_range: of the inputs that it maps to [0, 1] or [-1, 1]; None where the layer does not tell.
    """

    path: str
    expected_range: tuple[float, float] | None


def input_rescaling(calls: Iterable[LayerSummary], layers: Mapping[str, Any]) -> InputRescaling | None:
    """Return the first rescaling step before the first layer with weights of its own, or None.

    Args:
        calls: in order, as returned by `layer_calls`.
        layers: by path, as returned by `named_layers`.
    """
    for call in calls:
        if call.class_name == "Rescaling":
            return InputRescaling(call.path, _expected(layers[call.path]))
        if call.class_name == "Normalization" or call.class_name in _ARITHMETIC:
            return InputRescaling(call.path, None)
        if call.parameters:
            return None
    return None


def _expected(layer: Any) -> tuple[float, float] | None:
    scale, offset = (float(np.ravel(value)[0]) for value in (layer.scale, layer.offset))
    if not scale:
        return None
    lowest = 0.0 if offset == 0 else -1.0
    ends = sorted(((lowest - offset) / scale, (1.0 - offset) / scale))
    return ends[0], ends[1]
