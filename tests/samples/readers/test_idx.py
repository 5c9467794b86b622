import gzip
from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples.readers.idx import is_idx, labels_beside, read_idx


def idx_bytes(array: np.ndarray, code: int = 0x08) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


IMAGES = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)


def test_plain_and_gzipped_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(idx_bytes(IMAGES))
    (tmp_path / "packed.gz").write_bytes(gzip.compress(idx_bytes(IMAGES)))

    assert read_idx(tmp_path / "plain").tolist() == IMAGES.tolist()
    assert read_idx(tmp_path / "packed.gz").tolist() == IMAGES.tolist()


def test_wide_types_come_in_native_byte_order(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(idx_bytes(np.array([1, -2], np.int16), 0x0B))

    array = read_idx(tmp_path / "x")

    assert array.tolist() == [1, -2]
    assert array.dtype == np.dtype("=i2")


def test_the_first_bytes_tell_idx() -> None:
    assert is_idx(b"\0\0\x08\x03")
    assert not is_idx(b"\0\0\x08")
    assert not is_idx(b"\0\0\x07\x03")
    assert not is_idx(b"\0\0\x08\x05")


def test_another_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"text"))

    with pytest.raises(SamplesError, match=r"x.gz is not an IDX file. Received: a packed file. Unpack it"):
        read_idx(tmp_path / "x.gz")


def test_files_with_fewer_or_more_values_are_errors(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(idx_bytes(IMAGES)[:-1])
    with pytest.raises(SamplesError, match=r"x must hold 12 bytes of values for shape \(2, 2, 3\). Received: 11."):
        read_idx(tmp_path / "x")

    (tmp_path / "x").write_bytes(idx_bytes(IMAGES) + b"?")
    with pytest.raises(SamplesError, match=r"Received: more."):
        read_idx(tmp_path / "x")


def test_damaged_gzip_is_an_error(tmp_path: Path) -> None:
    packed = gzip.compress(idx_bytes(IMAGES))
    (tmp_path / "x.gz").write_bytes(packed[:-12])
    with pytest.raises(SamplesError, match=r"x.gz cannot be read. Received: Compressed file ended"):
        read_idx(tmp_path / "x.gz")

    (tmp_path / "x.gz").write_bytes(packed[:10] + b"\xff" * 10 + packed[20:])
    with pytest.raises(SamplesError, match=r"x.gz cannot be read."):
        read_idx(tmp_path / "x.gz")


def test_a_missing_file_is_an_error_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match=r"^x.gz cannot be read. Received: No such file or directory."):
        read_idx(tmp_path / "x.gz")


def test_a_declared_size_above_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(idx_bytes(IMAGES))

    with pytest.raises(
        SamplesError, match=r"x needs more memory than allowed.*12 bytes for shape \(2, 2, 3\) \(limit 11 bytes\)"
    ):
        read_idx(tmp_path / "x", memory_limit=11)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
        ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte"),
        ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz"),
        ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
    ],
)
def test_the_label_file_is_found_by_its_name(tmp_path: Path, images: str, labels: str) -> None:
    (tmp_path / labels).touch()

    assert labels_beside(tmp_path / images) == tmp_path / labels


def test_no_label_file_is_found_without_one_or_without_images_in_the_name(tmp_path: Path) -> None:
    assert labels_beside(tmp_path / "t10k-images-idx3-ubyte") is None
    (tmp_path / "x.idx1").touch()
    assert labels_beside(tmp_path / "x.idx3") is None
