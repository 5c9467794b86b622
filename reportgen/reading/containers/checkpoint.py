"""A TensorFlow checkpoint: its index is read and checked without TensorFlow, its values by TensorFlow.

TensorFlow knows the checksums of the values. A SavedModel keeps its variables in the same way.

Sources: tensorflow/core/protobuf/tensor_bundle.proto and trackable_object_graph.proto.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.errors import ModelError, lack_of
from reportgen.messages import say
from reportgen.reading.containers.formats import Contents, DatasetEntry, Match, ModelFile, ModelFormat, is_file
from reportgen.reading.containers.protobuf import WireError, fields, messages, signed, text, varint
from reportgen.reading.containers.sorted_table import FOOTER_BYTES, is_table, rows
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import base_name, reason_of, shown

INDEX = ".index"
_SHARD = re.compile(r"\.data-\d{5}-of-\d{5}")
_STATE = "checkpoint"  # names the latest of several checkpoints in a folder
_STATE_BYTES = 1 << 16
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
# Numbers of tensorflow/core/framework/types.proto; bfloat16, which numpy does not know, as two opaque bytes
_DTYPES = {
    1: "f4", 2: "f8", 3: "i4", 4: "u1", 5: "i2", 6: "i1", 9: "i8", 10: "?", 14: "V2", 17: "u2", 19: "f2", 22: "u4", 23: "u8",
}  # fmt: skip
_STRING = 7
_MOST_SHARDS = 10_000
_MOST_AXES = 32
# What optimisers keep: slots, and since Keras 2.11 a list that may stand under any name
_OPTIMIZER = re.compile(r"(^|/)_?optimizer(/(?!_trainable_variables/)|$)|/\.OPTIMIZER_SLOT/|(^|/)_variables/\d+/")
_NOT_OF_THE_MODEL = ("keras_api/", "save_counter/")
REMEDY = "Copy or download it again, with all of its files."


@dataclass(frozen=True)
class CheckpointContents:
    """A checked checkpoint.

    Attributes:
        prefix: its path without '.index'.
        weights: every numeric tensor of the model by its key; those of optimisers and metrics are left out.
        names: the variables' names, such as 'conv/kernel', by key, where the checkpoint has them.
    """

    prefix: Path
    weights: Mapping[str, DatasetEntry]
    names: Mapping[str, str]


@dataclass(frozen=True)
class _Entry:
    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    sliced: bool


class Checkpoint(ModelFormat):
    """A TensorFlow checkpoint: an index and the files with the values."""

    label = say("TensorFlow checkpoint")

    def match(self, path: Path, head: bytes) -> Match | None:
        """Return a checkpoint of which `path` is a file, the path without '.index', or the folder."""
        prefix = checkpoint_prefix(path) or (checkpoint_in_folder(path) if path.is_dir() else None)
        return None if prefix is None else (prefix, checkpoint_members(prefix))

    @contextmanager
    def open(self, file: ModelFile, *, memory_limit: int, verify: bool = False) -> Iterator[Contents]:
        """Yield the tensors; TensorFlow compares their checksums when it reads them."""
        yield Contents(arrays=open_checkpoint(file.path, name=shown(file.name), memory_limit=memory_limit))


def open_checkpoint(prefix: Path, *, name: str, memory_limit: int) -> CheckpointContents:
    """Return what a checkpoint holds, after every size in its index was compared with its files.

    Args:
        prefix: path without '.index'.
        name: the file's name, for errors.
        memory_limit: bytes that the model's tensors may take together.

    Raises:
        ModelError: the index is damaged, or its sizes cannot be true, or a file is missing.
    """
    try:
        content = _limited(Path(f"{prefix}{INDEX}"), limits.HEAP_BYTES)
        shards, entries = _entries(content)
    except WireError as error:
        raise ModelError(f"{name} has a damaged index. Received: {error}. {REMEDY}") from error
    files = [shard_path(prefix, number, shards) for number in range(shards)]
    sizes = [_size_of(file, name) for file in files]
    for key, entry in entries.items():
        reason = _reason_against(entry, sizes)
        if reason is not None:
            raise ModelError(f"{name} has a damaged index. Received: {reason} for {shown(key)}. {REMEDY}")
    tensors = {
        key: DatasetEntry(path=key, shape=entry.shape, dtype=np.dtype(_DTYPES[entry.dtype]))
        for key, entry in entries.items()
        if entry.dtype in _DTYPES and not entry.sliced and not is_state(key)
    }
    if sum(entry.size for entry in entries.values()) > sum(sizes):
        raise ModelError(f"{name} has a damaged index. Received: tensors longer than the files. {REMEDY}")
    declared = sum(entry.nbytes for entry in tensors.values())
    if declared > memory_limit:
        raise ModelError(limits.over_memory(name, declared, " of weights", limit=memory_limit))
    ordered = dict(sorted(_once(tensors).items(), key=lambda item: _natural(item[0])))
    return CheckpointContents(prefix=prefix, weights=ordered, names=_names(entries.get(OBJECT_GRAPH), files))


def has_index(prefix: Path) -> bool:
    """Return whether there is a checkpoint of that path."""
    return Path(f"{prefix}{INDEX}").exists()


def is_state(key: str) -> bool:
    """Return whether a key is of an optimiser or a metric, which no report needs."""
    return _OPTIMIZER.search(key) is not None or key.startswith(_NOT_OF_THE_MODEL)


def shard_path(prefix: Path, number: int, shards: int) -> Path:
    """Return the path of one of the files that hold the values."""
    return Path(f"{prefix}.data-{number:05d}-of-{shards:05d}")


def read_tensors(contents: CheckpointContents, keys: list[str], *, name: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yield key and values of tensors; bfloat16 as float32. TensorFlow reads them and compares the checksums.

    Raises:
        ModelError: they cannot be read.
    """
    import tensorflow as tf

    try:
        # Not `load_checkpoint`, which would take another checkpoint where there is a folder of the prefix's name
        reader: Any = tf.compat.v1.train.NewCheckpointReader(str(contents.prefix.absolute()))
        for key in keys:
            values = np.asarray(reader.get_tensor(key))
            yield key, values.astype(np.float32) if contents.weights[key].dtype.kind == "V" else values
    except (tf.errors.OpError, ValueError, RuntimeError, LookupError, OSError) as error:
        raise ModelError(f"{name} cannot be read. Received: {reason_of(error, limit=120)}. {REMEDY}") from error


def _limited(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise WireError(f"more than {limits.readable(limit)}")
    return content


def _entries(content: bytes) -> tuple[int, dict[str, _Entry]]:
    shards, entries = 0, {}
    for key, value in rows(content):
        if key == b"":
            shards = next((number for field, number in fields(value) if field == 1 and isinstance(number, int)), 1)
        elif not key.startswith(b"\0"):  # a part of a partitioned variable
            entries[key.decode("utf-8", errors="backslashreplace")] = _entry(value)
        if len(entries) > limits.HDF5_OBJECTS:
            raise WireError(f"more than {limits.HDF5_OBJECTS:,} tensors")
    if not 0 < shards <= _MOST_SHARDS:
        raise WireError(f"{shards:,} files of values")
    return shards, entries


def _entry(value: bytes) -> _Entry:
    numbers = {number: item for number, item in fields(value) if isinstance(item, int)}
    dimensions = []
    for shape in messages(value, 2):
        for dimension in messages(shape, 2):
            sizes = [item for number, item in fields(dimension) if number == 1 and isinstance(item, int)]
            dimensions.append(signed(sizes[-1]) if sizes else 0)
    return _Entry(
        dtype=numbers.get(1, 0),
        shape=tuple(dimensions),
        shard=numbers.get(3, 0),
        offset=signed(numbers.get(4, 0)),
        size=signed(numbers.get(5, 0)),
        sliced=any(True for _ in messages(value, 7)),
    )


def _reason_against(entry: _Entry, sizes: list[int]) -> str | None:
    if entry.shard >= len(sizes):
        return f"file {entry.shard:,} of {len(sizes):,}"
    if entry.sliced:
        return None
    if len(entry.shape) > _MOST_AXES:
        return f"{len(entry.shape):,} axes"
    if min(entry.offset, entry.size, *entry.shape, 0) < 0:
        return "a negative size"
    if entry.offset + entry.size > sizes[entry.shard]:
        return f"bytes up to {entry.offset + entry.size:,} of {sizes[entry.shard]:,}"
    if entry.dtype in _DTYPES:
        declared = DatasetEntry(path="", shape=entry.shape, dtype=np.dtype(_DTYPES[entry.dtype])).nbytes
        if declared != entry.size:
            return f"{limits.readable(entry.size)} stored for {limits.readable(declared)} declared"
    return None


def _size_of(path: Path, name: str) -> int:
    if not path.is_file():
        raise ModelError(f"{name} is not complete. Received: no file {shown(path.name)}. {REMEDY}")
    return path.stat().st_size


def _once(tensors: dict[str, DatasetEntry]) -> dict[str, DatasetEntry]:
    """Return them without those that Keras 3 exports a second time."""
    if any(key.startswith("variables/") for key in tensors):
        return {key: entry for key, entry in tensors.items() if not key.startswith("_all_variables/")}
    return tensors


def _natural(key: str) -> list[tuple[int, str]]:
    """Return what sorts 'variables/9' before 'variables/10'."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d{1,9})", key)]


def _names(graph: _Entry | None, files: list[Path]) -> dict[str, str]:
    """Return the variables' names from the graph of objects, which is stored as a tensor with one text."""
    if graph is None or graph.dtype != _STRING or graph.shape or graph.sliced or graph.size > limits.HEAP_BYTES:
        return {}
    with files[graph.shard].open("rb") as file:
        file.seek(graph.offset)
        content = file.read(graph.size)
    names: dict[str, str] = {}
    try:
        length, position = varint(content, 0)
        for node in messages(content[position + 4 :][:length], 1):
            for attribute in messages(node, 2):
                full_name, key = text(attribute, 2), text(attribute, 3)
                if full_name and key:
                    names[key] = full_name
    except WireError:
        return {}  # the keys themselves remain
    return names


def checkpoint_prefix(path: Path) -> Path | None:
    """Return a checkpoint's path without '.index' where `path` names one of its files, or no file but its prefix."""
    shard = _SHARD.search(path.name)
    if shard is not None and shard.end() == len(path.name):
        prefix = path.with_name(path.name[: shard.start()])
        return prefix if _is_index(Path(f"{prefix}{INDEX}")) else None
    if path.name.endswith(INDEX) and len(path.name) > len(INDEX):
        return path.with_name(path.name.removesuffix(INDEX)) if _is_index(path) else None
    if path.name and not _exists(path) and _is_index(Path(f"{path}{INDEX}")):
        return path
    return None


def checkpoint_in_folder(folder: Path) -> Path | None:
    """Return the prefix of the checkpoint in a folder: the one that its `checkpoint` file names, or the only one.

    Raises:
        ModelError: there are several.
    """
    found = sorted(path.name.removesuffix(INDEX) for path in folder.iterdir() if path.name.endswith(INDEX))
    names = [name for name in found if name and _is_index(folder / f"{name}{INDEX}")]
    latest = _latest(folder / _STATE)
    if latest in names:
        return folder / latest
    if len(names) > 1:
        raise ModelError(
            f"{base_name(folder)} holds several checkpoints. Received: {shown(', '.join(names))}. "
            f"Give one of them, such as {shown(names[-1])}{INDEX}."
        )
    if found and not names:
        raise ModelError(
            f"{base_name(folder)} holds a damaged checkpoint. Received: {shown(found[0])}{INDEX}, which is no index. "
            f"Copy or download it again."
        )
    return folder / names[0] if names else None


def checkpoint_members(prefix: Path) -> tuple[Path, ...]:
    """Return the files of a checkpoint: the index, and those with the values."""
    begin = len(prefix.name)
    values = sorted(
        path
        for path in prefix.parent.iterdir()
        if path.name.startswith(prefix.name) and _SHARD.fullmatch(path.name[begin:])
    )
    return (Path(f"{prefix}{INDEX}"), *values)


def _latest(state: Path) -> str:
    if not is_file(state):
        return ""
    with state.open("rb") as file:
        match = re.search(rb'^model_checkpoint_path: "([^"\n]*)"', file.read(_STATE_BYTES), re.MULTILINE)
    # Wherever it says that the checkpoint is, only this folder is looked into
    return match[1].decode("utf-8", errors="replace").replace("\\", "/").rsplit("/", 1)[-1] if match else ""


def _is_index(path: Path) -> bool:
    if not is_file(path) or path.stat().st_size < FOOTER_BYTES:
        return False
    try:
        with path.open("rb") as file:
            file.seek(-FOOTER_BYTES, 2)
            return is_table(file.read())
    except OSError as error:
        if lack_of(error):
            raise
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return True
