"""Gradients of a class's logit by feature maps or by the input, through captured tensors and without rewiring."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.errors import ForwardError
from reportgen.models.gradients.gradient_target import GradientTarget
from reportgen.models.graphs import CallNames, common_data_format, data_format, first_tensor
from reportgen.models.passes import LiveModel, SampleInputs, recording, recording_activations, run_failures_named

_TAPE_SHARE = 8
"""A tape keeps what all layers put out, not one of them: batches are smaller by this."""


@dataclass(frozen=True)
class Gradients:
    """What one backward pass found for n samples.

    Attributes:
        values: feature maps (n, *size, channels), or the inputs, float32.
        gradients: gradient of each sample's logit by its values, in their shape.
        logits: logit of each sample's class, with its sign, (n,) float32.
    """

    values: np.ndarray
    gradients: np.ndarray
    logits: np.ndarray


@dataclass(frozen=True)
class ClassLogits:
    """Which logit of each sample is explained.

    Attributes:
        columns: position among the flattened logits, (n,) int64.
        signs: (n,) float32, -1 for class 0 of a single output, whose evidence is that against class 1; otherwise 1.
    """

    columns: np.ndarray
    signs: np.ndarray

    def take(self, chosen: Any) -> ClassLogits:
        """Return those of some samples, by index or slice."""
        return ClassLogits(self.columns[chosen], self.signs[chosen])


def predicted_logits(scores: np.ndarray, outputs: int) -> ClassLogits:
    """Return the logit of every sample's predicted class.

    Args:
        scores: one score for each class, (n, K).
        outputs: number of values that the model has for a sample: K, or 1 for a single output of two classes.
    """
    classes = np.argmax(scores, axis=1)
    if outputs == 1:
        return ClassLogits(np.zeros(len(classes), np.int64), np.where(classes == 1, 1, -1).astype(np.float32))
    return ClassLogits(classes, np.ones(len(classes), np.float32))


def feature_gradients(live: LiveModel, target: GradientTarget, inputs: SampleInputs, logits: ClassLogits) -> Gradients:
    """Return the target's feature maps for these inputs and the logits' gradients by them, channels last.

    Args:
        live: the model; neither weights nor trainable flags change, and no wrapper stays behind.
        target: where to take them, from `find_target`.
        inputs: n samples, with what the model's other inputs receive.
        logits: the logit of each sample that is explained.

    Raises:
        ForwardError: a layer failed, or the logits do not depend on the maps in a way that has a gradient.
    """
    found = _in_batches(live, target, inputs, logits, by_input=False)
    formats = common_data_format(live.layers.values())
    if data_format(live.layers[target.path], formats) == "channels_first":
        found = Gradients(np.moveaxis(found.values, 1, -1), np.moveaxis(found.gradients, 1, -1), found.logits)
    return found


def input_gradients(live: LiveModel, target: GradientTarget, inputs: SampleInputs, logits: ClassLogits) -> Gradients:
    """Return the logits' gradients by the pictured input, (n, *shape) float32; see `feature_gradients`."""
    return _in_batches(live, target, inputs, logits, by_input=True)


def _in_batches(
    live: LiveModel, target: GradientTarget, inputs: SampleInputs, logits: ClassLogits, *, by_input: bool
) -> Gradients:
    size = max(1, live.batch // _TAPE_SHARE)
    parts = [
        _differentiate(live, target, batch, logits.take(slice(number * size, (number + 1) * size)), by_input=by_input)
        for number, batch in enumerate(inputs.batches(size))
    ]
    return Gradients(
        values=np.concatenate([part.values for part in parts]),
        gradients=np.concatenate([part.gradients for part in parts]),
        logits=np.concatenate([part.logits for part in parts]),
    )


def _differentiate(
    live: LiveModel, target: GradientTarget, inputs: SampleInputs, logits: ClassLogits, *, by_input: bool
) -> Gradients:
    import tensorflow as tf

    with run_failures_named(), tf.GradientTape(watch_accessed_variables=False) as tape:
        source = tf.constant(inputs.values)
        captured: dict[str, Any] = {}
        if by_input:
            tape.watch(source)
        with capturing_target(live, target, captured, tape):
            output = first_tensor(live.model(inputs.packed(source), training=False))
        values = source if by_input else captured["features"]
        before = tf.cast(captured.get("logits", output), tf.float32)
        chosen = tf.gather(tf.reshape(before, (len(inputs), -1)), logits.columns, batch_dims=1) * logits.signs
        total = tf.reduce_sum(chosen)
    with run_failures_named():
        gradients = tape.gradient(total, values)
    if gradients is None:
        raise ForwardError(f"the logits have no gradient by {'the input' if by_input else target.features}")
    return Gradients(*(np.asarray(tensor, dtype=np.float32) for tensor in (values, gradients, chosen)))


@contextmanager
def capturing_target(
    live: LiveModel, target: GradientTarget, captured: dict[str, Any], tape: Any = None
) -> Iterator[None]:
    """Keep the target's feature maps and logits of a pass as tensors, under 'features' and 'logits'.

    Args:
        live: the model.
        target: where to take them, from `find_target`.
        captured: dictionary to fill; 'logits' stays out where the model's output is the logits.
        tape: a `tf.GradientTape` that is told to watch the feature maps.
    """
    outer, inner = CallNames(), CallNames()

    def on_output(path: str, output: Any) -> None:
        name, tensor = outer.next(path), first_tensor(output)
        if name == target.features:
            captured["features"] = tensor
            if tape is not None:
                tape.watch(tensor)
        if name == target.logits and not target.inside:
            captured["logits"] = tensor

    def before_activation(path: str, values: Any) -> None:
        if inner.next(path) == target.logits:
            captured["logits"] = values

    paths = [path for path in (target.path, target.logits_path) if path is not None]
    with ExitStack() as stack:
        stack.enter_context(recording({path: live.layers[path] for path in dict.fromkeys(paths)}, on_output))
        if target.inside and target.logits_path is not None:
            head = {target.logits_path: live.layers[target.logits_path]}
            stack.enter_context(recording_activations(head, before_activation))
        yield


def integrated_gradients(
    live: LiveModel,
    target: GradientTarget,
    inputs: SampleInputs,
    baseline: np.ndarray,
    logits: ClassLogits,
    *,
    points: int,
) -> np.ndarray:
    """Return integrated gradients along the straight line from a baseline, (n, *shape) float32.

    They sum to the difference of the logit at the input and at the baseline, up to the error of the quadrature.

    Args:
        live: the model.
        target: where to take them, from `find_target`.
        inputs: n samples; other inputs of the model stay at their sample's own values.
        baseline: the sample that the line starts from, *shape.
        logits: the logit of each sample that is explained.
        points: number of points of the Gauss-Legendre quadrature.

    Source: Sundararajan et al., Axiomatic Attribution for Deep Networks, arXiv 1703.01365, equation 1.
    """
    nodes, weights = np.polynomial.legendre.leggauss(points)
    nodes, weights = (nodes + 1) / 2, weights / 2  # from [-1, 1] to [0, 1]
    maps = []
    for sample in range(len(inputs)):
        difference = inputs.values[sample] - baseline
        steps = nodes.reshape(-1, *[1] * difference.ndim)
        line = inputs.repeated(sample, (baseline + steps * difference).astype(np.float32))
        gradients = input_gradients(live, target, line, logits.take([sample] * points)).gradients
        maps.append(difference * np.tensordot(weights, gradients, axes=1))
    return np.asarray(maps, dtype=np.float32)


def logits_at(live: LiveModel, target: GradientTarget, inputs: SampleInputs, logits: ClassLogits) -> np.ndarray:
    """Return the chosen logit of every input, (n,) float32, without gradients; see `feature_gradients`."""
    captured: dict[str, Any] = {}
    found = []
    for batch in inputs.batches(live.batch):
        with run_failures_named(), capturing_target(live, target, captured):
            output = first_tensor(live.model(batch.packed(), training=False))
        found.append(np.asarray(captured.get("logits", output), dtype=np.float32).reshape(len(batch), -1))
    chosen = np.concatenate(found)[np.arange(len(inputs)), logits.columns]
    return np.asarray(chosen * logits.signs, dtype=np.float32)
