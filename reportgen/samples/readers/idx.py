"""The IDX format of the MNIST family, plain or gzipped.

Source: Yann LeCun, "The MNIST database of handwritten digits", section "File formats": two zero bytes, a type code, the
number of dimensions, each size as a big-endian 32-bit integer, then the values, the last axis fastest.
"""

import gzip
import math
import re
import zlib
from pathlib import Path

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.files import base_name, cannot_be_read, shown_name
from reportgen.samples.labels import GivenLabels
from reportgen.samples.readers.arrays import StoredArray
from reportgen.samples.readers.reader import GivenFile
from reportgen.samples.readers.unread import what_it_is
from reportgen.untrusted import limits

GZIP_MAGIC = b"\x1f\x8b"
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MAX_RANK = 4
_GIVE = "Give the file as it was downloaded."


class IdxFile:
    """An IDX file, plain or gzipped, with the labels that lie beside it."""

    def match(self, file: GivenFile) -> bool:
        """Return whether the file begins as an IDX or a gzipped file does."""
        return is_idx(file.head) or file.head.startswith(GZIP_MAGIC)

    def open(self, file: GivenFile) -> StoredArray:
        """Return the array, with the labels of the file that is named alike."""
        path, labels = file.path, None
        beside = None if file.labels else labels_beside(path)
        if beside is not None:
            origin = say("{labels} beside {samples}", labels=base_name(beside), samples=base_name(path))
            labels = GivenLabels(read_idx(beside, memory_limit=file.memory_limit), origin)
        return StoredArray(
            values=read_idx(path, memory_limit=file.memory_limit),
            name=shown_name(path.name.removesuffix(".gz")),
            description=base_name(path),
            labels=labels,
        )


def is_idx(head: bytes) -> bool:
    """Return whether a file's first four bytes announce an uncompressed IDX file."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in _TYPES and 1 <= head[3] <= _MAX_RANK


def read_idx(path: Path, *, memory_limit: int = limits.HALF_OF_MEMORY) -> np.ndarray:
    """Return the array of an IDX file, in native byte order.

    Args:
        path: a plain or gzipped IDX file.
        memory_limit: bytes that its values may take.
        memory_limit: bytes that its values may take.

    Raises:
        SamplesError: the file is not IDX, is truncated, holds more values than its header declares, or declares more
            than the memory limit.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP_MAGIC
        with gzip.open(path) if packed else path.open("rb") as stream:
            head = stream.read(4)
            if not is_idx(head):
                what, recipe = what_it_is(path.name, GZIP_MAGIC if packed else head) or (
                    "a file of another kind",
                    _GIVE,
                )
                raise SamplesError(
                    f"{base_name(path)} is not an IDX file. Received: {what if head else 'no bytes'}. {recipe}"
                )
            sizes = tuple(int.from_bytes(stream.read(4), "big") for _ in range(head[3]))
            dtype = np.dtype(_TYPES[head[2]])
            expected = math.prod(sizes) * dtype.itemsize
            if expected > memory_limit:
                what = f" for shape {sizes}"
                raise SamplesError(limits.over_memory(base_name(path), expected, what, limit=memory_limit))
            # One byte more than declared is asked for, to notice a file that holds more
            values = stream.read(expected + 1)
    except (OSError, EOFError, MemoryError, zlib.error) as error:
        raise cannot_be_read(path, error) from error
    if len(values) != expected:
        raise SamplesError(
            f"{base_name(path)} must hold {expected} bytes of values for shape {sizes}. Received: "
            f"{'more' if len(values) > expected else len(values)}. Check that the file is complete."
        )
    array = np.frombuffer(values, dtype).reshape(sizes)
    return array.astype(dtype.newbyteorder("="), copy=False)


def labels_beside(path: Path) -> Path | None:
    """Return the label file of an IDX image file, found by its name, or None.

    't10k-images-idx3-ubyte.gz' has its labels in 't10k-labels-idx1-ubyte.gz' or the same without '.gz'; names with
    '.idx3' work alike.
    """
    name = re.sub(r"idx\d", "idx1", path.name.replace("images", "labels"))
    if "images" not in path.name:
        return None
    plain = name.removesuffix(".gz")
    for candidate in (name, plain, f"{plain}.gz"):
        if (path.parent / candidate).is_file():
            return path.parent / candidate
    return None
