"""Measure what the section on test data finds: `python benchmarks/data.py --data FOLDER [--cache FOLDER] [--only WORD]`.

Doubted labels: of the healthy networks of `networks.py` that tell the ten classes, on 500 test pictures: how many labels are
doubted as they are, and of 5 % exchanged ones how many are among the doubted and how many of the first eight, which the page
shows, are exchanged. Moved copies: of 100 pictures among 1,000, moved or mirrored, how many are found by the demo's network, and
how many pairs are wrongly called so. docs/verdicts.md states the result.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from networks import healthy, read_pictures, trained
from verdicts import row

SAMPLES = 500
EXCHANGED = 0.05
SHOWN = 8
MOVES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "by 1 pixel": lambda pictures: moved(pictures, 0, 1),
    "by 1 pixel along both axes": lambda pictures: moved(pictures, 1, 1),
    "by 2 pixels": lambda pictures: moved(pictures, 2, 0),
    "by 3 pixels": lambda pictures: moved(pictures, 0, 3),
    "by 4 pixels": lambda pictures: moved(pictures, 0, 4),
    "mirrored": lambda pictures: pictures[:, :, ::-1],
}


def moved(pictures: np.ndarray, down: int, right: int) -> np.ndarray:
    """Return pictures moved by so many pixels, zero where nothing comes."""
    padded = np.pad(pictures, ((0, 0), (down, 0), (right, 0), (0, 0)))
    return padded[:, : pictures.shape[1], : pictures.shape[2]]


def exchanged(labels: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return labels of which one in twenty is another class, and whether each is."""
    chosen = np.zeros(len(labels), bool)
    chosen[generator.permutation(len(labels))[: round(EXCHANGED * len(labels))]] = True
    other = (labels + generator.integers(1, 10, len(labels))) % 10
    return np.where(chosen, other, labels), chosen


def measure_labels(pictures: Any, cache: Path, only: str) -> None:
    """Print the doubted labels of each network that tells the ten classes."""
    from reportgen.measures.label_errors import doubted_labels
    from reportgen.run import class_scores
    from reportgen.samples import ClassLabels

    row(
        "network",
        "accuracy",
        "doubted as they are",
        "of 25 exchanged, doubted",
        "doubted in all",
        "exchanged of first 8",
    )
    row(*["---"] * 6)
    inside = pictures.y_test[:SAMPLES]
    totals = np.zeros(5, int)
    for network in healthy():
        given = network.labels(inside)
        if only not in network.name or network.targets is not None or not np.array_equal(given, inside):
            continue
        outputs = trained(network, pictures, cache).predict(network.inputs(pictures.x_test[:SAMPLES]), verbose=0)
        scores = class_scores(outputs, labels=ClassLabels(inside))
        if scores is None:
            continue
        wrong, chosen = exchanged(inside, np.random.default_rng(0))
        clean, found = (doubted_labels(scores.values, labels) for labels in (inside, wrong))
        hits = [bool(chosen[one.position]) for one in found]
        accuracy = (scores.values.argmax(axis=1) == inside).mean()
        counts = len(clean), sum(hits), len(found), sum(hits[:SHOWN])
        row(network.name, f"{accuracy:.1%}", *counts)
        totals += 1, *counts
    row(f"{totals[0]} networks", "", *totals[1:])


def measure_moved(pictures: Any) -> None:
    """Print how many moved copies the demo's network finds, and what it calls one wrongly."""
    import keras

    from reportgen.measures.duplicates import fingerprints
    from reportgen.measures.moved_copies import moved_copies

    demo = keras.saving.load_model(Path(__file__).parents[1] / "reportgen" / "demo" / "model.keras", compile=False)
    hidden = keras.Model(demo.inputs, demo.get_layer("dense").output)
    samples = (255 * pictures.x_test).round().astype(np.uint8)

    def found(stored: np.ndarray) -> set[tuple[int, int]]:
        known = fingerprints(stored)
        embedded = hidden.predict(stored.astype(np.float32) / 255, verbose=0)
        copies = moved_copies(known.pictures.reshape(-1, *known.size), embedded)
        return {(copy.position, copy.of) for copy in copies}

    wrong = sum(len(found(samples[start : start + 1000])) for start in range(0, len(samples), 1000))
    row("copies", "found", "wrongly called so")
    row(*["---"] * 3)
    row(f"none among {len(samples):,} pictures, by thousands", "", wrong)
    planted = {(900 + place, place) for place in range(100)}
    for name, move in MOVES.items():
        hits = others = 0
        for start in range(0, 5000, 1000):
            part = samples[start : start + 900]
            pairs = found(np.concatenate([part, move(part[:100])]))
            hits, others = hits + len(pairs & planted), others + len(pairs - planted)
        row(name, f"{hits} of 500", others)


def main() -> None:
    """Measure both and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"), help="IDX files")
    parser.add_argument("--cache", type=Path, help="folder of trained networks, NAME or NAME-SEED")
    parser.add_argument("--only", default="", help="networks whose name holds this word")
    given = parser.parse_args()
    pictures = read_pictures(given.data)
    with tempfile.TemporaryDirectory() as folder:
        measure_labels(pictures, given.cache or Path(folder), given.only)
    measure_moved(pictures)


if __name__ == "__main__":
    main()
