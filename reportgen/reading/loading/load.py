"""The live Keras model of a file that was looked at and inspected first."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError
from reportgen.messages import joined, say
from reportgen.reading.containers import CheckpointContents, Hdf5Contents, ModelFile, StoredArrays, recognise
from reportgen.reading.loading.build import allocate_weights, build_model, check_memory, finish, nothing_left_over
from reportgen.reading.loading.decision import Action, Decision, decide, refusal, signature_of, with_signature
from reportgen.reading.loading.inventory import Inventory, take_inventory
from reportgen.reading.loading.live_layers import tie, with_shared
from reportgen.reading.loading.training import TrainingSetup, live_setup
from reportgen.reading.loading.weights_by_name import assign, assign_tensors, checkpoint_assignments, legacy_assignments
from reportgen.reading.loading.weights_by_number import archive_places, check_archive_size, load_archive_weights
from reportgen.reading.loading.weights_only import WeightsOnly, read_kernels
from reportgen.reading.rewriting import (
    TRAINING_WRAPPERS,
    Permitted,
    activations_instead,
    import_objects,
    is_old,
    marshalled_functions,
)
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import reason_of, shown

_DIGITS = 12  # of the SHA-256 shown
REMEDY = "Load and save the model again with the Keras that wrote it."


@dataclass(frozen=True)
class LoadedModel:
    """A live model and where it comes from.

    Attributes:
        model: a `keras.Model`, not compiled.
        file: what it was read from; None for a model that was alive already.
        keras_version: the version that saved it, where the file says so.
        rewrites: what had to be changed to read an older file, one sentence each.
        custom_code: what was run that is not Keras' own, of the file or of the user's modules, one sentence each.
        training: how it was compiled; None where nothing is known of that.
    """

    model: Any
    file: ModelFile | None
    keras_version: str | None
    rewrites: tuple[str, ...] = ()
    custom_code: tuple[str, ...] = ()
    training: TrainingSetup | None = None


def read_model(
    path: str | Path | ModelFile,
    *,
    memory_limit: int = limits.HALF_OF_MEMORY,
    allow_custom_code: bool = False,
    custom_objects: Sequence[str] = (),
    activation: Sequence[str] = (),
    architecture: str | Path | None = None,
    before_keras: Callable[[], None] = lambda: None,
) -> LoadedModel | WeightsOnly:
    """Return the live model of a file, or what is known of it where the model is not run.

    The file itself is never handed to Keras: the model is built from a configuration that was written anew, and its weights
    come from arrays that were checked. Of the training configuration nothing is built, and Keras' safe mode stays on.

    Args:
        path: what `recognise` returned, or the path of a .keras archive, of such an archive unzipped, of an HDF5 file of a
            whole model or of weights alone, of a SavedModel folder, a TensorFlow checkpoint or an architecture as JSON.
        memory_limit: bytes that weights and the largest activation may take.
        allow_custom_code: whether Lambda layers and marshalled functions of the file may run.
        custom_objects: names of modules, or paths of .py files, with classes and functions that the file names. They are
            imported.
        activation: activations of Keras in place of others, as 'NAME=ACTIVATION'.
        architecture: another file that has the architecture, such as JSON, for a file of weights alone.
        before_keras: called once before Keras is needed, so that whoever calls can import it; never for a file of weights alone.

    Raises:
        ModelError: the file is refused: it is no model, damaged, over a limit, or not what it seems; or a module of
            `custom_objects` cannot be imported.
    """
    file = path if isinstance(path, ModelFile) else recognise(path)
    other = None if architecture is None else recognise(architecture)
    inventory = take_inventory(file, memory_limit=memory_limit, architecture=other)
    if custom_objects:
        before_keras()
    custom = import_objects(custom_objects)
    permitted = Permitted(allow_custom_code, frozenset(custom.objects), activations_instead(activation))
    decision = decide(inventory, permitted=permitted)
    if decision.config is None:
        return read_kernels(inventory, decision, message=refusal(inventory, decision), memory_limit=memory_limit)
    if not custom_objects:
        before_keras()
    try:
        functions = marshalled_functions(decision.functions, custom, name=shown(file.name))
    except ModelError as error:
        return _stored_instead(inventory, decision, error, memory_limit)
    try:
        model = _live(inventory, decision, memory_limit, {**custom.for_keras(), **functions})
    except ModelError as error:
        if not file.format.has_program and not _has_wrappers(inventory):
            raise
        # Its values can be shown without the layers that they are for: they lie in a checkpoint, or in wrappers
        return _stored_instead(inventory, decision, error, memory_limit)
    return LoadedModel(
        model=model,
        file=file,
        keras_version=inventory.keras_version,
        rewrites=(*_of_another_file(other), *decision.rewrites),
        custom_code=(*custom.sentences, *decision.custom_code),
        training=inventory.training,
    )


def _of_another_file(architecture: ModelFile | None) -> tuple[str, ...]:
    if architecture is None:
        return ()
    digest = architecture.sha256[:_DIGITS]
    return (say("The architecture was read from another file, SHA-256 {digest}….", digest=digest),)


def _stored_instead(inventory: Inventory, decision: Decision, error: ModelError, limit: int) -> WeightsOnly:
    serving, why_not = signature_of(inventory)
    action = Action.WEIGHTS_ONLY if serving is None else Action.PREDICT
    changed = replace(decision, action=action, config=None, reasons=(str(error),), serving=serving)
    message = str(error) if serving is None else joined((str(error), with_signature(serving)), " ")
    if why_not:
        message = joined((str(error), " ", say("Received: {listed}.", listed=why_not)), "")
    return read_kernels(inventory, changed, message=message, memory_limit=limit)


def _live(inventory: Inventory, decision: Decision, limit: int, objects: Mapping[str, Any]) -> Any:
    name = shown(inventory.file.name)
    try:
        with (
            nothing_left_over(),
            inventory.file.format.open(inventory.file, memory_limit=limit, verify=True) as contents,
        ):
            if contents.arrays is None:
                received = inventory.file.format.label
                raise ModelError(f"{name} has an architecture and no weights. Received: {received}. {REMEDY}")
            model = build_model(decision.config or {}, objects)
            tie(model, decision.shared)
            _fill(model, inventory, decision, contents.arrays, limit)
            finish(model)
            return model
    except ModelError:
        raise
    except Exception as error:
        # What Keras, h5py and TensorFlow raise for a damaged file has no common base; each becomes one line.
        raise ModelError(f"{name} cannot be loaded. Received: {reason_of(error)}. {REMEDY}") from error


def _fill(model: Any, inventory: Inventory, decision: Decision, arrays: StoredArrays, limit: int) -> None:
    """Give the weights of a model their values; what does not fit is refused before any of them is allocated."""
    name, config = shown(inventory.file.name), decision.config or {}
    if isinstance(arrays, CheckpointContents):
        tensors = checkpoint_assignments(model, inventory, config, name=name)
        check_memory(model, name=name, memory_limit=limit)
        allocate_weights(model)
        assign_tensors(tensors, arrays, name=name)
    elif isinstance(arrays, Hdf5Contents) and _names_layers(inventory, arrays):
        assignments = legacy_assignments(model, arrays, name=name, wrapped=_has_wrappers(inventory))
        check_memory(model, name=name, memory_limit=limit)
        allocate_weights(model)
        assign(assignments, arrays, name=name)
    elif isinstance(arrays, Hdf5Contents):
        old = is_old(inventory.keras_version)
        check_archive_size(model, arrays, name=name, old=old)
        check_memory(model, name=name, memory_limit=limit)
        allocate_weights(model)
        stored = archive_places(model, inventory.config or {}, config, arrays, name=name, old=old)
        load_archive_weights(model, with_shared(model, stored, decision.shared), arrays, name=name)


def _has_wrappers(inventory: Inventory) -> bool:
    return any(layer.class_name in TRAINING_WRAPPERS for layer in inventory.layers)


def _names_layers(inventory: Inventory, arrays: Hdf5Contents) -> bool:
    """Return whether arrays are found by the names of layers; a file of weights alone may be written in either way."""
    return inventory.file.format.names_layers and (inventory.architecture is None or arrays.lists_layers)


def adopt_model(model: Any) -> LoadedModel:
    """Return a live model as `LoadedModel`.

    Args:
        model: a `keras.Model`: Sequential, functional or subclassed.

    Raises:
        ModelError: it is something else.
    """
    import keras

    if not isinstance(model, keras.Model):
        kind = f"{type(model).__module__}.{type(model).__qualname__}"
        raise ModelError(
            f"the model must be a path or a keras.Model of Keras 3. Received: {shown(kind)}. "
            f"Load it with Keras {keras.__version__} or give the file's path."
        )
    return LoadedModel(model=model, file=None, keras_version=keras.__version__, training=live_setup(model))


def weights_digest(model: Any) -> str:
    """Return the SHA-256, in hexadecimal, over dtype, shape and bytes of the model's weights in their order.

    Args:
        model: a live `keras.Model`.
    """
    import numpy as np

    digest = hashlib.sha256()
    for weight in model.weights:
        values = np.ascontiguousarray(weight.numpy())
        digest.update(f"{values.dtype.name} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()
