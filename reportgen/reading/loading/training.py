"""How a model was compiled and how often its optimiser stepped, as text and numbers: nothing of it is built or run."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.errors import ModelError
from reportgen.reading.containers import Contents, Hdf5Contents, read_array
from reportgen.untrusted.escaping import shown

_LIMIT = 60  # characters of a name
_MOST = 12  # names of a list
# Keras 3 archives number the optimiser's variables, the counter first; HDF5 files name it: 'adam/iteration', 'Adam/iter:0'
_COUNTER = re.compile(r"optimizer/vars/0|optimizer_weights/(.+/)?iter(ations?)?(_\d+)?(:0)?")
_RATE = re.compile(r"optimizer/vars/1|optimizer_weights/(.+/)?learning_rate(_\d+)?(:0)?")


@dataclass(frozen=True)
class TrainingSetup:
    """How a model was compiled, as far as it is known.

    Attributes:
        optimizer: the optimiser's class; '' where there is none.
        learning_rate: as it was last; None where it is not known.
        schedule: the class of what changes it; '' for none.
        loss: names of the losses, with commas between them; '' where there is none.
        metrics: names of the metrics.
        steps: how often the optimiser stepped since the model was compiled; None where its counter is not known.
    """

    optimizer: str = ""
    learning_rate: float | None = None
    schedule: str = ""
    loss: str = ""
    metrics: tuple[str, ...] = ()
    steps: int | None = None


def stored_setup(contents: Contents, *, name: str) -> TrainingSetup | None:
    """Return how the model of an open file was compiled; None where the file holds neither configuration nor counter.

    A configuration that is damaged counts as none: a report does not need it.

    Args:
        contents: the file's.
        name: the file's name, for errors.
    """
    arrays = contents.arrays if isinstance(contents.arrays, Hdf5Contents) else None
    steps = _whole(_scalar(arrays, _COUNTER, "iu", name))
    rate = _scalar(arrays, _RATE, "f", name)
    given = contents.training if isinstance(contents.training, Mapping) else {}
    if not given and steps is None:
        return None
    setup = _setup(given)
    known = rate if rate is not None and steps is not None and math.isfinite(rate) else setup.learning_rate
    return TrainingSetup(setup.optimizer, known, setup.schedule, setup.loss, setup.metrics, steps)


def live_setup(model: Any) -> TrainingSetup | None:
    """Return how a live model was compiled; None for one that was not.

    Args:
        model: a `keras.Model`.
    """
    optimizer = getattr(model, "optimizer", None)
    if not getattr(model, "compiled", False) or optimizer is None:
        return None
    try:
        given = model.get_compile_config() or {}
    except Exception:  # noqa: BLE001 - losses and metrics of anybody's own may not say what they are made of
        given = {}
    setup = _setup(given)
    try:
        steps, rate = int(optimizer.iterations.numpy()), float(optimizer.learning_rate.numpy())
    except Exception:  # noqa: BLE001 - an optimiser of anybody's own may have neither
        steps, rate = None, math.nan
    return TrainingSetup(
        setup.optimizer or shown(type(optimizer).__name__, limit=_LIMIT),
        rate if math.isfinite(rate) else setup.learning_rate,
        setup.schedule,
        setup.loss or _names(getattr(model, "loss", None)),
        setup.metrics,
        steps,
    )


def _setup(given: Mapping[str, Any]) -> TrainingSetup:
    """Return what a compile configuration says; of an .h5 file the optimiser has a key of another name."""
    optimizer = given.get("optimizer", given.get("optimizer_config"))
    config = optimizer.get("config") if isinstance(optimizer, Mapping) else None
    rate = config.get("learning_rate", config.get("lr")) if isinstance(config, Mapping) else None
    is_number = isinstance(rate, int | float) and not isinstance(rate, bool) and math.isfinite(rate)
    return TrainingSetup(
        optimizer=_name(optimizer),
        learning_rate=float(rate) if is_number and rate is not None else None,
        schedule=_name(rate) if isinstance(rate, Mapping) else "",
        loss=_names(given.get("loss")),
        metrics=tuple(_flat(given.get("metrics")))[:_MOST],
    )


def _names(value: Any) -> str:
    return ", ".join(dict.fromkeys(_flat(value)))[: 4 * _LIMIT]


def _flat(value: Any) -> list[str]:
    """Return the names in a loss or in metrics: one, a list, or by the outputs' names, each a text or a class."""
    if isinstance(value, list | tuple):
        return [name for one in value[:_MOST] for name in _flat(one)]
    if isinstance(value, Mapping) and "class_name" not in value:
        return [name for one in list(value.values())[:_MOST] for name in _flat(one)]
    name = _name(value)
    return [name] if name else []


def _name(value: Any) -> str:
    """Return a name, or the class of what is configured; of a function by name the latter, such as 'relu'."""
    if isinstance(value, Mapping):
        config = value.get("config")
        kind = value.get("class_name")
        named = config if kind == "function" and isinstance(config, str) else kind
        if (
            isinstance(kind, str) and kind.endswith("Wrapper") and isinstance(config, Mapping)
        ):  # Keras 2 wrapped functions
            named = config.get("name", kind)
        return shown(named, limit=_LIMIT) if isinstance(named, str) else ""
    if isinstance(value, str):
        return shown(value, limit=_LIMIT)
    return shown(getattr(value, "__name__", type(value).__name__), limit=_LIMIT) if value is not None else ""


def _scalar(arrays: Hdf5Contents | None, place: re.Pattern[str], kinds: str, name: str) -> Any:
    """Return the one number that lies at a place in a file; None where there is none, or several."""
    if arrays is None:
        return None
    found = [path for path, one in arrays.datasets.items() if place.fullmatch(path) and one.dtype.kind in kinds]
    if len(found) != 1 or arrays.datasets[found[0]].size != 1:
        return None
    try:
        return np.ravel(read_array(arrays, found[0], name=name))[0].item()
    except ModelError:
        return None


def _whole(value: Any) -> int | None:
    return int(value) if value is not None and 0 <= value < 2**62 else None
