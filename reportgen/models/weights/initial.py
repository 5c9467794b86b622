"""Fresh weights for a layer from its own saved initialiser: what 'untrained' means in a report."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from reportgen.models.weights.kernels import LayerKernel


def kernel_seed(seed: int, label: str) -> int:
    """Return the seed for one kernel, in [0, 2**31): another for each label, the same in every run.

    Args:
        seed: the report's seed.
        label: the kernel's label.
    """
    return zlib.crc32(f"{seed}:{label}".encode()) & 0x7FFFFFFF


def draw_initial(kernel: LayerKernel, *, seed: int) -> np.ndarray | None:
    """Return values as the kernel had before training, or None where no initialiser is known.

    Args:
        kernel: whose initialiser and shape are used.
        seed: the report's seed; the one saved in the model, if any, is not used, so that a redraw is a new draw.

    Returns:
        float32 of the kernel's shape.

    Example:
        >>> draw_initial(kernel, seed=0).shape == kernel.shape  # doctest: +SKIP
        True
    """
    if kernel.initializer is None:
        return None
    initializer = _seeded(kernel.initializer, kernel_seed(seed, kernel.label))
    return np.asarray(initializer(kernel.shape, dtype="float32"), dtype=np.float32)


def _seeded(initializer: Any, seed: int) -> Any:
    config = initializer.get_config()
    if "seed" not in config:
        return initializer
    return type(initializer).from_config({**config, "seed": seed})


def initializer_name(kernel: LayerKernel) -> str | None:
    """Return the initialiser's class name, such as 'GlorotUniform', or None."""
    return None if kernel.initializer is None else type(kernel.initializer).__name__
