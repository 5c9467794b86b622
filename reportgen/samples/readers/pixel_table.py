"""Images as lines of numbers: a `.csv` with `label,pixel0,pixel1,…`, or with all pixels of an image in one column."""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.class_names import compared
from reportgen.samples.files import base_name, cannot_be_read, shown_name
from reportgen.samples.labels import GivenLabels
from reportgen.samples.readers.arrays import StoredArray
from reportgen.samples.readers.reader import GivenFile
from reportgen.samples.shapes import InputShape
from reportgen.untrusted import limits

_LABELS = frozenset(
    {"label", "labels", "class", "classes", "target", "y", "digit", "emotion", "category", "letter", "character"}
)
_INDICES = frozenset({"", "id", "index", "imageid", "unnamed:0"})
_PIXELS = frozenset({"pixels"})
_USES = frozenset({"usage", "split", "set", "subset"})
_NUMBER = re.compile(r"\s*[-+]?[0-9.]+([eE][-+]?[0-9]+)?\s*")
_AT_ONCE = 2_000
_LONGEST_LINE = 64 << 20
_FEWEST = 4  # columns of pixels; what has fewer is a table of something else


class PixelTable:
    """A `.csv` or `.tsv` file with the pixels of one image on each line."""

    def match(self, file: GivenFile) -> bool:
        """Return whether samples were asked for and the file is called .csv or .tsv."""
        return not file.labels and file.path.suffix.lower() in (".csv", ".tsv") and bool(file.head)

    def open(self, file: GivenFile) -> StoredArray:
        """Return the images in the shape of the model's input, or square where they have another size.

        Raises:
            SamplesError: a line is no image, or the file needs more memory than allowed.
        """
        path = file.path
        try:
            with path.open(encoding="utf-8-sig", errors="strict", newline="") as stream:
                columns = _columns(path, stream, file.input_shape)
                values, labels, uses = _read(path, stream, columns, file.memory_limit)
        except (OSError, UnicodeDecodeError, MemoryError) as error:
            raise cannot_be_read(path, error) from error
        kept, notes = _of_tests(uses)
        if kept is not None:
            values, labels = values[kept], None if labels is None else labels[kept]
        shape = _shape(values.shape[1], file.input_shape)
        if columns.label is not None and not columns.headed:
            notes += (say("The first column was taken as labels: there is one column more than pixels."),)
        origin = say("column {column}", column=shown_name(columns.heading or "1"))
        return StoredArray(
            values=values.reshape(len(values), *shape),
            name=shown_name(path.stem),
            description=base_name(path),
            labels=None if labels is None else GivenLabels(labels, origin),
            notes=notes,
        )


@dataclass(frozen=True)
class _Columns:
    """What stands where in a line.

    Attributes:
        mark: what stands between columns.
        count: number of columns.
        pixels: places of the pixels' columns; a single one holds all pixels with blanks between them.
        label: place of the label's column, or None.
        use: place of the column that says what a line is for, or None.
        headed: whether the first line is a heading.
        heading: the label column's, '' without one.
    """

    mark: str
    count: int
    pixels: tuple[int, ...]
    label: int | None
    use: int | None
    headed: bool
    heading: str = ""


def _columns(path: Path, stream: IO[str], input_shape: InputShape | None) -> _Columns:
    """Return what the columns are, by the heading or else by their number; the stream is left at the first image."""
    first = _line(path, stream)
    mark = max((",", ";", "\t"), key=first.count)
    cells = [cell.strip() for cell in next(csv.reader([first], delimiter=mark), [])]
    if all(map(_NUMBER.fullmatch, cells)) and cells:
        stream.seek(0)
        size = _input_size(input_shape)
        labelled = size == len(cells) - 1 or (size not in (len(cells), None) and _is_square(len(cells) - 1))
        pixels = tuple(range(1 if labelled else 0, len(cells)))
        found = _Columns(mark, len(cells), pixels, 0 if labelled else None, None, headed=False)
    else:
        names = [compared(cell) for cell in cells]
        label = next((place for place, name in enumerate(names) if name in _LABELS), None)
        use = next((place for place, name in enumerate(names) if name in _USES), None)
        packed = next((place for place, name in enumerate(names) if name in _PIXELS), None)
        other = {label, use} | {place for place, name in enumerate(names) if name in _INDICES}
        pixels = tuple(place for place in range(len(cells)) if place not in other) if packed is None else (packed,)
        heading = "" if label is None else cells[label]
        found = _Columns(mark, len(cells), pixels, label, use, headed=True, heading=heading)
        if packed is not None:
            return found
    if len(found.pixels) < _FEWEST and len(found.pixels) != _input_size(input_shape):
        raise SamplesError(
            f"{base_name(path)} holds no images that can be read. Received: a table of {len(cells)} columns. As samples it needs "
            "the pixels of one image on each line, perhaps after its label; labels go to --labels."
        )
    return found


def _read(
    path: Path, stream: IO[str], columns: _Columns, memory_limit: int
) -> tuple[np.ndarray, np.ndarray | None, list[str]]:
    """Return pixels (N, P), labels (N,) text, and what each line is for."""
    parts: list[np.ndarray] = []
    labels: list[str] = []
    uses: list[str] = []
    size = 0
    lines = _lines(path, stream)
    while chunk := list(itertools.islice(lines, _AT_ONCE)):
        pixels, rest = _pixels(path, chunk, columns, first=len(uses) or sum(map(len, parts)))
        parts.append(pixels)
        labels += [row[0] for row in rest] if columns.label is not None else []
        uses += [row[-1] for row in rest] if columns.use is not None else []
        size += pixels.nbytes
        if size > memory_limit:
            raise SamplesError(limits.over_memory(base_name(path), size, " of pixels", limit=memory_limit))
        if parts[0].shape[1] != pixels.shape[1]:
            raise _bad_line(path, sum(map(len, parts)), f"{pixels.shape[1]} pixels, and {parts[0].shape[1]} before")
    if not parts:
        raise SamplesError(f"{base_name(path)} holds no image. Received: no line of pixels. Give at least one.")
    return np.concatenate(parts), np.array(labels) if columns.label is not None else None, uses


def _pixels(path: Path, chunk: list[str], columns: _Columns, *, first: int) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """Return the pixels of some lines, bytes where they are, and label and use of each line as text."""
    number = first + 1 + columns.headed
    wanted = [place for place in (columns.label, columns.use) if place is not None]
    try:
        if len(columns.pixels) > 1:
            values = np.loadtxt(
                chunk, np.float32, delimiter=columns.mark, usecols=columns.pixels, ndmin=2, quotechar='"'
            )
            rest = [tuple(row) for row in _text(chunk, columns, wanted)]
        else:
            rows = list(csv.reader(chunk, delimiter=columns.mark))
            values = np.loadtxt([row[columns.pixels[0]] for row in rows], np.float32, ndmin=2)
            rest = [tuple(row[place].strip() for place in wanted) for row in rows]
    except (ValueError, IndexError, csv.Error) as error:
        raise _bad_line(path, number, "a line that is not one number for each pixel, at or after it") from error
    if len(values) != len(chunk) or not np.isfinite(values).all():
        raise _bad_line(path, number, "a pixel that is not finite, at or after it")
    whole = values.min() >= 0 and values.max() <= 255 and (values == np.floor(values)).all()
    return values.astype(np.uint8) if whole else values, rest


def _text(chunk: list[str], columns: _Columns, wanted: Sequence[int]) -> list[list[str]]:
    """Return some columns of lines as text."""
    if not wanted:
        return [[] for _ in chunk]
    if all('"' not in line for line in chunk):
        ends = [line.split(columns.mark) for line in chunk]
    else:
        ends = list(csv.reader(chunk, delimiter=columns.mark))
    return [[row[place].strip() for place in wanted] for row in ends]


def _of_tests(uses: list[str]) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the lines that are for tests, where the table says which are, and a note; None for all of them."""
    test = np.array(["test" in use.lower() for use in uses], bool)
    if not test.any() or test.all():
        return None, ()
    kept = np.flatnonzero(test)
    return kept, (say("Of {all} lines, the {count} for testing were used.", all=len(uses), count=len(kept)),)


def _shape(pixels: int, input_shape: InputShape | None) -> tuple[int, ...]:
    """Return the shape of an image of so many pixels: the model's, else square, grey or of three channels, else flat."""
    if input_shape is not None and _input_size(input_shape) == pixels:
        return tuple(size or 0 for size in input_shape)
    if input_shape is not None and len(input_shape) == 3:
        for channels in (1, 3):
            side = math.isqrt(pixels // channels)
            if side * side * channels == pixels and channels in (input_shape[-1], input_shape[-1] or channels):
                return (side, side, channels)
    return (pixels,)


def _input_size(input_shape: InputShape | None) -> int | None:
    """Return how many values a sample has, or None where that is free."""
    sizes = [size for size in input_shape or (None,) if size is not None]
    return math.prod(sizes) if input_shape is not None and len(sizes) == len(input_shape) else None


def _is_square(pixels: int) -> bool:
    return any(math.isqrt(pixels // channels) ** 2 * channels == pixels for channels in (1, 3))


def _lines(path: Path, stream: IO[str]) -> Iterator[str]:
    while line := _line(path, stream):
        if line.strip():
            yield line


def _line(path: Path, stream: IO[str]) -> str:
    line = stream.readline(_LONGEST_LINE)
    if len(line) >= _LONGEST_LINE:
        raise SamplesError(
            f"{base_name(path)} has a line that is too long. Received: more than {limits.readable(_LONGEST_LINE)}. "
            "Give the pixels of one image on each line."
        )
    return line


def _bad_line(path: Path, number: int, received: str) -> SamplesError:
    return SamplesError(
        f"{base_name(path)} must have one image on each line. Received: {received} (line {number}). Mend or remove it."
    )
