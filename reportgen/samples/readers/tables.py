"""Labels that are written as text: a label on each line, or a name and a label."""

from pathlib import Path

import numpy as np

from reportgen.errors import SamplesError
from reportgen.samples.files import base_name, read_lines, read_rows
from reportgen.samples.labels import GivenLabels


def read_label_table(path: Path) -> GivenLabels:
    """Return labels from a text file, a label on each line; a `.csv` or `.tsv` may have a name before each.

    Args:
        path: the file.

    Raises:
        SamplesError: the file cannot be read, or its lines have another number of columns.
    """
    rows = _text_labels(path)
    names = tuple(row[0] for row in rows) if len(rows[0]) > 1 else None
    return GivenLabels(np.array([row[-1] for row in rows]), base_name(path), names)


def _text_labels(path: Path) -> list[list[str]]:
    """Return the lines of a text file, each an entry, or of a CSV file, all of one entry or all of two."""
    if path.suffix.lower() not in (".csv", ".tsv"):
        return [[line] for line in read_lines(path)]
    rows = read_rows(path)
    columns = 2 if len(rows[0]) == 2 else 1
    for number, row in enumerate(rows, start=1):
        if len(row) != columns:
            raise SamplesError(
                f"{base_name(path)} must hold one label on each line, or a file name and a label. "
                f"Received: {len(row)} columns on line {number}. Keep the column with the labels, and that of the names."
            )
    return [[entry.strip() for entry in row] for row in rows]
