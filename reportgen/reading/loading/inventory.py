"""What a model file holds, read without Keras and without TensorFlow: architecture, initialisers, stored weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reportgen.errors import ModelError, UsageError
from reportgen.reading.containers import (
    Contents,
    DatasetEntry,
    LayerEntry,
    ModelFile,
    count_calls,
    damage_told,
    name_of,
    walk_layers,
)
from reportgen.reading.loading.training import TrainingSetup, stored_setup
from reportgen.reading.loading.vocabularies import fill_vocabularies
from reportgen.reading.rewriting import is_old
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import shown


@dataclass(frozen=True)
class Inventory:
    """A model file's contents.

    Attributes:
        file: what was looked at.
        keras_version: the version that saved it, where the file says so.
        kind: 'Sequential', 'Functional', the class of another model, or None where there is no architecture.
        name: what the model calls itself.
        config: the architecture as stored, None where there is none.
        layers: every layer, nested models and wrappers opened, in the order of the configuration.
        weights: the stored arrays by their path in the HDF5 file, or key in the checkpoint; optimiser state left out.
        variables: what a checkpoint calls its variables, by key, such as 'conv/kernel'.
        places: names of layers, with those around them, by their place in a SavedModel's graph.
        architecture: the other file that the configuration is from; None where it is the file's own.
        training: how the model was compiled; None where the file holds nothing of it.
    """

    file: ModelFile
    keras_version: str | None
    kind: str | None
    name: str | None
    config: Mapping[str, Any] | None
    layers: tuple[LayerEntry, ...]
    weights: Mapping[str, DatasetEntry]
    variables: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    architecture: ModelFile | None = None
    training: TrainingSetup | None = None

    @property
    def stored_values(self) -> int:
        """Number of values in all stored arrays."""
        return sum(entry.size for entry in self.weights.values())


def take_inventory(
    file: ModelFile, *, memory_limit: int = limits.HALF_OF_MEMORY, architecture: ModelFile | None = None
) -> Inventory:
    """Return what the file holds.

    Args:
        file: the file as recognised.
        memory_limit: bytes that the weights may take.
        architecture: another file whose configuration is taken, for a file of weights alone.

    Raises:
        ModelError: the container is damaged or not what it seems, or the configuration is no configuration.
        UsageError: there is a configuration in both files.
    """
    with file.format.open(file, memory_limit=memory_limit) as contents:
        if architecture is not None:
            contents = _with_architecture(contents, file, architecture, memory_limit)
        config = _checked_config(contents.config, shown(file.name))
        weights = contents.arrays.weights if contents.arrays else {}
        with damage_told(shown(file.name)):
            if config is not None and contents.vocabularies:
                fill_vocabularies(config, contents, old=is_old(contents.keras_version), name=shown(file.name))
            inventory = _inventory(file, contents.keras_version, config, weights)
        if contents.saved is not None:
            saved = contents.saved
            layers = inventory.layers or saved.layers
            kind, name = saved.kind or inventory.kind, saved.name or inventory.name
            inventory = replace(inventory, kind=kind, name=name, layers=layers, places=saved.names)
        variables = contents.arrays.names if contents.arrays else {}
        training = stored_setup(contents, name=shown(file.name))
        return replace(inventory, variables=variables, architecture=architecture, training=training)


def _with_architecture(contents: Contents, file: ModelFile, architecture: ModelFile, memory_limit: int) -> Contents:
    if contents.config is not None:
        raise UsageError(
            f"{shown(file.name)} has an architecture of its own. Received: --architecture {shown(architecture.name)} beside it. "
            f"Leave it out, or give the file of weights as MODEL."
        )
    with architecture.format.open(architecture, memory_limit=memory_limit) as other:
        if other.config is None:
            raise ModelError(
                f"{shown(architecture.name)} holds no architecture. Received: {architecture.format.label}. "
                f"Give what model.to_json() writes."
            )
        return replace(contents, config=other.config, keras_version=other.keras_version or contents.keras_version)


def _inventory(
    file: ModelFile, version: str | None, config: dict[str, Any] | None, weights: Mapping[str, DatasetEntry]
) -> Inventory:
    cost = 0 if config is None else count_calls(config)
    if cost > limits.LAYERS:
        raise ModelError(
            f"{shown(file.name)} has too many layers, or calls of them. Received: {min(cost, 10**12):,} "
            f"(limit {limits.LAYERS:,}). Report on a part of it."
        )
    layers = tuple(walk_layers(config)) if config is not None else ()
    for layer in layers:
        computed = _computed_values(layer)
        if computed > limits.COMPUTED_VALUES:
            raise ModelError(
                f"{shown(file.name)} has a layer that computes too many values when it is built. Received: {computed:,} for "
                f"{shown(layer.path)} (limit {limits.COMPUTED_VALUES:,}). Report on a part of the model."
            )
    return Inventory(
        file=file,
        keras_version=version,
        kind=None if config is None else config["class_name"],
        name=None if config is None else name_of(config),
        config=config,
        layers=layers,
        weights=weights,
    )


def _computed_values(layer: LayerEntry) -> int:
    """Return how many values a layer computes from its configuration before any memory limit is looked at.

    Source: `build` of keras.layers.STFTSpectrogram, whose kernels are sines and cosines of every frequency.
    """
    sizes = (layer.config.get("frame_length"), layer.config.get("fft_length") or layer.config.get("frame_length"))
    if layer.class_name != "STFTSpectrogram" or not all(isinstance(size, int) for size in sizes):
        return 0
    frame, transform = (int(size) for size in sizes if size is not None)
    return 2 * frame * (transform // 2 + 1)


def _checked_config(config: Any, what: str) -> dict[str, Any] | None:
    if config is None:
        return None
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str) or "config" not in config:
        raise ModelError(
            f"{what}: the configuration is not one that Keras writes. Received: no class_name and config at the top. "
            f"Save the model again."
        )
    return config
