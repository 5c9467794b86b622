import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples.readers import archives
from reportgen.samples.readers.archives import npz_headers, read_npz_array
from reportgen.samples.readers.arrays import read_npy
from reportgen.untrusted.npy import ArrayHeader


class Bomb:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("code of the file was run",))


class Pipe(io.BytesIO):
    """Is written once, so that an archive cannot go back to a member's header."""

    def seek(self, *_: object) -> int:
        raise OSError


def npy_bytes(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def npy_with_header(header: str, values: bytes = b"", *, version: bytes = b"\x01\x00") -> bytes:
    text = header.encode("latin1").ljust(117) + b"\n"
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text + values


def test_npy_is_memory_mapped_and_read_only(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(6, dtype=np.int16).reshape(2, 3))

    array = read_npy(tmp_path / "x.npy")

    assert isinstance(array, np.memmap)
    assert array.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert not array.flags.writeable


def test_fortran_order_is_kept(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
    np.save(tmp_path / "x.npy", array)
    np.savez(tmp_path / "x.npz", x=array)

    assert read_npy(tmp_path / "x.npy").tolist() == array.tolist()
    assert read_npz_array(tmp_path / "x.npz", "x").tolist() == array.tolist()


def test_an_array_without_values_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.empty((0, 3), np.uint8))

    assert read_npy(tmp_path / "x.npy").shape == (0, 3)


def test_version_2_headers_are_read(tmp_path: Path) -> None:
    with (tmp_path / "x.npy").open("wb") as file:
        np.lib.format.write_array(file, np.arange(3), version=(2, 0))

    assert read_npy(tmp_path / "x.npy").tolist() == [0, 1, 2]


def test_pickled_objects_are_refused_and_not_run(tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(npy_bytes(np.array([Bomb()], dtype=object)))

    with pytest.raises(SamplesError, match=r"x.npy holds pickled Python objects, which are never loaded") as caught:
        read_npy(tmp_path / "x.npy")

    assert "allow_pickle" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"1,2,3\n", pickle.dumps([1]), b"\x93NUMPY", b"\x93NUMPY\x01\x00\xff\xff{"])
def test_another_file_named_npy_does_not_get_numpys_advice(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npy").write_bytes(content)

    with pytest.raises(SamplesError, match=r"x.npy is not a NumPy array file, or its header is damaged.") as caught:
        read_npy(tmp_path / "x.npy")

    assert "pickle" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|u1', 'fortran_order': False}",
        "{'descr': 'nonsense', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': 'abc'}",
        "((((((",
        "__import__('os')",
    ],
)
def test_damaged_headers_are_an_error(tmp_path: Path, header: str) -> None:
    (tmp_path / "x.npy").write_bytes(npy_with_header(header, b"abc"))

    with pytest.raises(SamplesError, match="its header is damaged"):
        read_npy(tmp_path / "x.npy")


def test_an_unknown_version_is_an_error(tmp_path: Path) -> None:
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}"
    (tmp_path / "x.npy").write_bytes(npy_with_header(header, b"abc", version=b"\x09\x00"))

    with pytest.raises(SamplesError, match=r"its header is damaged. Received: ValueError"):
        read_npy(tmp_path / "x.npy")


def test_a_header_that_lies_about_the_size_is_an_error(tmp_path: Path) -> None:
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3298534883328,)}"
    (tmp_path / "x.npy").write_bytes(npy_with_header(header, b"abcd"))

    with pytest.raises(
        SamplesError,
        match=r"x.npy declares shape \(3298534883328,\) of float32, 13194139533312 bytes. Received: 4 bytes",
    ):
        read_npy(tmp_path / "x.npy")


def test_a_truncated_file_and_one_with_more_are_errors(tmp_path: Path) -> None:
    content = npy_bytes(np.arange(4, dtype=np.uint8))
    for length in (len(content) - 1, len(content) + 1):
        (tmp_path / "x.npy").write_bytes((content + b"?")[:length])
        with pytest.raises(SamplesError, match=f"4 bytes. Received: {length - len(content) + 4} bytes."):
            read_npy(tmp_path / "x.npy")


@pytest.mark.parametrize("dtype", ["complex64", "datetime64[s]", [("a", "u1")], "S3", "V2"])
def test_what_is_no_number_is_refused(tmp_path: Path, dtype: object) -> None:
    np.save(tmp_path / "x.npy", np.zeros(2, dtype=dtype))  # type: ignore[call-overload]

    with pytest.raises(SamplesError, match=r"x.npy must hold numbers. Received: dtype"):
        read_npy(tmp_path / "x.npy")


def test_a_negative_size_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(npy_with_header("{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}"))

    with pytest.raises(SamplesError, match=r"must hold numbers. Received: dtype uint8, shape \(-1,\)"):
        read_npy(tmp_path / "x.npy")


def test_a_missing_npy_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match=r"x.npy cannot be read. Received: No such file"):
        read_npy(tmp_path / "x.npy")


def test_npz_headers_are_read_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.zeros((2, 3), np.uint8), b=np.array([None]))

    headers = npz_headers(tmp_path / "x.npz")

    assert headers == {"a": ArrayHeader((2, 3), False, np.dtype("uint8"), 128), "b": None}
    assert headers["a"] is not None
    assert headers["a"].nbytes == 6


def test_one_array_of_an_npz_is_read(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", a=np.arange(3), b=np.arange(4, 6))

    assert read_npz_array(tmp_path / "x.npz", "b").tolist() == [4, 5]


@pytest.mark.parametrize("before", [b"", b"#!/bin/sh\n"])
def test_an_array_that_is_not_compressed_is_mapped_once_its_checksum_holds(tmp_path: Path, before: bytes) -> None:
    arrays = {"first": np.arange(7), "x": np.arange(24_000, dtype=">i2").reshape(20, 30, 40)}
    np.savez(tmp_path / "whole.npz", **arrays)
    content = before + (tmp_path / "whole.npz").read_bytes()
    (tmp_path / "x.npz").write_bytes(content)
    for name, expected in arrays.items():
        found = read_npz_array(tmp_path / "x.npz", name)
        assert isinstance(found, np.memmap)
        assert not found.flags.writeable
        assert (found.dtype, found.tolist()) == (expected.dtype, expected.tolist())
    damaged = bytearray(content)
    damaged[content.index(arrays["x"].tobytes()) + 40_000] ^= 1
    (tmp_path / "x.npz").write_bytes(damaged)
    with pytest.raises(SamplesError, match=r"x.npz cannot be read. Received: .*Bad CRC-32"):
        read_npz_array(tmp_path / "x.npz", "x")


def test_a_member_whose_lengths_stand_after_it_is_mapped_too(tmp_path: Path) -> None:
    expected = np.arange(24_000).reshape(20, 30, 40)
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        for name in ("first", "x"):
            archive.writestr(f"{name}.npy", npy_bytes(expected))
        assert archive.getinfo("x.npy").flag_bits & 8
    (tmp_path / "x.npz").write_bytes(pipe.getvalue())
    found = read_npz_array(tmp_path / "x.npz", "x")
    assert isinstance(found, np.memmap)
    assert found.tolist() == expected.tolist()


def test_a_file_that_is_cut_once_it_is_checked_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(tmp_path / "x.npz", x=np.arange(24_000))

    def start_in_what_is_left(path: Path, member: zipfile.ZipInfo) -> int:
        path.write_bytes(path.read_bytes()[:27])
        return start(path, member)

    start = archives._start
    monkeypatch.setattr(archives, "_start", start_in_what_is_left)
    with pytest.raises(SamplesError, match=r"x.npz cannot be read"):
        read_npz_array(tmp_path / "x.npz", "x")


def test_an_unknown_name_lists_the_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.arange(3), b=np.arange(3))

    with pytest.raises(SamplesError, match=r"x.npz has no array of this name. Received: c. It holds a, b."):
        read_npz_array(tmp_path / "x.npz", "c")


def test_an_npz_without_arrays_says_so(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz")

    with pytest.raises(SamplesError, match=r"It holds no array."):
        read_npz_array(tmp_path / "x.npz", "c")


def test_pickled_objects_in_an_npz_are_refused_and_not_run(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", npy_bytes(np.array([Bomb()], dtype=object)))

    with pytest.raises(SamplesError, match=r"x.npz, array x, holds pickled Python objects"):
        read_npz_array(tmp_path / "x.npz", "x")


def test_a_bomb_is_refused_from_its_declared_size(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros(1_000_000, np.uint8))

    with pytest.raises(
        SamplesError, match=r"array x, needs more memory than allowed.*976\.6 KiB for shape \(1000000,\)"
    ):
        read_npz_array(tmp_path / "x.npz", "x", memory_limit=999_999)


def test_a_member_whose_header_lies_is_an_error(tmp_path: Path) -> None:
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3298534883328,)}"
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", npy_with_header(header, b"abcd"))

    with pytest.raises(SamplesError, match=r"13194139533312 bytes. Received: 4 bytes"):
        read_npz_array(tmp_path / "x.npz", "x")


def test_memory_that_does_not_suffice_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "x.npz", x=np.arange(3, dtype=np.uint8))

    def no_memory(*arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr(np, "frombuffer", no_memory)

    with pytest.raises(SamplesError, match=r"array x, does not fit into memory. Received: 3 bytes."):
        read_npz_array(tmp_path / "x.npz", "x")


def test_damaged_archives_are_an_error(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "whole.npz", x=np.arange(1000))
    content = (tmp_path / "whole.npz").read_bytes()
    (tmp_path / "x.npz").write_bytes(content[:-30])
    with pytest.raises(SamplesError, match=r"x.npz cannot be read. Received: "):
        npz_headers(tmp_path / "x.npz")

    flipped = bytearray(content)
    flipped[600] ^= 0xFF
    (tmp_path / "x.npz").write_bytes(flipped)
    with pytest.raises(SamplesError, match=r"x.npz cannot be read. Received: "):
        read_npz_array(tmp_path / "x.npz", "x")


def test_two_arrays_of_one_name_are_an_error(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", npy_bytes(np.arange(3)))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("x.npy", npy_bytes(np.arange(4)))

    with pytest.raises(SamplesError, match=r"x.npz holds two arrays of one name. Received: x.npy, x.npy."):
        npz_headers(tmp_path / "x.npz")


def test_an_archive_that_fails_while_a_header_is_read_is_an_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.arange(3))
    content = bytearray((tmp_path / "x.npz").read_bytes())
    content[6] |= 1  # the local header's flag for an encrypted member
    central = content.rindex(b"PK\x01\x02")
    content[central + 8] |= 1
    (tmp_path / "x.npz").write_bytes(content)

    with pytest.raises(SamplesError, match=r"x.npz cannot be read. Received: .*encrypted"):
        npz_headers(tmp_path / "x.npz")


def test_a_disk_that_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "x.npy", np.arange(3))

    def fail(stream: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(np.lib.format, "read_magic", fail)

    with pytest.raises(SamplesError, match=r"x.npy cannot be read. Received: Input/output error."):
        read_npy(tmp_path / "x.npy")
