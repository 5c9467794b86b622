"""The .keras archive: its members are checked, its configuration and its weights given out. Nothing is ever extracted."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from reportgen.errors import ModelError, lack_of
from reportgen.messages import say
from reportgen.reading.containers.config_json import parse_config
from reportgen.reading.containers.formats import ZIP_SIGNATURE, Contents, Match, ModelFile, ModelFormat, shown_version
from reportgen.reading.containers.hdf5 import open_hdf5
from reportgen.reading.containers.npz import NPZ_WEIGHTS, npz_as_hdf5
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import shown

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
ASSETS, VOCABULARY = "assets", "vocabulary.txt"
LOCAL_HEADER = struct.Struct("<4s5H3L2H")
ENCRYPTED = 0x1
REMEDY = "Save the model again with model.save('model.keras')."


@dataclass(frozen=True)
class ArchiveContents:
    """The members that make a model.

    Attributes:
        config: config.json, as stored.
        metadata: metadata.json, as stored; empty where there is none.
        weights: model.weights.h5, open to read, or what model.weights.npz holds as such; None where there is neither.
        members: the names of all members.
        vocabularies: each vocabulary.txt among the assets, as stored, by the layer's place: 'layers/string_lookup'.
    """

    config: bytes
    metadata: bytes
    weights: BinaryIO | None
    members: tuple[str, ...]
    vocabularies: Mapping[str, bytes] = field(default_factory=dict)


class KerasArchive(ModelFormat):
    """A .keras archive of Keras 2.12 or later."""

    label = say("Keras v3 archive (.keras)")

    def match(self, path: Path, head: bytes) -> Match | None:
        """Return the path of a zip archive with a config.json at its top."""
        return (path, ()) if head.startswith(ZIP_SIGNATURE) and CONFIG in (member_names(path) or ()) else None

    @contextmanager
    def open(self, file: ModelFile, *, memory_limit: int, verify: bool = False) -> Iterator[Contents]:
        """Yield configuration and weights, whose checksum is compared where `verify` asks for it."""
        name = shown(file.name)
        with open_archive(file.path, name=name, memory_limit=memory_limit, verify=verify) as archive:
            yield from archive_contents(archive, name=name, memory_limit=memory_limit)


def member_names(path: Path) -> list[str] | None:
    """Return the names of a zip archive's members; None where it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        if lack_of(error):
            raise
        return None


def archive_contents(archive: ArchiveContents, *, name: str, memory_limit: int) -> Iterator[Contents]:
    """Yield the contents of an archive, or of such an archive unzipped, once.

    Args:
        archive: its members.
        name: the file's name, for errors.
        memory_limit: bytes that the weights may take.

    Raises:
        ModelError: there is no configuration, or a member is damaged.
    """
    if not archive.config:
        raise ModelError(
            f"{name} has no config.json. Received: {shown(', '.join(archive.members)) or 'nothing'}. "
            f"Save the whole model with model.save('model.keras')."
        )
    config = parse_config(archive.config, what=f"{name}: {CONFIG}")
    metadata = parse_config(archive.metadata, what=f"{name}: {METADATA}") if archive.metadata else {}
    version = shown_version(metadata.get("keras_version") if isinstance(metadata, dict) else None)
    training = config.get("compile_config") if isinstance(config, dict) else None
    if archive.weights is None:
        yield Contents(config, version, vocabularies=_texts(archive, name), training=training)
        return
    size = archive.weights.seek(0, 2)
    archive.weights.seek(0)
    with open_hdf5(archive.weights, name=name, size=size, memory_limit=memory_limit) as arrays:
        yield Contents(config, version, arrays, vocabularies=_texts(archive, name), training=training)


def _texts(archive: ArchiveContents, name: str) -> dict[str, str]:
    try:
        return {place: content.decode("utf-8") for place, content in archive.vocabularies.items()}
    except UnicodeDecodeError as error:
        raise ModelError(f"{name}: a {VOCABULARY} is no text. Received: {shown(error, limit=120)}. {REMEDY}") from error


def vocabulary_place(member: str) -> str | None:
    """Return the place of the layer that a member holds the vocabulary of; None for other members.

    A TextVectorization stores its vocabulary twice, once for the lookup in it.

    Example:
        >>> vocabulary_place("assets/layers/string_lookup_1/vocabulary.txt")
        'layers/string_lookup_1'
    """
    parts = member.split("/")
    is_one = parts[0] == ASSETS and parts[-1] == VOCABULARY and "_lookup_layer" not in parts
    return "/".join(parts[1:-1]) if is_one else None


@contextmanager
def open_archive(path: Path, *, name: str, memory_limit: int, verify: bool = False) -> Iterator[ArchiveContents]:
    """Yield the contents of a .keras archive.

    Args:
        path: the archive.
        name: the file's name, for errors.
        memory_limit: bytes that compressed weights may take when unpacked.
        verify: whether to compare the weights with their checksum, which reads them once.

    Raises:
        ModelError: the archive is damaged, or its members are not what they seem.
    """
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            entries = {entry.filename: entry for entry in _checked_entries(archive, name, path.stat().st_size)}
            config = _read(archive, entries[CONFIG], name, limits.CONFIG_BYTES) if CONFIG in entries else b""
            metadata = _read(archive, entries[METADATA], name, limits.CONFIG_BYTES) if METADATA in entries else b""
            vocabularies = dict(_vocabularies(archive, entries, name))
            weights = None
            if WEIGHTS in entries:
                weights = _weights(archive, raw, entries[WEIGHTS], name, memory_limit)
                if verify and entries[WEIGHTS].compress_type == zipfile.ZIP_STORED:
                    _verify(archive, entries[WEIGHTS])
            elif NPZ_WEIGHTS in entries:
                content = io.BytesIO(_read(archive, entries[NPZ_WEIGHTS], name, memory_limit))
                weights = npz_as_hdf5(content, name=name, memory_limit=memory_limit, check=_npz_members(name, content))
            yield ArchiveContents(config, metadata, weights, tuple(entries), vocabularies)
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise ModelError(
            f"{name} is a damaged zip archive. Received: {shown(error, limit=120)}. Copy or download it again."
        ) from error


def _vocabularies(
    archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], name: str
) -> Iterator[tuple[str, bytes]]:
    left = limits.VOCABULARY_BYTES
    for member, entry in entries.items():
        place = vocabulary_place(member)
        if place is not None:
            content = _read(archive, entry, name, left)
            left -= len(content)
            yield place, content


def _npz_members(name: str, content: io.BytesIO) -> Callable[[zipfile.ZipFile], list[zipfile.ZipInfo]]:
    return lambda archive: _checked_entries(archive, f"{name}: {NPZ_WEIGHTS}", content.getbuffer().nbytes)


def _checked_entries(archive: zipfile.ZipFile, name: str, size: int) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > limits.ARCHIVE_MEMBERS:
        raise ModelError(
            f"{name} has too many members. Received: {len(entries):,} (limit {limits.ARCHIVE_MEMBERS:,}). {REMEDY}"
        )
    seen: set[str] = set()
    offsets: set[int] = set()
    for entry in entries:
        reason = _reason_against(entry)
        if entry.filename in seen:
            reason = "two members of one name"
        elif entry.header_offset in offsets:
            reason = "two members that share their bytes"
        elif not 0 <= entry.header_offset <= size - LOCAL_HEADER.size:
            reason = "a member that lies outside the file"
        if reason is not None:
            raise ModelError(
                f"{name} is not an archive that Keras writes. Received: {reason}, {shown(entry.filename)}. {REMEDY}"
            )
        seen.add(entry.filename)
        offsets.add(entry.header_offset)
    if sum(entry.compress_size for entry in entries) > size:
        raise ModelError(
            f"{name} is not an archive that Keras writes. Received: members longer than the file. {REMEDY}"
        )
    return entries


def _reason_against(entry: zipfile.ZipInfo) -> str | None:
    # `orig_filename`: zipfile itself cuts a name at the first NUL and turns backslashes round on Windows
    parts = PurePosixPath(entry.orig_filename.replace("\\", "/")).parts
    if "\0" in entry.orig_filename or ".." in parts or entry.orig_filename[:1] in "/\\" or ":" in parts[0]:
        return "a member that points outside"
    if entry.flag_bits & ENCRYPTED:
        return "an encrypted member"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "a symbolic link"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"compression method {entry.compress_type}"
    if entry.file_size > limits.EXPANSION_FLOOR + limits.EXPANSION * entry.compress_size:
        return f"{limits.readable(entry.compress_size)} that unpack to {limits.readable(entry.file_size)}"
    return None


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, limit: int) -> bytes:
    if entry.file_size <= limit:
        with archive.open(entry) as member:
            content = member.read(limit + 1)
        if len(content) <= limit:
            return content
    raise ModelError(
        f"{name}: {shown(entry.filename)} is longer than {limits.readable(limit)}. "
        f"Received: {limits.readable(entry.file_size)}. {REMEDY}"
    )


def _weights(archive: zipfile.ZipFile, raw: BinaryIO, entry: zipfile.ZipInfo, name: str, memory_limit: int) -> BinaryIO:
    if entry.compress_type != zipfile.ZIP_STORED:
        return io.BytesIO(_read(archive, entry, name, memory_limit))
    # Keras stores weights uncompressed, so they can be read in place, however large they are.
    raw.seek(entry.header_offset)
    header = LOCAL_HEADER.unpack(raw.read(LOCAL_HEADER.size))
    name_length, extra_length = header[-2:]
    if raw.read(name_length) != entry.orig_filename.encode() or entry.file_size != entry.compress_size:
        raise ModelError(
            f"{name} is not an archive that Keras writes. Received: two different headers of one "
            f"member, {shown(entry.filename)}. {REMEDY}"
        )
    begin = entry.header_offset + LOCAL_HEADER.size + name_length + extra_length
    return io.BufferedReader(_Window(raw, begin, entry.file_size))


def _verify(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    with archive.open(entry) as member:
        while member.read(1 << 20):
            pass


class _Window(io.RawIOBase):
    """The bytes [begin, begin + size) of a file, as a file."""

    def __init__(self, file: BinaryIO, begin: int, size: int) -> None:
        super().__init__()
        self._file, self._begin, self._size, self._position = file, begin, size, 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it has places to go to."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the window, which may lie behind its end, and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer as far as the window reaches, and return how many bytes came."""
        view = memoryview(buffer).cast("B")
        length = max(min(len(view), self._size - self._position), 0)
        self._file.seek(self._begin + self._position)
        read: int = self._file.readinto(view[:length])  # type: ignore[attr-defined]
        self._position += read
        return read
