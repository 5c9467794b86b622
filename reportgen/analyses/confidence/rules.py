"""The rule on a threshold that does not suit what the model has learned."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.confidence.results import ConfidenceResult
from reportgen.measures.ranking import Area
from reportgen.measures.selective import ChosenThreshold
from reportgen.messages import counted, say
from reportgen.results import BROKEN_WEIGHTS, WRONG_INPUTS, Advice, Certainty, Finding, Limits, Rule, Severity

THRESHOLD = Rule(
    code="wrong-threshold",
    meaning=say(
        "certainly more answers, of two classes or on one of several, would be right at another threshold than 0.5"
    ),
    severity=Severity.WARNING,
    threshold=0.05,
    unit=say("share of the samples that are right at the other threshold and not at 0.5, net"),
    bounds=(0.0, 1.0),
    source=say(
        "thresholds chosen on other samples (cross-validation, Stone 1974, J. Royal Stat. Soc. B 36, 111); the lower bound of "
        "the gain by Newcombe 1998, Statistics in Medicine 17, 2635, with Bonferroni for several classes; the limit is "
        "reportgen's choice"
    ),
    follows_from=(*BROKEN_WEIGHTS, *WRONG_INPUTS, "drifted-statistics", "permuted-labels"),
    advice=Advice(
        title=say("The ranking is right, the threshold is not"),
        why=say("The model tells the classes apart better than its answers at 0.5 show."),
        action=say("Fit the threshold on validation samples, or calibrate the model with a bias."),
        certainty=Certainty.TEST,
    ),
)

RULES = (THRESHOLD,)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: ConfidenceResult, limits: Limits) -> Iterator[Finding]:
    """Yield that another threshold certainly gives more right answers; of several classes, that whose threshold is worst."""
    limit, labelled = limits[THRESHOLD.code], result.labelled
    if labelled is None:
        return
    if labelled.two is not None and labelled.roc is not None:
        judged = [(say("threshold"), labelled.two, labelled.roc)]
    else:
        judged = [
            (say("threshold of {name}", name=one.name), one.threshold, one.roc)
            for one in labelled.classes
            if one.threshold is not None and one.roc is not None
        ]
    of = max(len(judged), 1)
    wrong = sorted((one for one in judged if one[1].least(of) > limit), key=lambda one: -one[1].least(of))
    if wrong:
        yield _finding(*wrong[0], limit, of=of, others=len(wrong) - 1)


def _finding(subject: str, chosen: ChosenThreshold, area: Area, limit: float, *, of: int, others: int) -> Finding:
    least, count = chosen.least(of), chosen.usual.trials
    message = say(
        "{usual:.1%} of {samples} are right at 0.5, {chosen:.1%} at thresholds near {value:.4g} chosen on others: at least "
        "{least:.0%} more (limit {limit:.0%}); area under the ROC curve {area:.2f}",
        usual=chosen.usual.value,
        samples=counted(count, "{n} sample", "{n} samples"),
        chosen=chosen.chosen.value,
        value=chosen.value,
        least=least,
        limit=limit,
        area=area.value,
    )
    if others:
        also = counted(others, "so has {n} other class", "so have {n} other classes")
        message = say("{message}; {others}", message=message, others=also)
    evidence = {
        "usual": chosen.usual.value,
        "chosen": chosen.chosen.value,
        "value": chosen.value,
        "gained_at_least": least,
        "area": area.value,
    }
    action = say("Put the threshold at {value:.4g} instead of 0.5, once other samples confirm it.", value=chosen.value)
    return THRESHOLD.finding(subject, message, evidence=evidence, threshold=limit, action=action)
