"""Labels of a table whose first column names their samples, in the order of the samples: by file name, or by index."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import Message, counted, first_of, say
from reportgen.samples.files import shown_name

_INDEX = re.compile(r"[0-9]{1,10}")
SEVERAL = -1
"""Stands for several files of one name."""


def labels_in_order(
    values: np.ndarray, names: Sequence[str], file_names: Sequence[str] | None, *, count: int, origin: str
) -> tuple[np.ndarray, Message]:
    """Return the labels in the order of the samples, and where they come from; a first line that names no sample is a heading.

    Args:
        values: the labels of the lines.
        names: the first column of the lines.
        file_names: names of the samples' files, relative to their folder; None where samples have an index alone.
        count: number of samples.
        origin: where the labels come from: 'labels.csv'.

    Raises:
        SamplesError: the names are none of the files, or a sample has no label, or two.
    """
    if file_names is None:
        return _by_index(values, names, count=count, origin=origin)
    lookup = FileLookup(file_names)
    places = [lookup.place(name, origin) for name in names]
    if all(place is None for place in places):
        raise SamplesError(
            f"labels in two columns must name the image files in the first. Received: {shown_name(names[-1])!r} in "
            f"{origin}, which is none of them. Write the file's name and its label on each line."
        )
    ordered = _placed(values, places, [shown_name(name) for name in file_names], origin)
    others = sum(place is None for place in places[1:])
    if not others:
        return ordered, say("{file}, matched by file name", file=origin)
    return ordered, counted(
        others,
        "{file}, matched by file name ({n} line names no image)",
        "{file}, matched by file name ({n} lines name no image)",
        file=origin,
    )


def _by_index(values: np.ndarray, names: Sequence[str], *, count: int, origin: str) -> tuple[np.ndarray, Message]:
    """Return labels whose first column is the index of the sample, as a table that was saved with its index has."""
    places = [int(name) if _INDEX.fullmatch(name) else None for name in names]
    indices = places[1:] if places[0] is None else places
    if sorted(place for place in indices if place is not None) != list(range(count)) or None in indices:
        raise SamplesError(
            "labels in two columns must have the name of an image file in the first, or the index of each sample, "
            f"0 to {count - 1}. Received: {shown_name(names[-1])!r} in {origin}. Keep the column with the labels."
        )
    ordered = _placed(values, places, [str(index) for index in range(count)], origin)
    return ordered, say("{file}, matched by index", file=origin)


def _placed(values: np.ndarray, places: Sequence[int | None], names: Sequence[str], origin: str) -> np.ndarray:
    """Return the labels by sample."""
    found: list[str | None] = [None] * len(names)
    for place, label in zip(places, map(str, values), strict=True):
        if place is None:
            continue
        if found[place] not in (None, label):
            raise SamplesError(
                f"labels must be one for each sample. Received: {shown_name(str(found[place]))!r} and {shown_name(label)!r} "
                f"for {names[place]} in {origin}. Remove one of the lines."
            )
        found[place] = label
    missing = [name for name, label in zip(names, found, strict=True) if label is None]
    if missing:
        raise SamplesError(
            f"labels must be one for each sample. Received: none for {first_of(missing, 1)} in {origin}. Add the lines."
        )
    return np.array(found)


class FileLookup:
    """Finds a file by its path, its name, or its name without the ending."""

    def __init__(self, file_names: Sequence[str]) -> None:
        self._by_path = {name: position for position, name in enumerate(file_names)}
        self._by_name: dict[str, int] = {}
        self._by_stem: dict[str, int] = {}
        for position, path in enumerate(file_names):
            name = path.rpartition("/")[2]
            for table, key in ((self._by_name, name), (self._by_stem, name.rpartition(".")[0])):
                table[key] = SEVERAL if key in table else position

    def find(self, written: str) -> int | None:
        """Return which file is meant by a path of any length, or a name; None for none, and SEVERAL where several have it."""
        parts = written.replace("\\", "/").split("/")
        for start in range(len(parts)):
            if (path := "/".join(parts[start:])) in self._by_path:
                return self._by_path[path]
        return next((table[parts[-1]] for table in (self._by_name, self._by_stem) if parts[-1] in table), None)

    def place(self, written: str, origin: str) -> int | None:
        """Return which file is meant, as `find` does.

        Args:
            written: a path of any length, or a name.
            origin: where the labels come from, for the message.

        Raises:
            SamplesError: several files have this name.
        """
        found = self.find(written)
        if found == SEVERAL:
            raise SamplesError(
                f"labels must name one file on each line. Received: {shown_name(written)!r} in {origin}, which "
                "several files are called. Write it with its folder: class/name."
            )
        return found
