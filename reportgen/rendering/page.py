"""What the templates of one page share: ids, grids, figures, and the findings as the summary lists them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.messages import Message
from reportgen.rendering.encoding import data_uri, figure_svg, grid_png, panels_png
from reportgen.rendering.figures import draw_curve, draw_histogram
from reportgen.rendering.geometry import (
    SILENT_SIGN,
    GridGeometry,
    axis_texts,
    geometry_of,
    geometry_of_matrix,
    label_text,
    matrix_grid,
)
from reportgen.rendering.language import SOURCE_LANGUAGE, Language
from reportgen.results import (
    Curve,
    Finding,
    Histogram,
    ImageGrid,
    Matrix,
    Palette,
    PanelGrid,
    Section,
    Severity,
    SkippedSection,
    causes_first,
    origin_of,
)

_COMPUTED = (Palette.SEQUENTIAL, Palette.DIVERGING)


class Page:
    """What the templates of one page share: its language, its ids and the geometries of its grids.

    Args:
        language: the page's language.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self.anchors = Anchors()
        self.geometries: dict[str, GridGeometry] = {}

    def grid(self, plottable: ImageGrid | Matrix | PanelGrid, values: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return a grid as its template needs it: the picture's URI, its geometry and the text under its tiles."""
        grid = matrix_grid(plottable) if isinstance(plottable, Matrix) else plottable
        geometry = geometry_of_matrix(plottable) if isinstance(plottable, Matrix) else geometry_of(grid)
        self.geometries[geometry.css_class] = geometry
        # the scale beside panels is that of what was computed; the samples' own is said in words
        panels = grid.panels if isinstance(grid, PanelGrid) else (grid,)
        scale = next((panel for panel in panels if panel.palette in _COMPUTED), panels[0])
        silent = tuple(index for index, value in enumerate(values) if value == SILENT_SIGN)
        return {
            "uri": data_uri(grid_png(grid, silent) if isinstance(grid, ImageGrid) else panels_png(grid), "image/png"),
            "geometry": geometry,
            "labels": "" if geometry.step else label_text(grid, values),
            "axes": axis_texts(grid, geometry) if geometry.step and isinstance(grid, ImageGrid) else (),
            "palette": scale.palette.value,
            "low": scale.value_range[0],
            "middle": sum(scale.value_range) / 2,
            "high": scale.value_range[1],
        }

    def values(self, numbers: Iterable[float | None], digits: int = 3) -> tuple[str, ...]:
        """Return what stands under the tiles of a grid: a number for each, or the sign of a silent channel for None."""
        return tuple(SILENT_SIGN if one is None else self.language.number(one, digits) for one in numbers)

    def histogram(self, histogram: Histogram, size: str = "small") -> str:
        """Return the URI of a histogram's figure."""
        return data_uri(figure_svg(draw_histogram(histogram, size=size, said=self.language.text)), "image/svg+xml")

    def curve(self, curve: Curve) -> str:
        """Return the URI of a curve's figure."""
        return data_uri(figure_svg(draw_curve(curve, said=self.language.text)), "image/svg+xml")


_LONGEST = 60


class Anchors:
    """Gives out the ids of one page."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, ...], str] = {}
        self._used: set[str] = set()

    def make(self, *key: str) -> str:
        """Return a new id for a key such as ('filter_grids', 'conv2d'); asked again for the same key, the same id."""
        if key not in self._by_key:
            wanted = _slug("-".join(key))
            unique, count = wanted, 2
            while unique in self._used:
                unique, count = f"{wanted}-{count}", count + 1
            self._used.add(unique)
            self._by_key[key] = unique
        return self._by_key[key]

    def find(self, section: str, subject: str) -> str:
        """Return the id of the evidence for a subject: its own in that section where there is one, else the section's."""
        return self._by_key.get((section, subject), self.make(section))


def _slug(text: str) -> str:
    slug = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")[:_LONGEST]
    return slug if slug[:1].isalpha() else f"x-{slug}"


MOST_SHOWN = 3
"""Findings of one group that are seen at once; of more, the first two are, and the rest are folded."""

FEW_SHOWN = 2


@dataclass(frozen=True)
class ListedFinding:
    """One finding in its group.

    Attributes:
        subject: what it is about.
        anchor: id of its evidence.
        message: the finding's message, to stand after its subject.
        sentence: the same with a capital letter, to stand alone.
    """

    subject: str
    anchor: str
    message: str
    sentence: str


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one rule and severity, which share the source too, and what follows from them."""

    severity: Severity
    code: str
    source: str
    findings: tuple[ListedFinding, ...]
    consequences: tuple[FindingGroup, ...] = ()

    @property
    def shown(self) -> tuple[ListedFinding, ...]:
        """Those that are seen at once."""
        return self.findings if len(self.findings) <= MOST_SHOWN else self.findings[:FEW_SHOWN]

    @property
    def folded(self) -> tuple[ListedFinding, ...]:
        """The others."""
        return self.findings[len(self.shown) :]

    @property
    def explained(self) -> int:
        """How many findings follow from these."""
        return sum(len(group.findings) for group in self.consequences)


def group_findings(sections: Sequence[Section | SkippedSection], page: Page) -> tuple[FindingGroup, ...]:
    """Return the findings of a page by rule, severity and source, in the order of all, consequences within their cause's group.

    Args:
        sections: the page's sections; their HTML is made already, so that their anchors are known.
        page: the page, with the anchors and the language.
    """
    named = {id(finding): section.name for section in sections for finding in section.findings}
    found = [finding for section in sections for finding in section.findings]
    groups: dict[_Key | None, dict[_Key, list[ListedFinding]]] = {}
    for finding in causes_first(found):
        cause = origin_of(finding, found)
        beside = groups.setdefault(_key(cause) if cause else None, {})
        beside.setdefault(_key(finding), []).append(_listed(finding, named[id(finding)], page))
    return tuple(
        FindingGroup(*key, tuple(listed), tuple(FindingGroup(*one, tuple(those)) for one, those in under.items()))
        for key, listed in groups.get(None, {}).items()
        for under in [groups.get(key, {})]
    )


_Key = tuple[Severity, str, str]


def _key(finding: Finding) -> _Key:
    return finding.severity, finding.code, finding.source


def _listed(finding: Finding, section: str, page: Page) -> ListedFinding:
    said = page.language.text(finding.message)
    capital = page.language.code == SOURCE_LANGUAGE and _begins_with_words(finding.message)
    sentence = said[:1].upper() + said[1:] if capital else said
    return ListedFinding(finding.subject, page.anchors.find(section, finding.subject), finding.message, sentence)


def _begins_with_words(text: str) -> bool:
    """Return whether a text begins with our own words and not with a name, whose case is its author's."""
    if not isinstance(text, Message):
        return False
    if not text.form.startswith("{"):
        return True
    first = text.values.get(text.form[1:].split("}")[0].split(":")[0], "")
    return _begins_with_words(first)
