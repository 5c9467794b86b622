"""Kernels that Keras stores as whole numbers with scales, as the floating-point values that they stand for.

Source: `_int8_call` and `_int4_call` of keras.layers.Dense and EinsumDense in Keras 3.15.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_WHOLE = ("int8", "int4")


def quantised(layer: Any) -> str | None:
    """Return how a layer is quantised, such as 'int8' or 'float8'; None where it is not."""
    return getattr(layer, "quantization_mode", None) if getattr(layer, "_is_quantized", False) else None


def dequantised_kernel(layer: Any) -> tuple[tuple[int, ...], Callable[[], np.ndarray]] | None:
    """Return shape and values of a layer's kernel, float32, that its whole numbers stand for.

    Args:
        layer: a built Dense or EinsumDense layer.

    Returns:
        None where the kernel is not stored as whole numbers of eight or four bits, or by another Keras in another way.
    """
    if quantised(layer) not in _WHOLE or not hasattr(layer, "kernel_scale"):
        return None
    packed = quantised(layer) == "int4"
    shape = tuple(getattr(layer, "original_kernel_shape", None) or _unpacked_shape(layer, packed=packed) or ())
    return (shape, lambda: _values(layer, shape, packed=packed)) if shape else None


def _unpacked_shape(layer: Any, *, packed: bool) -> tuple[int, ...] | None:
    if not packed:
        return tuple(layer._kernel.shape)
    columns = getattr(layer, "_orig_output_dim", None)
    return None if columns is None else (*layer._kernel.shape[:-1], columns)


def _values(layer: Any, shape: tuple[int, ...], *, packed: bool) -> np.ndarray:
    import keras

    if not packed:
        scale = layer.kernel_scale.value
        if hasattr(layer, "_adjust_scale_for_dequant"):
            scale = layer._adjust_scale_for_dequant(scale)
        return np.asarray(layer._kernel.numpy() / keras.ops.convert_to_numpy(scale), dtype=np.float32)
    columns = getattr(layer, "_int4_unpacked_column_size", None) or shape[-1]
    whole = keras.ops.convert_to_numpy(keras.quantizers.unpack_int4(layer._kernel.value, columns, axis=-1))
    scale = np.asarray(layer.kernel_scale.numpy(), dtype=np.float32)
    if scale.ndim < 2:
        return np.asarray(whole / scale, dtype=np.float32).reshape(shape)
    group = layer.g_idx.numpy().astype(int)
    return np.asarray((whole - layer.kernel_zero.numpy()[group].astype(np.float32)) * scale[group]).reshape(shape)
