"""Heaps of strings are added up before the HDF5 library, which would not come to an end, reads them."""

import io
from pathlib import Path

import h5py
import pytest

from reportgen.errors import ModelError
from reportgen.reading.containers.hdf5_heap import BLOCK_BYTES, HEAP_SIGNATURE, check_heaps


def with_heap(path: Path) -> bytearray:
    with h5py.File(path, "w") as file:
        file.attrs["text"] = "a string of free length"
    return bytearray(path.read_bytes())


def test_what_the_library_wrote_is_accepted(tmp_path: Path) -> None:
    content = with_heap(tmp_path / "m.h5")
    assert content.count(HEAP_SIGNATURE) == 1
    file = io.BytesIO(content)
    check_heaps(file, name="m.h5")
    assert file.tell() == 0


@pytest.mark.parametrize("size", [0, 2**64 - 16, 5000])
def test_an_object_of_a_wrong_size_is_refused(tmp_path: Path, size: int) -> None:
    content = with_heap(tmp_path / "m.h5")
    place = content.index(HEAP_SIGNATURE)
    free = place + 16 + 16 + 24  # after the heap's header and the string's object
    content[free : free + 16] = bytes(8) + size.to_bytes(8, "little")
    with pytest.raises(ModelError, match=f"Received: a heap with wrong sizes at byte {place}"):
        check_heaps(io.BytesIO(content), name="m.h5")


@pytest.mark.parametrize("size", [8, 1 << 40])
def test_a_heap_of_a_wrong_size_is_refused(size: int) -> None:
    with pytest.raises(ModelError, match="a heap with wrong sizes at byte 0"):
        check_heaps(io.BytesIO(HEAP_SIGNATURE + size.to_bytes(8, "little") + bytes(100)), name="m.h5")


@pytest.mark.parametrize("before", [3, 8])
def test_a_heap_across_two_blocks_is_found_once(before: int) -> None:
    content = bytes(BLOCK_BYTES - before) + HEAP_SIGNATURE + bytes(100)
    with pytest.raises(ModelError, match=f"at byte {BLOCK_BYTES - before}"):
        check_heaps(io.BytesIO(content), name="m.h5")
