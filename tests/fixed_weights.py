"""Weights that are the same in every run."""

from typing import Any

import numpy as np


def fix_weights(model: Any, *, seed: int = 7, mean: float = 0.1, scale: float = 0.5) -> Any:
    """Set every weight of a model to a fixed normal draw and return the model.

    Args:
        model: a built `keras.Model`.
        seed: the draw's.
        mean: the draw's; above 0, so that rectifiers let something through.
        scale: the draw's standard deviation.
    """
    generator = np.random.default_rng(seed)
    model.set_weights([generator.normal(mean, scale, weight.shape).astype(np.float32) for weight in model.weights])
    return model
