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
        moved: how many are not the constant with which the layer begins, such as 0 for a bias and 1 for a scale; None where
            it begins with no constant.
    """

    path: str
    name: str
    values: int
    non_finite: int
    moved: int | None = None

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
                stored = np.asarray(variable.numpy())
                finite = np.isfinite(stored.astype(np.float64))
                start = _start(layer, str(variable.name))
                moved = None if start is None else int((stored != stored.dtype.type(start)).sum())
                yield OtherVariable(path, str(variable.name), stored.size, int((~finite).sum()), moved)


def _start(layer: Any, name: str) -> float | None:
    """Return the constant with which a layer's variable begins; None where it begins with no constant."""
    if name == "bias" and getattr(layer, "unit_forget_bias", False):
        return None  # a part of it begins as 1
    initializer = getattr(layer, f"{name}_initializer", None)
    if type(initializer).__module__.split(".")[0] != "keras":
        return None
    constant = getattr(initializer, "value", None) if type(initializer).__name__ == "Constant" else None
    start = {"Zeros": 0.0, "Ones": 1.0}.get(type(initializer).__name__, constant)
    return float(start) if isinstance(start, int | float) else None


def _holds_numbers(variable: Any) -> bool:
    # seeds and counters are whole numbers, which are always finite
    return "float" in str(variable.dtype)
