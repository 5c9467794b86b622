"""Which arrays of an HDF5 file are kernels, and of which layers, whichever way the file names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import h5py
import numpy as np

from reportgen.reading.containers.contents import is_optimizer
from reportgen.reading.containers.hdf5 import Hdf5Contents
from reportgen.reading.containers.hdf5_read import read_array, read_attribute, read_names
from reportgen.reading.loading.stored_kernels import RECURRENT_CELL, StoredLayers, class_of_group
from reportgen.reading.rewriting import known

# An archive numbers a layer's weights; these are the names, in `build` of Keras' layers, of those that are kernels
_KERNELS_IN_ORDER: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), ("depthwise_kernel", "pointwise_kernel")),
    **dict.fromkeys(("LSTMCell", "GRUCell", "SimpleRNNCell", RECURRENT_CELL), ("kernel", "recurrent_kernel")),
}
_VARIABLE = re.compile(r"(?P<group>.+)/vars/(?P<index>\d+)")


def hdf5_kernels(contents: Hdf5Contents, layers: StoredLayers, *, name: str) -> Iterator[tuple[str, str, str]]:
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
    without = class_name in known.LAYERS and "Conv" not in class_name and class_name not in ("Dense", "EinsumDense")
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


def _stored_by_name(
    contents: Hdf5Contents, root: h5py.Group, prefix: str, layers: StoredLayers, name: str
) -> Iterator[tuple[str, str, str]]:
    for layer in read_names(root, "layer_names", name=name):
        group = contents.file.get(f"{prefix}{layer}")
        for weight in read_names(group, "weight_names", name=name) if isinstance(group, h5py.Group) else ():
            place = f"{prefix}{layer}/{weight}"
            entry = contents.datasets.get(place)
            *parents, last = weight.split(":")[0].split("/")
            if entry is None or not last.endswith("kernel") or len(entry.shape) < 2:
                continue
            if layer in parents:  # the names of a subclassed model's weights begin with the model's
                parents = parents[parents.index(layer) + 1 :]
            yield layers.resolve([layer, *parents]), last, place


def read_kernel(contents: Hdf5Contents, place: str, *, name: str) -> tuple[np.ndarray, str] | None:
    """Return a kernel's values and how they are stored: '' for as they are, 'int8' for whole numbers with a scale.

    Args:
        contents: of the file.
        place: of the kernel.
        name: of the file, for errors.

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
