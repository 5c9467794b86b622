"""Names of the classes: what each class is called, and which class somebody else's spelling of a name means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from reportgen.errors import SamplesError
from reportgen.messages import first_of, say
from reportgen.samples.files import shown_name
from reportgen.untrusted.escaping import escaped

_NUMBERED = re.compile(r"\s*([0-9]{1,6})(?:\s*[:;,.)=|\t_-]\s*|\s+)(\S.*)", re.DOTALL)
_SEPARATORS = re.compile(r"[\s_\-\u2010-\u2015\u2212]+")
_NAMED = 5


@dataclass(frozen=True)
class ClassNames:
    """The names of the classes, in the order of the model's outputs.

    Attributes:
        names: as the page shows them, escaped; one for each class.
        others: further names by which a class may be meant, for each class: the whole line of a file ('0 cat'), its number, or
            the identifier beside a name ('n01440764'); empty where there are none.
        notes: what was changed when they were read, one sentence each.
    """

    names: tuple[str, ...]
    others: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of classes."""
        return len(self.names)

    def position(self, written: str) -> int | None:
        """Return which class is meant by a name: the one that is called so, or else the only one of nearly this name.

        Names are nearly the same when they differ in case, spaces, hyphens, underscores or Unicode form alone.

        Example:
            >>> ClassNames(("T-shirt", "Ankle boot")).position("ankle_boot")
            1
        """
        for same, table in ((escaped, self._places[0]), (compared, self._places[1])):
            if places := table.get(same(written)):
                return places[0] if len(places) == 1 else None
        return None

    def several(self, written: str) -> bool:
        """Return whether more than one class is called so."""
        return self.names.count(escaped(written)) > 1

    @cached_property
    def _places(self) -> tuple[Mapping[str, list[int]], Mapping[str, list[int]]]:
        """The classes that are called so, by the names themselves and by what is compared of them."""
        exact: dict[str, list[int]] = {}
        nearly: dict[str, list[int]] = {}
        for place, name in enumerate(self.names):
            called = (name, *(self.others[place] if self.others else ()))
            for table, keys in ((exact, set(called)), (nearly, {compared(one) for one in called})):
                for key in keys:
                    table.setdefault(key, []).append(place)
        return exact, nearly


def compared(name: str) -> str:
    """Return a name without what differs between spellings: case, spaces, hyphens, underscores and Unicode form.

    Example:
        >>> compared("Hot-Dog") == compared("hot dog")
        True
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return _SEPARATORS.sub("", folded) or folded.strip()


def without_numbers(lines: Sequence[str]) -> ClassNames:
    """Return names, escaped, without the numbers before them, in the order of these; whole where they are not numbered.

    'labels.txt' of Teachable Machine has '0 cat', '1 dog'. A number is taken off where every line has one, these count the
    lines from 0 or 1, and the names that remain differ.

    Example:
        >>> without_numbers(["0 cat", "1: dog"]).names
        ('cat', 'dog')
    """
    found = [(int(match[1]), match[2].strip(), line) for line in lines if (match := _NUMBERED.fullmatch(line))]
    found.sort(key=lambda one: one[0])
    first = found[0][0] if found else 0
    counts = [number for number, _, _ in found] == list(range(first, first + len(lines)))
    if first > 1 or not counts or len({name for _, name, _ in found}) < len(lines):
        return ClassNames(tuple(map(escaped, lines)))
    return ClassNames(
        tuple(escaped(name) for _, name, _ in found),
        tuple((escaped(line), str(number)) for number, _, line in found),
        (say("The numbers before the class names count them and were left out."),),
    )


def positions_of(folders: Sequence[str], names: ClassNames) -> tuple[int, ...] | None:
    """Return which class each class folder is, by its name; None where no folder has the name of a class.

    Args:
        folders: names of the class folders; a number before each of them is no part of the name where they count.
        names: the classes' names.

    Raises:
        SamplesError: some have the name of a class and some have not, or two have that of the same class.
    """
    places = [names.position(folder) for folder in folders]
    if any(place is None for place in places):
        bare = [match[2] if (match := _NUMBERED.fullmatch(folder)) else folder for folder in folders]
        unnumbered = [names.position(name) for name in bare]
        places = unnumbered if None not in unnumbered else places
    found = [place for place in places if place is not None]
    if not found:
        return None
    if len(found) < len(folders):
        unknown = [folder for folder, place in zip(folders, places, strict=True) if place is None]
        unused = [name for place, name in enumerate(names.names) if place not in found]
        raise SamplesError(
            f"class folders must all have the name of a class, or none of them. Received: {_shown(unknown)} without a class, "
            f"and {_shown(unused) if unused else 'no class'} without a folder. Rename the folders, or mend --class-names."
        )
    if len(set(found)) < len(found):
        twice = [folder for folder, place in zip(folders, places, strict=True) if found.count(place or 0) > 1]
        raise SamplesError(
            f"class folders must be of different classes. Received: {_shown(twice)} for "
            f"{shown_name(names.names[names.position(twice[0]) or 0])}. Put their files into one folder."
        )
    return tuple(found)


def _shown(names: Sequence[str]) -> str:
    return first_of(map(shown_name, names), _NAMED)
