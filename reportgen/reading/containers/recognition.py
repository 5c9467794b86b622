"""Which format a model file is of, by its first bytes and its members, and its SHA-256. The extension is never asked."""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from reportgen.errors import ModelError, lack_of
from reportgen.reading.containers.architecture_json import BEFORE_JSON, ArchitectureJson
from reportgen.reading.containers.checkpoint import Checkpoint, checkpoint_prefix
from reportgen.reading.containers.formats import ZIP_SIGNATURE, ModelFile, ModelFormat
from reportgen.reading.containers.hdf5 import Hdf5File, hdf5_offsets
from reportgen.reading.containers.keras_archive import CONFIG, KerasArchive, member_names
from reportgen.reading.containers.keras_folder import KerasFolder
from reportgen.reading.containers.saved_model import SavedModel
from reportgen.untrusted.addresses import how_to_download
from reportgen.untrusted.escaping import base_name
from reportgen.untrusted.regular import kind_of, open_at_once

FORMATS: tuple[ModelFormat, ...] = (
    KerasFolder(),
    SavedModel(),
    Checkpoint(),
    Hdf5File(),
    KerasArchive(),
    ArchitectureJson(),
)
"""The formats that are read; the first that matches is taken."""

HEAD_BYTES = 4096
BLOCK_BYTES = 1 << 20
# Longest local header that a writer gives a member of a model: 30 bytes, the name and some extra fields
HEADER_SLACK = 1024
REMEDY = "Give a Keras model: a .keras archive or an HDF5 file (.h5)."
SAMPLES_REMEDY = "Give it as --samples, and the model as MODEL."
EXPORT_REMEDY = "Save the Keras model itself: model.save('model.keras')."
UNPACK_REMEDY = "Unpack it and give the model inside."

# First bytes, what they mean, what to do. The order matters: the first that fits is taken.
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x93NUMPY", "a NumPy array (.npy)", SAMPLES_REMEDY),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself", "Run 'git lfs pull' first."),
    (b"\x1f\x8b", "a gzip file", UNPACK_REMEDY),
    (b"BZh", "a bzip2 file", UNPACK_REMEDY),
    (b"\xfd7zXZ", "an xz file", UNPACK_REMEDY),
    (b"7z\xbc\xaf", "a 7-Zip archive", UNPACK_REMEDY),
    (b"Rar!", "a RAR archive", UNPACK_REMEDY),
    (b"\x89PNG", "a PNG image", SAMPLES_REMEDY),
    (b"\xff\xd8\xff", "a JPEG image", SAMPLES_REMEDY),
    (b"GGUF", "a GGUF file", EXPORT_REMEDY),
    (b"%PDF", "a PDF document", EXPORT_REMEDY),
    (b"\x7fELF", "a program (ELF)", EXPORT_REMEDY),
    (b"PK\x05\x06", "a zip archive without members", EXPORT_REMEDY),
    # ONNX and SavedModel are protocol buffers: field 1 is ir_version (3 or more) and saved_model_schema_version (1)
    (b"\x08\x01\x12", "a SavedModel's saved_model.pb", "Give the folder that it is in."),
    *((bytes((8, version)), "an ONNX model", EXPORT_REMEDY) for version in range(3, 32)),
    *((bytes((0x80, protocol)), "a Python pickle; it is never loaded", EXPORT_REMEDY) for protocol in range(2, 6)),
)


def recognise(path: str | Path, *, also: Sequence[ModelFormat] = ()) -> ModelFile:
    """Return what `path` is, without interpreting its contents.

    Args:
        path: a file; a folder made by unzipping a .keras archive; a SavedModel folder; a checkpoint, as the path of its
            .index file, without '.index', or of the folder that it is in.
        also: further formats, which are looked for last.

    Raises:
        ModelError: there is no such file, it is not a regular file, it is empty, or it is no model that can be read.
    """
    if download := how_to_download(str(path)):
        raise ModelError(f"the model must be a file on this machine. {download}")
    path = Path(path)
    head = b"" if checkpoint_prefix(path) is not None else _head(path)
    if head and _is_two_formats(path, head):
        raise ModelError(
            f"{base_name(path)} is a zip archive and an HDF5 file at once, so what it holds depends on who reads it. "
            f"Received: both signatures. Save the model again."
        )
    for model_format in (*FORMATS, *also):
        match = model_format.match(path, head)
        if match is not None:
            return _described(*match, model_format)
    if not head:
        raise ModelError(f"{base_name(path)} is a folder without a Keras model. Received: a folder. {REMEDY}")
    seems, remedy = _seems_to_be(head, path)
    raise ModelError(
        f"{base_name(path)} is not a Keras model. Received: {seems or 'unknown bytes'}. {remedy or REMEDY}"
    )


def _head(path: Path) -> bytes:
    """Return the first bytes of a file, none of a folder."""
    mode = _mode(path)
    if stat.S_ISDIR(mode):
        return b""
    _require_regular(mode, base_name(path))
    with _opened(path) as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise ModelError(f"{base_name(path)} is empty. Received: 0 bytes. Copy or download the model again.")
    return head


def _described(path: Path, members: tuple[Path, ...], model_format: ModelFormat) -> ModelFile:
    """Return a model with its size and digest: of a single file over its bytes, of several over their names and digests."""
    digest, size = hashlib.sha256(), 0
    for member in members or (path,):
        _require_regular(_mode(member), base_name(member))
        with _opened(member) as file:
            part, part_size = _digest(file)
        root = path if path in member.parents else path.parent
        digest.update(f"{member.relative_to(root).as_posix()} {part}\n".encode())
        size += part_size
    sha256 = digest.hexdigest() if members else part
    return ModelFile(path=path, name=path.name or path.resolve().name, format=model_format, size=size, sha256=sha256)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        opened = open_at_once(path)
    except OSError as error:
        raise ModelError(
            f"{base_name(path)} cannot be opened. Received: {error.strerror}. Check its permissions."
        ) from error
    with opened as file:
        _require_regular(os.fstat(file.fileno()).st_mode, base_name(path))
        yield file


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError as error:
        raise ModelError(f"no such model file. Received: {base_name(path)}. Check the path.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise ModelError(
            f"the model cannot be found. Received: {base_name(path)} ({reason}). Check the path."
        ) from error


def _require_regular(mode: int, shown_name: str) -> None:
    if kind := kind_of(mode):
        raise ModelError(f"{shown_name} is not a regular file. Received: {kind}. {REMEDY}")


def _digest(file: BinaryIO) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    while block := file.read(BLOCK_BYTES):
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size


def _is_two_formats(path: Path, head: bytes) -> bool:
    """Return whether the file can be read as a zip archive and as an HDF5 file.

    An HDF5 file that is stored in the archive may lie at one of the offsets where HDF5 looks; that is no second format.
    """
    offsets = tuple(hdf5_offsets(path, head))
    if not offsets:
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            # Offsets of the members' data, roughly: the local header is 30 bytes and the names
            members = [(entry.header_offset, entry.header_offset + entry.compress_size) for entry in archive.infolist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        if lack_of(error):
            raise
        return False
    stored = head.startswith(ZIP_SIGNATURE) and all(
        any(begin < offset <= end + HEADER_SLACK for begin, end in members) for offset in offsets
    )
    return bool(members) and not stored


def _seems_to_be(head: bytes, path: Path) -> tuple[str | None, str | None]:
    """Return what a file seems to be, and what to do about it; (None, None) where it is unknown.

    Args:
        head: the first bytes of the file.
        path: the file, of which an archive's member names are read.
    """
    if head.startswith(ZIP_SIGNATURE):
        return _zip_seems_to_be(path)
    for signature, meaning, remedy in _SIGNATURES:
        if head.startswith(signature):
            return meaning, remedy
    if head[4:8] == b"TFL3":
        return "a TensorFlow Lite model", EXPORT_REMEDY
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 30:
        return "a safetensors file", EXPORT_REMEDY
    if head[257:262] == b"ustar":
        return "a tar archive", UNPACK_REMEDY
    return _text_seems_to_be(head)


def _zip_seems_to_be(path: Path) -> tuple[str, str]:
    names = member_names(path)
    if names is None:
        return "a zip archive that is cut off or damaged", "Copy or download it again."
    if any(name.endswith("data.pkl") for name in names):
        return "a PyTorch file; it is never loaded", EXPORT_REMEDY
    if names and all(name.endswith(".npy") for name in names):
        return "NumPy arrays (.npz)", SAMPLES_REMEDY
    if any(name.endswith("saved_model.pb") for name in names):
        return "a zipped SavedModel folder", EXPORT_REMEDY
    if any(name.endswith((".keras", ".h5", ".hdf5", CONFIG)) for name in names):
        return "a zip archive that has a model among other files", UNPACK_REMEDY
    if "[Content_Types].xml" in names:
        return "an office document", EXPORT_REMEDY
    return "a zip archive without config.json", EXPORT_REMEDY


def _text_seems_to_be(head: bytes) -> tuple[str | None, str | None]:
    start = head.lstrip(BEFORE_JSON)
    if start[:1] in (b"{", b"["):
        return "a JSON file", EXPORT_REMEDY
    if start[:1] == b"<":
        return "an HTML or XML page", "Download the file itself; a web page was saved in its place."
    if head and all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head[:256]):
        return "a text file", EXPORT_REMEDY
    return None, None
