"""Where each section stands on the page: what the model does first, then diagnostics, then what was skipped and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from reportgen.results import Section, SkippedSection

MAIN = (
    "concepts",
    "sample_predictions",
    "prediction_quality",
    "filter_grids",
    "feature_maps",
    "filter_responses",
    "attribution",
)
"""Sections that show what the model does, in the order of the page."""

DIAGNOSTICS = (
    "learned",
    "training",
    "weight_changes",
    "channel_activity",
    "batch_normalization",
    "confidence",
    "sample_map",
    "slices",
    "data_quality",
    "preprocessing_check",
    "robustness",
    "shortcuts",
    "weight_histograms",
    "architecture",
)
"""Sections that are folded to one line each, in the order of the page."""


@dataclass(frozen=True)
class Outline:
    """The sections of a page, each with its HTML.

    Attributes:
        main: those that stand open, those of plug-ins and from Python last.
        diagnostics: those that are folded.
        skipped: those without a result, by their reason.
    """

    main: tuple[tuple[Section, Markup], ...]
    diagnostics: tuple[tuple[Section, Markup], ...]
    skipped: tuple[tuple[str, tuple[SkippedSection, ...]], ...]


def outline_of(bodies: Iterable[tuple[Section | SkippedSection, Markup]]) -> Outline:
    """Return the sections of a page where they belong.

    Args:
        bodies: every section with its HTML, in the order of the report.
    """
    shown: list[tuple[Section, Markup]] = []
    skipped: dict[str, list[SkippedSection]] = {}
    for section, body in bodies:
        if isinstance(section, Section):
            shown.append((section, body))
        else:
            skipped.setdefault(section.reason, []).append(section)
    main = [pair for pair in shown if pair[0].foreign or pair[0].name not in DIAGNOSTICS]
    return Outline(
        tuple(sorted(main, key=lambda pair: _place(pair[0], MAIN))),
        tuple(sorted((pair for pair in shown if pair not in main), key=lambda pair: _place(pair[0], DIAGNOSTICS))),
        tuple((reason, tuple(those)) for reason, those in skipped.items()),
    )


def _place(section: Section, order: tuple[str, ...]) -> int:
    return order.index(section.name) if section.name in order and not section.foreign else len(order)
