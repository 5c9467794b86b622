"""The layers in a model's configuration, as parsed from JSON: nested models and wrappers opened, nothing checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.untrusted import limits

# Where a wrapper keeps the layers inside it
INNER_LAYER_KEYS = ("layer", "backward_layer", "cell", "cells")


@dataclass(frozen=True)
class LayerEntry:
    """One layer as the configuration describes it; nothing of it was checked.

    Attributes:
        path: the layer's name, prefixed by the models and wrappers around it: 'backbone/block1_conv1'.
        class_name: the layer's class, such as 'Conv2D'.
        module: where the file says the class is from; None where it says nothing.
        config: the layer's configuration.
        initializers: each initialiser's configuration by what it fills, such as 'kernel'.
    """

    path: str
    class_name: str
    module: str | None
    config: Mapping[str, Any]
    initializers: Mapping[str, Any]


def name_of(item: Mapping[str, Any]) -> str | None:
    """Return a layer's name, which older files have in its configuration; None where it has none."""
    config = item.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    if not isinstance(name, str):
        name = item.get("name")
    return name if isinstance(name, str) else None


def layers_of(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the configurations of the layers directly inside a model or a wrapper."""
    config = item.get("config")
    if isinstance(config, list):  # Sequential before Keras 2.2.3
        candidates: list[Any] = config
    elif isinstance(config, dict):
        listed = config.get("layers")
        candidates = list(listed) if isinstance(listed, list) else []
        for key in INNER_LAYER_KEYS:
            value = config.get(key)
            candidates.extend(value if isinstance(value, list) else [value])
    else:
        candidates = []
    return [layer for layer in candidates if isinstance(layer, dict) and isinstance(layer.get("class_name"), str)]


def walk_layers(item: Mapping[str, Any], prefix: str = "") -> Iterator[LayerEntry]:
    """Yield every layer below a model's or wrapper's configuration, outer ones first."""
    for layer in layers_of(item):
        name = name_of(layer) or layer["class_name"].lower()
        path = f"{prefix}{name}"
        yield layer_entry(layer, path)
        yield from walk_layers(layer, f"{path}/")


def layer_entry(item: Mapping[str, Any], path: str) -> LayerEntry:
    """Return one layer's entry.

    Args:
        item: the layer's entry, with a `class_name` that is text.
        path: the layer's path.
    """
    config, module = item.get("config"), item.get("module")
    return LayerEntry(
        path=path,
        class_name=item["class_name"],
        module=module if isinstance(module, str) else None,
        config=config if isinstance(config, dict) else {},
        initializers=_initializers(config) if isinstance(config, dict) else {},
    )


def _initializers(config: Mapping[str, Any]) -> dict[str, Any]:
    suffix = "_initializer"
    return {
        key.removesuffix(suffix): value
        for key, value in config.items()
        if key.endswith(suffix) and isinstance(value, (dict, str))
    }


def count_calls(item: Mapping[str, Any]) -> int:
    """Return how often layers are called when a model is built: nested models once alone and once for each call."""
    total = 0
    for layer in layers_of(item):
        nodes = layer.get("inbound_nodes")
        times = max(len(nodes), 1) if isinstance(nodes, list) else 1
        inside = count_calls(layer)
        total += (times + 1) * inside if inside else times * limits.SLOW_LAYERS.get(layer["class_name"], 1)
    return total
