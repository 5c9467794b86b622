"""What is known of each sample beside its label, by which samples are grouped: columns of a table, and folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.files import base_name, read_rows, shown_name
from reportgen.samples.label_order import SEVERAL, FileLookup
from reportgen.samples.labels import ClassLabels
from reportgen.samples.source import SampleSource

MOST_COLUMNS = 200
"""Columns of a table: what is looked at is corrected for, so that more would find nothing."""


@dataclass(frozen=True)
class SliceColumn:
    """One thing that is known of every sample.

    Attributes:
        name: what it is, escaped.
        entries: what it is of each sample of the source, as written, escaped; '' where nothing is known.
    """

    name: str
    entries: tuple[str, ...]


def read_slices(path: str | Path, source: SampleSource) -> tuple[SliceColumn, ...]:
    """Return the columns of a table with a heading and a line for each sample.

    Where the first column names the files that the samples are, as labels do, the lines may be in any order, and those of other
    files are passed over; elsewhere their order is that of the samples.

    Args:
        path: a CSV file.
        source: the samples.

    Raises:
        SamplesError: the file cannot be read, or its lines are not as many as the samples.
    """
    path = Path(path)
    heading, *rows = read_rows(path)
    order = _order([row[0] for row in rows], source)
    if order is None and len(rows) != source.count:
        raise SamplesError(
            f"--slices: {base_name(path)} must have a heading and a line for each of the {source.count} samples. "
            f"Received: {len(rows)} lines under the heading. Give one line for each sample, in their order."
        )
    if len(heading) > MOST_COLUMNS:
        raise SamplesError(
            f"--slices: {base_name(path)} must have at most {MOST_COLUMNS} columns. Received: {len(heading)}. Keep those that "
            "may matter."
        )
    wrong = next((number for number, row in enumerate(rows, start=2) if len(row) != len(heading)), None)
    if wrong is not None:
        raise SamplesError(
            f"--slices: {base_name(path)} must have as many entries on each line as columns in its heading, {len(heading)}. "
            f"Received: {len(rows[wrong - 2])} on line {wrong}. Quote entries that hold a comma."
        )
    names = [shown_name(name.strip()) or str(number) for number, name in enumerate(heading, start=1)]
    if order is not None:
        names, rows = names[1:], [rows[place][1:] for place in order]
    return tuple(
        SliceColumn(name, tuple(shown_name(row[place].strip()) for row in rows)) for place, name in enumerate(names)
    )


def _order(written: list[str], source: SampleSource) -> list[int] | None:
    """Return the line of each sample where these are the names of the samples' files, each once at the most; else None."""
    if source.files is None:
        return None
    lookup = FileLookup(source.files.names)
    lines: dict[int, int] = {}
    for line, name in enumerate(written):
        place = lookup.find(name.strip())
        if place == SEVERAL or place in lines:
            return None
        if place is not None:
            lines[place] = line
    return [lines[place] for place in range(source.count)] if len(lines) == source.count else None


def folder_column(source: SampleSource) -> SliceColumn | None:
    """Return the folder of each sample's file; None where there is one folder alone, or a folder for each class."""
    if source.files is None:
        return None
    folders = tuple(str(PurePosixPath(name).parent) for name in source.files.names)
    labels = source.labels.values.tolist() if isinstance(source.labels, ClassLabels) else [None] * source.count
    if len(set(folders)) == 1 or len(set(zip(folders, labels, strict=True))) == len(set(folders)) == len(set(labels)):
        return None
    return SliceColumn(say("folder"), tuple(map(shown_name, folders)))


def nameless(columns: tuple[SliceColumn, ...]) -> tuple[SliceColumn, ...]:
    """Return the same columns with numbers in place of their names and of what is no number in them."""
    return tuple(
        SliceColumn(say("column {number:d}", number=number), _numbered(column.entries))
        for number, column in enumerate(columns, start=1)
    )


def _numbered(entries: tuple[str, ...]) -> tuple[str, ...]:
    if numbers_of(entries) is not None:
        return entries
    known = {
        entry: say("value {number:d}", number=number) for number, entry in enumerate(sorted(set(entries)), start=1)
    }
    return tuple(known[entry] if entry else "" for entry in entries)


def numbers_of(entries: tuple[str, ...]) -> list[float] | None:
    """Return entries as numbers, NaN for none; None where one is no number, or none is known."""
    try:
        found = [float(entry) if entry else float("nan") for entry in entries]
    except ValueError:
        return None
    return found if any(number == number for number in found) else None
