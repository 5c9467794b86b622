"""A finished comparison of two models: where both come from, its parts, and the verdict."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reportgen.messages import Message
from reportgen.results.findings import ModelSummary, Provenance, RuleInForce, SamplesSummary
from reportgen.results.redaction import Kept, redactable
from reportgen.results.report import Section, SkippedSection, relaxed_by


class ComparedOutcome(enum.Enum):
    """What a comparison says of the new model."""

    IDENTICAL = "identical"
    """The same layers and weights, and the same answers where both were run."""
    BETTER = "better"
    WORSE = "worse"
    MIXED = "mixed"
    """Certainly better in one respect and certainly worse in another."""
    UNDECIDED = "undecided"
    """Compared on labelled samples, without a difference beyond chance."""
    UNJUDGED = "unjudged"
    """Nothing tells which is right: there are no samples or no labels."""


@redactable
@dataclass(frozen=True)
class Change:
    """One thing that is certain about the new model.

    Attributes:
        part: name of the part that tells more.
        said: what changed, without a full stop.
        worse: whether the new model is worse in it.
        decides: whether it makes the new model better or worse, and is not told alone.
        action: what to do about it, one sentence; '' of what is better.
    """

    part: Kept[str]
    said: Kept[str]
    worse: bool
    decides: bool = True
    action: Kept[str] = ""


@redactable
@dataclass(frozen=True)
class ComparedVerdict:
    """What a decider reads first.

    Attributes:
        outcome: 'identical', 'better', 'worse', 'mixed', 'undecided' or 'unjudged'.
        conclusion: the same, one sentence.
        measured: what was measured of the answers; '' where the models were not run.
        changes: what is certain about the new model.
    """

    outcome: ComparedOutcome
    conclusion: Kept[str]
    measured: Kept[str]
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class ComparedModel:
    """One of the two models.

    Attributes:
        provenance: where it comes from.
        model: its totals.
    """

    provenance: Provenance
    model: ModelSummary


@dataclass(frozen=True)
class Comparison:
    """Everything that the page and the JSON of a comparison show.

    Attributes:
        base: the model that is compared with, such as the one that is deployed.
        new: the model that is judged.
        samples: what both were run on; None without samples.
        verdict: whether the new model is better.
        sections: the parts.
        title: the page's title.
        command: the command that makes the same comparison again.
        rules: every rule that was applied to both, with what is in force.
    """

    base: ComparedModel
    new: ComparedModel
    samples: SamplesSummary | None
    verdict: ComparedVerdict
    sections: tuple[Section | SkippedSection, ...] = field(default=())
    title: str = ""
    command: str = ""
    rules: tuple[RuleInForce, ...] = ()

    @property
    def sides(self) -> Mapping[str, ComparedModel]:
        """Both models, the base first, by what they are called."""
        return {"base": self.base, "new": self.new}

    @property
    def provenance(self) -> Provenance:
        """Where the new model comes from; date, versions and options are those of both."""
        return self.new.provenance

    @property
    def language(self) -> str:
        """Code of the page's language, as given by --lang."""
        return str(self.provenance.options.get("lang", "en"))

    @property
    def relaxed(self) -> tuple[Message, ...]:
        """Options that a file set, and rules that it turned off, lowered or gave a threshold, each without a full stop."""
        return relaxed_by(self.rules, self.provenance.set_by)

    def result_of(self, part: str) -> Any:
        """Return the result of a part, such as 'finding_changes'; None where it was left out."""
        return next((one.result for one in self.sections if isinstance(one, Section) and one.name == part), None)

    @property
    def regressed(self) -> bool:
        """Whether the new model is certainly worse in some respect: what --fail-on regression asks."""
        return self.verdict.outcome in (ComparedOutcome.WORSE, ComparedOutcome.MIXED)
