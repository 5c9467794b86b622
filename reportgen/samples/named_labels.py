"""Labels in two columns: a name, of an image file or an index, and its label."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import counted, say
from reportgen.samples.files import shown_name
from reportgen.samples.labels import GivenLabels

_SEVERAL = -1
_INDEX = re.compile(r"[0-9]{1,10}")


def in_order(given: GivenLabels | None, file_names: Sequence[str] | None, count: int) -> GivenLabels | None:
    """Return labels in the order of the samples; those without a column of names as they are.

    Args:
        given: labels as found, or None. A first line that names no sample is a heading.
        file_names: of the samples, relative to their folder, 'a.png' or 'class/a.png'; None where they are no files.
        count: number of samples.

    Raises:
        SamplesError: a sample has no label or two, or a name stands for several files.
    """
    if given is None or given.names is None:
        return given
    if file_names is None:
        return _by_index(given, given.names, count)
    lookup = _Lookup(file_names)
    places = [lookup.place(name, given.origin) for name in given.names]
    if all(place is None for place in places):
        raise SamplesError(
            f"labels in two columns must name the image files in the first. Received: {shown_name(given.names[-1])!r} in "
            f"{given.origin}, which is none of them. Write the file's name and its label on each line."
        )
    values = _placed(given, places, [shown_name(name) for name in file_names])
    others = sum(place is None for place in places[1:])
    origin = say("{file}, matched by file name", file=given.origin)
    if others:
        origin = counted(
            others,
            "{file}, matched by file name ({n} line names no image)",
            "{file}, matched by file name ({n} lines name no image)",
            file=given.origin,
        )
    return replace(given, values=values, origin=origin, names=None)


def _by_index(given: GivenLabels, names: tuple[str, ...], count: int) -> GivenLabels:
    """Return labels whose first column is the index of the sample, as a table that was saved with its index has."""
    places = [int(name) if _INDEX.fullmatch(name) else None for name in names]
    indices = places[1:] if places[0] is None else places
    if sorted(place for place in indices if place is not None) != list(range(count)) or None in indices:
        raise SamplesError(
            "labels in two columns must have the name of an image file in the first, or the index of each sample, "
            f"0 to {count - 1}. Received: {shown_name(names[-1])!r} in {given.origin}. Keep the column with the labels."
        )
    values = _placed(given, places, [str(index) for index in range(count)])
    return replace(given, values=values, origin=say("{file}, matched by index", file=given.origin), names=None)


def _placed(given: GivenLabels, places: Sequence[int | None], names: Sequence[str]) -> np.ndarray:
    """Return the labels by sample."""
    found: list[str | None] = [None] * len(names)
    for place, label in zip(places, map(str, given.values), strict=True):
        if place is None:
            continue
        if found[place] not in (None, label):
            raise SamplesError(
                f"labels must be one for each sample. Received: {shown_name(str(found[place]))!r} and {shown_name(label)!r} "
                f"for {names[place]} in {given.origin}. Remove one of the lines."
            )
        found[place] = label
    missing = [name for name, label in zip(names, found, strict=True) if label is None]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise SamplesError(
            f"labels must be one for each sample. Received: none for {missing[0]}{more} in {given.origin}. Add the lines."
        )
    return np.array(found)


class _Lookup:
    """Finds a file by its path, its name, or its name without the ending."""

    def __init__(self, file_names: Sequence[str]) -> None:
        self._by_path = {name: position for position, name in enumerate(file_names)}
        self._by_name: dict[str, int] = {}
        self._by_stem: dict[str, int] = {}
        for position, path in enumerate(file_names):
            name = path.rpartition("/")[2]
            for table, key in ((self._by_name, name), (self._by_stem, name.rpartition(".")[0])):
                table[key] = _SEVERAL if key in table else position

    def place(self, written: str, origin: str) -> int | None:
        """Return which file is meant, or None.

        Args:
            written: a path of any length, or a name.
            origin: of the labels, for the message.

        Raises:
            SamplesError: several files have this name.
        """
        parts = written.replace("\\", "/").split("/")
        for start in range(len(parts)):
            if (path := "/".join(parts[start:])) in self._by_path:
                return self._by_path[path]
        for table in (self._by_name, self._by_stem):
            if parts[-1] in table:
                if table[parts[-1]] == _SEVERAL:
                    raise SamplesError(
                        f"labels must name one file on each line. Received: {shown_name(written)!r} in {origin}, which "
                        "several files are called. Write it with its folder: class/name."
                    )
                return table[parts[-1]]
        return None
