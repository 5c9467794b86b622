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
from reportgen.samples.files import escape
from reportgen.samples.folders import ImageFiles, readable_images
from reportgen.samples.found import find_source, without_labels
from reportgen.samples.image_source import open_images
from reportgen.samples.labels import (
    GivenLabels,
    LabelSets,
    are_left_out,
    note_on_sets,
    note_on_targets,
    read_labels,
    reason_against,
    to_class_indices,
    to_label_sets,
    to_targets,
)
from reportgen.samples.named_labels import in_order
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
    label_sets: LabelSets = "none",
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
            None for those found with the samples, 'none' for no labels at all. A `.csv` may name the image file, or the
            index, before each label.
        class_names: 'cat,dog', a text file with one on each line, or a sequence; in the order of the model's outputs.
        resize: whether images of other sizes are resized.
        skip_bad: whether images that cannot be read are left out instead of being an error.
        targets: whether labels may be any numbers, as for a model with a single output; no class numbers, they become the
            source's targets.
        label_sets: which rows of 0 and 1 name any number of classes; they become the source's sets.

    Raises:
        SamplesError: a source, label or class name cannot be read or does not fit. One line, with the remedy.
    """
    names = read_class_names(class_names)
    found = find_source(source)
    left_out = are_left_out(labels)
    given = None if labels is None or left_out else read_labels(labels)
    if left_out:
        found = without_labels(found, say("Labels found with the samples were left out (--labels none)."))
    if isinstance(found, StoredArray):
        if given is None and found.labels is not None:
            given = GivenLabels(found.labels, found.labels_origin)
        count = len(found.values) if found.values.ndim else 0
    else:
        count = len(found.names)
    if reason := reason_against(given, count=count):
        found, given = without_labels(found, reason), None
    opened = _opened(
        found,
        in_order(given, None if isinstance(found, StoredArray) else found.names, count),
        names,
        input_shape=input_shape,
        resize=resize,
        skip_bad=skip_bad,
        targets=targets,
        accepted=label_sets,
    )
    return replace(opened, unused_labels=reason)


def _opened(
    found: StoredArray | ImageFiles,
    given: GivenLabels | None,
    names: tuple[str, ...] | None,
    *,
    input_shape: InputShape | None,
    resize: bool,
    skip_bad: bool,
    targets: bool,
    accepted: LabelSets,
) -> SampleSource:
    if isinstance(found, StoredArray):
        return _open_stored(found, given, names, input_shape=input_shape, targets=targets, accepted=accepted)
    if input_shape is None:
        raise SamplesError(
            "images need a model that knows the size of its input. Received: a model that was never built. "
            "Give it samples of an array file, or build it before it is saved."
        )
    return _open_files(
        found,
        given,
        names,
        input_shape=input_shape,
        resize=resize,
        skip_bad=skip_bad,
        targets=targets,
        accepted=accepted,
    )


def _open_stored(
    stored: StoredArray,
    given: GivenLabels | None,
    class_names: tuple[str, ...] | None,
    *,
    input_shape: InputShape | None,
    targets: bool,
    accepted: LabelSets,
) -> SampleSource:
    """Return an array as samples, with targets or sets of classes where its labels are no class numbers."""
    numbers = to_targets(given, count=len(stored.values)) if targets and given and stored.values.ndim else None
    sets = to_label_sets(given, count=len(stored.values), accepted=accepted) if given and stored.values.ndim else None
    if given is None or (numbers is None and sets is None):
        return open_array(stored, input_shape=input_shape, given=given, class_names=class_names)
    source = open_array(replace(stored, labels=None), input_shape=input_shape, given=None, class_names=class_names)
    return _understood(source, given, numbers, sets)


def _understood(
    source: SampleSource, given: GivenLabels, numbers: np.ndarray | None, sets: np.ndarray | None
) -> SampleSource:
    """Return samples with their targets or sets of classes, where there are some."""
    if numbers is not None:
        return replace(source, targets=numbers, notes=(*source.notes, note_on_targets(given)))
    if sets is not None:
        return replace(source, label_sets=sets, notes=(*source.notes, note_on_sets(given, sets)))
    return source


def _open_files(
    files: ImageFiles,
    given: GivenLabels | None,
    class_names: tuple[str, ...] | None,
    *,
    input_shape: InputShape,
    resize: bool,
    skip_bad: bool,
    targets: bool,
    accepted: LabelSets,
) -> SampleSource:
    """Return images as samples; labels that were given are those of all files, also of the skipped ones."""
    numbers = to_targets(given, count=len(files.names)) if targets and given else None
    sets = to_label_sets(given, count=len(files.names), accepted=accepted) if given else None
    plain = numbers is None and sets is None
    files, labels = _with_labels(files, given, class_names) if plain else (files, None)
    listed, kept = len(files.names), None
    if skip_bad:
        kept, skipped = readable_images(files)
        files = replace(files, names=tuple(files.names[index] for index in kept), notes=(*files.notes, *skipped))
        labels = None if labels is None else labels[kept]
        numbers = None if numbers is None else numbers[kept]
        sets = None if sets is None else sets[kept]
    origin = ""
    if class_names is None and files.class_names is not None:
        class_names = tuple(escape(name) for name in files.class_names)
        origin = "the names of the class folders"
    source = open_images(files, input_shape=input_shape, resize=resize, labels=labels, class_names=class_names)
    if kept is not None:
        source = replace(source, kept=tuple(int(index) for index in kept), listed=listed)
    source = replace(source, class_names_origin=origin)
    return source if given is None else _understood(source, given, numbers, sets)


def _exceeds(given: GivenLabels, classes: int) -> bool:
    """Return whether labels are numbers of which one is no class of so many."""
    try:
        return bool((given.values.astype(np.float64) >= classes).any()) and given.values.ndim == 1
    except ValueError:
        return False


def _with_labels(
    files: ImageFiles, given: GivenLabels | None, class_names: tuple[str, ...] | None
) -> tuple[ImageFiles, np.ndarray | None]:
    """Return the files with a note on their labels, and the labels: those given, or those of the class folders."""
    if given is not None:
        # The note on class folders would not be true any more
        kept_notes = tuple(note for note in files.notes if not note.startswith("Labels:"))
        known = files.class_names
        if class_names is None and known is not None and _exceeds(given, len(known)):
            known = None  # numbers of other classes than the folders
        labels, notes = to_class_indices(given, count=len(files.names), class_names=class_names or known)
        return replace(files, class_names=known, notes=kept_notes + notes), labels
    if files.labels is None or files.class_names is None or class_names is None:
        return files, files.labels
    folders = [escape(name) for name in files.class_names]
    if all(class_names.count(name) == 1 for name in folders):
        by_name = np.array([class_names.index(name) for name in folders], np.int64)
        note = say("Class folders were matched with the class names by name.")
        return replace(files, notes=(*files.notes, note)), by_name[files.labels]
    if len(folders) != len(class_names):
        raise SamplesError(
            f"class names must be as many as the class folders, {len(folders)}, or have their names. Received: "
            f"{len(class_names)} class names. Give --class-names in the model's order, or --labels none to take the folders "
            "for no labels."
        )
    note = say("Class folders were matched with the class names in the order of their names.")
    return replace(files, notes=(*files.notes, note)), files.labels
