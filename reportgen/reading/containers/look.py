"""A model file's format from its first bytes, and its SHA-256. The extension is never asked."""

from __future__ import annotations

import enum
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from reportgen.errors import ModelError
from reportgen.messages import say
from reportgen.reading.containers.look_tensorflow import (
    checkpoint_in_folder,
    checkpoint_members,
    checkpoint_prefix,
    saved_model_members,
)
from reportgen.reading.containers.signatures import (
    HDF5_SIGNATURE,
    ZIP_SIGNATURE,
    is_architecture,
    is_two_formats,
    seems_to_be,
)
from reportgen.untrusted.escaping import base_name

HEAD_BYTES = 4096
BLOCK_BYTES = 1 << 20
REMEDY = "Give a Keras model: a .keras archive or an HDF5 file (.h5)."
WHOLE_FOLDER = ("config.json", "metadata.json", "model.weights.h5")


class ModelFormat(enum.Enum):
    """The containers that a model comes in."""

    KERAS = say("Keras v3 archive (.keras)")
    HDF5 = say("HDF5 (.h5)")
    KERAS_FOLDER = say("Keras v3 archive, unzipped into a folder")
    SAVED_MODEL = say("TensorFlow SavedModel folder")
    CHECKPOINT = say("TensorFlow checkpoint")
    ARCHITECTURE = say("architecture as JSON, without weights")

    @property
    def label(self) -> str:
        """The words shown on the page."""
        return self.value


@dataclass(frozen=True)
class ModelFile:
    """A model file as found, before anything in it is interpreted.

    Attributes:
        path: where it is, of a checkpoint without '.index'; never shown.
        name: without its folder, as it is called on the disk; escape it before showing it on a terminal.
        format: the container.
        size: in bytes; of a folder, of the files that are read.
        sha256: in hexadecimal; of a folder, over the names and the contents of the files that are read.
    """

    path: Path
    name: str
    format: ModelFormat
    size: int
    sha256: str


def look(path: str | Path) -> ModelFile:
    """Return what `path` is, without interpreting its contents.

    Args:
        path: a file; a folder made by unzipping a .keras archive; a SavedModel folder; a checkpoint, as the path of its
            .index file, without '.index', or of the folder that it is in.

    Raises:
        ModelError: there is no such file, it is not a regular file, it is empty, or it is no model that can be read.
    """
    path = Path(path)
    shown_name = base_name(path)
    prefix = checkpoint_prefix(path)
    if prefix is not None:
        return _look_at_all(prefix, ModelFormat.CHECKPOINT, checkpoint_members(prefix))
    mode = _mode(path)
    if stat.S_ISDIR(mode):
        return _look_into_folder(path)
    _require_regular(mode, shown_name)
    with _opened(path, shown_name) as file:
        head = file.read(HEAD_BYTES)
        if not head:
            raise ModelError(f"{shown_name} is empty. Received: 0 bytes. Copy or download the model again.")
        file_format = _format_of(head, path, shown_name)
        file.seek(0)
        digest, size = _digest(file)
    return ModelFile(path=path, name=path.name, format=file_format, size=size, sha256=digest)


@contextmanager
def _opened(path: Path, shown_name: str) -> Iterator[BinaryIO]:
    # Not blocking: should a FIFO have taken the file's place meanwhile, opening it must not wait for a writer.
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise ModelError(
            f"{shown_name} cannot be opened. Received: {error.strerror}. Check its permissions."
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        _require_regular(os.fstat(descriptor).st_mode, shown_name)
        yield file


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError as error:
        raise ModelError(f"no such model file. Received: {base_name(path)}. Check the path.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise ModelError(
            f"the model cannot be found. Received: {base_name(path)} ({reason}). Check the path."
        ) from error


def _require_regular(mode: int, shown_name: str) -> None:
    kinds = (
        (stat.S_ISFIFO, "a named pipe (FIFO)"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a character device"),
        (stat.S_ISBLK, "a block device"),
        (stat.S_ISDIR, "a folder"),
    )
    if not stat.S_ISREG(mode):
        kind = next((words for test, words in kinds if test(mode)), "something special")
        raise ModelError(f"{shown_name} is not a regular file. Received: {kind}. {REMEDY}")


def _format_of(head: bytes, path: Path, shown_name: str) -> ModelFormat:
    found: ModelFormat | None = None
    if head.startswith(HDF5_SIGNATURE):
        found = ModelFormat.HDF5
    elif head.startswith(ZIP_SIGNATURE):
        found = ModelFormat.KERAS
    if found is not None and is_two_formats(path):
        raise ModelError(
            f"{shown_name} is a zip archive and an HDF5 file at once, so what it holds depends on who reads it. "
            f"Received: both signatures. Save the model again."
        )
    seems, remedy = seems_to_be(head, path)
    if found is None and is_architecture(head):
        return ModelFormat.ARCHITECTURE
    if found is None or seems is not None:
        raise ModelError(f"{shown_name} is not a Keras model. Received: {seems or 'unknown bytes'}. {remedy or REMEDY}")
    return found


def _digest(file: BinaryIO) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    while block := file.read(BLOCK_BYTES):
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size


def _look_into_folder(path: Path) -> ModelFile:
    if (path / WHOLE_FOLDER[0]).is_file() and (path / WHOLE_FOLDER[2]).is_file():
        members = tuple(path / name for name in WHOLE_FOLDER if (path / name).exists())
        return _look_at_all(path, ModelFormat.KERAS_FOLDER, members)
    members = saved_model_members(path)
    if members:
        return _look_at_all(path, ModelFormat.SAVED_MODEL, members)
    prefix = checkpoint_in_folder(path)
    if prefix is not None:
        return _look_at_all(prefix, ModelFormat.CHECKPOINT, checkpoint_members(prefix))
    raise ModelError(f"{base_name(path)} is a folder without a Keras model. Received: a folder. {REMEDY}")


def _look_at_all(path: Path, file_format: ModelFormat, members: tuple[Path, ...]) -> ModelFile:
    """Return a model of several files, of which names and contents are in the digest."""
    root = path if path.is_dir() and file_format is not ModelFormat.CHECKPOINT else path.parent
    digest = hashlib.sha256()
    size = 0
    for member in members:
        _require_regular(_mode(member), base_name(member))
        with _opened(member, base_name(member)) as file:
            part, part_size = _digest(file)
        digest.update(f"{member.relative_to(root).as_posix()} {part}\n".encode())
        size += part_size
    name = path.name or path.resolve().name
    return ModelFile(path=path, name=name, format=file_format, size=size, sha256=digest.hexdigest())
