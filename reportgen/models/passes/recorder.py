"""What one pass records, call by call: outputs kept, statistics of channels, and which layer received whose output."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reportgen.models.graphs import (
    ACTIVATION_ENDS,
    activation_of,
    as_array,
    call_name,
    common_data_format,
    data_format,
    first_array,
    first_tensor,
    holds_kernel,
    is_normalization,
    layer_path,
    tensors_of,
)
from reportgen.models.passes.channel_statistics import (
    ChannelMoments,
    ChannelStatistics,
    channel_moments,
    channel_statistics,
)
from reportgen.models.passes.pooled import Pooled, PooledActivations, Pools, pool
from reportgen.models.passes.top_positions import TopPositions, top_positions
from reportgen.models.weights import is_convolution

TOP_SAMPLES = 1_000
"""Samples among which the largest answers of the channels are looked for, the first ones: what is shown of them is four."""


@dataclass
class Activations:
    """What one forward pass recorded, by the names of calls (see `call_name`).

    Attributes:
        order: names of the watched calls in the order of the first batch.
        kept: outputs for the samples to keep, (n, ..., channels) float32, channels last. Where that is wanted, a call that a
            separate activation follows is left out, and the activation stands here under its own name.
        statistics: statistics of every channel over all samples and positions, for activations and for convolutions that no
            activation follows. The layers that give the model's outputs are left out.
        sources: the call whose output an activation receives, through normalisation or not, by the activation's name.
        moments: mean and variance of every channel that a batch normalisation receives.
        top: where each channel of a kept call answers most, over the first `TOP_SAMPLES` samples.
        outputs: the model's first output for every sample, (N, ...) float32.
        beside: outputs of one more call for the samples to keep, as the layer gave them, float32: not to be shown, but for
            who goes on from them; empty where none was asked for.
        beside_call: the name of that call; '' likewise.
        pooled: mean and largest value of each channel in up to 16 of the calls judged or kept, for up to 1,000 of all samples.
    """

    order: tuple[str, ...] = ()
    kept: dict[str, np.ndarray] = field(default_factory=dict)
    statistics: dict[str, ChannelStatistics] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    moments: dict[str, ChannelMoments] = field(default_factory=dict)
    top: dict[str, TopPositions] = field(default_factory=dict)
    outputs: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))
    beside: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))
    beside_call: str = ""
    pooled: PooledActivations = field(default_factory=PooledActivations)


@dataclass(frozen=True)
class Addition:
    """What one batch adds about a call; None for what is not wanted of it. It can be sent between processes.

    Attributes:
        statistics: statistics of the call's channels.
        top: where these channels answer most, among the batch's samples alone.
        pooled: what `pool` gives for the samples that are pooled.
        moments: mean and variance of what a batch normalisation receives.
    """

    statistics: ChannelStatistics | None = None
    top: TopPositions | None = None
    pooled: Pooled | None = None
    moments: ChannelMoments | None = None

    @property
    def is_finite(self) -> bool:
        """Whether neither NaN nor infinity was among the values, as far as these tell."""
        known = self.statistics is None or not self.statistics.non_finite.any()
        return known and (self.moments is None or bool(np.isfinite(self.moments.mean).all()))


@dataclass(frozen=True)
class Place:
    """Which samples of a batch are looked at more closely.

    Attributes:
        searched: number of samples, the first ones, among which largest answers are looked for.
        pooled: places of those whose activations are pooled.
    """

    searched: int
    pooled: np.ndarray


class Recorder:
    """Turns the outputs of one pass into `Activations`: `begin`, calls of layers and `end` for each batch, then `finish`.

    The first batch shows which layer receives whose output, by the identity of the tensors, so that no graph is needed. What
    is wanted of a call is known when that batch has ended: until then the outputs are held that may be looked at, as a
    functional model holds them too. Of everything else only weak references are, so that TensorFlow can free it.
    """

    def __init__(
        self,
        layers: Mapping[str, Any],
        keep: frozenset[str],
        keep_samples: int,
        *,
        keep_activations: bool = False,
        beside: str = "",
        samples: int = 0,
    ) -> None:
        self._found = Activations()
        self._parts: dict[str, list[np.ndarray]] = {}
        self._layers = layers
        self._activation = {path: activation_of(layer) for path, layer in layers.items()}
        # not those of a recurrent layer's cell, which is called for each step
        self._judged = frozenset(
            path
            for path, layer in layers.items()
            if not hasattr(layer, "state_size") and (self._activation[path] != "linear" or is_convolution(layer))
        )
        self._data_format = common_data_format(layers.values())
        self._keep = keep
        self._keep_activations = keep_activations
        self._kept_for: dict[str, str] = {}
        self._left = keep_samples
        self._beside, self._beside_parts = beside, list[np.ndarray]()
        self._batch = self._seen = 0
        self.pools = Pools(samples)
        self._calls: dict[str, int] = {}
        self._order: list[str] | None = []
        self._outputs: dict[int, tuple[Any, str]] = {}
        self._received: dict[str, str] = {}
        self._held: list[tuple[str, str, np.ndarray]] = []
        self._passed_over: frozenset[str] = frozenset()

    def begin(self, samples: int) -> None:
        """Note that a batch of so many samples follows."""
        self._left -= self._batch
        self._seen += self._batch
        self._batch = samples
        self._calls.clear()

    def on_input(self, path: str, given: Any) -> None:
        """Record what a layer receives, before its output."""
        self._calls[path] = number = self._calls.get(path, 0) + 1
        name = call_name(path, number)
        given = first_tensor(given)
        if self._order is not None:
            self._order.append(name)
            source = self._name_of(given)
            if source is not None:
                self._received[name] = source
        if given is not None and self.is_moving(path):
            self.take(name, self.received(path, as_array(given)))

    def on_output(self, path: str, output: Any) -> None:
        """Record what a layer puts out."""
        number = self._calls.get(path, 1)
        name = call_name(path, number)
        if self._order is not None:
            for tensor in tensors_of(output):
                self._outputs[id(tensor)] = (weakref.ref(tensor), name)
        if name == self._beside and self._left > 0:
            self._beside_parts.append(as_array(first_tensor(output))[: self._left].copy())
        if not self.is_looked_at(name):
            return
        values = first_array(output)
        if self._order is not None:
            self._held.append((name, path, values))
        else:
            self._look(name, path, values)

    def end(self, output: Any) -> None:
        """Note the model's output for the batch; after the first, look at what was held of it."""
        if self._order is None:
            return
        self._found.order, self._order = tuple(self._order), None
        heads = {name for tensor in tensors_of(output) if (name := self._name_of(tensor)) is not None}
        self._outputs.clear()
        self._found.sources = {
            name: source for name in self._found.order if self._is_separate(name) and (source := self._source(name))
        }
        behind = {source for head in heads if self._is_separate(head) and (source := self._source(head))}
        self._passed_over = frozenset(heads | behind | self._linear())
        self._kept_for = self._stand_ins() if self._keep_activations else {}
        shapes = {name: self._channels_last(path, values).shape[1:] for name, path, values in self._held}
        may_be = self._in_order(filter(self._may_be_pooled, shapes))
        self.pools.settle({name: shapes[name] for name in may_be}, self._kept)
        while self._held:
            self._look(*self._held.pop(0))

    def _look(self, name: str, path: str, values: np.ndarray) -> None:
        self.take(name, self.given(name, path, values, self.place(self._seen, self._batch)))
        if self._left > 0 and name in self._kept and not self._is_replaced(name):
            values = self._channels_last(path, values)
            whole = len(values) <= self._left and values.flags.c_contiguous  # what is kept whole need not be copied
            self._parts.setdefault(name, []).append(values if whole else values[: self._left].copy())

    def given(self, name: str, path: str, values: np.ndarray, place: Place) -> Addition:
        """Return what a call adds with its outputs for a batch, (n, ...) float32; nothing is recorded."""
        values = self._channels_last(path, values)
        top = name in self._keep and values.ndim > 2 and place.searched > 0
        pooled = len(place.pooled) > 0 and self.pools.pools(name)
        ends = ACTIVATION_ENDS.get(self._activation[path])
        return Addition(
            statistics=channel_statistics(values, ends) if self.judges(name) else None,
            top=top_positions(values[: place.searched]) if top else None,
            pooled=pool(values[place.pooled]) if pooled else None,
        )

    def received(self, path: str, values: np.ndarray) -> Addition:
        """Return what a batch normalisation adds with the values that it receives, float32; nothing is recorded."""
        axis = self._layers[path].axis
        channels = axis[0] if isinstance(axis, list | tuple) else axis
        return Addition(moments=channel_moments(np.moveaxis(values, channels, -1)))

    def take(self, name: str, more: Addition) -> None:
        """Record what a batch adds about a call, after those before it."""
        found = self._found
        for known, part in ((found.statistics, more.statistics), (found.moments, more.moments), (found.top, more.top)):
            if part is not None:
                _merge(known, name, part)
        if more.pooled is not None:
            self.pools.add(name, more.pooled)

    def place(self, seen: int, count: int) -> Place:
        """Return which samples of a batch of so many, after so many others, are looked at more closely."""
        return Place(max(TOP_SAMPLES - seen, 0), self.pools.wanted(seen, count))

    def _may_be_pooled(self, name: str) -> bool:
        return (self.judges(name) or name in self._kept) and not self._is_replaced(name)

    @property
    def _kept(self) -> frozenset[str]:
        """Calls that are kept whole, or for whose layer they are."""
        return self._keep | self._kept_for.keys()

    @property
    def has_kept_all(self) -> bool:
        """Whether nothing of the samples after this batch is kept whole."""
        return self._left <= self._batch

    @property
    def seen_after(self) -> int:
        """Number of samples before the batch after this one."""
        return self._seen + self._batch

    def judges(self, name: str) -> bool:
        """Return whether statistics of a call's channels are wanted."""
        return layer_path(name) in self._judged and name not in self._passed_over

    def is_looked_at(self, name: str) -> bool:
        """Return whether anything is wanted of a call's outputs."""
        return self.judges(name) or name in self._kept

    def is_moving(self, path: str) -> bool:
        """Return whether moments are wanted of what a layer receives: of batch normalisations."""
        return is_normalization(self._layers[path])

    def finish(self, outputs: np.ndarray) -> Activations:
        """Return everything recorded, with the model's outputs for all samples."""
        found = self._found
        found.kept = {name: _joined(self._parts.pop(name)) for name in self._in_order(self._parts)}
        found.outputs = outputs
        found.pooled = self.pools.finish()
        if self._beside_parts:
            found.beside, found.beside_call = np.concatenate(self._beside_parts), self._beside
        return found

    def _in_order(self, names: Iterable[str]) -> list[str]:
        """Return calls in the order of the pass, those that are not in it last."""
        place = {name: index for index, name in enumerate(self._found.order)}
        return sorted(names, key=lambda name: place.get(name, len(place)))

    def _stand_ins(self) -> dict[str, str]:
        """Return the first activation of each call to keep that has none of its own, and that call."""
        found: dict[str, str] = {}
        for name, source in self._found.sources.items():
            linear = self._activation[layer_path(source)] == "linear"
            if name not in self._keep and source in self._keep and linear and source not in found.values():
                found[name] = source
        return found

    def _is_replaced(self, name: str) -> bool:
        return name in self._kept_for.values()

    def _channels_last(self, path: str, values: np.ndarray) -> np.ndarray:
        first = values.ndim > 2 and data_format(self._layers[path], self._data_format) == "channels_first"
        return np.moveaxis(values, 1, -1) if first else values

    def _is_separate(self, name: str) -> bool:
        """Return whether a call applies an activation to what another layer computed."""
        path = layer_path(name)
        return self._activation[path] != "linear" and not holds_kernel(self._layers[path])

    def _linear(self) -> set[str]:
        """Return the convolutions whose output an activation receives: that one is looked at in their place."""
        return {source for source in self._found.sources.values() if self._activation[layer_path(source)] == "linear"}

    def _source(self, name: str) -> str | None:
        """Return the call of a layer with a kernel whose output this one receives, through normalisations; else None."""
        source = self._received.get(name)
        while source is not None and is_normalization(self._layers[layer_path(source)]):
            source = self._received.get(source)
        return source if source is not None and holds_kernel(self._layers[layer_path(source)]) else None

    def _name_of(self, tensor: Any) -> str | None:
        reference, name = self._outputs.get(id(tensor), (None, None))
        return name if reference is not None and reference() is tensor else None


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _merge(known: dict[str, Any], name: str, more: Any) -> None:
    known[name] = known[name].merged(more) if name in known else more
