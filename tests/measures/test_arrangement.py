"""Samples turned into pictures and back."""

import numpy as np

from reportgen.measures.arrangement import AS_IT_IS, Arrangement, Turn

FIRST = Turn((3, 4, 5), (4, 5, 3), (1, 2, 0))
COUNTED = Turn((60,), (3, 4, 5), None)


def test_channels_go_to_the_end_and_back() -> None:
    values = np.arange(2 * 60).reshape(2, 3, 4, 5)
    pictures = Arrangement((FIRST,)).apply(values)
    np.testing.assert_array_equal(pictures, np.moveaxis(values, 1, -1))
    np.testing.assert_array_equal(Arrangement((FIRST,)).undo(pictures), values)


def test_steps_are_undone_in_the_other_order() -> None:
    both, values = Arrangement((COUNTED, FIRST)), np.arange(2 * 60).reshape(2, 60)
    pictures = both.apply(values)
    np.testing.assert_array_equal(pictures, np.moveaxis(values.reshape(2, 3, 4, 5), 1, -1))
    np.testing.assert_array_equal(both.undo(pictures), values)
    assert both.shape_of((60,)) == (4, 5, 3)


def test_what_is_a_picture_stays_as_it_is() -> None:
    values = np.zeros((2, 4, 5, 3))
    assert AS_IT_IS.apply(values) is values
    assert AS_IT_IS.undo(values) is values
    assert AS_IT_IS.shape_of((4, 5, 3)) == (4, 5, 3)
