"""Names that a user's modules define, read from their source: nothing is imported, so `inspect` needs no TensorFlow."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from reportgen.errors import ModelError
from reportgen.untrusted.escaping import base_name, reason_of, shown

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
        tree = ast.parse(path.read_bytes())
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
