"""Batches after the first, run as a graph in which each output is reduced to its channels: none leaves it whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.models.graphs import CallNames, array_at, call_name, first_tensor, is_normalization
from reportgen.models.passes.channel_statistics import END_SHARE, ChannelMoments, ChannelStatistics
from reportgen.models.passes.pooled import averaging
from reportgen.models.passes.recorder import TOP_SAMPLES, Recorder
from reportgen.models.passes.wrapping import recording
from reportgen.models.startup import TENSORFLOW, backend


@dataclass(frozen=True)
class Reduced:
    """What one batch adds to a pass; it can be sent between processes.

    Attributes:
        output: the output that predictions are read from, (n, ...) float32.
        parts: statistics, moments, largest answers and pooled values of each sample's channels, by the name of the call and their
            kind.
    """

    output: np.ndarray
    parts: Mapping[tuple[str, str], tuple[np.ndarray, ...]]


_STATISTICS, _MOMENTS, _TOP, _POOLED = "statistics", "moments", "top", "pooled"


class ReducedPass:
    """Runs a model under `tf.function` and returns the statistics of what its layers received and put out.

    Each sample's sums are taken in the graph, and added up in float64 outside, so that the size of a batch hardly matters.
    Batches that it cannot run are left to the caller: of another size than the first, with values that are not finite, or
    of a model that cannot be traced.

    Args:
        model: a `keras.Model`.
        layers: the layers to watch, by path.
        recorder: has seen at least one batch, and keeps nothing whole of those to come.
    """

    def __init__(self, model: Any, layers: Mapping[str, Any], recorder: Recorder) -> None:
        self._model, self._layers, self._recorder = model, layers, recorder
        self._function: Any = None
        self._shapes: Any = None
        self._most_wanted = 0

    def compute(self, batch: Any, *, seen: int, output: int) -> Reduced | None:
        """Return what a batch adds to what is recorded; None where it was left to the caller.

        Args:
            batch: as the model takes it.
            seen: number of samples of the pass before it.
            output: index of the output that predictions are read from.
        """
        import keras
        import tensorflow as tf

        if backend() != TENSORFLOW:
            return None
        given = keras.tree.map_structure(tf.convert_to_tensor, batch)
        shapes = [leaf.shape for leaf in keras.tree.flatten(given)]
        if self._function is None:
            self._most_wanted = max(1, self._recorder.pools.most_at_once(shapes[0][0]))
            self._shapes, self._function = shapes, self._traced(given)
        if self._function is _UNTRACEABLE or shapes != self._shapes:
            return None
        wanted = self._recorder.pools.wanted(seen, shapes[0][0])
        places = np.resize(np.append(wanted, 0), self._most_wanted).astype(np.int32)  # as many in every batch
        returned, found, finite = self._function(given, tf.constant(seen < TOP_SAMPLES), tf.constant(places))
        found = {key: tuple(part.numpy() for part in parts) for key, parts in found.items()}
        found |= {
            key: tuple(part[: len(wanted)] for part in parts) for key, parts in found.items() if key[1] == _POOLED
        }
        if not finite or not all(np.isfinite(parts[0]).all() for parts in found.values()):
            return None
        return Reduced(array_at(returned, output), found)

    def _traced(self, given: Any) -> Any:
        import tensorflow as tf

        function = tf.function(self._forward, autograph=False)
        try:
            function.get_concrete_function(given, tf.constant(True), tf.zeros(self._most_wanted, tf.int32))
        except Exception:  # noqa: BLE001 - anybody's code, which may need values: eagerly it has them
            return _UNTRACEABLE
        return function

    def _forward(self, batch: Any, searching: Any, wanted: Any) -> Any:
        import tensorflow as tf

        found: dict[tuple[str, str], tuple[Any, ...]] = {}
        begun = CallNames()
        names: dict[str, str] = {}
        finite = [tf.constant(True)]

        def on_input(path: str, given: Any) -> None:
            names[path] = begun.next(path)
            layer, tensor = self._layers[path], first_tensor(given)
            if (
                tensor is not None and tensor.dtype.is_floating
            ):  # a graph's joined convolution and ReLU turns NaN into zero
                finite.append(tf.math.is_finite(tf.reduce_sum(tensor)))
            if is_normalization(layer) and tensor is not None:
                axis = layer.axis[0] if isinstance(layer.axis, list | tuple) else layer.axis
                found[names[path], _MOMENTS] = _moments(*_by_position(tensor, axis))

        def on_output(path: str, output: Any) -> None:
            name, tensor = names.get(path, call_name(path, 1)), first_tensor(output)
            judged, kept = self._recorder.judges(name), self._recorder.keeps(name) and len(tensor.shape) > 2
            if self._recorder.is_pooled(name):
                found[name, _POOLED] = _pooled(tf.gather(tensor, wanted), first=self._recorder.has_channels_first(path))
            if not judged and not kept:
                return
            values, axis = _by_position(tensor, 1 if self._recorder.has_channels_first(path) else -1)
            if judged:
                found[name, _STATISTICS] = _statistics(
                    values,
                    axis,
                    self._recorder.ends(path),
                    rectified=self._recorder.is_never_negative(path),
                    lowest=self._recorder.has_seen_zero(name),
                )
            if kept:
                found[name, _TOP] = _largest(values, axis, searching)

        with recording(self._layers, on_output, on_input=on_input):
            returned = self._model(batch, training=False)
        return returned, found, tf.reduce_all(tf.stack(finite))


_UNTRACEABLE = object()


def _by_position(tensor: Any, channels: int) -> tuple[Any, int]:
    """Return a tensor as (n, positions, channels) or (n, channels, positions), float32, and the axis of the positions."""
    import tensorflow as tf

    rank = len(tensor.shape)
    first = channels % rank == 1 and rank > 2
    known = tensor.shape[channels]
    shape = (tensor.shape[0], known, -1) if first else (tensor.shape[0], -1, known)
    return tf.reshape(tf.cast(tensor, tf.float32), shape), 2 if first else 1


def _statistics(
    values: Any, axis: int, ends: tuple[float, float] | None, *, rectified: bool, lowest: bool
) -> tuple[Any, ...]:
    """Return of each sample's channels sums, extremes, sums of magnitudes, counts over zero and at an end, and positions.

    Args:
        values: (n, positions, channels) or (n, channels, positions).
        axis: that of the positions.
        ends: least and largest value of a bounded activation; None for others.
        rectified: whether no value is below zero.
        lowest: whether each channel is known to have been zero, so that this need not be looked for again.
    """
    import tensorflow as tf

    sums = tf.reduce_sum(values, axis)
    above = tf.sign(values) if rectified else tf.cast(values > 0, tf.float32)
    at_ends = tf.zeros_like(sums)
    if ends is not None:
        near = END_SHARE * (ends[1] - ends[0])
        at_ends = tf.reduce_sum(tf.cast((values <= ends[0] + near) | (values >= ends[1] - near), tf.float32), axis)
    return (
        sums,
        tf.zeros_like(sums) if rectified and lowest else tf.reduce_min(values, axis),
        tf.reduce_max(values, axis),
        sums if rectified else tf.reduce_sum(tf.abs(values), axis),
        tf.reduce_sum(above, axis),
        at_ends,
        tf.shape(values)[axis],
    )


def _moments(values: Any, axis: int) -> tuple[Any, ...]:
    """Return mean and variance of each sample's channels, and the number of positions."""
    import tensorflow as tf

    means = tf.reduce_mean(values, axis, keepdims=True)
    return tf.squeeze(means, axis), tf.reduce_mean(tf.square(values - means), axis), tf.shape(values)[axis]


def _largest(values: Any, axis: int, searching: Any) -> tuple[Any, ...]:
    """Return the largest value of each sample's channels and its place; zeros where none is looked for."""
    import tensorflow as tf

    def search() -> tuple[Any, Any]:
        return tf.reduce_max(values, axis), tf.argmax(values, axis, output_type=tf.int64)

    def pass_over() -> tuple[Any, Any]:
        shape = (values.shape[0], values.shape[3 - axis])
        return tf.zeros(shape), tf.zeros(shape, tf.int64)

    return tuple(tf.cond(searching, search, pass_over))


def _pooled(maps: Any, *, first: bool) -> tuple[Any, ...]:
    """Return what `pool` does; of maps with their channels first where `first` is true."""
    import tensorflow as tf

    maps = tf.cast(maps, tf.float32)
    rank = len(maps.shape)
    if first and rank > 2:
        maps = tf.transpose(maps, (0, *range(2, rank), 1))
    space = tuple(range(1, rank - 1))
    parts = maps
    for _ in space:
        parts = tf.tensordot(parts, tf.constant(averaging(int(parts.shape[1]))), axes=[[1], [1]])
    parts = tf.transpose(parts, (0, *range(2, rank), 1))
    return tf.reduce_mean(maps, space), tf.reduce_max(maps, space), tf.reshape(parts, (maps.shape[0], -1))


def tell(recorder: Recorder, found: Reduced) -> None:
    """Tell a recorder what a batch adds, after those before it."""
    for (name, kind), parts in found.parts.items():
        _tell(recorder, name, kind, parts)


def _tell(recorder: Recorder, name: str, kind: str, parts: tuple[np.ndarray, ...]) -> None:
    if kind == _POOLED:
        recorder.pools.add(name, (parts[0], parts[1], parts[2]))
        return
    if kind == _TOP:
        if recorder.searched:
            recorder.add_top(name, parts[0], parts[1])
        return
    count = len(parts[0]) * int(parts[-1])
    if kind == _MOMENTS:
        means = parts[0].astype(np.float64)
        recorder.add_moments(
            name, ChannelMoments(count, means.mean(axis=0), parts[1].mean(axis=0, dtype=np.float64) + means.var(axis=0))
        )
        return
    total, low, high, magnitude, positive, at_ends, _ = parts
    mean, magnitude, positive, at_ends = (
        part.sum(axis=0, dtype=np.float64) / count for part in (total, magnitude, positive, at_ends)
    )
    nothing = np.zeros(len(mean), np.int64)
    recorder.add_statistics(
        name, ChannelStatistics(count, low.min(axis=0), high.max(axis=0), mean, magnitude, positive, at_ends, nothing)
    )
