"""The same network with its weights drawn anew, for the length of a pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from reportgen.keras_internals import own_weights
from reportgen.models.passes.live import LiveModel
from reportgen.models.weights.initial import draw_initial
from reportgen.models.weights.kernels import LayerKernel


@contextmanager
def randomised_kernels(live: LiveModel, kernels: Sequence[LayerKernel], *, seed: int) -> Iterator[int]:
    """Draw every kernel anew from its own initialiser and yield how many were; then put all back, also after an error.

    Args:
        live: the model.
        kernels: of its layers. Those without an initialiser stay as they are; so do biases and normalisation.
        seed: of the draws.

    Source: Adebayo et al., Sanity Checks for Saliency Maps, arXiv 1810.03292: the last step of their cascade, all layers.
    """
    before: list[tuple[Any, np.ndarray]] = []
    try:
        for kernel in kernels:
            variable = _variable(live, kernel)
            drawn = None if variable is None else draw_initial(kernel, seed=seed)
            if variable is not None and drawn is not None:
                before.append((variable, np.array(variable.numpy())))
                variable.assign(drawn)
        yield len(before)
    finally:
        for variable, values in before:
            variable.assign(values)


def _variable(live: LiveModel, kernel: LayerKernel) -> Any:
    weights = own_weights(live.layers[kernel.path]) if kernel.path in live.layers else []
    return next((weight for weight in weights if weight.name == kernel.name), None)
