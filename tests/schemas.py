"""The schemas of the JSON. That they are schemas is tested once, in `rendering/test_json.py`: it takes half a second."""

import json
from pathlib import Path

import jsonschema

import reportgen.rendering


def _validator(name: str) -> jsonschema.Draft202012Validator:
    path = Path(reportgen.rendering.__path__[0], f"{name}.schema.json")
    return jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


REPORT, COMPARISON = _validator("report"), _validator("comparison")
"""`validate` raises what is wrong with a document."""
