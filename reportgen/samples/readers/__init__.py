"""The kinds of sources that samples and labels are read from, each in a module of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.class_names import ClassNames
from reportgen.samples.files import base_name, existing_path, exists, first_bytes
from reportgen.samples.labels import Accepts, GivenLabels, are_left_out
from reportgen.samples.naming import split_array_name
from reportgen.samples.readers.archives import NumpyArchive
from reportgen.samples.readers.arrays import NumpyFile, StoredArray, array_in_memory
from reportgen.samples.readers.class_names import read_class_names
from reportgen.samples.readers.datasets import DATASETS, KerasDataset
from reportgen.samples.readers.hdf5 import Hdf5Arrays
from reportgen.samples.readers.idx import IdxFile, read_idx
from reportgen.samples.readers.images import ImageFile, ImageFolder, NoImageError
from reportgen.samples.readers.masks import mask_files
from reportgen.samples.readers.pickled import PickledArrays
from reportgen.samples.readers.pixel_table import PixelTable
from reportgen.samples.readers.reader import Found, GivenFile, Reader
from reportgen.samples.readers.streams import is_stream, read_stream
from reportgen.samples.readers.tables import read_label_table
from reportgen.samples.readers.unread import what_it_is
from reportgen.samples.readers.zipped import ZippedImages
from reportgen.samples.shapes import InputShape
from reportgen.samples.source import SampleSource
from reportgen.untrusted.addresses import how_to_download
from reportgen.untrusted.limits import HALF_OF_MEMORY

__all__ = [
    "READERS",
    "NoImageError",
    "find_samples",
    "is_stream",
    "open_samples",
    "read_class_names",
    "read_idx",
    "read_labels",
    "read_stream",
]

READERS: tuple[Reader, ...] = (
    KerasDataset(),
    ZippedImages(),
    NumpyArchive(),
    NumpyFile(),
    Hdf5Arrays(),
    PixelTable(),
    PickledArrays(),
    IdxFile(),
    ImageFolder(),
    ImageFile(),
)
"""All formats; the first that matches opens the file."""


def open_samples(
    source: str | Path | np.ndarray | tuple[Any, Any] | StoredArray,
    accepts: Accepts,
    *,
    labels: str | Path | np.ndarray | Sequence[Any] | None = None,
    class_names: str | Path | Sequence[str] | ClassNames | None = None,
) -> SampleSource:
    """Return samples that fit the model's input, ready to be read.

    Nothing is guessed in silence: what is added, chosen or converted is said in the notes. Nothing of Python is unpickled.

    Args:
        source: `file.npz`, `file.h5` or one array of it (`file.npz:NAME`), a `.npy`, IDX or `.csv` file, a pickle of arrays
            alone, an image, a folder of images or of class folders or a zip file of it, the name of a data set of
            `keras.datasets` (its test split; a file or folder of that name comes first), an array (N, ...), or a tuple of
            samples and labels.
        accepts: what the model and the options allow.
        labels: file, array or sequence: integers, whole floats, one-hot rows or class names, one for each sample.
            None for those found with the samples, 'none' for no labels at all. A `.csv` may name the image file, or the
            index, before each label.
        class_names: 'cat,dog', a text, JSON, CSV or `.npy` file, or a sequence; in the order of the model's outputs.

    Raises:
        SamplesError: a source, label or class name cannot be read or does not fit. One line, with the remedy.
    """
    names = read_class_names(class_names)
    found = find_samples(source, input_shape=accepts.input_shape, memory_limit=accepts.memory_limit)
    given = None
    if are_left_out(labels):
        found = found.without_labels()
    elif labels is not None:
        given = read_labels(labels, memory_limit=accepts.memory_limit)
    opened = found.source(accepts, labels=given, class_names=names)
    return opened if names is None else replace(opened, notes=(*opened.notes, *names.notes))


def find_samples(source: object, *, input_shape: InputShape | None = None, memory_limit: int = HALF_OF_MEMORY) -> Found:
    """Return what `source` names, not yet compared with the model.

    Args:
        source: see `open_samples`.
        input_shape: the model's, where it is known.
        memory_limit: bytes that an array may take.

    Raises:
        SamplesError: there is no such file, it cannot be read, or it is of no known kind.
    """
    if isinstance(source, StoredArray):
        return source
    if isinstance(source, tuple) and len(source) == 2:
        images, labels = source
        array = array_in_memory(images)
        if labels is None:
            return array
        return replace(
            array,
            labels=replace(
                read_labels(labels, memory_limit=memory_limit), origin=say("the labels given with the samples")
            ),
        )
    if not isinstance(source, str | Path):
        return array_in_memory(source)
    file = replace(_look_at(source, memory_limit=memory_limit), input_shape=input_shape)
    for reader in READERS:
        if reader.match(file):
            return reader.open(file)
    raise _not_read(file.path)


def _not_read(path: Path) -> SamplesError:
    """Return the error for a file that no reader knows, with what it is where that is known."""
    kind = what_it_is(path.name, head := first_bytes(path, 512))
    received = (
        "an empty file" if not head else "text" if head.isascii() and b"\0" not in head else "a file of no known kind"
    )
    what, recipe = kind or (
        received,
        "Give a .npz, .npy, .csv, HDF5 or IDX file, an image, a zip file or a folder of images.",
    )
    return SamplesError(f"{base_name(path)} holds no samples that can be read. Received: {what}. {recipe}")


def read_labels(
    labels: str | Path | np.ndarray | Sequence[object], *, memory_limit: int = HALF_OF_MEMORY
) -> GivenLabels:
    """Return labels from a `.npy`, `.npz`, IDX or text file (a label on each line), from an array or a sequence.

    A `.csv` may have a name before each label. A folder holds a mask for each image file, which `understand` reads.

    Args:
        labels: a file, an array or a sequence.
        memory_limit: bytes that an array may take.

    Raises:
        SamplesError: the file is missing or cannot be read, or the sequence is ragged.
    """
    if isinstance(labels, str | Path):
        file = _look_at(labels, labels=True, memory_limit=memory_limit)
        if file.path.is_dir():
            return GivenLabels(np.empty(0), base_name(file.path), read=mask_files(file.path).read)
        for reader in READERS:
            if reader.match(file) and isinstance(found := reader.open(file), StoredArray):
                return GivenLabels(found.values, found.description)
        return read_label_table(file.path)
    try:
        return GivenLabels(np.asarray(labels), say("the given labels"))
    except ValueError as error:
        raise SamplesError(
            "labels must be one number for each sample. Received: rows of different lengths. Give a flat sequence."
        ) from error


def _look_at(source: str | Path, *, labels: bool = False, memory_limit: int) -> GivenFile:
    """Return what was given with its first bytes."""
    path, array = split_array_name(source)
    if exists(path) or labels or how_to_download(str(path)):
        existing_path(path, "--labels" if labels else "--samples")
    elif str(source) not in DATASETS:
        raise SamplesError(
            f"--samples: no such file or folder. Received: {base_name(path)}. Check the name; data sets are "
            f"{', '.join(DATASETS)}."
        )
    head = first_bytes(path, 16) if path.is_file() else b""
    return GivenFile(path=path, array=array, head=head, labels=labels, memory_limit=memory_limit)
