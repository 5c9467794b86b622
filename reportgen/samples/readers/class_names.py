"""Class names as people keep them: text, JSON, CSV and `.npy` files, or a sequence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.class_names import ClassNames, without_numbers
from reportgen.samples.files import base_name, cannot_be_read, existing_path, exists, first_bytes, read_lines, read_rows
from reportgen.samples.readers.arrays import NPY_MAGIC, read_npy
from reportgen.untrusted import limits
from reportgen.untrusted.addresses import how_to_download
from reportgen.untrusted.escaping import escaped

_SUFFIXES = (".txt", ".json", ".csv", ".tsv", ".npy", ".names", ".labels")
_NUMBER_HEADINGS = {"id", "index", "idx", "number", "classid", "labelid", "classindex", "target"}
_NAME_HEADINGS = {
    "name",
    "class",
    "label",
    "classname",
    "labelname",
    "category",
    "human",
    "species",
    "breed",
    "names",
    "classes",
}
# Where a JSON file keeps the names beside other things: our own, those of Transformers, of COCO
_KEYS = ("class_names", "classes", "names", "labels", "id2label", "label2id", "class_indices", "categories")
_NAME_KEYS = ("name", "label", "class", "class_name")
_INDEX = re.compile(r"\s*[0-9]{1,9}\s*")
_FORMS = (
    'A JSON file holds a list, {"0": "cat"}, {"cat": 0} or {"0": ["n02123045", "cat"]}; a CSV file the number and the name of '
    "each class."
)


def read_class_names(class_names: str | Path | Sequence[str] | ClassNames | None) -> ClassNames | None:
    """Return class names from comma-separated text, a file, or a sequence; None for None.

    A text file has one on each line, perhaps numbered ('0 cat'). A JSON file is a list, numbers with names or names with
    numbers; a CSV file has a name on each line, or a name and a number; a `.npy` file is an array of text.

    Raises:
        SamplesError: the file is missing, empty or of another form, or a name is empty.
    """
    if class_names is None or isinstance(class_names, ClassNames):
        return class_names
    if isinstance(class_names, Path) or (isinstance(class_names, str) and _is_file(class_names)):
        return _read(existing_path(class_names, "--class-names"))
    written = class_names.split(",") if isinstance(class_names, str) else [str(name) for name in class_names]
    return _of_lines(written)


def _is_file(text: str) -> bool:
    return bool(how_to_download(text)) or exists(Path(text)) or ("," not in text and text.lower().endswith(_SUFFIXES))


def _read(path: Path) -> ClassNames:
    """Return the names of a file, by what it is called and how it begins."""
    suffix, head = path.suffix.lower(), first_bytes(path, 64) if path.is_file() else b""
    if head.startswith(NPY_MAGIC) or suffix == ".npy":
        return _of_array(path)
    if head.startswith(b"\x80"):
        raise SamplesError(
            f"{base_name(path)} is a Python pickle, which is not opened because it can run code. Received: it as class names. "
            "Write the names into a text file, one on each line."
        )
    if suffix == ".json" or head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return _of_json(path)
    if suffix in (".csv", ".tsv"):
        return _of_table(path)
    lines = read_lines(path)
    if len(lines) == 1 and "," in lines[0]:
        return _of_lines(lines[0].split(","))
    return _of_lines(lines)


def _of_lines(written: Sequence[str]) -> ClassNames:
    return without_numbers(_checked(written))


def _checked(names: Sequence[str]) -> tuple[str, ...]:
    """Return names stripped.

    Raises:
        SamplesError: there is none, or one is empty.
    """
    stripped = tuple(name.strip() for name in names)
    if "" in stripped or not stripped:
        received = f"nothing at position {stripped.index('') + 1}" if stripped else "no name"
        raise SamplesError(
            f"class names must not be empty. Received: {received}. Give 'cat,dog' or a text file with one on each line."
        )
    return stripped


def _of_array(path: Path) -> ClassNames:
    values = read_npy(path)
    if values.ndim != 1 or values.dtype.kind != "U":
        raise _other_form(
            path, f"{values.dtype} of shape {values.shape}", "An array of class names is flat and of text."
        )
    return _of_lines([str(name) for name in values])


def _of_json(path: Path) -> ClassNames:
    try:
        size = path.stat().st_size
        if size > limits.CONFIG_BYTES:
            raise _other_form(path, f"{limits.readable(size)} of JSON", f"{_FORMS} No more than that is needed.")
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise cannot_be_read(path, error) from error
    pairs = _pairs(content)
    if pairs is None:
        raise _other_form(path, _kind(content), _FORMS)
    return _in_order(path, pairs)


def _pairs(content: Any) -> list[tuple[int, tuple[str, ...]]] | None:
    """Return number and names of each class in what a JSON file holds, or None where it has another form."""
    if isinstance(content, list):
        rows = [row for place, one in enumerate(content) if (row := _row(place, one)) is not None]
        return rows if rows and len(rows) == len(content) else None
    if not isinstance(content, Mapping) or not content:
        return None
    numbers = [number for value in content.values() if (number := _number(value)) is not None]
    if len(numbers) == len(content):
        return [(number, (str(name),)) for name, number in zip(content, numbers, strict=True)]
    if all(_INDEX.fullmatch(key) for key in content):
        rows = [(int(key), _names(value)) for key, value in content.items()]
        return rows if all(names for _, names in rows) else None
    inside = [content[key] for key in _KEYS if key in content]
    return next((pairs for one in inside if (pairs := _pairs(one)) is not None), None)


def _row(place: int, value: Any) -> tuple[int, tuple[str, ...]] | None:
    """Return number and names of one entry of a list: a name, an identifier with a name, or an object with both."""
    if isinstance(value, Mapping):
        name = next((value[key] for key in _NAME_KEYS if isinstance(value.get(key), str)), None)
        number = next((found for key in ("id", "index") if (found := _number(value.get(key))) is not None), place)
        return None if name is None else (number, (name,))
    names = _names(value)
    return (place, names) if names else None


def _names(value: Any) -> tuple[str, ...]:
    """Return the names of one class, the one to show first; of an identifier and a name, the name."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and len(value) == 2 and all(isinstance(one, str) for one in value):
        return (value[1], value[0])
    return ()


def _number(value: Any) -> int | None:
    if isinstance(value, str) and _INDEX.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _kind(content: Any) -> str:
    if isinstance(content, dict | list):
        return "an object of another form" if isinstance(content, dict) else "a list of something else than names"
    return "a single value"


def _of_table(path: Path) -> ClassNames:
    """Return the names of a CSV file: a column of them, or one of numbers and one of names, with a heading or without."""
    cells = [[cell.strip() for cell in row] for row in read_rows(path)]
    heading = [re.sub(r"[\s_-]", "", cell).lower() for cell in cells[0]]
    headed = len(cells) > 1 and not any(map(_INDEX.fullmatch, cells[0]))
    headed = headed and not (_NUMBER_HEADINGS | _NAME_HEADINGS).isdisjoint(heading)
    body = cells[1:] if headed else cells
    width = len(cells[0])
    if any(len(row) != width for row in body):
        raise _other_form(path, "lines of several lengths", _FORMS)
    if width == 1:
        return _of_lines([row[0] for row in body])
    numbers = [column for column in range(width) if all(_INDEX.fullmatch(row[column]) for row in body)]
    if len(numbers) > 1 and headed:
        numbers = [column for column in numbers if heading[column] in _NUMBER_HEADINGS] or numbers
    if not numbers or (width > 2 and not headed):
        raise _other_form(path, f"{width} columns, none with the numbers of the classes", _FORMS)
    named = [column for column in range(width) if column not in numbers]
    named = (
        [column for column in named if headed and heading[column] in _NAME_HEADINGS]
        or named
        or [width - 1 - numbers[0]]
    )
    return _in_order(path, [(int(row[numbers[0]]), tuple(row[column] for column in named)) for row in body])


def _in_order(path: Path, pairs: Sequence[tuple[int, tuple[str, ...]]]) -> ClassNames:
    """Return the names by their numbers, which count from 0 or 1.

    Raises:
        SamplesError: the numbers do not count the classes, or a name is empty.
    """
    ordered = sorted(pairs, key=lambda pair: pair[0])
    numbers = [number for number, _ in ordered]
    first = numbers[0]
    if first not in (0, 1) or numbers != list(range(first, first + len(numbers))):
        wrong = next((number for place, number in enumerate(numbers, first) if number != place), first)
        raise _other_form(path, f"the number {wrong}", "The numbers of the classes must count them, from 0 or 1 on.")
    names = tuple(map(escaped, _checked([names[0] for _, names in ordered])))
    others = tuple((str(number), *(escaped(other.strip()) for other in names[1:])) for number, names in ordered)
    counted_from_one = (say("The class names are numbered from 1; class 0 is the first of them."),)
    return ClassNames(names, others, counted_from_one if first else ())


def _other_form(path: Path, received: str, remedy: str) -> SamplesError:
    return SamplesError(f"{base_name(path)} does not say what the classes are called. Received: {received}. {remedy}")
