"""The kernels of a file whose model is not run, by layer: what a report can show without a forward pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reportgen.errors import ModelError
from reportgen.reading.containers.checkpoint import open_checkpoint, read_tensors
from reportgen.reading.containers.contents import open_model
from reportgen.reading.containers.hdf5 import one_line_if_damaged
from reportgen.reading.containers.look import ModelFile, ModelFormat
from reportgen.reading.loading.decide import Decision
from reportgen.reading.loading.inventory import Inventory, checkpoint_of
from reportgen.reading.loading.kernels_checkpoint import checkpoint_kernels
from reportgen.reading.loading.kernels_hdf5 import hdf5_kernels, read_kernel
from reportgen.reading.loading.serving import Serving
from reportgen.reading.loading.stored_kernels import StoredKernel, StoredLayers
from reportgen.reading.rewriting.layer_entries import LayerEntry
from reportgen.untrusted.escaping import shown

__all__ = ["StoredKernel", "WeightsOnly", "read_kernels"]


@dataclass(frozen=True)
class WeightsOnly:
    """What is known of a model that is not run.

    Attributes:
        file: that was looked at.
        name: of the model, or of the file where the model has none.
        keras_version: that saved it, where the file says so.
        kind: of the model, None where there is no architecture.
        layers: as the configuration describes them.
        kernels: the stored kernels, in the order of the layers.
        parameters: number of stored values, kernels and others.
        reasons: why the model is not run, in sentences.
        options: of the command line that would run it; none where no option would.
        message: the same in one line.
        serving: the signature of a SavedModel that gives its predictions.
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
        inventory: of the file.
        decision: why it is not run.
        message: the same in one line.
        memory_limit: in bytes.

    Raises:
        ModelError: there are neither kernels nor layers, or they cannot be read.
    """
    name = shown(inventory.file.name)
    layers = StoredLayers(inventory)
    kernels = list(_kernels(inventory, layers, name, memory_limit)) if inventory.weights else []
    alone = inventory.file.format in (ModelFormat.ARCHITECTURE, ModelFormat.SAVED_MODEL) and inventory.layers
    if inventory.file.format is ModelFormat.ARCHITECTURE and not inventory.layers:
        raise ModelError(f"{name} describes no layers. Received: {shown(inventory.kind)}. Give a model's architecture.")
    if not kernels and not alone and decision.serving is None:
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
    )


def _kernels(inventory: Inventory, layers: StoredLayers, name: str, memory_limit: int) -> Iterator[StoredKernel]:
    prefix = checkpoint_of(inventory.file)
    if prefix is not None:
        contents = open_checkpoint(prefix, name=name, memory_limit=memory_limit)
        found = {key: (path, weight) for path, weight, key in checkpoint_kernels(inventory, layers)}
        for key, values in read_tensors(contents, list(found), name=name):
            yield layers.kernel(*found[key], values)
        return
    with (
        one_line_if_damaged(name),
        open_model(inventory.file, memory_limit=memory_limit, verify=True) as (_, _, stored),
    ):
        for path, weight, place in () if stored is None else hdf5_kernels(stored, layers, name=name):
            assert stored is not None
            read = read_kernel(stored, place, name=name)
            if read is not None:
                kernel = layers.kernel(path, weight, read[0])
                yield replace(kernel, quantised=read[1], initializer=None) if read[1] else kernel
