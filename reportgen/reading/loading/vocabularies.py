"""The words of text and lookup layers, put from an archive's assets into the configuration, where Keras 3 takes them as well.

An asset lies under its layer's class and a number, as the layer's arrays do. Keras gives these numbers in the order of the
configuration, and from Keras 3.7 on writes the layer's name beside its arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reportgen.errors import ModelError
from reportgen.reading.containers import Contents, Hdf5Contents, layers_of, name_of, read_array, read_attribute
from reportgen.reading.loading.live_layers import CONTAINERS, numbered_places, snake_case
from reportgen.reading.rewriting import VOCABULARY_LAYERS
from reportgen.untrusted.escaping import shown


def fill_vocabularies(config: Mapping[str, Any], contents: Contents, *, old: bool, name: str) -> None:
    """Put the words that lie in an archive into the configuration of the layers that they are for.

    Args:
        config: the architecture as stored; its layers' configurations are changed.
        contents: the archive's contents, open to read.
        old: whether Keras 2 wrote it, which keeps the weights of the words where Keras 3 does not look.
        name: the file's name, for errors.

    Raises:
        ModelError: a vocabulary of numbers holds something else.
    """
    for place, layer in _paired(config, contents, "", name):
        arguments = layer["config"]
        weights = None
        if arguments.get("output_mode") in ("tf_idf", "tf-idf"):
            weights = None if old else _weights(contents, place, name)
            if weights is None:
                continue
        words: list[Any] = contents.vocabularies[place].splitlines()
        while words and not words[-1]:
            words.pop()
        if layer["class_name"] == "IntegerLookup":
            words = _numbers(words, place, name)
        if words:
            arguments["vocabulary"] = words
            if weights is not None:
                arguments["idf_weights"] = weights[: len(words)]


def _paired(
    item: Mapping[str, Any], contents: Contents, prefix: str, name: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place of each vocabulary with the layer that it belongs to, those of models within the model too."""
    container = next((one for one in CONTAINERS if _below(contents, f"{prefix}{one}/")), None)
    if container is None:
        return
    around = f"{prefix}{container}/"
    groups = numbered_places({place[len(around) :].split("/", 1)[0] for place in _below(contents, around)})
    by_class: dict[str, list[dict[str, Any]]] = {}
    for layer in layers_of(item):
        if _lacks_words(layer):
            by_class.setdefault(snake_case(layer["class_name"]), []).append(layer)
    for kind, layers in by_class.items():
        places = [f"{around}{group}" for group in groups.get(kind, [])]
        for place, layer in _matched(places, layers, contents, name):
            if place in contents.vocabularies:
                yield place, layer
            else:
                yield from _paired(layer, contents, f"{place}/", name)


def _below(contents: Contents, prefix: str) -> list[str]:
    return [place for place in contents.vocabularies if place.startswith(prefix)]


def _lacks_words(item: Mapping[str, Any]) -> bool:
    """Return whether a layer lacks its vocabulary, or a model has such a layer in it."""
    config = item.get("config")
    if item["class_name"] in VOCABULARY_LAYERS:
        return isinstance(config, dict) and config.get("vocabulary") is None
    return any(map(_lacks_words, layers_of(item)))


def _matched(
    places: list[str], layers: list[dict[str, Any]], contents: Contents, name: str
) -> list[tuple[str, dict[str, Any]]]:
    """Return which layer is at which place: by the name stored there, else in order; none where their numbers differ."""
    named = {name_of(layer): layer for layer in layers}
    stored = [_stored_name(contents, place, name) for place in places]
    if len(set(stored)) == len(places) and all(label in named for label in stored):
        return [(place, named[label]) for place, label in zip(places, stored, strict=True)]
    return list(zip(places, layers, strict=True)) if len(places) == len(layers) else []


def _stored_name(contents: Contents, place: str, name: str) -> str | None:
    arrays = contents.arrays
    group = arrays.file.get(f"{place}/vars") if isinstance(arrays, Hdf5Contents) else None
    label = None if group is None else read_attribute(group, "name", name=name)
    return label if isinstance(label, str) else None


def _weights(contents: Contents, place: str, name: str) -> list[float] | None:
    stored, arrays = f"{place}/vars/idf_weights", contents.arrays
    if not isinstance(arrays, Hdf5Contents) or stored not in arrays.datasets or len(arrays.datasets[stored].shape) != 1:
        return None
    return [float(weight) for weight in read_array(arrays, stored, name=name)]


def _numbers(words: list[str], place: str, name: str) -> list[int]:
    try:
        return [int(word) for word in words]
    except ValueError as error:
        raise ModelError(
            f"{name}: the vocabulary of {shown(place)} is not one of whole numbers. Received: {shown(error, limit=120)}. "
            f"Save the model again."
        ) from error
