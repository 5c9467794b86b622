"""Comparisons that several tests look at, each made once."""

from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="session")
def pair() -> tuple[Any, Any, np.ndarray, np.ndarray]:
    """Return two networks, of which the second has forgotten class 0, with 60 samples and the labels that the first one gives."""
    import keras
    from networks import tiny

    base = tiny("base")
    samples = np.random.default_rng(0).random((60, 6, 6, 1)).astype(np.float32)
    # outputs in the middle of all samples, so that every class occurs
    kernel, bias = base.get_layer("head").get_weights()
    logits = keras.Model(base.inputs, base.get_layer("flat").output)([samples]) @ kernel
    base.get_layer("head").set_weights([kernel * 3, -3 * np.asarray(logits).mean(axis=0)])
    new = keras.models.clone_model(base)
    new.set_weights(base.get_weights())
    kernel, bias = new.get_layer("head").get_weights()
    bias[0] -= 50
    new.get_layer("head").set_weights([kernel, bias])
    return base, new, samples, np.asarray(base(samples)).argmax(axis=1)


@pytest.fixture(scope="session")
def worse(pair: Any) -> Any:
    """Return the comparison of the two."""
    from reportgen.api import build_comparison

    base, new, samples, labels = pair
    return build_comparison(base, new, samples, labels=labels, class_names=["a<b", "second", "third"])


@pytest.fixture(scope="session")
def better(pair: Any) -> Any:
    """Return the comparison with the models exchanged."""
    from reportgen.api import build_comparison

    base, new, samples, labels = pair
    return build_comparison(new, base, samples, labels=labels, class_names=["a<b", "second", "third"])
