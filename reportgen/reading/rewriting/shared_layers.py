"""Layers that belong to several models of one file: an encoder's convolution that a decoder calls as well.

Keras 3 cannot read such a file: it confuses the calls of a layer that was called in another model before, it notes the
sharing on the second place alone, and it stores the weights once. So such a layer is built once for each model, and
afterwards all of these have the variables of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.messages import say
from reportgen.reading.containers import layers_of, name_of
from reportgen.reading.rewriting.obstacles import Notes

_ID = "shared_object_id"


@dataclass(frozen=True)
class SharedLayer:
    """One layer in several models, nothing in it being a layer.

    Attributes:
        paths: where it stands, in the order of the configuration; two at least.
    """

    paths: tuple[str, ...]


def unshare(config: Mapping[str, Any], notes: Notes) -> tuple[SharedLayer, ...]:
    """Return the layers that several models share, after changing the configuration so that each builds its own.

    Args:
        config: readable, of Keras 3; the identities are taken out of what is shared.
        notes: takes what was rewritten.
    """
    entries = list(_entries(config, ""))
    places: dict[int, list[int]] = {}
    for index, (_, item) in enumerate(entries):
        if isinstance(item.get(_ID), int):
            places.setdefault(item[_ID], []).append(index)
    shared = []
    for members in places.values():
        first = _unmarked(entries, members[0])
        whole = members if first is None else [first, *members]
        if len(whole) == 1:
            continue
        for index in whole:
            entries[index][1].pop(_ID, None)
        item = entries[whole[0]][1]
        if not layers_of(item) and item.get("class_name") != "InputLayer":
            paths = tuple(entries[index][0] for index in whole)
            notes.rewrote(say("A layer shared by several models was built for each, with the same variables"), paths[0])
            shared.append(SharedLayer(paths))
    return tuple(shared)


def _entries(item: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for layer in layers_of(item):
        path = f"{prefix}{name_of(layer)}"
        yield path, layer
        yield from _entries(layer, f"{path}/")


def _unmarked(entries: Sequence[tuple[str, dict[str, Any]]], place: int) -> int | None:
    """Return where a shared layer stands before `place` without its identity, or None where none or several may be it."""
    wanted = _plain(entries[place][1])
    found = [index for index in range(place) if _ID not in entries[index][1] and _plain(entries[index][1]) == wanted]
    return found[0] if len(found) == 1 else None


def _plain(value: Any) -> Any:
    """Return a layer's entry without identities and calls."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: _plain(one) for key, one in value.items() if key not in (_ID, "inbound_nodes", "build_config")}
