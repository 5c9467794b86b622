"""Variables of a SavedModel that Keras 2 wrote, put into a live model: by the names of layers and of weights alone.

The program in the SavedModel is not needed: the architecture is in its metadata, and the values are in a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reportgen.reading.containers.checkpoint import VALUE, CheckpointContents, read_tensors
from reportgen.reading.containers.hdf5 import DatasetEntry
from reportgen.reading.loading.inventory import Inventory
from reportgen.reading.loading.kernels_checkpoint import place_of
from reportgen.reading.loading.weights import Assignment, mismatch
from reportgen.reading.loading.weights_archive import paired
from reportgen.reading.rewriting.layer_entries import name_of
from reportgen.untrusted.escaping import shown

# What DepthwiseConv1D and DepthwiseConv2D of Keras 3 call theirs
_SYNONYMS = {"depthwise_kernel": "kernel"}


def checkpoint_assignments(
    model: Any, inventory: Inventory, readable: Mapping[str, Any], *, name: str
) -> list[Assignment]:
    """Return which tensor belongs to which weight; nothing is read or allocated yet.

    Args:
        model: as built.
        inventory: of the SavedModel.
        readable: its configuration after rewriting.
        name: of the file, for errors.

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
