"""One stored kernel of a layer that is not run, and the layers of a configuration by the names that files give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.reading.loading.inventory import Inventory
from reportgen.reading.loading.live_layers import snake_case
from reportgen.reading.rewriting import LAYERS, Notes, is_old, readable_value

RECURRENT_CELL = "a recurrent layer's cell"
_SNAKE_CASE = {snake_case(name): name for name in LAYERS}
_ATTENTION = frozenset(("MultiHeadAttention", "GroupQueryAttention"))
# What such a layer calls the layers in it, in an archive and by name
_PROJECTIONS = frozenset(
    ("query_dense", "key_dense", "value_dense", "output_dense", "query", "key", "value", "attention_output")
)
_CONVOLUTIONS = frozenset(name for name in LAYERS if "Conv" in name)
_TRANSPOSED = re.compile(r"Conv[123]DTranspose")
_DEPTHWISE = re.compile(r"DepthwiseConv[12]D")


@dataclass(frozen=True)
class StoredKernel:
    """One kernel of a layer that is not run. Its fields are those of `kernels.LayerKernel`, as far as a file has them.

    Attributes:
        path: the layer's path.
        name: the weight's name: 'kernel', 'depthwise_kernel' or 'pointwise_kernel'.
        class_name: the layer's class; None where the file has no architecture.
        kind: 'convolution', 'transposed', 'depthwise' or 'dense'.
        groups: into how many groups a convolution divides its channels; otherwise 1.
        initializer: what `keras.initializers.deserialize` takes, nothing but Keras' own; None where there is none.
        values: the kernel in Keras' axis order.
        quantised: how the values are stored that were turned into numbers again, 'int8'; '' for as they are.
    """

    path: str
    name: str
    class_name: str | None
    kind: str
    groups: int
    initializer: Mapping[str, Any] | None
    values: np.ndarray
    quantised: str = ""


class StoredLayers:
    """The layers of the configuration, found by path, by name, or by class and number."""

    def __init__(self, inventory: Inventory) -> None:
        self._by_path = {layer.path: layer for layer in inventory.layers}
        self._order = {layer.path: index for index, layer in enumerate(inventory.layers)}
        self._by_name: dict[str, list[str]] = {}
        self._by_class: dict[str, list[str]] = {}
        for path, layer in self._by_path.items():
            self._by_name.setdefault(path.rsplit("/", 1)[-1], []).append(path)
            if "/" not in path:
                self._by_class.setdefault(snake_case(layer.class_name), []).append(path)
        self._supposed: dict[str, str] = {}
        self._notes = Notes(old=is_old(inventory.keras_version))

    def position(self, path: str) -> int:
        """Return where a layer stands in the order of the configuration."""
        while path and path not in self._order:  # what a layer of other people's holds stands where that layer does
            path = path.rpartition("/")[0]
        return self._order.get(path, len(self._order))

    def resolve(self, parts: list[str]) -> str:
        """Return the path of the layer that a weight's group belongs to."""
        path = "/".join(parts)
        if path in self._by_path:
            return path
        named = self._by_name.get(parts[-1], [])
        inside = "/".join(parts[:-1]) in self._by_path
        return named[0] if len(named) == 1 and not inside else path

    def resolve_numbered(self, group: str) -> str:
        """Return the path of the layer at 'layers/conv2d_1' in an archive."""
        parts = [part for part in group.split("/") if part not in ("layers", "_layer_checkpoint_dependencies")]
        match = re.fullmatch(r"(.*?)(?:_(\d+))?", parts[0]) if len(parts) == 1 else None
        if match:
            paths, number = self._by_class.get(match[1], []), int(match[2] or 0)
            if number < len(paths):
                return paths[number]
        return "/".join(parts)

    def class_name(self, path: str) -> str | None:
        """Return the class of a layer, None where the file has no architecture."""
        layer = self._by_path.get(path)
        return None if layer is None else layer.class_name

    def has_scale(self, path: str) -> bool | None:
        """Return whether a normalisation has a scale, None where the file has no architecture."""
        layer = self._by_path.get(path)
        return None if layer is None else layer.config.get("scale") is not False

    def suppose(self, path: str, class_name: str | None) -> None:
        """Remember the class of a layer that the file does not describe, for the kind of its kernels."""
        if class_name is not None:
            self._supposed[path] = class_name

    def kernel(self, path: str, name: str, values: np.ndarray) -> StoredKernel:
        """Return a kernel of a layer with what its configuration says about it."""
        layer = self._by_path.get(path)
        class_name = None if layer is None else layer.class_name
        config: Mapping[str, Any] = {} if layer is None else layer.config
        groups = config.get("groups", 1)
        return StoredKernel(
            path=path,
            name=name,
            class_name=class_name,
            kind=_kind(class_name or self._supposed.get(path) or class_of_group(path), name, values),
            groups=groups if isinstance(groups, int) and groups > 0 else 1,
            initializer=self._initializer(path, name, config),
            values=values,
        )

    def _initializer(self, path: str, name: str, config: Mapping[str, Any]) -> Mapping[str, Any] | None:
        key = f"{name.removesuffix('_kernel')}_initializer" if name != "kernel" else "kernel_initializer"
        if key == "kernel_initializer" and "depthwise_initializer" in config:
            key = "depthwise_initializer"
        value = readable_value(key, config.get(key), path=path, notes=self._notes, nested=lambda *_: {})
        return value if isinstance(value, dict) else None


def class_of_group(group: str) -> str | None:
    """Return the class that a layer's group in an archive, or a layer's name that Keras gave, says; None for others.

    Args:
        group: a place such as 'layers/conv2d_1', or a path such as 'multi_head_attention/query'.
    """
    around, last = ([None, *group.split("/")])[-2:]
    if last == "cell":
        return RECURRENT_CELL
    if last in _PROJECTIONS and around is not None and class_of_group(around) in _ATTENTION:
        return "EinsumDense"
    return _SNAKE_CASE.get(re.sub(r"_\d+$", "", str(last)))


def _kind(class_name: str | None, name: str, values: np.ndarray) -> str:
    if class_name is not None and _TRANSPOSED.fullmatch(class_name):
        return "transposed"
    if name == "depthwise_kernel" or (class_name is not None and _DEPTHWISE.fullmatch(class_name)):
        return "depthwise"
    # A locally connected layer has another kernel at every place, so none that could be drawn as a filter
    convolution = class_name is None or class_name in _CONVOLUTIONS or class_name not in LAYERS
    local = class_name is not None and class_name.startswith("LocallyConnected")
    return "convolution" if values.ndim in (3, 4, 5) and convolution and not local else "dense"
