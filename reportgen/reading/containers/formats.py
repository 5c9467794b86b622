"""What a format of model files is: one reader behind two methods, `match` and `open`, and what these give out."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from reportgen.reading.containers.layer_entries import LayerEntry
from reportgen.untrusted.escaping import shown

ZIP_SIGNATURE = b"PK\x03\x04"
Match = tuple[Path, tuple[Path, ...]]
"""A model's path, and the files that make it; none where the path is the only one."""


@dataclass(frozen=True)
class ModelFile:
    """A model file as found, before anything in it is interpreted.

    Attributes:
        path: where it is, of a checkpoint without '.index'; never shown.
        name: without its folder, as it is called on the disk; escape it before showing it on a terminal.
        format: the format whose reader matched.
        size: bytes of the file, or of a folder's files that are read.
        sha256: in hexadecimal; of a folder, over the names and the contents of the files that are read.
    """

    path: Path
    name: str
    format: ModelFormat
    size: int
    sha256: str


@dataclass(frozen=True)
class DatasetEntry:
    """A stored array as declared: what reading it would give.

    Attributes:
        path: its place in the file, without a leading slash.
        shape: sizes of all axes.
        dtype: the values' type.
    """

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the array in memory."""
        return self.size * self.dtype.itemsize


class StoredArrays(Protocol):
    """The checked arrays of a file, open to read."""

    @property
    def weights(self) -> Mapping[str, DatasetEntry]:
        """The model's arrays by their place in the file; those of the optimiser, which no report needs, are left out."""

    @property
    def names(self) -> Mapping[str, str]:
        """What a file calls its variables beside their places, such as 'conv/kernel', by place; none in most formats."""


@dataclass(frozen=True)
class SavedArchitecture:
    """The architecture in a SavedModel, as far as Keras 2 wrote it.

    Attributes:
        config: a Sequential or functional model's configuration, as in an .h5 file; None of another.
        keras_version: the version that saved it, or None.
        kind: the model's class, or None.
        name: the model's name, or None.
        layers: each layer by its own entry, in the order of the graph; models and wrappers come before what is in them.
        names: each layer's name, with those around it, by its place in the graph, such as 'layer_with_weights-0'.
    """

    config: dict[str, Any] | None = None
    keras_version: str | None = None
    kind: str | None = None
    name: str | None = None
    layers: tuple[LayerEntry, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contents:
    """What a model file holds, its arrays open to read.

    Attributes:
        config: the architecture as parsed from JSON; None where there is none.
        keras_version: the version that saved it, where the file says so.
        arrays: the checked weights; None where there are none.
        saved: what a SavedModel says about its layers.
        vocabularies: the text of each vocabulary, one word on each line, by the layer's place: 'layers/string_lookup'.
        training: how the model was compiled, as parsed from JSON; None where there is nothing of it.
    """

    config: Any = None
    keras_version: str | None = None
    arrays: StoredArrays | None = None
    saved: SavedArchitecture | None = None
    vocabularies: Mapping[str, str] = field(default_factory=dict)
    training: Any = None


class ModelFormat(ABC):
    """One format of model files.

    Attributes:
        label: the words shown on the page.
        stands_alone: whether its architecture is worth a report where there are no weights.
        has_program: whether TensorFlow's program lies beside the architecture, so that a signature can stand in for it.
        names_layers: whether HDF5 weights are found by the names of layers, and not by their numbers as in an archive.
    """

    label: str
    stands_alone = False
    has_program = False
    names_layers = False

    @abstractmethod
    def match(self, path: Path, head: bytes) -> Match | None:
        """Return the files of a model where `path` is one of this format; None where it is not.

        Args:
            path: a file or folder, or a checkpoint's path without '.index'.
            head: the first bytes of a file; empty for a folder.

        Raises:
            ModelError: the path is of this format and cannot be read.
        """

    @abstractmethod
    def open(self, file: ModelFile, *, memory_limit: int, verify: bool = False) -> AbstractContextManager[Contents]:
        """Return a context that gives the checked contents.

        Args:
            file: the file as recognised.
            memory_limit: bytes that the weights may take.
            verify: whether to compare the weights with the file's checksum, where there is one.

        Raises:
            ModelError: the file is damaged, over a limit or not what it seems.
        """


def shown_version(version: object) -> str | None:
    """Return a version as a file gives it, escaped; None where that is no text."""
    return shown(version, limit=20) if isinstance(version, str) else None


def is_file(path: Path) -> bool:
    """Return whether a path is a regular file; false for one that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return False
