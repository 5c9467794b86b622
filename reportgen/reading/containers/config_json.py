"""A configuration from JSON that is read strictly: UTF-8, every key once, neither too long nor too deep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import reason_of, shown

REMEDY = "Save the model again."


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
    return value


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
