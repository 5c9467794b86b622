"""Map of the samples: the network's last hidden layer, of which the first pass has kept each channel's mean."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.sample_map.results import ClassPlace, SampleMapResult
from reportgen.measures.intervals import measure
from reportgen.measures.projection import nearest_others, principal_plane
from reportgen.measures.separation import standardised
from reportgen.messages import say
from reportgen.models.passes import spread_over
from reportgen.results import Finding, Limits, Rule, Scatter
from reportgen.run import ClassScores, EvaluatedSamples, right_answers, side_by_side
from reportgen.samples import ClassLabels

MOST_POINTS = 500
"""Samples that are drawn, spread over all: more would hide one another."""

FEWEST_POINTS = 10

PERPLEXITY = 30
"""Neighbours that t-SNE looks at: scikit-learn's default, within the 5 to 50 that van der Maaten and Hinton 2008 advise."""

_WRONG, _RIGHT = 10, 2  # pictures
_PICTURE_PIXELS = 32 * 32


class SampleMap:
    """Draws the samples where the last hidden layer puts them; no pass of the model is needed."""

    name = "sample_map"
    title = say("Map of the samples")
    rules: tuple[Rule, ...] = ()
    looks_inside = True

    def run(self, context: AnalysisContext) -> SampleMapResult | Skip:
        """Return the samples as points of a plane; a skip without samples or a hidden layer that tells them apart."""
        samples = context.samples
        if samples is None:
            return Skip(context.no_samples_reason)
        pooled = samples.activations.pooled
        rows = spread_over(len(pooled.positions), MOST_POINTS)
        if not pooled.last or len(rows) < FEWEST_POINTS:
            return Skip(say("A map needs a hidden layer and at least {fewest} samples.", fewest=FEWEST_POINTS))
        values = standardised(pooled.means[pooled.last][rows])
        if not values.shape[1]:
            return Skip(say("The last hidden layer does not tell the samples apart."))
        method = context.options.sample_map
        shares: tuple[float, ...] = ()
        if method == "tsne":
            places = neighbourhoods(values, seed=context.options.seed)
        else:
            places, shares = principal_plane(values)
        positions = pooled.positions[rows]
        scores = context.scores
        known = samples.labels.values[positions] if isinstance(samples.labels, ClassLabels) else None
        wrong = _wrong(samples, scores)[positions]
        near = nearest_others(values)
        return SampleMapResult(
            layer=pooled.last,
            features=values.shape[1],
            samples=len(rows),
            method=method,
            shares=shares,
            own=None if known is None else measure(int((known[near] == known).sum()), len(known)),
            classes=() if known is None else _classes(samples, known, near, wrong),
            scatter=_scatter(samples, positions, places, wrong, scores),
        )

    def findings(self, result: SampleMapResult, limits: Limits) -> Iterable[Finding]:
        """Return nothing: what lies near what is worth seeing, and no rule decides on it."""
        del result, limits
        return ()


def neighbourhoods(values: np.ndarray, *, seed: int) -> np.ndarray:
    """Return the samples laid out by t-SNE so that neighbours stay neighbours, (n, 2) float64.

    Args:
        values: (n, D) finite numbers.
        seed: seed of the random draws.
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    # sums over several threads differ in their last bits from run to run, and so would the picture
    with threadpool_limits(1):
        made = TSNE(perplexity=min(PERPLEXITY, (len(values) - 1) / 3), init="pca", random_state=seed % 2**32)
        return np.asarray(made.fit_transform(values), np.float64)


def _wrong(samples: EvaluatedSamples, scores: ClassScores | None) -> np.ndarray:
    """Return which evaluated samples are answered wrongly, (N,) bool; none where labels name no classes."""
    if scores is None or samples.classes is None:
        return np.zeros(samples.evaluated, bool)
    return ~right_answers(scores, samples.classes)


def _classes(
    samples: EvaluatedSamples, known: np.ndarray, near: np.ndarray, wrong: np.ndarray
) -> tuple[ClassPlace, ...]:
    found = []
    for index in np.unique(known).tolist():
        inside = known == index
        own = measure(int((known[near[inside]] == index).sum()), int(inside.sum()))
        found.append(ClassPlace(samples.class_name(index), int(inside.sum()), own, int(wrong[inside].sum())))
    return tuple(sorted(found, key=lambda one: one.own.value))


def _scatter(
    samples: EvaluatedSamples,
    positions: np.ndarray,
    places: np.ndarray,
    wrong: np.ndarray,
    scores: ClassScores | None,
) -> Scatter:
    """Return the points by their labels, by the answers where there are none, and as one group where neither names a class."""
    answers = None if scores is None or scores.independent else np.nan_to_num(scores.values).argmax(axis=1)[positions]
    labels = samples.labels.values[positions] if isinstance(samples.labels, ClassLabels) else answers
    groups = np.zeros(len(positions), int) if labels is None else labels
    classes, groups = np.unique(groups, return_inverse=True)
    names = tuple(samples.class_name(index) for index in classes.tolist()) if labels is not None else ("",)
    marked = _marked(wrong, groups, places)
    titles = tuple(
        _title(samples, int(positions[place]), None if labels is None else names[groups[place]], answers, place)
        for place in marked
    )
    return Scatter(
        x=places[:, 0],
        y=places[:, 1],
        groups=groups,
        names=names,
        wrong=wrong,
        marked=tuple(marked),
        titles=titles,
        pictures=side_by_side(samples, positions[marked].tolist(), pixels=_PICTURE_PIXELS)
        if len(samples.summary.shape) == 3
        else None,
    )


def _title(
    samples: EvaluatedSamples, position: int, label: str | None, answers: np.ndarray | None, place: int
) -> tuple[str, str, str]:
    """Return what is said of a point: its number, its label, and the answer where it is another class."""
    answer = "" if answers is None else samples.class_name(int(answers[place]))
    return str(samples.index(position)), label or "", answer if answer != label else ""


def _marked(wrong: np.ndarray, groups: np.ndarray, places: np.ndarray) -> list[int]:
    """Return the places of the points with a picture, ascending: wrong ones, and the most central right one of two classes."""
    first = np.flatnonzero(wrong)[:_WRONG].tolist()
    middles = []
    for group in range(min(int(groups.max()) + 1, _RIGHT)):
        inside = np.flatnonzero((groups == group) & ~wrong)
        if inside.size:
            away = places[inside] - np.median(places[inside], axis=0)
            middles.append(int(inside[(away**2).sum(axis=1).argmin()]))
    return sorted({*first, *middles})
