"""The pixels of the evaluated samples are read once, whatever looks at them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from builders import context, evaluated_samples

from reportgen.analyses.data_quality import DataQuality
from reportgen.analyses.slices import Slices
from reportgen.measures.duplicates import fingerprints
from reportgen.measures.pictures import picture_numbers
from reportgen.run import pixels
from reportgen.run.pixels import read_pixels

GENERATOR = np.random.default_rng(3)
IMAGES = GENERATOR.integers(0, 256, (150, 9, 8, 3)).astype(np.uint8)
SAMPLES = evaluated_samples(IMAGES, labels=np.arange(150) % 2, outputs=np.eye(2)[np.arange(150) % 2], first=10)


def test_one_reading_in_batches_serves_every_section() -> None:
    read = Counter[int]()
    sizes = set()

    def recorded(positions: Sequence[int]) -> np.ndarray:
        read.update(positions)
        sizes.add(len(positions))
        return IMAGES[list(positions)]

    given = context(replace(SAMPLES, read=recorded))
    DataQuality().run(given)
    Slices().run(given)
    assert (set(read.values()), len(read), sizes) == ({1}, 150, {64, 22})


def test_what_is_kept_is_that_of_each_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "MOST_COMPARED", 100)
    found = read_pixels(SAMPLES)
    alone = fingerprints(IMAGES[:100])
    assert found.fingerprints.digests == alone.digests
    np.testing.assert_array_equal(found.fingerprints.pictures, alone.pictures)
    assert found.numbers is not None
    np.testing.assert_array_equal(found.numbers.unlike, picture_numbers(IMAGES, (0, 255)).unlike)
    assert found.areas is None
    sized = replace(SAMPLES, areas={10 + place: 100 * place for place in range(150)})
    areas = read_pixels(sized).areas
    assert areas is not None
    assert areas.tolist() == [100.0 * place for place in range(150)]


def test_of_samples_that_are_no_pictures_only_those_that_are_compared_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "MOST_COMPARED", 100)
    found = read_pixels(evaluated_samples(GENERATOR.random((150, 7))))
    assert (len(found.fingerprints), found.numbers) == (100, None)


def test_samples_that_are_held_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Counter[int]()

    def recorded(positions: Sequence[int]) -> np.ndarray:
        read.update(positions)
        return IMAGES[list(positions)]

    own = replace(SAMPLES, read=recorded)
    held = own.holding([4, 7, 9])
    np.testing.assert_array_equal(held.read([9, 4]), IMAGES[[9, 4]])
    np.testing.assert_array_equal(held.read([9, 5]), IMAGES[[9, 5]])  # one of them is not held
    assert (read[4], read[7], read[9], read[5]) == (1, 1, 2, 1)
    monkeypatch.setattr("reportgen.run.evaluation._MOST_HELD", 2 * 9 * 8 * 3)
    assert own.holding([4, 7]) is not own
    assert own.holding([4, 7, 9]) is own
