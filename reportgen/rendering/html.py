"""The page: the Jinja2 environment, what templates may call, and the only `Markup` of the project."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from reportgen.rendering import wording
from reportgen.rendering.anchors import Anchors
from reportgen.rendering.encoding import data_uri, figure_svg, grid_png, lookup_png
from reportgen.rendering.figures import draw_histogram
from reportgen.rendering.geometry import GridGeometry, geometry_of, label_text
from reportgen.rendering.json import render_json
from reportgen.results import Histogram, ImageGrid, Palette, Report, Section, Severity

SILENT_SIGN = "\N{EMPTY SET}"


def render_html(report: Report) -> str:
    """Return the self-contained page of a report: valid HTML that needs no script, no network and no other file."""
    environment = _environment()
    page = _Page()
    names = {"report": report, "page": page, "Severity": Severity}
    sections = [
        (
            section,
            Markup(
                environment.get_template(_template_of(section)).render(section=section, **_results(section), **names)
            ),
        )
        for section in report.sections
    ]
    # The style comes last: it holds one rule for each geometry that the sections used.
    style = environment.get_template("style.css").render(**names, palettes=_palettes())
    script = environment.get_template("script.js").render(**names)
    document = environment.get_template("report.html").render(
        **names,
        sections=sections,
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
        json_text=render_json(report),
    )
    return document + "\n"


def render_frame(report: Report) -> str:
    """Return the page inside a sandboxed frame, for a notebook's output cell."""
    return _environment().get_template("frame.html").render(document=render_html(report), title=report.provenance.title)


def _template_of(section: Any) -> str:
    return f"sections/{section.name}.html" if isinstance(section, Section) else "sections/_skipped.html"


def _results(section: Any) -> dict[str, Any]:
    return {"result": section.result} if isinstance(section, Section) else {}


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reportgen.templates", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
        extensions=[_Unindented],
    )
    for function in (
        wording.integer,
        wording.number,
        wording.percent,
        wording.sizes,
        wording.file_size,
        wording.counted,
    ):
        environment.filters[function.__name__] = function
    environment.filters["shown_name"] = wording.name
    environment.filters["outline"] = histogram_outline
    environment.filters["json_block"] = _json_block
    environment.filters["json_uri"] = lambda text: data_uri(text.encode("utf-8"), "application/json")
    return environment


class _Unindented(Extension):
    """Drops the indentation of templates, which is for their authors; a fifth of a page would be blanks. Values keep theirs."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Return the source of a template without blanks at the start of its lines and without empty lines."""
        del name, filename
        return re.sub(r"^\s+", "", source, flags=re.MULTILINE)


def _finalize(value: Any) -> Any:
    # Every text of a report passes here: what cannot be seen in it is written as an escape.
    return wording.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


class _Page:
    """What the templates of one page share: its ids and the geometries of its grids."""

    def __init__(self) -> None:
        self.anchors = Anchors()
        self.geometries: dict[str, GridGeometry] = {}

    def grid(self, grid: ImageGrid, values: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return a grid as its template needs it: the picture's URI, its geometry and the text under its tiles."""
        geometry = geometry_of(grid)
        self.geometries[geometry.css_class] = geometry
        return {
            "uri": data_uri(grid_png(grid), "image/png"),
            "geometry": geometry,
            "labels": label_text(grid, values),
            "palette": grid.palette.value,
            "low": grid.value_range[0],
            "high": grid.value_range[1],
        }

    def maxima(self, maps: Any) -> tuple[str, ...]:
        """Return what stands under each tile of a sample's maps: its largest value, or the sign of a silent channel."""
        silent = set(map(str, maps.silent))
        pairs = zip(maps.grid.labels, maps.grid.maxima, strict=True)
        return tuple(SILENT_SIGN if label in silent else wording.number(float(value), 2) for label, value in pairs)

    def histogram(self, histogram: Histogram, size: str = "small") -> str:
        """Return the URI of a histogram's figure."""
        return data_uri(figure_svg(draw_histogram(histogram, size=size)), "image/svg+xml")


def histogram_outline(histogram: Histogram, name: str, width: int = 120, height: int = 28) -> str:
    """Return one set of a histogram as the data of an SVG path, scaled to the tallest bin of all sets.

    Args:
        histogram: with at least one count.
        name: of the set.
        width, height: of the drawing, in its units; zero is at the bottom.
    """
    tallest = max(int(counts.max()) for counts in histogram.counts.values()) or 1
    counts = histogram.counts[name]
    step = width / len(counts)
    steps = "".join(
        f"V{height - height * int(count) / tallest:.1f}H{(i + 1) * step:.1f}" for i, count in enumerate(counts)
    )
    return f"M0 {height}{steps}V{height}Z"


def _palettes() -> dict[str, str]:
    return {
        palette.value: data_uri(lookup_png(palette), "image/png")
        for palette in Palette
        if palette is not Palette.COLOUR
    }


def _policy(style: str, script: str) -> str:
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii") for text in (style, script)
    ]
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _json_block(text: str) -> Markup:
    """Return JSON that can stand inside a script element: no character of it can end the element."""
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
