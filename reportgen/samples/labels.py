"""Labels, from what was given to whole numbers."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import joined, say
from reportgen.samples.arrays import read_array
from reportgen.samples.files import base_name, cannot_be_read, escape, existing_path, exists, read_lines, shown_name

LabelSets = Literal["none", "several", "all"]
"""Which rows of 0 and 1 name any number of classes: none, those of a source whose rows are not all one-hot, or all."""

NO_LABELS = "none"
_HIGHEST_LABEL = 2**31 - 1


@dataclass(frozen=True)
class GivenLabels:
    """Labels as they were found.

    Attributes:
        values: any shape: integers, whole floats, one-hot rows, or text (class names, or numbers in a text file).
        origin: where they come from, for messages and notes: 'labels.csv', 'array y_test beside x_test'.
        names: of the samples, where each label has one before it; the first may be a heading. See `in_order`.
    """

    values: np.ndarray
    origin: str
    names: tuple[str, ...] | None = None


def read_labels(labels: str | Path | np.ndarray | Sequence[object]) -> GivenLabels:
    """Return labels from a `.npy`, `.npz`, IDX or text file (a label on each line), from an array or a sequence.

    A `.csv` may have a name before each label.

    Raises:
        SamplesError: the file is missing or cannot be read, or the sequence is ragged.
    """
    if isinstance(labels, (str, Path)):
        array = read_array(labels, labels=True)
        if array is not None:
            return GivenLabels(array.values, array.description)
        path = existing_path(labels, "--labels")
        rows = _text_labels(path)
        names = tuple(row[0] for row in rows) if len(rows[0]) > 1 else None
        return GivenLabels(np.array([row[-1] for row in rows]), base_name(path), names)
    try:
        return GivenLabels(np.asarray(labels), say("the given labels"))
    except ValueError as error:
        raise SamplesError(
            "labels must be one number for each sample. Received: rows of different lengths. Give a flat sequence."
        ) from error


def to_class_indices(
    given: GivenLabels, *, count: int, class_names: tuple[str, ...] | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return labels as (count,) int64, and notes on how they were understood.

    Args:
        given: labels as found. One-hot rows, a column and whole floats are accepted.
        count: number of samples.
        class_names: in the model's order; labels may be these names.

    Raises:
        SamplesError: another length, not whole numbers, unknown names, or out of range.
    """
    values = given.values
    notes: tuple[str, ...] = (say("Labels: {origin}.", origin=given.origin),)
    if values.dtype.kind == "U":
        values, heading = _without_heading(values, count)
        notes += (say("The first line, {line}, was taken for a heading.", line=repr(heading)),) if heading else ()
    if values.ndim == 0 or len(values) != count:
        received = "a single value" if values.ndim == 0 else f"{len(values)} in {given.origin}"
        raise SamplesError(f"labels must be as many as the samples, {count}. Received: {received}. Give one for each.")
    if values.dtype.kind == "U":
        values = _from_text(values.reshape(count, -1), class_names, given.origin)
    if values.dtype.kind not in "buif":
        raise SamplesError(
            f"labels must be whole numbers. Received: dtype {values.dtype} in {given.origin}. "
            "Give integers, one-hot rows or class names."
        )
    if values.ndim == 2 and values.shape[1] > 1:
        values = _from_one_hot(values, given.origin)
        notes += (say("One-hot rows were taken as labels."),)
    if values.size != count:
        raise SamplesError(
            f"labels must be one for each sample or one-hot rows. Received: shape {values.shape} in {given.origin}. "
            "Give a flat list."
        )
    flat = _whole_numbers(values.reshape(count), given.origin)
    check_label_range(flat, classes=None if class_names is None else len(class_names), limit_set_by="class names")
    return flat, notes


def are_left_out(labels: object) -> bool:
    """Return whether --labels asks that samples are taken without labels; a file called 'none' comes first."""
    return isinstance(labels, str) and labels == NO_LABELS and not exists(Path(labels))


def reason_against(given: GivenLabels | None, *, count: int) -> str:
    """Return why labels cannot be compared with predictions though they are as many as the samples; '' where they can.

    Args:
        given: labels as found.
        count: number of samples.
    """
    shape = () if given is None else given.values.shape
    if len(shape) < 3 or shape[0] != count or math.prod(shape) == count:
        return ""
    sizes = [say("{size:d}", size=size) for size in shape]  # numbers, which a redacted report keeps
    return say(
        "The labels have the shape ({shape}). Predictions are compared with one class, one number or one row of classes for "
        "each sample, so these labels were not used.",
        shape=joined(sizes),
    )


def to_targets(given: GivenLabels, *, count: int) -> np.ndarray | None:
    """Return labels that are numbers but no class numbers, as (count,) float64; None for all others.

    For models with a single output that need not be a probability: a fraction or a negative number makes them targets.

    Args:
        given: labels as found.
        count: number of samples.
    """
    values: np.ndarray | None = given.values
    if values is not None and values.dtype.kind == "U":
        values = _numbers(_without_heading(values, count)[0])
    if values is None or values.dtype.kind not in "iuf" or values.shape not in ((count,), (count, 1)):
        return None
    targets = values.reshape(count).astype(np.float64)
    classes = (targets == np.floor(targets)) & (targets >= 0)
    return None if classes.all() or not np.isfinite(targets).all() else targets


def to_label_sets(given: GivenLabels, *, count: int, accepted: LabelSets) -> np.ndarray | None:
    """Return rows of 0 and 1 as (count, K) bool, K at least 2: the classes of each sample. None for all other labels.

    Args:
        given: labels as found.
        count: number of samples.
        accepted: which rows are sets.
    """
    values = given.values
    rows = values.ndim == 2 and len(values) == count and values.shape[1] > 1 and values.dtype.kind in "buif"
    if accepted == "none" or not rows or not ((values == 0) | (values == 1)).all():
        return None
    sets = values == 1
    return None if accepted == "several" and (sets.sum(axis=1) == 1).all() else sets


def note_on_targets(given: GivenLabels) -> str:
    """Return what is said of labels that were taken as what the single output should be."""
    return say(
        "Labels: {origin}. They are no class numbers, so they were taken as what the single output should be.",
        origin=given.origin,
    )


def note_on_sets(given: GivenLabels, sets: np.ndarray) -> str:
    """Return what is said of labels that were taken as sets of classes.

    Args:
        given: labels as found.
        sets: (count, K) bool.
    """
    return say(
        "Labels: {origin}. Each row of 0 and 1 was taken as the classes of its sample: {mean:.3g} of {classes} on average.",
        origin=given.origin,
        mean=float(sets.sum(axis=1).mean()),
        classes=sets.shape[1],
    )


def check_label_range(labels: np.ndarray, *, classes: int | None, limit_set_by: str) -> None:
    """Raise SamplesError unless all labels lie in 0 to `classes` - 1.

    Args:
        labels: (N,) integers.
        classes: how many there are, or None when only negative labels are wrong.
        limit_set_by: what has as many classes: 'class names', 'outputs of the model'.
    """
    highest = _HIGHEST_LABEL if classes is None else classes - 1
    wrong = np.flatnonzero((labels < 0) | (labels > highest))
    if len(wrong):
        allowed = "0 or more" if classes is None else f"0 to {highest}, for {classes} {limit_set_by}"
        raise SamplesError(
            f"labels must be {allowed}. Received: {labels[wrong[0]]} for sample {wrong[0]}. "
            "Check that the labels belong to this model."
        )


def _text_labels(path: Path) -> list[list[str]]:
    """Return the lines of a text file, each an entry, or of a CSV file, all of one entry or all of two."""
    lines = read_lines(path)
    if path.suffix.lower() != ".csv":
        return [[line] for line in lines]
    try:
        rows = list(csv.reader(lines))
    except csv.Error as error:
        raise cannot_be_read(path, error) from error
    columns = 2 if len(rows[0]) == 2 else 1
    for number, row in enumerate(rows, start=1):
        if len(row) != columns:
            raise SamplesError(
                f"{base_name(path)} must hold one label on each line, or a file name and a label. "
                f"Received: {len(row)} columns on line {number}. Keep the column with the labels, and that of the names."
            )
    return [[entry.strip() for entry in row] for row in rows]


def _without_heading(values: np.ndarray, count: int) -> tuple[np.ndarray, str | None]:
    """Return text labels without a first line that cannot be a label: one line too many, numbers below it alone."""
    if values.ndim == 1 and len(values) == count + 1 and _numbers(values[:1]) is None:
        below = _numbers(values[1:])
        if below is not None:
            return below, shown_name(str(values[0]))
    return values, None


def _numbers(values: np.ndarray) -> np.ndarray | None:
    """Return text as float64, or None when some of it is no number."""
    try:
        return values.astype(np.float64)
    except ValueError:
        return None


def _from_text(values: np.ndarray, class_names: tuple[str, ...] | None, origin: str) -> np.ndarray:
    """Return (N, C) text as numbers, or as positions among the class names."""
    numbers = _numbers(values)
    if numbers is not None:
        return numbers
    if class_names is None:
        raise SamplesError(
            f"labels that are names need the class names in the model's order. Received: "
            f"{shown_name(str(values.flat[0]))!r} in {origin}. Give --class-names (class_names in Python)."
        )
    positions = np.empty(values.shape, np.int64)
    for place, name in np.ndenumerate(values):
        if class_names.count(escape(str(name))) != 1:
            known = "more than one class has this name" if escape(str(name)) in class_names else "it is no class name"
            raise SamplesError(
                f"label {shown_name(str(name))!r} for sample {place[0]} cannot be used: {known}. "
                f"Received: {origin}. Use one of the {len(class_names)} class names, or numbers."
            )
        positions[place] = class_names.index(escape(str(name)))
    return positions


def _from_one_hot(values: np.ndarray, origin: str) -> np.ndarray:
    """Return the position of the single 1 of each row of (N, C)."""
    one_hot = ((values == 0) | (values == 1)).all(axis=1) & ((values == 1).sum(axis=1) == 1)
    if not one_hot.all():
        row = int(np.flatnonzero(~one_hot)[0])
        raise SamplesError(
            f"labels of shape {values.shape} must be one-hot: a single 1 in each row. "
            f"Received: row {row} of {origin} is not. Give class numbers instead; rows that name several classes need a "
            "model with an independent score for each class, as of a sigmoid."
        )
    positions: np.ndarray = np.argmax(values, axis=1)
    return positions


def _whole_numbers(values: np.ndarray, origin: str) -> np.ndarray:
    """Return (N,) values as int64."""
    floats = values.astype(np.float64)
    wrong = np.flatnonzero(~np.isfinite(floats) | (floats != np.floor(floats)) | (np.abs(floats) > _HIGHEST_LABEL))
    if len(wrong):
        raise SamplesError(
            f"labels must be whole numbers. Received: {values[wrong[0]]} for sample {wrong[0]} in {origin}. "
            "Give class numbers from 0 on."
        )
    return values.astype(np.int64)
