"""Writes what stands in the program and again elsewhere: the JSON's schema. `make generated` runs it, and a test compares.

python docs/generate.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_type_hints

import reportgen.rendering
from reportgen.analyses import ANALYSES
from reportgen.analyses.base import Skip
from reportgen.rendering.schema import render_schema

SCHEMA = Path(reportgen.rendering.__file__).with_name("report.schema.json")


def generated() -> dict[Path, str]:
    """Return the text of each file that is made from the program."""
    return {SCHEMA: render_schema({analysis.name: _result_of(analysis) for analysis in ANALYSES})}


def _result_of(analysis: Any) -> type:
    """Return the class of an analysis' result, which its method `run` names."""
    returned = get_type_hints(analysis.run)["return"]
    return next(kind for kind in get_args(returned) or (returned,) if kind is not Skip)


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
