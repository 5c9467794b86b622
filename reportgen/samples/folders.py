"""Folders of images: names are listed, files are opened only when they are read."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import counted, first_of, say
from reportgen.samples.files import base_name, cannot_be_read, shown_name
from reportgen.samples.images import IMAGE_SUFFIXES, check_header, read_image
from reportgen.samples.labels import ClassLabels

# Decoding every pixel of so many small images takes seconds; of 100,000 it would take minutes
FULLY_CHECKED = 2_000
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class ImageFiles:
    """Image files that have not been opened yet.

    Attributes:
        folder: that the names start from.
        names: relative to the folder, 'a.png' or 'class/a.png', in order; at least one.
        description: 'folder flowers, 3 images' or the name of a single image, for the page.
        labels: each file's class folder, by its position among `class_names`; None without class folders.
        class_names: names of the class folders, sorted.
        notes: what was left out, one sentence each.
    """

    folder: Path
    names: tuple[str, ...]
    description: str
    labels: ClassLabels | None = None
    class_names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    def path(self, index: int) -> Path:
        """Return where file number `index` is."""
        return self.folder / self.names[index]

    def shown_name(self, index: int) -> str:
        """Return the file's name, with its class folder where it has one, escaped and shortened."""
        return shown_name(self.names[index])


def list_images(folder: Path) -> ImageFiles:
    """Return the images of a folder, sorted by name, or those of its class folders.

    Class folders are numbered in the order of their names, empty ones counted and hidden ones not, as
    `keras.utils.image_dataset_from_directory` does: the labels are then those of training.

    Raises:
        SamplesError: the folder cannot be listed or holds no image.
    """
    images, folders, others = _scan(folder)
    if images:
        notes = _files_left_out(others) + _folders_left_out(folders)
        return ImageFiles(folder=folder, names=tuple(images), description=_described(folder, len(images)), notes=notes)
    names: list[str] = []
    labels: list[int] = []
    for label, class_name in enumerate(folders):
        inside, _, others_inside = _scan(folder / class_name)
        names += [f"{class_name}/{name}" for name in inside]
        labels += [label] * len(inside)
        others += others_inside
    if not names:
        raise SamplesError(
            f"Folder {base_name(folder)} holds no image. Received: {len(others)} other files. "
            "Give a folder of PNG, JPEG, BMP, GIF, TIFF or WEBP files, or one with a folder for each class."
        )
    return ImageFiles(
        folder=folder,
        names=tuple(names),
        description=_described(folder, len(names)),
        labels=ClassLabels(
            np.array(labels, np.int64),
            (say("Labels: the {count} class folders in the order of their names.", count=len(folders)),),
        ),
        class_names=tuple(folders),
        notes=_files_left_out(others),
    )


class NoImageError(SamplesError):
    """None of the images can be read.

    Attributes:
        listed: how many there are.
    """

    def __init__(self, message: str, *, listed: int) -> None:
        super().__init__(message)
        self.listed = listed


def readable_images(files: ImageFiles) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return which files can be read, and what was skipped as notes.

    Which samples there are must be known before some are selected, so that all files are checked here: their pixels
    are decoded while there are at most 2,000, beyond that their headers alone, which takes a tenth of the time.

    Returns:
        Ascending indices (M,) int64 of the files that can be read, and notes.

    Raises:
        NoImageError: none can be read.
    """
    decode = len(files.names) <= FULLY_CHECKED
    kept: list[int] = []
    bad: list[str] = []
    for index, name in enumerate(files.names):
        try:
            check_header(files.path(index))
            if decode:
                read_image(files.path(index), channels=1, size=None)
        except SamplesError:
            bad.append(name)
        else:
            kept.append(index)
    if not kept:
        raise NoImageError(
            f"No image can be read. Received: {len(bad)} damaged files in folder {base_name(files.folder)}. "
            "Choose another folder.",
            listed=len(bad),
        )
    notes: list[str] = []
    if bad:
        notes.append(
            counted(
                len(bad),
                "Skipped {n} file that cannot be read: {examples}.",
                "Skipped {n} files that cannot be read: {examples}.",
                examples=_examples(bad),
            )
        )
    if not decode:
        count = len(files.names)
        notes.append(say("Of the {count} images only the headers were checked for damage.", count=count))
    return np.array(kept, np.int64), tuple(notes)


def _scan(folder: Path) -> tuple[list[str], list[str], list[str]]:
    """Return the sorted names of images, of folders and of other files, hidden ones left out."""
    images: list[str] = []
    folders: list[str] = []
    others: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    folders.append(entry.name)
                elif os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES and entry.is_file():  # noqa: PTH122
                    images.append(entry.name)
                else:
                    others.append(entry.name)
    except OSError as error:
        raise cannot_be_read(folder, error) from error
    return sorted(images), sorted(folders), sorted(others)


def _described(folder: Path, count: int) -> str:
    return counted(count, "folder {folder}, {n} image", "folder {folder}, {n} images", folder=base_name(folder))


def _files_left_out(names: list[str]) -> tuple[str, ...]:
    if not names:
        return ()
    return (
        counted(
            len(names),
            "Left out {n} file beside the images: {examples}.",
            "Left out {n} files beside the images: {examples}.",
            examples=_examples(names),
        ),
    )


def _folders_left_out(names: list[str]) -> tuple[str, ...]:
    if not names:
        return ()
    return (
        counted(
            len(names),
            "Left out {n} folder beside the images: {examples}.",
            "Left out {n} folders beside the images: {examples}.",
            examples=_examples(names),
        ),
    )


def _examples(names: list[str]) -> str:
    return first_of(map(shown_name, names), _NAMED)
