"""Classes and functions of the user's modules, imported on the user's word, and functions that a file brings along."""

from __future__ import annotations

import ast
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
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError
from reportgen.keras_internals import registered_objects
from reportgen.messages import say
from reportgen.reading.rewriting.keras_names import is_from_keras
from reportgen.reading.rewriting.permissions import Marshalled, custom_key
from reportgen.untrusted.escaping import base_name, reason_of, shown
from reportgen.untrusted.regular import read_regular

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
        functions: the functions that the user allowed.
        custom: names that they may refer to, beside Keras, TensorFlow and NumPy.
        name: the file's name, for errors.

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


_REGISTER = "register_keras_serializable"
_NOT_THE_USERS = ("keras", "tensorflow", "tf_keras", "numpy", "__future__", "typing")


def declared_names(modules: Iterable[str]) -> frozenset[str]:
    """Return the names of classes and functions that modules define or import, as `import_objects` would find them.

    Args:
        modules: names of modules, or paths of .py files.

    Raises:
        ModelError: there is no such module, or its source cannot be parsed.
    """
    return frozenset(name for module in modules for name in _names(module))


def is_path(module: str) -> bool:
    """Return whether the user means a file and not a module's name."""
    return module.endswith(".py") or "/" in module or "\\" in module


def missing(module: str) -> ModelError:
    """Return the error that says that a module is not there."""
    what = base_name(module) if is_path(module) else shown(module)
    file = f"{module.replace('.', '/')}.py"
    if not is_path(module) and Path(file).is_file():
        return ModelError(f"--custom-objects: no such module. Received: {what}. Did you mean {shown(file)}?")
    return ModelError(
        f"--custom-objects: no such module. Received: {what}. Give a name that Python can import, or the path of a .py file."
    )


def _names(module: str) -> Iterator[str]:
    path = Path(module) if is_path(module) else _source_of(module)
    try:
        tree = ast.parse(read_regular(path))
    except OSError as error:
        raise missing(module) from error
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ModelError(
            f"--custom-objects: {base_name(path)} is not Python. Received: {reason_of(error, limit=120)}. Correct the file."
        ) from error
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or ".").split(".")[0] not in _NOT_THE_USERS:
            yield from (alias.asname or alias.name for alias in node.names)
    for statement in tree.body:
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef)):
            yield statement.name
            yield from (f"{package}>{name or statement.name}" for package, name in _registered(statement))


def _source_of(module: str) -> Path:
    search: list[str] | None = sys.path
    found = None
    for part in module.split("."):
        found = PathFinder.find_spec(part, search)
        if found is None:
            raise missing(module)
        search = list(found.submodule_search_locations or ())
    if found is None or found.origin is None:
        raise missing(module)
    return Path(found.origin)


def _registered(statement: ast.ClassDef | ast.FunctionDef) -> Iterator[tuple[str, str | None]]:
    """Yield package and name with which a class or function is registered; the default package is 'Custom'."""
    for decorator in statement.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        function = call.func if call else decorator
        if (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")) != _REGISTER:
            continue
        given = dict(zip(("package", "name"), call.args, strict=False)) if call else {}
        given.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg} if call else {})
        texts = {key: node.value for key, node in given.items() if isinstance(node, ast.Constant)}
        name = texts.get("name")
        yield str(texts.get("package", "Custom")), name if isinstance(name, str) else None
