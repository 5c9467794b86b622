"""A check of an HDF5 file's global heaps, where strings of free length lie, before the HDF5 library reads them.

The library (1.14) walks through a heap by the sizes in it, and never comes to an end where a size is wrong. It cannot be
interrupted then, so the sizes are added up here first.
Source: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, III.E, "Disk Format: Level 1E - Global Heap".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from reportgen.errors import ModelError
from reportgen.untrusted.limits import HEAP_BYTES

# Signature, version 1 and three reserved bytes: eight bytes that weights do not hold by chance
HEAP_SIGNATURE = b"GCOL\x01\x00\x00\x00"
BLOCK_BYTES = 1 << 20
_SIZE = struct.Struct("<Q")
_OBJECT = struct.Struct("<HHLQ")  # index, reference count, reserved, size
_HEADER = 16


def check_heaps(file: BinaryIO, *, name: str) -> None:
    """Refuse a file with a global heap whose objects do not fill it exactly.

    Args:
        file: open to read; its position is the beginning afterwards.
        name: the file's name, for errors.

    Raises:
        ModelError: a heap is damaged.
    """
    for offset in list(_offsets(file)):
        file.seek(offset + len(HEAP_SIGNATURE))
        head = file.read(_SIZE.size)
        size = _SIZE.unpack(head)[0] if len(head) == _SIZE.size else 0
        heap = file.read(max(size - _HEADER, 0)) if size <= HEAP_BYTES else b""
        if size < _HEADER or len(heap) != size - _HEADER or not _is_filled(heap):
            raise ModelError(
                f"{name} is a damaged HDF5 file. Received: a heap with wrong sizes at byte {offset}. "
                f"Copy or download it again."
            )
    file.seek(0)


def _offsets(file: BinaryIO) -> Iterator[int]:
    file.seek(0)
    begin, kept = 0, b""
    while block := file.read(BLOCK_BYTES):
        # What lies across two blocks is looked for apart, so that no block is copied
        for text, place in ((kept + block[: len(HEAP_SIGNATURE) - 1], begin - len(kept)), (block, begin)):
            found = text.find(HEAP_SIGNATURE)
            while found >= 0:
                yield place + found
                found = text.find(HEAP_SIGNATURE, found + 1)
        begin += len(block)
        kept = block[-(len(HEAP_SIGNATURE) - 1) :]


def _is_filled(heap: bytes) -> bool:
    position = 0
    while position + _OBJECT.size <= len(heap):
        index, _, _, size = _OBJECT.unpack_from(heap, position)
        # The free space, which has no index, counts its own header
        length = size if index == 0 else _OBJECT.size + (size + 7) // 8 * 8
        if length < _OBJECT.size or position + length > len(heap):
            return False
        position += length
    return True
