"""Labels from text files, a label on each line or a name and a label, and from the arrays of other files."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.arrays import read_array
from reportgen.samples.files import base_name, cannot_be_read, existing_path, read_lines
from reportgen.samples.labels import GivenLabels
from reportgen.untrusted import limits


def read_labels(
    labels: str | Path | np.ndarray | Sequence[object], *, memory_limit: int = limits.HALF_OF_MEMORY
) -> GivenLabels:
    """Return labels from a `.npy`, `.npz`, IDX or text file (a label on each line), from an array or a sequence.

    A `.csv` may have a name before each label.

    Args:
        labels: a file, an array or a sequence.
        memory_limit: bytes that an array may take.

    Raises:
        SamplesError: the file is missing or cannot be read, or the sequence is ragged.
    """
    if isinstance(labels, (str, Path)):
        array = read_array(labels, labels=True, memory_limit=memory_limit)
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
