"""The live Keras model of a file that was looked at and inspected first."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError
from reportgen.reading import limits
from reportgen.reading.build import allocate_weights, build_model, check_memory, finish, nothing_left_over
from reportgen.reading.contents import open_model
from reportgen.reading.decide import decide, refusal
from reportgen.reading.inventory import Inventory, take_inventory
from reportgen.reading.look import ModelFile, ModelFormat, look
from reportgen.reading.rewrite import is_old
from reportgen.reading.weights import assign, legacy_assignments
from reportgen.reading.weights_archive import check_archive_size, load_archive_weights
from reportgen.reading.weights_only import WeightsOnly, read_kernels
from reportgen.reading.wording import reason_of, shown

REMEDY = "Load and save the model again with the Keras that wrote it."


@dataclass(frozen=True)
class LoadedModel:
    """A live model and where it comes from.

    Attributes:
        model: a `keras.Model`, not compiled.
        file: what it was read from; None for a model that was alive already.
        keras_version: that saved it, where the file says so.
        rewrites: what had to be changed to read an older file, one sentence each.
    """

    model: Any
    file: ModelFile | None
    keras_version: str | None
    rewrites: tuple[str, ...] = ()


def load_model(path: str | Path, *, memory_limit: int | None = None) -> LoadedModel:
    """Return the live model of a file. The training configuration is never read, and Keras' safe mode stays on.

    The file itself is never handed to Keras: the model is built from a configuration that was written anew, and its
    weights come from arrays that were checked.

    Args:
        path: a .keras archive, such an archive unzipped, or an HDF5 file that holds a whole model.
        memory_limit: bytes that weights and the largest activation may take; half of the machine's memory when None.

    Raises:
        ModelError: the file cannot be read as a model, or cannot be run; one line that says why.
    """
    result = read_model(path, memory_limit=memory_limit)
    if isinstance(result, WeightsOnly):
        raise ModelError(result.message)
    return result


def read_model(path: str | Path, *, memory_limit: int | None = None) -> LoadedModel | WeightsOnly:
    """Return the live model of a file, or its kernels where the model is not run.

    Args:
        path: as for `load_model`; also an HDF5 file of weights alone.
        memory_limit: as for `load_model`.

    Raises:
        ModelError: the file is refused: it is no model, damaged, over a limit, or not what it seems.
    """
    file = look(path)
    limit = limits.default_memory_limit() if memory_limit is None else memory_limit
    inventory = take_inventory(file, memory_limit=limit)
    decision = decide(inventory)
    if decision.config is None:
        return read_kernels(inventory, decision, message=refusal(inventory, decision), memory_limit=limit)
    model = _live(inventory, decision.config, limit)
    return LoadedModel(model=model, file=file, keras_version=inventory.keras_version, rewrites=decision.rewrites)


def _live(inventory: Inventory, config: Mapping[str, Any], limit: int) -> Any:
    file = inventory.file
    name = shown(file.name)
    try:
        with nothing_left_over(), open_model(file, memory_limit=limit, verify=True) as (_, _, contents):
            if contents is None:
                raise ModelError(f"{name} has an architecture and no weights. Received: {file.format.label}. {REMEDY}")
            model = build_model(config)
            if file.format is ModelFormat.HDF5:
                assignments = legacy_assignments(model, contents, name=name)
                check_memory(model, name=name, memory_limit=limit)
                allocate_weights(model)
                assign(assignments, contents, name=name)
            else:
                check_archive_size(model, contents, name=name)
                check_memory(model, name=name, memory_limit=limit)
                allocate_weights(model)
                old = is_old(inventory.keras_version)
                load_archive_weights(model, inventory.config or {}, config, contents, name=name, old=old)
            finish(model)
    except ModelError:
        raise
    except Exception as error:
        # What Keras, h5py and TensorFlow raise for a damaged file has no common base; each becomes one line.
        raise ModelError(f"{name} cannot be loaded. Received: {reason_of(error)}. {REMEDY}") from error
    return model


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
    return LoadedModel(model=model, file=None, keras_version=keras.__version__)


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
