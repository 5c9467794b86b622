"""The rules on places that carry the answer without the rest of the picture."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.shortcuts.results import ShortcutsResult
from reportgen.measures.intervals import CONFIDENCE, samples_needed, wilson_interval
from reportgen.messages import counted, say
from reportgen.results import Advice, Certainty, Finding, Inconclusive, Limits, Rule, Severity

PLACE = Rule(
    code="answer-in-one-place",
    meaning=say(
        "a small place, the same in all samples, carries the answers: exchanged between two samples, it exchanges them"
    ),
    severity=Severity.WARNING,
    threshold=0.15,
    unit=say("share of pairs whose answers change places with it"),
    bounds=(0.0, 1.0),
    source=say(
        "Zeiler and Fergus, arXiv 1311.2901, for occlusion; Wilson 1927, lower bound, with Bonferroni for the places and for a "
        "second look with more pairs; the limit is from the measurement in docs/verdicts.md of reportgen: up to 0.12 of healthy "
        "networks"
    ),
    advice=Advice(
        title=say("One place carries the answer"),
        why=say("A mark there, not the object, may decide: without it the accuracy here would not hold."),
        action=say(
            "Look at that place in samples of several classes; remove what tells them apart there, then train again."
        ),
        certainty=Certainty.TEST,
    ),
)
BORDER = Rule(
    code="answer-in-the-border",
    meaning=say("answers stay when all but a narrow border of the picture comes from another sample"),
    severity=Severity.WARNING,
    threshold=0.5,
    unit=say("share of pairs whose answer stays with the border"),
    bounds=(0.0, 1.0),
    source=say(
        "Geirhos et al., arXiv 2004.07780, for shortcuts; Wilson 1927, lower bound; half, as the border is the smaller part of "
        "the picture by far, is reportgen's choice"
    ),
    advice=Advice(
        title=say("The border carries the answer"),
        why=say("What surrounds the object decides: the accuracy here would not hold before another background."),
        action=say("Crop the border or train with other backgrounds, then run the report again."),
        certainty=Certainty.TEST,
    ),
)

RULES = (PLACE, BORDER)
"""Every rule of this section, in the order in which tables list them."""

_OBJECT = 0.5
"""Share of the variation from which a place holds the object itself: there the samples differ. Our choice."""


def findings(result: ShortcutsResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield the place that certainly carries answers, unless it is where the samples differ, and the border that does."""
    yield from _place(result, limits[PLACE.code])
    yield from _border(result, limits[BORDER.code])


def is_open(result: ShortcutsResult, limits: Limits) -> bool:
    """Return whether more pairs may tell that the strongest place carries answers."""
    limit, place = limits[PLACE.code], result.place
    return place.variation < _OBJECT and place.swapped.value > limit >= _at_least(result)


def _confidence(result: ShortcutsResult) -> float:
    """Return the confidence of the place's interval: for all places at once, and for both looks where more pairs were added."""
    looks = 2 if result.place.swapped.trials > result.pairs else 1
    return 1 - (1 - CONFIDENCE) / (looks * result.places)


def _at_least(result: ShortcutsResult) -> float:
    swapped = result.place.swapped
    return wilson_interval(swapped.successes, swapped.trials, confidence=_confidence(result))[0]


def _place(result: ShortcutsResult, limit: float) -> Iterator[Finding | Inconclusive]:
    place = result.place
    if place.variation >= _OBJECT or place.swapped.value <= limit:
        return
    low = _at_least(result)
    subject = say(
        "rows {top} to {bottom}, columns {left} to {right}",
        top=place.rows[0],
        bottom=place.rows[1] - 1,
        left=place.columns[0],
        right=place.columns[1] - 1,
    )
    values = {
        "value": place.swapped.value,
        "pairs": place.swapped.trials,
        "low": low,
        "limit": limit,
        "area": place.area,
    }
    if low > limit:
        message = say(
            "exchanging them between two samples exchanges their answers in {value:.0%} of {pairs} pairs (at least "
            "{low:.0%}, limit {limit:.0%}): {area:.0%} of the picture",
            **values,
        )
        evidence = {
            "swapped": place.swapped.value,
            "swapped_at_least": low,
            "area": place.area,
            "variation": place.variation,
        }
        yield PLACE.finding(subject, message, evidence=evidence, threshold=limit)
        return
    message = say(
        "exchanging them exchanges answers in {value:.0%} of {pairs} pairs (at least {low:.0%}, limit {limit:.0%})",
        **values,
    )
    more = result.available > place.swapped.trials
    yield Inconclusive(
        PLACE.code,
        subject,
        message,
        None if more else samples_needed(place.swapped.value, limit, confidence=_confidence(result)),
        say("--effort full compares all pairs") if more else "",
    )


def _border(result: ShortcutsResult, limit: float) -> Iterator[Finding]:
    if result.of_border.low > limit:
        message = say(
            "with all but a border of {width} from another sample, {value:.0%} of {pairs} answers stay (at least "
            "{low:.0%}, limit {limit:.0%})",
            width=counted(max(result.border), "{n} pixel", "{n} pixels"),
            value=result.of_border.value,
            pairs=result.pairs,
            low=result.of_border.low,
            limit=limit,
        )
        evidence = {"kept": result.of_border.value, "kept_at_least": result.of_border.low}
        action = counted(
            max(result.border),
            "Crop {n} pixel at each edge or train with other backgrounds, then run the report again.",
            "Crop {n} pixels at each edge or train with other backgrounds, then run the report again.",
        )
        yield BORDER.finding(say("border"), message, evidence=evidence, threshold=limit, action=action)
