import numpy as np
import pytest

from reportgen.errors import UsageError
from reportgen.samples.scale import choose_scaling

BYTES = np.array([[0, 51, 255]], np.uint8)


def test_auto_divides_unsigned_bytes_by_255() -> None:
    scaling = choose_scaling("auto", dtype=np.dtype("uint8"), rescaled_by=None)

    assert scaling.description == "Unsigned bytes were divided by 255 (--scale auto)."
    assert scaling.apply(BYTES).dtype == np.float32
    assert scaling.apply(BYTES).tolist() == np.float32([[0, 0.2, 1]]).tolist()


def test_every_byte_becomes_the_float_nearest_to_its_quotient() -> None:
    every = np.arange(256, dtype=np.uint8)

    scaled = choose_scaling("unit", dtype=every.dtype, rescaled_by=None).apply(every)

    assert scaled.tolist() == (every / 255).astype(np.float32).tolist()


def test_auto_leaves_bytes_to_a_model_that_rescales() -> None:
    scaling = choose_scaling("auto", dtype=np.dtype("uint8"), rescaled_by="rescaling")

    assert scaling.apply(BYTES).tolist() == [[0, 51, 255]]
    assert (
        scaling.description
        == "Unsigned bytes were left as stored: the model's layer rescaling rescales (--scale auto)."
    )


@pytest.mark.parametrize("dtype", ["uint16", "int8", "float32", "bool"])
def test_auto_leaves_other_types_as_stored_and_says_so(dtype: str) -> None:
    scaling = choose_scaling("auto", dtype=np.dtype(dtype), rescaled_by=None)

    assert (scaling.factor, scaling.offset) == (1.0, 0.0)
    assert scaling.description == f"Values were left as stored, {dtype}: --scale auto changes unsigned bytes alone."
    assert scaling.apply(np.array([1], dtype)).dtype == np.float32


def test_none_leaves_bytes_as_stored() -> None:
    scaling = choose_scaling("none", dtype=np.dtype("uint8"), rescaled_by=None)

    assert scaling.apply(BYTES).tolist() == [[0, 51, 255]]
    assert scaling.description == "Values were left as stored, uint8 (--scale none)."


def test_unit_divides_any_type_by_255() -> None:
    scaling = choose_scaling("unit", dtype=np.dtype("float64"), rescaled_by=None)

    assert scaling.apply(np.array([255.0])).tolist() == [1.0]
    assert scaling.description == "Values were divided by 255 (--scale unit)."


def test_symmetric_maps_bytes_to_minus_one_to_one() -> None:
    scaling = choose_scaling("symmetric", dtype=np.dtype("uint8"), rescaled_by=None)

    assert scaling.apply(np.array([0, 255], np.uint8)).tolist() == [-1.0, 1.0]
    assert scaling.description == "Values were divided by 127.5, then 1 subtracted (--scale symmetric)."


def test_a_scale_asked_for_says_that_the_model_rescales_too() -> None:
    scaling = choose_scaling("unit", dtype=np.dtype("uint8"), rescaled_by="norm")

    assert scaling.description.endswith("(--scale unit). The model's layer norm rescales them too.")


def test_an_unknown_scale_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"--scale must be one of auto, none, unit, symmetric. Received: 'tanh'."):
        choose_scaling("tanh", dtype=np.dtype("uint8"), rescaled_by=None)
