"""Which arrays of an HDF5 file are kernels, and of which layers, whichever way the file names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import h5py

from reportgen.reading.contents import is_optimizer
from reportgen.reading.hdf5 import Hdf5Contents
from reportgen.reading.hdf5_read import read_attribute, read_names
from reportgen.reading.stored_kernels import StoredLayers

# An archive numbers a layer's weights; these are the names, in `build` of Keras' layers, of those that are kernels
_KERNELS_IN_ORDER: Mapping[str, tuple[str, ...]] = {
    "SeparableConv1D": ("depthwise_kernel", "pointwise_kernel"),
    "SeparableConv2D": ("depthwise_kernel", "pointwise_kernel"),
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
        label = read_attribute(contents.file[f"{match['group']}/vars"], "name", name=name)
        group = match["group"]
        path = layers.resolve([label]) if isinstance(label, str) and label else layers.resolve_numbered(group)
        names = _KERNELS_IN_ORDER.get(layers.class_name(path) or "", ("kernel",))
        if int(match["index"]) < len(names):
            yield path, names[int(match["index"])], place


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
            if parents and parents[0] == layer:
                parents = parents[1:]
            yield layers.resolve([layer, *parents]), last, place
