"""A training's losses and metrics by epoch, from whatever holds them: Keras' History, its dictionary, or a file of either."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.errors import UsageError
from reportgen.untrusted.escaping import base_name, reason_of, shown
from reportgen.untrusted.regular import read_regular

_LARGEST = 32_000_000  # bytes of a file
_MOST_METRICS = 64
_MOST_EPOCHS = 100_000
_EPOCH = ("epoch", "epochs")
_REMEDY = "Give History.history as JSON, or what CSVLogger wrote."


@dataclass(frozen=True)
class TrainingHistory:
    """Losses and metrics of a training.

    Attributes:
        epochs: the number of each epoch, ascending, the first of a training is 1.
        metrics: by name, a value for each epoch; NaN where there is none.
    """

    epochs: tuple[int, ...]
    metrics: Mapping[str, tuple[float, ...]]


def read_history(given: Any) -> TrainingHistory | None:
    """Return a training's history; None for None.

    Args:
        given: a `keras.callbacks.History`; its dictionary; or the path of a JSON file of that, or of a CSV file that
            `CSVLogger` wrote.

    Raises:
        UsageError: it is something else, or holds no numbers.
    """
    if given is None:
        return None
    if isinstance(given, str | Path):
        return _of_file(Path(given))
    epochs = getattr(given, "epoch", None)
    return _history(getattr(given, "history", given), epochs, what="--history")


def _of_file(path: Path) -> TrainingHistory:
    name = base_name(path)
    try:
        content = read_regular(path, most=_LARGEST + 1)
        if len(content) > _LARGEST:
            raise UsageError(f"{name} is too large for a history. Received: over {_LARGEST // 1_000_000} MB. {_REMEDY}")
        text = content.decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"--history must be a file that can be read. Received: {name}: {reason}. {_REMEDY}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} must be text in UTF-8. Received: a wrong byte at {error.start}. {_REMEDY}") from error
    if text.lstrip()[:1] in ("{", "["):
        try:
            return _history(json.loads(text), None, what=name)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{name} is not JSON. Received: {reason_of(error, limit=120)}. {_REMEDY}") from error
    return _history(_columns(text, name), None, what=name)


def _columns(text: str, name: str) -> dict[str, list[str]]:
    """Return the columns of a CSV file by their heads; CSVLogger may separate them by any character."""
    first = text.partition("\n")[0]
    separator = max(",;\t|", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if row]
    except csv.Error as error:
        raise UsageError(f"{name} is not CSV. Received: {reason_of(error, limit=120)}. {_REMEDY}") from error
    if not rows or len(rows[0]) < 2 or any(len(row) != len(rows[0]) for row in rows):
        raise UsageError(f"{name} must hold a head and as many columns on each line. {_REMEDY}")
    return {head.strip(): [row[place] for row in rows[1:]] for place, head in enumerate(rows[0])}


def _history(given: Any, epochs: Any, *, what: str) -> TrainingHistory:
    """Return the history in a dictionary of lists, or in a list of dictionaries, one for each epoch."""
    if isinstance(given, Mapping) and isinstance(given.get("history"), Mapping):
        given, epochs = given["history"], given.get("epoch", epochs)
    if isinstance(given, list) and given and all(isinstance(one, Mapping) for one in given):
        names = dict.fromkeys(name for one in given for name in one)
        given = {name: [one.get(name) for one in given] for name in names}
    items = given.items() if isinstance(given, Mapping) else ()
    columns = {str(name): _series(str(name), values, what=what) for name, values in items}
    counted = next((columns.pop(name) for name in _EPOCH if name in columns), None)
    columns = {shown(name): values for name, values in columns.items() if values and not all(map(math.isnan, values))}
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1 or not 0 < next(iter(lengths)) <= _MOST_EPOCHS or len(columns) > _MOST_METRICS:
        received = f"{len(columns)} series of {', '.join(map(str, sorted(lengths)[:4])) or 'no'} numbers"
        raise UsageError(
            f"{what} must hold one number of each loss and metric for each epoch. Received: {received}. {_REMEDY}"
        )
    length = next(iter(lengths))
    return TrainingHistory(_ascending(counted if counted is not None else epochs, length), columns)


def _numbers(values: Any) -> tuple[float, ...]:
    """Return a series of numbers, NaN for each that is none; nothing for what is no series."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        return ()
    return tuple(_number(value) for value in values)


_MISSING = ("", "na", "n/a", "nan", "none", "null")
"""What stands for a number that there is none of; CSVLogger writes 'NA'."""


def _series(name: str, given: Any, *, what: str) -> tuple[float, ...]:
    """Return a series of numbers as `_numbers`; one of words alone is all NaN.

    Raises:
        UsageError: there are words among the numbers, so that the file is broken.
    """
    given = () if isinstance(given, str) or not isinstance(given, Iterable) else tuple(given)
    values = _numbers(given)
    words = [one for one, value in zip(given, values, strict=True) if isinstance(one, str) and math.isnan(value)]
    wrong = [word for word in words if word.strip().lower() not in _MISSING]
    if wrong and not all(map(math.isnan, values)):
        raise UsageError(f"{what}: {shown(name)} must be numbers. Received: {shown(wrong[0])!r} among them. {_REMEDY}")
    return values


def _number(value: Any) -> float:
    try:
        return math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):  # None, and 'NA' of CSVLogger
        return math.nan


def _ascending(given: Any, length: int) -> tuple[int, ...]:
    """Return the numbers of the epochs from 1, as Keras shows them; it counts from 0. Of several trainings in one they go on."""
    numbers = _numbers(given) if given is not None else ()
    is_sound = len(numbers) == length and all(one.is_integer() and 0 <= one < 2**31 for one in numbers)
    if is_sound and all(one < other for one, other in itertools.pairwise(numbers)):
        return tuple(int(one) + 1 for one in numbers)
    return tuple(range(1, length + 1))
