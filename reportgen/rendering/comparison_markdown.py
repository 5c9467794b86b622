"""A comparison in short as Markdown, for a pull request or the summary of a CI job; every name stands in it as text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from reportgen.messages import counted
from reportgen.rendering.markdown import GLYPHS, code, made_again, made_by, text, whole
from reportgen.rendering.verdict import TONES
from reportgen.results import ComparedModel, Comparison, Section, SkippedSection

_MOST = 24  # classes, layers or kernels of a list, as on the page


def render_comparison_markdown(comparison: Comparison, *, fail_on_regression: bool = False) -> str:
    """Return a comparison in short: verdict, findings, answers, classes, layers, and the distance of each kernel.

    Args:
        comparison: the comparison.
        fail_on_regression: whether there is a gate.
    """
    verdict = comparison.verdict
    glyph = GLYPHS[TONES[verdict.outcome]]
    said = "failed" if comparison.regressed else "passed"
    head = [
        f"## Comparison of models: {code(comparison.title)}",
        f"{glyph} **{text(verdict.conclusion)}** {text(verdict.measured)}".rstrip(),
        "\n".join(_changes(comparison)),
        *([f"Gate `--fail-on regression`: **{said}**."] if fail_on_regression else []),
    ]
    models = [f"{name.capitalize()}: {_origin(side)}" for name, side in comparison.sides.items()]
    tail = [
        *(text(one) + "." for one in comparison.relaxed),
        f"{' '.join(models)} {made_by(comparison.provenance)}",
        made_again(comparison.command),
    ]
    body = [line for section in comparison.sections for line in _part(section)]
    return whole(head, body, tail)


def _changes(comparison: Comparison) -> Iterator[str]:
    for one in comparison.verdict.changes:
        said = f"- {'▼ **worse**' if one.worse else '▲ better'}: {text(one.said)}"
        yield f"{said}. {text(one.action)}" if one.action else said


def _origin(side: ComparedModel) -> str:
    file = code(side.provenance.file_name) if side.provenance.file_name else "a model in memory"
    return f"{file}, SHA-256 `{side.provenance.sha256[:12]}`, {side.model.parameters:,} parameters."


def _part(section: Section | SkippedSection) -> Iterator[str]:
    told = _PARTS.get(section.name)
    if told is None:  # pictures
        return
    title = f"\n### {text(section.title)}\n"
    if isinstance(section, SkippedSection):
        yield from (title, f"- Not compared: {text(section.reason)}")
        return
    lines = list(told(section.result))
    if lines:
        yield title
        yield from lines


def _answers(result: Any) -> Iterator[str]:
    if result.rates:
        yield f"- Accuracy: {_rate(result.rates.base)} → {_rate(result.rates.new)}"
        yield (
            f"- {result.rates.fixed:,} fixed and {result.rates.broken:,} broken of {result.evaluated:,} samples; exact "
            f"McNemar, p = {result.rates.p_value:.2g}"
        )
    if result.errors:
        yield f"- {text(result.measure)}: {_number(result.errors.base)} → {_number(result.errors.new)}"
    if result.unlabelled:
        yield f"- {text(result.unlabelled)}"
    if result.agreement:
        yield f"- The same answer to {_rate(result.agreement)} of the samples"
    outputs = result.outputs
    yield f"- Outputs differ by {_number(outputs.mean)} on average and {_number(outputs.largest)} at most"


def _classes(result: Any) -> Iterator[str]:
    changed = [one for one in result.classes if one.recall.difference]
    changed.sort(key=lambda one: (not one.certain, -abs(one.recall.difference)))
    for one in changed[:_MOST]:
        recall = one.recall
        yield (
            f"- {code(one.name or str(one.index))}: recall {recall.base.value:.1%} → {recall.new.value:.1%} on "
            f"{counted(one.support, '{n} sample', '{n} samples')}{'' if one.certain else ', within chance'}"
        )
    yield from _rest(len(changed), "classes")


def _calibration(result: Any) -> Iterator[str]:
    chance = "" if result.certain else ", within chance"
    yield (
        f"- Expected calibration error: {result.base.error:.1%} → {result.new.error:.1%} "
        f"(p = {result.p_value:.2g}{chance})"
    )


def _findings(result: Any) -> Iterator[str]:
    yield f"{len(result.new)} new, {len(result.gone)} gone, {len(result.same)} the same.\n"
    for became, rows in result.groups.items():
        for one in rows:
            severity = one.severity.label
            yield (
                f"- {became}: {GLYPHS[severity]} **{severity}** {code(one.subject)}: {text(one.message)} ({code(one.code)})"
            )


def _layers(result: Any) -> Iterator[str]:
    costs = [result.base_multiply_adds, result.new_multiply_adds]
    yield f"- Parameters: {result.base.parameters:,} → {result.new.parameters:,}"
    if None not in costs:
        yield f"- Multiply-adds of a sample: {costs[0]:,} → {costs[1]:,}"
    changed = [one for one in result.layers if one.kind != "same"]
    yield f"- {len(result.layers) - len(changed):,} of {len(result.layers):,} layers are the same"
    for one in changed[:_MOST]:
        layer = one.new or one.base
        settings = "; ".join(f"{code(each.name)} {code(each.base)} → {code(each.new)}" for each in one.settings)
        yield f"- {one.kind}: {code(layer.path)} ({code(layer.class_name)}){': ' + settings if settings else ''}"
    yield from _rest(len(changed), "layers")


def _kernels(result: Any) -> Iterator[str]:
    changed = [one for one in result.by_distance if not one.equal]
    yield f"- {len(result.kernels) - len(changed):,} of {len(result.kernels):,} kernels are the same"
    if result.others_changed:
        yield f"- {result.others_changed:,} of {result.others:,} other variables changed, such as biases"
    for one in changed[:_MOST]:
        moved = f", {one.moved:,} filters in another place" if one.moved else ""
        yield (
            f"- {code(one.label)}: distance {_number(one.distance)}, cosine {_number(one.cosine)}, "
            f"{_number(one.deviations)} standard deviations from unrelated{moved}"
        )
    yield from _rest(len(changed), "kernels")


_PARTS = {
    "answers": _answers,
    "class_changes": _classes,
    "calibration_change": _calibration,
    "finding_changes": _findings,
    "architecture_changes": _layers,
    "weight_changes": _kernels,
}


def _rest(count: int, what: str) -> Iterator[str]:
    if count > _MOST:
        yield f"- and {count - _MOST:,} more {what}, which the page has"


def _rate(rate: Any) -> str:
    return f"{rate.value:.1%} ({rate.low:.1%}–{rate.high:.1%})"


def _number(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "not a number"
