"""The schema of the report's JSON (JSON Schema 2020-12), made from the dataclasses that the JSON is written from.

Types become types, entries of `Attributes:` become descriptions. `make generated` writes it to `report.schema.json`.
"""

from __future__ import annotations

import enum
import inspect
import json
import re
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from reportgen.rendering.json import COLUMNS, Document, WrittenSection, written
from reportgen.results import Becomes, LayerSummary, is_written

_PLAIN = {bool: "boolean", int: "integer", float: "number", str: "string"}
_NULL = {"type": "null"}
_ARRAY = "array_of_numbers"
_LISTED = ("properties", "allOf", "$defs")  # what stands one a line


def render_schema(results: Mapping[str, type], *, document: type = Document, title: str = "reportgen report") -> str:
    """Return the schema as JSON, one property a line.

    Args:
        results: the dataclass of each section's result, by the section's name.
        document: the dataclass of the whole.
        title: the schema's title.
    """
    made = _Schema()
    top = made.of_dataclass(document)
    every = [made.of(kind) for kind in results.values()]
    made.definitions[WrittenSection.__name__]["allOf"] = [
        {
            "if": {"properties": {"name": {"const": name}, "skipped": _NULL}},
            "then": {"properties": {"result": result}},
        }
        for name, result in zip(results, every, strict=True)
    ]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return _laid_out(head | top | {"$defs": dict(sorted(made.definitions.items()))}) + "\n"


class _Schema:
    """Collects the definitions of dataclasses, by their names."""

    def __init__(self) -> None:
        number: dict[str, Any] = {"anyOf": [{"type": ["number", "null"]}, {"$ref": f"#/$defs/{_ARRAY}"}]}
        self.definitions: dict[str, dict[str, Any]] = {_ARRAY: {"type": "array", "items": number}}

    def of(self, hint: Any) -> dict[str, Any]:
        """Return the schema of a value with this type hint."""
        origin, given = get_origin(hint), get_args(hint)
        if origin is Annotated:  # a mark: the redacted report has null in place of some
            nothing = any(isinstance(mark, Becomes) and mark.instead is None for mark in given[1:])
            return self.of(given[0] | None if nothing else given[0])
        if origin in (Union, types.UnionType):
            return self._any_of(given)
        if origin is Literal:
            return {"enum": list(given)} if len(given) > 1 else {"const": given[0]}
        if origin is tuple:
            return self._array(given)
        if hint is np.ndarray:
            return {"$ref": f"#/$defs/{_ARRAY}"}
        if isinstance(origin, type) and issubclass(origin, Mapping):
            values = self.of(given[1])
            return {"type": "object"} | ({"additionalProperties": values} if values else {})
        if hint is float:  # what is not finite is null
            return {"type": ["number", "null"]}
        if hint in _PLAIN:
            return {"type": _PLAIN[hint]}
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return {"enum": [one.name.lower() for one in hint]}
        return {} if hint is Any else self._reference(hint)

    def of_dataclass(self, kind: type) -> dict[str, Any]:
        """Return the schema of a dataclass, field by field."""
        hints = get_type_hints(kind, include_extras=True)
        said = _attributes(kind)
        names = [field.name for field in fields(kind) if is_written(field)]
        properties = {
            name: self.of(hints[name]) | ({"description": said[name]} if name in said else {}) for name in names
        }
        return {
            "description": _summary(kind),
            "type": "object",
            "required": names,
            "properties": properties,
        }

    def _reference(self, kind: type) -> dict[str, Any]:
        name = kind.__name__
        if name not in self.definitions:
            form = get_type_hints(written.dispatch(kind))["return"]
            stands = kind if form is Any else form
            if not is_dataclass(stands):
                raise TypeError(f"The schema knows no type for {stands!r}.")
            self.definitions[name] = {}  # for a class that holds others of its own
            self.definitions[name] = self.of_dataclass(stands)
        return {"$ref": f"#/$defs/{name}"}

    def _array(self, given: tuple[Any, ...]) -> dict[str, Any]:
        if given == (LayerSummary, ...):
            return self._table()
        if given[-1] is ...:
            return {"type": "array", "items": self.of(given[0])}
        of_each = {"minItems": len(given), "maxItems": len(given)}
        if len(set(given)) == 1:
            return {"type": "array", "items": self.of(given[0])} | of_each
        return {"type": "array", "prefixItems": [self.of(one) for one in given]} | of_each

    def _table(self) -> dict[str, Any]:
        hints = get_type_hints(LayerSummary, include_extras=True)
        columns = {"type": "array", "prefixItems": [{"const": name} for name in COLUMNS], "minItems": len(COLUMNS)}
        row = {"type": "array", "prefixItems": [self.of(hints[name]) for name in COLUMNS], "minItems": len(COLUMNS)}
        return {
            "type": "object",
            "required": ["columns", "rows"],
            "properties": {"columns": columns, "rows": {"type": "array", "items": row}},
        }

    def _any_of(self, given: tuple[Any, ...]) -> dict[str, Any]:
        parts = [_NULL if one is type(None) else self.of(one) for one in given]
        if all(set(part) == {"type"} for part in parts):
            named = [part["type"] if isinstance(part["type"], list) else [part["type"]] for part in parts]
            return {"type": list(dict.fromkeys(name for names in named for name in names))}
        if len(parts) == 2 and _NULL in parts:
            one = next(part for part in parts if part != _NULL)
            if isinstance(one.get("type"), str):
                return one | {"type": [one["type"], "null"]}
        return {"anyOf": parts}


def _summary(kind: type) -> str:
    """Return a dataclass' docstring without its attributes, on one line."""
    return _in_json((kind.__doc__ or "").partition("Attributes:")[0])


def _attributes(kind: type) -> dict[str, str]:
    """Return what the docstrings of a dataclass and its parents say of each attribute."""
    said: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        entries = (inspect.cleandoc(one.__doc__ or "")).partition("Attributes:\n")[2]
        for entry in re.split(r"\n(?= {4}\w)", entries):
            names, _, text = entry.partition(":")
            if text:
                said |= {name.strip(): _in_json(text) for name in names.split(",")}
    return said


def _in_json(text: str) -> str:
    """Return a text of a docstring on one line, with null for None."""
    return re.sub(r"\bNone\b", "null", " ".join(text.split()))


def _laid_out(schema: Mapping[str, Any], indent: str = "") -> str:
    """Return a schema as JSON: each of its properties and definitions on a line of its own, the rest on the first."""
    first = ", ".join(
        f"{json.dumps(name)}: {_one_line(value)}" for name, value in schema.items() if name not in _LISTED
    )
    lists = [f"{indent} {json.dumps(name)}: {_listed(schema[name], indent)}" for name in _LISTED if name in schema]
    return "{" + ",\n".join([first, *lists]) + "}"


def _listed(parts: Mapping[str, Any] | list[Any], indent: str) -> str:
    if isinstance(parts, list):
        return "[\n" + ",\n".join(f"{indent}  {_one_line(part)}" for part in parts) + "]"
    written = (_laid_out(part, indent + "  ") if "required" in part else _one_line(part) for part in parts.values())
    return "{\n" + ",\n".join(f"{indent}  {json.dumps(n)}: {w}" for n, w in zip(parts, written, strict=True)) + "}"


def _one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
