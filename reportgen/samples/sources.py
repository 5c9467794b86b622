"""Samples from any source, compared with the model's input and read piece by piece."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.array_source import open_array
from reportgen.samples.arrays import StoredArray
from reportgen.samples.class_names import read_class_names
from reportgen.samples.folders import ImageFiles, readable_images
from reportgen.samples.found import find_source, without_labels
from reportgen.samples.image_source import open_images
from reportgen.samples.labels import Accepts, GivenLabels, Labels, Unused, are_left_out, understand
from reportgen.samples.readers.tables import read_labels
from reportgen.samples.sample_source import SampleSource
from reportgen.untrusted.escaping import escaped

__all__ = ["SampleSource", "open_samples"]


def open_samples(
    source: str | Path | np.ndarray | tuple[Any, Any] | StoredArray,
    accepts: Accepts,
    *,
    labels: str | Path | np.ndarray | Sequence[Any] | None = None,
    class_names: str | Path | Sequence[str] | None = None,
) -> SampleSource:
    """Return samples that fit the model's input, ready to be read.

    Nothing is guessed in silence: what is added, chosen or converted is said in the notes. Nothing is unpickled.

    Args:
        source: `file.npz` or `file.npz:NAME`, a `.npy` or IDX file, an image, a folder of images or of class folders,
            the name of a data set of `keras.datasets` (its test split; a file or folder of that name comes first), an
            array (N, ...), or a tuple of samples and labels.
        accepts: what the model and the options allow.
        labels: file, array or sequence: integers, whole floats, one-hot rows or class names, one for each sample.
            None for those found with the samples, 'none' for no labels at all. A `.csv` may name the image file, or the
            index, before each label.
        class_names: 'cat,dog', a text file with one on each line, or a sequence; in the order of the model's outputs.

    Raises:
        SamplesError: a source, label or class name cannot be read or does not fit. One line, with the remedy.
    """
    names = read_class_names(class_names)
    found = find_source(source, memory_limit=accepts.memory_limit)
    given = None
    if are_left_out(labels):
        found = without_labels(found)
    elif labels is not None:
        given = read_labels(labels, memory_limit=accepts.memory_limit)
    if isinstance(found, StoredArray):
        return open_array(found, given, names, accepts)
    return _open_files(found, given, names, accepts)


def _open_files(
    files: ImageFiles, given: GivenLabels | None, class_names: tuple[str, ...] | None, accepts: Accepts
) -> SampleSource:
    """Return images as samples; labels that were given are those of all files, also of the skipped ones."""
    if accepts.input_shape is None:
        raise SamplesError(
            "images need a model that knows the size of its input. Received: a model that was never built. "
            "Give it samples of an array file, or build it before it is saved."
        )
    files, labels = _labelled(files, given, class_names, accepts)
    listed, kept = len(files.names), None
    if accepts.skip_bad:
        kept, skipped = readable_images(files)
        files = replace(files, names=tuple(files.names[index] for index in kept), notes=(*files.notes, *skipped))
        labels = labels if labels is None or isinstance(labels, Unused) else labels.take(kept)
    origin = ""
    if class_names is None and files.class_names is not None:
        class_names = tuple(escaped(name) for name in files.class_names)
        origin = "the names of the class folders"
    source = open_images(
        files, input_shape=accepts.input_shape, resize=accepts.resize, labels=labels, class_names=class_names
    )
    if kept is not None:
        source = replace(source, kept=tuple(int(index) for index in kept), listed=listed)
    return replace(source, class_names_origin=origin)


def _labelled(
    files: ImageFiles, given: GivenLabels | None, class_names: tuple[str, ...] | None, accepts: Accepts
) -> tuple[ImageFiles, Labels | None]:
    """Return the files, without names of class folders that do not name the classes, and the labels of all of them."""
    if given is None:
        return files, _labels_of_folders(files, class_names)
    known = files.class_names
    if class_names is None and known is not None and _exceeds(given, len(known)):
        known = None  # numbers of other classes than the folders
    labels = understand(
        given, accepts, count=len(files.names), class_names=class_names or known, file_names=files.names
    )
    return replace(files, class_names=None if isinstance(labels, Unused) else known), labels


def _exceeds(given: GivenLabels, classes: int) -> bool:
    """Return whether labels are numbers of which one is no class of so many."""
    try:
        return bool((given.values.astype(np.float64) >= classes).any()) and given.values.ndim == 1
    except ValueError:
        return False


def _labels_of_folders(files: ImageFiles, class_names: tuple[str, ...] | None) -> Labels | None:
    """Return the labels of the class folders, by the class names where some were given; None without class folders."""
    labels = files.labels
    if labels is None or files.class_names is None or class_names is None:
        return labels
    folders = [escaped(name) for name in files.class_names]
    if all(class_names.count(name) == 1 for name in folders):
        by_name = np.array([class_names.index(name) for name in folders], np.int64)
        note = say("Class folders were matched with the class names by name.")
        return replace(labels, values=by_name[labels.values], notes=(*labels.notes, note))
    if len(folders) != len(class_names):
        raise SamplesError(
            f"class names must be as many as the class folders, {len(folders)}, or have their names. Received: "
            f"{len(class_names)} class names. Give --class-names in the model's order, or --labels none to take the folders "
            "for no labels."
        )
    note = say("Class folders were matched with the class names in the order of their names.")
    return replace(labels, notes=(*labels.notes, note))
