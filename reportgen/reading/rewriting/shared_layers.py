"""Layers that belong to several models of one file: an encoder's convolution that a decoder calls as well.

Keras 3 cannot read such a file: it confuses the calls of a layer that was called in another model before, it notes the
sharing on the second place alone, and it stores the weights once. So such a layer is built once for each model, and
afterwards all of these have the variables of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.keras_internals import replace_variables
from reportgen.messages import say
from reportgen.reading.loading.weights_archive import numbered
from reportgen.reading.rewriting.layer_entries import layers_of, name_of
from reportgen.reading.rewriting.notes import Notes

_ID = "shared_object_id"


@dataclass(frozen=True)
class SharedLayer:
    """One layer in several models, nothing in it being a layer.

    Attributes:
        paths: of it, in the order of the configuration; two at least.
    """

    paths: tuple[str, ...]


def unshare(config: Mapping[str, Any], notes: Notes) -> tuple[SharedLayer, ...]:
    """Return the layers that several models share, after changing the configuration so that each builds its own.

    Args:
        config: readable, of Keras 3; the identities are taken out of what is shared.
        notes: of what was rewritten.
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
            notes.rewrote(
                say("A layer of several models was built for each of them, with the same variables"), paths[0]
            )
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


def tie(model: Any, shared: Sequence[SharedLayer]) -> None:
    """Give all copies of a shared layer the variables of the first.

    Args:
        model: as built from the unshared configuration; its variables need no values yet.
        shared: as returned by `unshare`.
    """
    live = {path: layer for path, layer, _ in _live_layers(model)} if shared else {}
    for layer in shared:
        first, *others = (live[path] for path in layer.paths if path in live)
        for other in others:
            taken = {id(own): theirs for own, theirs in zip(other.variables, first.variables, strict=True)}
            replace_variables(other, taken)


def with_shared(model: Any, places: Mapping[str, str], shared: Sequence[SharedLayer]) -> dict[str, str]:
    """Return the places with those of layers whose arrays are stored once, for another model that shares them.

    Args:
        model: as built, with each shared layer in every model.
        places: as returned by `archive_places`.
        shared: layers of several models.
    """
    groups = {path: group for path, _, group in _live_layers(model)} if shared else {}
    found = dict(places)
    for layer in shared:
        candidates = [f"{groups[path]}/" for path in layer.paths if path in groups]
        stored = [group for group in candidates if any(path.startswith(group) for path in places)]
        for group in candidates if len(stored) == 1 else ():
            source = stored[0]
            found |= {
                f"{group}{path[len(source) :]}": place for path, place in places.items() if path.startswith(source)
            }
    return found


def _live_layers(model: Any, prefix: str = "", group: str = "") -> Iterator[tuple[str, Any, str]]:
    """Yield the layers below a model by their path in the configuration, with their groups in an archive of Keras 3."""
    for layer, name in numbered(getattr(model, "layers", ())):
        path, place, inner = f"{prefix}{layer.name}", f"{group}layers/{name}", getattr(layer, "layer", None)
        yield path, layer, place
        if hasattr(layer, "layers"):
            yield from _live_layers(layer, f"{path}/", f"{place}/")
        elif inner is not None:
            yield f"{path}/{inner.name}", inner, f"{place}/layer"
            yield from _live_layers(inner, f"{path}/{inner.name}/", f"{place}/layer/")
