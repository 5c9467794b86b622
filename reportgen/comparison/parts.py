"""Every part of a comparison, in the order of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.analyses.base import Skip
from reportgen.comparison.answers import Answers, AnswersResult
from reportgen.comparison.architecture import ArchitectureChanges, ArchitectureChangesResult
from reportgen.comparison.calibration import CalibrationChange, CalibrationChangeResult
from reportgen.comparison.classes import ClassChanges, ClassChangesResult
from reportgen.comparison.filters import FilterChangesResult, filter_changes
from reportgen.comparison.findings import FindingChanges, FindingChangesResult
from reportgen.comparison.maps import MapChangesResult, map_changes
from reportgen.comparison.sides import ANSWERS_ALONE, Side
from reportgen.comparison.weights import WeightChangesResult, matched_pair, weight_changes
from reportgen.messages import say
from reportgen.models.graphs import DescribedModel
from reportgen.options import ReportOptions
from reportgen.results import RuleSettings, Section, SkippedSection

PARTS: Mapping[str, type] = {
    "answers": AnswersResult,
    "class_changes": ClassChangesResult,
    "calibration_change": CalibrationChangeResult,
    "finding_changes": FindingChangesResult,
    "architecture_changes": ArchitectureChangesResult,
    "weight_changes": WeightChangesResult,
    "filter_changes": FilterChangesResult,
    "map_changes": MapChangesResult,
}
"""The result of each part, by its name, in the order of the page."""


def compared(base: Side, new: Side, settings: RuleSettings) -> tuple[Section | SkippedSection, ...]:
    """Return every part of the comparison of two models.

    Args:
        base, new: the models, run on the same samples.
        settings: the rules in force.
    """
    options = new.context.options
    parts = (Answers(), ClassChanges(), CalibrationChange(), FindingChanges(settings), ArchitectureChanges())
    made = [_section(part.name, part.title, part.compare(base, new)) for part in parts]
    pair = matched_pair(base.described, new.described)
    deployed = base.deployed or new.deployed
    same_file = base.provenance.sha256 == new.provenance.sha256
    weights = Skip(ANSWERS_ALONE) if deployed else weight_changes(pair, options, same_file=same_file)
    if isinstance(weights, Skip):
        filters: FilterChangesResult | Skip = weights
    else:
        filters = filter_changes(pair, tuple(kernel.label for kernel in weights.by_distance if not kernel.equal))
    return (
        *made,
        _section("weight_changes", say("Weights"), weights),
        _section("filter_changes", say("Filters"), filters),
        _section("map_changes", say("Feature maps"), map_changes(base, new, pair)),
    )


def moved_since(
    before: DescribedModel, new: DescribedModel, options: ReportOptions, *, called: str
) -> Section | SkippedSection:
    """Return a report's section on how far its model has moved from an earlier one.

    Args:
        before: the model of --before.
        new: the report's.
        options: the report's.
        called: what the earlier model is called.
    """
    found = weight_changes(matched_pair(before, new), options, called=called)
    return _section("weight_changes", say("Change since before"), found)


def _section(name: str, title: str, result: Any) -> Section | SkippedSection:
    return SkippedSection(name, title, result.reason) if isinstance(result, Skip) else Section(name, title, result)
