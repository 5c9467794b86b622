"""Pickles: arrays and plain values come out, and nothing of Python is called."""

import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.untrusted.pickles import PickleError, arrays_of_pickle

CONTENT = {
    b"data": np.arange(24, dtype=np.uint8).reshape(2, 12), "fortran": np.arange(6.0).reshape(2, 3).T,
    "big": np.arange(3, dtype=">i4"),
    "list": [1, 2, -3, 1 << 40], "scalars": [np.int64(3), np.float32(0.5)], "text": ["é", b"\xff"], "more": (None, True, 1.5, {}),
    "flags": np.array([True, False]), "empty": np.zeros((0, 3)),
}  # fmt: skip


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_and_plain_values_are_read_as_python_reads_them(protocol: int) -> None:
    found = arrays_of_pickle(pickle.dumps(CONTENT, protocol=protocol))

    assert found.keys() == CONTENT.keys()
    for name, value in CONTENT.items():
        if isinstance(value, np.ndarray):
            assert np.array_equal(found[name], value)
            assert found[name].dtype == value.dtype
        else:
            assert found[name] == value


def test_text_of_python_2_is_bytes() -> None:
    assert arrays_of_pickle(b"\x80\x02}q\x01U\x06labelsq\x02]q\x03(K\x01K\x02es.") == {b"labels": [1, 2]}


class Runs:
    """Runs code when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_code_is_refused_and_not_run(tmp_path: Path) -> None:
    for protocol in range(6):
        with pytest.raises(PickleError, match=r"it asks for '(posix|nt).mkdir'"):
            arrays_of_pickle(pickle.dumps({"data": Runs(tmp_path / "made")}, protocol=protocol))
    assert not (tmp_path / "made").exists()


def put(value: bytes, index: int) -> bytes:
    return b"\x80\x02" + value + b"r" + struct.pack("<I", index) + b"."


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is damaged"),
        (b"\x80\x02]", "it is"),
        (pickle.dumps(CONTENT)[:-40], "it is damaged"),
        (b"\x80\x02cnumpy\nndarray\n(K\x01K\x02t\x81.", "it takes the step NEWOBJ"),
        (b"\x80\x02X\x03\x00\x00\x00abcQ.", "it takes the step BINPERSID"),
        (b"\x80\x02cnumpy\nload\n.", "it asks for 'numpy.load'"),
        (b"\x80\x02cbuiltins\neval\n.", "it asks for 'builtins.eval'"),
        (b"\x80\x02}))s.", "it uses a tuple as something else"),
        (b"\x80\x02K\x01)R.", "it uses a int as something else"),
        (pickle.dumps(np.array([{}], object)), "it holds an array of type 'O8'"),
        (pickle.dumps(np.zeros(2, [("a", "i4")])), "it holds an array of type 'V4'"),
        (pickle.dumps(np.arange(3)).replace(b"K\x03\x85", b"K\x04\x85"), "another size than its shape says"),
        (pickle.dumps(slice(1)), "it asks for"),
    ],
)
def test_anything_else_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(PickleError, match=message):
        arrays_of_pickle(data)


def test_a_huge_place_to_remember_takes_no_memory() -> None:
    assert arrays_of_pickle(put(b"K\x01", 2**32 - 1)) == 1
