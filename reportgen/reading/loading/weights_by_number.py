"""Arrays of a .keras archive put into a live model, by Keras, from a copy that holds nothing but the arrays.

In the archive a layer's arrays lie under its class and a number, such as `layers/conv2d_1/vars/0`. Keras 3 numbers the
layers of a class in its own order, and Keras 2 in the order of the configuration; Keras 2.12 counts a layer that has
weights twice. So for files of Keras 2 the stored groups of a class are given, in their order, to the layers of that
class that have weights, and written to where Keras 3 will look.
"""

from __future__ import annotations

import math
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py

from reportgen.reading.containers import Hdf5Contents, read_array
from reportgen.reading.loading.live_layers import CONTAINERS, numbered, numbered_places, paired, snake_case
from reportgen.reading.loading.weights_by_name import mismatch
from reportgen.reading.rewriting import is_of_the_toolkit
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import shown

# Values that a model may have beyond those in the file: the states of random generators, which Keras 2 did not store
SEED_VALUES = 8 * limits.LAYERS
UNSTORED_SEEDS = 100  # Keras 3 does not store those of recurrent layers' cells either


def check_archive_size(model: Any, contents: Hdf5Contents, *, name: str, old: bool) -> None:
    """Refuse a model with more weights than the archive holds, before they are allocated.

    Keras looks for a missing array again and again, which takes a minute where thousands are missing.

    Args:
        model: the `keras.Model` as built, with shapes and without values.
        contents: the archive's checked weights, open to read.
        name: the file's name, for errors.
        old: whether Keras 2 wrote it, which does not store the states of random generators.

    Raises:
        ModelError: it has more, or one of another shape.
    """
    stored = sum(entry.size for entry in contents.weights.values())
    wanted = sum(math.prod(variable.shape) for variable in model.variables)
    if wanted > stored + SEED_VALUES:
        raise mismatch(name, f"{stored:,} weights in the file, {wanted:,} in its architecture")
    if old or not contents.weights:
        return
    # those of LoRA are merged into the kernel when it is stored
    needed = Counter(tuple(one.shape) for one in model.weights if not str(one.name).startswith("lora_"))
    missing = needed - Counter(entry.shape for entry in contents.weights.values())
    if missing:
        shape, count = next(iter(missing.items()))
        raise mismatch(name, f"no array of shape {shape} for {count:,} of the architecture's weights")
    seeds, others = len(model.variables) - len(model.weights), len(contents.weights) - needed.total()
    if seeds > others + UNSTORED_SEEDS:
        raise mismatch(name, f"{seeds:,} random generators in the architecture and {others:,} arrays for them")


def archive_places(
    model: Any, config: Mapping[str, Any], readable: Mapping[str, Any], contents: Hdf5Contents, *, name: str, old: bool
) -> dict[str, str]:
    """Return where each array of an archive is, by where Keras 3 looks for it.

    Args:
        model: the `keras.Model`, as built.
        config: the configuration as stored.
        readable: the same after rewriting, with the names that the live layers have.
        contents: the archive's checked weights, open to read.
        name: the file's name, for errors.
        old: whether Keras 2 wrote it.

    Raises:
        ModelError: a layer's arrays are missing.
    """
    if not old:
        return {path: path for path in contents.weights}
    sources = _Sources(contents, name)
    sources.find(model, config, readable, "")
    return dict(_targets(model, sources.found, contents, ""))


def load_archive_weights(model: Any, places: Mapping[str, str], contents: Hdf5Contents, *, name: str) -> None:
    """Let Keras read a copy of an archive's weights.

    Args:
        model: the `keras.Model` with allocated weights.
        places: where each array is, by where Keras 3 looks for it.
        contents: the archive's checked weights, open to read.
        name: the file's name, for errors.

    Raises:
        ModelError: an array cannot be read.
        Exception: whatever Keras raises where weights and model do not agree.
    """
    if not places and not model.variables:  # saved before it was built
        return
    with tempfile.TemporaryDirectory(prefix="reportgen-") as folder, warnings.catch_warnings():
        copy = Path(folder) / "model.weights.h5"
        with h5py.File(copy, "w") as file:
            for target, source in places.items():
                file[target] = read_array(contents, source, name=name)
        # Keras only warns where layers would keep their initial weights.
        warnings.filterwarnings("error", message="Skipping nested container")
        model.load_weights(str(copy))


class _Sources:
    """Where in a file of Keras 2 each live layer's arrays are: the group's path by the layer's identity."""

    def __init__(self, contents: Hdf5Contents, name: str) -> None:
        self._paths = list(contents.weights)
        self._name = name
        self._known: dict[tuple[str, str], Any] = {}
        self.found: dict[int, str] = {}

    def find(self, model: Any, item: Mapping[str, Any], readable: Mapping[str, Any], prefix: str) -> None:
        """Find the groups of a model's layers, nested ones included, below `prefix`."""
        container = next((name for name in CONTAINERS if self._has_data(f"{prefix}{name}/")), None)
        if container is None:
            return
        stored = self._stored_groups(f"{prefix}{container}/")
        for layer, entry, entry_readable in paired(model, item, readable):
            if not self._has_new_weights(layer):
                continue
            groups = stored.get(snake_case(entry["class_name"]), [])
            inside = ""
            if is_of_the_toolkit(entry):  # the layer in a wrapper that was taken off
                inside = "/layer"
                groups[:] = [group for group in groups if self._has_data(f"{prefix}{container}/{group}{inside}/")]
            if not groups:
                self._share(layer)
                continue
            self._known.setdefault((layer.name, type(layer).__name__), layer)
            self._take(layer, entry, entry_readable, f"{prefix}{container}/{groups.pop(0)}{inside}")

    def _take(self, layer: Any, entry: Mapping[str, Any], readable: Mapping[str, Any], group: str) -> None:
        inner: Any = getattr(layer, "layer", None)
        if hasattr(layer, "layers"):
            self.find(layer, entry, readable, f"{group}/")
        elif hasattr(inner, "layers"):
            self.find(inner, entry["config"]["layer"], readable["config"]["layer"], f"{group}/layer/")
        else:
            self.found[id(layer)] = group

    def _share(self, layer: Any) -> None:
        """Give a layer the arrays of an earlier one of its name and class: Keras 2 stores a shared layer's once."""
        earlier = self._known.get((layer.name, type(layer).__name__))
        leaves, sources = list(_leaves(layer)), list(_leaves(earlier))
        if [leaf.name for leaf in leaves] != [leaf.name for leaf in sources]:
            raise mismatch(self._name, f"no weights for layer {shown(layer.name)}")
        for leaf, source in zip(leaves, sources, strict=True):
            if id(source) in self.found:
                self.found[id(leaf)] = self.found[id(source)]

    def _has_data(self, prefix: str) -> bool:
        return any(path.startswith(prefix) for path in self._paths)

    def _has_new_weights(self, layer: Any) -> bool:
        inner = getattr(layer, "layer", None)
        model: Any = layer if hasattr(layer, "layers") else inner
        if hasattr(model, "layers"):
            return any(self._has_new_weights(below) for below in model.layers)
        return bool(layer.weights) and id(layer) not in self.found

    def _stored_groups(self, prefix: str) -> dict[str, list[str]]:
        return numbered_places(
            {path[len(prefix) :].split("/", 1)[0] for path in self._paths if path.startswith(prefix)}
        )


def _leaves(layer: Any) -> Iterator[Any]:
    if hasattr(layer, "layers"):
        for below in layer.layers:
            yield from _leaves(below)
    elif layer is not None:
        yield layer


def _targets(model: Any, found: Mapping[int, str], contents: Hdf5Contents, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield where Keras 3 looks for each array, and where it is; a layer in two models has two places."""
    for layer, name in numbered(model.layers):
        path, inner = f"{prefix}layers/{name}", getattr(layer, "layer", None)
        if hasattr(layer, "layers"):
            yield from _targets(layer, found, contents, f"{path}/")
        elif hasattr(inner, "layers"):
            yield from _targets(inner, found, contents, f"{path}/layer/")
        elif id(layer) in found:
            source = f"{found[id(layer)]}/"
            for stored in contents.datasets:
                if stored.startswith(source):
                    yield f"{path}/{stored[len(source) :]}", stored
