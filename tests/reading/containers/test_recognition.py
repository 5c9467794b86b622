"""What a path is: formats from the first bytes, and one line for everything that is no model."""

import hashlib
import io
import os
import pickle
import socket
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from reportgen.errors import ModelError
from reportgen.reading.containers.recognition import recognise


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        recognise(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path.parent) not in message
    assert caught.value.exit_code == 3
    return message


def test_zip_with_config_is_a_keras_archive_whatever_its_name(tmp_path: Path) -> None:
    content = zipped({"config.json": b"{}"})
    path = tmp_path / "model.h5"
    path.write_bytes(content)
    file = recognise(path)
    assert file.format.label == "Keras v3 archive (.keras)"
    assert file.name == "model.h5"
    assert file.size == len(content)
    assert file.sha256 == hashlib.sha256(content).hexdigest()


def test_hdf5_is_recognised_without_an_extension(tmp_path: Path) -> None:
    path = tmp_path / "model"
    h5py.File(path, "w").close()
    file = recognise(str(path))
    assert file.format.label == "HDF5 (.h5)"


@pytest.mark.parametrize("block", [512, 1024, 4096, 1 << 20])
def test_hdf5_after_a_user_block_is_recognised(tmp_path: Path, block: int) -> None:
    path = tmp_path / "model.h5"
    with h5py.File(path, "w", userblock_size=block) as file:
        file["x"] = np.zeros(3)
    content = path.read_bytes()
    path.write_bytes(b"anything at all".ljust(block) + content[block:])
    assert recognise(path).format.label == "HDF5 (.h5)"


def test_hdf5_at_another_place_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    h5py.File(path, "w").close()
    path.write_bytes(bytes(1536) + path.read_bytes())
    assert "Received: unknown bytes" in refusal(path)


@pytest.mark.parametrize("member", ["a.h5", "model.weights.h5"])
def test_an_archive_with_hdf5_at_such_a_place_is_an_archive(tmp_path: Path, member: str) -> None:
    stored = io.BytesIO()
    h5py.File(stored, "w").close()
    path = tmp_path / "archive"
    content = next(
        content
        for padding in range(380, 512)
        if (content := zipped({"first": b" " * padding, member: stored.getvalue()}))[512:516] == b"\x89HDF"
    )
    path.write_bytes(content)
    assert "Received: a zip archive" in refusal(path)
    path.write_bytes(b"x" * 512 + content[512:])
    assert refusal(path)


def test_unzipped_archive_is_a_folder_with_one_digest(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b"{}")
    (tmp_path / "model.weights.h5").write_bytes(b"abc")
    parts = [hashlib.sha256(content).hexdigest() for content in (b"{}", b"abc")]
    expected = hashlib.sha256(f"config.json {parts[0]}\nmodel.weights.h5 {parts[1]}\n".encode()).hexdigest()
    file = recognise(tmp_path)
    assert file.format.label == "Keras v3 archive, unzipped into a folder"
    assert file.size == 5
    assert file.sha256 == expected


def test_missing_file_is_named_without_its_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.keras") == "no such model file. Received: gone.keras. Check the path."


def test_line_breaks_and_direction_marks_in_a_name_are_escaped(tmp_path: Path) -> None:
    assert "Received: a\\nb\\u202ec." in refusal(tmp_path / "a\nb\u202ec")


def test_nul_in_a_name_is_no_traceback(tmp_path: Path) -> None:
    assert "cannot be found" in refusal(tmp_path / "a\0b")


def test_link_loop_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "loop.keras"
    path.symlink_to(path)
    assert "cannot be found. Received: loop.keras" in refusal(path)


def test_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.touch()
    assert refusal(path) == "model.keras is empty. Received: 0 bytes. Copy or download the model again."


def test_fifo_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    os.mkfifo(path)
    assert "model.keras is not a regular file. Received: a named pipe (FIFO)." in refusal(path)


def test_socket_and_device_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert "Received: a socket." in refusal(path)
    assert "Received: a character device." in refusal(Path("/dev/null"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"PK")
    path.chmod(0)
    assert "cannot be opened" in refusal(path)


NOT_MODELS = {
    "NumPy array": (b"\x93NUMPY\x01\x00", "a NumPy array (.npy)"),
    "npz": (zipped({"x.npy": b""}), "NumPy arrays (.npz)"),
    "PyTorch": (zipped({"archive/data.pkl": b""}), "a PyTorch file"),
    "zipped SavedModel": (zipped({"m/saved_model.pb": b""}), "a zipped SavedModel folder"),
    "zipped model": (zipped({"m.keras": b"", "README": b""}), "a zip archive that has a model among other files"),
    "office": (zipped({"[Content_Types].xml": b""}), "an office document"),
    "other zip": (zipped({"a": b""}), "a zip archive without config.json"),
    "empty zip": (zipped({}), "a zip archive without members"),
    "damaged zip": (zipped({"config.json": b"{}"})[:40], "a zip archive that is cut off or damaged"),
    "pickle": (pickle.dumps([1], protocol=4), "a Python pickle"),
    "ONNX": (b"\x08\x07\x12\x07pytorch", "an ONNX model"),
    "SavedModel": (b"\x08\x01\x12\x05", "a SavedModel's saved_model.pb"),
    "TFLite": (b"\x1c\x00\x00\x00TFL3", "a TensorFlow Lite model"),
    "safetensors": (b"\x40\x00\x00\x00\x00\x00\x00\x00{}", "a safetensors file"),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
    "gzip": (b"\x1f\x8b\x08", "a gzip file"),
    "tar": (b"\0" * 257 + b"ustar", "a tar archive"),
    "PNG": (b"\x89PNG\r\n", "a PNG image"),
    "JSON": (b"[1]", "a JSON file"),
    "HTML": (b"<!doctype html>", "an HTML or XML page"),
    "text": (b"hello\n", "a text file"),
    "noise": (b"\xfa\xfb\xfc", "unknown bytes"),
}


@pytest.mark.parametrize("kind", NOT_MODELS)
def test_error_says_what_the_file_seems_to_be(tmp_path: Path, kind: str) -> None:
    content, expected = NOT_MODELS[kind]
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    assert refusal(path).startswith(f"model.keras is not a Keras model. Received: {expected}")


@pytest.mark.parametrize("member", ["readme", "config.json", "variables"])
def test_folder_without_a_keras_model_is_refused(tmp_path: Path, member: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / member).touch()
    assert refusal(folder) == (
        "model is a folder without a Keras model. Received: a folder. "
        "Give a Keras model: a .keras archive or an HDF5 file (.h5)."
    )


def test_fifo_inside_a_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").touch()
    (folder / "model.weights.h5").touch()
    os.mkfifo(folder / "metadata.json")
    assert "metadata.json is not a regular file" in refusal(folder)


@pytest.mark.parametrize("block", [0, 512, 2048])
def test_two_formats_at_once_are_refused(tmp_path: Path, block: int) -> None:
    path = tmp_path / "model"
    with h5py.File(path, "w", userblock_size=block) as file:
        file["x"] = np.zeros(300)
    content = path.read_bytes()
    path.write_bytes(content + zipped({"config.json": b"{}"}))
    if block:
        archive = zipped({"config.json": b"{}"})
        content = archive[: block - 1].ljust(block, b"\0") + content[block:]
        # The end of the archive says where its directory lies, so it can follow anything
        path.write_bytes(content + archive[archive.index(b"PK\x01\x02") :])
        with zipfile.ZipFile(path) as check:
            if check.namelist() != ["config.json"]:
                pytest.skip("not readable as a zip archive")
    assert "is a zip archive and an HDF5 file at once" in refusal(path)


def test_stored_weights_at_an_offset_of_hdf5_are_no_second_format(tmp_path: Path) -> None:
    weights = io.BytesIO()
    h5py.File(weights, "w").close()
    for padding in range(470, 512):
        content = zipped({"config.json": b" " * (padding - 60), "model.weights.h5": weights.getvalue()})
        if content[512:516] == b"\x89HDF":
            break
    assert content[512:516] == b"\x89HDF"
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    assert recognise(path).format.label == "Keras v3 archive (.keras)"


@pytest.mark.parametrize(
    ("address", "command"),
    [
        ("hf://user/repo/sub/model.keras", "hf download user/repo sub/model.keras --local-dir ."),
        ("hf://user/repo", "hf download user/repo --local-dir ."),
        ("https://host.org/a/model.h5", "curl -L -O https://host.org/a/model.h5"),
        ("gs://bucket/model.keras", "gcloud storage cp -r gs://bucket/model.keras ."),
        ("s3://bucket/model.keras", "aws s3 cp s3://bucket/model.keras ."),
    ],
)
@pytest.mark.parametrize("kind", [str, Path])
def test_an_address_is_answered_with_the_command_that_downloads_it(address: str, command: str, kind: type) -> None:
    with pytest.raises(ModelError) as raised:
        recognise(kind(address))
    assert str(raised.value) == (
        f"the model must be a file on this machine. Received: {address}. Download it first, such as by '{command}', and give "
        "the file."
    )


def test_an_address_of_another_service_is_told_to_be_downloaded() -> None:
    with pytest.raises(ModelError, match=r"Received: az://x/y\. Download it first, and give the file\."):
        recognise("az://x/y")
