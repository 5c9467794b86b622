"""What is stored beside the kernels: biases, scales, moving statistics and whatever else a layer keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.keras_internals import own_weights
from reportgen.models.weights.kernels import is_kernel


@dataclass(frozen=True)
class OtherVariable:
    """One stored variable that is no kernel.

    Attributes:
        path: path of the layer that keeps it, '' for the model itself.
        name: the variable's name, such as 'bias', 'gamma' or 'moving_variance'.
        values: how many values it has.
        non_finite: how many of these are NaN or infinite.
    """

    path: str
    name: str
    values: int
    non_finite: int

    @property
    def label(self) -> str:
        """The layer's path with the variable's name, or the name alone."""
        return f"{self.path} {self.name}".strip()


def other_variables(model: Any, layers: Mapping[str, Any]) -> tuple[OtherVariable, ...]:
    """Return what layers and the model itself store beside kernels, in their order; whole numbers are left out.

    Args:
        model: the `keras.Model`, which may keep variables of its own.
        layers: all of the model's layers, by path.
    """
    return tuple(_of_layers({**layers, "": model}))


def _of_layers(layers: Mapping[str, Any]) -> Iterator[OtherVariable]:
    for path, layer in layers.items():
        for variable in own_weights(layer):
            if not is_kernel(variable) and _holds_numbers(variable):
                values = np.asarray(variable.numpy()).astype(np.float64)
                yield OtherVariable(path, str(variable.name), values.size, int((~np.isfinite(values)).sum()))


def _holds_numbers(variable: Any) -> bool:
    # seeds and counters are whole numbers, which are always finite
    return "float" in str(variable.dtype)
