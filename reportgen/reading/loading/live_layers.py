"""The layers of a live model: beside their entries in a configuration, and by the names that an archive gives them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reportgen.keras_internals import replace_variables
from reportgen.reading.containers import layers_of, name_of
from reportgen.reading.rewriting import SharedLayer

CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
"""What an archive calls the place of a model's layers."""

_NUMBERED = re.compile(r"(?P<class>.*?)(_(?P<number>\d+))?")


def paired(
    model: Any, item: Mapping[str, Any], readable: Mapping[str, Any]
) -> Iterator[tuple[Any, Mapping[str, Any], Mapping[str, Any]]]:
    """Yield a model's live layers in the order of the configuration, with their entries before and after rewriting."""
    live = {layer.name: layer for layer in model.layers}
    entries, rewritten = layers_of(item), layers_of(readable)
    # An input layer may have been put before the first
    for entry, new in zip(entries, rewritten[len(rewritten) - len(entries) :], strict=True):
        layer = live.get(name_of(new) or "")
        if layer is not None:
            yield layer, entry, new


def numbered(layers: Sequence[Any]) -> Iterator[tuple[Any, str]]:
    """Yield the layers of a model with their names in an archive, such as 'conv2d_1'."""
    # `_get_unique_name` in keras/src/saving/saving_lib.py
    used: dict[str, int] = {}
    for layer in layers:
        name = snake_case(type(layer).__name__)
        count = used.get(name, -1) + 1
        used[name] = count
        yield layer, f"{name}_{count}" if count else name


def numbered_places(names: Iterable[str]) -> dict[str, list[str]]:
    """Return names in an archive, such as 'conv2d' and 'conv2d_1', by their class, in the order of their numbers."""
    matches = [match for match in map(_NUMBERED.fullmatch, names) if match]
    places: dict[str, list[str]] = {}
    for match in sorted(matches, key=lambda match: int(match["number"] or 0)):
        places.setdefault(match["class"], []).append(match[0])
    return places


def snake_case(class_name: str) -> str:
    """Return the class' name as it stands in an archive: 'Conv2DTranspose' is 'conv2d_transpose'.

    Source: `to_snake_case` in keras/src/utils/naming.py.
    """
    name = re.sub(r"\W+", "", class_name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def tie(model: Any, shared: Sequence[SharedLayer]) -> None:
    """Give all copies of a shared layer the variables of the first.

    Args:
        model: the `keras.Model` as built from the unshared configuration; its variables need no values yet.
        shared: what `unshare` returned.
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
        model: the `keras.Model` as built, with each shared layer in every model.
        places: what `archive_places` returned.
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
