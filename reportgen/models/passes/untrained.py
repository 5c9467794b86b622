"""The same network before its training, and what its layers make of samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from reportgen.keras_internals import own_weights
from reportgen.models.graphs import CallNames, common_data_format, data_format, first_array, layer_path
from reportgen.models.passes.forward import run_failures_named
from reportgen.models.passes.interventions import randomised_kernels, replacing_weights
from reportgen.models.passes.live_model import LiveModel
from reportgen.models.passes.pooled import part_means
from reportgen.models.passes.wrapping import recording
from reportgen.models.weights import LayerKernel, draw_as_keras, is_kernel


def pooled_untrained(
    live: LiveModel, kernels: Sequence[LayerKernel], batches: Iterable[Any], names: Sequence[str], *, seed: int
) -> dict[str, np.ndarray] | None:
    """Return what calls give of samples in the network as it was before training; None where a kernel cannot be drawn.

    Args:
        live: the model, whose weights are put back afterwards.
        kernels: all of its kernels.
        batches: as `run_forward` takes them.
        names: the calls, see `call_name`.
        seed: seed of the draws.

    Returns:
        Means of parts of each channel's map, (N, parts x C) float32, by the name of the call; see `part_means`.

    Raises:
        ForwardError: a layer failed.
    """
    layers = {path: live.layers[path] for path in dict.fromkeys(map(layer_path, names))}
    common, found = common_data_format(live.layers.values()), {name: list[np.ndarray]() for name in names}
    with before_training(live, kernels, seed=seed) as complete:
        if not complete:
            return None
        for batch in batches:
            calls = CallNames()

            def take(path: str, output: Any, calls: CallNames = calls) -> None:
                name = calls.next(path)
                if name in found:
                    values = first_array(output)
                    first = values.ndim > 2 and data_format(layers[path], common) == "channels_first"
                    found[name].append(part_means(np.moveaxis(values, 1, -1) if first else values))

            with run_failures_named(), recording(layers, take):
                live.model(batch, training=False)
    return {name: np.concatenate(parts) for name, parts in found.items()}


@contextmanager
def before_training(live: LiveModel, kernels: Sequence[LayerKernel], *, seed: int) -> Iterator[bool]:
    """Draw every kernel anew and let every other weight begin as its layer says; then put all back, also after an error.

    Yields whether every kernel was drawn. What its layer has no initialiser for, such as the moments of a `Normalization`,
    stays as it is.

    Args:
        live, kernels, seed: see `pooled_untrained`.
    """
    generator = np.random.default_rng(seed)
    with randomised_kernels(live, kernels, seed=seed) as count, replacing_weights() as replace:
        for layer in live.layers.values():
            for variable in own_weights(layer):
                begins = getattr(layer, f"{variable.name}_initializer", None)
                if begins is None or is_kernel(variable):
                    continue
                drawn = draw_as_keras(begins, tuple(variable.shape), generator)
                if drawn is None:
                    continue
                if variable.name == "bias" and getattr(layer, "unit_forget_bias", False):
                    units = len(drawn) // 4
                    drawn[units : 2 * units] = 1  # the forget gate's, whatever the initialiser says
                replace(variable, drawn)
        yield count == len(kernels)
