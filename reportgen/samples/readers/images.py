"""Image files and folders of them as samples: names are listed, files are opened only when they are read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, Literal, Protocol

import numpy as np

from reportgen.errors import MisfitError, SamplesError
from reportgen.messages import counted, first_of, say
from reportgen.progress import counted_off
from reportgen.samples.class_names import ClassNames, compared, positions_of
from reportgen.samples.files import base_name, cannot_be_read, shown_name
from reportgen.samples.labels import LABELS_LEFT_OUT, Accepts, ClassLabels, GivenLabels, Labels, Unused, understand
from reportgen.samples.readers.pixels import (
    IMAGE_SUFFIXES,
    Notice,
    check_header,
    looks_like_image,
    noticed_rules,
    read_image,
    reading_rules,
)
from reportgen.samples.readers.reader import GivenFile
from reportgen.samples.readers.unread import what_it_is
from reportgen.samples.resizing import Resize, Resizing
from reportgen.samples.shapes import InputShape, matches, shown_shape
from reportgen.samples.source import FILES, SampleFiles, SampleSource, check_finite
from reportgen.untrusted.escaping import escaped

# Decoding every pixel of so many small images takes seconds; of 100,000 it would take minutes
FULLY_CHECKED = 2_000
_NAMED = 3
_DEEPEST = 8
# What Macs and network drives put beside the folders of classes
_NO_CLASSES = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"})
# Names of a data set's parts, as `compared` has them
_PARTS = {
    **dict.fromkeys(("train", "training", "trainset", "trainingset", "traindata"), "train"),
    **dict.fromkeys(("test", "testing", "testset", "testingset", "testdata", "holdout"), "test"),
    **dict.fromkeys(("val", "valid", "validation", "validationset", "valset", "dev", "eval"), "validation"),
}
_HASHED_AT_ONCE = 2**24  # bytes


class Folder(Protocol):
    """A folder that is not one of the file system: what is in it is found and opened in place."""

    @property
    def name(self) -> str:
        """What it is called, without the folders around it."""

    def __truediv__(self, name: str) -> Folder:
        """Return the file or folder of this name, as `Path` does."""

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        """Return the bytes of the file that it is; raises OSError where it is none or is damaged."""

    def entries(self) -> Iterable[tuple[str, bool]]:
        """Return the name of each thing that lies in it, and whether that is a folder."""


Place = Path | Folder
"""A file or folder, of the file system or elsewhere."""


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

    folder: Place
    names: tuple[str, ...]
    description: str
    labels: ClassLabels | None = None
    class_names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    def path(self, index: int) -> Place:
        """Return where file number `index` is."""
        return self.folder / self.names[index]

    def shown_name(self, index: int) -> str:
        """Return the file's name, with its class folder where it has one, escaped and shortened."""
        return shown_name(self.names[index])

    def without_labels(self) -> ImageFiles:
        """Return the files without the labels of their class folders, and a note that they were left out."""
        return replace(self, labels=None, class_names=None, notes=(*self.notes, LABELS_LEFT_OUT))

    def source(self, accepts: Accepts, *, labels: GivenLabels | None, class_names: ClassNames | None) -> SampleSource:
        """Return the images as samples, see `Found.source`; labels that were given are those of all files, also of skipped ones.

        Raises:
            SamplesError: the model takes no images, the first image is damaged or does not fit, or labels do not.
        """
        if accepts.input_shape is None:
            raise MisfitError(
                "images need a model that knows the size of its input. Received: a model that was never built. "
                "Give it samples of an array file, or build it before it is saved."
            )
        files, known, by_position = _labelled(self, labels, class_names, accepts)
        kept = None
        if accepts.skip_bad:
            kept, skipped = readable_images(files)
            files = replace(files, names=tuple(files.names[index] for index in kept), notes=(*files.notes, *skipped))
            known = known if known is None or isinstance(known, Unused) else known.take(kept)
        origin = ""
        names = None if class_names is None else class_names.names
        if names is None and files.class_names is not None:
            names = tuple(escaped(name) for name in files.class_names)
            origin = "the names of the class folders"
        source = open_images(
            files, input_shape=accepts.input_shape, resize=accepts.resize, labels=known, class_names=names
        )
        if kept is not None:
            places = tuple(int(index) for index in kept)
            source = replace(source, files=SampleFiles(files.names, places, listed=len(self.names)))
        return replace(source, class_names_origin=origin, classes_by_position=by_position)


class ImageFolder:
    """A folder of images, or of class folders."""

    def match(self, file: GivenFile) -> bool:
        """Return whether samples were asked for and this is a folder."""
        return not file.labels and file.path.is_dir()

    def open(self, file: GivenFile) -> ImageFiles:
        """Return the folder's images."""
        return list_images(file.path)


class ImageFile:
    """A single image."""

    def match(self, file: GivenFile) -> bool:
        """Return whether samples were asked for and the file begins as an image does, or is called so."""
        return not file.labels and (looks_like_image(file.head) or file.path.suffix.lower() in IMAGE_SUFFIXES)

    def open(self, file: GivenFile) -> ImageFiles:
        """Return the image."""
        return ImageFiles(folder=file.path.parent, names=(file.path.name,), description=base_name(file.path))


def list_images(folder: Place) -> ImageFiles:
    """Return the images of a folder, sorted by name, or those of its class folders; of a data set its test part.

    Class folders are numbered in the order of their names, empty ones counted and hidden ones not, as
    `keras.utils.image_dataset_from_directory` does: the labels are then those of training.

    Raises:
        SamplesError: the folder cannot be listed or holds no image.
    """
    folder, shown, taken = _part(folder, _folder_name(folder))
    images, folders, others = _scan(folder)
    if images:
        notes = taken + _files_left_out(others) + _folders_left_out(folders)
        return ImageFiles(folder=folder, names=tuple(images), description=_described(shown, len(images)), notes=notes)
    names: list[str] = []
    labels: list[int] = []
    for label, class_name in enumerate(folders):
        inside, _, others_inside = _scan(folder / class_name)
        names += [f"{class_name}/{name}" for name in inside]
        labels += [label] * len(inside)
        others += others_inside
    if not names:
        kind, recipe = next((known for name in others if (known := what_it_is(name)) is not None), ("", ""))
        raise SamplesError(
            f"Folder {shown} holds no image. Received: {len(others)} other files{f', such as {kind}' if kind else ''}. "
            f"{recipe or 'Give a folder of PNG, JPEG, BMP, GIF, TIFF or WEBP files, or one with a folder for each class.'}"
        )
    return ImageFiles(
        folder=folder,
        names=tuple(names),
        description=_described(shown, len(names)),
        labels=ClassLabels(
            np.array(labels, np.int64),
            (say("Labels: the {count} class folders in the order of their names.", count=len(folders)),),
        ),
        class_names=tuple(folders),
        notes=taken + _files_left_out(others),
    )


def _part(folder: Place, shown: str) -> tuple[Place, str, tuple[str, ...]]:
    """Return the folder that holds the samples, what to call it, and what was left out.

    A folder around a single other one is only a wrapper, as zip files have it. One with parts for training and for tests is a
    data set: its test part is taken, else the one for validation; one with class folders comes before one without.
    """
    notes: tuple[str, ...] = ()
    for _ in range(_DEEPEST):
        images, folders, _ = _scan(folder)
        parts = {name: _PARTS[compared(name)] for name in folders if compared(name) in _PARTS}
        is_data_set = not images and "train" in parts.values() and len(set(parts.values())) > 1
        if is_data_set and (held_out := [name for name in parts if parts[name] != "train"]):
            held_out.sort(key=lambda name: (bool(_scan(folder / name)[0]), parts[name] != "test", name))
            taken, others = held_out[0], first_of(map(shown_name, sorted(set(folders) - {held_out[0]})), _NAMED)
            notes = (
                say("The part {part} of the data set was used, not {others}.", part=shown_name(taken), others=others),
            )
        elif not images and len(folders) == 1 and _is_wrapper(folder / folders[0]):
            taken = folders[0]
        else:
            break
        folder, shown = folder / taken, f"{shown}/{shown_name(taken)}"
    return folder, shown, notes


def _is_wrapper(folder: Place) -> bool:
    images, folders, _ = _scan(folder)
    return not images and bool(folders)


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
    for index, name in enumerate(counted_off(files.names, len(files.names))):
        try:
            check_header(files.path(index))
            if decode:
                read_image(files.path(index), channels=1)
        except SamplesError:
            bad.append(name)
        else:
            kept.append(index)
    if not kept:
        raise NoImageError(
            f"No image can be read. Received: {len(bad)} damaged files in folder {_folder_name(files.folder)}. "
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
        notes.append(say("Only the headers of the {count} images were checked for damage.", count=count))
    return np.array(kept, np.int64), tuple(notes)


@dataclass(frozen=True, kw_only=True)
class ImageReader:
    """How the images of one source are read, settled by the first of them.

    Attributes:
        files: to read from.
        shape: (height, width, channels) of every image, resized if it is.
        dtype: every image's, uint8 or float32.
        resizing: what brings images of another size to it; None where they must have it.
        channels_first: whether the model has the channels in front.
        met: what was changed in some of the images read so far.
        areas: pixels that each of these had before it was resized, by its index; empty where none is resized.
    """

    files: ImageFiles
    shape: tuple[int, int, int]
    dtype: np.dtype
    resizing: Resizing | None
    channels_first: bool
    met: set[Notice] = field(default_factory=set)
    areas: dict[int, int] = field(default_factory=dict)

    def noticed(self) -> tuple[str, ...]:
        """Return what was changed in some of the images read so far, one sentence each."""
        return (*noticed_rules(self.met), *(() if self.resizing is None else self.resizing.noticed()))

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Return images (n, height, width, channels), or with channels first, in the order asked for.

        Raises:
            SamplesError: an image is damaged, unlike the first one, or holds values that are not finite.
        """
        batch = np.empty((len(indices), *self.shape), self.dtype)
        for position, index in enumerate(indices):
            image = read_image(self.files.path(index), channels=self.shape[2], met=self.met)
            if self.resizing is not None:
                self.areas[index] = image.shape[0] * image.shape[1]
                image = self.resizing.apply(image)
            name = self.files.shown_name(index)
            _check_alike(image, self.shape, self.dtype, name)
            check_finite(image, name)
            batch[position] = image
        return np.ascontiguousarray(np.moveaxis(batch, -1, 1)) if self.channels_first else batch


def open_images(
    files: ImageFiles,
    *,
    input_shape: InputShape,
    resize: Resize,
    labels: Labels | None,
    class_names: tuple[str, ...] | None,
) -> SampleSource:
    """Return image files as samples. The first one alone is opened here, for the shape and dtype of all.

    Args:
        files: at least one.
        input_shape: the model's, without the batch axis: three axes, with 1 or 3 channels last or first.
        resize: what is done with images of another size than the model's; where that is free, than the first one's.
        labels: the files' labels, or None.
        class_names: in the order of the labels, or None.

    Raises:
        SamplesError: the model takes no images, or the first image is damaged or does not fit.
    """
    reader = _settle(files, input_shape, resize)
    height, width, channels = reader.shape
    moved = [say("The channels of images are moved to the first axis, where the model has them.")]
    return SampleSource(
        read=reader.read,
        count=len(files.names),
        shape=(channels, height, width) if reader.channels_first else reader.shape,
        dtype=reader.dtype,
        labels=labels,
        names=files.shown_name,
        class_names=class_names,
        description=files.description,
        notes=(*files.notes, *reading_rules(channels, reader.dtype), *moved[: reader.channels_first]),
        files=SampleFiles(files.names, tuple(range(len(files.names))), listed=len(files.names)),
        noticed=reader.noticed,
        file_chunks=partial(file_chunks, files.folder, files.names),
        hashed=FILES,
        areas=reader.areas,
    )


def _settle(files: ImageFiles, input_shape: InputShape, resize: Resize) -> ImageReader:
    """Return how all images are read, from the model's input and the first image."""
    channels, channels_first = _channels(input_shape)
    spatial = input_shape[1:] if channels_first else input_shape[:2]
    first = read_image(files.path(0), channels=channels)
    height, width = spatial[0] or first.shape[0], spatial[1] or first.shape[1]
    how = "stretch" if resize == "auto" and None not in spatial else resize
    if how == "none" or how == "auto":
        height, width = first.shape[:2]
        _check_first((height, width, channels), (*spatial, channels), files.shown_name(0))
        resizing = None
    else:
        resizing = Resizing(how, (height, width))
    return ImageReader(
        files=files,
        shape=(height, width, channels),
        dtype=first.dtype,
        resizing=resizing,
        channels_first=channels_first,
    )


def _channels(input_shape: InputShape) -> tuple[int, bool]:
    """Return how many channels images must have, and whether they come first."""
    if len(input_shape) == 3:
        if input_shape[-1] in (1, 3, None):
            return input_shape[-1] or 3, False
        if input_shape[0] in (1, 3):
            return input_shape[0], True
    raise MisfitError(
        "images are greyscale or RGB: a model for them takes (height, width, 1) or (height, width, 3). "
        f"Received: a model with input {shown_shape(input_shape)}. Give the samples as arrays."
    )


def _check_first(shape: tuple[int, ...], wanted: InputShape, name: str) -> None:
    if not matches(shape, wanted):
        raise MisfitError(
            f"images must match the model's input {shown_shape(wanted)}. Received: shape {shown_shape(shape)} in "
            f"{name}. Resize them with --resize stretch, crop or pad, or choose other images."
        )


def _check_alike(image: np.ndarray, shape: tuple[int, ...], dtype: np.dtype, name: str) -> None:
    """Raise SamplesError unless an image has the shape and dtype of the first one."""
    if image.shape != shape:
        raise SamplesError(
            f"images must all have the shape {shown_shape(shape)}. Received: shape {shown_shape(image.shape)} in "
            f"{name}. Resize them with --resize stretch, crop or pad, or choose other images."
        )
    if image.dtype != dtype:
        raise SamplesError(
            f"images must all be of one kind, {dtype} like the first one. Received: {image.dtype} in {name}. "
            "Give bytes and floats separately."
        )


def file_chunks(folder: Place, names: Sequence[str], indices: Sequence[int]) -> Iterator[bytes]:
    """Yield for each file its SHA-256, two blanks, its name and a line feed.

    Args:
        folder: where the names start.
        names: the names of all files.
        indices: which of them to hash.

    Raises:
        SamplesError: a file cannot be read.
    """
    for index in counted_off(indices, len(indices)):
        path = folder / names[index]
        try:
            with path.open("rb") as file:
                digest = hashlib.sha256()
                while chunk := file.read(_HASHED_AT_ONCE):
                    digest.update(chunk)
        except OSError as error:
            raise cannot_be_read(Path(path.name), error) from error
        yield f"{digest.hexdigest()}  {names[index]}\n".encode("utf-8", "surrogateescape")


def _labelled(
    files: ImageFiles, given: GivenLabels | None, class_names: ClassNames | None, accepts: Accepts
) -> tuple[ImageFiles, Labels | None, bool]:
    """Return the files, without names of class folders that do not name the classes, and the labels of all of them.

    The last value says whether class folders were taken for the classes by their order alone.
    """
    if given is None:
        return files, *_labels_of_folders(files, class_names)
    known = files.class_names
    if class_names is None and known is not None and _exceeds(given, len(known)):
        known = None  # numbers of other classes than the folders
    names = class_names or (None if known is None else ClassNames(tuple(escaped(name) for name in known)))
    labels = understand(given, accepts, count=len(files.names), class_names=names, file_names=files.names)
    return replace(files, class_names=None if isinstance(labels, Unused) else known), labels, False


def _exceeds(given: GivenLabels, classes: int) -> bool:
    """Return whether labels are numbers of which one is no class of so many."""
    if given.read is not None:
        return True  # masks
    try:
        return bool((given.values.astype(np.float64) >= classes).any()) and given.values.ndim == 1
    except ValueError:
        return False


def _labels_of_folders(files: ImageFiles, class_names: ClassNames | None) -> tuple[Labels | None, bool]:
    """Return the labels of the class folders, by the class names where some were given; None without class folders.

    The second value says whether the folders were taken for the classes by their order, as none has the name of one.
    """
    labels, folders = files.labels, files.class_names
    if labels is None or folders is None or class_names is None:
        return labels, False
    places = positions_of(folders, class_names)
    if places is not None:
        note = say("Class folders were matched with the class names by name.")
        return replace(labels, values=np.array(places, np.int64)[labels.values], notes=(*labels.notes, note)), False
    if len(folders) != len(class_names):
        raise SamplesError(
            f"class names must be as many as the class folders, {len(folders)}, or have their names. Received: "
            f"{len(class_names)} class names. Give --class-names in the model's order, or --labels none to take the folders "
            "for no labels."
        )
    note = say("Class folders were matched with the class names in the order of their names.")
    return replace(labels, notes=(*labels.notes, note)), True


def _scan(folder: Place) -> tuple[list[str], list[str], list[str]]:
    """Return the sorted names of images, of folders and of other files, hidden ones left out."""
    images: list[str] = []
    folders: list[str] = []
    others: list[str] = []
    try:
        for name, is_folder in _entries(folder) if isinstance(folder, Path) else folder.entries():
            if name.startswith(".") or name in _NO_CLASSES:
                continue
            if is_folder:
                folders.append(name)
            elif os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES:  # noqa: PTH122
                images.append(name)
            else:
                others.append(name)
    except OSError as error:
        raise cannot_be_read(Path(folder.name), error) from error
    return sorted(images), sorted(folders), sorted(others)


def _entries(folder: Path) -> Iterator[tuple[str, bool]]:
    """Yield name and whether it is a folder of what lies in a folder; sockets, devices and broken links count as hidden."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir() or entry.is_file():
                yield entry.name, entry.is_dir()


def _folder_name(folder: Place) -> str:
    return base_name(folder) if isinstance(folder, Path) else shown_name(folder.name)


def _described(shown: str, count: int) -> str:
    return counted(count, "folder {folder}, {n} image", "folder {folder}, {n} images", folder=shown)


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
