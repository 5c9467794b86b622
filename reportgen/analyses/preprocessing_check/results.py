"""What is said of samples scaled in other ways, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass

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
        p_value: p-value of McNemar's exact test, before any correction, in [0, 1].
    """

    name: Kept[str]
    accuracy: Rate
    gained: int
    lost: int
    p_value: float


@redactable
@dataclass(frozen=True)
class PreprocessingCheckResult:
    """The model on the same samples, scaled in different ways.

    Attributes:
        checked: number of samples.
        evaluated: number of samples that they were drawn from.
        declared: accuracy as the samples were scaled for this report.
        variants: all that were run, by falling accuracy.
        same: names of variants that are what was declared.
        left_out: why others were not tried, one sentence each.
        exact: whether right means that all classes of a sample are predicted and no others, as of a multi-label model.
        majority: share of the most frequent label, or set of classes, among the samples checked, in [0, 1].
    """

    checked: int
    evaluated: int
    declared: Rate
    variants: tuple[VariantAccuracy, ...]
    same: Kept[tuple[str, ...]]
    left_out: Kept[tuple[str, ...]]
    exact: bool = False
    majority: float = 0.0
