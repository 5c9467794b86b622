"""The sorted table in a TensorFlow checkpoint's .index file: names, and what is said about each.

Source: https://github.com/google/leveldb/blob/main/doc/table_format.md; TensorFlow writes its tables uncompressed
(`TableBuilderOptions` in tensorflow/core/util/tensor_bundle/tensor_bundle.cc).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from reportgen.reading.containers.protobuf import WireError, varint

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
FOOTER_BYTES = 48
_TRAILER = 5  # one byte for the compression, four for the checksum
_UNCOMPRESSED = 0
_LONGEST_KEY = 10_000


def is_table(tail: bytes) -> bool:
    """Return whether a file with these last bytes is such a table."""
    return tail.endswith(MAGIC)


def rows(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value of every row of a table.

    Args:
        content: the whole file.

    Raises:
        WireError: the table is damaged.
    """
    if len(content) < FOOTER_BYTES or not is_table(content):
        raise WireError("no table's end")
    footer = content[-FOOTER_BYTES:]
    _, position = _handle(footer, 0)  # of the block of blocks' statistics, which is empty
    index, _ = _handle(footer, position)
    read = 0
    for _, place in _block_rows(content, *index):
        handle, _ = _handle(place, 0)
        read += handle[1]
        if read > len(content):
            raise WireError("blocks that overlap")
        yield from _block_rows(content, *handle)


def _handle(buffer: bytes, position: int) -> tuple[tuple[int, int], int]:
    offset, position = varint(buffer, position)
    size, position = varint(buffer, position)
    return (offset, size), position


def _block_rows(content: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    block = content[offset : offset + size]
    trailer = content[offset + size : offset + size + _TRAILER]
    if len(block) != size or len(trailer) != _TRAILER or size < 4:
        raise WireError("a block that is cut off")
    if trailer[0] != _UNCOMPRESSED:
        raise WireError("a compressed block")
    restarts = int.from_bytes(block[-4:], "little")
    end = size - 4 * (restarts + 1)
    if end < 0:
        raise WireError("a block that is cut off")
    key, position = b"", 0
    while position < end:
        shared, position = varint(block, position)
        unshared, position = varint(block, position)
        length, position = varint(block, position)
        if shared > len(key) or position + unshared + length > end:
            raise WireError("a row that is cut off")
        following = key[:shared] + block[position : position + unshared]
        if len(following) > _LONGEST_KEY or (following <= key and key):
            raise WireError("names that are too long or out of order")
        key = following
        position += unshared
        yield key, block[position : position + length]
        position += length
