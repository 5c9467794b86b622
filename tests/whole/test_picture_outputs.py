"""Whole reports of models whose output is an image or a vector of numbers, and of those that look tokens up."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import reportgen
from reportgen.errors import SamplesError

RANDOM = np.random.default_rng(1)


def words_of(model: Any, samples: np.ndarray, labels: np.ndarray | None = None, **options: Any) -> str:
    given = {"select": "first:2", "redraws": 5, "attribution": "none", **options}
    report = reportgen.build_report(model, samples, labels=labels, **given)
    return " ".join(report.to_html().split())


def convolutional(channels: int, activation: str) -> Any:
    keras.utils.set_random_seed(1)
    last = layers.Conv2D(channels, 3, padding="same", activation=activation)
    return keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3, padding="same", activation="relu"), last])


def test_masks_have_an_overlap_and_are_shown_with_the_worst_first() -> None:
    images = RANDOM.random((6, 8, 8, 1)).astype(np.float32)
    page = words_of(convolutional(3, "softmax"), images, RANDOM.integers(0, 3, (6, 8, 8)))
    assert "They were taken as the class of each pixel." in page
    assert "Mean IoU is" in page
    assert (
        "The 6 of 6 samples with the lowest mean IoU, the worst first. Each sample: input, output, target, error."
        in page
    )
    assert "Each sample: input, output, target, error. Each output pixel shows the most likely of 3 classes" in page
    assert "The labels are numbers, masks or images, and this compares class labels." in page
    assert "The samples have no labels." not in page
    redacted = words_of(convolutional(3, "softmax"), images, RANDOM.integers(0, 3, (6, 8, 8)), redact=True)
    assert "Mean IoU is" in redacted
    assert "The 6 of 6 samples with the lowest mean IoU, the worst first." in redacted
    assert "Each sample: input" not in redacted


def test_void_pixels_are_told_and_a_value_for_them_is_refused_without_masks() -> None:
    images, masks = RANDOM.random((6, 8, 8, 1)).astype(np.float32), RANDOM.integers(0, 3, (6, 8, 8))
    masks[:, :2] = 255
    page = words_of(convolutional(3, "softmax"), images, masks)
    assert "25.0% of the pixels have the value 255: no class, left out of every measure." in page
    assert "25.0% of the pixels have no class in the labels; they are left out of every measure and empty" in page
    for labels in (None, np.arange(6)):
        with pytest.raises(SamplesError, match="--ignore-label: masks alone have pixels without a class"):
            words_of(convolutional(3, "softmax"), images, labels, ignore_label=0)


def test_masks_of_volumes_are_compared_and_shown_by_a_slice() -> None:
    keras.utils.set_random_seed(1)
    last = layers.Conv3D(3, 3, padding="same", activation="softmax")
    model = keras.Sequential([keras.Input((4, 8, 8, 1)), layers.Conv3D(4, 3, padding="same", activation="relu"), last])
    volumes = RANDOM.random((6, 4, 8, 8, 1)).astype(np.float32)
    page = words_of(model, volumes, RANDOM.integers(0, 3, (6, 4, 8, 8)))
    assert "Mean IoU is" in page
    assert "the middle slice that holds an object (along the first axis: 2)." in page
    page = words_of(model, volumes, RANDOM.random((6, 4, 8, 8, 3)).astype(np.float32))
    assert "PSNR" in page
    assert "SSIM is" not in page


def test_an_autoencoder_shows_its_output_and_a_denoiser_its_error() -> None:
    images = RANDOM.random((6, 8, 8, 1)).astype(np.float32)
    assert "Each sample: input, output." in words_of(convolutional(1, "sigmoid"), images)
    page = words_of(convolutional(1, "sigmoid"), images, images / 2)
    assert "Each sample: input, output, target, error. In brackets: root mean square error" in page
    assert "RMSE is" in page
    assert "Baseline (always the mean image): RMSE" in page
    assert "Of the squared errors of giving back the input it avoids" in page
    assert "The 6 of 6 samples with the largest RMSE, the worst first." in page


def test_a_generator_shows_what_it_makes() -> None:
    stack = [layers.Dense(4 * 4 * 2), layers.Reshape((4, 4, 2)), layers.Conv2DTranspose(3, 4, strides=2)]
    page = words_of(keras.Sequential([keras.Input((5,)), *stack]), RANDOM.normal(size=(6, 5)).astype(np.float32))
    assert "Each sample: output." in page
    assert "Outputs of 2 samples beside one another: output;" in page


def test_key_points_have_the_errors_of_each_output() -> None:
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(8)])
    images, points = RANDOM.random((6, 8, 8, 1)).astype(np.float32), RANDOM.normal(size=(6, 8))
    page = words_of(model, images, points, attribution="hirescam")
    assert "Each row was taken as the target values of the 8 outputs." in page
    assert "Errors, output minus label, of 8 outputs on 6 samples" in page
    assert "Largest errors" in page
    assert "No class can be explained: the output is not one score per class." in page


def test_tokens_are_neither_divided_by_255_nor_taken_for_bytes() -> None:
    stack = [layers.Embedding(200, 4, name="words"), layers.Conv1D(2, 3), layers.Flatten(), layers.Dense(2, "softmax")]
    model = keras.Sequential([keras.Input((20,)), *stack])
    page = words_of(model, RANDOM.integers(0, 200, (30, 20), dtype=np.uint8))
    assert "Values were left as stored: they are tokens for words." in page
    assert "inputs look unscaled" not in page
