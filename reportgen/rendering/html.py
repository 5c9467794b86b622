"""The page: the Jinja2 environment, what templates may call, and the only `Markup` of the project."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from functools import lru_cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from reportgen.rendering import wording
from reportgen.rendering.anchors import Anchors
from reportgen.rendering.encoding import data_uri, figure_svg, grid_png, lookup_png, panels_png
from reportgen.rendering.figures import draw_curve, draw_histogram
from reportgen.rendering.geometry import GridGeometry, geometry_of, label_text, matrix_grid
from reportgen.rendering.json import render_json
from reportgen.rendering.vectors import null_bands_drawing, strip_outline, strip_threshold
from reportgen.results import (
    Curve,
    Histogram,
    ImageGrid,
    Matrix,
    Palette,
    PanelGrid,
    Report,
    Section,
    Severity,
    SkippedSection,
)

SILENT_SIGN = "\N{EMPTY SET}"
_COMPUTED = (Palette.SEQUENTIAL, Palette.DIVERGING)


def render_html(report: Report, *, paper: str | None = None) -> str:
    """Return the self-contained page of a report: valid HTML that needs no script, no network and no other file.

    Args:
        report: to show.
        paper: 'A4' or 'Letter' to print on; None leaves it to whoever prints.
    """
    packages = sorted({section.package for section in report.sections if isinstance(section, Section)} - {""})
    environment = _environment(tuple(packages))
    page = _Page()
    names = {"report": report, "page": page, "Severity": Severity}
    sections = [_with_body(section, environment, names) for section in report.sections]
    # The style comes last: it holds one rule for each geometry that the sections used.
    style = _compact(environment.get_template("style.css").render(**names, palettes=_palettes(), paper=paper))
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
    return (
        _environment(()).get_template("frame.html").render(document=render_html(report), title=report.provenance.title)
    )


def _with_body(
    section: Section | SkippedSection, environment: Environment, names: dict[str, Any]
) -> tuple[Section | SkippedSection, Markup]:
    """Return a section and its HTML. Where a plug-in's template fails, the section is one that was skipped."""
    if not isinstance(section, Section):
        return section, Markup(environment.get_template("sections/_skipped.html").render(section=section, **names))
    template = f"{section.package or 'sections'}/{section.name}.html"
    page = names["page"]
    before = copy.deepcopy((page.anchors, page.geometries)) if section.package else (page.anchors, page.geometries)
    try:
        body = environment.get_template(template).render(section=section, result=section.result, **names)
    except Exception as error:
        if not section.package:
            raise
        page.anchors, page.geometries = before  # without the ids of a half-made section, which would lead nowhere
        said = str(error).splitlines()
        reason = f"The plug-in's template failed. Received: {wording.name(said[0] if said else type(error).__name__)}."
        skipped = SkippedSection(section.name, section.title, reason, section.findings, section.inconclusive)
        return _with_body(skipped, environment, names)
    return section, Markup(body)


@lru_cache
def _environment(packages: tuple[str, ...]) -> Environment:
    """Return the environment with reportgen's templates and those in the folders templates/ of these packages."""
    plugins = PrefixLoader({package: PackageLoader(package) for package in packages})
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("reportgen.templates", ""), plugins]),
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
    environment.filters["lined_up"] = wording.lined_up
    environment.filters["outline"] = histogram_outline
    environment.filters["null_bands_drawing"] = null_bands_drawing
    environment.filters["strip_outline"] = strip_outline
    environment.filters["strip_threshold"] = strip_threshold
    environment.filters["json_block"] = _json_block
    environment.filters["json_uri"] = lambda text: data_uri(text.encode("utf-8"), "application/json")
    return environment


def _compact(style: str) -> str:
    """Return a style sheet without comments and without the blanks that only its authors need."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    return re.sub(r" ?([{};,]) ?|(?<=[a-z-]): ", lambda blank: blank[1] or ":", style).replace(";}", "}").strip()


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

    def grid(self, plottable: ImageGrid | Matrix | PanelGrid, values: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return a grid as its template needs it: the picture's URI, its geometry and the text under its tiles."""
        grid = matrix_grid(plottable) if isinstance(plottable, Matrix) else plottable
        geometry = geometry_of(grid)
        self.geometries[geometry.css_class] = geometry
        # the scale beside panels is that of what was computed; the samples' own is said in words
        panels = grid.panels if isinstance(grid, PanelGrid) else (grid,)
        scale = next((panel for panel in panels if panel.palette in _COMPUTED), panels[0])
        return {
            "uri": data_uri(grid_png(grid) if isinstance(grid, ImageGrid) else panels_png(grid), "image/png"),
            "geometry": geometry,
            "labels": label_text(grid, values),
            "palette": scale.palette.value,
            "low": scale.value_range[0],
            "high": scale.value_range[1],
        }

    def maxima(self, maps: Any) -> tuple[str, ...]:
        """Return what stands under each tile of a sample's maps: its largest value, or the sign of a silent channel."""
        silent = set(map(str, maps.silent))
        pairs = zip(maps.grid.labels, maps.grid.maxima, strict=True)
        return tuple(SILENT_SIGN if label in silent else wording.number(float(value), 2) for label, value in pairs)

    def row_of_maxima(self, layer: Any, row: int) -> list[str]:
        """Return the largest value of one shown channel's map for each sample."""
        return [wording.number(float(maps.grid.maxima[row])) for maps in layer.samples]

    def stamps(self, method: Any) -> tuple[str, ...]:
        """Return what stands under each attribution map: its class, or why it says nothing."""
        return tuple(
            "not evidence"
            if sample.failed
            else "no positive evidence"
            if sample.largest is None
            else wording.name(sample.target)
            for sample in method.samples
        )

    def strongest(self, layer: Any) -> tuple[str, ...]:
        """Return what stands under each channel's patches: its largest answer."""
        return tuple(wording.number(channel.values[0]) for channel in layer.channels)

    def histogram(self, histogram: Histogram, size: str = "small") -> str:
        """Return the URI of a histogram's figure."""
        return data_uri(figure_svg(draw_histogram(histogram, size=size)), "image/svg+xml")

    def curve(self, curve: Curve) -> str:
        """Return the URI of a curve's figure."""
        return data_uri(figure_svg(draw_curve(curve)), "image/svg+xml")


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
