"""What a model file holds, read without Keras and without TensorFlow: architecture, initialisers, stored weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from reportgen.errors import ModelError
from reportgen.models import limits
from reportgen.models.archive import CONFIG, METADATA, WEIGHTS, ArchiveContents, open_archive
from reportgen.models.config_json import parse_config
from reportgen.models.hdf5 import DatasetEntry, Hdf5Contents, open_hdf5, read_attribute
from reportgen.models.look import ModelFile, ModelFormat
from reportgen.models.wording import shown

MODEL_CLASSES = frozenset({"Sequential", "Functional", "Model"})
# Where a wrapper keeps the layers inside it
INNER_LAYER_KEYS = ("layer", "backward_layer", "cell", "cells")


@dataclass(frozen=True)
class LayerEntry:
    """One layer as the configuration describes it; nothing of it was checked.

    Attributes:
        path: the layer's name, prefixed by the models and wrappers around it: 'backbone/block1_conv1'.
        class_name: such as 'Conv2D'.
        module: that the file says the class is from; None where it says nothing.
        config: of the layer.
        initializers: by what they fill, such as 'kernel': the saved configuration.
    """

    path: str
    class_name: str
    module: str | None
    config: Mapping[str, Any]
    initializers: Mapping[str, Any]


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
    with open_model(file, memory_limit=memory_limit) as (config, version, contents):
        datasets = contents.datasets if contents is not None else {}
        weights = {path: entry for path, entry in datasets.items() if not is_optimizer(path)}
    what = shown(file.name)
    config = _checked_config(config, what)
    cost = 0 if config is None else _calls(config)
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


Opened = tuple[Any, str | None, Hdf5Contents | None]


@contextmanager
def open_model(file: ModelFile, *, memory_limit: int | None = None, verify: bool = False) -> Iterator[Opened]:
    """Yield configuration, Keras version and checked weights of any of the formats; what is missing is None.

    Args:
        file: as looked at.
        memory_limit: bytes that the weights may take; half of the machine's memory when None.
        verify: whether to compare the weights with the archive's checksum, where there is one.

    Raises:
        ModelError: the container is damaged or not what it seems.
    """
    limit = limits.default_memory_limit() if memory_limit is None else memory_limit
    name = shown(file.name)
    if file.format is ModelFormat.HDF5:
        with open_hdf5(file.path, name=name, size=file.size, memory_limit=limit) as contents:
            yield _from_attributes(contents, name)
        return
    if file.format is ModelFormat.KERAS:
        with open_archive(file.path, name=name, memory_limit=limit, verify=verify) as archive:
            yield from _with_weights(archive, name, limit)
        return
    with (file.path / WEIGHTS).open("rb") as weights:
        metadata = file.path / METADATA
        folder = ArchiveContents(
            config=_read_limited(file.path / CONFIG),
            metadata=_read_limited(metadata) if metadata.is_file() else b"",
            weights=weights,
            members=(),
        )
        yield from _with_weights(folder, name, limit)


def _read_limited(path: Any) -> bytes:
    with path.open("rb") as file:
        content: bytes = file.read(limits.CONFIG_BYTES + 1)
    return content


def _with_weights(archive: ArchiveContents, name: str, limit: int) -> Iterator[Opened]:
    if not archive.config:
        raise ModelError(
            f"{name} has no config.json. Received: {shown(', '.join(archive.members)) or 'nothing'}. "
            f"Save the whole model with model.save('model.keras')."
        )
    config = parse_config(archive.config, what=f"{name}: {CONFIG}")
    metadata = parse_config(archive.metadata, what=f"{name}: {METADATA}") if archive.metadata else {}
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    version = shown(version, limit=20) if isinstance(version, str) else None
    if archive.weights is None:
        yield config, version, None
        return
    with open_hdf5(archive.weights, name=name, size=_length(archive.weights), memory_limit=limit) as contents:
        yield config, version, contents


def _length(file: BinaryIO) -> int:
    size = file.seek(0, 2)
    file.seek(0)
    return size


def _from_attributes(contents: Hdf5Contents, name: str) -> Opened:
    text = read_attribute(contents.file, "model_config", name=name)
    version = read_attribute(contents.file, "keras_version", name=name)
    if version is None and "model_weights" in contents.file:
        version = read_attribute(contents.file["model_weights"], "keras_version", name=name)
    config = None
    if isinstance(text, str):
        config = parse_config(text.encode("utf-8", errors="surrogatepass"), what=f"{name}: model_config")
    return config, shown(version, limit=20) if isinstance(version, str) else None, contents


def _checked_config(config: Any, what: str) -> dict[str, Any] | None:
    if config is None:
        return None
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str) or "config" not in config:
        raise ModelError(
            f"{what}: the configuration is not one that Keras writes. Received: no class_name and config at the top. "
            f"Save the model again."
        )
    return config


def is_optimizer(path: str) -> bool:
    return path.split("/", 1)[0] in ("optimizer_weights", "optimizer")


def name_of(item: Mapping[str, Any]) -> str | None:
    config = item.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    if not isinstance(name, str):
        name = item.get("name")
    return name if isinstance(name, str) else None


def layers_of(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the configurations of the layers directly inside a model or a wrapper."""
    config = item.get("config")
    if isinstance(config, list):  # Sequential before Keras 2.2.3
        candidates: list[Any] = config
    elif isinstance(config, dict):
        listed = config.get("layers")
        candidates = list(listed) if isinstance(listed, list) else []
        for key in INNER_LAYER_KEYS:
            value = config.get(key)
            candidates.extend(value if isinstance(value, list) else [value])
    else:
        candidates = []
    return [layer for layer in candidates if isinstance(layer, dict) and isinstance(layer.get("class_name"), str)]


def _calls(item: Mapping[str, Any]) -> int:
    """Return how often layers are called when a model is built: a nested model once by itself and once for each call."""
    total = 0
    for layer in layers_of(item):
        nodes = layer.get("inbound_nodes")
        times = max(len(nodes), 1) if isinstance(nodes, list) else 1
        inside = _calls(layer)
        total += (times + 1) * inside if inside else times * limits.SLOW_LAYERS.get(layer["class_name"], 1)
    return total


def walk_layers(item: Mapping[str, Any], prefix: str = "") -> Iterator[LayerEntry]:
    """Yield every layer below a model's or wrapper's configuration, outer ones first."""
    for layer in layers_of(item):
        name = name_of(layer) or layer["class_name"].lower()
        path = f"{prefix}{name}"
        config = layer.get("config")
        module = layer.get("module")
        yield LayerEntry(
            path=path,
            class_name=layer["class_name"],
            module=module if isinstance(module, str) else None,
            config=config if isinstance(config, dict) else {},
            initializers=_initializers(config) if isinstance(config, dict) else {},
        )
        yield from walk_layers(layer, f"{path}/")


def _initializers(config: Mapping[str, Any]) -> dict[str, Any]:
    suffix = "_initializer"
    return {
        key.removesuffix(suffix): value
        for key, value in config.items()
        if key.endswith(suffix) and isinstance(value, (dict, str))
    }
