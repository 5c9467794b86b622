"""Classes and functions of the user's modules, imported on the user's word, and functions that a file brings along."""

from __future__ import annotations

import base64
import binascii
import dis
import hashlib
import importlib
import importlib.util
import inspect
import marshal
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError
from reportgen.keras_internals import registered_objects
from reportgen.messages import say
from reportgen.reading.rewriting.custom_names import is_path, missing
from reportgen.reading.rewriting.known import is_from_keras
from reportgen.reading.rewriting.permitted import Marshalled, custom_key
from reportgen.untrusted.escaping import base_name, reason_of, shown

_DIGITS = 12  # of the SHA-256 shown


@dataclass(frozen=True)
class CustomObjects:
    """What the user's modules have.

    Attributes:
        objects: classes and functions by name, and by 'package>name' where they are registered.
        sentences: which files were imported, one sentence each.
    """

    objects: Mapping[str, Any]
    sentences: tuple[str, ...]

    def for_keras(self) -> dict[str, Any]:
        """Return them under the keys that a rewritten configuration has."""
        return {custom_key(name): value for name, value in self.objects.items()}


def import_objects(modules: Iterable[str]) -> CustomObjects:
    """Return the classes and functions of modules, which are imported.

    Args:
        modules: names of modules, found as Python finds them, or paths of .py files.

    Raises:
        ModelError: there is no such module, or importing it fails.
    """
    objects: dict[str, Any] = {}
    sentences = []
    for name in modules:
        module = _imported(name)
        objects.update(_own(module))
        sentences.append(_sentence(name, module))
    if sentences:
        registered = registered_objects().items()
        objects |= {name: value for name, value in registered if not is_from_keras(value.__module__)}
    return CustomObjects(objects=objects, sentences=tuple(sentences))


def _imported(name: str) -> types.ModuleType:
    try:
        return _from_path(Path(name)) if is_path(name) else importlib.import_module(name)
    except ModelError:
        raise
    except (Exception, SystemExit) as error:  # whatever the user's module raises becomes one line
        if (
            isinstance(error, ModuleNotFoundError)
            and error.name
            and name.split(".")[: error.name.count(".") + 1] == error.name.split(".")
        ):
            raise missing(name) from error
        what = base_name(name) if is_path(name) else shown(name)
        raise ModelError(
            f"--custom-objects: {what} cannot be imported. Received: {type(error).__name__}: "
            f"{reason_of(error, limit=160)}. Correct the module."
        ) from error


def _from_path(path: Path) -> types.ModuleType:
    if not path.is_file():
        raise missing(str(path) if is_path(str(path)) else f"{path}.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise missing(str(path))
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(path.stem)
    sys.modules[path.stem] = module  # dataclasses and pickle look a module up by its name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        _put_back(path.stem, before)
        raise
    if before is not None:
        _put_back(path.stem, before)
    return module


def _put_back(name: str, module: types.ModuleType | None) -> None:
    if module is None:
        sys.modules.pop(name, None)
    else:
        sys.modules[name] = module


def _own(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    for name, value in vars(module).items():
        if (inspect.isclass(value) or inspect.isfunction(value)) and not is_from_keras(value.__module__):
            yield name, value


def _sentence(name: str, module: types.ModuleType) -> str:
    origin = Path(module.__file__) if module.__file__ else None
    if origin is None or not origin.is_file():
        return say("Module {module} was imported.", module=shown(name))
    digest = hashlib.sha256(origin.read_bytes()).hexdigest()[:_DIGITS]
    what = base_name(origin) if is_path(name) else f"{shown(name)} ({base_name(origin)})"
    return say("Module {module} was imported, SHA-256 {digest}….", module=what, digest=digest)


def marshalled_functions(functions: Mapping[str, Marshalled], custom: CustomObjects, *, name: str) -> dict[str, Any]:
    """Return the functions that a file brings along, by the key under which Keras finds them; none is called.

    Args:
        functions: that the user allowed.
        custom: names that they may refer to, beside Keras, TensorFlow and NumPy.
        name: of the file, for errors.

    Raises:
        ModelError: a function was saved by another version of Python.
    """
    return {key: _function(function, custom, name) for key, function in functions.items()}


def _function(function: Marshalled, custom: CustomObjects, name: str) -> types.FunctionType:
    try:
        # Keras before 2.0.9 wrote the bytes themselves, each as a character
        plain = function.code.isascii()
        text = base64.b64decode(function.code) if plain else function.code.encode("raw_unicode_escape")
        code = marshal.loads(text)
        if not isinstance(code, types.CodeType):
            raise ValueError("no byte code")
        unknown = [step.opname for step in dis.get_instructions(code) if step.opname.startswith("<")]
        if unknown:
            raise ValueError(f"an unknown instruction {unknown[0]}")
        closure = None if function.closure is None else tuple(types.CellType(value) for value in function.closure)
        return types.FunctionType(code, _globals(custom), code.co_name, function.defaults, closure)
    except (ValueError, EOFError, TypeError, IndexError, binascii.Error) as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise ModelError(
            f"{name} cannot be loaded. Received: the function of layer '{shown(function.path)}', which this Python "
            f"({version}) cannot read ({reason_of(error, limit=80)}). Use the Python that saved it."
        ) from error


def _globals(custom: CustomObjects) -> dict[str, Any]:
    """Return what such functions usually refer to by the names under which it is usually imported."""
    import builtins
    import math

    import keras
    import numpy as np
    import tensorflow as tf

    usual = {"tf": tf, "tensorflow": tf, "keras": keras, "np": np, "numpy": np, "math": math, "ops": keras.ops}
    usual |= {"K": tf.keras.backend, "backend": tf.keras.backend, "layers": keras.layers}
    plain = {name: value for name, value in custom.objects.items() if ">" not in name}
    return {"__builtins__": builtins, **usual, **plain}
