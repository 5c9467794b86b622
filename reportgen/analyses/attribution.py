"""Where it looks: attribution maps of the predicted class, each with its own tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import AnalysisContext, EvaluatedSamples, Skip
from reportgen.analyses.parts.attribution_figure import attribution_figure
from reportgen.analyses.parts.attribution_rules import (
    AIMLESS,
    INCOMPLETE,
    TESTS,
    WEIGHTLESS,
    failed_tests,
    failing_maps,
    undecided_tests,
)
from reportgen.analyses.parts.attribution_runs import CheckedMaps, Explained, explain
from reportgen.errors import ForwardError
from reportgen.measures.attribution_maps import METHODS
from reportgen.measures.deletion import DELETED, RANDOM_ORDERS
from reportgen.measures.tiles import Pictures, pictures_of
from reportgen.messages import say
from reportgen.plottables import PanelGrid
from reportgen.results import Finding
from reportgen.rules import Limits

MOST_SAMPLES = 10
"""Samples that are explained: one of each of ten classes; each costs a pass of 18 masked copies."""

_PICTURE_PIXELS = 96 * 96


@dataclass(frozen=True)
class SampleAttribution:
    """One map and its tests.

    Attributes:
        index: of the sample in the source.
        label: name of its class, or None without labels.
        classes: names of its classes where the labels name any number of them; None elsewhere.
        target: name of the predicted class, which is explained.
        logit: of that class.
        largest: value of the map; None where none is positive.
        completeness: by which share the map's sum misses what it should explain; None where the method has no such test.
        similarity: rank correlation with the map of the randomised network, -1 to 1; None where a map is constant, so that
            the test decides nothing.
        deletion: by how many standard deviations of random orders the area under the class's score, while cells are deleted in
            the map's order, is below their mean; None where no order changes the score by more than a millionth.
        failed: names of the tests that it failed.
    """

    index: int
    label: str | None
    target: str
    logit: float
    largest: float | None
    completeness: float | None
    similarity: float | None
    deletion: float | None
    failed: tuple[str, ...]
    classes: tuple[str, ...] | None = None

    @property
    def undecided(self) -> tuple[str, ...]:
        """Names of the tests that decide nothing on a map that failed no other."""
        if self.failed or self.largest is None:
            return ()
        return undecided_tests(self.similarity, self.deletion)

    @property
    def sign(self) -> str:
        """What marks the map: ✖ failed, ∅ without a positive value, ? not decided; '' for one that passed."""
        return "✖" if self.failed else "∅" if self.largest is None else "?" if self.undecided else ""


@dataclass(frozen=True)
class MethodMaps:
    """The maps of one method.

    Attributes:
        key: as --attribution takes it.
        title: the method's name.
        subject: the call whose maps are explained, or 'input'.
        size: of a map.
        figure: each sample, grey, beside the positive part of its map, all maps on one scale.
        points: of the quadrature, the most that a sample needed; None for other methods.
        samples: in the order of the selection.
    """

    key: str
    title: str
    subject: str
    size: tuple[int, ...]
    figure: PanelGrid
    points: int | None
    samples: tuple[SampleAttribution, ...]

    @property
    def failed(self) -> tuple[SampleAttribution, ...]:
        """The maps that are not evidence."""
        return tuple(sample for sample in self.samples if sample.failed)

    @property
    def blank(self) -> tuple[SampleAttribution, ...]:
        """The maps without a positive value."""
        return tuple(sample for sample in self.samples if sample.largest is None)

    @property
    def undecided(self) -> tuple[SampleAttribution, ...]:
        """The maps that failed no test, but on which one decides nothing."""
        return tuple(sample for sample in self.samples if sample.undecided)

    @property
    def passed(self) -> tuple[SampleAttribution, ...]:
        """The maps that passed all of their tests."""
        return tuple(sample for sample in self.samples if not sample.sign)


@dataclass(frozen=True)
class AttributionResult:
    """Maps by method.

    Attributes:
        methods: in the order asked for.
        explained: which values were explained, in words.
        chosen: number of chosen samples, of which at most `MOST_SAMPLES` are explained.
        kernels: number that the randomised network had drawn anew.
        deleted: shares of the image that were deleted.
        random_orders: that each map's order was compared with.
        reduction: factor by which the pictures are smaller than the samples.
        seed: of the randomised weights and orders.
        other_inputs: whether the model has inputs besides the pictured one; they stay at their sample's own values.
    """

    methods: tuple[MethodMaps, ...]
    explained: str
    chosen: int
    kernels: int
    deleted: tuple[float, ...]
    random_orders: int
    reduction: int
    seed: int
    other_inputs: bool = False


class Attribution:
    """Shows and tests attribution maps of the chosen samples."""

    name = "attribution"
    title = say("Where it looks")
    rules = (WEIGHTLESS, AIMLESS, INCOMPLETE)

    def run(self, context: AnalysisContext) -> AttributionResult | Skip:
        """Return the maps; a skip without samples, convolution or class scores."""
        if context.samples is None or context.live is None:
            return Skip(context.no_samples_reason)
        if context.live.no_gradients:
            return Skip(context.live.no_gradients)
        if not context.options.attribution:
            return Skip(say("Attribution maps were left out; --attribution hirescam makes them."))
        samples = context.samples
        pictures = pictures_of(samples.images[:MOST_SAMPLES], pixels=_PICTURE_PIXELS)
        if pictures is None or samples.images.ndim != 4:
            return Skip(
                say("Attribution maps are drawn for images alone; these samples do not have a height and a width.")
            )
        try:
            explained = explain(context, samples, MOST_SAMPLES)
        except ForwardError as error:
            return Skip(say("The gradients could not be computed. Received: {error}", error=str(error)))
        if isinstance(explained, str):
            return Skip(explained)
        return AttributionResult(
            methods=tuple(_method(maps, explained, samples, pictures, context.limits) for maps in explained.maps),
            explained=explained.target.rule,
            chosen=len(samples.names),
            kernels=explained.kernels,
            deleted=DELETED,
            random_orders=RANDOM_ORDERS,
            reduction=pictures.reduction,
            seed=context.options.seed,
            other_inputs=explained.other_inputs,
        )

    def findings(self, result: AttributionResult, limits: Limits) -> Iterable[Finding]:
        """Return the methods whose maps failed a test."""
        for method in result.methods:
            for rule in self.rules:
                failed = [sample for sample in method.samples if TESTS[rule.code] in sample.failed]
                if failed:
                    yield failing_maps(rule, method, failed, limits[rule.code])


def _method(
    maps: CheckedMaps, explained: Explained, samples: EvaluatedSamples, pictures: Pictures, limits: Limits
) -> MethodMaps:
    shown = tuple(_sample(maps, explained, samples, limits, position) for position in range(len(maps.values)))
    labels = tuple(f"{sample.index} {sample.sign}".rstrip() for sample in shown)
    figure = attribution_figure(maps.values, pictures, labels, total=len(samples.names))
    subject = say("input") if maps.key == "integrated-gradients" else explained.target.features
    return MethodMaps(maps.key, METHODS[maps.key], subject, maps.values.shape[1:], figure, maps.points, shown)


def _sample(
    maps: CheckedMaps, explained: Explained, samples: EvaluatedSamples, limits: Limits, position: int
) -> SampleAttribution:
    largest = float(maps.values[position].max())
    completeness = None if maps.completeness is None else float(maps.completeness[position])
    similarity, deletion = float(maps.similarity[position]), float(maps.deletion[position])
    sets = samples.label_sets
    return SampleAttribution(
        index=samples.summary.shown[position],
        label=None if samples.labels is None else samples.class_name(int(samples.labels[position])),
        target=samples.class_name(int(explained.classes[position])),
        logit=float(explained.logits[position]),
        largest=largest if largest > 0 else None,
        completeness=completeness,
        similarity=similarity if np.isfinite(similarity) else None,
        deletion=deletion if np.isfinite(deletion) else None,
        failed=failed_tests(largest, completeness, similarity, deletion, limits),
        classes=None if sets is None else tuple(map(samples.class_name, np.flatnonzero(sets[position]).tolist())),
    )
