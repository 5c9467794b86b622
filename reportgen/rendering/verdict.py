"""The first sentence of the page: whether a reviewer can use the model, as far as this report tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.messages import Message, counted, say
from reportgen.rendering.language import SOURCE_LANGUAGE, Language
from reportgen.results import ComparedOutcome, Finding, Report, Section, Severity

TONES = {
    ComparedOutcome.IDENTICAL: "pass",
    ComparedOutcome.BETTER: "pass",
    ComparedOutcome.WORSE: "problem",
    ComparedOutcome.MIXED: "warning",
    ComparedOutcome.UNDECIDED: "open",
    ComparedOutcome.UNJUDGED: "open",
}
"""How grave an outcome is, as verdicts of reports say it."""


@dataclass(frozen=True)
class Verdict:
    """What a decider reads first.

    Attributes:
        tone: 'problem', 'warning', 'pass' or 'open', where nothing decides.
        conclusion: whether the model can be used, one sentence.
        measured: what says so, one sentence; '' where nothing was measured against labels.
    """

    tone: str
    conclusion: str
    measured: str


def verdict_of(report: Report, language: Language) -> Verdict:
    """Return the verdict on a report's model.

    A problem forbids the model. It is only called usable where its answers were compared with labels and are certainly better
    than one constant answer; without labels, warnings ask for a look, and nothing found is no proof of quality.

    Args:
        report: the report.
        language: the page's language.
    """
    results = {section.name: section.result for section in report.sections if isinstance(section, Section)}
    quality = results.get("prediction_quality")
    measured, proven = _measured(quality, language) if quality else ("", False)
    tone, conclusion = _conclusion(report, bool(results), bool(measured), proven, language)
    return Verdict(tone, language.text(conclusion), language.text(measured))


def checked_rules(report: Report) -> int:
    """Return how many rules looked at this model: those that are not off and had what they need."""
    return sum(rule.checked for rule in report.rules)


def _conclusion(
    report: Report, ran: bool, measured: bool, proven: bool, language: Language
) -> tuple[str, Message | str]:
    findings = report.findings
    graver = [finding for finding in findings if finding.severity > Severity.NOTE]
    worst = _said(graver[0], language) if graver else ""
    if any(finding.severity is Severity.PROBLEM for finding in findings):
        return "problem", say("Do not use: {reason}.", reason=worst)
    if not ran and not findings:
        return "open", say("Nothing was checked.")
    if report.provenance.not_run:
        if worst:
            return "warning", say("Weights only, with a warning: {reason}. The model could not be run.", reason=worst)
        return "open", say("Weights only: the model could not be run.")
    if graver and proven:
        remarks = len({finding.code for finding in graver})
        return "warning", counted(
            remarks, "Usable with one remark: {reason}.", "Usable with {n} remarks, first: {reason}.", reason=worst
        )
    if graver:
        return "warning", say("Check before use: {reason}.", reason=worst)
    if proven:
        return "pass", say("No problem found.")
    if report.samples is None:
        return "open", say("No problem found in the weights; the model was not run on samples.")
    if measured:
        return "open", say("No problem found, but too few samples to tell whether it beats the baseline.")
    return "open", say("No problem found, but accuracy is unknown: the samples have no labels.")


def _said(finding: Finding, language: Language) -> str:
    """Return what is wrong, to stand after a colon."""
    title = language.text(finding.advice.title) or language.text(finding.message)
    first = title.split(" ")[0]
    return title[:1].lower() + title[1:] if language.code == SOURCE_LANGUAGE and first[1:].islower() else title


def _measured(quality: Any, language: Language) -> tuple[Message | str, bool]:
    """Return what was measured against labels, and whether it is certainly better than one constant answer."""
    samples = counted(quality.evaluated, "{n} sample", "{n} samples")
    if (classes := quality.classification) is not None:
        rate = classes.accuracy
        said = say(
            "Accuracy {value} ({low}–{high}) on {samples}; baseline {baseline}.",
            **_percents(language, value=rate.value, low=rate.low, high=rate.high, baseline=classes.majority_share),
            samples=samples,
        )
        return said, rate.low > classes.majority_share
    if (sets := quality.multi_label) is not None:
        said = say(
            "All classes of a sample right: {value} ({low}–{high}) on {samples}.",
            **_percents(language, value=sets.exact.value, low=sets.exact.low, high=sets.exact.high),
            samples=samples,
        )
        return said, sets.skill.low > 0
    if (masks := quality.segmentation) is not None:
        mean = masks.mean
        said = say(
            "Mean IoU {value} ({low}–{high}) on {samples}; pixel accuracy {pixels}, baseline {baseline}.",
            **_percents(language, value=mean.value, low=mean.low, high=mean.high),
            **_percents(language, pixels=masks.pixels.value, baseline=masks.baseline_pixels),
            samples=samples,
        )
        return said, max(masks.pixel_skill.low, masks.recall_skill.low) > 0
    if (images := quality.images) is not None:
        said = say(
            "PSNR {value} dB on {samples}; RMSE {error}, baseline (mean image) {baseline}.",
            value=language.number(images.psnr.value),
            error=language.number(images.root_mean_square),
            baseline=language.number(images.baseline),
            samples=samples,
        )
        return said, images.skill.low > 0
    every = [quality.regression] if quality.regression else quality.outputs
    said = say("R² {value} on {samples}.", value=_range([one.explained for one in every], language), samples=samples)
    return said, bool(every) and min(one.skill.low for one in every) > 0


def _percents(language: Language, **shares: float) -> dict[str, str]:
    return {name: language.percent(share) for name, share in shares.items()}


def _range(values: Sequence[float], language: Language) -> str:
    low, high = (language.number(bound(values)) if values else "" for bound in (min, max))
    return low if low == high else f"{low} – {high}"
