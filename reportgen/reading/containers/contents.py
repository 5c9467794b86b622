"""Configuration, Keras version and checked weights of a model file, whichever its format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from reportgen.errors import ModelError
from reportgen.reading.containers.archive import CONFIG, METADATA, WEIGHTS, ArchiveContents, open_archive
from reportgen.reading.containers.config_json import parse_config
from reportgen.reading.containers.hdf5 import Hdf5Contents, open_hdf5
from reportgen.reading.containers.hdf5_read import read_attribute
from reportgen.reading.containers.look import ModelFile, ModelFormat
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import shown

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
            config=read_config(file.path / CONFIG),
            metadata=read_config(metadata) if metadata.is_file() else b"",
            weights=weights,
            members=(),
        )
        yield from _with_weights(folder, name, limit)


def read_config(path: Path) -> bytes:
    """Return the bytes of a configuration; one byte more than the limit where it is longer."""
    with path.open("rb") as file:
        return file.read(limits.CONFIG_BYTES + 1)


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


def is_optimizer(path: str) -> bool:
    """Return whether an array is the optimiser's, which no report needs."""
    return path.split("/", 1)[0] in ("optimizer_weights", "optimizer")
