"""HDF5 files of arrays, such as `train_signs.h5`: which data set holds the samples, which one their labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import first_of, say
from reportgen.samples.files import HDF5_MAGIC, base_name, cannot_be_read, shown_name
from reportgen.samples.labels import GivenLabels
from reportgen.samples.readers.arrays import StoredArray
from reportgen.samples.readers.arrays_by_name import choose, labels_name
from reportgen.samples.readers.reader import GivenFile
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import escaped

_CLASS_NAMES = frozenset({"list_classes", "classes", "class_names", "label_names", "labels_names", "names"})
_MOST_NAMES = 100_000
_TEXT = 1 << 20  # characters of all class names together
_MODELS = frozenset(
    {"model_weights", "layer_names", "model_config", "keras_version", "layers", "_layer_checkpoint_dependencies"}
)


class Hdf5Arrays:
    """An HDF5 file, or one data set of it."""

    def match(self, file: GivenFile) -> bool:
        """Return whether the file begins as an HDF5 file does."""
        return file.head.startswith(HDF5_MAGIC)

    def open(self, file: GivenFile) -> StoredArray:
        """Return the data set that is named, or that by its name and shape holds the samples, or the labels.

        Raises:
            SamplesError: the file cannot be read, or it does not say which of its data sets is meant.
        """
        import h5py  # only where such a file is given

        try:
            with h5py.File(file.path, "r") as stored:
                return _opened(file, stored)
        except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError) as error:
            raise cannot_be_read(file.path, error) from error


def _opened(file: GivenFile, stored: Any) -> StoredArray:
    path, found = file.path, _arrays(file.path, stored)
    numbers = {name: one.shape for name, one in found.items() if one.dtype.kind in "buif" and one.ndim}
    notes: tuple[str, ...] = ()
    if file.array is not None:
        name = file.array.strip("/")
        if name not in found:
            listed = first_of(map(shown_name, found), 12) or "no array"
            raise SamplesError(
                f"{base_name(path)} has no array of this name. Received: {shown_name(name)}. It holds {listed}."
            )
    elif not numbers or not _MODELS.isdisjoint({*stored, *stored.attrs}):
        what = (
            "a Keras model"
            if not _MODELS.isdisjoint({*stored, *stored.attrs})
            else "an HDF5 file without arrays of numbers"
        )
        raise SamplesError(
            f"{base_name(path)} holds no samples. Received: {what}. Give the file with the samples, or {base_name(path)}:NAME."
        )
    else:
        name, notes = choose(file, numbers)
    values = _read(path, name, found[name], file.memory_limit)
    beside = None if file.labels else labels_name(name, numbers)
    names = None if file.labels else _class_names(found)
    return StoredArray(
        values=values,
        name=shown_name(name),
        description=say("{file}, array {array}", file=base_name(path), array=shown_name(name)),
        labels=None
        if beside is None
        else GivenLabels(
            _flat(_read(path, beside, found[beside], file.memory_limit), len(values)),
            say("array {labels} beside {samples}", labels=shown_name(beside), samples=shown_name(name)),
        ),
        class_names=None if names is None else names[1],
        class_names_note="" if names is None else say("Class names: array {array}.", array=shown_name(names[0])),
        notes=notes,
    )


def _arrays(path: Path, stored: Any) -> dict[str, Any]:
    """Return the data sets by name; links, also those to other files, are not followed."""
    import h5py

    found: dict[str, Any] = {}
    visited = 0

    def visit(name: str, one: Any) -> None:
        nonlocal visited
        visited += 1
        if visited > limits.HDF5_OBJECTS:
            raise SamplesError(
                f"{base_name(path)} holds too many objects. Received: more than {visited - 1:,}. Split it."
            )
        if isinstance(one, h5py.Dataset):
            found[name] = one

    stored.visititems(visit)
    return found


def _read(path: Path, name: str, one: Any, memory_limit: int) -> np.ndarray:
    """Return the values of a data set; its declared size bounds what is read."""
    shown = f"{base_name(path)}, array {shown_name(name)},"
    if one.external or one.is_virtual:
        raise SamplesError(f"{shown} lies in other files. Received: external storage. Save it into one file.")
    if one.dtype.kind not in "buif":
        raise SamplesError(f"{shown} must hold numbers. Received: {shown_name(str(one.dtype))}. Name another array.")
    if one.nbytes > memory_limit:
        raise SamplesError(limits.over_memory(shown, one.nbytes, f" for shape {one.shape}", limit=memory_limit))
    return np.asarray(one[()])


def _flat(labels: np.ndarray, count: int) -> np.ndarray:
    """Return labels that were stored as a row as a flat list of them."""
    return labels.reshape(count) if labels.shape == (1, count) else labels


def _class_names(found: Mapping[str, Any]) -> tuple[str, tuple[str, ...]] | None:
    """Return the data set that names the classes, and the names; None where there is none of a usual size."""
    for name, one in found.items():
        text = one.dtype.kind == "S" or "vlen" in (one.dtype.metadata or {})
        if (
            name.rpartition("/")[2].lower() not in _CLASS_NAMES
            or not text
            or one.ndim != 1
            or not one.size <= _MOST_NAMES
        ):
            continue
        read: list[str] = []
        left = _TEXT
        for place in range(one.size):  # one by one: texts of variable length may all be the same huge one
            value = one[place]
            left -= len(value)
            if left < 0:
                break
            read.append(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
        if read and left >= 0:
            return name, tuple(escaped(value.strip()) for value in read)
    return None
