import pytest

from reportgen.errors import SamplesError
from reportgen.samples.shapes import check_has_batch_axis, matches, missing_channel_axis


def test_a_free_size_matches_any() -> None:
    assert matches((30, 40, 3), (None, None, 3))
    assert not matches((30, 40, 1), (None, None, 3))
    assert not matches((30, 40), (None, None, 3))


def test_a_sample_that_fits_needs_no_axis() -> None:
    assert missing_channel_axis((28, 28, 1), (28, 28, 1)) is None


def test_only_an_axis_of_a_single_channel_is_added() -> None:
    assert missing_channel_axis((28, 28), (28, 28, 1)) == -1
    assert missing_channel_axis((28, 28), (None, None, 1)) == -1
    assert missing_channel_axis((28, 28), (1, 28, 28)) == 0
    assert missing_channel_axis((100,), (100, 1)) == -1


@pytest.mark.parametrize(
    ("shape", "input_shape", "remedy"),
    [
        ((28, 28, 3), (28, 28, 1), "Convert them to greyscale or choose another file."),
        ((32, 32, 1), (32, 32, 3), "Repeat the channel with numpy.repeat(x, 3, axis=-1) or choose another file."),
        ((32, 32, 4), (32, 32, 3), "Drop the fourth channel, x[..., :3], or choose another file."),
        ((32, 32, 2), (32, 32, 5), "Give samples of 5 channels."),
        ((3, 32, 32), (32, 32, 3), "Their channels come first: move them with numpy.moveaxis(x, 1, -1)."),
        ((32, 32, 3), (3, 32, 32), "Their channels come last: move them with numpy.moveaxis(x, -1, 1)."),
        ((32, 32, 1), (28, 28, 1), "Resize them with --resize stretch, crop or pad, or choose another file."),
        ((32, 32), (32, 32, 3), "Their channel axis is missing, and the model wants 3 channels. Choose another file."),
        ((784,), (28, 28, 1), "Reshape them with x.reshape(-1, 28, 28, 1)."),
        ((32, 32), (28, 28, 1), "Resize them with --resize stretch, crop or pad, or choose another array."),
        ((32, 32, 5), (28, 28, 3), "Resize them or choose another file."),
        ((32,), (28, 28, 1), "Choose another file or another array."),
        ((100,), (1, 100), "Reshape them with x.reshape(-1, 1, 100)."),
    ],
)
def test_a_wrong_shape_is_an_error_with_both_shapes_and_a_remedy(
    shape: tuple[int, ...], input_shape: tuple[int, ...], remedy: str
) -> None:
    with pytest.raises(SamplesError) as caught:
        missing_channel_axis(shape, input_shape)

    assert str(caught.value) == (
        f"samples must match the model's input {input_shape}. Received: shape {shape}. {remedy}"
    )


@pytest.mark.parametrize("array_shape", [(28, 28, 1), (28, 28), ()])
def test_one_sample_without_an_axis_that_counts_is_an_error(array_shape: tuple[int, ...]) -> None:
    with pytest.raises(
        SamplesError, match=r"need a first axis that counts them.*Add the axis with x\[numpy.newaxis\]."
    ):
        check_has_batch_axis(array_shape, (28, 28, 1))


def test_an_array_of_several_samples_has_its_batch_axis() -> None:
    check_has_batch_axis((2, 28, 28), (28, 28, 1))
    check_has_batch_axis((2, 28, 28, 1), (28, 28, 1))
    check_has_batch_axis((28, 28, 28), (28, 28, 1))
