"""Gradients of a class's logit by feature maps or by the input, through captured tensors and without rewiring."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.errors import ForwardError
from reportgen.models.gradients.target import GradientTarget
from reportgen.models.gradients.traced import traced
from reportgen.models.graphs import CallNames, common_data_format, data_format, first_tensor
from reportgen.models.passes import LiveModel, SampleInputs, recording, recording_activations, run_failures_named
from reportgen.progress import counted_off

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

    def of(self, flat: np.ndarray) -> np.ndarray:
        """Return the classes' logits times their signs, (n,) float32, of all logits of each sample, (n, K)."""
        return np.asarray(flat[np.arange(len(flat)), self.columns] * self.signs, dtype=np.float32)


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


class LogitGradients:
    """Takes gradients of chosen logits at one place of a model, as a graph that is traced once for each size of a batch.

    Where the target's head is alone, nothing is traced: the model runs as ever and a tape begins at the features, so that it
    keeps the few layers behind them.

    Weights may change between calls. Neither they nor trainable flags are changed here, and no wrapper stays behind.

    Args:
        live: the model.
        target: where to take the gradients, from `find_target`.
        by_input: whether by the pictured input, instead of by the target's feature maps.
    """

    def __init__(self, live: LiveModel, target: GradientTarget, *, by_input: bool = False) -> None:
        self._live, self._target, self._by_input = live, target, by_input
        self._taped_head = target.head_alone and not by_input
        self._function = self._differentiate if self._taped_head else traced(self._differentiate)

    def of(self, inputs: SampleInputs, logits: ClassLogits, *, features: np.ndarray | None = None) -> Gradients:
        """Return the maps for these inputs, channels last, or the inputs themselves, and the logits' gradients by them.

        Args:
            inputs: n samples, with what the model's other inputs receive.
            logits: the logit of each sample that is explained.
            features: what the target's call put out for them in an earlier pass of the same weights, so that the head alone is
                run where the target has one; None to run the model.

        Raises:
            ForwardError: a layer failed, or the logits do not depend on the values in a way that has a gradient.
        """
        if self._target.head is not None and not self._by_input:
            if features is None and self._target.features == self._live.explained:
                features = self._live.features(inputs)
            if features is not None:
                return self._channels_last(*self._behind(features, logits))
        size = self._live.batch if self._taped_head else max(1, self._live.batch // _TAPE_SHARE)
        parts = [
            self._batch(batch, logits.take(slice(number * size, (number + 1) * size)))
            for number, batch in enumerate(counted_off(inputs.batches(size), len(inputs), size=size))
        ]
        values, gradients, chosen = (np.concatenate(kind) for kind in zip(*parts, strict=True))
        return self._channels_last(values, gradients, chosen)

    def _behind(self, features: np.ndarray, logits: ClassLogits) -> list[np.ndarray]:
        import tensorflow as tf

        captured: dict[str, Any] = {}
        values = tf.constant(features)
        with run_failures_named(), tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            with capturing_target(self._live, self._target, captured):
                output = first_tensor(self._target.head([values]))
            flat = _flat(captured.get("logits", output), len(features))
        towards = np.zeros(flat.shape, np.float32)
        towards[np.arange(len(towards)), logits.columns] = logits.signs
        gradients = tape.gradient(flat, values, output_gradients=tf.constant(towards))
        if gradients is None:
            raise ForwardError(f"the logits have no gradient by {self._target.features}")
        values, gradients = (np.asarray(tensor, dtype=np.float32) for tensor in (values, gradients))
        return [values, gradients, logits.of(np.asarray(flat))]

    def _channels_last(self, values: np.ndarray, gradients: np.ndarray, chosen: np.ndarray) -> Gradients:
        formats = common_data_format(self._live.layers.values())
        if not self._by_input and data_format(self._live.layers[self._target.path], formats) == "channels_first":
            values, gradients = np.moveaxis(values, 1, -1), np.moveaxis(gradients, 1, -1)
        return Gradients(values, gradients, chosen)

    def _batch(self, inputs: SampleInputs, logits: ClassLogits) -> list[np.ndarray]:
        import tensorflow as tf

        with run_failures_named():
            source = tf.constant(inputs.values)
            packed = inputs.packed(source)
            # the graph gets all inputs as arguments: which of them is the pictured one is told by its place
            place = next(place for place, leaf in enumerate(tf.nest.flatten(packed)) if leaf is source)
            chosen_ones = tf.constant(logits.columns), tf.constant(logits.signs)
            values, gradients, flat = self._function(place, packed, *chosen_ones)
        if gradients is None:
            raise ForwardError(
                f"the logits have no gradient by {'the input' if self._by_input else self._target.features}"
            )
        values, gradients = (np.asarray(tensor, dtype=np.float32) for tensor in (values, gradients))
        return [values, gradients, logits.of(np.asarray(flat))]

    def _differentiate(self, place: int, packed: Any, columns: Any, signs: Any) -> tuple[Any, Any, Any]:
        """Return values, gradients of the chosen logits by them, None where there are none, and all logits, (n, K)."""
        import tensorflow as tf

        captured: dict[str, Any] = {}
        source = tf.nest.flatten(packed)[place]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            if self._by_input:
                tape.watch(source)
            with capturing_target(self._live, self._target, captured, tape):
                output = first_tensor(self._live.model(packed, training=False))
            flat = _flat(captured.get("logits", output), columns.shape[0])
        values = source if self._by_input else captured["features"]
        towards = tf.one_hot(columns, tf.shape(flat)[1]) * signs[:, None]
        return values, tape.gradient(flat, values, output_gradients=towards), flat


def _flat(logits: Any, count: int) -> Any:
    """Return logits as (n, K) float32. Which one is meant is told to the tape: the gradient of tf.gather is slow to start."""
    import tensorflow as tf

    return tf.reshape(tf.cast(logits, tf.float32), (count, -1))


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
    gradients: LogitGradients,
    inputs: SampleInputs,
    baseline: np.ndarray,
    logits: ClassLogits,
    *,
    points: int,
) -> np.ndarray:
    """Return integrated gradients along the straight line from a baseline, (n, *shape) float32.

    They sum to the difference of the logit at the input and at the baseline, up to the error of the quadrature.

    Args:
        gradients: what takes the gradients, by the input.
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
        found = gradients.of(line, logits.take([sample] * points)).gradients
        maps.append(difference * np.tensordot(weights, found, axes=1))
    return np.asarray(maps, dtype=np.float32)


def logits_at(live: LiveModel, target: GradientTarget, inputs: SampleInputs, logits: ClassLogits) -> np.ndarray:
    """Return the chosen logit of every input, (n,) float32, without gradients; see `LogitGradients`."""
    captured: dict[str, Any] = {}
    found = []
    for batch in inputs.batches(live.batch):
        with run_failures_named(), capturing_target(live, target, captured):
            output = first_tensor(live.model(batch.packed(), training=False))
        found.append(np.asarray(captured.get("logits", output), dtype=np.float32).reshape(len(batch), -1))
    return logits.of(np.concatenate(found))
