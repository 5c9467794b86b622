"""Arrays of an .h5 file put into a live model: by the names of layers and weights where these agree, else by order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import h5py

from reportgen.errors import ModelError
from reportgen.reading.containers.hdf5 import DatasetEntry, Hdf5Contents
from reportgen.reading.containers.hdf5_read import read_array, read_names
from reportgen.untrusted.escaping import shown

REMEDY = "Load and save the model again with the Keras that wrote it."
# The state of random generators, which Keras 2 counts as a weight and Keras 3 does not
GENERATOR_STATE = "StateVar"


@dataclass(frozen=True)
class Assignment:
    """A weight of the live model and the array for it."""

    variable: Any
    entry: DatasetEntry


def legacy_assignments(model: Any, contents: Hdf5Contents, *, name: str) -> list[Assignment]:
    """Return which array of an .h5 file belongs to which weight; nothing is read or allocated yet.

    Args:
        model: as built.
        contents: of the file.
        name: of the file, for errors.

    Raises:
        ModelError: layers, weights or shapes do not agree.
    """
    prefix = "model_weights/" if "model_weights" in contents.file else ""
    groups = dict(_legacy_groups(contents, prefix, name))
    layers = {layer.name: layer for layer in model.layers if _weights_of(layer)}
    if len(groups) != len(layers):
        raise mismatch(name, f"{len(groups)} layers with weights in the file, {len(layers)} in its architecture")
    by_name = {stored.replace("/", "_"): stored for stored in groups}
    same = set(by_name) == set(layers)
    pairs = (
        [(layers[new], groups[by_name[new]]) for new in layers]
        if same
        else list(zip(layers.values(), groups.values(), strict=True))
    )
    return [
        assignment for layer, entries in pairs for assignment in _match(layer.name, _weights_of(layer), entries, name)
    ]


def assign(assignments: Sequence[Assignment], contents: Hdf5Contents, *, name: str) -> None:
    """Read every array and give it to its weight."""
    for assignment in assignments:
        assignment.variable.assign(read_array(contents, assignment.entry.path, name=name))


def _legacy_groups(
    contents: Hdf5Contents, prefix: str, name: str
) -> Iterator[tuple[str, list[tuple[str, DatasetEntry]]]]:
    """Yield the layers that have weights: name, and for each weight its name and its array."""
    root = contents.file[prefix] if prefix else contents.file
    for layer in read_names(root, "layer_names", name=name):
        group = contents.file.get(f"{prefix}{layer}")
        if not isinstance(group, h5py.Group):
            raise mismatch(name, f"no weights for layer {shown(layer)}")
        entries = []
        for weight in read_names(group, "weight_names", name=name):
            entry = contents.datasets.get(f"{prefix}{layer}/{weight}")
            if entry is None:
                raise mismatch(name, f"no array for {shown(weight)}")
            if not weight.split(":")[0].endswith(GENERATOR_STATE):
                entries.append((weight, entry))
        if entries:
            yield layer, entries


def _weights_of(layer: Any) -> list[Any]:
    # The order of .h5 files, `_legacy_weights` in keras/src/legacy/saving/legacy_h5_format.py
    return list(layer.trainable_weights) + list(layer.non_trainable_weights)


def _match(
    layer: str, variables: list[Any], entries: list[tuple[str, DatasetEntry]], name: str
) -> Iterator[Assignment]:
    if len(variables) != len(entries):
        raise mismatch(name, f"{len(entries)} weights for layer {shown(layer)}, which has {len(variables)}")
    for variable, entry in zip(variables, _in_order(variables, entries), strict=True):
        if tuple(variable.shape) != entry.shape:
            raise mismatch(name, f"shape {entry.shape} for {shown(variable.path)}, which has {tuple(variable.shape)}")
        yield Assignment(variable=variable, entry=entry)


def _in_order(variables: list[Any], entries: list[tuple[str, DatasetEntry]]) -> list[DatasetEntry]:
    """Return the arrays in the order of the weights: by the ends of their names where these agree, else as stored."""
    stored = [_parts(weight) for weight, _ in entries]
    live = [_parts(variable.path) for variable in variables]
    for length in (4, 3, 2):
        ends = {parts[-length:]: entry for parts, (_, entry) in zip(stored, entries, strict=True)}
        wanted = [parts[-length:] for parts in live]
        if len(ends) == len(entries) and set(ends) == set(wanted):
            return [ends[end] for end in wanted]
    return [entry for _, entry in entries]


def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split(":")[0].split("/"))


def mismatch(name: str, reason: str) -> ModelError:
    return ModelError(f"{name}: the weights do not fit the architecture. Received: {reason}. {REMEDY}")
