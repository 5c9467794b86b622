"""Jinja as reportgen's templates are written for it, and their Python, compiled when the package is built.

Jinja needs most of a second to compile them, in every process. The build reads this module too, so it imports Jinja alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
from jinja2 import BaseLoader, Environment, StrictUndefined
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.ext import Extension
from jinja2.nodes import Filter

COMPILED = "compiled"
"""The folder of the Python of all templates, beside them."""

_PACKAGE = f"reportgen.templates.{COMPILED}"
_FILES = ("*.html", "*.css", "*.js")
_MADE_FOR = jinja2.__version__.rpartition(".")[0].encode() + Path(__file__).read_bytes()  # what its Python depends on


def new_environment(loader: BaseLoader | None, finalize: Callable[[Any], Any]) -> Environment:
    """Return an environment that reads templates as reportgen's are written, from their Python where there is one.

    Args:
        loader: where the sources come from; None for nowhere.
        finalize: what becomes of each value that a template shows.
    """
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
        extensions=[_Unindented, "jinja2.ext.i18n"],
        bytecode_cache=_BuiltIn(),
    )
    environment.policies["ext.i18n.trimmed"] = True
    # as with install_gettext_callables(newstyle=True), but each value is shown as everywhere else in a template
    environment.newstyle_gettext = True  # type: ignore[attr-defined] # the extension defines it
    return environment


def write_compiled(templates: Path, into: Path) -> None:
    """Write the Python of all templates of a folder, and nothing else, into another.

    Args:
        templates: the folder with the sources.
        into: where their Python belongs; it is made where it does not exist.
    """
    into.mkdir(parents=True, exist_ok=True)
    for old in into.glob("t_*.py"):
        old.unlink()
    for path in sorted(path for files in _FILES for path in templates.rglob(files)):
        name, source = path.relative_to(templates).as_posix(), path.read_text(encoding="utf-8")
        (into / f"{_module(name, source)}.py").write_text(_python(name, source), encoding="utf-8")


def _python(name: str, source: str) -> str:
    """Return a template as Python. Nothing of it depends on a page's language: what the program shows it calls when it runs."""
    environment = new_environment(None, _at_run_time)
    for one in environment.parse(source).find_all(Filter):
        environment.filters.setdefault(one.name, _at_run_time)
    return environment.compile(source, name, raw=True)


def _at_run_time(*values: Any) -> Any:
    """Stand for a function of the program, so that Jinja puts no constant in its place."""
    raise NotImplementedError


def _module(name: str, source: str) -> str:
    """Return the name of the module of a template's Python.

    It holds a digest of all that this was made of: the Python of another source, or for another release of Jinja, is never found.
    """
    parts = (_MADE_FOR, name.encode(), source.encode())
    return "t_" + hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:40]


class _BuiltIn(BytecodeCache):
    """Gives Jinja the templates' Python as it was built; what has none is compiled by Jinja, and not kept."""

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        """Return what Jinja asks for: a template's Python, if there is one."""
        bucket = Bucket(environment, name, "")
        code = _code(name, source)
        if code is not None:
            bucket.code = code.replace(co_filename=filename or code.co_filename)  # tracebacks name the template
        return bucket

    def load_bytecode(self, bucket: Bucket) -> None:
        """Do nothing; `get_bucket` has loaded it."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Do nothing: a running program writes nothing into its package."""


def _code(name: str, source: str) -> CodeType | None:
    module = f"{_PACKAGE}.{_module(name, source)}"
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:  # the folder is not there: this is a clone that was never installed
        return None
    loader: Any = None if spec is None else spec.loader
    return None if loader is None else loader.get_code(module)


class _Unindented(Extension):
    """Drops the indentation of templates, which is for their authors; a fifth of a page would be blanks. Values keep theirs."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Return the source of a template without blanks at the start of its lines and without empty lines."""
        del name, filename
        return re.sub(r"^\s+", "", source, flags=re.MULTILINE)
