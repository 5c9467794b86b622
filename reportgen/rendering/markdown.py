"""The report in short as Markdown, for a pull request or the summary of a CI job; every name stands in it as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reportgen.messages import Filled, Message
from reportgen.rendering.language import SOURCE_LANGUAGE, open_language
from reportgen.rendering.verdict import checked_rules, verdict_of
from reportgen.results import Finding, Inconclusive, Provenance, Report, Severity, origin_of
from reportgen.untrusted.escaping import shown

LARGEST = 60_000
"""Bytes of the largest text: a comment on GitHub has at most 65,536 characters."""

_RESERVED = 200  # bytes for the line that says what is left out, and for breaks
_LONGEST = 400  # characters of a sentence
_SPECIAL = re.compile(r"[\\`*_\[\]<>&~|#$]")
_FIELD_OR_SPECIAL = re.compile(r"(\{[^{}]*\})|([\\`*_\[\]<>&~|#$])")
# What services turn into links, mentions and pictures after Markdown was read, where no backslash helps
_LINKED = re.compile(r"@|#\w|\bGH-\d|://|\bwww\.|:[\w+-]+:|\b[\w.-]+/[\w.-]+", re.IGNORECASE)
_PLAIN = re.compile(r"(?:[A-Za-z0-9 ,%()\u2013\u2212]|(?<=\d)\.(?=\d))*")
GLYPHS = {"problem": "✖", "warning": "▲", "note": "●", "pass": "✔", "open": "?"}


def render_markdown(report: Report, *, fail_on: Severity | None = None) -> str:
    """Return the report in short: verdict, findings, what is undecided, and where it comes from. It has no pictures.

    Args:
        report: the report.
        fail_on: the gate; None for none.
    """
    verdict = verdict_of(report, open_language(SOURCE_LANGUAGE))
    head = [
        f"## Model report: {code(report.provenance.title)}",
        f"{GLYPHS[verdict.tone]} **{text(verdict.conclusion)}** {text(verdict.measured)}".rstrip(),
        _counts(report),
        *([_gate(report, fail_on)] if fail_on else []),
    ]
    tail = [*(text(one) + "." for one in report.relaxed), *_origin(report)]
    return whole(head, [*_findings(report), *_open(report), *_unchecked(report)], tail)


def whole(head: Sequence[str], body: Sequence[str], tail: Sequence[str]) -> str:
    """Return the paragraphs of the head, as many lines of the body as there is room for, and the paragraphs of the tail."""
    room = LARGEST - _RESERVED - len("\n\n".join((*head, *tail)).encode())
    lines = "\n".join(_fitting(body, room)).strip("\n")
    return "\n\n".join(filter(None, (*head, lines, *tail))) + "\n"


def code(value: str, *, limit: int = 80) -> str:
    """Return a name as a code span, in which nothing is Markdown, a link or a mention."""
    name = shown(value, limit=limit, end=limit // 3) if value.strip() else "(no name)"
    fence = "`" * (max(map(len, re.findall("`+", name)), default=0) + 1)
    padding = " " if name[0] in " `" or name[-1] in " `" else ""
    return f"{fence}{padding}{name}{padding}{fence}"


def text(value: str) -> str:
    """Return a sentence as Markdown: of a message the words as they are and the names as code; any other text escaped."""
    if isinstance(value, Message):
        form = _FIELD_OR_SPECIAL.sub(lambda found: found[1] or f"\\{found[2]}", value.form)
        return _FILLED.fill(form, value.values)
    said = shown(value, limit=_LONGEST)
    return code(said, limit=_LONGEST) if _LINKED.search(said) else _SPECIAL.sub(r"\\\g<0>", said)


def _name_in_text(value: str) -> str:
    if isinstance(value, Message):
        return text(value)
    return value if _PLAIN.fullmatch(value) and len(value) < _LONGEST else code(value)


_FILLED = Filled(said=_name_in_text)


def _counts(report: Report) -> str:
    found = [finding.severity for finding in report.findings]
    counts = [f"{found.count(one)} {one.label}{'s' * (found.count(one) != 1)}" for one in reversed(Severity)]
    open_rules = len(report.undecided) + bool(report.too_few)
    counts += [f"{open_rules} inconclusive"] if open_rules else []
    rules = f" {checked_rules(report)} of {len(report.rules)} rules checked." if report.rules else ""
    return f"{', '.join(counts)}.{rules}"


def _gate(report: Report, fail_on: Severity) -> str:
    failing = len(report.failing(fail_on))
    said = f"failed by {failing:,} finding{'s' * (failing != 1)}" if failing else "passed"
    return f"Gate `--fail-on {fail_on.label}`: **{said}**."


def _findings(report: Report) -> Iterator[str]:
    found = report.findings
    origins = [origin_of(finding, found) for finding in found]
    if found:
        yield "### Findings\n"
    for cause in (one for one, origin in zip(found, origins, strict=True) if origin is None):
        yield _item(cause)
        yield from (f"  {_item(one)}" for one, origin in zip(found, origins, strict=True) if origin is cause)


def _item(finding: Finding) -> str:
    severity = finding.severity.label
    return (
        f"- {GLYPHS[severity]} **{severity}** {code(finding.subject)}: {text(finding.message)} ({code(finding.code)})"
    )


def _open(report: Report) -> Iterator[str]:
    if report.undecided or report.too_few:
        yield "\n### Inconclusive\n"
    if report.too_few:
        yield f"- {text(report.too_few)}."
    for one in report.undecided:
        yield f"- ? {code(one.subject)}: {text(one.message)}. {_needed(one)} ({code(one.code)})"


def _unchecked(report: Report) -> Iterator[str]:
    """Yield why rules were not checked, those with the same reason together."""
    by_reason: dict[str, list[str]] = {}
    for rule in report.rules:
        if rule.unchecked:
            by_reason.setdefault(rule.unchecked, []).append(code(rule.code))
    if by_reason:
        yield "\n### Not checked\n"
    for reason, codes in by_reason.items():
        yield f"- {', '.join(codes)}: {text(reason)}"


def _needed(one: Inconclusive) -> str:
    if one.remedy:
        return text(one.remedy)
    if one.samples_needed is None:
        return "No number of samples would decide it if the rate stayed."
    return f"About {one.samples_needed:,} samples would decide it."


def _fitting(lines: Sequence[str], room: int) -> Iterator[str]:
    """Yield lines while there is room for them, then how many are left out."""
    for position, line in enumerate(lines):
        room -= len(line.encode()) + 1
        if room < 0:
            yield f"\nand {len(lines) - position:,} more lines, which the page has."
            return
        yield line


def _origin(report: Report) -> Iterator[str]:
    provenance = report.provenance
    file = code(provenance.file_name) if provenance.file_name else "a model in memory"
    yield (
        f"Model: {file}, SHA-256 `{provenance.sha256[:12]}`, {report.model.parameters:,} parameters. "
        f"{made_by(provenance)}"
    )
    yield made_again(provenance.command)


def made_by(provenance: Provenance) -> str:
    """Return the sentence on what made it, and when."""
    return f"Made by reportgen {text(provenance.versions['reportgen'])} on {provenance.date}."


def made_again(command: str) -> str:
    """Return the line that says how it is made again."""
    return f"Make it again: {code(command, limit=_LONGEST)}"
