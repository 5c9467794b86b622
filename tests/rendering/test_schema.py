"""The schema of hand-built results."""

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import jsonschema
import numpy as np
import pytest

from reportgen.rendering.schema import render_schema
from reportgen.results.plottables import Strip
from reportgen.results.redaction import Becomes, Kept


class Colour(enum.Enum):
    DARK_RED = 1


@dataclass(frozen=True)
class Part:
    """A part.

    Attributes:
        number: None where it is not known.
    """

    number: float


@dataclass(frozen=True)
class Whole(Part):
    """A whole, of
    parts.

    Attributes:
        low, high: bounds,
            in pixels.
        parts: all of them.
    """

    low: int
    high: int
    parts: tuple[Part, ...]
    pair: tuple[int, str]
    point: tuple[float, float] | None
    colour: Colour
    table: np.ndarray
    names: Kept[str | None]
    picture: Annotated[Strip, Becomes(None)]
    score: Annotated[float, Becomes(1)]
    by_name: Mapping[str, int]
    options: Mapping[str, Any]


def definitions() -> dict[str, Any]:
    return json.loads(render_schema({"whole": Whole}))["$defs"]


def test_a_dataclass_is_one_definition_whose_fields_are_required():
    made = definitions()
    assert made["Part"] == {
        "description": "A part.",
        "type": "object",
        "required": ["number"],
        "properties": {"number": {"type": ["number", "null"], "description": "null where it is not known."}},
    }
    assert made["Whole"]["description"] == "A whole, of parts."
    assert made["Whole"]["required"][:3] == ["number", "low", "high"]


def test_types_of_fields_become_types_with_what_the_docstring_says():
    strip = {"$ref": "#/$defs/Strip"}
    assert definitions()["Whole"]["properties"] == {
        "number": {"type": ["number", "null"], "description": "null where it is not known."},
        "low": {"type": "integer", "description": "bounds, in pixels."},
        "high": {"type": "integer", "description": "bounds, in pixels."},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}, "description": "all of them."},
        "pair": {
            "type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2,
        },
        "point": {"type": ["array", "null"], "items": {"type": ["number", "null"]}, "minItems": 2, "maxItems": 2},
        "colour": {"enum": ["dark_red"]},
        "table": {"$ref": "#/$defs/array_of_numbers"},
        "names": {"type": ["string", "null"]},
        "picture": {"anyOf": [strip, {"type": "null"}]},
        "score": {"type": ["number", "null"]},
        "by_name": {"type": "object", "additionalProperties": {"type": "integer"}},
        "options": {"type": "object"},
    }  # fmt: skip


def test_a_plottable_is_described_as_it_is_written():
    assert definitions()["Strip"]["required"] == ["count", "quantiles", "threshold"]


@pytest.mark.parametrize(
    ("values", "valid"), [([1, None], True), ([[1], [2.5]], True), (["1"], False), ([[True]], False)]
)
def test_an_array_holds_numbers_along_any_number_of_axes(values, valid):
    schema = definitions()["array_of_numbers"] | {"$defs": definitions()}
    assert jsonschema.Draft202012Validator(schema).is_valid(values) == valid


@dataclass(frozen=True)
class Odd:
    anything: object


def test_a_type_that_the_json_does_not_know_is_an_error():
    with pytest.raises(TypeError, match="object"):
        render_schema({"odd": Odd})
