"""The rule on a threshold that does not suit what the model has learned."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.confidence.results import ConfidenceResult
from reportgen.measures.paired import paired_difference
from reportgen.messages import counted, say
from reportgen.results import BROKEN_WEIGHTS, WRONG_INPUTS, Advice, Certainty, Finding, Limits, Rule, Severity

THRESHOLD = Rule(
    code="wrong-threshold",
    meaning=say("of two classes certainly more would be right at another threshold than 0.5"),
    severity=Severity.WARNING,
    threshold=0.05,
    unit=say("share of the samples that are right at the other threshold and not at 0.5, net"),
    bounds=(0.0, 1.0),
    source=say(
        "thresholds chosen on other samples (cross-validation, Stone 1974, J. Royal Stat. Soc. B 36, 111); the lower bound of "
        "the gain by Newcombe 1998, Statistics in Medicine 17, 2635; the limit is reportgen's choice"
    ),
    follows_from=(*BROKEN_WEIGHTS, *WRONG_INPUTS, "permuted-labels"),
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
    """Yield that another threshold certainly gives more right answers."""
    limit, labelled = limits[THRESHOLD.code], result.labelled
    if labelled is None or labelled.two is None or labelled.roc is None:
        return
    two, count = labelled.two, labelled.two.usual.trials
    least = paired_difference(two.usual.successes, two.gained, two.lost, count)[0]
    if least <= limit:
        return
    message = say(
        "{usual:.1%} of {samples} are right at 0.5, {chosen:.1%} at thresholds near {value:.3g} chosen on others: at least "
        "{least:.0%} more (limit {limit:.0%}); area under the ROC curve {area:.2f}",
        usual=two.usual.value,
        samples=counted(count, "{n} sample", "{n} samples"),
        chosen=two.chosen.value,
        value=two.value,
        least=least,
        limit=limit,
        area=labelled.roc.value,
    )
    evidence = {
        "usual": two.usual.value,
        "chosen": two.chosen.value,
        "value": two.value,
        "gained_at_least": least,
        "area": labelled.roc.value,
    }
    action = say("Put the threshold at {value:.3g} instead of 0.5, once other samples confirm it.", value=two.value)
    yield THRESHOLD.finding(say("threshold"), message, evidence=evidence, threshold=limit, action=action)
