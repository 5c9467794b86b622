"""Arrays that a file has under the names of layers and weights, put into a live model.

Of an .h5 file the order counts where names do not agree. Of a SavedModel, which Keras 2 wrote, the names alone count; its
program is not needed, since the architecture is in its metadata and the values are in a checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import h5py

from reportgen.errors import ModelError
from reportgen.reading.containers import (
    VALUE,
    CheckpointContents,
    DatasetEntry,
    Hdf5Contents,
    name_of,
    read_array,
    read_names,
    read_tensors,
)
from reportgen.reading.loading.inventory import Inventory
from reportgen.reading.loading.live_layers import paired
from reportgen.reading.loading.weights_only import place_of
from reportgen.untrusted.escaping import shown

REMEDY = "Load and save the model again with the Keras that wrote it."
# The state of random generators, which Keras 2 counts as a weight and Keras 3 does not
GENERATOR_STATE = "StateVar"


@dataclass(frozen=True)
class Assignment:
    """A weight of the live model and the array for it."""

    variable: Any
    entry: DatasetEntry


# What wrappers of the Model Optimization Toolkit keep beside the weights of the layer in them
_WRAPPERS_OWN = re.compile(r"mask|threshold|pruning_step|optimizer_step|\w+_(min|max)")


def legacy_assignments(model: Any, contents: Hdf5Contents, *, name: str, wrapped: bool = False) -> list[Assignment]:
    """Return which array of an .h5 file belongs to which weight; nothing is read or allocated yet.

    Args:
        model: the `keras.Model`, as built.
        contents: the checked file, open to read.
        name: the file's name, for errors.
        wrapped: whether wrappers were taken off, whose own weights are left out.

    Raises:
        ModelError: layers, weights or shapes do not agree.
    """
    prefix = "model_weights/" if "model_weights" in contents.file else ""
    groups = dict(_legacy_groups(contents, prefix, name, wrapped=wrapped))
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
    contents: Hdf5Contents, prefix: str, name: str, *, wrapped: bool
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
            last = _parts(weight)[-1]
            if not last.endswith(GENERATOR_STATE) and not (wrapped and _WRAPPERS_OWN.fullmatch(last)):
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
    """Return the error for weights that do not fit the architecture."""
    return ModelError(f"{name}: the weights do not fit the architecture. Received: {reason}. {REMEDY}")


# What DepthwiseConv1D and DepthwiseConv2D of Keras 3 call theirs
_SYNONYMS = {"depthwise_kernel": "kernel"}


def checkpoint_assignments(
    model: Any, inventory: Inventory, readable: Mapping[str, Any], *, name: str
) -> list[Assignment]:
    """Return which tensor belongs to which weight; nothing is read or allocated yet.

    Args:
        model: the `keras.Model`, as built.
        inventory: what the SavedModel holds.
        readable: its configuration after rewriting.
        name: the file's name, for errors.

    Raises:
        ModelError: a weight has no tensor, several, or one of another shape.
    """
    leaves = list(_leaves(model, inventory.config or {}, readable, ""))
    stored = _by_layer(inventory, [path for path, _ in leaves])
    assignments: list[Assignment] = []
    seen = set()
    for path, layer in leaves:
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        for variable in layer.weights:
            if variable.path.endswith("seed_generator_state"):
                continue
            found = _entry_for(variable, stored[path])
            if found is None:
                raise mismatch(name, f"no tensor, or several, for {shown(variable.path)}")
            if found.shape != tuple(variable.shape):
                shape = tuple(variable.shape)
                raise mismatch(name, f"shape {found.shape} for {shown(variable.path)}, which has {shape}")
            assignments.append(Assignment(variable=variable, entry=found))
    return assignments


def assign_tensors(assignments: list[Assignment], contents: CheckpointContents, *, name: str) -> None:
    """Read every tensor and give it to its weight, or to all of them where two models share a layer."""
    variables: dict[str, list[Any]] = {}
    for assignment in assignments:
        variables.setdefault(assignment.entry.path, []).append(assignment.variable)
    for key, values in read_tensors(contents, list(variables), name=name):
        for variable in variables[key]:
            variable.assign(values)


def _leaves(model: Any, item: Mapping[str, Any], readable: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the layers that are no models, with their paths in the file."""
    for layer, entry, new in paired(model, item, readable):
        path = f"{prefix}{name_of(entry)}"
        inner = getattr(layer, "layer", None)
        if hasattr(layer, "layers"):
            yield from _leaves(layer, entry, new, f"{path}/")
        elif inner is not None and hasattr(inner, "layers"):
            below = entry["config"]["layer"]
            yield from _leaves(inner, below, new["config"]["layer"], f"{path}/{name_of(below)}/")
        else:
            yield path, layer


Tensors = list[tuple[list[str], DatasetEntry]]


def _by_layer(inventory: Inventory, paths: list[str]) -> dict[str, Tensors]:
    """Return by the path of each layer the tensors that may be its own, with their names in parts."""
    stored: dict[str, Tensors] = {path: [] for path in paths}
    by_name: dict[str, list[str]] = {}
    for path in paths:
        by_name.setdefault(path.rsplit("/", 1)[-1], []).append(path)
    for key, entry in inventory.weights.items():
        named = (inventory.variables.get(key) or key.removesuffix(VALUE)).split("/")
        for path in _owners(key, named, inventory, stored, by_name):
            stored[path].append((named, entry))
    return stored


def _owners(
    key: str, named: list[str], inventory: Inventory, stored: Mapping[str, Any], by_name: Mapping[str, list[str]]
) -> list[str]:
    around = place_of(key).split("/")
    for length in range(len(around), 0, -1):
        path = inventory.places.get("/".join(around[:length]))
        if path in stored:
            return [str(path)]
    if len(named) == 1:  # such as those of Normalization, which Keras 2 names without the layer
        return list(stored)
    return next((by_name[part] for part in named[:-1] if part in by_name), [])


def _entry_for(variable: Any, tensors: Tensors) -> DatasetEntry | None:
    """Return the tensor of the weight's name, or of several such that which shares most of its path; None if unclear."""
    *around, last = variable.path.split("/")
    shared: dict[int, list[DatasetEntry]] = {}
    for (*parents, name), entry in tensors:
        if name == last or _SYNONYMS.get(name) == last:
            shared.setdefault(len(set(around) & set(parents)), []).append(entry)
    best = shared[max(shared)] if shared else []
    return best[0] if len(best) == 1 else None
