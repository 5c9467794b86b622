"""Which tensors of a checkpoint are kernels, and of which layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reportgen.reading.containers.checkpoint import VALUE
from reportgen.reading.loading.inventory import Inventory
from reportgen.reading.loading.stored_kernels import StoredLayers

# What TensorFlow 1 and TF-Slim call kernels
_SYNONYMS = {"weights": "kernel", "depthwise_weights": "depthwise_kernel", "pointwise_weights": "pointwise_kernel"}


def checkpoint_kernels(inventory: Inventory, layers: StoredLayers) -> Iterator[tuple[str, str, str]]:
    """Yield layer path, weight name and key of every kernel.

    Args:
        inventory: of a checkpoint or of a SavedModel.
        layers: of the same.
    """
    found = []
    for key, entry in inventory.weights.items():
        *parents, last = (inventory.variables.get(key) or key.removesuffix(VALUE)).split("/")
        last = _SYNONYMS.get(last, last).lstrip("_")
        if last.endswith("kernel") and len(entry.shape) >= 2:
            found.append((_path(key, parents, inventory, layers), last, key))
    times = Counter((path, last) for path, last, _ in found)
    for path, last, key in found:
        # Layers of one name, in two models: only the keys tell them apart
        yield path if times[path, last] == 1 else place_of(key) or path, last, key


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
