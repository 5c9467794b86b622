"""What a file that is no Keras model seems to be, from its first bytes, so that an error can say it."""

from __future__ import annotations

import zipfile
from pathlib import Path

ZIP_SIGNATURE = b"PK\x03\x04"
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, II.A: at byte 0, 512, 1024, 2048 and so on
HDF5_FIRST_OFFSET = 512

SAMPLES_REMEDY = "Give it as --samples, and the model as MODEL."
EXPORT_REMEDY = "Save the Keras model itself: model.save('model.keras')."
UNPACK_REMEDY = "Unpack it and give the model inside."
_BEFORE_JSON = b"\xef\xbb\xbf \t\r\n"

# First bytes, what they mean, what to do. The order matters: the first that fits is taken.
SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
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


def seems_to_be(head: bytes, path: Path) -> tuple[str | None, str | None]:
    """Return what a file seems to be, and what to do about it; (None, None) where it may be a model or is unknown.

    Args:
        head: the first bytes of the file.
        path: the file, of which an archive's member names are read.
    """
    if head.startswith(ZIP_SIGNATURE):
        return _zip_seems_to_be(path)
    if head.startswith(HDF5_SIGNATURE):
        return None, None
    for signature, meaning, remedy in SIGNATURES:
        if head.startswith(signature):
            return meaning, remedy
    if head[4:8] == b"TFL3":
        return "a TensorFlow Lite model", EXPORT_REMEDY
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 30:
        return "a safetensors file", EXPORT_REMEDY
    if head[257:262] == b"ustar":
        return "a tar archive", UNPACK_REMEDY
    return _text_seems_to_be(head)


def is_two_formats(path: Path) -> bool:
    """Return whether the file can be read as a zip archive and as an HDF5 file.

    An HDF5 file that is stored in the archive may lie at one of the offsets where HDF5 looks; that is no second format.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # Offsets of the members' data, roughly: the local header is 30 bytes and the names
            members = [(entry.header_offset, entry.header_offset + entry.compress_size) for entry in archive.infolist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    if not members:
        return False
    with path.open("rb") as file:
        if file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE:
            return True
        size = file.seek(0, 2)
        offset = HDF5_FIRST_OFFSET
        while offset < size:
            file.seek(offset)
            inside = any(begin < offset <= end + HEADER_SLACK for begin, end in members)
            if file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE and not inside:
                return True
            offset *= 2
    return False


# Longest local header that a writer gives a member of a model: 30 bytes, the name and some extra fields
HEADER_SLACK = 1024


def _zip_seems_to_be(path: Path) -> tuple[str | None, str | None]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "a zip archive that is cut off or damaged", "Copy or download it again."
    if "config.json" in names:
        return None, None
    if any(name.endswith("data.pkl") for name in names):
        return "a PyTorch file; it is never loaded", EXPORT_REMEDY
    if names and all(name.endswith(".npy") for name in names):
        return "NumPy arrays (.npz)", SAMPLES_REMEDY
    if any(name.endswith("saved_model.pb") for name in names):
        return "a zipped SavedModel folder", EXPORT_REMEDY
    if any(name.endswith((".keras", ".h5", ".hdf5", "config.json")) for name in names):
        return "a zip archive that has a model among other files", UNPACK_REMEDY
    if "[Content_Types].xml" in names:
        return "an office document", EXPORT_REMEDY
    return "a zip archive without config.json", EXPORT_REMEDY


def is_architecture(head: bytes) -> bool:
    """Return whether these first bytes are of a model's configuration as JSON."""
    return head.lstrip(_BEFORE_JSON)[:1] == b"{" and b'"class_name"' in head


def _text_seems_to_be(head: bytes) -> tuple[str | None, str | None]:
    start = head.lstrip(_BEFORE_JSON)
    if start[:1] in (b"{", b"["):
        return "a JSON file", EXPORT_REMEDY
    if start[:1] == b"<":
        return "an HTML or XML page", "Download the file itself; a web page was saved in its place."
    if head and all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head[:256]):
        return "a text file", EXPORT_REMEDY
    return None, None
