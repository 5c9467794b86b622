"""Samples from any source, compared with the model's input and read piece by piece."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.errors import SamplesError
from reportgen.samples.array_source import open_array
from reportgen.samples.arrays import StoredArray, read_array, split_array_name
from reportgen.samples.class_names import read_class_names
from reportgen.samples.datasets import DATASETS, load_dataset
from reportgen.samples.files import base_name, escape, existing_path, exists, first_bytes, shown_name
from reportgen.samples.folders import ImageFiles, list_images, readable_images
from reportgen.samples.image_source import open_images
from reportgen.samples.images import IMAGE_SUFFIXES, looks_like_image
from reportgen.samples.labels import GivenLabels, read_labels, to_class_indices, to_targets
from reportgen.samples.sample_source import SampleSource
from reportgen.samples.shapes import InputShape

__all__ = ["SampleSource", "open_samples"]


def open_samples(
    source: str | Path | np.ndarray | tuple[Any, Any] | StoredArray,
    *,
    input_shape: tuple[int | None, ...] | None,
    labels: str | Path | np.ndarray | Sequence[Any] | None = None,
    class_names: str | Path | Sequence[str] | None = None,
    resize: bool = False,
    skip_bad: bool = False,
    targets: bool = False,
) -> SampleSource:
    """Return samples that fit the model's input, ready to be read.

    Nothing is guessed in silence: what is added, chosen or converted is said in the notes. Nothing is unpickled.

    Args:
        source: `file.npz` or `file.npz:NAME`, a `.npy` or IDX file, an image, a folder of images or of class folders,
            the name of a data set of `keras.datasets` (its test split; a file or folder of that name comes first), an
            array (N, ...), or a tuple of samples and labels.
        input_shape: of the model without the batch axis, such as (28, 28, 1); None for a free size. None in its place
            where the model was never built: then arrays of any shape fit, and images do not.
        labels: file, array or sequence: integers, whole floats, one-hot rows or class names, one for each sample.
            None for those found with the samples.
        class_names: 'cat,dog', a text file with one on each line, or a sequence; in the order of the model's outputs.
        resize: whether images of other sizes are resized.
        skip_bad: whether images that cannot be read are left out instead of being an error.
        targets: whether labels may be any numbers, as for a model with a single output; no class numbers, they become the
            source's targets.

    Raises:
        SamplesError: a source, label or class name cannot be read or does not fit. One line, with the remedy.
    """
    names = read_class_names(class_names)
    given = None if labels is None else read_labels(labels)
    found = _find(source)
    if isinstance(found, StoredArray):
        return _open_stored(found, given, names, input_shape=input_shape, targets=targets)
    if input_shape is None:
        raise SamplesError(
            "images need a model that knows the size of its input. Received: a model that was never built. "
            "Give it samples of an array file, or build it before it is saved."
        )
    return _open_files(found, given, names, input_shape=input_shape, resize=resize, skip_bad=skip_bad, targets=targets)


def _open_stored(
    stored: StoredArray,
    given: GivenLabels | None,
    class_names: tuple[str, ...] | None,
    *,
    input_shape: InputShape | None,
    targets: bool,
) -> SampleSource:
    """Return an array as samples, with targets where its labels are no class numbers."""
    if given is None and stored.labels is not None:
        given = GivenLabels(stored.labels, stored.labels_origin)
    numbers = to_targets(given, count=len(stored.values)) if targets and given and stored.values.ndim else None
    if given is None or numbers is None:
        return open_array(stored, input_shape=input_shape, given=given, class_names=class_names)
    source = open_array(replace(stored, labels=None), input_shape=input_shape, given=None, class_names=class_names)
    return _with_targets(source, numbers, given.origin)


def _with_targets(source: SampleSource, targets: np.ndarray, origin: str) -> SampleSource:
    note = f"Labels: {origin}. They are no class numbers, so they were taken as what the single output should be."
    return replace(source, targets=targets, notes=(*source.notes, note))


def _open_files(
    files: ImageFiles,
    given: GivenLabels | None,
    class_names: tuple[str, ...] | None,
    *,
    input_shape: InputShape,
    resize: bool,
    skip_bad: bool,
    targets: bool,
) -> SampleSource:
    """Return images as samples; labels that were given are those of all files, also of the skipped ones."""
    numbers = to_targets(given, count=len(files.names)) if targets and given else None
    files, labels = _with_labels(files, given, class_names) if numbers is None else (files, None)
    if skip_bad:
        kept, skipped = readable_images(files)
        files = replace(files, names=tuple(files.names[index] for index in kept), notes=(*files.notes, *skipped))
        labels = None if labels is None else labels[kept]
        numbers = None if numbers is None else numbers[kept]
    if class_names is None and files.class_names is not None:
        class_names = tuple(escape(name) for name in files.class_names)
    source = open_images(files, input_shape=input_shape, resize=resize, labels=labels, class_names=class_names)
    return source if given is None or numbers is None else _with_targets(source, numbers, given.origin)


def _find(source: object) -> StoredArray | ImageFiles:
    """Return what `source` names, not yet compared with the model."""
    if isinstance(source, StoredArray):
        return source
    if isinstance(source, tuple) and len(source) == 2:
        images, labels = source
        beside = None if labels is None else read_labels(labels).values
        return replace(_in_memory(images), labels=beside, labels_origin="given with the samples")
    if not isinstance(source, (str, Path)):
        return _in_memory(source)
    path, array_name = split_array_name(source)
    if array_name is None and not exists(path):
        if isinstance(source, str) and source in DATASETS:
            return load_dataset(source)
        raise SamplesError(
            f"No such file or folder. Received: {base_name(path)}. Check the name; data sets are {', '.join(DATASETS)}."
        )
    stored = read_array(source)
    if stored is not None:
        return stored
    if existing_path(path).is_dir():
        return list_images(path)
    head = first_bytes(path, 16)
    if looks_like_image(head) or path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageFiles(folder=path.parent, names=(path.name,), description=base_name(path))
    raise SamplesError(
        f"{base_name(path)} holds no samples that can be read. Received: first bytes {head[:8].hex(' ') or 'none'}. "
        "Give a .npz, .npy or IDX file, an image, or a folder of images."
    )


def _in_memory(values: object) -> StoredArray:
    """Return an array, or whatever NumPy takes for one, such as a tensor."""
    if not (isinstance(values, np.ndarray) or hasattr(values, "__array__")):
        raise SamplesError(
            "samples must be a file, a folder, an array, or a tuple of samples and labels. "
            f"Received: {shown_name(type(values).__name__)}. Convert them with numpy.asarray."
        )
    return StoredArray(values=np.asarray(values), name="samples", description="array in memory")


def _with_labels(
    files: ImageFiles, given: GivenLabels | None, class_names: tuple[str, ...] | None
) -> tuple[ImageFiles, np.ndarray | None]:
    """Return the files with a note on their labels, and the labels: those given, or those of the class folders."""
    if given is not None:
        # The note on class folders would not be true any more
        kept_notes = tuple(note for note in files.notes if not note.startswith("Labels:"))
        labels, notes = to_class_indices(given, count=len(files.names), class_names=class_names or files.class_names)
        return replace(files, notes=kept_notes + notes), labels
    if files.labels is None or files.class_names is None or class_names is None:
        return files, files.labels
    folders = [escape(name) for name in files.class_names]
    if all(class_names.count(name) == 1 for name in folders):
        by_name = np.array([class_names.index(name) for name in folders], np.int64)
        note = "Class folders were matched with the class names by name."
        return replace(files, notes=(*files.notes, note)), by_name[files.labels]
    if len(folders) != len(class_names):
        raise SamplesError(
            f"class names must be as many as the class folders, {len(folders)}, or have their names. Received: "
            f"{len(class_names)} class names. Give --class-names in the model's order."
        )
    note = "Class folders were matched with the class names in the order of their names."
    return replace(files, notes=(*files.notes, note)), files.labels
