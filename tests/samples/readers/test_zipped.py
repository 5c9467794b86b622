"""Zip files of images: read in place, with the labels and digests of a folder of the same content."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import SamplesError
from reportgen.samples import open_samples
from reportgen.samples.fingerprint import fingerprint_samples
from reportgen.samples.labels import Accepts, ClassLabels
from reportgen.samples.readers import zipped
from reportgen.samples.source import SampleSource

INPUT = (4, 4, 1)


def png(value: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (4, 4), value).save(stream, "PNG")
    return stream.getvalue()


def made(path: Path, content: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def opened(path: Path) -> SampleSource:
    return open_samples(path, Accepts(input_shape=INPUT))


CLASSES = {
    f"{name}/{place}.png": png(10 * kind + place) for kind, name in enumerate(("cat", "dog")) for place in range(2)
}


@pytest.mark.parametrize("around", ["", "flowers/", "a/b/"])
def test_class_folders_of_a_zip_file_give_labels(tmp_path: Path, around: str) -> None:
    mac = {"__MACOSX/flowers/._0.png": b"x", ".DS_Store": b"x", f"{around}.hidden/1.png": png(0)}
    path = made(tmp_path / "s.zip", {f"{around}{name}": data for name, data in CLASSES.items()} | mac)

    source = opened(path)

    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == [0, 0, 1, 1]
    assert source.class_names == ("cat", "dog")
    assert source.read([3, 0])[:, 0, 0, 0].tolist() == [11, 0]
    assert source.names(2) == "dog/0.png"
    assert source.description == f"folder s.zip{'/' if around else ''}{around.rstrip('/')}, 4 images"


def test_the_digest_is_that_of_the_folder(tmp_path: Path) -> None:
    path = made(tmp_path / "s.zip", CLASSES)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "s")

    assert fingerprint_samples(opened(path), range(4)) == fingerprint_samples(opened(tmp_path / "s"), range(4))


def test_a_damaged_or_encrypted_image_is_an_error_that_names_it(tmp_path: Path) -> None:
    data = bytearray(made(tmp_path / "s.zip", {"a.png": png(1)}, zipfile.ZIP_STORED).read_bytes())
    data[50] ^= 255
    (tmp_path / "s.zip").write_bytes(data)
    with pytest.raises(SamplesError, match=r"^a.png is a damaged or incomplete image. Received: Bad CRC-32"):
        opened(tmp_path / "s.zip")
    data[50] ^= 255
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "s.zip").write_bytes(data)
    with pytest.raises(
        SamplesError, match=r"^a.png is a damaged or incomplete image. Received: it is encrypted; unpack"
    ):
        opened(tmp_path / "s.zip")


def test_an_image_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipped.limits, "EXPANSION_FLOOR", 1 << 10)
    path = made(tmp_path / "s.zip", {"a.png": png(1) + bytes(1 << 20)})

    with pytest.raises(SamplesError, match=r"it unpacks to 1.0 MiB, more than an image has"):
        opened(path)
    monkeypatch.setattr(zipped, "_MOST_FILES", 0)
    with pytest.raises(SamplesError, match=r"s.zip holds more than 0 files. Received: 1."):
        opened(path)


def test_paths_out_of_the_zip_file_are_no_images(tmp_path: Path) -> None:
    path = made(tmp_path / "s.zip", {"../a.png": png(1), "/b.png": png(2), "c.png": png(3), "d//e.png": png(4)})

    source = opened(path)

    assert [source.names(place) for place in range(source.count)] == ["c.png"]


def test_a_cut_zip_file_is_an_error(tmp_path: Path) -> None:
    data = made(tmp_path / "s.zip", CLASSES).read_bytes()
    (tmp_path / "s.zip").write_bytes(data[:-30])

    with pytest.raises(SamplesError, match=r"s.zip cannot be read. Received: File is not a zip file"):
        opened(tmp_path / "s.zip")


def test_a_zip_file_of_arrays_is_one_of_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", x=np.zeros((2, 4, 4)))
    with zipfile.ZipFile(tmp_path / "s.npz", "a") as archive:
        archive.writestr("preview.png", png(1))

    assert opened(tmp_path / "s.npz").description == "s.npz, array x"


def test_a_zip_file_of_something_else_says_so(tmp_path: Path) -> None:
    path = made(tmp_path / "s.zip", {"data.csv": b"1,2"})

    with pytest.raises(SamplesError, match=r"Received: a zip file without arrays and without images. Unpack it"):
        opened(path)
