"""Layers that two models share, in a configuration of Keras 3, which names all of them but the first.

Keras 3 (3.15.1, too) gives a `shared_object_id` to a shared layer where it meets it again, and loses that of the first, so
that it cannot load such a file itself: it takes the second for another layer, for which there are no weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reportgen.reading.layer_entries import layers_of


def first_of_shared(config: Mapping[str, Any]) -> dict[int, int]:
    """Return by `id` of a layer's entry the number that it lost.

    Args:
        config: of the outermost model, as stored; the entries in it must live as long as the result is used.
    """
    entries = list(_entries(config))
    numbers = [entry["shared_object_id"] for entry in entries if isinstance(entry.get("shared_object_id"), int)]
    found: dict[int, int] = {}
    for place, entry in enumerate(entries):
        number = entry.get("shared_object_id")
        if not isinstance(number, int) or numbers.count(number) > 1:
            continue
        same = [
            earlier
            for earlier in entries[:place]
            if "shared_object_id" not in earlier
            and earlier["class_name"] == entry["class_name"]
            and _without_numbers(earlier.get("config")) == _without_numbers(entry.get("config"))
        ]
        if len(same) == 1:
            found[id(same[0])] = number
    return found


def _entries(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for layer in layers_of(item):
        yield layer
        yield from _entries(layer)


def _without_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_numbers(item) for key, item in value.items() if key != "shared_object_id"}
    return [_without_numbers(item) for item in value] if isinstance(value, list) else value
