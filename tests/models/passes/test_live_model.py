"""Samples beside what the model's other inputs receive."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reportgen.models.passes.live_model import SampleInputs

VALUES = np.arange(5, dtype=np.float32)[:, None]


def paired(values: Any, positions: Sequence[int]) -> tuple[Any, list[int]]:
    return values, list(positions)


def test_positions_follow_the_samples() -> None:
    inputs = SampleInputs(VALUES, pack=paired)
    assert [batch.packed()[1] for batch in inputs.batches(2)] == [[0, 1], [2, 3], [4]]
    chosen = inputs.take([4, 1])
    assert chosen.packed()[1] == [4, 1]
    assert chosen.take(slice(1, None)).packed()[1] == [1]
    values, positions = chosen.repeated(0, VALUES[:3]).packed()
    assert (values.tolist(), positions) == (VALUES[:3].tolist(), [4, 4, 4])


def test_a_tensor_goes_in_as_it_is_and_alone_where_there_is_one_input() -> None:
    tensor = object()
    assert SampleInputs(VALUES, pack=paired).packed(tensor)[0] is tensor
    assert SampleInputs(VALUES).packed(tensor) is tensor
    assert (SampleInputs(VALUES).several, SampleInputs(VALUES, pack=paired).several) == (False, True)
