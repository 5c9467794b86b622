"""The kernels of a file whose model is not run, by layer: what a report can show without a forward pass."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from reportgen.errors import ModelError
from reportgen.reading import known
from reportgen.reading.contents import is_optimizer, open_model
from reportgen.reading.decide import Decision
from reportgen.reading.hdf5 import Hdf5Contents, one_line_if_damaged
from reportgen.reading.hdf5_read import read_array, read_attribute, read_names
from reportgen.reading.inventory import Inventory
from reportgen.reading.layer_entries import LayerEntry
from reportgen.reading.look import ModelFile
from reportgen.reading.notes import Notes
from reportgen.reading.rewrite import is_old
from reportgen.reading.rewrite_values import readable_value
from reportgen.reading.weights_archive import snake_case
from reportgen.reading.wording import shown

# An archive numbers a layer's weights; these are the names, in `build` of Keras' layers, of those that are kernels
_KERNELS_IN_ORDER: Mapping[str, tuple[str, ...]] = {
    "SeparableConv1D": ("depthwise_kernel", "pointwise_kernel"),
    "SeparableConv2D": ("depthwise_kernel", "pointwise_kernel"),
}
_VARIABLE = re.compile(r"(?P<group>.+)/vars/(?P<index>\d+)")
_CONVOLUTIONS = frozenset(name for name in known.LAYERS if "Conv" in name)
_TRANSPOSED = re.compile(r"Conv[123]DTranspose")
_DEPTHWISE = re.compile(r"DepthwiseConv[12]D")


@dataclass(frozen=True)
class StoredKernel:
    """One kernel of a layer that is not run. Its fields are those of `kernels.LayerKernel`, as far as a file has them.

    Attributes:
        path: of the layer.
        name: of the weight: 'kernel', 'depthwise_kernel' or 'pointwise_kernel'.
        class_name: of the layer; None where the file has no architecture.
        kind: 'convolution', 'transposed', 'depthwise' or 'dense'.
        groups: of a grouped convolution, otherwise 1.
        initializer: for `keras.initializers.deserialize`, of nothing but Keras' own; None where there is none.
        values: in Keras' axis order.
    """

    path: str
    name: str
    class_name: str | None
    kind: str
    groups: int
    initializer: Mapping[str, Any] | None
    values: np.ndarray


@dataclass(frozen=True)
class WeightsOnly:
    """What is known of a model that is not run.

    Attributes:
        file: that was looked at.
        keras_version: that saved it, where the file says so.
        kind: of the model, None where there is no architecture.
        layers: as the configuration describes them.
        kernels: the stored kernels, in the order of the layers.
        parameters: number of stored values, kernels and others.
        reasons: why the model is not run, in sentences.
        options: of the command line that would run it; none where no option would.
        message: the same in one line.
    """

    file: ModelFile
    keras_version: str | None
    kind: str | None
    layers: tuple[LayerEntry, ...]
    kernels: tuple[StoredKernel, ...]
    parameters: int
    reasons: tuple[str, ...]
    options: tuple[str, ...]
    message: str


def read_kernels(inventory: Inventory, decision: Decision, *, message: str, memory_limit: int) -> WeightsOnly:
    """Return the stored kernels of a file that is not run.

    Args:
        inventory: of the file.
        decision: why it is not run.
        message: the same in one line.
        memory_limit: in bytes.

    Raises:
        ModelError: there are no kernels, or they cannot be read.
    """
    name = shown(inventory.file.name)
    layers = _Layers(inventory)
    with (
        one_line_if_damaged(name),
        open_model(inventory.file, memory_limit=memory_limit, verify=True) as (_, _, contents),
    ):
        kernels: list[StoredKernel] = []
        for path, weight, dataset in () if contents is None else _stored(contents, layers, name):
            assert contents is not None
            kernels.append(layers.kernel(path, weight, read_array(contents, dataset, name=name)))
    if not kernels:
        raise ModelError(f"{name} holds no kernels. Received: {message.rstrip('.')}. Give a file with weights.")
    return WeightsOnly(
        file=inventory.file,
        keras_version=inventory.keras_version,
        kind=inventory.kind,
        layers=inventory.layers,
        kernels=tuple(sorted(kernels, key=lambda kernel: layers.position(kernel.path))),
        parameters=inventory.stored_values,
        reasons=decision.reasons,
        options=decision.options,
        message=message,
    )


class _Layers:
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
        self._notes = Notes(old=is_old(inventory.keras_version))

    def position(self, path: str) -> int:
        return self._order.get(path, len(self._order))

    def resolve(self, parts: list[str]) -> str:
        """Return the path of the layer that a weight's group belongs to."""
        path = "/".join(parts)
        if path in self._by_path:
            return path
        named = self._by_name.get(parts[-1], [])
        return named[0] if len(named) == 1 else path

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
        layer = self._by_path.get(path)
        return None if layer is None else layer.class_name

    def kernel(self, path: str, name: str, values: np.ndarray) -> StoredKernel:
        layer = self._by_path.get(path)
        class_name = None if layer is None else layer.class_name
        config: Mapping[str, Any] = {} if layer is None else layer.config
        groups = config.get("groups", 1)
        return StoredKernel(
            path=path,
            name=name,
            class_name=class_name,
            kind=_kind(class_name, name, values),
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


def _stored(contents: Hdf5Contents, layers: _Layers, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield layer path, weight name and place of every kernel, whichever way the file names them."""
    root = contents.file.get("model_weights", contents.file)
    prefix = "model_weights/" if "model_weights" in contents.file else ""
    if any(key.startswith("layer_names") for key in root.attrs):
        yield from _stored_by_name(contents, root, prefix, layers, name)
        return
    for place, entry in contents.datasets.items():
        match = _VARIABLE.fullmatch(place)
        if match is None or is_optimizer(place) or len(entry.shape) < 2:
            continue
        label = read_attribute(contents.file[f"{match['group']}/vars"], "name", name=name)
        group = match["group"]
        path = layers.resolve([label]) if isinstance(label, str) and label else layers.resolve_numbered(group)
        names = _KERNELS_IN_ORDER.get(layers.class_name(path) or "", ("kernel",))
        if int(match["index"]) < len(names):
            yield path, names[int(match["index"])], place


def _stored_by_name(
    contents: Hdf5Contents, root: h5py.Group, prefix: str, layers: _Layers, name: str
) -> Iterator[tuple[str, str, str]]:
    for layer in read_names(root, "layer_names", name=name):
        group = contents.file.get(f"{prefix}{layer}")
        for weight in read_names(group, "weight_names", name=name) if isinstance(group, h5py.Group) else ():
            place = f"{prefix}{layer}/{weight}"
            entry = contents.datasets.get(place)
            *parents, last = weight.split(":")[0].split("/")
            if entry is None or not last.endswith("kernel") or len(entry.shape) < 2:
                continue
            if parents and parents[0] == layer:
                parents = parents[1:]
            yield layers.resolve([layer, *parents]), last, place


def _kind(class_name: str | None, name: str, values: np.ndarray) -> str:
    if class_name is not None and _TRANSPOSED.fullmatch(class_name):
        return "transposed"
    if name == "depthwise_kernel" or (class_name is not None and _DEPTHWISE.fullmatch(class_name)):
        return "depthwise"
    # A locally connected layer has another kernel at every place, so none that could be drawn as a filter
    convolution = class_name is None or class_name in _CONVOLUTIONS or class_name not in known.LAYERS
    local = class_name is not None and class_name.startswith("LocallyConnected")
    return "convolution" if values.ndim in (3, 4, 5) and convolution and not local else "dense"
