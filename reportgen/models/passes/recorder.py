"""What one pass records, call by call: outputs kept, statistics of channels, and which layer received whose output."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reportgen.models.graphs import (
    ACTIVATION_ENDS,
    RECTIFIERS,
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
from reportgen.models.passes.pooled import PooledActivations, Pools, pool
from reportgen.models.passes.top_positions import TopPositions
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


class Recorder:
    """Turns the outputs of one pass into `Activations`: `begin`, calls of layers and `end` for each batch, then `finish`.

    The first batch shows which layer receives whose output, by the identity of the tensors, so that no graph is needed. Only
    weak references are held, so that TensorFlow can free what the model no longer needs.
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
        layer = self._layers[path]
        if is_normalization(layer) and given is not None:
            values = as_array(given)
            axis = layer.axis[0] if isinstance(layer.axis, list | tuple) else layer.axis
            _merge(self._found.moments, name, channel_moments(np.moveaxis(values, axis, -1)))

    def on_output(self, path: str, output: Any) -> None:
        """Record what a layer puts out."""
        number = self._calls.get(path, 1)
        name = call_name(path, number)
        if self._order is not None:
            for tensor in tensors_of(output):
                self._outputs[id(tensor)] = (weakref.ref(tensor), name)
        if name == self._beside and self._left > 0:
            self._beside_parts.append(as_array(first_tensor(output))[: self._left].copy())
        judged, kept = self.judges(name), self.keeps(name)
        instead = self._is_kept_for_another(name)
        if not judged and not kept and not instead:
            return
        values = first_array(output)
        if values.ndim > 2 and self.has_channels_first(path):
            values = np.moveaxis(values, 1, -1)
        if judged:
            _merge(self._found.statistics, name, channel_statistics(values, self.ends(path)))
        if kept and values.ndim > 2 and self.searched:
            self._found.top.setdefault(name, TopPositions()).add(values[: self.searched])
        wanted = self.wanted
        if len(wanted) and self.is_pooled(name):
            self.pools.add(name, pool(values[wanted]))
        if (kept or instead) and self._left > 0 and not self._is_replaced(name):
            whole = len(values) <= self._left and values.flags.c_contiguous  # what is kept whole need not be copied
            self._parts.setdefault(name, []).append(values if whole else values[: self._left].copy())

    def end(self, output: Any) -> None:
        """Note the model's output for the batch; after the first, what need not be looked at is known."""
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
        self.pools.settle([name for name in self._found.order if self.is_pooled(name)], self._batch, self._kept)

    @property
    def wanted(self) -> np.ndarray:
        """Places in this batch of the samples whose activations are pooled."""
        return self.pools.wanted(self._seen, self._batch)

    def is_pooled(self, name: str) -> bool:
        """Return whether a call's outputs are pooled: of those that are judged or kept whole for the samples to keep."""
        wanted = self.judges(name) or name in self._kept
        return wanted and not self._is_replaced(name) and self.pools.pools(name)

    @property
    def _kept(self) -> frozenset[str]:
        """Calls that are kept whole, or for whose layer they are."""
        return self._keep | self._kept_for.keys()

    @property
    def has_kept_all(self) -> bool:
        """Whether nothing of the samples after this batch is kept whole."""
        return self._left <= self._batch

    @property
    def searched(self) -> int:
        """Number of samples of this batch, the first ones, among which largest answers are looked for."""
        return max(TOP_SAMPLES - self._seen, 0)

    @property
    def seen_after(self) -> int:
        """Number of samples before the batch after this one."""
        return self._seen + self._batch

    def judges(self, name: str) -> bool:
        """Return whether statistics of a call's channels are wanted."""
        return self._is_judged(layer_path(name)) and name not in self._passed_over

    def keeps(self, name: str) -> bool:
        """Return whether a call's outputs are kept whole, or the places of its largest answers."""
        return name in self._keep

    def ends(self, path: str) -> tuple[float, float] | None:
        """Return the values between which a layer's activation lies; None where it has no such ends."""
        return ACTIVATION_ENDS.get(self._activation[path])

    def is_never_negative(self, path: str) -> bool:
        """Return whether a layer's activation gives nothing below zero."""
        return self._activation[path] in RECTIFIERS

    def has_seen_zero(self, name: str) -> bool:
        """Return whether each channel of a judged call was at zero or below it already."""
        return name in self._found.statistics and bool((self._found.statistics[name].minimum <= 0).all())

    def has_channels_first(self, path: str) -> bool:
        """Return whether a layer's channels are its first axis."""
        return data_format(self._layers[path], self._data_format) == "channels_first"

    def add_statistics(self, name: str, more: ChannelStatistics) -> None:
        """Take the statistics of a call's channels on this batch."""
        _merge(self._found.statistics, name, more)

    def add_moments(self, name: str, more: ChannelMoments) -> None:
        """Take the moments of what a batch normalisation's call receives on this batch."""
        _merge(self._found.moments, name, more)

    def add_top(self, name: str, values: np.ndarray, places: np.ndarray) -> None:
        """Take each sample's largest answers on this batch, (n, channels), and where they are."""
        self._found.top[name].add_largest(values[: self.searched], places[: self.searched])

    def finish(self, outputs: np.ndarray) -> Activations:
        """Return everything recorded, with the model's outputs for all samples."""
        found = self._found
        for source in self._kept_for.values():  # of the first batch, before its activation was seen
            self._parts.pop(source, None)
        place = {name: index for index, name in enumerate(found.order)}
        names = sorted(self._parts, key=lambda name: place.get(name, len(place)))
        found.kept = {name: _joined(self._parts.pop(name)) for name in names}
        found.statistics = {name: one for name, one in found.statistics.items() if name not in self._passed_over}
        found.outputs = outputs
        found.pooled = self.pools.finish()
        if self._beside_parts:
            found.beside, found.beside_call = np.concatenate(self._beside_parts), self._beside
        return found

    def _is_kept_for_another(self, name: str) -> bool:
        """Return whether a call is the first activation of one to keep, and is kept in its place."""
        if self._order is not None and self._keep_activations and self._is_separate(name) and name not in self._keep:
            source = self._source(name)
            linear = source is not None and self._activation[layer_path(source)] == "linear"
            if source in self._keep and linear and source not in self._kept_for.values():
                self._kept_for[name] = source
        return name in self._kept_for

    def _is_replaced(self, name: str) -> bool:
        return name in self._kept_for.values()

    def _is_judged(self, path: str) -> bool:
        """Return whether a layer's channels are: not those of a recurrent layer's cell, which is called for each step."""
        layer = self._layers[path]
        return not hasattr(layer, "state_size") and (self._activation[path] != "linear" or is_convolution(layer))

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
