"""A configuration from JSON that is read strictly: UTF-8, every key once, neither too long nor too deep."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError, lack_of
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import reason_of, shown

REMEDY = "Save the model again."
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_config(path: Path) -> bytes:
    """Return the bytes of a configuration; one byte more than the limit where it is longer."""
    with path.open("rb") as file:
        return file.read(limits.CONFIG_BYTES + 1)


def parse_config(text: bytes, *, what: str) -> Any:
    """Return the value that `text` describes.

    Args:
        text: JSON in UTF-8. NaN and Infinity are accepted, since Keras writes them.
        what: the file, and where in it, for errors, such as 'model.keras: config.json'.

    Raises:
        ModelError: the text is no JSON, holds a key twice, or is over a limit.
    """
    if len(text) > limits.CONFIG_BYTES:
        raise ModelError(
            f"{what} is longer than {limits.readable(limits.CONFIG_BYTES)}. Received: {limits.readable(len(text))}. "
            f"{REMEDY}"
        )
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_unique_keys)
    except UnicodeDecodeError as error:
        raise ModelError(f"{what} is not UTF-8. Received: a wrong byte at {error.start}. {REMEDY}") from error
    except RecursionError as error:
        raise ModelError(
            f"{what} is nested too deep. Received: more than {limits.CONFIG_DEPTH} levels. {REMEDY}"
        ) from error
    except _DuplicateKeyError as error:
        raise ModelError(f"{what} holds a key twice. Received: {shown(error.key)}. {REMEDY}") from error
    except ValueError as error:
        raise ModelError(f"{what} is not JSON. Received: {reason_of(error, limit=120)}. {REMEDY}") from error
    _check_extent(value, what)
    if _SURROGATE.search(text):
        _check_encodable(value, what)
    return value


def _check_encodable(value: Any, what: str) -> None:
    """Refuse half a surrogate pair, which JSON can write and no file name, page or terminal can hold."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        around = error.object[max(error.start - 20, 0) : error.end + 20]
        raise ModelError(f"{what} is damaged. Received: half a surrogate pair in {shown(around)}. {REMEDY}") from error


@contextmanager
def damage_told(name: str) -> Iterator[None]:
    """Turn whatever reading a configuration raises, where something has not the type that Keras writes, into one line.

    Args:
        name: the file's name, for the error.

    Raises:
        ModelError: the configuration is damaged.
    """
    try:
        yield
    except (
        TypeError,
        LookupError,
        AttributeError,
        ValueError,
        ArithmeticError,
        RecursionError,
        AssertionError,
    ) as error:
        if lack_of(error):
            raise
        kind = type(error).__name__
        raise ModelError(
            f"{name}: the configuration is damaged. Received: {kind}: {reason_of(error, limit=120)}. {REMEDY}"
        ) from error


class _DuplicateKeyError(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKeyError(key)
            seen.add(key)
    return result


def _check_extent(value: Any, what: str) -> None:
    level: list[Any] = [value]
    depth = count = 0
    while level:
        depth += 1
        count += len(level)
        if depth > limits.CONFIG_DEPTH:
            raise ModelError(f"{what} is nested too deep. Received: more than {limits.CONFIG_DEPTH} levels. {REMEDY}")
        if count > limits.CONFIG_VALUES:
            raise ModelError(f"{what} holds too many values. Received: more than {limits.CONFIG_VALUES:,}. {REMEDY}")
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level = below
