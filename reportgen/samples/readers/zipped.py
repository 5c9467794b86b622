"""A zip file of images: read in place, never unpacked onto the disk."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from reportgen.errors import SamplesError
from reportgen.samples.files import ZIP_MAGICS, base_name, cannot_be_read
from reportgen.samples.readers.images import ImageFiles, list_images
from reportgen.samples.readers.pixels import IMAGE_SUFFIXES
from reportgen.samples.readers.reader import GivenFile
from reportgen.untrusted import limits

_DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError)
_MOST_FILES = 1_000_000
_MOST_BYTES = 256 << 20
"""Bytes that one image file may have unpacked: five times what the most pixels take as RGB, uncompressed."""


class ZippedImages:
    """A zip file that holds images and no NumPy array."""

    def match(self, file: GivenFile) -> bool:
        """Return whether samples were asked for and the file is a zip file with an image in it, and no array is named."""
        if file.labels or file.array is not None or not file.head.startswith(ZIP_MAGICS):
            return False
        suffixes = {PurePosixPath(name).suffix.lower() for name in _names(file.path)}
        return ".npy" not in suffixes and not suffixes.isdisjoint(IMAGE_SUFFIXES)

    def open(self, file: GivenFile) -> ImageFiles:
        """Return the images, as of a folder of the same content."""
        return list_images(open_zip(file.path))


@dataclass(frozen=True)
class ZipFolder:
    """A file or folder in a zip file.

    Attributes:
        archive: the open zip file.
        tree: what lies in each folder: name, and whether it is a folder.
        inside: where it is in the zip file, '' for the whole of it.
        label: the zip file's name.
    """

    archive: zipfile.ZipFile
    tree: dict[str, dict[str, bool]]
    inside: str
    label: str

    @property
    def name(self) -> str:
        """What it is called, without the folders around it."""
        return self.inside.rpartition("/")[2] or self.label

    def __truediv__(self, name: str) -> ZipFolder:
        """Return the file or folder of this name."""
        return ZipFolder(self.archive, self.tree, f"{self.inside}/{name}" if self.inside else name, self.label)

    def entries(self) -> Iterable[tuple[str, bool]]:
        """Return the name of each thing that lies in it, and whether that is a folder."""
        return self.tree.get(self.inside, {}).items()

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        """Return the bytes of the file that it is.

        Args:
            mode: only reading is meant.

        Raises:
            OSError: it is damaged, encrypted, or unpacks to more than an image has.
        """
        del mode
        try:
            member = self.archive.getinfo(self.inside)
            if member.flag_bits & 1:
                raise OSError("it is encrypted; unpack the zip file with its password")
            packed = max(member.compress_size, 1)
            if member.file_size > _MOST_BYTES or member.file_size > packed * limits.EXPANSION + limits.EXPANSION_FLOOR:
                raise OSError(f"it unpacks to {limits.readable(member.file_size)}, more than an image has")
            # zipfile never inflates more than `file_size`, so that the check above bounds the memory
            return io.BytesIO(self.archive.read(member))
        except KeyError as error:
            raise OSError("there is no such file in the zip file") from error
        except _DAMAGED as error:
            raise error if isinstance(error, OSError) else OSError(str(error)) from error


def open_zip(path: Path) -> ZipFolder:
    """Return the folder that a zip file is; it stays open, as reading its list of files anew for each image would be slow.

    Raises:
        SamplesError: it is damaged or has too many files.
    """
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGED as error:
        raise cannot_be_read(path, error) from error
    tree: dict[str, dict[str, bool]] = {}
    names = archive.namelist()
    if len(names) > _MOST_FILES:
        raise SamplesError(
            f"{base_name(path)} holds more than {_MOST_FILES:,} files. Received: {len(names):,}. Unpack it and give a folder."
        )
    for name in names:
        parts = [part for part in name.split("/") if part]
        # What is called so cannot be opened by this path, or would have no name
        if not parts or name.startswith("/") or "//" in name or any(part in (".", "..") for part in parts):
            continue
        for depth, part in enumerate(parts):
            is_folder = depth < len(parts) - 1 or name.endswith("/")
            tree.setdefault("/".join(parts[:depth]), {})[part] = is_folder
    return ZipFolder(archive, tree, "", path.name)


def _names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except _DAMAGED:
        return []
