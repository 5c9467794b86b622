from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import SamplesError
from reportgen.samples.readers.images import ImageFiles, open_images
from reportgen.samples.source import SampleSource, concatenated


def opened(
    folder: Path, *images: np.ndarray, input_shape: tuple[int | None, ...], resize: Any = "none", suffix: str = "png"
) -> SampleSource:
    names = tuple(f"{index}.{suffix}" for index in range(len(images)))
    for name, pixels in zip(names, images, strict=True):
        Image.fromarray(pixels).save(folder / name)
    return open_images(
        ImageFiles(folder=folder, names=names, description="folder x"),
        input_shape=input_shape,
        resize=resize,
        labels=None,
        class_names=None,
    )


def grey(value: int, height: int = 2, width: int = 3) -> np.ndarray:
    return np.full((height, width), value, np.uint8)


def test_images_are_read_in_the_order_asked_for(tmp_path: Path) -> None:
    source = opened(tmp_path, grey(1), grey(2), grey(3), input_shape=(2, 3, 1))

    batch = source.read([2, 0])

    assert batch.shape == (2, 2, 3, 1)
    assert batch[:, 0, 0, 0].tolist() == [3, 1]
    assert (source.count, source.shape, source.dtype) == (3, (2, 3, 1), np.dtype("uint8"))
    assert source.names(2) == "2.png"


def test_only_the_first_image_is_opened_before_reading(tmp_path: Path) -> None:
    source = opened(tmp_path, grey(1), grey(2), input_shape=(2, 3, 1))
    (tmp_path / "1.png").unlink()

    assert source.read([0]).shape == (1, 2, 3, 1)
    with pytest.raises(SamplesError, match=r"1.png is a damaged or incomplete image."):
        source.read([1])


def test_nothing_asked_for_gives_an_empty_batch(tmp_path: Path) -> None:
    assert opened(tmp_path, grey(1), input_shape=(2, 3, 1)).read([]).shape == (0, 2, 3, 1)


def test_another_size_is_an_error_that_names_the_file_and_the_option(tmp_path: Path) -> None:
    with pytest.raises(
        SamplesError,
        match=r"match the model's input \(28, 28, 1\). Received: shape \(2, 3, 1\) in 0.png. Resize them with --resize stretch",
    ):
        opened(tmp_path, grey(1), input_shape=(28, 28, 1))


def test_a_later_image_of_another_size_is_an_error_when_read(tmp_path: Path) -> None:
    source = opened(tmp_path, grey(1), grey(2, height=5), input_shape=(None, None, 3))

    assert source.shape == (2, 3, 3)
    with pytest.raises(SamplesError, match=r"all have the shape \(2, 3, 3\). Received: shape \(5, 3, 3\) in 1.png."):
        source.read([0, 1])


def test_images_of_another_size_are_resized_and_it_is_said_when_some_were(tmp_path: Path) -> None:
    source = opened(tmp_path, grey(1), grey(2, height=5), input_shape=(4, 6, 1), resize="auto")
    assert source.noticed() == ()

    assert source.read([1]).tolist() == np.full((1, 4, 6, 1), 2).tolist()
    assert source.areas == {1: 5 * 3}
    assert source.noticed() == (
        "Images of other sizes were resized to 4 x 6 (height x width; bilinear, no antialiasing, as Keras' "
        "image_dataset_from_directory does).",
        "They were stretched: the aspect ratio changed by a factor of up to 2.50.",
    )


def test_images_of_several_folders_keep_the_size_of_their_files(tmp_path: Path) -> None:
    given: dict[str, Any] = {"input_shape": (4, 6, 1), "resize": "auto"}
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
    joined = concatenated(
        [opened(folders[0], grey(1), grey(2, height=5), **given), opened(folders[1], grey(3, height=7), **given)]
    )
    joined.read([2, 0])
    joined.read([1])
    assert joined.areas == {0: 2 * 3, 1: 5 * 3, 2: 7 * 3}


def test_a_free_size_is_taken_from_the_first_image(tmp_path: Path) -> None:
    source = opened(tmp_path, grey(1), grey(2, height=5), input_shape=(None, 6, 1), resize="stretch")

    assert source.read([0, 1]).shape == (2, 2, 6, 1)
    assert source.noticed()[0].startswith("Images of other sizes were resized to 2 x 6 ")


def test_images_of_several_sizes_are_an_error_where_the_model_leaves_it_free(tmp_path: Path) -> None:
    source = opened(tmp_path, grey(1), grey(2, height=5), input_shape=(None, 6, 1), resize="stretch")
    assert source.shape == (2, 6, 1)
    source = opened(tmp_path, grey(1), grey(2, height=5), input_shape=(None, None, 1), resize="auto")
    with pytest.raises(SamplesError, match=r"all have the shape \(2, 3, 1\)"):
        source.read([1])


def test_a_free_number_of_channels_is_read_as_rgb(tmp_path: Path) -> None:
    assert opened(tmp_path, grey(1), input_shape=(None, None, None)).shape == (2, 3, 3)


def test_channels_are_moved_where_the_model_has_them(tmp_path: Path) -> None:
    colour = np.zeros((4, 5, 3), np.uint8)
    colour[..., 2] = 9

    source = opened(tmp_path, colour, input_shape=(3, 4, 5))

    assert source.shape == (3, 4, 5)
    assert source.read([0])[0].tolist() == np.moveaxis(colour, -1, 0).tolist()
    assert source.notes[-1] == "The channels of images are moved to the first axis, where the model has them."


@pytest.mark.parametrize("input_shape", [(784,), (28, 28, 4), (28, 28, 28, 1)])
def test_a_model_that_takes_no_images_is_an_error(tmp_path: Path, input_shape: tuple[int, ...]) -> None:
    with pytest.raises(SamplesError, match=r"images are greyscale or RGB.*Give the samples as arrays."):
        opened(tmp_path, grey(1), input_shape=input_shape)


def test_bytes_among_floats_are_an_error(tmp_path: Path) -> None:
    source = opened(tmp_path, np.ones((2, 3), np.float32), grey(2), input_shape=(2, 3, 1), suffix="tif")

    assert source.dtype == np.float32
    with pytest.raises(SamplesError, match=r"one kind, float32 like the first one. Received: uint8 in 1.tif."):
        source.read([0, 1])


def test_nan_in_a_float_image_is_an_error_with_its_place(tmp_path: Path) -> None:
    bad = np.ones((2, 3), np.float32)
    bad[1, 2] = np.nan
    source = opened(tmp_path, np.ones((2, 3), np.float32), bad, input_shape=(2, 3, 1), suffix="tif")

    with pytest.raises(SamplesError, match=r"must be finite numbers. Received: nan in 1.tif at \(1, 2, 0\)."):
        source.read([1])
