"""From a sample source to what the analyses see: which samples, scaled how, and what the model made of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from reportgen.errors import MisfitError, SamplesError
from reportgen.measures.arrangement import AS_IT_IS, Arrangement
from reportgen.measures.attribution_maps import FORMULAS
from reportgen.messages import say
from reportgen.models.gradients import explained_call
from reportgen.models.graphs import (
    DescribedModel,
    Head,
    call_name,
    layer_path,
    may_be_random,
)
from reportgen.models.passes import Activations, ForwardPass, only_input, predict, run_forward
from reportgen.options import ReportOptions
from reportgen.progress import counted_off
from reportgen.results import SamplesSummary
from reportgen.run.answers import ClassScores, class_scores, cross_entropy
from reportgen.run.batches import Feed, model_batch, samples_at_once
from reportgen.run.shards import ReducedShard, Shard, Sharding, reduce_shard, run_shards
from reportgen.samples import (
    Classes,
    ClassLabels,
    Fingerprint,
    Labels,
    LabelSets,
    SampleSource,
    Scaling,
    Selection,
    Unused,
    choose_scaling,
    classes_of,
    fingerprint_samples,
    parse_selection,
    select_samples,
)

MOST_BY_DEFAULT = 20
"""A default selection shows no more samples than this, however many classes there are."""


REPEATED = 16
"""Samples that are run twice to see whether the model answers alike; what is drawn at random shows on the first already."""

_MOST_HELD = 2**26  # bytes of samples that are held in memory

LARGEST_REPEAT_CHANGE = 1e-4
"""Share of the largest output: sums in another order differ by about 1e-6 of it in float32, what is drawn at random by more."""


def evaluate_samples(
    described: DescribedModel,
    source: SampleSource,
    *,
    shown: tuple[str, ...],
    options: ReportOptions,
    sharding: Sharding | None = None,
) -> EvaluatedSamples:
    """Choose samples, run the model on them once and return what came out.

    Args:
        described: the model.
        source: the samples.
        shown: paths of the layers whose outputs are kept for the chosen samples; of a shared layer, those of every call.
        options: the report's.
        sharding: how the pass is shared out among workers; None for here alone.

    Raises:
        SamplesError: too few samples, an index or a label out of range, class names of another number than classes, a
            selection by loss without class scores.
        ForwardError: the model cannot be run on the samples.
    """
    rescaling, tokens = described.rescaling, described.looked_up_by(_taken(source))
    chosen = _choose(described, source, options)
    feed, indices, labels = chosen.feed, chosen.indices, classes_of(source.labels)
    activations = _run(
        described, feed, indices, shown, keep_samples=len(chosen.shown), options=options, sharding=sharding
    )
    _check_classes(source, activations, described.head, labels)
    repeated = next(feed.batches(indices[:REPEATED])) if may_be_random(described.model) else None
    change = 0.0 if repeated is None else _repeat_change(described, repeated)
    hashed = fingerprint_samples(source, indices)
    evaluated = (
        source.labels if source.labels is None or isinstance(source.labels, Unused) else source.labels.take(indices)
    )
    return EvaluatedSamples(
        summary=SamplesSummary(
            source=source.description,
            total=source.count,
            evaluated=len(indices),
            shown=chosen.shown,
            selection=chosen.selection.text,
            shape=source.shape,
            dtype=str(source.dtype),
            stored_range=feed.stored_range,
            input_range=feed.input_range,
            labelled=source.labels is not None and not isinstance(source.labels, Unused),
            steps=(*source.steps, *source.noticed(), chosen.scaling.description, *chosen.cut),
            sha256=hashed.samples,
            labels_sha256=hashed.with_labels,
            sha256_of=hashed.what,
            unused_labels=source.labels.reason if isinstance(source.labels, Unused) else "",
        ),
        names=tuple(source.names(index) for index in chosen.shown),
        images=source.read(chosen.shown),
        labels=evaluated,
        class_names=source.class_names,
        classes_by_position=source.classes_by_position,
        expected_range=rescaling.expected_range if rescaling else None,
        rescaled=rescaling is not None or bool(tokens),
        activations=activations,
        read=lambda positions: source.read([indices[position] for position in positions]),
        scale=chosen.scaling.apply,
        arrangement=source.arrangement,
        indices=indices,
        name_of=lambda position: source.names(indices[position]),
        areas=source.areas,
        pack=_packing(described.model, source, indices, feed.others),
        repeat_change=change,
        unsteady_layer=_unsteady_layer(described, repeated) if change > LARGEST_REPEAT_CHANGE else "",
        batch=feed.size,
    )


def fingerprint_chosen(described: DescribedModel, source: SampleSource, *, options: ReportOptions) -> Fingerprint:
    """Return the fingerprint of the samples that a report evaluates; the model runs only where its losses choose them.

    Args:
        described, source, options: see `evaluate_samples`.

    Raises:
        SamplesError: see `evaluate_samples`.
    """
    return fingerprint_samples(source, _choose(described, source, options).indices)


@dataclass(frozen=True)
class _Chosen:
    """Which samples a report shows and evaluates.

    Attributes:
        selection: the rule that chose those shown.
        shown: indices of the chosen ones.
        cut: what is said where a default selection would show too many.
        indices: those of all that are evaluated, the chosen ones first.
        scaling: what is done to them.
        feed: gives them to the model.
    """

    selection: Selection
    shown: tuple[int, ...]
    cut: tuple[str, ...]
    indices: tuple[int, ...]
    scaling: Scaling
    feed: Feed


def _choose(described: DescribedModel, source: SampleSource, options: ReportOptions) -> _Chosen:
    scaling = _scaling(described, source, options)
    feed = Feed(described.model, source, scaling, samples_at_once(described, _taken(source)), scale=options.scale)
    labels = classes_of(source.labels)
    selection = parse_selection(options.select, labelled=labels is not None)
    losses = _losses(described, source, labels, feed) if selection.needs_losses and labels is not None else None
    chosen = select_samples(selection, count=source.count, labels=labels, losses=losses, seed=options.seed)
    chosen, cut = _bounded(chosen, selection)
    indices = evaluated_indices(chosen, source.count, most=options.max_evaluated, seed=options.seed)
    return _Chosen(selection, chosen, cut, indices, scaling, feed)


def _repeat_change(described: DescribedModel, batch: Any) -> float:
    """Return how far the outputs of a batch differ when it is run twice, as a share of the largest output.

    Infinite where they are NaN or infinite in one run alone.
    """
    once, again = (
        predict(described.model, [batch], output=described.output.index, compiled=described.compiled) for _ in range(2)
    )
    return _change(once, again)


def _unsteady_layer(described: DescribedModel, batch: Any) -> str:
    """Return the name of the first call whose output differs when a batch is run twice; '' where none can be told."""
    if described.compiled:
        return ""
    every = _every_call(described, tuple(described.layers))
    once, again = (
        run_forward(described.model, [batch], layers=described.layers, keep=every, keep_samples=REPEATED)
        for _ in range(2)
    )
    unsteady = (name for name in once.order if name in once.kept and name in again.kept)
    return next((name for name in unsteady if _change(once.kept[name], again.kept[name]) > LARGEST_REPEAT_CHANGE), "")


def _change(once: np.ndarray, again: np.ndarray) -> float:
    """Return the largest difference between two arrays of one shape as a share of their largest value."""
    if not np.array_equal(np.isfinite(once), np.isfinite(again)):
        return math.inf
    known = np.isfinite(once)
    change = np.abs(once[known].astype(np.float64) - again[known]).max(initial=0.0)
    return float(change / max(np.abs(once[known]).max(initial=0.0), np.finfo(np.float32).tiny))


def _packing(
    model: Any, source: SampleSource, indices: Sequence[int], scalings: Mapping[str, Scaling]
) -> Callable[[Any, Sequence[int]], Any]:
    """Return what puts scaled samples together with those of the model's other inputs, by their positions."""
    if not source.input_name:
        return only_input
    return lambda scaled, positions: model_batch(
        model, source, scaled, [indices[position] for position in positions], scalings
    )


def _run(
    described: DescribedModel,
    feed: Feed,
    indices: Sequence[int],
    shown: tuple[str, ...],
    *,
    keep_samples: int,
    options: ReportOptions,
    sharding: Sharding | None,
) -> Activations:
    """Run the model on these samples; where the memory does not suffice, once more from the first in smaller batches."""
    while True:
        try:
            forward = _begun(described, shown, options, samples=len(indices), keep_samples=keep_samples)
            done = 0
            with closing(feed.batches(indices)) as batches:
                for batch in batches:
                    forward.run(batch)
                    done += feed.size
                    if sharding is not None and forward.is_reduced:
                        break
            if sharding is not None and done < len(indices):
                run_shards(forward, feed, indices, done, sharding)
            return forward.finish()
        except MemoryError:
            feed.size = min(feed.size, len(indices)) // 2
            if not feed.size:
                raise


def _begun(
    described: DescribedModel, shown: tuple[str, ...], options: ReportOptions, *, samples: int, keep_samples: int
) -> ForwardPass:
    """Return the pass of a report, before its first batch; in a worker it is the same but for the samples that are kept."""
    by_maps = set(options.attribution_methods) & set(FORMULAS) and not (described.compiled or described.outputs_only)
    explained = explained_call(described.model, described.layers, described.output.index) if by_maps else ""
    layers = described.watched(shown)
    if explained:
        layers |= {layer_path(explained): described.layers[layer_path(explained)]}
    return ForwardPass(
        described.model,
        layers=layers,
        keep=_every_call(described, shown),
        keep_samples=keep_samples,
        output=described.output.index,
        compiled=described.compiled,
        keep_activations=not options.layers,
        samples=samples,
        beside=explained,
    )


class ShardRunner:
    """What a worker keeps between the shards of one pass: the model, the samples, and a pass that saw the first batch.

    Args:
        described: the model.
        source: the samples.
        shown: see `evaluate_samples`.
        options: the report's.
    """

    def __init__(
        self, described: DescribedModel, source: SampleSource, *, shown: tuple[str, ...], options: ReportOptions
    ) -> None:
        self._described, self._shown, self._options = described, shown, options
        scaling = _scaling(described, source, options)
        self._feed = Feed(described.model, source, scaling, 1, scale=options.scale)
        self._begun: dict[tuple[int, ...], ForwardPass] = {}

    def reduce(self, shard: Shard) -> ReducedShard:
        """Return what a shard adds to its pass."""
        self._feed.size = shard.size
        if shard.first not in self._begun:
            forward = _begun(self._described, self._shown, self._options, samples=shard.total, keep_samples=0)
            for batch in self._feed.batches(shard.first):
                forward.run(batch)
            self._begun = {shard.first: forward}
        return reduce_shard(shard, self._feed, self._begun[shard.first])


def _scaling(described: DescribedModel, source: SampleSource, options: ReportOptions) -> Scaling:
    rescaling = described.rescaling
    chosen = choose_scaling(
        options.scale,
        dtype=source.dtype,
        rescaled_by=rescaling.path if rescaling else None,
        looked_up_by=described.looked_up_by(_taken(source)),
    )
    return replace(chosen, arrangement=source.arrangement)


def _taken(source: SampleSource) -> tuple[int, ...]:
    """Return the shape of a sample as the model takes it."""
    return tuple(source.arrangement.undo(np.empty((0, *source.shape))).shape[1:])


def _every_call(described: DescribedModel, shown: tuple[str, ...]) -> frozenset[str]:
    """Return the names of all calls of these layers: a shared layer has several."""
    calls = Counter(call.path for call in described.calls)
    return frozenset(call_name(path, number) for path in shown for number in range(1, max(calls[path], 1) + 1))


def evaluated_indices(chosen: tuple[int, ...], count: int, *, most: int, seed: int) -> tuple[int, ...]:
    """Return the samples to run the model on: the chosen ones, then others up to `most` in all.

    Where there are more, the others are drawn at random, so that a sorted source does not show one class alone.

    Args:
        chosen: indices, all of which are evaluated.
        count: number of all samples.
        most: how many to evaluate in all.
        seed: decides the draw.
    """
    others = np.setdiff1d(np.arange(count), chosen)
    room = max(most - len(chosen), 0)
    if len(others) > room:
        others = np.sort(np.random.default_rng(seed).choice(others, room, replace=False))
    return (*chosen, *others.tolist())


def _bounded(chosen: tuple[int, ...], selection: Selection) -> tuple[tuple[int, ...], tuple[str, ...]]:
    if selection.strict or len(chosen) <= MOST_BY_DEFAULT:
        return chosen, ()
    sentence = say(
        "One per class would be {count} samples; the first {most} are shown (--select shows others).",
        count=len(chosen),
        most=MOST_BY_DEFAULT,
    )
    return chosen[:MOST_BY_DEFAULT], (sentence,)


def _losses(described: DescribedModel, source: SampleSource, labels: Classes, feed: Feed) -> np.ndarray:
    outputs = predict(
        described.model,
        feed.batches(range(source.count)),
        output=described.output.index,
        compiled=described.compiled,
    )
    scores = class_scores(outputs, head=described.head, labels=labels)
    if scores is None:
        raise SamplesError(
            "--select hardest and easiest need a model that returns one score for each class. "
            f"Received: an output of shape {outputs.shape[1:]}. Choose samples by first:N, random:N or their indices."
        )
    _check_labels(labels, scores)
    return cross_entropy(scores, labels)


def _check_classes(source: SampleSource, activations: Activations, head: Head, labels: Classes | None) -> None:
    scores = class_scores(activations.outputs, head=head, labels=labels)
    if scores is None:
        return
    classes = scores.values.shape[1]
    if source.class_names is not None and len(source.class_names) != classes:
        raise MisfitError(
            f"class names must be {classes}, as the model has {classes} classes. "
            f"Received: {len(source.class_names)}{_names_remedy(source)}"
        )
    if labels is not None:
        _check_labels(labels, scores)


def _names_remedy(source: SampleSource) -> str:
    if not source.class_names_origin:
        return ". Give --class-names in the model's order."
    return (
        f", {source.class_names_origin}. Give the names of all classes by --class-names, among which the folders are found by "
        "name, or --labels none to take the folders for no labels."
    )


def _check_labels(labels: Classes, scores: ClassScores) -> None:
    classes = scores.values.shape[1]
    if isinstance(labels, LabelSets):
        _check_label_sets(labels.values, scores)
        return
    wrong = np.flatnonzero((labels.values < 0) | (labels.values >= classes))
    if wrong.size:
        raise MisfitError(
            f"labels must be from 0 to {classes - 1}, as the model has {classes} classes. "
            f"Received: {labels.values[wrong[0]]} for sample {wrong[0]}. Check that labels and model belong together."
        )


def _check_label_sets(sets: np.ndarray, scores: ClassScores) -> None:
    classes = scores.values.shape[1]
    if sets.shape[1] != classes:
        raise SamplesError(
            f"labels that name several classes must have a column for each of the model's {classes} classes. "
            f"Received: rows of {sets.shape[1]}. Check that labels and model belong together."
        )
    if not scores.independent:
        row = int(np.flatnonzero(sets.sum(axis=1) != 1)[0])
        raise SamplesError(
            "labels must name one class for each sample, as the model's outputs are the probabilities of one. "
            f"Received: {int(sets[row].sum())} classes for sample {row}. Give class numbers or one-hot rows; several "
            "classes need a model with an independent score for each class, as of a sigmoid."
        )


@dataclass(frozen=True, kw_only=True)
class EvaluatedSamples:
    """The samples that the model was run on; the first `len(names)` of them are the chosen ones.

    Attributes:
        summary: where they come from and what was done.
        names: the chosen samples' names, n of them.
        images: the chosen samples as stored, (n, *shape), rows, columns and channels last.
        labels: what is known to be right for each of all N evaluated samples, chosen ones first; None where nothing was given.
        class_names: by class, or None.
        classes_by_position: whether class folders were taken for the classes by their order, as none has the name of one.
        expected_range: the values that the model's own rescaling layer maps to [0, 1] or [-1, 1], or None where it
            has no such layer or cannot tell.
        rescaled: whether the model rescales its input by itself, in whatever way, or looks tokens up, which have no scale.
        activations: what the forward pass recorded, chosen samples first.
        read: returns evaluated samples by their position (not their index in the source), (n, *shape) as stored; read again
            from the source, so that not all need to be in memory.
        scale: turns stored samples into what the model receives, (n, ...) float32, in its own order of axes.
        arrangement: from what the model receives to pictures.
        pack: puts scaled samples together with what the model's other inputs receive, by the positions of these samples, each
            input at its sample's own values; returns them as they are where there is a single input.
        repeat_change: how far the outputs of the first samples differ when they are run twice, as a share of the largest output;
            0 for a model of which every layer is known to draw nothing.
        unsteady_layer: the first call whose output differs then; '' where none does or none can be told.
        batch: how many samples were run at once.
        indices: the places of all N evaluated samples in the source, in order; empty where they are the first N.
        name_of: returns the name of an evaluated sample in the source, by its position.
        areas: pixels of image files that were resized, by the sample's index in the source; of those read so far.
    """

    summary: SamplesSummary
    names: tuple[str, ...]
    images: np.ndarray
    labels: Labels | None
    class_names: tuple[str, ...] | None
    expected_range: tuple[float, float] | None
    classes_by_position: bool = False
    rescaled: bool = False
    activations: Activations
    read: Callable[[Sequence[int]], np.ndarray]
    scale: Callable[[np.ndarray], np.ndarray]
    arrangement: Arrangement = AS_IT_IS
    indices: tuple[int, ...] = ()
    name_of: Callable[[int], str] = str
    areas: Mapping[int, int] = field(default_factory=dict)
    pack: Callable[[Any, Sequence[int]], Any] = only_input
    repeat_change: float = 0.0
    unsteady_layer: str = ""
    batch: int = 128

    @property
    def not_repeatable(self) -> str:
        """Why nothing can be learned from running the model again, one sentence; '' where it answers alike."""
        if self.repeat_change <= LARGEST_REPEAT_CHANGE:
            return ""
        return say(
            "The model gives different outputs for the same samples, so the cause of a change cannot be identified."
        )

    @property
    def classes(self) -> Classes | None:
        """The labels of the evaluated samples where they name classes; None where they do not or there are none."""
        return classes_of(self.labels)

    @property
    def no_labels_reason(self) -> str:
        """Why there are no class labels to compare predictions with, one sentence."""
        if isinstance(self.labels, Unused):
            return self.labels.reason
        if self.labels is not None:
            return say("The labels are numbers, masks or images, and this compares class labels.")
        return say("The samples have no labels. Add --labels FILE to measure accuracy.")

    @property
    def evaluated(self) -> int:
        """Number of samples that the model was run on."""
        return self.summary.evaluated

    def index(self, position: int) -> int:
        """Return the index in the source of an evaluated sample."""
        return self.indices[position] if self.indices else position

    def holding(self, positions: Sequence[int]) -> EvaluatedSamples:
        """Return the same samples, of which these are read once and held in memory; not where they take over 64 MiB."""
        size = math.prod(self.summary.shape) * np.dtype(self.summary.dtype).itemsize
        if size * len(positions) > _MOST_HELD:
            return self
        held = dict(zip(positions, self.read(positions), strict=True))

        def read(wanted: Sequence[int]) -> np.ndarray:
            known = len(wanted) > 0 and all(position in held for position in wanted)
            return np.stack([held[position] for position in wanted]) if known else self.read(wanted)

        return replace(self, read=read)

    def batches(self, size: int) -> Iterator[np.ndarray]:
        """Yield all evaluated samples as the model receives them, (n, *shape) float32, in order, n at most `size`."""
        for start in counted_off(range(0, self.evaluated, size), self.evaluated, size=size):
            yield self.scale(self.read(range(start, min(start + size, self.evaluated))))

    def packed(self, positions: Sequence[int], size: int) -> Iterator[Any]:
        """Yield some evaluated samples as the model is called with them, in this order, at most `size` at a time."""
        for start in range(0, len(positions), size):
            some = positions[start : start + size]
            yield self.pack(self.scale(self.read(some)), some)

    def with_first(self, pictures: Any) -> Any:
        """Return pictures, (n, ...) as the model receives them, beside the first sample's values of the model's other inputs.

        For layers that see the picture alone, so that any sample's values would do.
        """
        return self.pack(pictures, [0] * int(pictures.shape[0]))

    def label_name(self, position: int) -> str | None:
        """Return the label of a chosen sample by its class's name; the bare number where a single output may be any number."""
        if not isinstance(self.labels, ClassLabels):
            return None
        label = int(self.labels.values[position])
        known, outputs = self.labels.values, self.activations.outputs
        binary = bool(((outputs >= 0) & (outputs <= 1)).all() and (known <= 1).all()) or set(known.tolist()) == {0, 1}
        number = outputs.shape[1:] == (1,) and self.class_names is None and not binary
        return str(label) if number else self.class_name(label)

    def set_names(self, position: int) -> tuple[str, ...] | None:
        """Return the names of a sample's classes where the labels name any number of them; None elsewhere."""
        if not isinstance(self.labels, LabelSets):
            return None
        return tuple(self.class_name(index) for index in np.flatnonzero(self.labels.values[position]).tolist())

    def class_name(self, index: int) -> str:
        """Return the name of a class, or 'class 3' where names were not given."""
        named = self.class_names is not None and index < len(self.class_names)
        return self.class_names[index] if named and self.class_names else say("class {number:d}", number=index)
