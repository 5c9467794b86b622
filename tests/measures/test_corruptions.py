"""Changes of pictures, against SciPy, Pillow and what can be written down."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from reportgen.measures.corruptions import Corruption, corruptions, stored_ends

PICTURES = np.random.default_rng(3).random((6, 12, 10, 3)).astype(np.float32)
BYTES = np.random.default_rng(4).integers(0, 256, (6, 12, 10, 1)).astype(np.uint8)


def named(kind: str, severity: int, channels: int = 3) -> Corruption:
    return next(one for one in corruptions(channels) if (one.kind, one.severity) == (kind, severity))


def test_pictures_of_two_channels_have_every_change_but_jpeg_and_mild_ones_come_first() -> None:
    assert len(corruptions(1)) == len(corruptions(3)) == 26
    assert len(corruptions(2)) == 26 - 3
    severities = [one.severity for one in corruptions(3)]
    assert severities == [1] * 8 + [2] * 8 + [3] * 8 + [0, 0]


def test_a_shift_moves_each_picture_towards_one_of_the_corners_and_repeats_the_edge() -> None:
    moved = named("shift", 2).apply(PICTURES, np.random.default_rng(0))
    for picture, found in zip(PICTURES, moved, strict=True):
        ways = [
            ndimage.shift(picture, (*by, 0), order=0, mode="nearest") for by in ((2, 2), (-2, 2), (2, -2), (-2, -2))
        ]
        assert sum(np.array_equal(found, way) for way in ways) == 1


def test_a_rotation_is_scipys_bilinear_one() -> None:
    turned = named("rotation", 3).apply(PICTURES, np.random.default_rng(0))
    for picture, found in zip(PICTURES, turned, strict=True):
        ways = [
            ndimage.rotate(picture, angle, axes=(0, 1), reshape=False, order=1, mode="nearest") for angle in (-15, 15)
        ]
        assert min(np.abs(found - way).max() for way in ways) < 1e-5


def test_blur_is_scipys_gaussian() -> None:
    found = named("blur", 3).apply(PICTURES, np.random.default_rng(0))
    assert found == pytest.approx(ndimage.gaussian_filter(PICTURES, (0, 1, 1, 0), mode="nearest", truncate=3), abs=1e-5)


def test_jpeg_is_what_pillow_writes_and_reads() -> None:
    memory = io.BytesIO()
    Image.fromarray(BYTES[0, ..., 0]).save(memory, "JPEG", quality=40)
    found = named("jpeg", 3, 1).of(BYTES[:1], (0, 255), seed=0)
    assert np.array_equal(found[0, ..., 0], np.asarray(Image.open(memory)))


def test_noise_brightness_and_contrast_have_the_strength_that_they_name() -> None:
    even = np.full((200, 12, 10, 1), 0.5, np.float32)
    assert named("noise", 1).apply(even, np.random.default_rng(0)).std() == pytest.approx(0.04, rel=0.02)
    means = named("brightness", 2).apply(even, np.random.default_rng(0)).mean(axis=(1, 2, 3))
    assert sorted({round(float(mean), 4) for mean in means}) == [0.35, 0.65]
    flat = named("contrast", 2).apply(PICTURES, np.random.default_rng(0))
    assert flat.std(axis=(1, 2)) == pytest.approx(0.4 * PICTURES.std(axis=(1, 2)), rel=1e-4)
    assert flat.mean(axis=(1, 2)) == pytest.approx(PICTURES.mean(axis=(1, 2)), rel=1e-4)


def test_a_square_covers_half_of_the_shorter_side() -> None:
    covered = named("occlusion", 3).apply(PICTURES, np.random.default_rng(0))
    assert (covered != PICTURES).any(axis=3).sum(axis=(1, 2)).tolist() == [25] * 6
    assert set(covered[covered != PICTURES].tolist()) == {0.5}


def test_bytes_stay_bytes_and_the_same_seed_gives_the_same() -> None:
    for one in corruptions(1):
        changed = one.of(BYTES, (0, 255), seed=5)
        assert (changed.dtype, changed.shape) == (np.uint8, BYTES.shape)
        assert np.array_equal(changed, one.of(BYTES, (0, 255), seed=5))
    scaled = 2 * PICTURES - 1
    mirrored = corruptions(3)[-2].of(scaled, (-1, 1), seed=0)
    assert mirrored == pytest.approx(scaled[:, :, ::-1], abs=1e-6)


@pytest.mark.parametrize(
    ("dtype", "limits", "ends"),
    [
        ("uint8", (3, 90), (0, 255)),
        ("float32", (0.1, 0.9), (0, 1)),
        ("float32", (-0.9, 0.8), (-1, 1)),
        ("float32", (0, 1 / 255), (0, 1 / 255)),
        ("float32", (-2.5, 3.0), (-2.5, 3.0)),
        ("float32", (0.5, 0.5), None),
        ("float32", (7, 7), None),
        ("float32", (np.nan, np.nan), None),
    ],
)
def test_the_ends_of_the_scale_are_told_by_type_and_range(
    dtype: str, limits: tuple[float, float], ends: tuple[float, float] | None
) -> None:
    assert stored_ends(dtype, limits) == ends
