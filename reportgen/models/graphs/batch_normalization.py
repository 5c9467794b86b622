"""Batch normalisations: what they stored in training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.models.graphs.layers import is_normalization


@dataclass(frozen=True)
class BatchNormalizationLayer:
    """One batch normalisation of C channels.

    Attributes:
        path: the layer's path.
        mean, variance: the moving statistics, (C,) float64.
        gamma: scale, (C,) float64, or None for a layer without one.
        epsilon: small number added to the variance, such as 1e-3.
    """

    path: str
    mean: np.ndarray
    variance: np.ndarray
    gamma: np.ndarray | None
    epsilon: float

    @property
    def never_updated(self) -> bool:
        """Whether mean and variance of every channel are exactly the 0 and 1 that they begin with."""
        return bool((self.mean == 0).all() and (self.variance == 1).all())


def normalization_layers(layers: Mapping[str, Any]) -> tuple[BatchNormalizationLayer, ...]:
    """Return the batch normalisations among live layers, in their order.

    Args:
        layers: live layers by path.
    """
    return tuple(
        BatchNormalizationLayer(
            path=path,
            mean=_values(layer.moving_mean),
            variance=_values(layer.moving_variance),
            gamma=None if getattr(layer, "gamma", None) is None else _values(layer.gamma),
            epsilon=float(layer.epsilon),
        )
        for path, layer in layers.items()
        if is_normalization(layer)
    )


def _values(variable: Any) -> np.ndarray:
    return np.asarray(variable.numpy(), dtype=np.float64).ravel()
