"""What the templates of one page share: ids, grids, figures, and the findings as the summary lists them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from markupsafe import Markup

from reportgen.messages import Message
from reportgen.rendering.bars import ROW, WIDTH, bars_svg
from reportgen.rendering.encoding import data_uri, figure_svg, sample_pixels, svg_uri, tile_png
from reportgen.rendering.figures import draw_curve, draw_lines
from reportgen.rendering.histograms import histogram_svg
from reportgen.rendering.language import SOURCE_LANGUAGE, Language
from reportgen.rendering.matrices import matrix_svg
from reportgen.rendering.overlays import (
    FAILED_SIGN,
    SIGNAL_WIDTH,
    OverlayWords,
    lane_height,
    overlay_svg,
    signal_overlay_svg,
    signal_svg,
)
from reportgen.rendering.tiles import SILENT_SIGN, Frame, TilePicture, TileWords, tile_picture
from reportgen.results import (
    Advice,
    Curve,
    Finding,
    Histogram,
    ImageGrid,
    Lines,
    Matrix,
    Palette,
    PanelGrid,
    Report,
    Section,
    Severity,
    SkippedSection,
    causes_first,
    origin_of,
)

THUMBNAIL = 84
"""Most pixels of a thumbnail on a side: as many as it takes on the page."""

TABLE_LENGTHS = (8, 6, 4, 3)
"""Rows that a long table may have: the most with which the page has few enough elements. The JSON has all."""

LONGEST_STRIP, MOST_WRONG = 10, 4
"""Samples in the summary's strip, and wrong ones among them that have no card of their own."""

_TILE, _ALONE, _PANELS = 84, 224, 224
"""CSS pixels that a tile of a grid aims at, one that is alone, and one of several panels."""

_PANELS_GAP = 16
"""CSS pixels between tiles of several panels."""

_COMPUTED = (Palette.SEQUENTIAL, Palette.DIVERGING)

_DIGIT = 7
"""CSS pixels of a character under a tile."""

DrawnTiles = tuple[tuple[Frame, ...], TilePicture]
"""A picture of tiles and the frames that it shows."""

_SLICES = 3
"""Slices of a volume that stand side by side in a picture."""


class Page:
    """What the templates of one page share: its language, its ids and the sizes of what is folded on narrow screens.

    Args:
        language: the page's language.
        rows: how many rows a long table has at most.
        drawn: pictures that another attempt at the same page has made, each with its frames.
    """

    def __init__(
        self, language: Language, rows: int = TABLE_LENGTHS[0], drawn: dict[Any, DrawnTiles] | None = None
    ) -> None:
        self.language = language
        self.most_rows = rows
        self._made = {} if drawn is None else drawn
        self.anchors = Anchors()
        self.folded: dict[str, tuple[int, int]] = {}
        self.films: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {}
        self.frames: set[int] = set()
        self.picked = 0
        self.veiled = False

    def grid(
        self,
        plottable: ImageGrid | Matrix | PanelGrid,
        values: tuple[str, ...] = (),
        *,
        scale: str = "",
        legend: bool = True,
        fit: int = 0,
    ) -> dict[str, Any]:
        """Return any grid as one picture: its URI, its size and the class that folds it on narrow screens.

        Args:
            plottable: the grid.
            values: a text for each tile, after its label where all of them fit; the sign of a silent channel marks its tile.
            scale: what the colours show.
            legend: whether the scale is drawn.
            fit: CSS pixels that it is wide, where there is room; 0 for what its tiles need.
        """
        if isinstance(plottable, Matrix):
            svg, width, height = matrix_svg(plottable, scale, (self.language.percent(0), self.language.percent(1)))
            return {"uri": svg_uri(svg), "width": width, "height": height, "css_class": "", "cells": ""}
        if isinstance(plottable, ImageGrid) and plottable.palette is Palette.LINES:
            return self.picture(plottable) | {"css_class": "", "cells": ""}
        if isinstance(plottable, PanelGrid):
            aim = int(fit / plottable.columns) - _PANELS_GAP if fit else _PANELS
            shown = next((one for one in plottable.panels if one.palette in _COMPUTED), plottable.panels[0])
            low, high = shown.value_range
        else:
            aim, (low, high) = _ALONE if len(plottable.labels) == 1 else _TILE, plottable.value_range
        room = math.inf if isinstance(plottable, PanelGrid) else aim / _DIGIT
        labels = [f"{label} {value}" for label, value in zip(plottable.labels, values, strict=True)] if values else []
        fitting = bool(labels) and max(map(len, labels)) <= room
        drawn = replace(plottable, labels=tuple(labels)) if fitting else plottable
        silent = [index for index, value in enumerate(values) if value == SILENT_SIGN]
        words = TileWords(
            scale=scale, own="", ticks=self._ticks(low, (low + high) / 2, high) if legend else ("", "", "")
        )
        return self._drawn(
            tile_picture(Frame(grid=drawn, words=words, silent=() if fitting else silent), aim=aim, fit=fit)
        )

    def picture(self, grid: ImageGrid, index: int = 0) -> dict[str, Any]:
        """Return one tile of a grid alone, a sample as a rule: its URI and its size in pixels, one for each value."""
        if grid.palette is Palette.LINES:
            size = (SIGNAL_WIDTH, lane_height(grid.images.shape[1]) * grid.images.shape[1])
            return {"uri": svg_uri(signal_svg(sample_pixels(grid)[index])), "width": size[0], "height": size[1]}
        height, width = grid.images.shape[1:3]
        return {"uri": data_uri(tile_png(grid, index), "image/png"), "width": width, "height": height}

    def _ticks(self, low: float, middle: float, high: float) -> tuple[str, str, str]:
        return self.language.number(low), self.language.number(middle), self.language.number(high)

    def _drawn(self, picture: TilePicture) -> dict[str, Any]:
        folded = picture.folded or picture.size
        return self._filmed(picture.svg, picture.size, folded, picture.frames) | {"cells": str(picture.cells)}

    def _filmed(self, svg: str, size: tuple[int, int], folded: tuple[int, int], frames: int) -> dict[str, Any]:
        css_class = ""
        if frames > 1:
            css_class = "f{}-{}".format(*size)
            self.films[css_class] = (size, folded)
            self.frames.add(frames)
        elif folded != size:
            css_class = "t{}-{}".format(*folded)
            self.folded[css_class] = folded
        return {
            "uri": svg_uri(svg),
            "width": size[0],
            "height": size[1] * frames,
            "css_class": css_class,
            "cells": "",
            "frames": frames,
        }

    def frame(
        self,
        grid: ImageGrid,
        *,
        scale: str,
        own: str = "",
        detail: str = "",
        strengths: Sequence[float] = (),
        silent: Sequence[int] = (),
        patches: ImageGrid | None = None,
    ) -> Frame:
        """Return a grid of kernels or maps with the words of its scale.

        Args:
            grid: the grid.
            scale: what the colours show, on one scale for all tiles.
            own: what they show where each tile has its own contrast.
            detail: what is said below either.
            strengths, silent, patches: see `Frame`.
        """
        low, high = grid.value_range
        middle = high / 4 if grid.root and grid.palette is Palette.SEQUENTIAL else (low + high) / 2
        words = TileWords(scale=scale, own=own, ticks=self._ticks(low, middle, high), detail=detail)
        return Frame(grid=grid, words=words, strengths=strengths, silent=silent, patches=patches)

    def tiles(self, *frames: Frame, aim: int, fit: int = 0) -> dict[str, Any]:
        """Return grids of one shape as one picture: its URI, its size and the class that folds it on narrow screens.

        Args:
            frames: the grids; of several the page shows one at a time.
            aim: CSS pixels that a tile should be wide.
            fit: CSS pixels that it is wide, where there is room; 0 for what its tiles need.
        """
        key = aim, fit, *((id(frame.grid), frame.words) for frame in frames)
        if key not in self._made:  # kept with its grids, so that no later one has the address of one of them
            self._made[key] = frames, tile_picture(*frames, aim=aim, fit=fit)
        return self._drawn(self._made[key][1])

    def bars(self, *frames: Sequence[tuple[str, float, bool]]) -> dict[str, Any]:
        """Return shares as bars in one picture, each with its name and whether it stands out; of several frames one is seen."""
        most = max(map(len, frames))
        rows: list[tuple[str, float, str, bool]] = []
        for frame in frames:
            rows += [
                (self.language.text(name), share, self.language.percent(share), marked) for name, share, marked in frame
            ]
            rows += [("", 0.0, "", False)] * (most - len(frame))
        size = (WIDTH, most * ROW)
        return self._filmed(bars_svg(rows), size, size, len(frames))

    def overlays(self, figure: PanelGrid, titles: Sequence[str], stamps: Sequence[str]) -> list[dict[str, Any]]:
        """Return each sample under its map as one picture: its URI and its size.

        Args:
            figure: the samples and their maps, of which what is negative is not drawn.
            titles: what stands above each.
            stamps: what is written on each, led by its sign; '' for a map that passed its tests.
        """
        samples, maps = figure.panels
        pictures, drawn = sample_pixels(samples), []
        for picture, values, title, stamp in zip(pictures, maps.images, titles, stamps, strict=True):
            values = np.maximum(np.nan_to_num(values), 0)
            top = float(values.max())
            words = OverlayWords(
                title=title,
                ends=("0", self.language.number(top)) if top else (),
                stamp=stamp,
                failed=stamp.startswith(FAILED_SIGN),
            )
            shares = values / (top or 1.0)
            if samples.palette is Palette.LINES:
                svg, width, height = signal_overlay_svg(picture, shares, words)
            else:
                svg, width, height = overlay_svg(picture, shares, words, slices=_SLICES if figure.large else 1)
            drawn.append({"uri": svg_uri(svg), "width": width, "height": height})
        return drawn

    def pick(self, count: int) -> int:
        """Note that a reader picks one of so many samples somewhere on the page, and return the number."""
        self.picked = max(self.picked, count)
        return count

    def of_sample(self, place: int) -> str:
        """Return the classes of what belongs to the sample at this place alone, and is seen when a reader picks it."""
        self.veiled = True
        return f"of s{place}"

    def values(self, numbers: Iterable[float | None], digits: int = 3) -> tuple[str, ...]:
        """Return what stands under the tiles of a grid: a number for each, or the sign of a silent channel for None."""
        return tuple(SILENT_SIGN if one is None else self.language.number(one, digits) for one in numbers)

    def thumbnail(self, grid: ImageGrid, index: int = 0) -> str:
        """Return the URI of one tile of a grid of samples, made smaller where it is larger than a thumbnail is shown."""
        tile = grid.images[index : index + 1]
        step = max(1, math.ceil(max(tile.shape[1:3]) / THUMBNAIL))
        one = replace(
            grid, images=_block_means(tile, step), labels=("",), columns=1, maxima=grid.maxima[index : index + 1]
        )
        return data_uri(tile_png(one), "image/png")

    def rows(self, section: Section, rows: Sequence[Any], name: str) -> list[Any]:
        """Return the rows that a long table shows: those that findings are about, then the first ones, in the order given.

        Args:
            section: whose table it is.
            rows: all of them, the most telling first.
            name: the attribute that findings call a row by.
        """
        if len(rows) <= self.most_rows:
            return list(rows)
        subjects = {one.subject for one in section.findings} | {one.subject for one in section.inconclusive}
        found = [row for row in rows if getattr(row, name) in subjects]
        return [*found, *(row for row in rows if row not in found)][: self.most_rows]

    def first(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Return the rows that a table of samples or classes shows: all of them unless the page is crowded."""
        return rows[: self.most_rows] if self.crowded else rows

    @property
    def crowded(self) -> bool:
        """Whether the page's tables are shorter than they may be, for the sake of its number of elements."""
        return self.most_rows < TABLE_LENGTHS[0]

    def sample_strip(self, report: Report) -> tuple[StripSample, ...]:
        """Return the samples that the summary shows: wrong ones first, then right ones."""
        results = {section.name: section.result for section in report.sections if isinstance(section, Section)}
        chosen, quality = results.get("sample_predictions"), results.get("prediction_quality")
        shown = [
            one for one in (chosen.shown if chosen else ()) if one.picture is not None and not _is_thin(one.picture)
        ]
        strip = [
            StripSample(
                one.index,
                self.thumbnail(one.picture),
                one.correct is False,
                _answer(one),
                one.label or "",
                ("sample_predictions", str(one.index)),
            )
            for one in shown
        ]
        if quality and quality.pictures is not None and not _is_thin(quality.pictures):
            known = {one.index for one in shown}
            strip += [
                StripSample(
                    one.index,
                    self.thumbnail(quality.pictures, place),
                    True,
                    one.predicted,
                    one.label,
                    ("prediction_quality", "samples"),
                )
                for place, one in enumerate(quality.worst)
                if one.right is False and one.index not in known
            ][:MOST_WRONG]
        return tuple(sorted(strip, key=lambda one: not one.wrong)[:LONGEST_STRIP])

    def histogram(self, histogram: Histogram, width: int = 442, height: int = 182) -> Markup:
        """Return the URI of a histogram's picture of so many CSS pixels."""
        return svg_uri(
            histogram_svg(histogram, width=width, height=height, said=self.language.text, digits=self.language.digits)
        )

    def curve(self, curve: Curve) -> str:
        """Return the URI of a curve's figure."""
        return data_uri(figure_svg(draw_curve(curve, said=self.language.text)), "image/svg+xml")

    def lines(self, lines: Lines) -> str:
        """Return the URI of the figure of several series."""
        return data_uri(figure_svg(draw_lines(lines, said=self.language.text)), "image/svg+xml")


@dataclass(frozen=True)
class StripSample:
    """A sample as the summary shows it.

    Attributes:
        index: its number in the source.
        uri: its thumbnail as a data URI.
        wrong: whether the model is wrong about it.
        predicted: the model's answer; '' where it is not one class.
        label: its class; '' without labels.
        anchor: key of the anchor of what tells more.
    """

    index: int
    uri: str
    wrong: bool
    predicted: str
    label: str
    anchor: tuple[str, str]


def _answer(sample: Any) -> str:
    """Return what the model says of a shown sample; '' where no class has the highest score alone."""
    best = sample.top[0] if sample.top else None
    if best is None or any(one.probability == best.probability for one in sample.top[1:]):
        return ""
    return str(best.name)


def _is_thin(grid: ImageGrid) -> bool:
    """Return whether a picture is a signal, of which a thumbnail would show nothing."""
    height, width = grid.images.shape[1:3]
    return grid.palette is Palette.LINES or bool(max(height, width) > 4 * min(height, width))


def _block_means(images: np.ndarray, step: int) -> np.ndarray:
    """Return images (N, H, W[, C]) as means of blocks of this many pixels on a side; what is left at an edge is cut."""
    count, height, width = (images.shape[0], *(size // step for size in images.shape[1:3]))
    cut = images[:, : height * step, : width * step]
    blocks = cut.reshape(count, height, step, width, step, *images.shape[3:])
    return np.asarray(blocks.mean(axis=(2, 4)), np.float32) if step > 1 else images


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

    def settled(self, document: str) -> str:
        """Return a page on which links to rows that a table had no room for lead to the row's section instead."""
        placed = set(re.findall(r' id="([^"]*)"', document))
        for key, name in list(self._by_key.items()):
            if name not in placed:
                document = document.replace(f'href="#{name}"', f'href="#{self.make(key[0])}"')
        return document


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
        section: name of the section that holds the evidence.
        action: what to do about it; '' where nobody said.
    """

    subject: str
    anchor: str
    message: str
    sentence: str
    section: str = ""
    action: str = ""


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one rule and severity, which share source, advice and threshold too, and what follows from them."""

    severity: Severity
    code: str
    source: str
    advice: Advice
    threshold: float
    findings: tuple[ListedFinding, ...]
    consequences: tuple[FindingGroup, ...] = ()

    @property
    def one_action(self) -> bool:
        """Whether the same is to be done about all of them."""
        return len({one.action for one in self.findings}) == 1

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


_Key = tuple[Severity, str, str, Advice, float]


def _key(finding: Finding) -> _Key:
    return finding.severity, finding.code, finding.source, finding.advice, finding.threshold


def _listed(finding: Finding, section: str, page: Page) -> ListedFinding:
    said = page.language.text(finding.message)
    capital = page.language.code == SOURCE_LANGUAGE and _begins_with_words(finding.message)
    sentence = said[:1].upper() + said[1:] if capital else said
    return ListedFinding(
        finding.subject,
        page.anchors.find(section, finding.subject),
        finding.message,
        sentence,
        section,
        finding.action or finding.advice.action,
    )


def _begins_with_words(text: str) -> bool:
    """Return whether a text begins with our own words and not with a name, whose case is its author's."""
    if not isinstance(text, Message):
        return False
    if not text.form.startswith("{"):
        return True
    first = text.values.get(text.form[1:].split("}")[0].split(":")[0], "")
    return _begins_with_words(first)
