"""Masks as image files: found by the names of the images, read as stored, brought to the output's size."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import SamplesError
from reportgen.samples import PictureTargets, SampleSource
from reportgen.samples.labels import Accepts
from reportgen.samples.readers import open_samples
from reportgen.samples.resizing import Resize, nearest

RANDOM = np.random.default_rng(4)
CLASSES = RANDOM.integers(0, 3, (3, 6, 6), dtype=np.uint8)
NAMES = ("a", "b", "c")


def images(folder: Path, size: tuple[int, int] = (6, 6)) -> Path:
    folder.mkdir()
    for name in NAMES:
        Image.fromarray(RANDOM.integers(0, 256, size, dtype=np.uint8)).save(folder / f"{name}.jpg")
    return folder


def masks(folder: Path, values: np.ndarray = CLASSES, *, mode: str = "L", ending: str = "") -> Path:
    folder.mkdir()
    for name, mask in zip(NAMES, values, strict=True):
        image = Image.fromarray(mask)
        if mode == "P":
            image = Image.fromarray(mask, "P")
            image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
        image.save(folder / f"{name}{ending}.png")
    return folder


def read(
    samples: Path, labels: Path, channels: int = 3, size: tuple[int | None, ...] = (6, 6), how: Resize = "auto"
) -> SampleSource:
    accepts = Accepts(input_shape=(*size, 1), output_shape=(*size, channels), resize=how)
    return open_samples(samples, accepts, labels=labels)


def values_of(source: SampleSource) -> np.ndarray:
    assert isinstance(source.labels, PictureTargets)
    return source.labels.values


@pytest.mark.parametrize("mode", ["L", "P"])
def test_grey_values_and_palette_numbers_are_classes(tmp_path: Path, mode: str) -> None:
    source = read(images(tmp_path / "images"), masks(tmp_path / "masks", mode=mode))
    np.testing.assert_array_equal(values_of(source), CLASSES)
    assert isinstance(source.labels, PictureTargets)
    assert source.labels.classes == 3
    assert source.labels.notes == (
        "Labels: folder masks, matched by file name. They were taken as the class of each pixel.",
    )


@pytest.mark.parametrize("channels", [1, 2])
def test_masks_of_0_and_255_are_background_and_foreground(tmp_path: Path, channels: int) -> None:
    binary = np.where(CLASSES > 0, 255, 0).astype(np.uint8)
    source = read(images(tmp_path / "images"), masks(tmp_path / "masks", binary), channels)
    np.testing.assert_array_equal(values_of(source), CLASSES > 0)


def test_one_bit_and_16_bit_masks_are_read_as_stored(tmp_path: Path) -> None:
    one = read(images(tmp_path / "images"), masks(tmp_path / "one", CLASSES > 0), 1)
    np.testing.assert_array_equal(values_of(one), CLASSES > 0)
    deep = read(tmp_path / "images", masks(tmp_path / "deep", CLASSES.astype(np.uint16)))
    np.testing.assert_array_equal(values_of(deep), CLASSES)


def test_colour_images_are_what_a_colour_output_should_be(tmp_path: Path) -> None:
    colours = RANDOM.integers(0, 256, (3, 6, 6, 3), dtype=np.uint8)
    source = read(images(tmp_path / "images"), masks(tmp_path / "targets", colours))
    np.testing.assert_allclose(values_of(source), colours / np.float32(255))


def test_names_may_end_in_mask_and_masks_of_no_image_are_noted(tmp_path: Path) -> None:
    folder = masks(tmp_path / "masks", ending="_mask")
    Image.fromarray(CLASSES[0]).save(folder / "d_mask.png")
    source = read(images(tmp_path / "images"), folder)
    np.testing.assert_array_equal(values_of(source), CLASSES)
    assert source.labels is not None
    assert source.labels.notes[0].startswith("Labels: folder masks, matched by file name (1 file names no image).")


def test_masks_are_resized_as_the_images_are_to_the_nearest_pixel(tmp_path: Path) -> None:
    large = CLASSES.repeat(2, axis=1).repeat(2, axis=2)
    source = read(images(tmp_path / "images", (12, 12)), masks(tmp_path / "masks", large))
    np.testing.assert_array_equal(values_of(source), CLASSES)
    with pytest.raises(
        SamplesError, match=r"a mask must have the size of the output, 6 x 6\. Received: 12 x 12 in a\.png"
    ):
        read(images(tmp_path / "small"), tmp_path / "masks", how="none")
    wide = np.array([[1, 2, 2, 1]])
    assert nearest(wide, (2, 2), "crop").tolist() == [[2, 2], [2, 2]]
    assert nearest(wide, (4, 4), "pad").tolist() == [[0] * 4, [1, 2, 2, 1], [0] * 4, [0] * 4]


def test_pixels_that_padding_added_have_no_class(tmp_path: Path) -> None:
    wide = CLASSES[:, :3]  # 3 x 6 pixels in the middle of 6 x 6
    source = read(images(tmp_path / "images", (3, 6)), masks(tmp_path / "masks", wide), how="pad")
    padded = values_of(source)
    np.testing.assert_array_equal(padded[:, 1:4], wide)
    assert (padded[:, [0, 4, 5]] == -1).all()
    assert isinstance(source.labels, PictureTargets)
    assert source.labels.notes[1:] == ("50.0% of the pixels are padding: left out of every measure.",)
    both = np.where(wide == 2, 255, wide).astype(np.uint8)
    ignored = read(tmp_path / "images", masks(tmp_path / "void", both), how="pad")
    np.testing.assert_array_equal(values_of(ignored), np.where(padded == 2, -1, padded))


def test_an_error_names_the_unmatched_of_both_sides(tmp_path: Path) -> None:
    folder = masks(tmp_path / "masks")
    (folder / "b.png").rename(folder / "x.png")
    with pytest.raises(
        SamplesError,
        match=r"none for b.jpg \(1 of 3\); masks without an image: x.png \(1 of 3\)",
    ):
        read(images(tmp_path / "images"), folder)


def test_what_is_no_mask_is_told(tmp_path: Path) -> None:
    samples, folder = (
        images(tmp_path / "images"),
        masks(tmp_path / "masks", (np.stack([CLASSES] * 3, axis=-1) * [1, 2, 3]).astype(np.uint8)),
    )
    with pytest.raises(SamplesError, match="a mask is grey or has a palette"):
        read(samples, folder, channels=4)
    high = masks(tmp_path / "high", CLASSES + 9)
    with pytest.raises(SamplesError, match="class of each pixel must be 0 to 2"):
        read(samples, high)
    with pytest.raises(SamplesError, match="samples that are no image files"):
        open_samples(
            np.zeros((3, 6, 6, 1), np.uint8), Accepts(input_shape=(6, 6, 1), output_shape=(6, 6, 3)), labels=high
        )
