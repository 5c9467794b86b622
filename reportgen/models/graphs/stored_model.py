"""What is known of a model that is not run: its stored kernels, and its layers as far as the file describes them."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np

from reportgen.messages import say
from reportgen.models.graphs.batch_normalization import BatchNormalizationLayer
from reportgen.models.graphs.described_model import DescribedModel
from reportgen.models.graphs.normalised import normalised_in_order
from reportgen.models.weights import LayerKernel
from reportgen.reading import LayerEntry, StoredKernel, StoredNormalization, WeightsOnly
from reportgen.results import LayerSummary, ModelSummary

_EPSILON = 1e-3  # what Keras adds to a variance by default; nothing stored alone depends on it
_ORDERED = ("Sequential", "Functional", "Model")
"""Kinds whose configuration lists the layers in the order of their calls; of a functional model nearly so."""


def describe_stored_weights(weights: WeightsOnly) -> DescribedModel:
    """Describe a model that is not run as `describe_model` does a live one, without output shapes, costs and receptive fields.

    Args:
        weights: what was read from the file.
    """
    kernels = tuple(_kernel(stored) for stored in weights.kernels)
    parameters: dict[str, int] = defaultdict(int)
    for kernel in kernels:
        parameters[kernel.path] += math.prod(kernel.shape)
    calls = _calls(weights, parameters)
    ordered = bool(weights.layers) and (weights.kind or "") in _ORDERED
    return DescribedModel(
        model=None,
        summary=ModelSummary(
            name=weights.name,
            kind=weights.kind or say("unknown kind of"),
            input_shape=None,
            output_shape=None,
            parameters=weights.parameters,
            trainable_parameters=weights.parameters,
            layers=len(weights.layers) or len(parameters),
        ),
        layers={},
        calls=calls,
        kernels=kernels,
        inputs=1,
        rescaling=None,
        ordered=ordered,
        normalised=normalised_in_order(calls) if ordered else {},
        listed=bool(weights.layers),
        has_weights=weights.parameters > 0,
        stored_normalizations=tuple(map(_normalization, weights.normalizations)),
    )


def _normalization(stored: StoredNormalization) -> BatchNormalizationLayer:
    return BatchNormalizationLayer(
        path=stored.path,
        mean=np.asarray(stored.mean, np.float64),
        variance=np.asarray(stored.variance, np.float64),
        gamma=None if stored.gamma is None else np.asarray(stored.gamma, np.float64),
        epsilon=_EPSILON,
    )


def _calls(weights: WeightsOnly, parameters: dict[str, int]) -> tuple[LayerSummary, ...]:
    described = [layer for layer in weights.layers if layer.class_name != "InputLayer"]
    known = {layer.path for layer in described}
    classes = {stored.path: stored.class_name or say("unknown") for stored in weights.kernels}
    without = [
        LayerSummary(path, classes[path], None, parameters[path], True) for path in parameters if path not in known
    ]
    return (*(_call(layer, parameters.get(layer.path, 0)) for layer in described), *without)


def _call(layer: LayerEntry, parameters: int) -> LayerSummary:
    window = _sizes(layer.config.get("kernel_size") or layer.config.get("pool_size"))
    return LayerSummary(
        path=layer.path,
        class_name=layer.class_name,
        output_shape=None,
        parameters=parameters,
        trainable=layer.config.get("trainable") is not False,
        kernel_size=window,
        strides=_sizes(layer.config.get("strides")) if window else None,
    )


def _sizes(value: Any) -> tuple[int, ...] | None:
    sizes = value if isinstance(value, list) else [value]
    return tuple(sizes) if all(type(size) is int for size in sizes) else None


def _kernel(stored: StoredKernel) -> LayerKernel:
    values = stored.values
    return LayerKernel(
        path=stored.path,
        name=stored.name,
        kind=stored.kind,
        groups=stored.groups,
        shape=tuple(values.shape),
        initializer=_initializer(stored),
        read=lambda: values if values.dtype == np.float64 else values.astype(np.float32),
        quantised=stored.quantised,
    )


def _initializer(stored: StoredKernel) -> Any:
    if stored.initializer is None:
        return None
    import keras

    try:
        return keras.initializers.deserialize(dict(stored.initializer))
    except (
        TypeError,
        ValueError,
    ):  # its arguments are not those of today's class: no comparison is better than a wrong one
        return None
