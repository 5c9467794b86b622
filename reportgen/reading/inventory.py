"""What a model file holds, read without Keras and without TensorFlow: architecture, initialisers, stored weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.errors import ModelError
from reportgen.reading import limits
from reportgen.reading.contents import is_optimizer, open_model
from reportgen.reading.hdf5 import DatasetEntry, one_line_if_damaged
from reportgen.reading.layer_entries import LayerEntry, count_calls, name_of, walk_layers
from reportgen.reading.look import ModelFile
from reportgen.reading.wording import shown


@dataclass(frozen=True)
class Inventory:
    """A model file's contents.

    Attributes:
        file: what was looked at.
        keras_version: that saved it, where the file says so.
        kind: 'Sequential', 'Functional', the class of another model, or None where there is no architecture.
        name: as the model calls itself.
        config: the architecture as stored, None where there is none.
        layers: every layer, nested models and wrappers opened, in the order of the configuration.
        weights: the stored arrays by their path in the HDF5 file; optimiser state left out.
    """

    file: ModelFile
    keras_version: str | None
    kind: str | None
    name: str | None
    config: Mapping[str, Any] | None
    layers: tuple[LayerEntry, ...]
    weights: Mapping[str, DatasetEntry]

    @property
    def stored_values(self) -> int:
        """Number of values in all stored arrays."""
        return sum(entry.size for entry in self.weights.values())


def take_inventory(file: ModelFile, *, memory_limit: int | None = None) -> Inventory:
    """Return what the file holds.

    Args:
        file: as looked at.
        memory_limit: bytes that the weights may take; half of the machine's memory when None.

    Raises:
        ModelError: the container is damaged or not what it seems, or the configuration is no configuration.
    """
    with one_line_if_damaged(shown(file.name)), open_model(file, memory_limit=memory_limit) as opened:
        config, version, contents = opened
        datasets = contents.datasets if contents is not None else {}
        weights = {path: entry for path, entry in datasets.items() if not is_optimizer(path)}
    what = shown(file.name)
    config = _checked_config(config, what)
    cost = 0 if config is None else count_calls(config)
    if cost > limits.LAYERS:
        raise ModelError(
            f"{what} has too many layers, or calls of them. Received: {min(cost, 10**12):,} "
            f"(limit {limits.LAYERS:,}). Report on a part of it."
        )
    layers = tuple(walk_layers(config)) if config is not None else ()
    return Inventory(
        file=file,
        keras_version=version,
        kind=None if config is None else config["class_name"],
        name=None if config is None else name_of(config),
        config=config,
        layers=layers,
        weights=weights,
    )


def _checked_config(config: Any, what: str) -> dict[str, Any] | None:
    if config is None:
        return None
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str) or "config" not in config:
        raise ModelError(
            f"{what}: the configuration is not one that Keras writes. Received: no class_name and config at the top. "
            f"Save the model again."
        )
    return config
