"""The kernels of a file whose model is not run, by layer: what a report can show without a forward pass."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import h5py
import numpy as np

from reportgen.errors import ModelError
from reportgen.reading.containers import (
    VALUE,
    CheckpointContents,
    Hdf5Contents,
    LayerEntry,
    ModelFile,
    Serving,
    one_line_if_damaged,
    read_array,
    read_attribute,
    read_names,
    read_tensors,
)
from reportgen.reading.loading.decision import Decision
from reportgen.reading.loading.inventory import Inventory
from reportgen.reading.loading.stored_kernels import RECURRENT_CELL, StoredKernel, StoredLayers, class_of_group
from reportgen.reading.loading.stored_normalizations import (
    NormalizationPlaces,
    StoredNormalization,
    named_places,
    numbered_places_of,
    with_values,
)
from reportgen.reading.loading.training import TrainingSetup
from reportgen.reading.rewriting import LAYERS
from reportgen.untrusted.escaping import shown

__all__ = ["StoredKernel", "WeightsOnly", "read_kernels"]


@dataclass(frozen=True)
class WeightsOnly:
    """What is known of a model that is not run.

    Attributes:
        file: the file that was recognised.
        name: the model's name, or the file's where the model has none.
        keras_version: the version that saved it, where the file says so.
        kind: the model's class, None where there is no architecture.
        layers: what the configuration says about each layer.
        kernels: the stored kernels, in the order of the layers.
        parameters: number of stored values, kernels and others.
        reasons: why the model is not run, in sentences.
        options: the command line's options that would run it; none where no option would.
        message: the same in one line.
        serving: the signature of a SavedModel that gives its predictions.
        normalizations: the batch normalisations among the stored arrays, in the order of the layers.
        training: how it was compiled; None where the file holds nothing of it.
    """

    file: ModelFile
    name: str
    keras_version: str | None
    kind: str | None
    layers: tuple[LayerEntry, ...]
    kernels: tuple[StoredKernel, ...]
    parameters: int
    reasons: tuple[str, ...]
    options: tuple[str, ...]
    message: str
    serving: Serving | None = None
    normalizations: tuple[StoredNormalization, ...] = ()
    training: TrainingSetup | None = None

    def needs_keras(self, *, run: bool) -> bool:
        """Return whether Keras is needed for what is shown: for fresh draws of the kernels, or to run a signature.

        Args:
            run: whether the signature is run, where there is one.
        """
        return (run and self.serving is not None) or any(kernel.initializer is not None for kernel in self.kernels)

    @property
    def custom_code(self) -> tuple[str, ...]:
        """What of the file is run, one sentence each."""
        if self.serving is None:
            return ()
        kinds = len(self.serving.operations)
        return (
            f"The graph of its signature '{shown(self.serving.signature)}', whose {kinds} kinds of operations do nothing "
            "but compute.",
        )


def read_kernels(inventory: Inventory, decision: Decision, *, message: str, memory_limit: int) -> WeightsOnly:
    """Return the stored kernels of a file that is not run; of an architecture alone there are none.

    Args:
        inventory: what the file holds.
        decision: why it is not run.
        message: the same in one line.
        memory_limit: the most memory, in bytes.

    Raises:
        ModelError: there are neither kernels nor layers, or they cannot be read.
    """
    name = shown(inventory.file.name)
    layers = StoredLayers(inventory)
    kernels = list(_kernels(inventory, layers, name, memory_limit)) if inventory.weights else []
    normalizations = list(_normalizations(inventory, layers, name, memory_limit)) if inventory.weights else []
    model_format = inventory.file.format
    if model_format.stands_alone and not model_format.has_program and not inventory.layers:
        raise ModelError(f"{name} describes no layers. Received: {shown(inventory.kind)}. Give a model's architecture.")
    if not kernels and not (model_format.stands_alone and inventory.layers) and decision.serving is None:
        raise ModelError(f"{name} holds no kernels. Received: {message.rstrip('.')}. Give a file with weights.")
    return WeightsOnly(
        file=inventory.file,
        name=inventory.name or inventory.file.name,
        keras_version=inventory.keras_version,
        kind=inventory.kind,
        layers=inventory.layers,
        kernels=tuple(sorted(kernels, key=lambda kernel: layers.position(kernel.path))),
        parameters=inventory.stored_values,
        reasons=decision.reasons,
        options=decision.options,
        message=message,
        serving=decision.serving,
        normalizations=tuple(sorted(normalizations, key=lambda each: layers.position(each.path))),
        training=inventory.training,
    )


def _kernels(inventory: Inventory, layers: StoredLayers, name: str, memory_limit: int) -> Iterator[StoredKernel]:
    with inventory.file.format.open(inventory.file, memory_limit=memory_limit, verify=True) as contents:
        arrays = contents.arrays
        if isinstance(arrays, CheckpointContents):
            found = {key: (path, weight) for path, weight, key in checkpoint_kernels(inventory, layers)}
            for key, values in read_tensors(arrays, list(found), name=name):
                yield layers.kernel(*found[key], values)
        elif isinstance(arrays, Hdf5Contents):
            with one_line_if_damaged(name):
                for path, weight, place in hdf5_kernels(arrays, layers, name=name):
                    read = read_kernel(arrays, place, name=name)
                    if read is not None:
                        kernel = layers.kernel(path, weight, read[0])
                        yield replace(kernel, quantised=read[1], initializer=None) if read[1] else kernel


def _normalizations(
    inventory: Inventory, layers: StoredLayers, name: str, memory_limit: int
) -> Iterator[StoredNormalization]:
    with inventory.file.format.open(inventory.file, memory_limit=memory_limit) as contents:
        arrays = contents.arrays
        if isinstance(arrays, CheckpointContents):
            found = list(named_places(checkpoint_arrays(inventory, layers), inventory.weights))
            values = dict(read_tensors(arrays, [place for each in found for place in each.places.values()], name=name))
            yield from (with_values(each, values) for each in found)
        elif isinstance(arrays, Hdf5Contents):
            with one_line_if_damaged(name):
                for each in hdf5_normalizations(arrays, layers, name=name):
                    yield with_values(each, {at: read_array(arrays, at, name=name) for at in each.places.values()})


def hdf5_normalizations(contents: Hdf5Contents, layers: StoredLayers, *, name: str) -> Iterator[NormalizationPlaces]:
    """Yield the batch normalisations of a file, whichever way it names its arrays."""
    if contents.lists_layers:
        yield from named_places(_stored_by_name(contents, layers, name), contents.datasets)
        return
    groups: dict[str, list[tuple[int, str]]] = {}
    for place in contents.weights:
        match = _VARIABLE.fullmatch(place)
        if match is not None:
            groups.setdefault(match["group"], []).append((int(match["index"]), place))
    for group, numbered in groups.items():
        labels = _labels(contents, group, name)
        path = layers.resolve(labels) if labels else layers.resolve_numbered(group)
        if (layers.class_name(path) or class_of_group(group) or "").endswith("BatchNormalization"):
            places = [place for _, place in sorted(numbered)]
            found = numbered_places_of(path, places, contents.datasets, has_scale=layers.has_scale(path))
            if found is not None:
                yield found


# An archive numbers a layer's weights; these are the names, in `build` of Keras' layers, of those that are kernels
_KERNELS_IN_ORDER: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), ("depthwise_kernel", "pointwise_kernel")),
    **dict.fromkeys(("LSTMCell", "GRUCell", "SimpleRNNCell", RECURRENT_CELL), ("kernel", "recurrent_kernel")),
}
_VARIABLE = re.compile(r"(?P<group>.+)/vars/(?P<index>\d+)")


def hdf5_kernels(contents: Hdf5Contents, layers: StoredLayers, *, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield layer path, weight name and place of every kernel, whichever way the file names them."""
    if contents.lists_layers:
        for path, weight, place in _stored_by_name(contents, layers, name):
            if weight.endswith("kernel") and len(contents.datasets[place].shape) >= 2:
                yield path, weight, place
        return
    for place, entry in contents.weights.items():
        match = _VARIABLE.fullmatch(place)
        if match is None or len(entry.shape) < 2:
            continue
        labels = _labels(contents, match["group"], name)
        path = layers.resolve(labels) if labels else layers.resolve_numbered(match["group"])
        class_name = layers.class_name(path) or class_of_group(match["group"])
        layers.suppose(path, class_name)
        names = _kernel_names(class_name)
        if int(match["index"]) < len(names):
            yield path, names[int(match["index"])], place


def _kernel_names(class_name: str | None) -> tuple[str, ...]:
    """Return what the first weights of a layer are called that are kernels; none for Keras' layers without one."""
    if class_name is not None and class_name in _KERNELS_IN_ORDER:
        return _KERNELS_IN_ORDER[class_name]
    without = class_name in LAYERS and "Conv" not in class_name and class_name not in ("Dense", "EinsumDense")
    return () if without else ("kernel",)


def _labels(contents: Hdf5Contents, group: str, name: str) -> list[str]:
    """Return the names of the layers around a group of an archive and of its own; none where it does not tell its own.

    What is around are models, wrappers and layers with layers in them; lists and dictionaries of layers have no name.
    """
    parts = group.split("/")
    found: list[str] = []
    for length in range(1, len(parts) + 1):
        around = contents.file.get(f"{'/'.join(parts[:length])}/vars")
        label = None if around is None else read_attribute(around, "name", name=name)
        if isinstance(label, str) and label:
            found.append(label)
        elif length == len(parts):
            return []
    return found


def _stored_by_name(contents: Hdf5Contents, layers: StoredLayers, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield layer path, weight name and place of every array of a file that lists its layers."""
    prefix = "model_weights/" if "model_weights" in contents.file else ""
    root = contents.file[prefix] if prefix else contents.file
    for layer in read_names(root, "layer_names", name=name):
        group = contents.file.get(f"{prefix}{layer}")
        for weight in read_names(group, "weight_names", name=name) if isinstance(group, h5py.Group) else ():
            place = f"{prefix}{layer}/{weight}"
            if place not in contents.datasets:
                continue
            *parents, last = weight.split(":")[0].split("/")
            if layer in parents:  # the names of a subclassed model's weights begin with the model's
                parents = parents[parents.index(layer) + 1 :]
            yield layers.resolve([layer, *parents]), last, place


def read_kernel(contents: Hdf5Contents, place: str, *, name: str) -> tuple[np.ndarray, str] | None:
    """Return a kernel's values and how they are stored: '' for as they are, 'int8' for whole numbers with a scale.

    Args:
        contents: the checked file, open to read.
        place: where the kernel lies in the file.
        name: the file's name, for errors.

    Returns:
        None where whole numbers have no scale for each output, as where two of four bits share a byte.
    """
    values = read_array(contents, place, name=name)
    if values.dtype.kind not in "iu":
        return values, ""
    group, _, last = place.rpartition("/")
    siblings = sorted(path for path in contents.datasets if path.rpartition("/")[0] == group)
    # An archive numbers a layer's weights: the scale is the last, `variable_serialization_spec` of keras.layers.Dense
    scale_place = f"{place}_scale" if last == "kernel" else siblings[-1]
    entry = contents.datasets.get(scale_place)
    if entry is None or entry.shape != values.shape[-1:]:
        return None
    scale = read_array(contents, scale_place, name=name)
    return (values / scale).astype(np.float32), str(values.dtype)


# What TensorFlow 1 and TF-Slim call kernels
_SYNONYMS = {"weights": "kernel", "depthwise_weights": "depthwise_kernel", "pointwise_weights": "pointwise_kernel"}


def checkpoint_kernels(inventory: Inventory, layers: StoredLayers) -> Iterator[tuple[str, str, str]]:
    """Yield layer path, weight name and key of every kernel.

    Args:
        inventory: what a checkpoint or a SavedModel holds.
        layers: the same model's layers, by the names that files give them.
    """
    found = [
        (path, last, key)
        for path, last, key in checkpoint_arrays(inventory, layers)
        if last.endswith("kernel") and len(inventory.weights[key].shape) >= 2
    ]
    times = Counter((path, last) for path, last, _ in found)
    for path, last, key in found:
        # Layers of one name, in two models: only the keys tell them apart
        yield path if times[path, last] == 1 else place_of(key) or path, last, key


def checkpoint_arrays(inventory: Inventory, layers: StoredLayers) -> Iterator[tuple[str, str, str]]:
    """Yield layer path, weight name and key of every array of a checkpoint or a SavedModel."""
    for key in inventory.weights:
        *parents, last = (inventory.variables.get(key) or key.removesuffix(VALUE)).split("/")
        yield _path(key, parents, inventory, layers), _SYNONYMS.get(last, last).lstrip("_"), key


def _path(key: str, parents: list[str], inventory: Inventory, layers: StoredLayers) -> str:
    around = place_of(key).split("/")
    for length in range(len(around), 0, -1):
        name = inventory.places.get("/".join(around[:length]))
        if name is not None:
            return name
    return layers.resolve(parents) if parents else place_of(key)


def place_of(key: str) -> str:
    """Return where the layer is in the graph of objects: 'layer-1' of 'layer-1/kernel/.ATTRIBUTES/VARIABLE_VALUE'."""
    return key.removesuffix(VALUE).rpartition("/")[0]
