"""Copies of samples, against plain comparison and SciPy's correlation."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from reportgen.measures import duplicates
from reportgen.measures.corruptions import corruptions
from reportgen.measures.duplicates import NEAR, Copy, copies_among, copies_within, fingerprints, joined

PICTURES = np.random.default_rng(3).integers(0, 256, (12, 16, 16, 1)).astype(np.uint8)


def test_exact_copies_name_the_first_and_near_ones_their_correlation() -> None:
    softer = corruptions(1)[5]
    assert softer.kind == "contrast"
    changed = softer.of(PICTURES[2:3], (0, 255), seed=0)
    samples = np.concatenate([PICTURES, PICTURES[[4, 4]], changed])
    exact, again, near = copies_within(fingerprints(samples))
    assert (exact, again) == (Copy(12, 4, 1.0, exact=True), Copy(13, 4, 1.0, exact=True))
    assert (near.position, near.of, near.exact) == (14, 2, False)
    expected = pearsonr(PICTURES[2].ravel().astype(float), changed[0].ravel().astype(float)).statistic
    assert near.similarity == pytest.approx(expected, abs=1e-6)
    assert 0.999 < near.similarity < 1


@pytest.mark.parametrize("by_pair", [4_000, 0])
def test_of_many_pictures_those_whose_blocks_lie_near_are_compared_whole(
    by_pair: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "_AT_ONCE", 50)
    monkeypatch.setattr(duplicates, "_MOST_BY_PAIR", by_pair)
    generator = np.random.default_rng(3)
    smooth = np.repeat(np.repeat(generator.normal(size=(130, 4, 3, 2)), 5, axis=1), 6, axis=2)  # 20 x 18 pixels
    noisy = smooth[:60] + generator.normal(size=(60, 20, 18, 2)) * np.linspace(0.01, 0.3, 60)[:, None, None, None]
    samples = np.concatenate([smooth, noisy, np.full((3, 20, 18, 2), 7.0)])
    pictures = fingerprints(samples).pictures.astype(np.float64)
    alike = np.tril(pictures @ pictures.T >= NEAR, -1)
    expected = {int(row): int(alike[row].argmax()) for row in np.flatnonzero(alike.any(axis=1))}
    found = copies_within(fingerprints(samples))
    assert {copy.position: copy.of for copy in found} == expected
    assert 10 < len(expected) < 50
    for copy in found:
        assert copy.similarity == pytest.approx(pictures[copy.position] @ pictures[copy.of], abs=1e-6)


def test_batches_joined_are_the_same_as_one() -> None:
    whole = fingerprints(PICTURES)
    parts = joined([fingerprints(PICTURES[:5]), fingerprints(PICTURES[5:])])
    assert parts.digests == whole.digests
    assert np.array_equal(parts.pictures, whole.pictures)
    assert np.array_equal(parts.blank, whole.blank)


def test_large_pictures_are_compared_by_the_means_of_blocks() -> None:
    large = np.random.default_rng(3).random((2, 64, 64, 3))
    found = fingerprints(large)
    assert found.pictures.shape == (2, 16 * 16 * 3)
    means = large[0].reshape(16, 4, 16, 4, 3).mean(axis=(1, 3)).ravel()
    means -= means.mean()
    assert found.pictures[0] == pytest.approx(means / np.linalg.norm(means), abs=1e-6)


def test_blank_samples_are_no_copies() -> None:
    samples = np.zeros((4, 16, 16, 1), np.float32)
    samples[1], samples[3] = 0.1, 0.1
    found = fingerprints(samples)
    assert found.blank.tolist() == [True] * 4
    assert not found.pictures.any()
    assert copies_within(found) == ()


def test_signals_and_small_pictures_are_compared_exactly_alone() -> None:
    small = np.ones((3, 7, 9, 1)) * np.arange(1, 4)[:, None, None, None]
    small[:, 0] = 0
    assert copies_within(fingerprints(small)) == ()
    signals = np.stack([np.arange(20.0)[:, None]] * 2)
    assert copies_within(fingerprints(signals)) == (Copy(1, 0, 1.0, exact=True),)


def test_copies_among_others_name_the_most_similar_over_all_batches() -> None:
    near = corruptions(1)[5].of(PICTURES[:1], (0, 255), seed=0)
    others = [fingerprints(near), fingerprints(PICTURES[[7, 0]]), fingerprints(PICTURES[[0, 8]])]
    found = copies_among(fingerprints(PICTURES[:8]), others)
    assert found == (Copy(0, 2, 1.0, exact=True), Copy(7, 1, 1.0, exact=True))
    (alone,) = copies_among(fingerprints(PICTURES[:2]), others[:1])
    assert (alone.position, alone.of, alone.exact) == (0, 0, False)
