"""Simulate verdicts on two networks: `python benchmarks/compared.py [--times 2000] [--seed 0]`; docs/compare.md states them.

Each sample has a probability to be answered right, drawn from a beta distribution around the accuracy, and both networks draw
their answers from it: they are equally good, and disagree as networks of two trainings do. A better network's log odds are
raised on every sample until its accuracy is higher by so many points. The verdict is that of `reportgen compare` on accuracy
and classes; findings are not simulated. Of numbers, errors are drawn from an exponential distribution, half of each sample's own
being common to both networks.
"""

import argparse
from collections import Counter
from collections.abc import Callable

import numpy as np

from reportgen.comparison import verdict_of_parts
from reportgen.comparison.answers import AnswersResult, OutputDifferences
from reportgen.comparison.classes import recall_changes
from reportgen.measures.intervals import measure
from reportgen.measures.paired import paired_means, paired_rates
from reportgen.results import ComparedOutcome, Section

CELLS = [(samples, classes) for samples in (200, 1000) for classes in (2, 10, 100)]
GAINS = (0.0, 0.01, 0.02, 0.03, 0.05)
_SPREAD = 0.5  # of the beta distribution: a + b; most samples are nearly always right or nearly always wrong
_OUTPUTS = OutputDifferences(largest=0.5, mean=0.1, spread=0.3, equal=False)


def probabilities(generator: np.random.Generator, samples: int, accuracy: float, gain: float) -> list[np.ndarray]:
    """Return how probable a right answer is to each sample, of the base and of the new network."""
    base = np.clip(generator.beta(accuracy * _SPREAD, (1 - accuracy) * _SPREAD, samples), 1e-9, 1 - 1e-9)
    many = np.clip(np.random.default_rng(0).beta(accuracy * _SPREAD, (1 - accuracy) * _SPREAD, 20_000), 1e-9, 1 - 1e-9)
    low, high = 0.0, 50.0
    for _ in range(40 if gain else 0):  # by how much the log odds are raised
        middle = (low + high) / 2
        low, high = (middle, high) if raised(many, middle).mean() < accuracy + gain else (low, middle)
    return [base, raised(base, (low + high) / 2) if gain else base]


def raised(probability: np.ndarray, by: float) -> np.ndarray:
    """Return probabilities with their log odds raised."""
    return np.asarray(1 / (1 + (1 - probability) / probability * np.exp(-by)))


def of_classes(
    generator: np.random.Generator, samples: int, classes: int, accuracy: float, gain: float
) -> ComparedOutcome:
    """Return the verdict on two classifiers."""
    labels = generator.integers(classes, size=samples)
    right = [generator.random(samples) < one for one in probabilities(generator, samples, accuracy, gain)]
    other = (labels + generator.integers(1, classes, size=samples)) % classes
    said = [np.where(one, labels, other)[:, None] == np.arange(classes) for one in right]
    answers = AnswersResult(
        evaluated=samples,
        total=samples,
        unlabelled="",
        rates=paired_rates(*right),
        errors=None,
        measure="",
        agreement=measure(int((right[0] == right[1]).sum()), samples),
        outputs=_OUTPUTS,
    )
    changes = recall_changes(labels[:, None] == np.arange(classes), said[0], said[1], name=str)
    parts = (Section("answers", "Answers", answers), Section("class_changes", "Classes", changes))
    return verdict_of_parts(parts).outcome


def of_numbers(generator: np.random.Generator, samples: int, gain: float) -> ComparedOutcome:
    """Return the verdict on two networks that predict numbers, the new one's errors smaller by a share."""
    common, *own = generator.exponential(size=(3, samples))
    errors = paired_means(common + own[0], (common + own[1]) * (1 - gain))
    answers = AnswersResult(
        evaluated=samples,
        total=samples,
        unlabelled="",
        rates=None,
        errors=errors,
        measure="mean absolute error",
        agreement=None,
        outputs=_OUTPUTS,
    )
    return verdict_of_parts((Section("answers", "Answers", answers),)).outcome


def row(name: str, times: int, draw: Callable[[], ComparedOutcome]) -> None:
    """Print how often each outcome came, in per cent."""
    found = Counter(draw() for _ in range(times))
    kinds = (ComparedOutcome.WORSE, ComparedOutcome.MIXED, ComparedOutcome.BETTER)
    print(f"| {name} | " + " | ".join(f"{100 * found[kind] / times:.1f}" for kind in kinds) + " |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    generator = np.random.default_rng(given.seed)
    print("| networks | worse, % | mixed, % | better, % |\n|---|---|---|---|")
    for samples, classes in CELLS:
        for accuracy in (0.9, 0.7):
            name = f"equal, {samples} samples, {classes} classes, accuracy {accuracy:.0%}"
            row(
                name,
                given.times,
                lambda s=samples, c=classes, a=accuracy: of_classes(generator, s, c, a, 0.0),
            )
    for samples in (200, 1000, 5000):
        for gain in GAINS[1:]:
            row(
                f"{100 * gain:.0f} points better, {samples} samples, 10 classes, accuracy 90%",
                max(given.times // 4, 1),
                lambda s=samples, g=gain: of_classes(generator, s, 10, 0.9, g),
            )
    for samples in (50, 1000):
        for gain in (0.0, 0.1):
            row(
                f"numbers, errors {gain:.0%} smaller, {samples} samples",
                given.times,
                lambda s=samples, g=gain: of_numbers(generator, s, g),
            )


if __name__ == "__main__":
    main()
