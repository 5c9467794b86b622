"""Brightness: the mean of each sample as the model receives it, and how many samples are dark."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.plottables import Histogram
from reportgen.results import Finding, Severity
from reportgen.rules import Limits, Rule

DARK = Rule(
    code="dark-samples",
    meaning="many samples are so dark that there is little to see in them",
    severity=Severity.WARNING,
    threshold=0.10,
    unit="share of the samples whose mean is under a twentieth of the range",
    source="a convention of this example",
    bounds=(0.0, 1.0),
)


@dataclass(frozen=True)
class BrightnessResult:
    """The brightness of all evaluated samples.

    Attributes:
        histogram: the samples' means.
        samples: number of samples.
        mean: the mean input of all samples, in units of the model's input.
        dark: number of samples whose mean is under a twentieth of the range of all inputs.
    """

    histogram: Histogram
    samples: int
    mean: float
    dark: int


class Brightness:
    """Measures how bright the samples are."""

    name = "brightness"
    title = "Brightness"
    rules = (DARK,)

    def run(self, context: AnalysisContext) -> BrightnessResult | Skip:
        """Return the brightness of the samples; a skip without samples."""
        if context.samples is None:
            return Skip(context.no_samples_reason)
        low, high = context.samples.summary.input_range
        batches = [batch.mean(axis=tuple(range(1, batch.ndim))) for batch in context.samples.batches(256)]
        means = np.concatenate(batches).astype(np.float64)
        counts, edges = np.histogram(means, bins=20)
        dark = int((means < low + 0.05 * (high - low)).sum())
        return BrightnessResult(
            Histogram(edges, {"samples": counts}, "mean input"), len(means), float(means.mean()), dark
        )

    def findings(self, result: BrightnessResult, limits: Limits) -> Iterable[Finding]:
        """Return a warning where more samples are dark than the limit allows."""
        limit, share = limits[DARK.code], result.dark / result.samples
        if share > limit:
            yield DARK.finding(
                "samples",
                f"{result.dark} of {result.samples} samples are dark ({share:.1%}, limit {limit:.0%})",
                evidence={"dark": result.dark, "samples": result.samples, "share": share},
                threshold=limit,
            )


BRIGHTNESS = Brightness()
