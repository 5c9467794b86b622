"""Labels and class names that are written as text: a label on each line, or a name and a label; a class name on each."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reportgen.errors import SamplesError
from reportgen.samples.files import base_name, cannot_be_read, existing_path, exists, read_lines
from reportgen.samples.labels import GivenLabels
from reportgen.untrusted.escaping import escaped


def read_label_table(path: Path) -> GivenLabels:
    """Return labels from a text file, a label on each line; a `.csv` may have a name before each.

    Args:
        labels: a file, an array or a sequence.
        memory_limit: bytes that an array may take.

    Raises:
        SamplesError: the file cannot be read, or its lines have another number of columns.
    """
    rows = _text_labels(path)
    names = tuple(row[0] for row in rows) if len(rows[0]) > 1 else None
    return GivenLabels(np.array([row[-1] for row in rows]), base_name(path), names)


def read_class_names(class_names: str | Path | Sequence[str] | None) -> tuple[str, ...] | None:
    """Return class names from comma-separated text, a text file with one on each line, or a sequence.

    Raises:
        SamplesError: the file is missing or empty, or a name is empty.
    """
    if class_names is None:
        return None
    if isinstance(class_names, Path):
        names: Sequence[str] = read_lines(existing_path(class_names, "--class-names"))
    elif isinstance(class_names, str):
        is_file = exists(Path(class_names)) or ("," not in class_names and class_names.lower().endswith(".txt"))
        names = read_lines(existing_path(class_names, "--class-names")) if is_file else class_names.split(",")
    else:
        names = class_names
    stripped = tuple(str(name).strip() for name in names)
    if "" in stripped or not stripped:
        received = f"nothing at position {stripped.index('') + 1}" if stripped else "no name"
        raise SamplesError(
            f"class names must not be empty. Received: {received}. Give 'cat,dog' or a text file with one on each line."
        )
    return tuple(escaped(name) for name in stripped)


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
