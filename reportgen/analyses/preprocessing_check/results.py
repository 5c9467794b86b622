"""What is said of samples scaled in other ways, in numbers and plottables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from reportgen.measures.intervals import Rate
from reportgen.results import Kept, redactable


@redactable
@dataclass(frozen=True)
class VariantAccuracy:
    """How the model does on the samples in another scale.

    Attributes:
        name: the variant's name.
        accuracy: accuracy over the samples checked.
        gained: samples that are right here and wrong as declared.
        lost: samples that are wrong here and right as declared.
        p_value: p-value of McNemar's exact test, before any correction, in [0, 1]; of two classes the larger one of that and of
            the same against the declared scaling at thresholds chosen on other samples.
        option: what makes a report prepare its samples so, such as '--scale none'; '' where no option does.
        looks: how often it was compared, each time with more samples, which the p-value is corrected for too.
    """

    name: Kept[str]
    accuracy: Rate
    gained: int
    lost: int
    p_value: float
    option: Kept[str] = ""
    looks: int = 1

    @property
    def as_used(self) -> float:
        """Accuracy of the same samples as declared, in [0, 1]."""
        return (self.accuracy.successes - self.gained + self.lost) / self.accuracy.trials


MISFIT = 0.75
"""Divergence, in nats, from which inputs of a batch normalisation do not fit what it stored. Source: measurement in
docs/verdicts.md: up to 0.38 of healthy networks on their own samples, from 1.13 on samples in another range."""

DOUBTFUL = 0.15
"""Divergence from which other scales are tried: half the scale and another mean, as 0 to 1 for -1 to 1, gives 0.2 to 0.4. A
finding up to `MISFIT` is a warning. Source: the same measurement: trained long enough, healthy networks have at most 0.01."""

NEARER = 4.0
"""Factor by which another scale must fit better to be named. Source: the same measurement: the right one fits 6 times better at
the least; of networks trained too briefly to fit their own samples no other does twice."""

ALIKE = 0.1
"""Spread of the scores under which answers hardly depend on the sample. Source: measurement in docs/verdicts.md: at least 0.4 of
healthy networks on their own samples, up to 0.01 of networks that were trained on bytes on samples of 0 to 1."""

CONSTANT = 0.01
"""Spread of the scores under which they are the same for all samples. Our choice, as for outputs that are alike."""

APART = 0.3
"""Spread of the scores from which answers depend on the sample. Our choice, within the same gap."""


@redactable
@dataclass(frozen=True)
class ScaleFit:
    """How well the model takes the samples in one scale, as far as that can be told without labels.

    Attributes:
        name: the variant's name; '' for the samples as scaled for this report.
        option: what makes a report scale its samples so, such as '--scale none'; '' where no option does.
        distance: divergence of the inputs of the first batch normalisation from what it stored, in nats; None without one.
        ratio: median over its channels of observed over stored variance; None without one.
        spread: mean distance of the scores from their mean, in [0, 1]: 0 where all samples have the same; None without scores.
        width: standard deviation of the model's inputs.
    """

    name: Kept[str]
    option: Kept[str]
    distance: float | None
    ratio: float | None
    spread: float | None
    width: float


@redactable
@dataclass(frozen=True)
class PreprocessingCheckResult:
    """The model on the same samples, scaled in different ways.

    Attributes:
        checked: number of samples that answers were scored on.
        evaluated: number of samples that they were drawn from.
        declared: accuracy as the samples were scaled for this report; None without labels.
        variants: all that were scored, by falling accuracy; one that was behind at first was scored on fewer samples.
        same: names of variants that are what was declared.
        left_out: why others were not tried, one sentence each.
        exact: whether right means that all classes of a sample are predicted and no others, as of a multi-label model.
        majority: share of the most frequent label, or set of classes, among the samples checked, in [0, 1].
        normalization: the call of the first batch normalisation that can tell scales apart; '' without one.
        as_declared: how the model takes the samples as scaled for this report; None where nothing was amiss.
        scales: how it takes them in other scales.
        scale_samples: number of samples that these were run on.
        dead_layer: the first rectified layer that never fired as declared; '' where each did.
        own_scale: whether nobody asked for the declared scale: bytes were divided by 255 by reportgen itself.
        first: number of samples that every variant was run on; those not behind then were run on all that were checked.
        out_of_reach: whether so few answers are wrong as declared that no variant could be better by more than chance, so that
            none was scored.
        too_few: whether there are labels, but so few samples were scored that no variant could be better by more than chance.
    """

    checked: int
    evaluated: int
    declared: Rate | None
    variants: tuple[VariantAccuracy, ...]
    same: Kept[tuple[str, ...]]
    left_out: Kept[tuple[str, ...]]
    exact: bool = False
    majority: float = 0.0
    normalization: Kept[str] = ""
    as_declared: ScaleFit | None = None
    scales: tuple[ScaleFit, ...] = ()
    scale_samples: int = 0
    dead_layer: Kept[str] = ""
    own_scale: bool = False
    first: int = 0
    out_of_reach: bool = False
    too_few: bool = False
    misfit: ClassVar[float] = DOUBTFUL

    @property
    def best(self) -> VariantAccuracy | None:
        """The variant that does best beside the same samples as declared, of equals the one on more samples; None without any."""
        return max(self.variants, key=lambda one: (one.accuracy.value - one.as_used, one.accuracy.trials), default=None)

    @property
    def by_moments(self) -> ScaleFit | None:
        """The scale in which the first batch normalisation has the inputs that it was trained on; None where that is not so."""
        if self.as_declared is None or (far := self.as_declared.distance) is None or far < DOUBTFUL:
            return None
        known = [(one.distance, one) for one in self.scales if one.distance is not None]
        distance, best = min(known, key=lambda pair: pair[0], default=(far, None))
        return best if distance < MISFIT and distance * NEARER <= far else None

    @property
    def by_spread(self) -> ScaleFit | None:
        """The scale nearest to the declared one in which answers depend on the samples, where they hardly do as declared."""
        declared = self.as_declared
        if declared is None or declared.spread is None or declared.spread >= ALIKE:
            return None
        apart = [one for one in self.scales if one.spread is not None and one.spread >= APART]
        return min(apart, key=lambda one: abs(math.log(one.width / declared.width)), default=None)
