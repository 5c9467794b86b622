"""Order and shapes of a model's calls, found by running one sample, for models whose graph does not tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reportgen.models.graphs import (
    LayerTensor,
    RecordedCalls,
    Shape,
    common_data_format,
    input_tensor,
    merged_field,
    receptive_field,
    summarise_call,
    whole_input_size,
)
from reportgen.models.passes.compiled import CompiledPass
from reportgen.models.passes.wrapping import recording
from reportgen.results import LayerSummary


class _CallWatcher:
    """Turns the calls of a pass into rows of the architecture.

    Tensors are told apart by identity, so all are kept until the pass has ended.
    """

    def __init__(self, layers: Mapping[str, Any], inputs: Sequence[Any]) -> None:
        self._layers = layers
        known = [input_tensor(tensor.shape) for tensor in inputs]
        self._whole = whole_input_size(known, common_data_format(layers.values()))
        self._fields = {id(tensor): first.field for tensor, first in zip(inputs, known, strict=True)}
        self._kept: list[Any] = list(inputs)
        self._open: dict[str, list[tuple[int, LayerTensor]]] = {}
        self.rows: list[LayerSummary | None] = []

    def on_input(self, path: str, given: Any) -> None:
        """Keep what a call receives, and the place of its row."""
        tensors = _tensors(given)
        field = merged_field([self._fields.get(id(tensor)) for tensor in tensors])
        before = LayerTensor(_shape(tensors[0]) if tensors else None, field)
        self._open.setdefault(path, []).append((len(self.rows), before))
        self.rows.append(None)

    def on_output(self, path: str, output: Any) -> None:
        """Fill the row of the call that ends."""
        place, before = self._open[path].pop()
        layer, tensors = self._layers[path], _tensors(output)
        after = _shape(tensors[0]) if tensors else None
        if tensors and id(tensors[0]) in self._fields:  # a block returns what a layer inside it made
            field = self._fields[id(tensors[0])]
        else:
            field = receptive_field(layer, before.field, self._whole, from_shape=before.shape, to_shape=after)
        for tensor in tensors:
            self._fields.setdefault(id(tensor), field)
        self._kept += tensors
        given = (before,) if before.shape is not None else ()
        self.rows[place] = summarise_call(layer, path, before=given, after=after, field=field, whole=self._whole)


def record_calls(model: Any, batch: Any, layers: Mapping[str, Any], *, compiled: bool = False) -> RecordedCalls:
    """Run a model on one sample and return the calls of its layers.

    Args:
        model: a `keras.Model`.
        batch: (1, *input_shape), or the structure of arrays that it takes.
        layers: the layers by path, as `named_layers` returns them.
        compiled: whether the pass is compiled by XLA.
    """
    import keras

    batch = keras.tree.map_structure(keras.ops.convert_to_tensor, batch)
    watcher = _CallWatcher(layers, keras.tree.flatten(batch))
    if compiled:
        output = CompiledPass(model, layers).run(batch, watcher.on_output, on_input=watcher.on_input)
    else:
        with recording(layers, watcher.on_output, on_input=watcher.on_input):
            output = model(batch, training=False)
    return RecordedCalls(tuple(row for row in watcher.rows if row is not None), output)


def _tensors(structure: Any) -> list[Any]:
    import keras

    return [leaf for leaf in keras.tree.flatten(structure) if hasattr(leaf, "shape")]


def _shape(tensor: Any) -> Shape:
    return tuple(tensor.shape[1:])
