"""Shortcuts: whether the answer follows one small place, or the border, into another sample.

A grey square is nothing that a network has seen, so that its answers tell as much about the grey as about what is hidden. Here
a cell comes from another sample instead, one that the model answers otherwise, at the same place. Where the answer stays, the
cell matters little; where it becomes the other sample's, the cell alone carries it. A place is judged by whether both
answers change places when it does: a sleeve on a shoe may make a shirt of it, but the shoe's background makes no shoe of a
shirt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip, not_paid
from reportgen.analyses.shortcuts.results import ClassCells, Place, ShortcutsResult
from reportgen.analyses.shortcuts.rules import RULES, findings, is_open
from reportgen.errors import ForwardError
from reportgen.measures.effort import effort_of
from reportgen.measures.intervals import Rate, measure
from reportgen.measures.tiles import columns_for
from reportgen.messages import say
from reportgen.models.passes import LiveModel
from reportgen.results import FEWEST_SAMPLES, Finding, ImageGrid, Inconclusive, Limits, Palette
from reportgen.run import ClassScores, EvaluatedSamples, run_changed
from reportgen.samples import Unused

CELLS = 6
"""Along each axis: a square of two by two of them is a ninth of the picture."""

MOST_PAIRS = 50
"""Pairs that are compared; with `--effort full` all are."""

CONDITIONS = CELLS**2 + 2 * 4 + 1
"""Passes of each pair: every cell, both samples for each of the squares around the strongest one, and all within the border."""

MOST_DECIDING = 200
"""More pairs in which the strongest place alone is exchanged where the first ones leave open whether it carries answers."""

_FEWEST_OF_CLASS = 10
"""Pairs under which a class has no map of its own."""

_SMALLEST = 2 * CELLS
_BORDER = 12
"""The border is this fraction of each side: what lies within is 69 % of the picture."""

_NO_PICTURES = say("The samples are not pictures of {size} pixels and more, so no place can be exchanged.", size=12)
_NO_SCORES = say("The output is not one score per class, so no answer can be compared.")
_NOT_FINITE = say("Some outputs are NaN or infinite, so no answer can be compared.")
_ALIKE = say("Too few samples are answered differently, so no place can be exchanged between answers.")


class Shortcuts:
    """Puts cells of samples into samples that are answered otherwise, and looks whose answer comes out."""

    name = "shortcuts"
    title = say("Shortcuts")
    rules = RULES

    def run(self, context: AnalysisContext) -> ShortcutsResult | Skip:
        """Return what each cell carries; a skip where nothing can be exchanged, compared or paid for."""
        samples, live = context.samples, context.live
        if samples is None or live is None:
            return Skip(context.no_samples_reason)
        scores = context.scores
        reason = _reason(samples, scores)
        if reason or scores is None:
            return Skip(reason)
        answers = _answers(scores.values, scores)
        receivers, donors = _pairs(np.unique(answers, return_inverse=True)[1], seed=context.options.seed)
        if len(receivers) < FEWEST_SAMPLES:
            return Skip(_ALIKE)
        effort = effort_of(context.options.effort, context.layers)
        most = len(receivers) if effort.budget is None else min(len(receivers), MOST_PAIRS)
        count = effort.changed(most * CONDITIONS) // CONDITIONS
        if count < FEWEST_SAMPLES:
            return not_paid(effort)
        pairs = _Pairs.of(live, samples, scores, answers, receivers[:count], donors[:count])
        used, more = count * CONDITIONS, min(len(receivers) - count, MOST_DECIDING)
        paid = count + max(effort.changed(used + 2 * more) - used, 0) // 2
        try:
            result = _result(pairs, available=len(receivers))
            if is_open(result, context.limits) and paid > count:
                others = _Pairs.of(live, samples, scores, answers, receivers[count:paid], donors[count:paid])
                result = _with_more(result, others)
            return result
        except ForwardError as error:
            return Skip(say("The model could not run on changed samples. Received: {error}", error=str(error)))

    def findings(self, result: ShortcutsResult, limits: Limits) -> Iterable[Finding | Inconclusive]:
        """Return the place, or the border, that carries more answers than the limit allows."""
        return findings(result, limits)


def _reason(samples: EvaluatedSamples, scores: ClassScores | None) -> str:
    """Return why nothing can be measured, one sentence; '' where it can be."""
    shape = samples.summary.shape
    if len(shape) != 3 or min(shape[:2]) < _SMALLEST:
        return _NO_PICTURES
    if samples.not_repeatable:
        return samples.not_repeatable
    if not np.isfinite(samples.activations.outputs).all():
        return _NOT_FINITE
    if scores is None or not (samples.labels is None or samples.classes or isinstance(samples.labels, Unused)):
        return _NO_SCORES
    return ""


def _answers(values: np.ndarray, scores: ClassScores) -> np.ndarray:
    """Return one text or number for each answer, (n,): the class, or the set of classes of independent scores."""
    if not scores.independent:
        return np.asarray(values.argmax(axis=1))
    return np.array(["".join(map(str, row)) for row in (values > 0.5).astype(int).tolist()])


def _pairs(answers: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positions of samples and, for each, of one with another answer; drawn by the seed, each sample once at most."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(answers))
    by_answer = order[np.argsort(answers[order], kind="stable")]
    partners = np.roll(by_answer, -int(np.bincount(answers).max()))
    differ = np.flatnonzero(answers[by_answer] != answers[partners])
    drawn = generator.permutation(differ)
    return by_answer[drawn], partners[drawn]


@dataclass(frozen=True)
class _Pairs:
    """Samples and those that places of them come from, as stored, with what the model answers to both."""

    live: LiveModel
    samples: EvaluatedSamples
    scores: ClassScores
    positions: Sequence[int]
    other_positions: Sequence[int]
    stored: np.ndarray
    others: np.ndarray
    own: np.ndarray
    foreign: np.ndarray

    @classmethod
    def of(
        cls,
        live: LiveModel,
        samples: EvaluatedSamples,
        scores: ClassScores,
        answers: np.ndarray,
        receivers: np.ndarray,
        donors: np.ndarray,
    ) -> _Pairs:
        """Return these pairs, read from the source."""
        own, other = receivers.tolist(), donors.tolist()
        return cls(
            live,
            samples,
            scores,
            own,
            other,
            samples.read(own),
            samples.read(other),
            answers[receivers],
            answers[donors],
        )

    @property
    def turned(self) -> _Pairs:
        """The same pairs with the samples' parts exchanged."""
        return _Pairs(
            self.live,
            self.samples,
            self.scores,
            self.other_positions,
            self.positions,
            self.others,
            self.stored,
            self.foreign,
            self.own,
        )

    def swaps(self, rows: slice, columns: slice) -> int:
        """Return in how many pairs both answers change places when this place does."""
        return int((self.exchanged(rows, columns)[1] & self.turned.exchanged(rows, columns)[1]).sum())

    def exchanged(self, rows: slice, columns: slice) -> tuple[np.ndarray, np.ndarray]:
        """Return which answers stay, and which become the other sample's, when this place comes from that, (n,) bool each."""
        changed = self.stored.copy()
        changed[:, rows, columns] = self.others[:, rows, columns]
        outputs = run_changed(self.live, self.samples, changed, self.positions)
        answers = _answers(self.scores.like(outputs).values, self.scores)
        return answers == self.own, answers == self.foreign


def _result(pairs: _Pairs, *, available: int) -> ShortcutsResult:
    height, width = pairs.stored.shape[1:3]
    ends = [[round(cell * size / CELLS) for cell in range(CELLS + 1)] for size in (height, width)]

    def place(row: int, column: int, size: int) -> tuple[slice, slice]:
        return slice(ends[0][row], ends[0][row + size]), slice(ends[1][column], ends[1][column + size])

    found = [[pairs.exchanged(*place(row, column, 1)) for column in range(CELLS)] for row in range(CELLS)]
    stay = np.array([[one[0] for one in row] for row in found])
    carried = np.array([[one[1].mean() for one in row] for row in found])
    strongest = np.unravel_index((carried - stay.mean(axis=2)).argmax(), carried.shape)
    corners = [(int(strongest[0]) - down, int(strongest[1]) - right) for down in (0, 1) for right in (0, 1)]
    inside = [corner for corner in corners if min(corner) >= 0 and max(corner) <= CELLS - 2]
    squares = {corner: pairs.swaps(*place(*corner, 2)) for corner in inside}
    best = max(squares, key=lambda corner: squares[corner])
    border = max(1, round(height / _BORDER)), max(1, round(width / _BORDER))
    within = slice(border[0], height - border[0]), slice(border[1], width - border[1])
    of_border = pairs.exchanged(*within)[0]
    classes = _classes(pairs, stay)
    names = (say("all"), *(one.name for one in classes))
    maps = np.array([stay.mean(axis=2), *(one.kept for one in classes)], np.float32)
    return ShortcutsResult(
        pairs=len(pairs.positions),
        available=available,
        cells=CELLS,
        kept=_rows(stay.mean(axis=2)),
        carried=_rows(carried),
        place=_place(pairs, *place(*best, 2), measure(squares[best], len(pairs.positions))),
        places=(CELLS - 1) ** 2,
        border=border,
        of_border=measure(int(of_border.sum()), len(of_border)),
        classes=classes,
        passes=len(pairs.positions) * (CELLS**2 + 2 * len(squares) + 1),
        maps=ImageGrid(
            maps,
            tuple(map(str, range(len(names)))),
            (0.0, 1.0),
            len(maps),
            Palette.SEQUENTIAL,
            columns_for(len(maps)),
            maps.max(axis=(1, 2)).astype(np.float64),
        ),
    )


def _with_more(result: ShortcutsResult, pairs: _Pairs) -> ShortcutsResult:
    """Return the result with the strongest place exchanged in more pairs."""
    place, count = result.place, len(pairs.positions)
    swaps = place.swapped.successes + pairs.swaps(slice(*place.rows), slice(*place.columns))
    found = replace(place, swapped=measure(swaps, place.swapped.trials + count))
    return replace(result, place=found, passes=result.passes + 2 * count)


def _place(pairs: _Pairs, rows: slice, columns: slice, swapped: Rate) -> Place:
    variances = np.concatenate([pairs.stored, pairs.others]).astype(np.float64).var(axis=0).sum(axis=2)
    total = float(variances.sum())
    share = float(variances[rows, columns].sum()) / total if total else 0.0
    area = variances[rows, columns].size / variances.size
    return Place((rows.start, rows.stop), (columns.start, columns.stop), area, share, swapped)


def _classes(pairs: _Pairs, stay: np.ndarray) -> tuple[ClassCells, ...]:
    """Return the cells of each class that the model answers often enough; of answers that are one class alone."""
    if pairs.scores.independent:
        return ()
    classes, counts = np.unique(pairs.own, return_counts=True)
    return tuple(
        ClassCells(
            name=pairs.samples.class_name(int(one)),
            pairs=int(count),
            kept=_rows(stay[:, :, pairs.own == one].mean(axis=2)),
        )
        for one, count in zip(classes, counts, strict=True)
        if count >= _FEWEST_OF_CLASS
    )


def _rows(values: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(map(float, row)) for row in values)
