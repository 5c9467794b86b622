"""Findings as the summary lists them: alike ones together, each with a link to its evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reportgen.messages import Message
from reportgen.rendering.language import SOURCE_LANGUAGE
from reportgen.rendering.page import Page
from reportgen.results.findings import Finding, Section, Severity, SkippedSection

MOST_SHOWN = 3
"""Findings of one group that are seen at once; of more, the first two are, and the rest are folded."""

FEW_SHOWN = 2


@dataclass(frozen=True)
class ListedFinding:
    """One finding in its group.

    Attributes:
        subject: what it is about.
        anchor: id of its evidence.
        message: as the finding has it, to stand after its subject.
        sentence: the same with a capital letter, to stand alone.
    """

    subject: str
    anchor: str
    message: str
    sentence: str


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one rule and severity; they share the source too."""

    severity: Severity
    code: str
    source: str
    findings: tuple[ListedFinding, ...]

    @property
    def shown(self) -> tuple[ListedFinding, ...]:
        """Those that are seen at once."""
        return self.findings if len(self.findings) <= MOST_SHOWN else self.findings[:FEW_SHOWN]

    @property
    def folded(self) -> tuple[ListedFinding, ...]:
        """The others."""
        return self.findings[len(self.shown) :]


def group_findings(sections: Iterable[Section | SkippedSection], page: Page) -> tuple[FindingGroup, ...]:
    """Return the findings of a page by severity, rule and source, most severe first, otherwise in the page's order.

    Args:
        sections: whose HTML is made already, so that their anchors are known.
        page: with the anchors and the language.
    """
    groups: dict[tuple[Severity, str, str], list[ListedFinding]] = {}
    for section in sections:
        for finding in section.findings:
            key = (finding.severity, finding.code, finding.source)
            groups.setdefault(key, []).append(_listed(finding, section.name, page))
    by_severity = sorted(groups.items(), key=lambda item: -item[0][0])  # stable: equals keep their order
    return tuple(FindingGroup(*key, tuple(listed)) for key, listed in by_severity)


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
