"""The rules on samples that make a test say less than it seems to."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.data_quality.results import DataQualityResult, TrainingComparison
from reportgen.messages import counted, say
from reportgen.results import Advice, Certainty, Finding, Limits, Need, Rule, Severity

_SAMPLES = say("samples")

COPIES = Rule(
    code="duplicate-samples",
    meaning=say("many samples are copies of others, so that the accuracy rests on fewer than it seems to"),
    severity=Severity.WARNING,
    threshold=0.05,
    unit=say("share of the samples compared"),
    bounds=(0.0, 1.0),
    source=say(
        "Barz and Denzler, arXiv 1902.00423, who found 3 and 10 % of CIFAR's test samples to be copies; exact by a digest of the "
        "stored values, near from a correlation of 0.995, which docs/verdicts.md of reportgen derives; the limit is "
        "reportgen's choice"
    ),
    advice=Advice(
        title=say("Samples are copies of others"),
        why=say("Each copy counts as new evidence and is none: intervals are too narrow."),
        action=say("Remove the copies; the accuracy of the different samples stands in the section."),
        certainty=Certainty.FACT,
    ),
)
CONFLICT = Rule(
    code="conflicting-labels",
    meaning=say("samples with the same values have different labels, so that at most one of them is right"),
    severity=Severity.WARNING,
    threshold=0,
    unit=say("samples"),
    source=say("identical samples cannot belong to different classes where each has one"),
    needs=(Need(("labelled",), say("The samples have no labels that name classes.")),),
    advice=Advice(
        title=say("The same sample has different labels"),
        why=say("No model can be right about both; the labels have errors, or were paired with the wrong samples."),
        action=say("Look at the listed samples and correct their labels."),
        certainty=Certainty.FACT,
    ),
)
BLANK = Rule(
    code="blank-samples",
    meaning=say("samples of one value everywhere, such as black pictures; a problem if all are"),
    severity=Severity.WARNING,
    threshold=0,
    unit=say("share of the evaluated samples"),
    bounds=(0.0, 1.0),
    source=say("a picture without a difference shows nothing; what was damaged or never written is often zero"),
    explains_from=Severity.PROBLEM,
    needs=(Need(("pictured",), say("The samples are no pictures, and a sequence may have one value everywhere.")),),
    advice=Advice(
        title=say("Blank samples"),
        why=say("They show nothing, so that any answer to them is chance."),
        action=say("Look at the named samples; remove them or read them again."),
        certainty=Certainty.FACT,
    ),
)

_TRAINING = Need(("training",), say("No training samples were given with --train-samples."))
_DIFFERENCE = Need(("training.low",), say("The accuracy on the training samples was not measured."))

LEAKED = Rule(
    code="leaked-samples",
    meaning=say("test samples are among the training samples, so that the accuracy is of what was learned by heart"),
    severity=Severity.PROBLEM,
    threshold=0.01,
    unit=say("share of the samples compared"),
    bounds=(0.0, 1.0),
    source=say(
        "Kapoor and Narayanan, arXiv 2207.07048, for leaks; copies are found as for duplicate-samples; the limit is reportgen's "
        "choice, as 3 of 1,000 test pictures of Fashion-MNIST are nearly one of its 60,000 training pictures"
    ),
    needs=(_TRAINING,),
    advice=Advice(
        title=say("Test samples were trained on"),
        why=say("The accuracy on them says nothing about new samples."),
        action=say("Remove them from the test, then run the report again."),
        certainty=Certainty.FACT,
    ),
)
GAP = Rule(
    code="train-test-gap",
    meaning=say("the accuracy on training samples is certainly far above that on test samples"),
    severity=Severity.NOTE,
    threshold=0.1,
    unit=say("difference of the accuracies"),
    bounds=(0.0, 1.0),
    source=say("Newcombe 1998, Statistics in Medicine 17, 873, lower bound; the limit is reportgen's choice"),
    follows_from=("other-preprocessing", "input-range", "unscaled-input"),
    needs=(_TRAINING, _DIFFERENCE),
    advice=Advice(
        title=say("Much better on training samples"),
        why=say(
            "The model has learned its training samples by heart in part, or the test samples are of another kind."
        ),
        action=say("Train with more or augmented samples or stop earlier, and check that both come from one source."),
        certainty=Certainty.TEST,
    ),
)

REVERSED = Rule(
    code="test-above-training",
    meaning=say("the accuracy on test samples is certainly far above that on training samples"),
    severity=Severity.NOTE,
    threshold=0.1,
    unit=say("difference of the accuracies"),
    bounds=(0.0, 1.0),
    source=say("Newcombe 1998, Statistics in Medicine 17, 873, upper bound; the limit is reportgen's choice"),
    follows_from=(LEAKED.code,),
    needs=(_TRAINING, _DIFFERENCE),
    advice=Advice(
        title=say("Much better on test samples"),
        why=say("The test samples may be easier or leaked, or the training samples given are augmented ones."),
        action=say("Check that both come from one source, are prepared alike and have labels of one order."),
        certainty=Certainty.TEST,
    ),
)

RULES = (COPIES, CONFLICT, BLANK, LEAKED, GAP, REVERSED)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: DataQualityResult, limits: Limits) -> Iterator[Finding]:
    """Yield copies, labels that contradict one another, and blank samples, where there are more than the limits allow."""
    yield from _copies(result, limits[COPIES.code])
    yield from _conflicts(result, limits[CONFLICT.code])
    yield from _blank(result, limits[BLANK.code])
    if result.training is not None:
        yield from _leaked(result, result.training, limits[LEAKED.code])
        yield from _gap(result, result.training, limits[GAP.code])
        yield from _reversed(result, result.training, limits[REVERSED.code])


def _leaked(result: DataQualityResult, training: TrainingComparison, limit: float) -> Iterator[Finding]:
    share = training.leaked / result.compared
    if share > limit:
        message = say(
            "{leaked} of {samples} are among {trained} training samples, {exact} exactly ({share:.1%}, limit {limit:.0%})",
            leaked=training.leaked,
            samples=counted(result.compared, "{n} sample", "{n} samples"),
            trained=training.compared,
            exact=training.exact,
            share=share,
            limit=limit,
        )
        evidence = {"leaked": training.leaked, "exact": training.exact, "share": share}
        left = result.compared - training.leaked
        action = counted(
            left,
            "Remove them from the test, then run the report again on {n} other sample.",
            "Remove them from the test, then run the report again on the {n} others.",
        )
        if not left:
            action = say("Test on other samples: all of these were trained on.")
        yield LEAKED.finding(_SAMPLES, message, evidence=evidence, threshold=limit, action=action)


def _gap(result: DataQualityResult, training: TrainingComparison, limit: float) -> Iterator[Finding]:
    if training.accuracy is None or training.low is None or result.accuracy is None or training.low <= limit:
        return
    message = say(
        "{train:.1%} of {checked} training samples are right, {test:.1%} of the test samples: at least {low:.1%} more (limit "
        "{limit:.0%})",
        train=training.accuracy.value,
        checked=training.checked,
        test=result.accuracy.value,
        low=training.low,
        limit=limit,
    )
    evidence = {"train": training.accuracy.value, "test": result.accuracy.value, "gap_at_least": training.low}
    yield GAP.finding(_SAMPLES, message, evidence=evidence, threshold=limit)


def _reversed(result: DataQualityResult, training: TrainingComparison, limit: float) -> Iterator[Finding]:
    if training.accuracy is None or training.high is None or result.accuracy is None or -training.high <= limit:
        return
    message = say(
        "{test:.1%} of the test samples are right, {train:.1%} of {checked} training samples: at least {low:.1%} fewer (limit "
        "{limit:.0%})",
        train=training.accuracy.value,
        checked=training.checked,
        test=result.accuracy.value,
        low=-training.high,
        limit=limit,
    )
    evidence = {"train": training.accuracy.value, "test": result.accuracy.value, "gap_at_least": -training.high}
    yield REVERSED.finding(_SAMPLES, message, evidence=evidence, threshold=limit)


def _copies(result: DataQualityResult, limit: float) -> Iterator[Finding]:
    share = result.copied / result.compared
    if share <= limit:
        return
    message = say(
        "{copied} of {samples} are copies of others, {exact} of them exact ({share:.1%}, limit {limit:.0%})",
        copied=result.copied,
        samples=counted(result.compared, "{n} sample", "{n} samples"),
        exact=result.exact,
        share=share,
        limit=limit,
    )
    if result.distinct is not None and result.accuracy is not None:
        message = say(
            "{message}; on the {distinct} different ones the accuracy is {value:.1%} ({low:.1%} to {high:.1%})",
            message=message,
            distinct=result.distinct.trials,
            value=result.distinct.value,
            low=result.distinct.low,
            high=result.distinct.high,
        )
    evidence = {"copies": result.copied, "exact": result.exact, "moved": result.moved, "share": share}
    action = counted(
        result.copied,
        "Remove {n} copy: {left} different samples remain.",
        "Remove the {n} copies: {left} different samples remain.",
        left=result.compared - result.copied,
    )
    yield COPIES.finding(_SAMPLES, message, evidence=evidence, threshold=limit, action=action)


def _conflicts(result: DataQualityResult, limit: float) -> Iterator[Finding]:
    if result.conflicting > limit:
        message = counted(
            result.conflicting,
            "{n} sample has the values of an earlier one and another label (limit {limit:g})",
            "{n} samples have the values of an earlier one and another label (limit {limit:g})",
            limit=limit,
        )
        evidence = {"conflicting": result.conflicting}
        yield CONFLICT.finding(_SAMPLES, message, evidence=evidence, threshold=limit)


def _blank(result: DataQualityResult, limit: float) -> Iterator[Finding]:
    share = result.blank / result.evaluated
    if share > limit and not result.sequences:
        message = say(
            "{blank} of {samples} have one value everywhere ({share:.1%}, limit {limit:.0%}), the first of index {index}",
            blank=result.blank,
            samples=counted(result.evaluated, "{n} sample", "{n} samples"),
            share=share,
            limit=limit,
            index=result.blank_indices[0],
        )
        evidence = {"blank": result.blank, "share": share}
        every = result.blank == result.evaluated
        yield BLANK.finding(
            _SAMPLES,
            message,
            evidence=evidence,
            threshold=limit,
            severity=Severity.PROBLEM if every else BLANK.severity,
            action=say("Read the samples again: nothing about the model follows from these.") if every else None,
        )
