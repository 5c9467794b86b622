"""The rules on inputs and outputs of all evaluated samples: threshold, condition and sentence of each in one place."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from reportgen.analyses.sample_predictions.results import SamplePredictionsResult
from reportgen.messages import counted, first_of, say
from reportgen.results import BROKEN_WEIGHTS, WRONG_INPUTS, Advice, Certainty, Finding, Limits, Need, Rule, Severity
from reportgen.run import LARGEST_REPEAT_CHANGE

NOT_RUN = Rule(
    code="samples-not-run",
    meaning=say("samples were given but the model was not run on them, so nothing that it does was checked"),
    severity=Severity.PROBLEM,
    threshold=0,
    unit=say("sets of samples left out"),
    source=say("a check that was requested but not made must not count as passed"),
    advice=Advice(
        title=say("Samples were not run"),
        why=say("Nothing that the model does was checked."),
        action=say("Correct the samples or the options that the message names, and run the report again."),
        certainty=Certainty.FACT,
    ),
)


def not_run(reason: str, limits: Limits) -> tuple[Finding, ...]:
    """Return the finding that the samples were not run, where some were given; raised by one analysis alone.

    There is no result then, so that the finding stands in the `Skip`.

    Args:
        reason: why they were not run, one sentence; '' where they were, and where none were given.
        limits: thresholds in force.
    """
    limit = limits.get(NOT_RUN.code, NOT_RUN.threshold)
    if not reason or limit >= 1:
        return ()
    finding = NOT_RUN.finding(
        say("samples"),
        say(
            "the model was not run on them, so nothing that it does was checked: {error}",
            error=reason.rstrip("."),
        ),
        evidence={"not_run": 1},
        threshold=limit,
    )
    return (finding,)


NON_FINITE_OUTPUT = Rule(
    code="non-finite-output",
    meaning=say("some outputs are NaN or infinite"),
    severity=Severity.PROBLEM,
    threshold=0,
    unit=say("samples"),
    source=say("IEEE 754: NaN values have no largest one, so no class is predicted"),
    follows_from=(
        "non-finite-weights",
        "negative-variance",
        "non-finite-activations",
    ),
    advice=Advice(
        title=say("NaN or infinite outputs"),
        why=say("Such samples have no prediction."),
        action=say("Check these samples for NaN and extreme values, then the weights and the scaling of the inputs."),
        certainty=Certainty.FACT,
    ),
)


def without_numbers(outputs: np.ndarray) -> int:
    """Return how many samples have an output with NaN or infinite values, of outputs (N, ...)."""
    return int((~np.isfinite(outputs.reshape(len(outputs), -1)).all(axis=1)).sum())


def non_finite_output(result: SamplePredictionsResult, limits: Limits) -> Iterator[Finding]:
    """Yield that outputs are NaN or infinite, where more of them are than allowed."""
    limit, evaluated = limits[NON_FINITE_OUTPUT.code], result.summary.evaluated
    if result.non_finite > limit:
        yield NON_FINITE_OUTPUT.finding(
            say("samples"),
            say(
                "{count} of {evaluated} outputs are NaN or infinite (limit {limit:g})",
                count=result.non_finite,
                evaluated=evaluated,
                limit=limit,
            ),
            evidence={"non_finite": result.non_finite, "evaluated": evaluated},
            threshold=limit,
        )


UNSTEADY = Rule(
    code="non-deterministic-output",
    meaning=say("the model gives different outputs when run again on the same samples, as with dropout left on"),
    severity=Severity.PROBLEM,
    threshold=LARGEST_REPEAT_CHANGE,
    unit=say("largest difference between two runs, relative to the largest output"),
    source=say(
        "one machine gives the same numbers twice; another order of summation changes float32 by about 1e-6, on which "
        "the limit, reportgen's choice, rests"
    ),
    advice=Advice(
        title=say("Outputs change from run to run"),
        why=say("No result of this model is reproducible."),
        action=say("Check for dropout, noise or batch statistics left on at inference."),
        certainty=Certainty.FACT,
    ),
)


def non_deterministic_output(result: SamplePredictionsResult, limits: Limits) -> Iterator[Finding]:
    """Yield that the model's answers change from run to run, with the first layer whose output does."""
    limit, change = limits[UNSTEADY.code], result.repeat_change
    if change > limit:
        yield UNSTEADY.finding(
            result.unsteady_layer or say("outputs"),
            say(
                "outputs differ between two runs by up to {change:.2g} of the largest (limit {limit:g}), as with "
                "dropout left on; maps, masked channels and other scales are not judged",
                change=change,
                limit=limit,
            ),
            evidence={"change": change},
            threshold=limit,
        )


_MOST_NAMED = 5
"""Outputs that a message names."""

FEWEST_ALIKE = 5
"""Samples under which outputs may be alike because the samples are. Our choice."""

ALIKE = Rule(
    code="constant-output",
    meaning=say("the output is nearly the same for all samples"),
    severity=Severity.PROBLEM,
    threshold=0.01,
    unit=say(
        "distance of class scores from their mean, about 1 for a model certain of every answer; for numbers their "
        "standard deviation over the targets', for images over all pixels'"
    ),
    source=say(
        "0 for a model whose output ignores its input; a hundredth, on {fewest} samples or more, is reportgen's choice",
        fewest=FEWEST_ALIKE,
    ),
    bounds=(0.0, 1.0),
    follows_from=(
        *BROKEN_WEIGHTS,
        *WRONG_INPUTS,
    ),
    needs=(Need(("variation", "spreads"), say("The samples are too few, or their outputs are not all numbers.")),),
    advice=Advice(
        title=say("Same output for every sample"),
        why=say("The model ignores its input."),
        action=say("Check the scaling of the samples first, then whether the trained weights were loaded."),
        certainty=Certainty.CHOICE,
    ),
)


def variation_of(values: np.ndarray) -> float | None:
    """Return the mean distance of the scores from their mean, as a share of the way from that mean to certainty.

    0 for a model whose output is always the same; 1 or more for one that is certain of each answer. None where the mean itself
    is certain, as the samples may all be of one class then, and on fewer than `FEWEST_ALIKE` samples.

    Args:
        values: (N, K) float64, in [0, 1].
    """
    mean = values.mean(axis=0)
    certain = float(np.minimum(mean, 1 - mean).clip(0).sum())
    if len(values) < FEWEST_ALIKE or certain < 1e-6:
        return None
    return float(np.abs(values - mean).sum(axis=1).mean()) / certain


_ROUNDING = 1e-6
"""Share of the largest value within which float32 outputs that are computed alike may differ."""


def spreads_of(outputs: np.ndarray, targets: np.ndarray | None) -> tuple[float, ...]:
    """Return how much outputs vary from sample to sample: 0 where they do not, about 1 where they vary as they should.

    Of numbers, each one's standard deviation over that of its targets; without targets, and where these are all the same, 0 where
    it is within rounding and NaN elsewhere, as nothing tells how much it should vary. Of all other outputs a single number: the
    standard deviation of a value over the samples, over that of all values of its channel. Nothing on fewer than `FEWEST_ALIKE`
    samples, and where values are not finite.

    Args:
        outputs: (N, M) numbers, or (N, ..., C).
        targets: numbers of the same shape as the outputs, or (N,) for M = 1; None without.
    """
    if len(outputs) < FEWEST_ALIKE or not np.isfinite(outputs).all():
        return ()
    over_samples = outputs.std(axis=0, dtype=np.float64)
    rounding = _ROUNDING * float(np.abs(outputs).max(initial=0.0))
    if outputs.ndim > 2:
        of_all = float((outputs.std(axis=tuple(range(outputs.ndim - 1)), dtype=np.float64) ** 2).mean())
        across = float((over_samples**2).mean())
        return (math.sqrt(across / of_all) if across > rounding**2 else 0.0,)
    wanted = np.zeros(over_samples.shape) if targets is None else targets.reshape(outputs.shape).std(axis=0)
    known = np.where(
        over_samples <= rounding, 0.0, np.where(wanted > 0, over_samples / np.where(wanted > 0, wanted, 1), np.nan)
    )
    return tuple(map(float, known))


def constant_output(result: SamplePredictionsResult, limits: Limits) -> Iterator[Finding]:
    """Yield that the outputs are nearly the same for all samples, where they or some of several numbers are."""
    variation, samples, limit = result.variation, result.summary.evaluated, limits[ALIKE.code]
    still = [str(place) for place, spread in enumerate(result.spreads) if spread < limit]
    if variation is not None and variation < limit:
        values = {"samples": samples, "variation": variation, "limit": limit}
        if result.spreads:
            message = say(
                "the model gives nearly the same output for all {samples} samples (spread {variation:.2g} of what is "
                "expected, limit {limit:g})",
                **values,
            )
        else:
            message = say(
                "the model gives nearly the same output for all {samples} samples (distance from the mean "
                "{variation:.2g}, limit {limit:g})",
                **values,
            )
        evidence = {"variation": variation, "samples": samples}
        yield ALIKE.finding(say("outputs"), message, evidence=evidence, threshold=limit)
    elif still and len(result.spreads) > 1:
        message = counted(
            len(still),
            "{n} of {outputs} outputs is nearly the same for all {samples} samples: {numbers} (limit {limit:g})",
            "{n} of {outputs} outputs are nearly the same for all {samples} samples: {numbers} (limit {limit:g})",
            outputs=len(result.spreads),
            samples=samples,
            numbers=first_of(still, _MOST_NAMED),
            limit=limit,
        )
        evidence = {"constant": len(still), "outputs": len(result.spreads), "samples": samples}
        yield ALIKE.finding(say("outputs"), message, evidence=evidence, threshold=limit)


RANGE = Rule(
    code="input-range",
    meaning=say("the samples span another range than the model's own rescaling expects"),
    severity=Severity.PROBLEM,
    threshold=8.0,
    unit=say("factor by which the input range differs from the expected one"),
    source=say("the model's rescaling layer, read backwards from [-1, 1] or [0, 1]"),
    needs=(Need(("expected_range",), say("The model has no rescaling layer that tells what it expects.")),),
    advice=Advice(
        title=say("Inputs out of range"),
        why=say("The model receives values that it never saw in training."),
        action=say("Scale the samples as in training, with --scale."),
        certainty=Certainty.CHOICE,
    ),
)


def input_range(result: SamplePredictionsResult, limits: Limits) -> Iterator[Finding]:
    """Yield that the inputs span another range than the model's own rescaling expects, where it is known."""
    if result.expected_range is None:
        return
    (low, high), (lowest, highest), limit = result.summary.input_range, result.expected_range, limits[RANGE.code]
    ratio = (high - low) / (highest - lowest)
    bottom, top = result.summary.stored_range
    stored_action = say("Run the report again with --scale none: the model itself rescales what is stored.")
    if not 1 / limit <= ratio <= limit:
        yield RANGE.finding(
            say("samples"),
            say(
                "inputs span {low:.4g} to {high:.4g}, but the model's own rescaling expects {lowest:.4g} to {highest:.4g} "
                "(limit: a factor of {limit:g})",
                low=low,
                high=high,
                lowest=lowest,
                highest=highest,
                limit=limit,
            ),
            evidence={"lowest": low, "highest": high, "ratio": ratio},
            threshold=limit,
            action=stored_action if 1 / limit <= (top - bottom) / (highest - lowest) <= limit else None,
        )


UNSCALED = Rule(
    code="unscaled-input",
    meaning=say("the samples look like unscaled bytes"),
    severity=Severity.WARNING,
    threshold=16.0,
    unit=say("largest input, if none is negative and the model has no rescaling layer"),
    source=say("inputs scaled to [0, 1], [-1, 1] or unit variance stay within a few units of zero"),
    follows_from=("other-preprocessing",),
    needs=(Need(("takes_any_range",), say("The model rescales its input by itself.")),),
    advice=Advice(
        title=say("Inputs look unscaled"),
        why=say("Networks trained on scaled inputs fail on raw bytes."),
        action=say("Scale the samples as in training, with --scale."),
        certainty=Certainty.CHOICE,
    ),
)


def unscaled_input(result: SamplePredictionsResult, limits: Limits) -> Iterator[Finding]:
    """Yield that the inputs look like bytes, where the model does not rescale them by itself."""
    (low, high), limit = result.summary.input_range, limits[UNSCALED.code]
    if result.expected_range is None and not result.rescaled and low >= 0 and high > limit:
        yield UNSCALED.finding(
            say("samples"),
            say(
                "inputs look unscaled: they span {low:.4g} to {high:.4g}, never negative, and the model has no "
                "rescaling layer (limit {limit:g})",
                low=low,
                high=high,
                limit=limit,
            ),
            evidence={"lowest": low, "highest": high},
            threshold=limit,
        )


UNCHECKED_NAMES = Rule(
    code="class-names-unchecked",
    meaning=say("class folders were matched with the classes by their order, as none has the name of one"),
    severity=Severity.WARNING,
    threshold=0,
    unit=say("class names whose order could not be checked"),
    source=say(
        "labels in another order than the model's make right answers wrong, and the samples do not reveal the order"
    ),
    needs=(Need(("summary.labelled",), say("The samples have no labels that name classes.")),),
    advice=Advice(
        title=say("Class order is a guess"),
        why=say("If labels have another order than the model’s outputs, right answers count as wrong."),
        action=say("Pass the class names in the model’s order with --class-names."),
        certainty=Certainty.FACT,
    ),
)


def unchecked_names(result: SamplePredictionsResult, limits: Limits) -> Iterator[Finding]:
    """Yield that nothing tells which class a folder is, where folders were taken for the classes by their order."""
    limit = limits[UNCHECKED_NAMES.code]
    if result.unchecked_names > limit:
        yield UNCHECKED_NAMES.finding(
            say("labels"),
            say(
                "the class order could not be checked: no class folder has one of the {count} names, so they were "
                "matched in the order of the folders' names (limit {limit:g}); rename the folders or give --labels",
                count=result.unchecked_names,
                limit=limit,
            ),
            evidence={"names": result.unchecked_names},
            threshold=limit,
        )


RULES = (NOT_RUN, UNCHECKED_NAMES, NON_FINITE_OUTPUT, UNSTEADY, ALIKE, RANGE, UNSCALED)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: SamplePredictionsResult, limits: Limits) -> Iterator[Finding]:
    """Yield what is amiss with the inputs and outputs of the evaluated samples at these thresholds."""
    for rule in (
        unchecked_names,
        non_finite_output,
        non_deterministic_output,
        constant_output,
        input_range,
        unscaled_input,
    ):
        yield from rule(result, limits)
