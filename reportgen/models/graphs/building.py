"""Whether a model can be run as it is: built from a sample where it never was, compiled where eager kernels fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.models.weights.kernels import common_data_format


def build_on(model: Any, batch: Any) -> None:
    """Build a model that never was, by running it on one sample.

    A Sequential one is built for batches of any size first: built by a call, it would keep that of the call.

    Args:
        model: a `keras.Model`.
        batch: (1, *input_shape) float32, or the structure of arrays that it takes.
    """
    import keras

    if isinstance(model, keras.Sequential) and hasattr(batch, "shape"):
        model.build((None, *batch.shape[1:]))
    model(batch, training=False)


def must_be_compiled(model: Any, layers: Mapping[str, Any], batch: Any) -> bool:
    """Return whether only XLA runs this model: it has its channels first, and the eager kernels of a CPU refuse it.

    TensorFlow with oneDNN has such kernels, without it not; so it is tried.

    Args:
        model: a built `keras.Model`.
        layers: by path.
        batch: one sample, as the model takes it.
    """
    import tensorflow as tf

    if common_data_format(layers.values()) != "channels_first":
        return False
    try:
        model(batch, training=False)
    except (tf.errors.UnimplementedError, tf.errors.InvalidArgumentError):
        return True
    except Exception:  # noqa: BLE001 - any other failure is told by the pass over all samples
        return False
    return False
