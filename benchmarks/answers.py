"""Measure rules on answers alone: `python benchmarks/answers.py --data FOLDER --cache FOLDER [FOLDER-2] [--part NAME]`.

The healthy networks of `networks.py` that tell the ten classes answer all 10,000 test pictures once; but for reports all else is
arithmetic.

- thresholds: each pair of classes as a model of two. What `wrong-threshold` names as they are is tried on the pictures that it
  has not seen, and faults are planted by adding a number to the logit.
- slices: 40 random groups of 30 among 500 pictures, and the same with one of which half is wrong.
- reports: of each network, how well it tells samples from what is none, and whether groups of its pictures have a note.
- sizes: objects of known size on several backgrounds, against what is unlike the border.

docs/verdicts.md states the result.
"""

import argparse
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from networks import first_classes, healthy, read_pictures, trained
from verdicts import row

SHOWN = 500
"""Pictures of a report on slices, the first ones."""
COUNTS = (60, 100, 200, 400)
"""Pictures of a report on two classes."""
SHIFTS = (-8.0, -6.0, -4.0, 4.0, 6.0, 8.0)
"""Added to the logit of two classes."""
DRAWS = 10
GROUPS = 40
GROUPED = 30
"""Pictures of a group."""
BACKGROUNDS = ("black", "even", "gradient", "noise", "clouds")


def answered(pictures: Any, caches: list[Path]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each network of ten classes with its probabilities for all test pictures, (10,000, 10)."""
    for cache in caches:
        for network in healthy():
            if network.targets is None and np.array_equal(network.labels(pictures.y_test), pictures.y_test):
                outputs = trained(network, pictures, cache).predict(network.inputs(pictures.x_test), verbose=0)
                if outputs.shape[1] == 10:
                    yield f"{cache.name}/{network.name}", outputs.astype(np.float64)


def measure_thresholds(networks: list[tuple[str, np.ndarray]], labels: np.ndarray) -> None:
    """Print what is named of pairs of classes, whether it holds on other pictures, and what is found of planted faults."""
    from reportgen.analyses.confidence.rules import THRESHOLD
    from reportgen.measures.ranking import measure_ranking
    from reportgen.measures.selective import choose_threshold

    limit, judged, named, gains = THRESHOLD.threshold, 0, 0, list[float]()
    planted = {count: [0, 0] for count in COUNTS}
    row("network", "classes", "pictures", "right at 0.5", "gain promised at least", "gain on the others", "95 %")
    row(*["---"] * 7)
    for name, values in networks:
        for first, second in combinations(range(10), 2):
            inside = np.isin(labels, (first, second))
            pair, positive = values[inside][:, [first, second]] + 1e-12, labels[inside] == second
            logits = np.log(pair[:, 1]) - np.log(pair[:, 0])
            for count in COUNTS:
                scores, own = 1 / (1 + np.exp(-logits)), positive[:count]
                chosen, judged = choose_threshold(scores[:count], own), judged + 1
                if chosen.least() > limit:
                    named += 1
                    usual, new = ((scores[count:] > at) == positive[count:] for at in (0.5, chosen.value))
                    gain, spread = (new.astype(float) - usual).mean(), (new.astype(float) - usual).std()
                    margin = 1.96 * spread / np.sqrt(len(usual))
                    gains.append(float(gain))
                    interval = f"{gain - margin:.1%} to {gain + margin:.1%}"
                    right = f"{chosen.usual.value:.0%}"
                    row(name, f"{first}, {second}", count, right, f"{chosen.least():.1%}", f"{gain:.1%}", interval)
                for shift in SHIFTS:
                    moved = 1 / (1 + np.exp(-(logits[:count] + shift)))
                    ranking = measure_ranking(moved, own)
                    if ranking and ranking.roc.value > 0.97 and ((moved > 0.5) == own).mean() < 0.85:
                        planted[count][0] += 1
                        planted[count][1] += choose_threshold(moved, own).least() > limit
    over = sum(gain > limit for gain in gains)
    positive_gains = sum(gain > 0 for gain in gains)
    print(
        f"\n{named} of {judged:,} pairs are named; on other pictures {over} gain over {limit:.0%}, {positive_gains} gain."
    )
    for count, (faults, found) in planted.items():
        print(f"{found:,} of {faults:,} planted faults are found on {count} pictures.")


def measure_slices(networks: list[tuple[str, np.ndarray]], labels: np.ndarray) -> None:
    """Print how many notes random groups get, and how often a group is found of which half is wrong."""
    notes, reports, found = dict[int, int](), 0, dict[str, list[int]]()
    for place, (_, values) in enumerate(networks):
        right = values[:SHOWN].argmax(axis=1) == labels[:SHOWN]
        for draw in range(DRAWS):
            generator = np.random.default_rng([place, draw])
            groups = [np.isin(np.arange(SHOWN), generator.permutation(SHOWN)[:GROUPED]) for _ in range(GROUPS)]
            said = len(named_slices(groups, right, labels[:SHOWN]))
            notes[said], reports = notes.get(said, 0) + 1, reports + 1
            weak = right.copy()
            weak[groups[0]] = generator.permutation(GROUPED) < GROUPED // 2
            others = weak[~groups[0]].mean()
            band = "80 % and more" if others >= 0.8 else "68 to 80 %" if others >= 0.68 else "less"
            hits = found.setdefault(band, [0, 0])
            hits[0] += 1
            hits[1] += "0" in named_slices(groups, weak, labels[:SHOWN])
    row("accuracy of the others", "planted", "found")
    row(*["---"] * 3)
    for band, (count, hits) in sorted(found.items(), reverse=True):
        row(band, count, hits)
    print(f"\nNotes of {reports} reports with {GROUPS} random groups: {dict(sorted(notes.items()))}.")


def named_slices(groups: list[np.ndarray], right: np.ndarray, labels: np.ndarray) -> list[str]:
    """Return the columns that the rule names, of groups each of which is a column with two values."""
    from reportgen.analyses.slices.comparison import compared
    from reportgen.analyses.slices.results import SlicesResult
    from reportgen.analyses.slices.rules import RULES, findings
    from reportgen.measures.intervals import measure
    from reportgen.results import default_limits

    both = [
        (str(place), value, side) for place, one in enumerate(groups) for value, side in (("in", one), ("out", ~one))
    ]
    slices = compared(both, right, labels)
    result = SlicesResult(measure(int(right.sum()), len(right)), False, len(both), len(groups), (), tuple(slices))
    return [str(one.subject).partition(":")[0] for one in findings(result, default_limits(RULES))]


def measure_reports(pictures: Any, caches: list[Path]) -> None:
    """Print the areas that tell samples from what is none, and the notes on groups, of the reports of healthy networks."""
    from faults import Case
    from verdicts import report_of

    row("network", "noise", "patches", "groups with a note")
    row(*["---"] * 4)
    areas, noted, count = dict[str, list[float]](), 0, 0
    for cache in caches:
        for network in healthy():
            if network.targets is not None or network.name == "regression":
                continue
            samples, labels = first_classes(network, pictures)
            report = report_of(Case(trained(network, pictures, cache), samples, labels, {"scale": "none"}), {"seed": 0})
            results = {section.name: getattr(section, "result", None) for section in report.sections}
            told = {one.kind: one.area.value for one in results["confidence"].unfamiliar}
            for kind, area in told.items():
                areas.setdefault(kind, []).append(area)
            groups = [str(finding.subject) for finding in report.findings if finding.code == "weak-slice"]
            noted, count = noted + bool(groups), count + 1
            shown = [f"{told[kind]:.2f}" if kind in told else "–" for kind in ("noise", "patches")]
            row(f"{cache.name}/{network.name}", *shown, ", ".join(groups) or "none")
    print(f"\n{noted} of {count} networks have a note on a group of pictures.")
    for kind, values in areas.items():
        print(f"Areas of {kind}: {min(values):.2f} to {max(values):.2f}.")


def measure_sizes(pictures: np.ndarray) -> None:
    """Print how the share unlike the border goes with the size of objects on each kind of background."""
    from scipy.stats import spearmanr

    from reportgen.measures.pictures import picture_numbers

    row("background", "rank correlation with the object's size", "mean difference")
    row(*["---"] * 3)
    for background in BACKGROUNDS:
        scenes, sizes = scenes_of(background, pictures, np.random.default_rng(0))
        unlike = picture_numbers(scenes, (0, 255)).unlike
        row(background, f"{spearmanr(unlike, sizes)[0]:.2f}", f"{np.abs(unlike - sizes).mean():.2f}")


def scenes_of(
    background: str, pictures: np.ndarray, generator: np.random.Generator, *, count: int = 300, side: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Return coloured pictures of objects of several sizes, (n, side, side, 3) uint8, and their share of the pixels, (n,)."""
    from PIL import Image

    scenes, sizes = [], []
    for one in pictures[:count, ..., 0]:
        size = int(generator.integers(12, side - 8))
        top, left = generator.integers(0, side - size + 1, 2)
        values = np.zeros((side, side))
        drawn = Image.fromarray((255 * one).astype(np.uint8)).resize((size, size), Image.Resampling.BILINEAR)
        values[top : top + size, left : left + size] = np.asarray(drawn) / 255
        inside = (values > 0.1)[..., None]
        behind = _behind(background, side, generator)[..., None] * generator.uniform(0.6, 1, 3)
        before = (0.25 + 0.75 * values)[..., None] * generator.uniform(0.5, 1, 3)
        scenes.append(np.where(inside, before, behind))
        sizes.append(inside.mean())
    return (255 * np.clip(np.stack(scenes), 0, 1)).astype(np.uint8), np.array(sizes)


def _behind(background: str, side: int, generator: np.random.Generator) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side] / side
    if background == "black":
        return np.zeros((side, side))
    if background == "even":
        return np.full((side, side), generator.uniform(0, 0.6))
    if background == "gradient":
        angle = generator.uniform(0, 2 * np.pi)
        return np.asarray(0.4 + 0.3 * (np.cos(angle) * columns + np.sin(angle) * rows))
    noise = generator.normal(size=(side, side))
    if background == "noise":
        return np.asarray(generator.uniform(0.1, 0.6) + 0.1 * noise)
    frequencies = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    frequencies[0, 0] = 1
    clouds = np.real(np.fft.ifft2(np.fft.fft2(noise) / frequencies))
    return np.asarray(generator.uniform(0.3, 0.6) + 0.12 * (clouds - clouds.mean()) / clouds.std())


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"), help="IDX files")
    parser.add_argument("--cache", type=Path, nargs="+", required=True, help="folders of trained networks")
    parser.add_argument("--part", choices=("thresholds", "slices", "reports", "sizes"), help="one of the tables")
    given = parser.parse_args()
    pictures = read_pictures(given.data)
    networks = [] if given.part in ("reports", "sizes") else [*answered(pictures, given.cache)]
    if given.part in (None, "thresholds"):
        measure_thresholds(networks, pictures.y_test)
    if given.part in (None, "slices"):
        measure_slices(networks, pictures.y_test)
    if given.part in (None, "reports"):
        measure_reports(pictures, given.cache)
    if given.part in (None, "sizes"):
        measure_sizes(pictures.x_test)


if __name__ == "__main__":
    main()
