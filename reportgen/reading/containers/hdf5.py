"""An HDF5 file whose every object was checked: hard links only, no outside storage, known filters, honest sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from reportgen.errors import ModelError
from reportgen.messages import say
from reportgen.reading.containers.config_json import parse_config
from reportgen.reading.containers.formats import (
    ZIP_SIGNATURE,
    Contents,
    DatasetEntry,
    Match,
    ModelFile,
    ModelFormat,
    shown_version,
)
from reportgen.reading.containers.hdf5_heap import check_heaps
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import reason_of, shown

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, II.A: at byte 0, 512, 1024, 2048 and so on
_AFTER_USER_BLOCK = 512
REMEDY = "Save the model again with model.save('model.keras')."
FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
# Deflate cannot do better than 1032:1, https://zlib.net/zlib_tech.html
DEFLATE_EXPANSION = 1032


@dataclass(frozen=True)
class Hdf5Contents:
    """A checked file, open to read.

    Attributes:
        file: the root group.
        datasets: every data set by its path.
    """

    file: h5py.File
    datasets: dict[str, DatasetEntry]

    @property
    def lists_layers(self) -> bool:
        """Whether arrays lie under the names of layers, which are listed, and not under numbers as in an archive."""
        root = self.file.get("model_weights", self.file)
        return any(key.startswith("layer_names") for key in root.attrs)

    @property
    def names(self) -> Mapping[str, str]:
        """No names beside the data sets' paths."""
        return {}

    @property
    def weights(self) -> dict[str, DatasetEntry]:
        """The model's data sets, without those of the optimiser, which no report needs."""
        return {
            path: entry
            for path, entry in self.datasets.items()
            if path.split("/", 1)[0] not in ("optimizer_weights", "optimizer")
        }


class Hdf5File(ModelFormat):
    """An .h5 file, of a whole model or of weights alone."""

    label = say("HDF5 (.h5)")
    names_layers = True

    def match(self, path: Path, head: bytes) -> Match | None:
        """Return the path of a file with HDF5's signature, at its beginning or after a user block.

        What lies in a zip archive is not the file itself.
        """
        if not head or head.startswith(ZIP_SIGNATURE):
            return None
        return None if next(hdf5_offsets(path, head), None) is None else (path, ())

    @contextmanager
    def open(self, file: ModelFile, *, memory_limit: int, verify: bool = False) -> Iterator[Contents]:
        """Yield the configuration in the attributes, None where there is none, and the weights."""
        name = shown(file.name)
        with open_hdf5(file.path, name=name, size=file.size, memory_limit=memory_limit) as arrays:
            text = read_attribute(arrays.file, "model_config", name=name)
            version = read_attribute(arrays.file, "keras_version", name=name)
            with one_line_if_damaged(name):
                group = arrays.file.get("model_weights")
            if version is None and group is not None:
                version = read_attribute(group, "keras_version", name=name)
            config = None
            if isinstance(text, str):
                config = parse_config(text.encode("utf-8", errors="surrogatepass"), what=f"{name}: model_config")
            yield Contents(config, shown_version(version), arrays, training=_training(arrays.file, name))


def _training(file: h5py.File, name: str) -> Any:
    """Return how the model was compiled; None where that cannot be read, as a report does not need it."""
    try:
        text = read_attribute(file, "training_config", name=name)
        encoded = text.encode("utf-8", errors="surrogatepass") if isinstance(text, str) else b"null"
        return parse_config(encoded, what=f"{name}: training_config")
    except ModelError:
        return None


def hdf5_offsets(path: Path, head: bytes) -> Iterator[int]:
    """Yield the places of HDF5's signature where the HDF5 library looks for it: at the beginning or after a user block.

    Args:
        path: a regular file.
        head: its first bytes.
    """
    if head.startswith(HDF5_SIGNATURE):
        yield 0
    with path.open("rb") as file:
        size, offset = file.seek(0, 2), _AFTER_USER_BLOCK
        while offset < size:
            file.seek(offset)
            if file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE:
                yield offset
            offset *= 2


@contextmanager
def open_hdf5(source: Path | BinaryIO, *, name: str, size: int, memory_limit: int) -> Iterator[Hdf5Contents]:
    """Yield the file after all of its objects were checked.

    Args:
        source: a path or an open file.
        name: the file's name, for errors.
        size: the file's size, in bytes.
        memory_limit: bytes that all data sets may take together.

    Raises:
        ModelError: the file is damaged, or refers to something outside, or its sizes cannot be true.
    """
    if isinstance(source, Path):
        with source.open("rb") as raw:
            check_heaps(raw, name=name)
    else:
        check_heaps(source, name=name)
    with one_line_if_damaged(name):
        file = h5py.File(source, "r", locking=False)
    with file:
        with one_line_if_damaged(name):
            datasets = _Walk(name).datasets(file)
            _check_sizes(file, datasets, name=name, size=size, memory_limit=memory_limit)
        yield Hdf5Contents(file=file, datasets=datasets)


@contextmanager
def one_line_if_damaged(name: str) -> Iterator[None]:
    """Turn whatever h5py raises for a damaged file into one line.

    Raises:
        ModelError: the file is damaged.
    """
    try:
        yield
    # h5py gives each kind of the library's errors the type of Python that is nearest
    except (OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{name} is a damaged HDF5 file. Received: {reason_of(error, limit=120)}. Copy or download it again."
        ) from error


class _Walk:
    """One pass over all objects, which counts them and remembers where they lie."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._seen: set[Any] = set()
        self._found: dict[str, DatasetEntry] = {}

    def datasets(self, file: h5py.File) -> dict[str, DatasetEntry]:
        """Return every data set of numbers by its path, once all objects were seen."""
        self._group(file, "", 0)
        return self._found

    def _group(self, group: h5py.Group, prefix: str, depth: int) -> None:
        self._once(group, prefix)
        if depth > limits.HDF5_DEPTH:
            raise self._refusal("groups nested too deep", prefix)
        for key in group:
            path = f"{prefix}/{key}" if prefix else key
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise self._refusal("a soft or external link", path)
            child = group[key]
            if isinstance(child, h5py.Group):
                self._group(child, path, depth + 1)
            elif isinstance(child, h5py.Dataset):
                self._once(child, path)
                entry = self._dataset(child, path)
                if _is_numeric(entry.dtype):  # anything else is never read
                    self._found[path] = entry
            else:
                raise self._refusal("a named data type", path)

    def _once(self, item: h5py.Group | h5py.Dataset, path: str) -> None:
        address = h5py.h5o.get_info(item.id).addr
        if address in self._seen:
            raise self._refusal("one object under two names", path)
        self._seen.add(address)
        if len(self._seen) > limits.HDF5_OBJECTS:
            raise self._refusal(f"more than {limits.HDF5_OBJECTS:,} objects", path)

    def _dataset(self, dataset: h5py.Dataset, path: str) -> DatasetEntry:
        properties = dataset.id.get_create_plist()
        if properties.get_layout() == h5py.h5d.VIRTUAL:
            raise self._refusal("a virtual data set", path)
        if properties.get_external_count():
            raise self._refusal("external storage", path)
        filters = {properties.get_filter(index)[0] for index in range(properties.get_nfilters())}
        if filters - FILTERS:
            raise self._refusal(f"filter {min(filters - FILTERS)}", path)
        shape = dataset.shape
        if shape is None:  # the null dataspace
            shape = (0,)
        entry = DatasetEntry(path=path, shape=tuple(int(axis) for axis in shape), dtype=dataset.dtype)
        stored = dataset.id.get_storage_size()
        expansion = DEFLATE_EXPANSION if h5py.h5z.FILTER_DEFLATE in filters else 1
        if _is_numeric(entry.dtype) and entry.nbytes > stored * expansion:
            raise self._refusal(f"{limits.readable(stored)} stored for {limits.readable(entry.nbytes)} declared", path)
        return entry

    def _refusal(self, reason: str, path: str) -> ModelError:
        return ModelError(
            f"{self._name} is not an HDF5 file that Keras writes. Received: {reason} at {shown(path) or '/'}. {REMEDY}"
        )


def _is_numeric(dtype: np.dtype) -> bool:
    # bfloat16 and the like come as opaque bytes
    return dtype.kind in "fiub" or (dtype.kind == "V" and dtype.names is None and dtype.itemsize <= 2)


def _check_sizes(
    file: h5py.File, datasets: dict[str, DatasetEntry], *, name: str, size: int, memory_limit: int
) -> None:
    stored = sum(file[path].id.get_storage_size() for path in datasets)
    declared = sum(entry.nbytes for entry in datasets.values())
    if stored > size:
        raise ModelError(
            f"{name} is not an HDF5 file that Keras writes. Received: {limits.readable(stored)} of arrays in "
            f"{limits.readable(size)}. {REMEDY}"
        )
    if declared > limits.EXPANSION_FLOOR + limits.EXPANSION * stored:
        raise ModelError(
            f"{name} is not an HDF5 file that Keras writes. Received: {limits.readable(stored)} that unpack to "
            f"{limits.readable(declared)}. {REMEDY}"
        )
    if declared > memory_limit:
        raise ModelError(limits.over_memory(name, declared, " of weights", limit=memory_limit))


def read_attribute(holder: h5py.Group | h5py.Dataset, key: str, *, name: str) -> Any:
    """Return an attribute with its bytes decoded: a str, a list of str, a number; None where there is none.

    Raises:
        ModelError: it is over the size limit or cannot be read.
    """
    with one_line_if_damaged(name):
        if key not in holder.attrs:
            return None
        declared = holder.attrs.get_id(key)
        if math.prod(declared.shape) * declared.dtype.itemsize > limits.HDF5_ATTRIBUTE_BYTES:
            raise ModelError(f"{name} has an attribute that is too long. Received: {shown(key)}. {REMEDY}")
        value = holder.attrs[key]
        if isinstance(value, np.ndarray):
            return [_text(item) for item in value.tolist()]
        return _text(value.item() if isinstance(value, np.generic) else value)


def read_names(group: h5py.Group, key: str, *, name: str) -> list[str]:
    """Return a list of names that Keras wrote as one attribute, or as several with numbers where it is long.

    Source: `save_attributes_to_hdf5_group` in keras/src/legacy/saving/legacy_h5_format.py.
    """
    whole = read_attribute(group, key, name=name)
    if whole is not None:
        return [str(item) for item in whole] if isinstance(whole, list) else [str(whole)]
    names: list[str] = []
    chunk = 0
    while f"{key}{chunk}" in group.attrs:
        names.extend(str(item) for item in read_attribute(group, f"{key}{chunk}", name=name))
        chunk += 1
    return names


def read_array(contents: Hdf5Contents, path: str, *, name: str) -> np.ndarray:
    """Return a checked data set as an array; bfloat16, which HDF5 does not know, as float32.

    Raises:
        ModelError: its bytes cannot be read.
    """
    with one_line_if_damaged(name):
        dataset = contents.file[path]
        values = np.asarray(dataset[()])
        if dataset.dtype.kind == "V" and dataset.dtype.itemsize == 2:
            # The upper half of a float32
            return (values.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
        return values


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value
