"""Writes what stands in the program and again elsewhere.

These are the JSON's schema, the tables of options and rules, and, from matplotlib, the tables of the colour maps.
`make generated` runs it, and a test compares.

python docs/generate.py
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
from matplotlib import colormaps
from typer.models import OptionInfo

import reportgen.rendering
from reportgen.analyses import ANALYSES
from reportgen.analyses.base import Skip
from reportgen.analyses.catalogue import OWN_RULES
from reportgen.cli.app import build, compare
from reportgen.comparison import PARTS
from reportgen.rendering.encoding import COLOUR_MAPS, LEVELS
from reportgen.rendering.json import ComparisonDocument
from reportgen.rendering.schema import render_schema
from reportgen.rules.own_rules import TABLE, table_of

OPTIONS = Path(__file__).with_name("cli.md")
RULES = Path(__file__).with_name("rules.md")
SCHEMA = Path(reportgen.rendering.__file__).with_name("report.schema.json")
COMPARISON_SCHEMA = SCHEMA.with_name("comparison.schema.json")
COMPARING = Path(__file__).with_name("compare.md")
COLOURS = SCHEMA.with_name("colours.json")


def generated() -> dict[Path, str]:
    """Return the text of each file that is made from the program, in part or whole."""
    results = {analysis.name: _result_of(analysis) for analysis in ANALYSES}
    results["weight_changes"] = PARTS["weight_changes"]  # of --before
    return {
        OPTIONS: _with_table(OPTIONS, "options", ("option", "meaning"), _options(build)),
        RULES: _with_table(RULES, "rules", ("code", "says that", "severity", "limit", "of what"), _rules()),
        SCHEMA: render_schema(results),
        COMPARISON_SCHEMA: render_schema(PARTS, document=ComparisonDocument, title="reportgen comparison"),
        COMPARING: _with_table(COMPARING, "options", ("option", "meaning"), _options(compare)),
        COLOURS: _colours(),
        TABLE: table_of(OWN_RULES),
    }


def _colours() -> str:
    """Return the colours of every map, from its lowest value to its highest, each as six hexadecimal digits."""
    levels = np.linspace(0, 1, LEVELS)
    tables = {name: np.round(colormaps[name](levels)[:, :3] * 255).astype(np.uint8) for name in COLOUR_MAPS.values()}
    return json.dumps({name: table.tobytes().hex() for name, table in tables.items()}, indent=1) + "\n"


def _with_table(path: Path, name: str, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a file's text with this table between the comments that begin and end it."""
    begin, end = f"<!-- {name}: written by `make generated` -->\n", f"<!-- end of {name} -->"
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{path.name} has no comments that begin and end the table of {name}")
    lines = ["| " + " | ".join(cells) + " |" for cells in (header, *rows)]
    lines.insert(1, "|" + "---|" * len(header))
    return before + begin + "\n" + "\n".join(lines) + "\n\n" + end + after


def _options(command: Callable[..., None]) -> Iterator[tuple[str, str]]:
    """Yield the options of a command as rows: how each is written, and what --help says of it with its default."""
    for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
        kind, told = get_args(parameter.annotation) or (None, None)
        if not isinstance(told, OptionInfo):  # an argument, or what Typer gives
            continue
        written = [one for one in (told.default, *(told.param_decls or ())) if str(one).startswith("--")]
        flag = written[0] if written else f"--{name.replace('_', '-')}"
        default = parameter.default
        named = isinstance(default, int | float | str | Path) and default is not False and default != ""
        stated = f" Default: {_number(default)}." if named else ""
        yield _code(flag + _placeholder(kind, told.metavar)), (told.help or "").replace("\\[", "[") + stated


def _placeholder(kind: Any, metavar: str | None) -> str:
    """Return what stands for the value of an option, with a blank before it: its choices, or the type; '' for a flag."""
    if kind is bool:
        return ""
    every = (kind, *get_args(kind))
    choices = next((get_args(one) for one in every if get_origin(one) is Literal), ())
    return " " + (metavar or "|".join(choices) or ("FILE" if Path in every else "TEXT"))


def _rules() -> Iterator[tuple[str, ...]]:
    """Yield reportgen's own rules as rows."""
    for _, rule in OWN_RULES:
        yield _code(rule.code), rule.meaning, rule.severity.label, _number(rule.threshold), rule.unit


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _code(text: str) -> str:
    return "`" + text.replace("|", r"\|") + "`"


def _result_of(analysis: Any) -> type:
    """Return the class of an analysis' result, which its method `run` names."""
    returned = get_type_hints(analysis.run)["return"]
    return next(kind for kind in get_args(returned) or (returned,) if kind is not Skip)


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
