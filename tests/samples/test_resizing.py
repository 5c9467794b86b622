"""Resizing: the values are those of Keras' image_dataset_from_directory."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from reportgen.errors import SamplesError
from reportgen.samples import open_samples
from reportgen.samples.fingerprint import fingerprint_samples
from reportgen.samples.labels import Accepts
from reportgen.samples.resizing import Resizing, bilinear
from reportgen.samples.source import SampleSource

SIZES = [((50, 70), (32, 32)), ((20, 31), (32, 48)), ((7, 90), (16, 12)), ((1, 1), (4, 3)), ((33, 33), (32, 32))]


def picture(size: tuple[int, int], channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*size, channels), dtype=np.uint8)


def by_keras(folder: Path, size: tuple[int, int], **how: bool) -> np.ndarray:
    read = keras.utils.image_dataset_from_directory(
        folder, labels=None, image_size=size, batch_size=None, shuffle=False, verbose=False, **how
    )
    return next(iter(read)).numpy()


@pytest.mark.parametrize(("old", "new"), SIZES)
@pytest.mark.parametrize(
    ("how", "asked"),
    [("stretch", {}), ("crop", {"crop_to_aspect_ratio": True}), ("pad", {"pad_to_aspect_ratio": True})],
)
def test_images_are_resized_as_keras_does(
    tmp_path: Path, how: Any, asked: dict[str, bool], old: tuple[int, int], new: tuple[int, int]
) -> None:
    Image.fromarray(picture(old)).save(tmp_path / "a.png")
    if how == "pad" and old == (7, 90):
        return  # Keras gives up where not a single row would be left

    source = open_samples(tmp_path, Accepts(input_shape=(*new, 3), resize=how))

    assert source.shape == (*new, 3)
    assert np.abs(source.read([0])[0] - by_keras(tmp_path, new, **asked)).max() <= 0.501


def test_nothing_is_antialiased() -> None:
    columns = np.tile(np.array([0, 255], np.uint8), (16, 8))[..., None]

    assert set(bilinear(columns, (4, 4)).ravel().tolist()) == {128}, (
        "antialiasing would give the mean of four columns, 127"
    )
    assert set(bilinear(columns[:, :15], (5, 5)).ravel().tolist()) == {0, 255}


def test_floats_keep_their_range() -> None:
    assert bilinear(np.full((4, 4, 1), 1000.5, np.float32), (2, 2)).ravel().tolist() == [1000.5] * 4
    assert bilinear(np.zeros((4, 4, 1), np.float64), (2, 2)).dtype == np.float64


@pytest.mark.parametrize(
    ("how", "size", "said"),
    [
        ("stretch", (4, 4), "They were stretched: the aspect ratio changed by a factor of up to 2.00."),
        ("stretch", (2, 4), "Their aspect ratio was kept."),
        ("crop", (4, 4), "They were cropped to the input's aspect ratio: up to 50% of an image."),
        ("pad", (4, 4), "They were padded with zeros: up to 50% of the input."),
    ],
)
def test_how_much_it_changed_is_said(how: Any, size: tuple[int, int], said: str) -> None:
    resizing = Resizing(how, size)

    assert resizing.apply(picture(size)).tolist() == picture(size).tolist()
    assert resizing.noticed() == ()
    assert resizing.apply(picture((8, 16))).shape == (*size, 3)
    assert resizing.noticed()[1] == said


def opened(values: np.ndarray, input_shape: tuple[int, ...], resize: Any = "stretch") -> SampleSource:
    return open_samples(values, Accepts(input_shape=input_shape, resize=resize))


@pytest.mark.parametrize(
    ("shape", "input_shape"),
    [
        ((20, 25, 25), (32, 32, 1)),
        ((20, 25, 25, 1), (32, 32, 1)),
        ((20, 25, 30, 3), (32, 32, 3)),
        ((20, 3, 25, 30), (3, 32, 32)),
        ((20, 25, 30), (1, 32, 32)),
    ],
)
def test_arrays_are_resized_when_asked_for(shape: tuple[int, ...], input_shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    source = opened(values, input_shape)

    assert source.shape == input_shape
    batch = source.read([3, 1])
    assert batch.shape == (2, *input_shape)
    first = values[3] if len(shape) == 4 and shape[1] != 3 else np.moveaxis(np.atleast_3d(values[3]), 0, -1)
    first = values[3][..., None] if len(shape) == 3 else first
    expected = bilinear(first, (32, 32))
    assert np.array_equal(batch[0], np.moveaxis(expected, -1, 0) if input_shape[0] < 4 else expected)
    assert source.noticed()[0].startswith("Images of other sizes were resized to 32 x 32 ")


def test_the_digest_of_a_resized_array_is_that_of_its_stored_values() -> None:
    values = picture((25, 30))[None]
    assert fingerprint_samples(opened(values, (32, 32, 3)), [0]) == fingerprint_samples(
        opened(values, (25, 30, 3)), [0]
    )


@pytest.mark.parametrize("resize", ["auto", "none"])
@pytest.mark.parametrize("shape", [(20, 25, 25), (20, 25, 25, 1)])
def test_an_array_of_another_size_names_the_option(shape: tuple[int, ...], resize: str) -> None:
    with pytest.raises(SamplesError, match=r"Resize them with --resize stretch, crop or pad, or choose another"):
        opened(np.zeros(shape, np.uint8), (32, 32, 1), resize)


def test_what_is_no_picture_is_not_resized() -> None:
    for shape, input_shape in (((4, 9), (16,)), ((4, 9, 9, 4), (32, 32, 3)), ((4, 9, 9, 9, 1), (3, 3, 3, 1))):
        with pytest.raises(SamplesError, match="must match the model's input"):
            opened(np.zeros(shape, np.uint8), input_shape)
